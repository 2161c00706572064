"""Deleting a vertex with its associations or trials; the response always lists what was removed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Ask, asking, running
from graphs import Line, action, arn, artifact, artifact_arn, association, component, component_arn, context

from gateway.local.server import LocalServer
from gateway.settings import Settings

HERE = arn("context", "here")

DELETE = """mutation($arn: Arn!, $all: Boolean! = true) {
  deleteContext(input: {arn: $arn, disassociate: $all}) {
    arn deleted removedAssociations { sourceArn destinationArn type }
  }
}"""
DELETE_RUN = """mutation($arn: Arn!, $all: Boolean! = true) {
  deleteTrialComponent(input: {arn: $arn, disassociate: $all}) {
    deleted removedAssociations { sourceArn } removedTrials
  }
}"""
ASSOCIATIONS = """query($after: String) {
  associations(first: 100, after: $after) { nodes { source { arn } destination { arn } } pageInfo { hasNextPage } }
}"""


def star(sources: int, destinations: int) -> list[Line]:
    """Return a context with so many neighbouring artifacts, and an unrelated association."""
    lines = [context("here"), artifact(0), context("apart"), association(arn("context", "apart"), artifact_arn(0))]
    for number in range(1, sources + destinations + 1):
        lines.append(artifact(number))
        ends = (artifact_arn(number), HERE) if number <= sources else (HERE, artifact_arn(number))
        lines.append(association(*ends, "DerivedFrom"))
    return lines


def pairs(removed: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["sourceArn"], one["destinationArn"]) for one in removed]


def drawn(lines: list[Line]) -> set[tuple[str, str]]:
    found = [line["association"] for line in lines if "association" in line]
    return {(line["SourceArn"], line["DestinationArn"]) for line in found if HERE in line.values()}


async def left(ask: Ask) -> set[tuple[str, str]]:
    data = (await ask(ASSOCIATIONS))["associations"]
    assert not data["pageInfo"]["hasNextPage"]
    return {(node["source"]["arn"], node["destination"]["arn"]) for node in data["nodes"]} - {
        (arn("context", "apart"), artifact_arn(0))
    }


async def test_both_directions_are_removed_completely(
    change: Ask, ask: Ask, load: Callable[..., None], calls: Counter[str]
) -> None:
    lines = star(120, 230)
    load(*lines)
    removed = (await change(DELETE, arn=HERE))["deleteContext"]
    assert (removed["arn"], removed["deleted"]) == (HERE, True)
    found = pairs(removed["removedAssociations"])
    assert len(found) == len(set(found))
    assert set(found) == drawn(lines)
    assert {one["type"] for one in removed["removedAssociations"]} == {"DERIVED_FROM"}
    assert calls == {"DescribeContext": 1, "ListAssociations": 5, "DeleteAssociation": 350, "DeleteContext": 1}
    assert await left(ask) == set()
    assert await ask('{ context(name: "here") { arn } }') == {"context": None}
    assert (await ask('{ context(name: "apart") { downstream { nodes { arn } } } }'))["context"]["downstream"]["nodes"]


async def test_payload_has_ids_of_everything_deleted(change: Ask, ask: Ask, load: Callable[..., None]) -> None:
    load(*star(1, 2))
    data = await ask(
        "query($arn: Arn!) { context(arn: $arn) { id } associations { nodes { id source { arn } } } }", arn=HERE
    )
    ids = {one["id"] for one in data["associations"]["nodes"] if one["source"]["arn"] != arn("context", "apart")}
    document = """mutation($arn: Arn!, $source: Arn!) {
      deleteAssociation(input: {sourceArn: $source, destinationArn: $arn}) { deletedId }
      deleteContext(input: {arn: $arn, disassociate: true}) { deletedId removedAssociations { deletedId } }
    }"""
    data = await change(document, arn=HERE, source=artifact_arn(1))
    assert data["deleteContext"]["deletedId"] == HERE
    assert {
        one["deletedId"] for one in (data["deleteAssociation"], *data["deleteContext"]["removedAssociations"])
    } == ids
    assert len(ids) == 3


async def test_loop_is_removed_once(change: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(context("here"), association(HERE, HERE, "SameAs"))
    removed = (await change(DELETE, arn=HERE))["deleteContext"]
    loop = {"sourceArn": HERE, "destinationArn": HERE, "type": "SAME_AS"}
    assert removed == {"arn": HERE, "deleted": True, "removedAssociations": [loop]}
    assert calls["DeleteAssociation"] == 1


async def test_association_with_an_experiment_goes_too(change: Ask, load: Callable[..., None]) -> None:
    """It prevents the deletion like any other association, although an experiment is no vertex."""
    tries = arn("experiment", "tries")
    load(context("here"), association(HERE, tries), association(tries, HERE))
    removed = (await change(DELETE, arn=HERE))["deleteContext"]
    assert removed["deleted"]
    assert pairs(removed["removedAssociations"]) == [(tries, HERE), (HERE, tries)]


@pytest.mark.parametrize(
    ("kind", "line", "key"),
    [
        ("Artifact", artifact(5), artifact_arn(5)),
        ("Context", context("here"), HERE),
        ("Action", action("done"), arn("action", "done")),
        ("TrialComponent", component("run"), component_arn("run")),
    ],
)
async def test_associated_vertex_is_kept(
    change: Ask, unchanged: Ask, load: Callable[..., None], kind: str, line: Line, key: str
) -> None:
    load(line, artifact(1), association(artifact_arn(1), key), association(key, artifact_arn(1)))
    document = (
        f"mutation($input: Delete{kind}Input!) {{ delete{kind}(input: $input) {{ removedAssociations {{ type }} }} }}"
    )
    await unchanged(document, "CONFLICT", input={"arn": key})
    data = await change(document, input={"arn": key, "disassociate": True})
    assert data[f"delete{kind}"]["removedAssociations"] == [{"type": "CONTRIBUTED_TO"}] * 2
    await unchanged(document, "NOT_FOUND", input={"arn": key, "disassociate": True})


async def test_denied_association_reports_removed_ones(
    outcome: Ask, ask: Ask, load: Callable[..., None], service: LocalServer
) -> None:
    lines = star(20, 20)
    load(*lines)
    service.behaviour.deny = [f"DeleteAssociation:{artifact_arn(7)}"]
    said = await outcome(DELETE, arn=HERE)
    assert [(error["path"], error["extensions"]) for error in said["errors"]] == [
        (["deleteContext"], {"code": "FORBIDDEN"})
    ]
    removed = said["data"]["deleteContext"]
    assert (removed["arn"], removed["deleted"]) == (HERE, False)
    found = set(pairs(removed["removedAssociations"]))
    assert 0 < len(found) < 40
    assert found | await left(ask) == drawn(lines)
    assert not found & await left(ask)


async def test_denied_deletion_reports_removed_associations(
    outcome: Ask, ask: Ask, load: Callable[..., None], service: LocalServer
) -> None:
    load(*star(2, 1))
    service.behaviour.deny = ["DeleteContext:*"]
    said = await outcome(DELETE, arn=HERE)
    assert [error["extensions"]["code"] for error in said["errors"]] == ["FORBIDDEN"]
    assert len(said["data"]["deleteContext"]["removedAssociations"]) == 3
    assert not said["data"]["deleteContext"]["deleted"]
    assert (await ask('{ context(name: "here") { name } }'))["context"] == {"name": "here"}


async def test_partial_removal_ends_no_request(outcome: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*star(1, 0))
    service.behaviour.deny = ["DeleteContext:*"]
    said = await outcome(
        """mutation($arn: Arn!) {
          one: deleteContext(input: {arn: $arn, disassociate: true}) { deleted deletedId }
          two: updateContext(input: {arn: $arn}) { context { name upstream { nodes { arn } } } }
        }""",
        arn=HERE,
    )
    assert [error["path"] for error in said["errors"]] == [["one"]]
    left = {"name": "here", "upstream": {"nodes": []}}
    assert said["data"] == {"one": {"deleted": False, "deletedId": None}, "two": {"context": left}}


async def test_empty_removal_is_reported_too(outcome: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*star(1, 0))
    service.behaviour.deny = ["ListAssociations:*"]
    said = await outcome(DELETE, arn=HERE)
    assert [error["extensions"]["code"] for error in said["errors"]] == ["FORBIDDEN"]
    assert said["data"]["deleteContext"] == {"arn": HERE, "deleted": False, "removedAssociations": []}


@pytest.mark.parametrize(
    ("limits", "latency", "code"),
    [({"max_aws_calls": 10}, 0, "BUDGET_EXCEEDED"), ({"deadline_seconds": 1.0}, 120, "DEADLINE_EXCEEDED")],
)
async def test_limits_report_removed_associations(
    ask: Ask, load: Callable[..., None], service: LocalServer, limits: dict[str, Any], latency: int, code: str
) -> None:
    lines = star(60, 0)
    load(*lines)
    service.behaviour.latency_ms = latency
    async with running(Settings(local_url=service.url, mutations=True, **limits)) as client:
        said = await asking(client)(DELETE, arn=HERE)
    service.behaviour.latency_ms = 0
    assert [error["extensions"]["code"] for error in said["errors"]] == [code]
    removed = said["data"]["deleteContext"]
    found = set(pairs(removed["removedAssociations"]))
    assert not removed["deleted"]
    assert 0 < len(found) < 60
    assert not found & await left(ask)
    # The outcome of deletions in flight at the end is unknown.
    assert len(drawn(lines) - found - await left(ask)) <= (5 if latency else 0)


def in_trials(*trials: str) -> list[Line]:
    lines: list[Line] = [{"entity": "Experiment", "record": {"ExperimentName": "e"}}]
    lines += [{"entity": "Trial", "record": {"TrialName": trial, "ExperimentName": "e"}} for trial in trials]
    return lines + [
        {"trialComponentAssociation": {"TrialName": trial, "TrialComponentName": "run"}} for trial in trials
    ]


async def test_run_is_taken_out_of_its_trials(
    change: Ask, unchanged: Ask, load: Callable[..., None], calls: Counter[str]
) -> None:
    trials = [f"t{number:03}" for number in range(105)]
    load(component("run"), artifact(1), association(artifact_arn(1), component_arn("run")), *in_trials(*trials))
    await unchanged(DELETE_RUN, "CONFLICT", arn=component_arn("run"), all=False)
    calls.clear()
    removed = (await change(DELETE_RUN, arn=component_arn("run")))["deleteTrialComponent"]
    assert sorted(removed.pop("removedTrials")) == trials
    assert removed == {"deleted": True, "removedAssociations": [{"sourceArn": artifact_arn(1)}]}
    assert calls == {
        "DescribeTrialComponent": 1,
        "ListAssociations": 2,
        "DeleteAssociation": 1,
        "ListTrials": 2,
        "DisassociateTrialComponent": 105,
        "DeleteTrialComponent": 1,
    }


async def test_capitals_in_an_arn_are_ignored(change: Ask, load: Callable[..., None]) -> None:
    load(component("run"), artifact(1), association(artifact_arn(1), component_arn("run")), *in_trials("one"))
    update = """mutation($arn: Arn!) {
      updateTrialComponent(input: {arn: $arn, displayName: "new"}) { trialComponent { arn displayName } }
    }"""
    data = await change(update, arn=component_arn("RUN"))  # SageMaker ignores the case of its name
    shown = {"arn": component_arn("run"), "displayName": "new"}
    assert data["updateTrialComponent"]["trialComponent"] == shown
    removed = (await change(DELETE_RUN, arn=component_arn("RUN")))["deleteTrialComponent"]
    edges = [{"sourceArn": artifact_arn(1)}]
    assert removed == {"deleted": True, "removedAssociations": edges, "removedTrials": ["one"]}


async def test_denied_trial_keeps_the_run(outcome: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(component("run"), *in_trials("one", "two"))
    service.behaviour.deny = ["DisassociateTrialComponent:two"]
    said = await outcome(DELETE_RUN, arn=component_arn("run"))
    assert [error["path"] for error in said["errors"]] == [["deleteTrialComponent"]]
    removed = said["data"]["deleteTrialComponent"]
    assert removed == {"deleted": False, "removedAssociations": [], "removedTrials": ["one"]}


BY_SOURCE = """mutation($source: ArtifactSourceInput!, $all: Boolean!) {
  deleteArtifact(input: {source: $source, disassociate: $all}) { arn deleted removedAssociations { type } }
}"""
MAKE = """mutation($source: ArtifactSourceInput!) {
  createArtifact(input: {type: "DataSet", source: $source}) { artifact { arn } }
}"""


@pytest.mark.parametrize("disassociate", [True, False])
async def test_source_names_one_artifact(change: Ask, ask: Ask, calls: Counter[str], *, disassociate: bool) -> None:
    types = [{"sourceIdType": "CUSTOM", "value": "1"}, {"sourceIdType": "S3_E_TAG", "value": "2"}]
    sources = [
        {"sourceUri": "s3://bucket/x"} | ({"sourceTypes": some} if some else {}) for some in ([], types[:1], types)
    ]
    made = [(await change(MAKE, source=source))["createArtifact"]["artifact"]["arn"] for source in sources]
    calls.clear()
    all_pages = sources[2] | {"sourceTypes": types[::-1]}
    data = await change(BY_SOURCE, source=all_pages, all=disassociate)
    assert data["deleteArtifact"] == {"arn": made[2], "deleted": True, "removedAssociations": []}
    assert calls == {"DeleteArtifact": 1} | ({"ListArtifacts": 1, "ListAssociations": 2} if disassociate else {})
    data = await ask("{ artifacts { nodes { arn } } }")
    assert {node["arn"] for node in data["artifacts"]["nodes"]} == set(made[:2])
