"""Every member of every Describe response, from the service's import to the gateway's response."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Ask
from graphs import arn
from shapes import described, plain, sample, selection, shown

from gateway.aws import kinds

# Members that identify a record, which cannot have arbitrary values.
NAMES: dict[str, dict[str, Any]] = {
    "ModelPackage": {"ModelPackageGroupName": "one", "ModelPackageVersion": 1, "ModelPackageName": "one"},
    "ModelCard": {"ModelCardVersion": 1},
}
IDS = {"Artifact": "1" * 32, "ModelPackage": "one/1", "PipelineExecution": "one/execution/abc"}


def record(kind: kinds.Kind) -> dict[str, Any]:
    identity = {kind.arn: arn(kind.resource, IDS.get(kind.name, "one"))} | NAMES.get(kind.name, {})
    if kind.name_path:
        identity.setdefault(kind.name_path, "one")
    if kind is kinds.PIPELINE_EXECUTION:
        identity["PipelineArn"] = arn("pipeline", "one")
    whole: dict[str, Any] = sample(described(kind.name)) | identity
    return whole


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
async def test_every_member_arrives(ask: Ask, load: Callable[..., None], kind: kinds.Kind) -> None:
    imported = record(kind)
    load({"entity": kind.name, "record": imported})
    fields = selection(described(kind.name), kind.name)
    data = await ask(f"query($id: ID!) {{ node(id: $id) {{ id ... on {kind.name} {fields} }} }}", id=imported[kind.arn])
    expected = shown(described(kind.name), imported, kind.name) | {"id": imported[kind.arn]}
    assert plain(data["node"]) == plain(expected)


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind.batch], ids=lambda kind: kind.name)
async def test_batch_agrees_with_describe(
    ask: Ask, load: Callable[..., None], calls: Counter[str], kind: kinds.Kind
) -> None:
    assert kind.batch
    imported = record(kind)
    other = {kind.arn: imported[kind.arn].replace("/one", "/two"), kind.name_path: "two"}
    if kind is kinds.MODEL_PACKAGE:
        other["ModelPackageGroupName"] = "two"
    load({"entity": kind.name, "record": imported}, {"entity": kind.name, "record": imported | other})
    fields = f"{{ ... on {kind.name} {selection(described(kind.name), kind.name, kind.batch.lacks)} }}"
    one = await ask(f"query($id: ID!) {{ node(id: $id) {fields} }}", id=imported[kind.arn])
    assert calls == {kind.describe: 1}
    both = await ask(f"query($ids: [ID!]!) {{ nodes(ids: $ids) {fields} }}", ids=[imported[kind.arn], other[kind.arn]])
    assert calls == {kind.describe: 1, kind.batch.operation: 1}
    assert both["nodes"][0] == one["node"]
