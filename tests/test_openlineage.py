"""OpenLineage events: they conform to the published schemas, and contain the whole graph."""

import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Ask
from graphs import Line, action, arn, artifact, artifact_arn, association, component, component_arn, context, diamond
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry

from gateway.aws.kinds import LINEAGE
from gateway.lineage.coverage import Coverage
from gateway.lineage.export import Format, written
from gateway.lineage.graph import ShownEdge
from gateway.lineage.picture import Picture, Vertex
from gateway.records import Record

SCHEMAS = Path(__file__).parents[2] / "shared" / "openlineage"
NAMESPACE = "sagemaker.us-east-1.123456789012"
STARTED, ENDED = 1_700_000_000, 1_700_000_600


@pytest.fixture
def events(ask: Ask) -> Callable[..., Any]:
    """A function that returns the events of a walk from some vertices."""

    async def events(*start: str, **variables: Any) -> list[Any]:
        data = await ask(
            """query($start: [Arn!]!, $filter: LineageFilter) {
              lineage(start: $start, filter: $filter) { export(format: OPENLINEAGE) }
            }""",
            start=list(start),
            **variables,
        )
        return [json.loads(line) for line in data["lineage"]["export"].splitlines()]

    return events


def town() -> list[Line]:
    """Vertices of every kind, with every combination that OpenLineage distinguishes, and an isolated vertex."""
    names = {"TrialComponentName": "by-hand", "DisplayName": 'By "hand"\u2028', "Source": None}
    versions = {"SourceUri": "s3://bucket/7/", "SourceTypes": [{"SourceIdType": "S3Version", "Value": "v1"}]}
    return [
        *diamond(),
        action("approve", "Approval", Description="Looks good.", Status="Completed", LastModifiedTime=ENDED),
        action("deploy", Status="InProgress"),
        component("failed", Status={"PrimaryStatus": "Failed", "Message": "no"}, StartTime=STARTED, EndTime=ENDED),
        {"entity": "TrialComponent", "record": names},
        artifact(7, ArtifactName=None, Source=versions),
        artifact(8, "Image", Source={"SourceUri": "1.dkr.ecr.us-east-1.amazonaws.com/image:1"}),
        artifact(9),
        context("group", "ModelGroup", Description="All of them."),
        association(artifact_arn(1), arn("context", "group"), "AssociatedWith"),
        association(arn("action", "approve"), artifact_arn(1)),
        association(arn("action", "approve"), arn("action", "deploy")),
        association(arn("action", "deploy"), arn("context", "endpoint")),
        association(artifact_arn(8), component_arn("failed")),
        association(artifact_arn(7), component_arn("failed")),
        association(artifact_arn(7), artifact_arn(0), "DerivedFrom"),
        association(component_arn("by-hand"), component_arn("failed")),
    ]


@pytest.fixture
def check() -> Callable[[Any], None]:
    """A function that validates an event against the published schemas, and each facet against its own."""
    if not SCHEMAS.exists():
        pytest.skip("The published schemas are not beside the repository.")
    contents = [json.loads(file.read_text()) for file in SCHEMAS.rglob("*.json")]
    registry = Registry().with_contents([(content["$id"], content) for content in contents])

    def validator(reference: str) -> Any:
        return Draft202012Validator({"$ref": reference}, registry=registry, format_checker=FormatChecker())

    facets = {
        (owner, key): validator(content["$id"])
        for content in contents
        for owner in ("Run", "Job", "Dataset")
        for key in content.get("properties", ())
        if f"{owner}Facet.json" in content["$id"]
    }
    event_schema = validator("https://openlineage.io/spec/2-0-2/OpenLineage.json")

    def check(event: Any) -> None:
        event_schema.validate(event)
        assert datetime.fromisoformat(event["eventTime"]).tzinfo
        owners = [("Run", event.get("run")), ("Job", event.get("job")), ("Dataset", event.get("dataset"))]
        owners += [("Dataset", dataset) for end in ("inputs", "outputs") for dataset in event.get(end, ())]
        for owner, holder in owners:
            for key, facet in (holder or {}).get("facets", {}).items():
                facets[owner, key].validate({key: facet})

    return check


async def test_events_conform_to_the_schemas(
    events: Callable[..., Any], load: Callable[..., None], check: Callable[[Any], None]
) -> None:
    load(*town())
    found = await events(artifact_arn(0), artifact_arn(9), arn("action", "approve"))
    for event in [*found, *await events(artifact_arn(0), filter={"types": ["Endpoint"]})]:
        check(event)
    facets = {key for event in found for key in facet_keys(event)}
    assert facets == {"datasetType", "documentation", "jobDependencies", "jobType", "symlinks", "tags", "version"}


