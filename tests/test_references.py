"""References from other subgraphs: each succeeds or fails on its own, in as few calls as possible."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from conftest import Ask, asking, running
from graphs import arn, artifact, artifact_arn, component, component_arn, context

from gateway.aws import kinds
from gateway.local.server import LocalServer
from gateway.settings import Settings

ENTITIES = "query($references: [_Any!]!) { _entities(representations: $references) { ... on Node { id } } }"
DATASET = artifact_arn(0)
CARD = arn("model-card", "card")


@pytest.fixture(scope="module")
async def demo() -> AsyncIterator[Ask]:
    with LocalServer(demo=True) as local:
        async with running(Settings(local_url=local.url)) as client:
            yield asking(client)


def reference(name: str, arn: Any) -> dict[str, Any]:
    return {"__typename": name, "arn": arn}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
async def test_every_kind_is_found_by_arn(demo: Ask, kind: kinds.Kind) -> None:
    plural = f"{kind.name[0].lower()}{kind.name[1:]}s"
    asked = "pipelines(first: 1) { nodes { executions(first: 1) { nodes { arn } } } }"
    if kind is not kinds.PIPELINE_EXECUTION:
        asked = f"{plural}(first: 1) {{ nodes {{ arn }} }}"
    [found] = (await demo(f"{{ {asked} }}"))["data"].popitem()[1]["nodes"]
    wanted = found["arn"] if "arn" in found else found["executions"]["nodes"][0]["arn"]
    query = f"query($it: _Any!) {{ _entities(representations: [$it]) {{ __typename ... on {kind.name} {{ arn }} }} }}"
    assert await demo(query, it=reference(kind.name, wanted)) == {"data": {"_entities": [reference(kind.name, wanted)]}}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (reference("Nothing", DATASET), "BAD_USER_INPUT"),
        (reference("Query", DATASET), "BAD_USER_INPUT"),
        (reference("Association", DATASET), "BAD_USER_INPUT"),
        (reference("x" * 100_000, DATASET), "BAD_USER_INPUT"),
        ({"__typename": 5, "arn": DATASET}, "BAD_USER_INPUT"),
        ({"__typename": {"a": []}, "arn": DATASET}, "BAD_USER_INPUT"),
        ({"arn": DATASET}, "BAD_USER_INPUT"),
        ({"__typename": "Artifact"}, "BAD_USER_INPUT"),
        ({"__typename": "Artifact", "id": DATASET}, "BAD_USER_INPUT"),
        (reference("Artifact", DATASET) | {"name": "x"}, "BAD_USER_INPUT"),
        (reference("Artifact", None), "BAD_USER_INPUT"),
        (reference("Artifact", 5), "BAD_USER_INPUT"),
        (reference("Artifact", [DATASET]), "BAD_USER_INPUT"),
        (reference("Artifact", "artifact-0"), "BAD_USER_INPUT"),
        (reference("Artifact", ""), "BAD_USER_INPUT"),
        (reference("Artifact", arn("context", "here")), "BAD_USER_INPUT"),
        (reference("Context", DATASET), "BAD_USER_INPUT"),
        (reference("LineageEntity", CARD), "BAD_USER_INPUT"),
        (reference("ModelCard", f"{CARD}/version/2"), "BAD_USER_INPUT"),
        ({}, "BAD_USER_INPUT"),
        ([], "BAD_USER_INPUT"),
        ("Artifact", "BAD_USER_INPUT"),
        (5, "BAD_USER_INPUT"),
        (reference("Artifact", artifact_arn(9)), "NOT_FOUND"),
        (reference("Context", arn("context", "gone")), "NOT_FOUND"),
        (reference("TrialComponent", component_arn("gone")), "NOT_FOUND"),
        (reference("ModelPackage", arn("model-package", "gone/1")), "NOT_FOUND"),
        (reference("Project", arn("project", "gone")), "NOT_FOUND"),
        (reference("LineageEntity", arn("action", "gone")), "NOT_FOUND"),
    ],
)
async def test_wrong_reference_fails_its_slot(answer: Ask, load: Callable[..., None], wrong: Any, code: str) -> None:
    load(artifact(0), context("here"))
    right = [reference("Artifact", DATASET), reference("Context", arn("context", "here"))]
    said = await answer(ENTITIES, references=[right[0], wrong, right[1]])
    assert said["data"] == {"_entities": [{"id": DATASET}, None, {"id": arn("context", "here")}]}
    [error] = said["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["_entities", 1], code)
    assert len(error["message"]) < 200


async def test_denied_reference_fails_its_slot(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(artifact(0), artifact(1))
    service.behaviour.deny = (artifact_arn(1),)
    said = await answer(ENTITIES, references=[reference("Artifact", artifact_arn(n)) for n in (0, 1)])
    assert said["data"] == {"_entities": [{"id": DATASET}, None]}
    [error] = said["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["_entities", 1], "FORBIDDEN")


async def test_references_may_be_written_out(ask: Ask, load: Callable[..., None]) -> None:
    load(artifact(0))
    written = f'{{ __typename: "Artifact", arn: "{DATASET}" }}'
    data = await ask(f"{{ _entities(representations: [{written}]) {{ ... on Artifact {{ name }} }} }}")
    assert data == {"_entities": [{"name": "artifact-0"}]}
    assert await ask("{ _entities(representations: []) { __typename } }") == {"_entities": []}


async def test_vertices_resolve_by_their_interface(ask: Ask, load: Callable[..., None]) -> None:
    load(artifact(0), context("here"))
    data = await ask(
        "query($of: [_Any!]!) { _entities(representations: $of) { __typename ... on LineageEntity { name } } }",
        of=[reference("LineageEntity", DATASET), reference("LineageEntity", arn("context", "here"))],
    )
    assert data["_entities"] == [
        {"__typename": "Artifact", "name": "artifact-0"},
        {"__typename": "Context", "name": "here"},
    ]


async def test_card_is_its_latest_version(demo: Ask) -> None:
    card = "query { modelCards(first: 1) { nodes { arn versions { nodes { version } } } } }"
    [found] = (await demo(card))["data"]["modelCards"]["nodes"]
    query = "query($it: _Any!) { _entities(representations: [$it]) { ... on ModelCard { id version } } }"
    [said] = (await demo(query, it=reference("ModelCard", found["arn"])))["data"]["_entities"]
    assert said == {"id": found["arn"], "version": max(one["version"] for one in found["versions"]["nodes"])}


async def test_several_runs_take_one_search(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*(component(f"run-{n}") for n in range(3)))
    data = await ask(
        "query($of: [_Any!]!) { _entities(representations: $of) { ... on TrialComponent { arn name displayName } } }",
        of=[reference("TrialComponent", component_arn(f"run-{n}")) for n in range(3)],
    )
    assert [run["name"] for run in data["_entities"]] == ["run-0", "run-1", "run-2"]
    assert calls == {"Search": 1}


async def test_missing_run_takes_a_describe(answer: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(component("run-0"), component("run-1"))
    names = ("run-0", "gone", "run-1")
    said = await answer(ENTITIES, references=[reference("TrialComponent", component_arn(name)) for name in names])
    assert [slot is None for slot in said["data"]["_entities"]] == [False, True, False]
    assert calls == {"Search": 1, "DescribeTrialComponent": 1}


async def test_several_packages_take_one_batch(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    packages = [arn("model-package", f"churn/{version}") for version in (1, 2)]
    load(*({"entity": "ModelPackage", "record": {"ModelPackageArn": one}} for one in packages))
    data = await ask(ENTITIES, references=[reference("ModelPackage", one) for one in packages])
    assert data == {"_entities": [{"id": one} for one in packages]}
    assert calls == {"BatchDescribeModelPackage": 1}


async def test_repeated_reference_is_loaded_once(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(artifact(0))
    query = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Artifact { arn name creationTime } } }"
    data = await ask(query, of=[reference("Artifact", DATASET)] * 50 + [reference("LineageEntity", DATASET)] * 50)
    assert {one["name"] for one in data["_entities"]} == {"artifact-0"}
    assert calls == {"DescribeArtifact": 1}


async def test_too_many_references_are_refused(server: LocalServer, calls: Counter[str]) -> None:
    async with running(Settings(local_url=server.url, max_representations=2)) as client:
        said = await asking(client)(ENTITIES, references=[reference("Artifact", DATASET)] * 3)
        allowed = await asking(client)(ENTITIES, references=[{}] * 2)
    [error] = said["errors"]
    assert (said["data"], error["path"]) == (None, ["_entities"])
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "representations"}
    assert allowed["data"] == {"_entities": [None, None]}
    assert calls == {}
