"""The thirteen kinds: imported records are returned by Describe, and their summaries by List."""

from typing import Any

import local_conftest
import pytest
from botocore import xform_name
from local_conftest import load, refusing

from gateway.local import model
from gateway.local.kinds import ALL, KINDS, Kind
from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker

OURS = "arn:aws:sagemaker:us-east-1:123456789012"
IDS = {"PipelineExecution": "pipeline/p/execution/e", "ModelPackage": "model-package/g/1"}
VALUES = {"timestamp": "2020-02-02T02:02:02.222Z", "string": "text", "boolean": True}

every_kind = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)


def some(shape: Any) -> Any:
    """Return a value of a shape that has every member."""
    match shape.type_name:
        case "structure":
            return {name: some(member) for name, member in shape.members.items()}
        case "list":
            return [some(shape.member)]
        case "map":
            return {"key": some(shape.value)}
    return shape.enum[0] if getattr(shape, "enum", None) else VALUES.get(shape.type_name, 1)


def full(kind: Kind) -> dict[str, Any]:
    record: dict[str, Any] = some(model.response_shape(kind.describe))
    record[kind.arn_member] = f"{OURS}:{IDS.get(kind.name, f'{kind.resource}/p')}"
    if kind.name == "PipelineExecution":
        record["PipelineArn"] = f"{OURS}:pipeline/p"
    return record


@every_kind
def test_described_is_what_was_imported(sagemaker: Any, service: LocalServer, kind: Kind) -> None:
    record = full(kind)
    load(service, {"entity": kind.name, "record": record})
    by_arn = kind.reference == kind.arn_member or kind.name == "ModelPackage"
    named = record[kind.arn_member if by_arn else kind.name_member]
    described = getattr(sagemaker, xform_name(kind.describe))(**{kind.reference: named})
    del described["ResponseMetadata"]
    assert sorted(described) == sorted(record)
    for name, member in model.members(kind.describe).items():
        if member.type_name in {"string", "integer", "long", "boolean"}:
            assert described[name] == record[name]


@every_kind
def test_summary_holds_every_modelled_member(sagemaker: Any, service: LocalServer, kind: Kind) -> None:
    load(service, {"entity": kind.name, "record": full(kind)})
    members = model.members(kind.listing)
    result = next(member for member in members if member != "NextToken")
    request = {
        "PipelineExecution": {"PipelineName": f"{OURS}:pipeline/p"},
        "ModelPackage": {"ModelPackageType": "Both"},
    }
    page = getattr(sagemaker, xform_name(kind.listing))(**request.get(kind.name, {}))
    assert sorted(members[result].member.members) in [sorted(summary) for summary in page[result]]


@every_kind
def test_name_or_arn_is_enough(sagemaker: Any, service: LocalServer, kind: Kind) -> None:
    arn = f"{OURS}:{IDS.get(kind.name, f'{kind.resource}/p')}"
    load(service, {"entity": kind.name, "record": {kind.arn_member: arn}})
    by_arn = kind.reference == kind.arn_member or kind.name == "ModelPackage"
    described = getattr(sagemaker, xform_name(kind.describe))(**{kind.reference: arn if by_arn else "p"})
    shape = model.response_shape(kind.describe)
    nameless = {"Artifact", "PipelineExecution", "ModelPackage"}
    assert {*shape.required_members} - {"ModelPackageName"} <= described.keys()
    assert described[kind.arn_member] == arn
    assert kind.name in nameless or described[kind.name_member] == "p"


@every_kind
def test_missing_entity_has_its_error(sagemaker: Any, kind: Kind) -> None:
    reference = f"{OURS}:{IDS.get(kind.name, f'{kind.resource}/p')}" if kind.reference == kind.arn_member else "missing"
    code = (
        "ValidationException" if kind.name in {"ModelPackage", "ModelPackageGroup", "Project"} else "ResourceNotFound"
    )
    with refusing(code, "does not exist"):
        getattr(sagemaker, xform_name(kind.describe))(**{kind.reference: reference})


def test_table_agrees_with_the_model() -> None:
    for kind in KINDS.values():
        described, listed = model.members(kind.describe), model.members(kind.listing)
        assert kind.arn_member in described
        assert kind.reference in model.request_shape(kind.describe).members
        result = next(member for member in listed if member != "NextToken")
        summary = listed[result].member.members
        assert kind.renames.keys() <= summary.keys()
        renamed = {path[0] for path in kind.renames.values()}
        paths = {path[0] for path in (kind.type, kind.source, kind.parent, kind.status) if path}
        assert renamed | paths | kind.defaults.keys() <= described.keys()
        assert summary.keys() - kind.renames.keys() <= described.keys()
        modelled = {error.name for error in model.operation(kind.describe).error_shapes}
        assert (kind.missing.code in modelled) == (kind.missing.code == "ResourceNotFound")
