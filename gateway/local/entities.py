"""The operations Create, Describe, Update, Delete and List, for every kind of entity that has them."""

from functools import partial

import orjson

from gateway.local import experiments, model, tags
from gateway.local.errors import LimitError, ValidationError
from gateway.local.identity import demand, of_source
from gateway.local.kinds import ALL, KINDS, Kind, Record, at
from gateway.local.paging import Listing
from gateway.local.scopes import SCOPES
from gateway.local.service import Handler, Request, Response, Service, artifact_arn, entity, millis, seconds
from gateway.local.store import Entity

_FILTERS = {
    # Members of List requests, and their conditions on the table of entities.
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
    # Both bounds are inclusive.
    "CreatedAfter": "created >= ?",
    "CreatedBefore": "created <= ?",
    "CreationTimeAfter": "created >= ?",
    "CreationTimeBefore": "created <= ?",
}
_SORTS = {"Name": ("name", "id"), "CreationTime": ("created", "id"), "PipelineExecutionArn": ("arn",)}
_REMOVED = "ToRemove"

_HELD = {
    # Queries for what prevents the deletion of an entity.
    "associations": "SELECT 1 FROM association WHERE source = :arn OR destination = :arn LIMIT 1",
    # A membership in a trial that the store does not have does not count, because no operation could remove it. CROSS
    # JOIN makes SQLite start with the memberships, which are few, instead of scanning all entities of a kind.
    "a trial that it is part of": (
        "SELECT 1 FROM membership m CROSS JOIN entity t ON t.kind = 'Trial' AND t.listed = 1 AND t.name = m.trial"
        " WHERE :kind = 'TrialComponent' AND m.component = :name LIMIT 1"
    ),
    "trial components": (
        "SELECT 1 FROM membership m CROSS JOIN entity c ON c.kind = 'TrialComponent' AND c.listed = 1"
        " AND c.name = m.component WHERE :kind = 'Trial' AND m.trial = :name LIMIT 1"
    ),
    "trials": (
        "SELECT 1 FROM entity WHERE :kind = 'Experiment' AND kind = 'Trial' AND listed = 1 AND parent = :name LIMIT 1"
    ),
}


def describe(kind: Kind, service: Service, request: Request) -> Response:
    """Describe an entity: return its whole record."""
    found = demand(service, kind, request[kind.reference], request.get("ModelCardVersion"))
    record: Record = orjson.loads(found.record)
    return {**kind.collections, **record}


def create(kind: Kind, service: Service, request: Request) -> Response:
    """Create an entity.

    Raises:
        ValidationError: there is one with this source or name.
        NotFoundError: the experiment of a trial does not exist.
        LimitError: the quota is reached.
    """
    arn = _unused_arn(kind, service, request)
    if kind.name == "Trial":
        request = {**request, "ExperimentName": demand(service, KINDS["Experiment"], request["ExperimentName"]).name}
    if service.quotas and kind.quota and service.store.handmade(kind.name) >= kind.quota:
        raise LimitError(kind.quota, f"{kind.name}s")
    now = seconds(service.store.now())
    record = {member: value for member, value in request.items() if kind.has(member)}
    record |= {kind.arn_member: arn, "CreationTime": now, "LastModifiedTime": now}
    record |= {"CreatedBy": service.user, "LastModifiedBy": service.user}
    if kind.has("DisplayName"):
        record.setdefault("DisplayName", record[kind.name_member])
    if kind.has("LineageGroupArn"):
        record["LineageGroupArn"] = service.lineage_group
    service.store.put(entity(kind, record, listed=True, handmade=True))
    tags.put(service, arn, request.get("Tags", []))
    return {kind.arn_member: arn}


def _unused_arn(kind: Kind, service: Service, request: Request) -> str:
    if kind.name == "Artifact":
        arn = artifact_arn(service, request["Source"])
        if of_source(service, request["Source"]) or service.store.entity(arn):
            raise ValidationError(f"Artifact {arn} already exists.")
        return arn
    name = request[kind.name_member]
    arn = service.arn(kind.resource, name)
    if service.store.named(kind.name, name, any_case=kind.any_case) or service.store.entity(arn):
        raise ValidationError(
            f"{kind.name} names must be unique within an AWS account and region."
            f" {kind.name} with name ({name}) already exists."
        )
    return arn