def facet_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value.get("facets", ())
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from facet_keys(inner)


async def test_runs_read_and_write_datasets(events: Callable[..., Any], load: Callable[..., None]) -> None:
    load(*town())
    found = {event["job"]["name"]: event for event in await events(artifact_arn(0)) if "run" in event}
    left = found["experiment-trial-component/left"]
    assert left["job"]["namespace"] == NAMESPACE
    assert left["run"]["runId"] == str(uuid.uuid5(uuid.NAMESPACE_URL, component_arn("left")))
    assert [(dataset["namespace"], dataset["name"]) for dataset in left["inputs"]] == [("s3://bucket", "0")]
    assert [(dataset["namespace"], dataset["name"]) for dataset in left["outputs"]] == [("s3://bucket", "1")]
    failed = found["experiment-trial-component/failed"]
    assert {(dataset["namespace"], dataset["name"]) for dataset in failed["inputs"]} == {
        ("s3://bucket", "7"),
        (NAMESPACE, "1.dkr.ecr.us-east-1.amazonaws.com/image:1"),
    }


async def test_run_has_its_outcome(events: Callable[..., Any], load: Callable[..., None]) -> None:
    load(*town())
    found = [event for event in await events(artifact_arn(0)) if "run" in event]
    told = {(event["job"]["name"], event["eventType"]): event["eventTime"] for event in found}
    assert told["experiment-trial-component/failed", "START"] == "2023-11-14T22:13:20.000+00:00"
    assert told["experiment-trial-component/failed", "FAIL"] == "2023-11-14T22:23:20.000+00:00"
    assert told["action/approve", "COMPLETE"] == "2023-11-14T22:23:20.000+00:00"
    assert ("action/deploy", "RUNNING") in told
    assert ("experiment-trial-component/by-hand", "OTHER") in told


VERTICES = [(kind, arn(kind.resource, f"{number:032x}")) for kind in LINEAGE for number in range(3)]
ENDS = st.sampled_from([key for _, key in VERTICES])


def edges_of(events: list[Any]) -> Iterator[tuple[str, str]]:
    """Return the associations that the events contain."""
    runs = {event["run"]["runId"]: tags(event)["arn"] for event in events if "run" in event}
    for event in events:
        inputs, outputs = ([arn_of(dataset) for dataset in event.get(end, ())] for end in ("inputs", "outputs"))
        if "run" not in event:
            yield from itertools.product(inputs, outputs)
            continue
        here = runs[event["run"]["runId"]]
        yield from ((source, here) for source in inputs)
        yield from ((here, destination) for destination in outputs)
        before = event["run"]["facets"].get("jobDependencies", {"upstream": []})["upstream"]
        yield from ((runs[other["run"]["runId"]], here) for other in before)


def tags(event: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in event["job"]["facets"]["tags"]["tags"]}


def arn_of(dataset: Any) -> str:
    [identifier] = dataset["facets"]["symlinks"]["identifiers"]
    name: str = identifier["name"]
    return name


def all_arns(events: list[Any]) -> set[str]:
    datasets = [dataset for event in events for end in ("inputs", "outputs") for dataset in event.get(end, ())]
    datasets += [event["dataset"] for event in events if "dataset" in event]
    return {arn_of(dataset) for dataset in datasets} | {tags(event)["arn"] for event in events if "run" in event}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(pairs=st.lists(st.tuples(ENDS, ENDS), unique=True), described=st.booleans())
async def test_no_vertex_or_edge_is_lost(pairs: list[tuple[str, str]], *, described: bool) -> None:
    vertices = []
    for kind, key in VERTICES:
        record = Record()
        if described:  # all have the same source, so all artifacts are one dataset
            record.complete({"Source": {"SourceUri": "s3://bucket/one"}})
        vertices.append(Vertex(key, kind, 1, record))
    edges = [ShownEdge(*pair, type=None, hidden_hops=0) for pair in pairs]
    text = await written(Format.OPENLINEAGE, Picture(vertices, edges, Coverage([], [], datetime.now(UTC))))
    events = [json.loads(line) for line in text.splitlines()]
    assert Counter(edges_of(events)) == Counter(pairs)
    assert all_arns(events) == {key for _, key in VERTICES}
