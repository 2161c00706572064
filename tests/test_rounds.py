"""The number of rounds and calls that a walk takes, counted by the endpoint and not by a clock."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import dag
import pytest
from conftest import Ask, asking, expecting_data, running
from graphs import (
    Line,
    action,
    arn,
    artifact,
    artifact_arn,
    association,
    component_arn,
    diamond,
    execution,
    experiment,
    member,
    package,
    package_group,
    pipeline,
    trial,
)
from graphs import fan as fan_lines
from stub import Call, Log, Stub, stub

from gateway.aws.kinds import kind_at
from gateway.local.server import LocalServer
from gateway.settings import Settings

QUERY = """query ($start: Arn!, $prefer: WalkPreference!) {{
  lineage(start: [$start], direction: {direction}, maxDepth: 100, maxVertices: 10000, prefer: $prefer) {{
    vertices {{ entity {{ arn {fields} }} }} edges {{ source {{ arn }} destination {{ arn }} }} coverage {{ complete }}
  }} }}"""
QUIET_MS = 200
"""The endpoint responds when no call has arrived for this long, and the client waits."""

pytestmark = pytest.mark.usefixtures("without_pauses")


@pytest.fixture(scope="module")
def layered() -> Iterator[Stub]:
    """A stub with two hundred vertices in seven layers."""
    with stub(dag.lines(200)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def deep() -> Iterator[Stub]:
    """A stub with four hundred vertices in twenty-three layers, of which one QueryLineage reaches ten."""
    with stub(dag.lines(400, 20)) as endpoint:
        yield endpoint


async def walked(endpoint: Stub, start: str, prefer: str, direction: str = "UPSTREAM", fields: str = "") -> Any:
    """Make a walk in rounds; return the gateway's response and the endpoint's log."""
    endpoint.begin(quiet_ms=QUIET_MS)
    limits = {"max_concurrent_calls": 400, "max_concurrent_calls_per_request": 400}
    async with running(Settings(local_url=endpoint.url, cache_url="off", **limits)) as client:
        query = QUERY.format(direction=direction, fields=fields)
        said = (await asking(client)(query, start=start, prefer=prefer))["data"]["lineage"]
    assert said["coverage"]["complete"]
    return said, endpoint.log()


@pytest.mark.parametrize(
    ("prefer", "fields", "rounds", "calls"),
    [
        ("FEWER_CALLS", "", 4, {"QueryLineage": 4}),
        ("LESS_WAITING", "", 3, {"QueryLineage": 71}),
        (
            "FEWER_CALLS",
            "name creationTime",
            5,
            {"QueryLineage": 4, "ListArtifacts": 1, "DescribeContext": 1, "Search": 2},
        ),
    ],
)
async def test_walk_takes_these_rounds(
    layered: Stub, prefer: str, fields: str, rounds: int, calls: dict[str, int]
) -> None:
    said, log = await walked(layered, dag.ENDPOINT, prefer, fields=fields)
    assert len(said["vertices"]) == 200
    assert len(said["edges"]) == len(list(dag.edges(dag.layers(200))))
    assert (log.rounds(), log.count()) == (rounds, calls)


@pytest.mark.parametrize(("prefer", "rounds", "calls"), [("FEWER_CALLS", 8, 18), ("LESS_WAITING", 5, 85)])
async def test_deep_walk_takes_these_rounds(deep: Stub, prefer: str, rounds: int, calls: int) -> None:
    said, log = await walked(deep, dag.ENDPOINT, prefer)
    assert len(said["vertices"]) == 400
    assert len(said["edges"]) == len(list(dag.edges(dag.layers(400, 20))))
    assert (log.rounds(), log.count()) == (rounds, {"QueryLineage": calls})


async def test_both_preferences_find_the_same(layered: Stub) -> None:
    found = [(await walked(layered, dag.ENDPOINT, prefer))[0] for prefer in ("FEWER_CALLS", "LESS_WAITING")]
    assert found[0] == found[1]


async def test_small_walk_waits_once(layered: Stub) -> None:
    start = dag.layers(200)[-1][0]
    said, log = await walked(layered, start, "LESS_WAITING", direction="DOWNSTREAM")
    assert (log.rounds(), log.count()) == (1, {"QueryLineage": 2})
    assert len(said["vertices"]) == 14


async def test_wide_neighbourhood_is_read_by_pages() -> None:
    with stub(fan_lines(120)) as endpoint:
        _, log = await walked(endpoint, artifact_arn(0), "LESS_WAITING", direction="DOWNSTREAM")
    # One QueryLineage goes three associations deep, another one as deep as possible.
    assert (log.rounds(), log.count()) == (3, {"QueryLineage": 6})


def stars(rays: int) -> list[Line]:
    """Return an artifact with so many successors, each of which has as many of its own."""
    inner = [(0, number) for number in range(1, rays + 1)]
    outer = [(number, rays * number + ray) for _, number in inner for ray in range(1, rays + 1)]
    lines = [artifact(number) for number in range(1 + rays + rays * rays)]
    return lines + [association(artifact_arn(source), artifact_arn(far)) for source, far in inner + outer]


@pytest.mark.parametrize(("prefer", "rounds", "calls"), [("FEWER_CALLS", 19, 19), ("LESS_WAITING", 4, 66)])
async def test_wide_levels_are_queried_from_nearer(prefer: str, rounds: int, calls: int) -> None:
    with stub(stars(30)) as endpoint:
        said, log = await walked(endpoint, artifact_arn(0), prefer, direction="DOWNSTREAM")
    assert len(said["vertices"]) == 931
    assert len(said["edges"]) == 930
    assert (log.rounds(), log.count()) == (rounds, {"QueryLineage": calls})


async def test_throttled_walk_saves_calls(service: LocalServer, load: Callable[..., None]) -> None:
    load(*dag.lines(400, 20))
    service.behaviour.throttle_tps = 20
    query = QUERY.format(direction="UPSTREAM", fields="")
    plans = []
    async with running(Settings(local_url=service.url, cache_url="off", max_attempts=20)) as client:
        for _ in range(2):
            variables = {"start": dag.ENDPOINT, "prefer": "LESS_WAITING"}
            asked = {"query": query, "variables": variables, "extensions": {"aws": True}}
            said = (await client.post("/graphql", json=asked)).json()
            assert said["data"]["lineage"]["coverage"]["complete"]
            plans.append(said["extensions"]["aws"])
    assert plans[1]["calls"]["QueryLineage"] <= 40  # 82 if it did not save calls
    assert [plan for plan in plans[1]["plan"] if plan.startswith("QueryLineage: fewest calls: AWS allows ")]


def test_log_counts_dependent_calls() -> None:
    assert Log([Call("A", 1, 4), Call("B", 2, 5), Call("C", 6, 7)]).rounds() == 2


HOPS = """query ($arn: Arn!) { entity(arn: $arn) { arn upstream(first: 100) { nodes { name
  upstream(first: 100) { nodes { name upstream(first: 100) { nodes { name } } } } } } } }"""


async def test_nested_hops_take_a_round_each(layered: Stub) -> None:
    layered.begin(quiet_ms=QUIET_MS)
    async with running(Settings(local_url=layered.url, cache_url="off")) as client:
        said = await asking(client)(HOPS, arn=dag.ENDPOINT)
    assert len(said["data"]["entity"]["upstream"]["nodes"]) == dag.FAN
    log = layered.log()
    assert (log.rounds(), log.count()) == (3, {"DescribeContext": 1, "ListAssociations": 13})


@pytest.mark.parametrize(
    ("lines", "query", "rounds", "calls"),
    [
        pytest.param(
            [package_group("churn"), package("churn", 1), package("churn", 2)],
            "{ modelPackages { nodes { group { description } inferenceSpecification { supportedContentTypes } } } }",
            2,
            {"ListModelPackages": 1, "DescribeModelPackageGroup": 1, "BatchDescribeModelPackage": 1},
            id="descriptions",
        ),
        pytest.param(
            diamond(),
            """{ context(name: "endpoint") {
                models(direction: UPSTREAM) { nodes { name } } pipelineExecutions { arn } } }""",
            4,
            {"DescribeContext": 1, "QueryLineage": 1, "ListAssociations": 1, "Search": 1, "ListTags": 2},
            id="names",
        ),
    ],
)
async def test_batches_wait_for_no_others(lines: list[Line], query: str, rounds: int, calls: dict[str, int]) -> None:
    with stub(lines) as endpoint:
        endpoint.begin(quiet_ms=QUIET_MS)
        async with running(Settings(local_url=endpoint.url, cache_url="off")) as client:
            await expecting_data(asking(client))(query)
        log = endpoint.log()
    assert (log.rounds(), log.count()) == (rounds, calls)


@pytest.mark.parametrize("field", ["startTime", "tags { key }"])
async def test_batches_go_along_with_names(field: str) -> None:
    fields = f"name ... on TrialComponent {{ {field} }}"
    with stub(diamond()) as endpoint:
        _, log = await walked(endpoint, artifact_arn(0), "FEWER_CALLS", direction="DOWNSTREAM", fields=fields)
    assert log.rounds() == 2


async def test_walk_avoids_denied_starting_points(ask: Ask, service: LocalServer, load: Callable[..., None]) -> None:
    load(*dag.lines(400, 20))
    layered = dag.layers(400, 20)
    edge = min(10, len(layered) - 1)
    service.behaviour.deny = [f"QueryLineage:{arn}" for layer in layered[1:edge] for arn in layer]
    query = """query ($start: Arn!) { lineage(start: [$start], direction: UPSTREAM, maxDepth: 100, maxVertices: 1000) {
        vertices { depth } coverage { complete reasons } } }"""
    walked = (await asyncio.wait_for(ask(query, start=dag.ENDPOINT), 60))["lineage"]
    assert len(walked["vertices"]) == 400
    assert walked["coverage"] == {"complete": True, "reasons": []}


@pytest.mark.parametrize(
    "query",
    [
        "query ($arn: ID!) { node(id: $arn) { ...Hop } }",
        "query ($arn: ID!) { nodes(ids: [$arn]) { ...Hop } }",
        'query ($arn: String!) { _entities(representations: [{ __typename: "Artifact", arn: $arn }]) { ...Hop } }',
    ],
)
async def test_hops_of_nodes_are_prefetched(query: str) -> None:
    fragments = "fragment Hop on Artifact { downstream { nodes { name } } }"
    with stub(fan_lines(1)) as endpoint:
        endpoint.begin(quiet_ms=QUIET_MS)
        async with running(Settings(local_url=endpoint.url, cache_url="off")) as client:
            await expecting_data(asking(client))(f"{query} {fragments}", arn=artifact_arn(0))
        log = endpoint.log()
    assert (log.rounds(), log.count()) == (1, {"DescribeArtifact": 1, "ListAssociations": 1})


ACCOUNT = [
    *diamond(),
    action("deploy", Source={"SourceUri": arn("model-package", "churn/1")}),
    association(artifact_arn(1), arn("action", "deploy")),
    experiment("exp"),
    trial("one"),
    member("one", "left"),
    package_group("churn"),
    package("churn", 1),
    pipeline("pipe"),
    execution("pipe", "first"),
]


@pytest.fixture(scope="module")
def account() -> Iterator[Stub]:
    """A stub with some entities of most kinds."""
    with stub(ACCOUNT) as endpoint:
        yield endpoint


@pytest.mark.parametrize(
    ("of", "fields", "rounds", "calls"),
    [
        (artifact_arn(1), "lineage { vertices { depth } }", 1, {"DescribeArtifact": 1, "QueryLineage": 1}),
        (
            artifact_arn(1),
            "lineage(direction: UPSTREAM) { vertices { entity { name createdBy { domainId } } } }",
            2,
            {"DescribeArtifact": 2, "QueryLineage": 1, "DescribeTrialComponent": 1},
        ),
        (artifact_arn(1), "models { edges { cursor } } tags { key }", 1, {"QueryLineage": 1, "ListTags": 1}),
        (artifact_arn(1), 'upstream(filter: { types: ["Model"] }) { edges { cursor } }', 1, {"ListAssociations": 1}),
        (arn("context", "endpoint"), "datasets { nodes { name } }", 2, {"QueryLineage": 1, "ListAssociations": 1}),
        (arn("action", "deploy"), "endpoints { edges { cursor } }", 1, {"QueryLineage": 1}),
        (component_arn("left"), "tags { key }", 1, {"ListTags": 1}),
        (component_arn("left"), "parentTrials { edges { cursor } }", 1, {"ListTrials": 1}),
        (component_arn("left"), "trials { edges { cursor } }", 2, {"QueryLineage": 1, "ListTrials": 1}),
        (arn("experiment", "exp"), "trials { nodes { name } }", 1, {"ListTrials": 1}),
        (arn("experiment-trial", "one"), "trialComponents { nodes { name } }", 1, {"ListTrialComponents": 1}),
        (arn("model-package", "churn/1"), "artifact { name }", 1, {"ListArtifacts": 1}),
        (arn("model-package-group", "churn"), "packages { nodes { version } }", 1, {"ListModelPackages": 1}),
        (arn("pipeline", "pipe"), "executions { nodes { status } }", 1, {"ListPipelineExecutions": 1}),
        (arn("pipeline", "pipe/execution/first"), "trialComponents { nodes { name } }", 1, {"Search": 1}),
    ],
)
async def test_fields_are_resolved_during_lookup(
    account: Stub, of: str, fields: str, rounds: int, calls: dict[str, int]
) -> None:
    kind = kind_at(of)
    assert kind
    account.begin(quiet_ms=QUIET_MS)
    async with running(Settings(local_url=account.url, cache_url="off")) as client:
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind.name} {{ {fields} }} }} }}"
        assert (await expecting_data(asking(client))(query, id=of))["node"]
    log = account.log()
    assert (log.rounds(), log.count()) == (rounds, {kind.describe: 1} | calls)


@pytest.mark.parametrize(
    ("entity", "rounds", "calls"),
    [
        (
            'context(name: "endpoint") { lineage { vertices { depth } } tags { key } }',
            1,
            {"DescribeContext": 1, "QueryLineage": 1, "ListTags": 1},
        ),
        ('trialComponent(name: "left") { name tags { key } }', 1, {"DescribeTrialComponent": 1, "ListTags": 1}),
        ('experiment(name: "exp") { trials { nodes { name } } }', 1, {"DescribeExperiment": 1, "ListTrials": 1}),
        (
            'pipeline(name: "pipe") { executions { nodes { status } } }',
            1,
            {"DescribePipeline": 1, "ListPipelineExecutions": 1},
        ),
        (
            'modelPackageGroup(name: "churn") { packages { nodes { version } } }',
            1,
            {"DescribeModelPackageGroup": 1, "ListModelPackages": 1},
        ),
        ('context(name: "absent") { name tags { key } }', 1, {"DescribeContext": 1, "ListTags": 1}),
    ],
)
async def test_fields_are_resolved_during_lookup_by_name(
    account: Stub, entity: str, rounds: int, calls: dict[str, int]
) -> None:
    async with running(Settings(local_url=account.url, cache_url="off")) as client:
        ask = expecting_data(asking(client))
        await ask('{ action(name: "deploy") { name } }')  # from which the gateway learns its account
        account.begin(quiet_ms=QUIET_MS)
        found = await ask(f"{{ it: {entity} }}")
    log = account.log()
    assert (found["it"] is None) == ("absent" in entity)
    assert (log.rounds(), log.count()) == (rounds, calls)


async def test_fields_of_missing_cost_calls(account: Stub) -> None:
    account.begin(quiet_ms=QUIET_MS)
    async with running(Settings(local_url=account.url, cache_url="off")) as client:
        query = "query ($arn: Arn!) { entity(arn: $arn) { name tags { key } lineage { vertices { depth } } } }"
        assert await expecting_data(asking(client))(query, arn=artifact_arn(404)) == {"entity": None}
    log = account.log()
    assert (log.rounds(), log.count()) == (1, {"DescribeArtifact": 1, "ListTags": 1, "QueryLineage": 1})


@pytest.mark.parametrize(
    ("start", "ids", "rounds", "calls"),
    [
        ("TrialComponent", ["left", "right"], 2, {"Search": 1, "ListAssociations": 2, "DescribeArtifact": 1}),
        ("Artifact", [1, 2], 2, {"DescribeArtifact": 2, "ListAssociations": 2, "Search": 1}),
    ],
)
async def test_hops_keep_levels_together(start: str, ids: list[Any], rounds: int, calls: dict[str, int]) -> None:
    hops = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on %s { upstream { nodes { createdBy { domainId } } } } } }"
    arns = [artifact_arn(one) if isinstance(one, int) else component_arn(one) for one in ids]
    with stub(diamond()) as endpoint:
        endpoint.begin(quiet_ms=QUIET_MS)
        async with running(Settings(local_url=endpoint.url, cache_url="off")) as client:
            await expecting_data(asking(client))(hops % start, ids=arns)
        log = endpoint.log()
    assert (log.rounds(), log.count()) == (rounds, calls)


async def test_hops_of_its_kind_are_prefetched(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan_lines(1))
    query = """query ($arn: Arn!) { entity(arn: $arn) {
        ... on Artifact { downstream { nodes { name } } } ... on Context { upstream { nodes { name } } } } }"""
    assert (await ask(query, arn=artifact_arn(0)))["entity"]["downstream"]["nodes"] == [{"name": "artifact-1"}]
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1}
