"""GraphQL types and fields, and the schema that they make."""

import strawberry
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.mutations import Mutation
from gateway.schema.queries import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.subscriptions import Subscription


def build(*, mutations: bool = False) -> strawberry.Schema:
    """Build the schema, with a Mutation type only if asked."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation if mutations else None,
        subscription=Subscription,
        types=[Artifact, Context, Action, TrialComponent],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def sdl(*, mutations: bool = False) -> str:
    """Print the schema in GraphQL's schema definition language."""
    return print_schema(build(mutations=mutations)) + "\n"
