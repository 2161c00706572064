"""GraphQL types and fields, and the schema that they make."""

import strawberry
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.queries import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.subscriptions import Subscription


def build() -> strawberry.Schema:
    """Build the schema."""
    return strawberry.Schema(
        query=Query,
        subscription=Subscription,
        types=[Artifact, Context, Action, TrialComponent],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def sdl() -> str:
    """Print the schema in GraphQL's schema definition language."""
    return print_schema(build()) + "\n"
