"""Entities that are looked up, while their fields are resolved: what this costs and what the response says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from conftest import Ask, asking, expecting_data, first_call, running
from graphs import (
    action,
    arn,
    artifact,
    artifact_arn,
    association,
    component_arn,
    context,
    diamond,
    experiment,
    trial,
)

from gateway.app import create_app, opened
from gateway.arn import Arn
from gateway.aws.kinds import ARTIFACT, TRIAL_COMPONENT
from gateway.aws.places import HOME
from gateway.lineage.describing import Describing
from gateway.lineage.found import Direction, Found
from gateway.lineage.walk import Walk
from gateway.local.server import LocalServer
from gateway.settings import Settings

ENDPOINT = arn("context", "endpoint")
FIELDS = "... on LineageEntity { name tags { key } lineage { vertices { depth } } }"


@pytest.fixture
async def cached(service: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway with a cache."""
    async with running(Settings(local_url=service.url)) as client:
        yield client


async def test_missing_reference_reports_only_itself(refused: Ask, service: LocalServer) -> None:
    service.behaviour.deny = ["ListTags:*", "QueryLineage:*"]
    query = f"query ($all: [_Any!]!) {{ _entities(representations: $all) {{ {FIELDS} }} }}"
    error = await refused(query, "NOT_FOUND", all=[{"__typename": "Artifact", "arn": artifact_arn(404)}])
    assert error["path"] == ["_entities", 0]


@pytest.mark.parametrize("field", ["tags { key }", "datasets { nodes { name } }", "upstream { nodes { name } }"])
async def test_failure_shows_once_at_its_field(
    refused: Ask, service: LocalServer, load: Callable[..., None], field: str
) -> None:
    load(*diamond())
    service.behaviour.deny = ["ListTags:*", "QueryLineage:*", "ListAssociations:*"]
    error = await refused(f"query ($arn: Arn!) {{ entity(arn: $arn) {{ it: {field} }} }}", "FORBIDDEN", arn=ENDPOINT)
    assert error["path"] == ["entity", "it"]


async def test_failed_lookup_keeps_its_fields(
    answer: Ask, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*diamond())
    service.behaviour.deny = ["DescribeContext:*"]
    said = await answer(f"query ($arn: Arn!) {{ entity(arn: $arn) {{ {FIELDS} }} }}", arn=ENDPOINT)
    assert [error["path"] for error in said["errors"]] == [["entity", "name"]]
    assert len(said["data"]["entity"]["lineage"]["vertices"]) == 6
    assert calls["QueryLineage"] == calls["ListTags"] == 1


async def test_invalid_argument_nulls_as_before(refused: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    query = "query ($arn: Arn!) { entity(arn: $arn) { name tags { key } upstream(first: 0) { nodes { name } } } }"
    error = await refused(query, "BAD_USER_INPUT", arn=ENDPOINT)
    assert error["path"] == ["entity", "upstream"]


@pytest.mark.parametrize("number", [1, 404])
async def test_argument_without_value_nulls_existing(answer: Ask, load: Callable[..., None], number: int) -> None:
    load(*diamond())
    query = """query ($arn: Arn!, $no: Int = null) { entity(arn: $arn) {
        tags { key } lineage(maxDepth: $no) { vertices { depth } } } }"""
    said = await answer(query, arn=artifact_arn(number))
    assert said["data"] == {"entity": None}
    errors = [(error["path"], error["extensions"]["argument"]) for error in said.get("errors", ())]
    assert errors == ([(["entity", "lineage"], "maxDepth")] if number == 1 else [])


async def test_only_selected_fields_are_resolved(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    query = """query ($arn: Arn!, $no: Boolean = false) { entity(arn: $arn) {
        ... on Context { one: upstream(filter: { types: ["Model"] }) { nodes { name } } }
        ... on Context { two: upstream(filter: { types: ["Image"] }) { nodes { name } } tags @include(if: $no) { key } }
        ... on Artifact { downstream { nodes { name } } }
        ...Skipped @skip(if: true) ...Tagged } }
        fragment Skipped on LineageEntity { lineage { vertices { depth } } }
        fragment Tagged on TrialComponent { tags { key } }"""
    models = [{"name": "artifact-1"}, {"name": "artifact-2"}]
    found = (await ask(query, arn=ENDPOINT))["entity"]
    assert sorted(found["one"]["nodes"], key=str) == models
    assert found == {"one": found["one"], "two": {"nodes": []}}
    assert calls == {"DescribeContext": 1, "ListAssociations": 2}


async def test_cached_entity_is_not_pending(
    cached: httpx.AsyncClient, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*diamond())
    ask = expecting_data(asking(cached))
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TrialComponent { name tags { key } } } }"
    ids: list[Any] = [component_arn("left"), component_arn("right")]
    both = await ask(query, ids=ids)
    assert await ask(query, ids=ids) == both
    assert await ask(query, ids=ids[:1]) == {"nodes": both["nodes"][:1]}
    assert calls == {"Search": 1}


# Search does not return what is missing or denied, so the next two lookups take longer than the fields.