def update(kind: Kind, service: Service, request: Request) -> Response:
    """Update an entity: replace the given members, add to collections, and then remove the keys in ``…ToRemove``.

    Raises:
        NotFoundError: the account has no such entity.
        ValidationError: a collection would have more keys than it may.
    """
    found = own(kind, service, request[kind.reference])
    record: Record = orjson.loads(found.record)
    removals = {member: keys for member, keys in request.items() if member.endswith(_REMOVED)}
    given = {member: value for member, value in request.items() if member not in {*removals, kind.reference}}
    merged = {member: record.get(member, {}) | given[member] for member in kind.collections if member in given}
    record |= given | merged
    for member, keys in removals.items():
        changed = member.removesuffix(_REMOVED)
        record[changed] = {key: value for key, value in record.get(changed, {}).items() if key not in keys}
    for member in merged:
        longest = model.members(kind.describe)[member].metadata["max"]
        if len(record[member]) > longest:
            raise ValidationError(f"{kind.name} {found.arn} may have at most {longest} {member}.")
    record |= {"LastModifiedTime": seconds(service.store.now()), "LastModifiedBy": service.user}
    service.store.put(entity(kind, record, listed=True, handmade=found.handmade))
    return {kind.arn_member: found.arn}


def delete(kind: Kind, service: Service, request: Request) -> Response:
    """Delete an entity that is not in use, with its tags and remaining memberships.

    Raises:
        NotFoundError: the account has no such entity.
        ValidationError: it still has associations, trials or trial components, or is part of a trial.
    """
    found = own(kind, service, _deleted(service, request) if kind.name == "Artifact" else request[kind.reference])
    key = {"arn": found.arn, "kind": kind.name, "name": found.name}
    for what, sql in _HELD.items():
        if service.store.rows(sql, key):
            raise ValidationError(f"{kind.name} {found.arn} still has {what}.")
    service.store.remove(found.arn)
    experiments.forget(service, found)
    return {kind.arn_member: found.arn}


def _deleted(service: Service, request: Request) -> str:
    if "ArtifactArn" in request:  # SageMaker's own SDK sends both
        arn: str = request["ArtifactArn"]
        return arn
    if "Source" in request:
        return of_source(service, request["Source"]) or artifact_arn(service, request["Source"])
    raise ValidationError("Either ArtifactArn or Source must be specified.")


def own(kind: Kind, service: Service, reference: str) -> Entity:
    """The account's own entity of this kind with a name or an ARN.

    Raises:
        AwsError: it has none; the class of the error depends on the kind.
    """
    found = demand(service, kind, reference)
    if not found.listed:  # an entity of another account can be described, associated and walked, but not changed
        raise kind.absent(reference)
    return found


def listing(kind: Kind, service: Service, request: Request) -> Response:
    """List a page of one kind's entities: the account's own or, with ``CrossAccount``, those of other accounts.

    Raises:
        NotFoundError: the parent in the request, such as an experiment, does not exist.
        ValidationError: filters exclude each other, or the token is not one of this listing.
    """
    newest_first = request.get("SortOrder", "Descending" if kind.newest_first else "Ascending") == "Descending"
    found = Listing("record", "entity", _SORTS[request.get("SortBy", "CreationTime")], newest_first)
    shared = request.get("CrossAccountFilterOption") == "CrossAccount"
    found.where("kind = ? AND listed = ?", kind.name, not shared)
    if kind.listing in SCOPES:
        SCOPES[kind.listing](service, request, found)
    return page(kind, kind.listing, service, request, found)


def page(kind: Kind, operation: str, service: Service, request: Request, found: Listing) -> Response:
    """Build the response of a List operation, after adding the request's conditions on single columns."""
    for member, value in request.items():
        if member in _FILTERS:
            found.where(_FILTERS[member], value)
        elif member in _TIMES:
            found.where(_TIMES[member], millis(value))
    rows, token = found.page(service.store, operation, request)
    members = model.members(operation)
    result = next(member for member in members if member != "NextToken")
    wanted = members[result].member.members
    return {result: [_summary(kind, wanted, orjson.loads(row[0])) for row in rows], "NextToken": token}


def _summary(kind: Kind, members: list[str], record: Record) -> Record:
    return {member: at(record, kind.renames.get(member, (member,))) for member in members}


_CREATABLE = [KINDS[name] for name in ("Action", "Artifact", "Context", "Experiment", "Trial", "TrialComponent")]

OPERATIONS: dict[str, Handler] = {
    **{kind.describe: partial(describe, kind) for kind in ALL},
    **{kind.listing: partial(listing, kind) for kind in ALL},
    **{f"Create{kind.name}": partial(create, kind) for kind in _CREATABLE},
    **{f"Update{kind.name}": partial(update, kind) for kind in _CREATABLE},
    **{f"Delete{kind.name}": partial(delete, kind) for kind in _CREATABLE},
}
