"""Associations, lists of them, and hops: a vertex's neighbours along its associations."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET, Info

from gateway import arn as arns
from gateway.aws.places import Place
from gateway.lineage import hops
from gateway.loaders import Loaders
from gateway.schema.entity import Described, Node, UserContext, Vertex, member, shown, who
from gateway.schema.enums import AssociationType, LineageType
from gateway.schema.paging import Listing, PageInfo, scope, window


@strawberry.input(
    description="The neighbours that a hop returns; all given conditions must hold, and an empty list sets none."
)
class HopFilter:
    """A filter over one hop."""

    association_types: list[AssociationType] | None = strawberry.field(
        default=UNSET, description="Associations of any of these types."
    )
    lineage_types: list[LineageType] | None = strawberry.field(
        default=UNSET, description="Neighbours of any of these kinds."
    )
    types: list[str] | None = strawberry.field(
        default=UNSET,
        description="Neighbours of any of these types, such as DataSet; TrainingJob and SageMakerTrainingJob are the "
        "same.",
    )
    created_after: datetime | None = strawberry.field(
        default=UNSET, description="Associations created at or after this time."
    )
    created_before: datetime | None = strawberry.field(
        default=UNSET, description="Associations created at or before this time."
    )


HopFilterArgument = Annotated[
    HopFilter | None, strawberry.argument(description="The neighbours to return. Default: all.")
]


@strawberry.type(description="An edge of the lineage graph, with who created it and when.")
class Association(Node):
    """An association, from its summary in ListAssociations."""

    summary: strawberry.Private[dict[str, Any]]

    def get(self, name: str) -> Any:
        """Return a member of the summary; fields read it like a dictionary."""
        return self.summary.get(name)

    type: AssociationType | None = member("AssociationType", "How it relates its two ends; null when not stated.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")

    @strawberry.field(description="The end that the arrow starts from.")
    def source(self) -> Vertex:
        """Return the source."""
        return _vertex(self.loaders, self.summary["SourceArn"])

    @strawberry.field(description="The end that the arrow points to.")
    def destination(self) -> Vertex:
        """Return the destination."""
        return _vertex(self.loaders, self.summary["DestinationArn"])


@strawberry.type(description="A neighbour and the association that leads to it.")
class LineageConnectionEdge:
    """An edge of a hop."""

    cursor: str = strawberry.field(description="Opaque; pass it as `after` to continue after this edge.")
    node: Vertex = strawberry.field(description="The neighbour.")
    association: Association = strawberry.field(description="The association between the two.")


@strawberry.type(description="One page of an entity's neighbours.")
class LineageConnection:
    """A hop's connection."""

    edges: list[LineageConnectionEdge] = strawberry.field(description="The neighbours with their associations.")
    nodes: list[Vertex] = strawberry.field(description="The neighbours alone.")
    page_info: PageInfo = strawberry.field(description="Whether more items follow, and from which cursor.")


def association(loaders: Loaders, summary: dict[str, Any]) -> Association:
    """Return the association with this summary."""
    key = association_id(summary["SourceArn"], summary["DestinationArn"])
    return Association(loaders=loaders, key=key, summary=summary)


def association_id(source: str, destination: str) -> str:
    """Return the id of the association between two vertices."""
    return urlsafe_b64encode(f"{source} {destination}".encode()).decode().rstrip("=")


def _ends(summary: Mapping[str, Any]) -> str:
    return f"{summary['SourceArn']} {summary['DestinationArn']}"


def association_ends(id: str) -> tuple[str, str] | None:
    """Decode an association's id into the ARNs of its source and destination; None if it is not such an id."""
    try:
        source, destination = urlsafe_b64decode(id + "=" * (-len(id) % 4)).decode().split(" ")
    except ValueError:
        return None
    return (source, destination) if arns.parse(source) and arns.parse(destination) else None


def association_listing(
    loaders: Loaders, parameters: Mapping[str, Any], keep: hops.Keep | None = None, place: Place | None = None
) -> Listing:
    """Return a listing of association summaries; ``keep`` does not affect its cursors, so their scope excludes it."""
    return Listing(
        scope("ListAssociations", place, sorted(parameters.items())),
        lambda token, _: loaders.associations.page(parameters, token, place),
        _ends,
        keep,
    )


async def hop(  # noqa: PLR0913, PLR0917 - a hop has these parts
    info: Info,
    entity: Described,
    direction: hops.HopDirection,
    first: int | None,
    after: str | None,
    filter: HopFilter | None,
) -> LineageConnection:
    """Return a page of a vertex's neighbours in one direction that pass the filter."""
    chosen = filter or HopFilter()
    planned = hops.plan(
        entity.key,
        direction,
        association_types={kind.value for kind in chosen.association_types or ()},
        lineage_types={kind.value for kind in chosen.lineage_types or ()},
        types=chosen.types or (),
        created_after=chosen.created_after or None,
        created_before=chosen.created_before or None,
    )
    loaders = entity.loaders
    items, page_info = await window(info, association_listing(loaders, planned.parameters, planned.keep), first, after)
    edges = [
        LineageConnectionEdge(
            cursor=cursor, node=_vertex(loaders, summary[planned.far]), association=association(loaders, summary)
        )
        for cursor, summary in items
    ]
    return LineageConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=page_info)


def _vertex(loaders: Loaders, arn: str) -> Vertex:
    found: Vertex = shown(loaders, arn)
    return found
