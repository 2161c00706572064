"""The GraphQL schema: its types, fields and execution."""

from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.mutations import Mutation
from gateway.schema.names import Names
from gateway.schema.queries import NodeQuery, Query
from gateway.schema.sizes import declare
from gateway.schema.subgraph import Subgraph
from gateway.schema.subscriptions import Subscription
from gateway.settings import Settings


def build(settings: Settings) -> Subgraph:
    """Build the schema according to the settings."""
    query = NodeQuery if settings.node_field else Query
    declare(query, Mutation, Subscription, Artifact, Context, Action, TrialComponent)
    return Subgraph(
        Names(settings.type_prefix, query, Mutation, Subscription),
        settings.max_representations,
        query=query,
        mutation=Mutation if settings.mutations else None,
        subscription=Subscription,
        types=[Artifact, Context, Action, TrialComponent],
    )
