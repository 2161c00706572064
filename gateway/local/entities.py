"""Create, Describe, Update, Delete and List, for every kind of entity that has them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from gateway.local import model
from gateway.local.errors import LimitError, ValidationError
from gateway.local.kinds import ALL, KINDS, Kind, Record, at
from gateway.local.paging import Listing
from gateway.local.service import Handler, Request, Response, Service, artifact_arn, entity, millis, seconds
from gateway.local.store import Entity

_FILTERS = {
    # What a listing's request may ask for, as a condition on the table of entities.
    "SourceUri": "source = ?",
    "SourceArn": "source = ?",
    "ActionType": "type = ?",
    "ArtifactType": "type = ?",
    "ContextType": "type = ?",
    "ModelApprovalStatus": "status = ?",
    "ModelCardStatus": "status = ?",
    "NameContains": "instr(name, ?)",
}
_TIMES = {
    "CreatedAfter": "created >= ?",
    "CreatedBefore": "created <= ?",
    "CreationTimeAfter": "created >= ?",
    "CreationTimeBefore": "created <= ?",
}
_SORTS = {"Name": "name", "CreationTime": "created", "Version": "edition", "PipelineExecutionArn": "arn"}


def find(service: Service, kind: Kind, reference: str) -> Entity | None:
    """The entity of this kind that a name or an ARN calls, None when there is none."""
    if not reference.startswith("arn:"):
        return service.store.named(kind.name, reference)
    found = service.store.entity(reference)
    return found if found and found.kind == kind.name else None


def demand(service: Service, kind: Kind, reference: str) -> Entity:
    """The entity of this kind that a name or an ARN calls.

    Raises:
        AwsError: there is none; which class of error says so depends on the kind.
    """
    found = find(service, kind, reference)
    if found is None:
        raise kind.absent(reference)
    return found


def describe(kind: Kind, service: Service, request: Request) -> Response:
    """The whole record of one entity."""
    record: Record = orjson.loads(demand(service, kind, request[kind.reference]).record)
    return record


def create(kind: Kind, service: Service, request: Request) -> Response:
    """A new entity by hand.

    Raises:
        ValidationError: there is one of this source or name.
        LimitError: the account has as many as it may.
    """
    name = request.get(kind.name_member, "")
    arn = artifact_arn(service, request["Source"]) if kind.name == "Artifact" else service.arn(kind.resource, name)
    if service.store.entity(arn):
        raise ValidationError(f"{kind.name} {arn} already exists.")
    if service.quotas and kind.quota and service.store.handmade(kind.name) >= kind.quota:
        raise LimitError(f"The account-level service limit of {kind.quota} {kind.name} entities is reached.")
    now = seconds(service.store.now())
    record = {member: value for member, value in request.items() if kind.has(member)}
    record |= {kind.arn_member: arn, "CreationTime": now, "LastModifiedTime": now}
    record |= {"CreatedBy": service.user, "LastModifiedBy": service.user}
    if kind.has("DisplayName"):
        record.setdefault("DisplayName", name)
    if kind.has("LineageGroupArn"):
        record["LineageGroupArn"] = service.lineage_group
    service.store.put(entity(kind, record, listed=True, handmade=True))
    return {kind.arn_member: arn}


def listing(kind: Kind, service: Service, request: Request) -> Response:
    """A page of the account's entities of one kind."""
    members = model.members(kind.listing)
    newest_first = request.get("SortOrder", "Descending" if kind.newest_first else "Ascending") == "Descending"
    found = Listing("record", "entity", _SORTS[request.get("SortBy", "CreationTime")], newest_first)
    found.where("kind = ? AND listed = 1", kind.name)
    for member, value in request.items():
        if member in _FILTERS:
            found.where(_FILTERS[member], value)
        elif member in _TIMES:
            found.where(_TIMES[member], millis(value))
    rows, token = found.page(service.store, kind.listing, request)
    member = next(name for name in members if name != "NextToken")
    summary = members[member].member
    return {member: [summarize(kind, summary.members, orjson.loads(row[0])) for row in rows], "NextToken": token}


def summarize(kind: Kind, members: Mapping[str, Any], record: Record) -> Record:
    """What a listing tells of a record."""
    return {member: at(record, kind.renames.get(member, (member,))) for member in members}


_CREATED = ("Action", "Artifact", "Context")

OPERATIONS: dict[str, Handler] = {
    **{kind.describe: partial(describe, kind) for kind in ALL},
    **{kind.listing: partial(listing, kind) for kind in ALL},
    **{f"Create{name}": partial(create, KINDS[name]) for name in _CREATED},
}
