"""The root fields by which Relay refetches nodes."""

from typing import Annotated

import strawberry
from strawberry import Info

from gateway import arn as arns
from gateway.aws import kinds
from gateway.errors import BadUserInput
from gateway.loaders import Loaders
from gateway.schema.arguments import argument
from gateway.schema.associations import Association, association, association_ends
from gateway.schema.entity import Node
from gateway.schema.lookup import existing
from gateway.schema.scalars import checked_arn

MOST_IDS = 100
"""Maximum number of ids of a `nodes` field."""


@strawberry.type(description="What finds nodes by their ids.")
class Nodes:
    """Root fields that only one subgraph of a federated graph can have."""

    @strawberry.field(description="The node with this id; null when there is none. One call.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, argument("An id that this API returned.")]
    ) -> Node | None:
        """Refetch a node."""
        return await _node(info.context, id, "id")

    @strawberry.field(description="The nodes with these ids, in their order, with null for those that do not exist.")
    def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], argument("Up to 100 ids that this API returned.")],
    ) -> list[Node | None]:
        """Refetch several nodes; each is awaited separately, so that a failure affects only its own item."""
        if len(ids) > MOST_IDS:
            raise BadUserInput(f"must be at most {MOST_IDS}, not {len(ids)}.", "ids")
        return [_node(info.context, one, "ids") for one in ids]  # type: ignore[misc] # graphql-core awaits them


async def _node(loaders: Loaders, id: str, argument: str) -> Node | None:
    if arns.parse(id) is None:
        return await _association(loaders, id, argument)
    checked_arn(id, argument, *kinds.KINDS)
    found: Node | None = await existing(loaders, id)
    return found


async def _association(loaders: Loaders, id: str, argument: str) -> Association | None:
    ends = association_ends(id)
    if not ends:
        raise BadUserInput("not an id that this API returned.", argument)
    summary = await loaders.associations.between(*ends)
    return association(loaders, summary) if summary else None
