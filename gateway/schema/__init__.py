"""GraphQL types and fields, and the schema that they make."""

import strawberry
from strawberry.federation.schema_directives import Link
from strawberry.federation.types import LinkImport
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.mutations import Mutation
from gateway.schema.queries import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.sizes import declare
from gateway.schema.subscriptions import Subscription

_IMPORTS: list[LinkImport | None] = ["@cost", "@listSize"]  # type: ignore[list-item] # strawberry takes names too


def build(*, mutations: bool = False) -> strawberry.Schema:
    """Build the schema, with a Mutation type only if asked."""
    declare(Query, Mutation, Subscription, Artifact, Context, Action, TrialComponent)
    return strawberry.Schema(
        query=Query,
        mutation=Mutation if mutations else None,
        subscription=Subscription,
        types=[Artifact, Context, Action, TrialComponent],
        schema_directives=[Link(url="https://specs.apollo.dev/federation/v2.9", import_=_IMPORTS)],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def sdl(*, mutations: bool = False) -> str:
    """Print the schema in GraphQL's schema definition language."""
    return print_schema(build(mutations=mutations)) + "\n"
