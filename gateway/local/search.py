"""The Search operation, for trial components, trials and experiments."""

import math
import sys
from collections.abc import Iterator
from typing import Any

import orjson

from gateway.local import experiments, model, paging, tags
from gateway.local.errors import ValidationError
from gateway.local.expressions import Expression, Value, indexed, spelled, values
from gateway.local.kinds import KINDS, Kind, Record
from gateway.local.service import Handler, Request, Response, Service

_NAME = "Search"
_SORT_BY = "LastModifiedTime"
_KINDS = {
    "Experiment": KINDS["Experiment"],
    "ExperimentTrial": KINDS["Trial"],
    "ExperimentTrialComponent": KINDS["TrialComponent"],
}
_BY = {
    # The unary plus makes SQLite use the index on the ARN instead of scanning all entities of the kind.
    "arn": "SELECT record FROM entity WHERE arn IN (SELECT value FROM json_each(?)) AND +kind = ? AND +listed = ?",
    "name": "SELECT record FROM entity WHERE name IN (SELECT value FROM json_each(?)) AND kind = ? AND listed = ?",
    "source": "SELECT record FROM entity WHERE source IN (SELECT value FROM json_each(?)) AND kind = ? AND listed = ?",
    "trial": (
        "SELECT record FROM entity WHERE name IN (SELECT component FROM membership WHERE trial IN"
        " (SELECT value FROM json_each(?))) AND kind = ? AND listed = ?"
    ),
    "experiment": (
        "SELECT record FROM entity WHERE name IN (SELECT m.component FROM membership m"
        " LEFT JOIN entity t ON t.kind = 'Trial' AND t.listed = 1 AND t.name = m.trial"
        " WHERE coalesce(t.parent, m.experiment) IN (SELECT value FROM json_each(?))) AND kind = ? AND listed = ?"
    ),
}
_COLUMNS = {"Source.SourceArn": "source", "Parents.TrialName": "trial", "Parents.ExperimentName": "experiment"}
_SORT_KEY_LENGTH = 500
"""Characters of a string by which results are sorted; a token holds them, and its length is limited."""
_TAGS = "Tags."
_ASSEMBLED = {"Tags", "Parents", "TrialComponentSummaries"}
"""Members that are not part of the stored record."""
_ALL = "SELECT record FROM entity WHERE kind = ? AND listed = ?"

Place = tuple[int, Any, str]
"""A record's position in the results: its type of sort key (0 none, 1 number, 2 string), the key, and its ARN."""


def search(service: Service, request: Request) -> Response:
    """Find a page of the records that match an expression, with their tags and the trials that they belong to.

    Raises:
        ValidationError: the resource is not supported, an expression or condition is invalid, or the token belongs to
            another search.
    """
    kind = _KINDS.get(request["Resource"])
    if kind is None:
        raise ValidationError(f"Search covers {', '.join(_KINDS)} here, and not {request['Resource']}.")
    rest, total = _resumed(service, kind, request)
    limit = request.get("MaxResults", paging.DEFAULT)
    page, rest = rest[:limit], rest[limit:]
    token = None
    if rest:
        token = paging.token(_NAME, request, [*page[-1], total, service.searches.number()])
        service.searches.keep(token, rest)
    return {
        "Results": [{kind.name: _assembled(service, kind, record)} for record in _records(service, page)],
        "NextToken": token,
        "TotalHits": {"Value": total, "Relation": "EqualTo"},
    }


def _resumed(service: Service, kind: Kind, request: Request) -> tuple[list[Place], int]:
    """The places of the remaining results, and the total number of results when the search started."""
    last = paging.place(_NAME, request)
    rest = service.searches.take(request["NextToken"]) if last else None
    if rest is not None:
        return rest, last[3]
    descending = request.get("SortOrder", "Descending") == "Descending"
    found = sorted(_found(service, kind, request), reverse=descending)
    if last is None:
        return found, len(found)
    previous = tuple(last[:3])
    return [place for place in found if (place < previous if descending else place > previous)], last[3]


def _records(service: Service, page: list[Place]) -> list[Record]:
    """The records at these places, without those that have been deleted since."""
    arns = [arn for *_, arn in page]
    sql = "SELECT arn, record FROM entity WHERE arn IN (SELECT value FROM json_each(?))"
    known = dict(service.store.rows(sql, (orjson.dumps(arns).decode(),)))
    return [orjson.loads(known[arn]) for arn in arns if arn in known]


def _found(service: Service, kind: Kind, request: Request) -> Iterator[Place]:
    shape = model.shape(kind.name)
    given = request.get("SearchExpression")
    expression = Expression(shape, given) if given is not None else None
    first, *rest = request.get("SortBy", _SORT_BY).split(".")
    path = [spelled(shape, first), *rest]
    assembled = _ASSEMBLED & ({path[0]} | (expression.properties if expression else set()))
    conditions = [_condition(given) for given in request.get("VisibilityConditions", ())]
    for record in _candidates(service, kind, request):
        if service.behaviour.hides(record[kind.arn_member], record.get(kind.name_member)):
            continue
        if conditions and not _visible(service, record[kind.arn_member], conditions):
            continue
        whole = _assembled(service, kind, record) if assembled else record
        if expression is None or expression.met_by(whole):
            yield (*_sort_key(next(values(shape, whole, path), None)), record[kind.arn_member])


def _condition(given: dict[str, str]) -> tuple[str, str | None]:
    name = given.get("Key", "")
    key = name.removeprefix(_TAGS)
    if key == name:
        raise ValidationError(f"A visibility condition's Key must be of the form {_TAGS}<key>: {name!r}")
    return key, given.get("Value")


def _visible(service: Service, arn: str, conditions: list[tuple[str, str | None]]) -> bool:
    """Whether none of the entity's tags contradicts a condition."""
    has = {tag["Key"]: tag["Value"] for tag in tags.of(service, arn)}
    return all(has.get(key, value) == value for key, value in conditions)


def _candidates(service: Service, kind: Kind, request: Request) -> Iterator[Record]:
    shared = request.get("CrossAccountFilterOption") == "CrossAccount"
    columns = {kind.arn_member: "arn", kind.name_member: "name", **_COLUMNS}
    wanted = indexed(request.get("SearchExpression", {}), columns)
    if wanted is None:
        rows = service.store.rows(_ALL, (kind.name, not shared))
    else:
        rows = []
        for column, sql in _BY.items():
            among = [value for indexed_by, value in wanted if indexed_by == column]
            rows += service.store.rows(sql, (orjson.dumps(among).decode(), kind.name, not shared)) if among else []
    for record in {row[0] for row in rows}:
        yield orjson.loads(record)


def _sort_key(found: Value | None) -> tuple[int, Any]:
    if found is None:
        return 0, ""
    if found.is_number:  # may be a string such as "Infinity"; a token, which is JSON, cannot hold an infinite number
        number = float(found.value)
        return (0, "") if math.isnan(number) else (1, max(-sys.float_info.max, min(number, sys.float_info.max)))
    return (2, found.value[:_SORT_KEY_LENGTH]) if isinstance(found.value, str) else (0, "")


def _assembled(service: Service, kind: Kind, record: Record) -> Record:
    whole = {**kind.collections, **record, "Tags": tags.of(service, record[kind.arn_member])}
    if kind.name == "TrialComponent":
        whole["Parents"] = experiments.parents(service, record[kind.name_member])
    if kind.name == "Trial":
        whole["TrialComponentSummaries"] = experiments.components(service, record[kind.name_member])
    return whole


OPERATIONS: dict[str, Handler] = {_NAME: search}