async def test_missing_entity_reports_no_errors(ask: Ask, service: LocalServer, load: Callable[..., None]) -> None:
    load(*diamond())
    service.behaviour.deny = ["QueryLineage:*"]
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on TrialComponent { name datasets { nodes { arn } } } } }"""
    absent = [component_arn("absent"), component_arn("absent-too")]
    assert await ask(query, ids=absent) == {"nodes": [None, None]}


async def test_nulled_entities_report_one_error(answer: Ask, service: LocalServer, load: Callable[..., None]) -> None:
    load(*diamond())
    service.behaviour.deny = ["QueryLineage:*", "Search:*"]
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on TrialComponent { upstream(after: "x") { edges { cursor } } datasets { nodes { arn } } } } }"""
    said = await answer(query, ids=[component_arn("left"), component_arn("right")])
    assert said["data"] == {"nodes": [None, None]}
    paths = [error["path"] for error in said["errors"]]
    assert sorted(paths) == [["nodes", 0, "upstream"], ["nodes", 1, "upstream"]]


@pytest.mark.parametrize("account", ["123456789012", "210987654321"])
async def test_name_is_found_whatever_its_arn(
    service: LocalServer, load: Callable[..., None], calls: Counter[str], account: str
) -> None:
    load(*diamond(), context("Mixed-Case"))
    app = create_app(Settings(local_url=service.url, cache_url="off"))
    query = f"""{{ one: context(name: "endpoint") {{ id {FIELDS} }} same: context(name: "endpoint") {{ id }}
        mixed: context(name: "Mixed-Case") {{ id }} absent: context(name: "absent") {{ id tags {{ key }} }}
        again: context(name: "absent") {{ id }} }}"""
    async with app.router.lifespan_context(app):
        app.state.backend.calls.learn_identity(HOME, Arn("aws", "us-east-1", account, "context", "any"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
            found = await expecting_data(asking(client))(query)
    assert found["one"].pop("lineage")["vertices"][-1] == {"depth": 3}
    assert found["one"] == {"id": ENDPOINT, "name": "endpoint", "tags": []}
    assert found["same"] == {"id": ENDPOINT}
    assert found["mixed"] == {"id": arn("context", "Mixed-Case")}
    assert found["absent"] is found["again"] is None
    assert calls["DescribeContext"] == 3


async def test_experiment_is_described_once(
    service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    """Its own lookup is still under way when the trial's begins; a request past the cache joins no calls of others."""
    load(experiment("exp"), trial("trial"), action("deploy"))
    service.behaviour.latency_ms = 100
    query = '{ trial(name: "trial") { experiment { name } } experiment(name: "exp") { name } }'
    settings = Settings(local_url=service.url, cache_url="off", max_concurrent_calls_per_request=1)
    async with running(settings) as client:
        await expecting_data(asking(client))('{ action(name: "deploy") { name } }')
        said = await client.post("/graphql", json={"query": query}, headers={"Cache-Control": "no-cache"})
    assert said.json()["data"] == {"trial": {"experiment": {"name": "exp"}}, "experiment": {"name": "exp"}}
    assert calls == {"DescribeAction": 1, "DescribeTrial": 1, "DescribeExperiment": 1}


async def test_failed_lookup_by_name_is_null(
    http: httpx.AsyncClient, service: LocalServer, load: Callable[..., None]
) -> None:
    load(*diamond())
    await expecting_data(asking(http))('{ action(name: "deploy") { name } }')
    service.behaviour.deny = ["DescribeContext:*"]
    said = await asking(http)(f'{{ context(name: "endpoint") {{ {FIELDS} }} }}')
    assert said["data"] == {"context": None}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["context"], "FORBIDDEN")]


async def test_walk_awaits_lookups_of_vertices(
    service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*diamond())
    start = artifact_arn(0)
    async with opened(Settings(local_url=service.url, cache_url="off")) as backend:
        loaders = backend.loaders()
        walked = await Walk(loaders, Found([start], Direction.DOWNSTREAM, 1), 10).run()
        loaders.look_up(start, loaders.entities.load(ARTIFACT, start))
        await Describing(walked, {ARTIFACT: ["ArtifactName"]}).describe([start])
    assert calls == {"QueryLineage": 1, "DescribeArtifact": 1}


async def test_tags_wait_for_their_batch(service: LocalServer, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    service.behaviour.latency_ms = 200
    both = [component_arn("left"), component_arn("right")]
    async with opened(Settings(local_url=service.url, cache_url="off")) as backend:
        loaders = backend.loaders(fresh=True)  # joins no call in flight
        lookups = [loaders.look_up(one, loaders.entities.load(TRIAL_COMPONENT, one)) for one in both]
        await first_call(service)
        await asyncio.gather(*map(loaders.belongings.tags, both), *lookups)
    assert calls == {"Search": 1}


async def test_fields_end_with_failed_lookup(
    answer: Ask, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*(artifact(number) for number in range(40)))
    load(*(association(artifact_arn(number), artifact_arn(number + 1)) for number in range(39)))
    service.behaviour.latency_ms = 50
    service.behaviour.deny = ["DescribeArtifact:*"]
    hops = "downstream { nodes { " * 6 + "arn" + " } }" * 6
    query = f"""query ($all: [_Any!]!, $arn: Arn!) {{ artifact(arn: $arn) {{ {hops} }}
        _entities(representations: $all) {{ ... on Artifact {{ lineage(direction: DOWNSTREAM, maxDepth: 40) {{
            vertices {{ depth }} }} }} }} }}"""
    first = artifact_arn(0)
    said = await answer(query, all=[{"__typename": "Artifact", "arn": first}], arn=first)
    assert [error["path"] for error in said["errors"]] == [["_entities", 0]]
    assert calls["ListAssociations"] == 6
    assert calls["QueryLineage"] <= 2  # of four sequential calls
