"""The operations on associations, which are the directed edges of the lineage graph."""

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.local.errors import LimitError, NotFoundError, ValidationError
from gateway.local.paging import Listing
from gateway.local.service import Handler, Request, Response, Service, millis, seconds
from gateway.local.store import Association, Entity

QUOTA = 6000
"""Maximum number of associations that are added by AddAssociation."""

_ENDS = {"SourceArn": "a.source = ?", "DestinationArn": "a.destination = ?"}
_FILTERS = {
    "SourceType": "a.source_type = ?",
    "DestinationType": "a.destination_type = ?",
    "AssociationType": "a.type = ?",
}
_TIMES = {"CreatedAfter": "a.created >= ?", "CreatedBefore": "a.created <= ?"}
_SORTS = {
    "SourceArn": ("a.source", "a.destination"),
    "DestinationArn": ("a.destination", "a.source"),
    "SourceType": ("a.source_type", "a.created", "a.id"),
    "DestinationType": ("a.destination_type", "a.created", "a.id"),
    "CreationTime": ("a.created", "a.id"),
}

_SUMMARY = (
    "a.source, a.destination, a.source_type, a.destination_type, a.type, a.created, a.created_by,"
    # The current name of each end; if the store does not have the entity, the name from the import.
    " CASE WHEN s.arn IS NULL THEN a.source_name ELSE s.name END,"
    " CASE WHEN d.arn IS NULL THEN a.destination_name ELSE d.name END"
)
_TABLE = (
    "association a LEFT JOIN entity s ON s.arn = a.source AND s.edition = 0"
    " LEFT JOIN entity d ON d.arn = a.destination AND d.edition = 0"
)


def add(service: Service, request: Request) -> Response:
    """Add an association between two entities.

    Raises:
        NotFoundError: one of the entities does not exist.
        ValidationError: there is already an association from the source to the destination.
        LimitError: the quota is reached.
    """
    store = service.store
    source, destination = (_end(service, request[member]) for member in ("SourceArn", "DestinationArn"))
    if store.associated(source.arn, destination.arn):
        raise ValidationError(f"Association between {source.arn} and {destination.arn} already exists.")
    if service.quotas and store.handmade_associations() >= QUOTA:
        raise LimitError(QUOTA, "Associations")
    store.put_association(
        Association(
            source=source.arn,
            destination=destination.arn,
            type=request.get("AssociationType"),
            created=store.now(),
            created_by=orjson.dumps(service.user),
            handmade=True,
            source_name=None,
            destination_name=None,
            source_type=source.type or "",
            destination_type=destination.type or "",
        )
    )
    return {"SourceArn": source.arn, "DestinationArn": destination.arn}


def _end(service: Service, arn: str) -> Entity:
    found = service.store.entity(arn)
    if found is None:
        raise NotFoundError(f"Lineage entity {arn} does not exist.")
    return found


def delete(service: Service, request: Request) -> Response:
    """Delete an association.

    Raises:
        NotFoundError: there is none from the source to the destination.
    """
    ends = request["SourceArn"], request["DestinationArn"]
    if not service.store.change("DELETE FROM association WHERE source = ? AND destination = ?", ends):
        raise NotFoundError(f"Association between {ends[0]} and {ends[1]} does not exist.")
    return {"SourceArn": ends[0], "DestinationArn": ends[1]}


def listing(service: Service, request: Request) -> Response:
    """List a page of the associations that match the filters; a source or destination that does not exist has none."""
    newest_first = request.get("SortOrder", "Descending") == "Descending"
    found = Listing(_SUMMARY, _TABLE, _SORTS[request.get("SortBy", "CreationTime")], newest_first)
    # With a source or destination, SQLite must use the index of that; a unary plus disables an index for other columns.
    unindexed = "+" if request.keys() & _ENDS.keys() else ""
    for member, value in request.items():
        if member in _ENDS:
            found.where(_ENDS[member], value)
        elif member in _FILTERS:
            found.where(unindexed + _FILTERS[member], value)
        elif member in _TIMES:
            found.where(_TIMES[member], millis(value))
    rows, token = found.page(service.store, "ListAssociations", request)
    return {"AssociationSummaries": [_summary(row) for row in rows], "NextToken": token}


def every(service: Service) -> Iterator[dict[str, Any]]:
    """Yield the AssociationSummary of every association, in the order of source and destination ARNs."""
    for row in service.store.rows(f"SELECT {_SUMMARY} FROM {_TABLE} ORDER BY a.source, a.destination"):  # noqa: S608
        yield {member: value for member, value in _summary(row).items() if value is not None}


def _summary(row: tuple[Any, ...]) -> dict[str, Any]:
    """Build an AssociationSummary from the columns of ``_SUMMARY``."""
    source, destination, source_type, destination_type, type, created, created_by, *names = row
    source_name, destination_name = names[:2]  # rows of a listing end with its sort columns
    return {
        "SourceArn": source,
        "DestinationArn": destination,
        "SourceType": source_type or None,
        "DestinationType": destination_type or None,
        "AssociationType": type,
        "SourceName": source_name,
        "DestinationName": destination_name,
        "CreationTime": seconds(created),
        "CreatedBy": orjson.loads(created_by),
    }


OPERATIONS: dict[str, Handler] = {
    "AddAssociation": add,
    "DeleteAssociation": delete,
    "ListAssociations": listing,
}
