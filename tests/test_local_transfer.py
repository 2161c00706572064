"""Import and export: the format of a line, default values, and that nothing is lost in a round trip."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import local_conftest
import orjson
import pytest
from graphs import arn, artifact, artifact_arn, association, component, component_arn, context, diamond
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_conftest import client, load, refusing

from gateway.local import model
from gateway.local.kinds import ALL, Kind
from gateway.local.server import LocalServer
from gateway.local.transfer import BadLineError

sagemaker = local_conftest.sagemaker

GROUP = arn("lineage-group", "sagemaker-default-lineage-group")
FOREIGN = "arn:aws:sagemaker:eu-west-1:999999999999"

Post = Callable[..., httpx.Response]


@pytest.fixture
def post(service: LocalServer) -> Post:
    """A function that posts lines to the import."""

    def post(*lines: dict[str, Any] | str | bytes) -> httpx.Response:
        encoded = [line if isinstance(line, str | bytes) else orjson.dumps(line) for line in lines]
        body = b"\n".join(line.encode() if isinstance(line, str) else line for line in encoded)
        return httpx.post(f"{service.url}/_local/import", content=body)

    return post


def export(local: LocalServer) -> bytes:
    return httpx.get(f"{local.url}/_local/export").content


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "BAD_LINE"
    return error["line"], error["message"]


def test_import_counts_what_it_took(post: Post) -> None:
    answer = post(
        artifact(1),
        artifact(2),
        "",
        "  ",
        association(artifact_arn(1), artifact_arn(2)),
        {"tags": {"ResourceArn": artifact_arn(1), "Tags": [{"Key": "k", "Value": "v"}]}},
        {"trialComponentAssociation": {"TrialName": "t", "TrialComponentName": "c"}},
    )
    assert answer.status_code == 200
    imported = {"Artifact": 2, "association": 1, "tags": 1, "trialComponentAssociation": 1}
    assert answer.json() == {"imported": imported}


def test_import_counts_as_no_call(service: LocalServer) -> None:
    load(service, artifact(1))
    assert not service.calls


def test_artifact_needs_only_its_source(post: Post, sagemaker: Any) -> None:
    source = {"SourceUri": "s3://bucket/key", "SourceTypes": [{"SourceIdType": "Custom", "Value": "1"}]}
    post({"entity": "Artifact", "record": {"Source": source}})
    (listed,) = sagemaker.list_artifacts()["ArtifactSummaries"]
    described = sagemaker.describe_artifact(ArtifactArn=listed["ArtifactArn"])
    assert described["LineageGroupArn"] == GROUP
    assert described["CreationTime"] == described["LastModifiedTime"]
    sagemaker.delete_artifact(ArtifactArn=listed["ArtifactArn"])
    made = sagemaker.create_artifact(ArtifactType="t", Source=source)
    assert made["ArtifactArn"] == listed["ArtifactArn"]


def test_half_a_source_is_enough(post: Post, sagemaker: Any) -> None:
    post({"entity": "Artifact", "record": {"Source": {"SourceUri": "s3://x", "SourceTypes": [{"Value": "v"}]}}})
    assert len(sagemaker.list_artifacts(SourceUri="s3://x")["ArtifactSummaries"]) == 1
    assert sagemaker.create_artifact(ArtifactType="t", Source={"SourceUri": "s3://x"})


def test_name_and_arn_give_each_other(post: Post, sagemaker: Any) -> None:
    post(
        {"entity": "Context", "record": {"ContextName": "named"}},
        {"entity": "Action", "record": {"ActionArn": arn("action", "by-arn")}},
    )
    assert sagemaker.describe_context(ContextName="named")["ContextArn"] == arn("context", "named")
    assert sagemaker.describe_action(ActionName="by-arn")["ActionName"] == "by-arn"


def test_arn_as_given_is_kept(post: Post, sagemaker: Any) -> None:
    lower = component_arn("my-job")
    post({"entity": "TrialComponent", "record": {"TrialComponentName": "My-Job", "TrialComponentArn": lower}})
    assert sagemaker.describe_trial_component(TrialComponentName="My-Job")["TrialComponentArn"] == lower
    assert sagemaker.describe_trial_component(TrialComponentName=lower)["TrialComponentName"] == "My-Job"
    with refusing("ValidationException", "already exists"):
        sagemaker.create_trial_component(TrialComponentName="My-Job")


@pytest.mark.parametrize("time", [1_078_625_331.86, "2004-03-07T02:08:51.860Z", "2004-03-07T04:08:51.860+02:00"])
def test_times_come_either_way(post: Post, sagemaker: Any, time: Any) -> None:
    post(context("c", CreationTime=time))
    assert sagemaker.describe_context(ContextName="c")["CreationTime"].timestamp() == 1_078_625_331.86


def test_same_thing_again_replaces_it(post: Post, sagemaker: Any, service: LocalServer) -> None:
    post(*diamond())
    before = export(service)
    assert post(before).status_code == 200
    assert export(service) == before
    post({"entity": "Context", "record": {"ContextName": "endpoint", "Description": "new", "CreationTime": 5}})
    described = sagemaker.describe_context(ContextName="endpoint")
    assert described["Description"] == "new"
    assert "ContextType" not in described


def test_order_of_lines_is_free(service: LocalServer) -> None:
    lines = [
        *diamond(),
        component("left", Parents=[{"TrialName": "t", "ExperimentName": "e"}], CreationTime=5),
        {"entity": "Trial", "record": {"TrialName": "t", "ExperimentName": "e", "CreationTime": 5}},
        {"entity": "Experiment", "record": {"ExperimentName": "e", "CreationTime": 5}},
    ]
    for line in lines:
        (line.get("record") or line["association"])["CreationTime"] = 5
    group = {"entity": "LineageGroup", "record": {"LineageGroupArn": GROUP, "CreationTime": 5}}
    load(service, group, *lines)
    forwards = export(service)
    service.clear()
    load(service, *reversed(lines), group)
    assert export(service) == forwards


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        (b"\xff", "not JSON"),
        ("[]", "not a JSON object"),
        ({}, "none of"),
        ({"entity": "Artifact"}, "none of"),
        ({"entity": "Artifact", "record": {}, "more": 1}, "none of"),
        ({"entity": "Endpoint", "record": {}}, "Endpoint"),
        ({"entity": ["Artifact"], "record": {}}, "Artifact"),
        ({"entity": "Artifact", "record": []}, "not a JSON object"),
        ({"entity": "Artifact", "record": {}}, "identifies"),
        ({"entity": "Artifact", "record": {"ArtifactName": "name-alone"}}, "identifies"),
        ({"entity": "Context", "record": {"ContextType": "t"}}, "identifies"),
        ({"entity": "PipelineExecution", "record": {"PipelineExecutionDisplayName": "e"}}, "identifies"),
        ({"entity": "ModelPackage", "record": {"ModelPackageGroupName": "g"}}, "identifies"),
        ({"entity": "ModelPackage", "record": {"ModelPackageArn": arn("model-package", f"g/{10**20}")}}, "no version"),
        ({"entity": "Context", "record": {"ContextName": "a context"}}, "regular expression"),
        ({"entity": "Context", "record": {"ContextArn": arn("action", "a")}}, "not the ARN of a Context"),
        ({"entity": "Pipeline", "record": {"PipelineArn": arn("pipeline", "p/execution/e")}}, "not the ARN"),
        ({"entity": "Context", "record": {"ContextArn": "nonsense"}}, "not the ARN"),
        ({"entity": "Context", "record": {"ContextName": "c", "Colour": "red"}}, "Colour"),
        ({"entity": "Context", "record": {"ContextName": "c", "Source": {"Uri": "x"}}}, "Uri"),
        ({"entity": "Context", "record": {"ContextName": "c", "Source": "s3://x"}}, "source"),
        ({"entity": "Context", "record": {"ContextName": 5}}, "contextName"),
        ({"entity": "Context", "record": {"ContextName": "c", "CreationTime": "soon"}}, "creationTime"),
        ({"entity": "Context", "record": {"ContextName": "c", "CreationTime": 1e300}}, "creationTime"),
        ({"entity": "Context", "record": {"ContextName": "c", "Tags": [{"Key": "k"}]}}, "value"),
        ({"entity": "Context", "record": {"ContextName": "c", "Parents": []}}, "Parents"),
        ({"entity": "TrialComponent", "record": {"TrialComponentName": "c", "Parents": [{}]}}, "trialName"),
        ({"entity": "TrialComponent", "record": {"TrialComponentName": "c", "Parents": [{"X": "t"}]}}, "X"),
        ({"association": {"SourceArn": artifact_arn(1)}}, "destinationArn"),
        ({"association": {"SourceArn": artifact_arn(1), "DestinationArn": arn("endpoint", "e")}}, "destinationArn"),
        ({"association": {"SourceArn": 1, "DestinationArn": 2}}, "sourceArn"),
        ({"association": []}, "structure"),
        ({"tags": {"ResourceArn": "x", "Tags": []}}, "resourceArn"),
        ({"tags": {"ResourceArn": GROUP, "Tags": [{"Key": "k", "Value": "v"}] * 2}}, "Duplicate"),
        ({"trialComponentAssociation": {"TrialName": "t"}}, "trialComponentName"),
        (
            {"trialComponentAssociation": {"TrialName": "t", "TrialComponentName": "c", "ExperimentName": 5}},
            "experimentName",
        ),
    ],
)
def test_bad_line_fails_the_import(post: Post, service: LocalServer, line: Any, reason: str) -> None:
    before = export(service)
    number, message = refused(post(artifact(1), "", artifact(2), line, artifact(3)))
    assert number == 4
    assert reason in message
    assert export(service) == before


def test_load_raises_bad_lines(service: LocalServer) -> None:
    with pytest.raises(BadLineError, match="line 2: not JSON") as caught:
        service.load([orjson.dumps(artifact(1)), "{"])
    assert caught.value.line == 2


def test_unknown_enumeration_values_pass(post: Post, sagemaker: Any) -> None:
    record = {"ActionName": "a", "Status": "Hovering"}
    assert post({"entity": "Action", "record": record}).status_code == 200
    assert sagemaker.describe_action(ActionName="a")["Status"] == "Hovering"


def test_trials_need_not_be_there(post: Post, sagemaker: Any) -> None:
    post(component("c", Parents=[{"TrialName": "far", "ExperimentName": "away"}, {"TrialName": "near"}]))
    post({"entity": "Trial", "record": {"TrialName": "near", "ExperimentName": "here"}})
    (found,) = sagemaker.search(Resource="ExperimentTrialComponent")["Results"]
    assert found["TrialComponent"]["Parents"] == [
        {"TrialName": "far", "ExperimentName": "away"},
        {"TrialName": "near", "ExperimentName": "here"},
    ]
    post(component("c", Parents=[]))
    (found,) = sagemaker.search(Resource="ExperimentTrialComponent")["Results"]
    assert found["TrialComponent"]["Parents"] == []


def test_foreign_components_have_no_parents_here(post: Post) -> None:
    record = {"TrialComponentArn": f"{FOREIGN}:experiment-trial-component/c", "Parents": [{"TrialName": "t"}]}
    assert "another account" in refused(post({"entity": "TrialComponent", "record": record}))[1]


def test_export_includes_created_entities(sagemaker: Any, service: LocalServer) -> None:
    sagemaker.create_experiment(ExperimentName="e")
    sagemaker.create_trial(TrialName="t", ExperimentName="e")
    sagemaker.create_trial_component(TrialComponentName="c", Parameters={"p": {"NumberValue": 1}}, StartTime=5)
    sagemaker.associate_trial_component(TrialName="t", TrialComponentName="c")
    sagemaker.create_context(
        ContextName="x", ContextType="t", Source={"SourceUri": "u"}, Tags=[{"Key": "k", "Value": ""}]
    )
    sagemaker.add_association(SourceArn=component_arn("c"), DestinationArn=arn("context", "x"))
    lines = export(service)
    kinds = [min(orjson.loads(line)) for line in lines.splitlines()]
    assert kinds == ["entity"] * 5 + ["association", "tags", "trialComponentAssociation"]
    service.clear()
    service.load(lines.splitlines())
    assert export(service) == lines
    assert b"handmade" not in lines


def test_files_are_loaded_at_start(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(orjson.dumps(context("c")) + b"\n\n" + orjson.dumps(artifact(1)) + b"\n")
    with LocalServer(load=[path]) as local:
        assert client(local.url).describe_context(ContextName="c")
    path.write_text("{")
    with pytest.raises(BadLineError, match="line 1"):
        LocalServer(load=[path]).start()
    with pytest.raises(FileNotFoundError):
        LocalServer(load=[tmp_path / "missing"]).start()


def test_hundred_thousand_lines_are_fine(service: LocalServer, sagemaker: Any) -> None:
    def lines() -> Any:
        for number in range(50_000):
            yield orjson.dumps(artifact(number))
            yield orjson.dumps(association(artifact_arn(number), artifact_arn(number * 7 % 50_000)))

    assert service.load(lines()) == {"Artifact": 50_000, "association": 50_000}
    # None of the creation times is in the future, however many lines are imported in a second.
    (newest,) = sagemaker.list_artifacts(MaxResults=1)["ArtifactSummaries"]
    assert newest["CreationTime"] <= datetime.now(UTC) + timedelta(seconds=5)


# Arbitrary stores: records of every kind, with any of the members that the model allows.

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,5}", fullmatch=True)


SCALARS = {
    "timestamp": st.floats(0, 4e9) | st.datetimes().map(lambda moment: moment.isoformat()),
    "double": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9) | st.just("NaN"),
    "boolean": st.booleans(),
    "string": TEXT,
    "integer": st.integers(-5, 5),
}


def values(shape: Any) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "structure":
            members = {name: values(member) for name, member in shape.members.items()}
            return st.fixed_dictionaries({}, optional=members)
        case "list":
            return st.lists(values(shape.member), max_size=2)
        case "map":
            return st.dictionaries(TEXT, values(shape.value), max_size=2)
    return SCALARS[shape.type_name]


def records(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    shape = model.response_shape(kind.describe)
    own = {kind.arn_member, kind.name_member, "ModelCardVersion", "ModelPackageVersion", "PipelineArn"}
    chosen = [
        "CreationTime",
        "LastModifiedTime",
        "CreatedBy",
        "Source",
        "Properties",
        "Parameters",
        "Metrics",
        "Status",
    ]
    members = {name: values(shape.members[name]) for name in chosen if name in shape.members and name not in own}
    ids = {
        "PipelineExecution": NAMES.map(lambda name: f"pipeline/{name}/execution/{name}"),
        "ModelPackage": st.tuples(NAMES, st.integers(1, 9)).map(lambda pair: f"model-package/{pair[0]}/{pair[1]}"),
    }
    ours = st.sampled_from(["arn:aws:sagemaker:us-east-1:123456789012", FOREIGN])
    arns = st.tuples(ours, ids.get(kind.name, NAMES.map(lambda name: f"{kind.resource}/{name}"))).map(":".join)
    required = {kind.arn_member: arns}
    if kind.name == "ModelCard":
        required["ModelCardVersion"] = st.integers(1, 3)
    return st.fixed_dictionaries(required, optional=members)


ENDS = st.tuples(st.sampled_from(["artifact", "context", "action", "experiment-trial-component"]), NAMES).map(
    lambda parts: arn(*parts)
)
LINES = st.one_of(
    *(records(kind).map(lambda record, kind=kind: {"entity": kind.name, "record": record}) for kind in ALL),
    st.fixed_dictionaries(
        {"SourceArn": ENDS, "DestinationArn": ENDS},
        optional={
            "AssociationType": st.sampled_from(["Produced", "SameAs"]),
            "CreationTime": st.integers(0, 10),
            "SourceName": TEXT,
            "DestinationType": TEXT,
        },
    ).map(lambda summary: {"association": summary}),
    st.fixed_dictionaries({"ResourceArn": ENDS, "Tags": st.just([{"Key": "k", "Value": "v"}])}).map(
        lambda tags: {"tags": tags}
    ),
    st.fixed_dictionaries({"TrialName": NAMES, "TrialComponentName": NAMES}, optional={"ExperimentName": NAMES}).map(
        lambda names: {"trialComponentAssociation": names}
    ),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(lines=st.lists(LINES, max_size=12))
def test_export_is_imported_whole(server: LocalServer, lines: list[dict[str, Any]]) -> None:
    server.clear()
    server.load([json.dumps(line) for line in lines])
    first = export(server)
    server.clear()
    server.load(first.splitlines())
    assert export(server) == first
