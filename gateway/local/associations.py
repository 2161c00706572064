"""Associations, the arrows of the lineage graph: adding, deleting and listing them."""

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.local import kinds
from gateway.local.errors import LimitError, NotFoundError, ValidationError
from gateway.local.paging import Listing
from gateway.local.service import Handler, Request, Response, Service, millis, seconds
from gateway.local.store import Association, Entity

QUOTA = 6000
"""Associations that an account may have added by hand."""

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
    # The name that an end has now; for an end that this account does not hold, the name that came with the import.
    " CASE WHEN s.arn IS NULL THEN a.source_name ELSE s.name END,"
    " CASE WHEN d.arn IS NULL THEN a.destination_name ELSE d.name END"
)
_TABLE = (
    "association a LEFT JOIN entity s ON s.arn = a.source AND s.edition = 0"
    " LEFT JOIN entity d ON d.arn = a.destination AND d.edition = 0"
)


def add(service: Service, request: Request) -> Response:
    """Draw an arrow between two entities.

    Raises:
        NotFoundError: one of the ends does not exist.
        ValidationError: there is an arrow from the one to the other.
        LimitError: the account has as many as it may.
    """
    store = service.store
    source, destination = (_end(service, request[member]) for member in ("SourceArn", "DestinationArn"))
    if store.associated(source.arn, destination.arn):
        raise ValidationError(f"Association between {source.arn} and {destination.arn} already exists.")
    if service.quotas and store.handmade_associations() >= QUOTA:
        raise LimitError(f"The account-level service limit of {QUOTA} associations is reached.")
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
        kind = kinds.of_arn(arn)
        raise NotFoundError(f"{kind.name if kind else 'Entity'} {arn} does not exist.")
    return found


def delete(service: Service, request: Request) -> Response:
    """Take an arrow away.

    Raises:
        NotFoundError: there is none from the one to the other.
    """
    ends = request["SourceArn"], request["DestinationArn"]
    if not service.store.change("DELETE FROM association WHERE source = ? AND destination = ?", ends):
        raise NotFoundError(f"Association between {ends[0]} and {ends[1]} does not exist.")
    return {"SourceArn": ends[0], "DestinationArn": ends[1]}


def listing(service: Service, request: Request) -> Response:
    """A page of the associations that meet the filters; an unknown end has none."""
    newest_first = request.get("SortOrder", "Descending") == "Descending"
    found = Listing(_SUMMARY, _TABLE, _SORTS[request.get("SortBy", "CreationTime")], newest_first)
    # Beside an end, the index of that end is the one to go by; the unary plus keeps SQLite from any other.
    beside = "+" if request.keys() & _ENDS.keys() else ""
    for member, value in request.items():
        if member in _ENDS:
            found.where(_ENDS[member], value)
        elif member in _FILTERS:
            found.where(beside + _FILTERS[member], value)
        elif member in _TIMES:
            found.where(_TIMES[member], millis(value))
    rows, token = found.page(service.store, "ListAssociations", request)
    return {"AssociationSummaries": [_summary(row) for row in rows], "NextToken": token}


def every(service: Service) -> Iterator[dict[str, Any]]:
    """The AssociationSummary of each association, by the ARNs of its ends."""
    for row in service.store.rows(f"SELECT {_SUMMARY} FROM {_TABLE} ORDER BY a.source, a.destination"):  # noqa: S608
        yield {member: value for member, value in _summary(row).items() if value is not None}


def _summary(row: tuple[Any, ...]) -> dict[str, Any]:
    """An AssociationSummary from the columns of ``_SUMMARY``."""
    source, destination, source_type, destination_type, type, created, created_by, *names = row
    source_name, destination_name = names[:2]  # a listing's rows end with what it sorts by
    return {
        "SourceArn": source,
        "DestinationArn": destination,
        "SourceType": source_type or None,
        "DestinationType": destination_type or None,
        "AssociationType": type,
        "SourceName": source_name,
        "DestinationName": destination_name,
        "CreationTime": seconds(created),
        "CreatedBy": orjson.loads(created_by) if created_by else None,
    }


OPERATIONS: dict[str, Handler] = {
    "AddAssociation": add,
    "DeleteAssociation": delete,
    "ListAssociations": listing,
}
