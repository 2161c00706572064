"""Import and export of the whole store as JSON lines.

A line is one of ``{"entity": kind, "record": Describe response}``, ``{"association": AssociationSummary}``,
``{"tags": {"ResourceArn", "Tags"}}`` and ``{"trialComponentAssociation": {"TrialName", "TrialComponentName"}}``.
Trial components with a source, and kinds that have no Create operation here, can only be imported.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from gateway.local import associations, experiments, model, tags
from gateway.local.errors import AwsError, SerializationError, ValidationError
from gateway.local.identity import complete, identify
from gateway.local.kinds import KINDS, Record
from gateway.local.service import Service, entity, millis
from gateway.local.store import Association
from gateway.local.validation import Reader, read_request

Line = dict[str, Any]


class BadLineError(Exception):
    """A line cannot be imported."""

    def __init__(self, line: int, message: str, file: str | Path | None = None) -> None:
        """Set the number of the line, counted from 1, the reason, and the file if the line is in one."""
        super().__init__(f"{file}: line {line}: {message}" if file else f"line {line}: {message}")
        self.line = line
        self.message = message


def load(service: Service, lines: Iterable[str | bytes]) -> dict[str, int]:
    """Import lines, replacing existing entities, associations and tags; return how many lines there were, by kind.

    Raises:
        BadLineError: a line is invalid; then nothing is imported.
    """
    counts: Counter[str] = Counter()
    with service.store.transaction():
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                counts[_import(service, orjson.loads(line))] += 1
            except orjson.JSONDecodeError as error:
                raise BadLineError(number, f"not JSON: {error}") from error
            except AwsError as error:
                raise BadLineError(number, str(error)) from error
    return dict(counts)


def _import(service: Service, line: object) -> str:
    if not isinstance(line, dict):
        raise SerializationError("not a JSON object")
    match sorted(line):
        case ["entity", "record"]:
            return _entity(service, line["entity"], line["record"])
        case [("association" | "tags" | "trialComponentAssociation") as what]:
            _LINES[what](service, line[what])
            return str(what)
    raise SerializationError(f"a line of {sorted(line)} is none of entity and record, {', '.join(_LINES)}")


def _entity(service: Service, name: object, given: object) -> str:
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise SerializationError(f"{name!r} is none of {', '.join(KINDS)}")
    if not isinstance(given, dict):
        raise SerializationError("the record is not a JSON object")
    given = dict(given)
    tagged = given.pop("Tags", None)
    parents = given.pop("Parents", None) if kind.name == "TrialComponent" else None
    record: Record = Reader(lenient=True).read(model.response_shape(kind.describe), given, "")
    arn = identify(service, kind, record)
    complete(service, kind, record, arn)
    listed = service.owns(arn)
    service.store.put(entity(kind, record, listed=listed, handmade=False))
    if kind.name == "ModelCard" and listed:
        service.store.list_newest_edition(arn.text)
    if tagged is not None:
        _tags(service, {"ResourceArn": arn.text, "Tags": tagged})
    if parents is not None:
        _parents(service, record[kind.name_member], parents, ours=listed)
    return kind.name


def _parents(service: Service, component: str, given: object, *, ours: bool) -> None:
    if not ours:
        raise ValidationError("the trials of another account's trial component are not this account's")
    experiments.leave(service, component)
    for parent in _read("Parents", given):
        _membership(service, parent | {"TrialComponentName": component})


def _association(service: Service, given: object) -> None:
    summary = _read("AssociationSummary", given)
    ends = read_request("AddAssociation", {end: summary.get(end) for end in ("SourceArn", "DestinationArn")})
    store = service.store
    created = millis(summary["CreationTime"]) if "CreationTime" in summary else store.clock()
    types = [store.type_of(ends[f"{end}Arn"], summary.get(f"{end}Type", "")) for end in ("Source", "Destination")]
    store.put_association(
        Association(
            source=ends["SourceArn"],
            destination=ends["DestinationArn"],
            type=summary.get("AssociationType"),
            created=created,
            created_by=orjson.dumps(summary.get("CreatedBy", service.user), option=orjson.OPT_SORT_KEYS),
            handmade=False,
            source_name=summary.get("SourceName"),
            destination_name=summary.get("DestinationName"),
            source_type=types[0],
            destination_type=types[1],
        )
    )


def _tags(service: Service, given: object) -> None:
    request = read_request("AddTags", given)
    tags.replace(service, request["ResourceArn"], request["Tags"])


def _membership(service: Service, given: object) -> None:
    names = read_request("AssociateTrialComponent", given)
    experiment = given.get("ExperimentName") if isinstance(given, dict) else None
    if experiment is not None:
        experiment = read_request("DescribeExperiment", {"ExperimentName": experiment})["ExperimentName"]
    experiments.join(service, names["TrialName"], names["TrialComponentName"], experiment)


_LINES: dict[str, Callable[[Service, object], None]] = {
    "association": _association,
    "tags": _tags,
    "trialComponentAssociation": _membership,
}


def _read(shape: str, value: object) -> Any:
    return Reader(lenient=True).read(model.shape(shape), value, "")


def export(service: Service) -> Iterator[bytes]:
    """Yield the whole store as JSON lines, in an order that depends only on its content."""
    store = service.store
    for kind, record in store.rows("SELECT kind, record FROM entity ORDER BY kind, arn, edition"):
        yield _line({"entity": kind, "record": orjson.Fragment(record)})
    for summary in associations.every(service):
        yield _line({"association": summary})
    for arn in store.rows("SELECT DISTINCT arn FROM tag ORDER BY arn"):
        yield _line({"tags": {"ResourceArn": arn[0], "Tags": tags.of(service, arn[0])}})
    for trial, component, experiment in store.rows("SELECT * FROM membership ORDER BY trial, component"):
        names = {"TrialName": trial, "TrialComponentName": component}
        yield _line({"trialComponentAssociation": names | ({"ExperimentName": experiment} if experiment else {})})


def _line(line: Line) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
