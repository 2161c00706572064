"""GraphQL types and fields, and the schema that they make."""

from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.mutations import Mutation
from gateway.schema.names import Names
from gateway.schema.queries import NodeQuery, Query
from gateway.schema.sizes import declare
from gateway.schema.subgraph import Subgraph
from gateway.schema.subscriptions import Subscription
from gateway.settings import Settings


def build(
    *, mutations: bool = False, type_prefix: str | None = None, node_field: bool = True, max_representations: int = 1000
) -> Subgraph:
    """Build the schema; its parts are the settings of the same names."""
    query = NodeQuery if node_field else Query
    declare(query, Mutation, Subscription, Artifact, Context, Action, TrialComponent)
    return Subgraph(
        Names(type_prefix, query, Mutation, Subscription),
        max_representations,
        query=query,
        mutation=Mutation if mutations else None,
        subscription=Subscription,
        types=[Artifact, Context, Action, TrialComponent],
    )


def built(settings: Settings) -> Subgraph:
    """Build the schema that an operator has chosen."""
    return build(
        mutations=settings.mutations,
        type_prefix=settings.type_prefix,
        node_field=settings.node_field,
        max_representations=settings.max_representations,
    )


def sdl(*, mutations: bool = False) -> str:
    """Print the schema in GraphQL's schema definition language."""
    return build(mutations=mutations).sdl
