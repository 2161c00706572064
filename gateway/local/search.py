"""Search, for trial components, trials and experiments."""

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
    # The unary plus keeps SQLite from going through all of the kind where it can go by the ARN.
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
_SORTED_BY = 500
"""Characters of a text that count in the order: a token holds them, and is of limited length."""
_TAGS = "Tags."
_ALL = "SELECT record FROM entity WHERE kind = ? AND listed = ?"

Place = tuple[int, Any, str]
"""Where a record stands among the results: whether it has a number, a text or nothing to sort by, that, its ARN."""


def search(service: Service, request: Request) -> Response:
    """A page of the records that meet an expression, whole, with their tags and what they are part of.

    Raises:
        ValidationError: not such a resource, an expression or condition that makes no sense, or a token of another
            search.
    """
    kind = _KINDS.get(request["Resource"])
    if kind is None:
        raise ValidationError(f"Search covers {', '.join(_KINDS)} here, and not {request['Resource']}.")
    descending = request.get("SortOrder", "Descending") == "Descending"
    found = sorted(_found(service, kind, request), key=lambda pair: pair[0], reverse=descending)
    last = paging.place(_NAME, request)
    rest = [pair for pair in found if last is None or _comes_after(pair[0], tuple(last), descending=descending)]
    page = rest[: request.get("MaxResults", paging.DEFAULT)]
    return {
        "Results": [{kind.name: _assembled(service, kind, record)} for _, record in page],
        "NextToken": paging.token(_NAME, request, page[-1][0]) if len(page) < len(rest) else None,
        "TotalHits": {"Value": len(found), "Relation": "EqualTo"},
    }


def _comes_after(place: Place, last: tuple[Any, ...], *, descending: bool) -> bool:
    return place < last if descending else place > last


def _found(service: Service, kind: Kind, request: Request) -> Iterator[tuple[Place, Record]]:
    shape = model.shape(kind.name)
    asked = request.get("SearchExpression")
    expression = Expression(shape, asked) if asked is not None else None
    first, *rest = request.get("SortBy", _SORT_BY).split(".")
    path = [spelled(shape, first), *rest]
    asked_for = {path[0]} | (expression.properties if expression else set())
    conditions = [_condition(given) for given in request.get("VisibilityConditions", ())]
    for record in _candidates(service, kind, request):
        if service.behaviour.hides(record[kind.arn_member], record.get(kind.name_member)):
            continue
        if conditions and not _visible(service, record[kind.arn_member], conditions):
            continue
        whole = record if asked_for <= record.keys() else _assembled(service, kind, record)
        if expression is None or expression.met_by(whole):
            yield (*_ranked(next(values(shape, whole, path), None)), record[kind.arn_member]), record


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


def _ranked(found: Value | None) -> tuple[int, Any]:
    if found is None:
        return 0, ""
    if found.is_number:  # which on the wire may be text, such as Infinity, and in a token may not be infinite
        number = float(found.value)
        return (0, "") if math.isnan(number) else (1, max(-sys.float_info.max, min(number, sys.float_info.max)))
    return (2, found.value[:_SORTED_BY]) if isinstance(found.value, str) else (0, "")


def _assembled(service: Service, kind: Kind, record: Record) -> Record:
    whole = {**kind.collections, **record, "Tags": tags.of(service, record[kind.arn_member])}
    if kind.name == "TrialComponent":
        whole["Parents"] = experiments.parents(service, record[kind.name_member])
    if kind.name == "Trial":
        whole["TrialComponentSummaries"] = experiments.components(service, record[kind.name_member])
    return whole


OPERATIONS: dict[str, Handler] = {_NAME: search}
