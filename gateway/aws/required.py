"""Validation of the response members that the gateway requires: SageMaker always sends them, other servers may not.

botocore accepts any JSON object as a response, even the ``{"status": "ok"}`` of a proxy in between, and its model marks
hardly any member as required. Without this check, an entity would have no members, and a write would seem to succeed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.aws.batches import Search
from gateway.aws.kinds import KINDS, LINEAGE, MODEL_CARD_VERSION, PROJECT, TRIAL, Kind

_Texts = Callable[[Mapping[str, Any]], Iterable[Any]]
"""Returns the values in a response that must be strings; raises if they are missing."""


def has_required(operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether a response has all members that the gateway reads without checking their presence.

    The token in a page must not be that of the same page again, which a loop over the pages would never leave.
    """
    if "NextToken" in parameters and answer.get("NextToken") == parameters["NextToken"]:
        return False
    texts = _SEARCHED.get(parameters["Resource"]) if operation == Search.operation else _TEXTS.get(operation)
    try:
        return texts is None or {str}.issuperset(map(type, texts(answer)))
    except (KeyError, TypeError, AttributeError):
        return False


def _own(*names: str) -> _Texts:
    return lambda answer: [answer[name] for name in names]


def _items(member: str, *names: str) -> _Texts:
    return lambda answer: [item[name] for item in answer[member] for name in names]


def _batch(kind: Kind) -> _Texts:
    return lambda answer: [members[kind.arn] for members in kind.batch.found(answer)] if kind.batch else []


def _graph(answer: Mapping[str, Any]) -> Iterable[Any]:
    yield from (vertex["Arn"] for vertex in answer["Vertices"])
    for edge in answer.get("Edges", ()):
        yield edge["SourceArn"]
        yield edge["DestinationArn"]


_ENDS = ("SourceArn", "DestinationArn")
_SEARCHED = {kind.batch.resource: _batch(kind) for kind in KINDS if isinstance(kind.batch, Search)}
_TEXTS: dict[str, _Texts] = {
    **{kind.describe: _own(kind.arn) for kind in KINDS},
    **{kind.list: _items(kind.summaries, kind.arn) for kind in (*KINDS, MODEL_CARD_VERSION)},
    PROJECT.list: _items(PROJECT.summaries, PROJECT.arn, "ProjectId"),
    TRIAL.list: _items(TRIAL.summaries, TRIAL.arn, "TrialName"),
    **{kind.batch.operation: _batch(kind) for kind in KINDS if kind.batch},
    **{f"{verb}{kind.name}": _own(kind.arn) for verb in ("Create", "Update", "Delete") for kind in LINEAGE},
    "AddAssociation": _own(*_ENDS),
    "DeleteAssociation": _own(*_ENDS),
    "DisassociateTrialComponent": _own("TrialComponentArn"),
    "ListAssociations": _items("AssociationSummaries", *_ENDS),
    "ListTags": _items("Tags", "Key", "Value"),
    "QueryLineage": _graph,
}
