"""Walks, paths and questions over several accounts, with a local service for each of two."""

import accounts
import orjson
import pytest
from accounts import HOME, OTHER, STRANGE, both, load, there
from conftest import Ask, asking, expecting_data, running
from graphs import arn, artifact, artifact_arn, association, component, component_arn, context

from gateway.local.server import LocalServer
from gateway.settings import Settings

other_server, other, client = accounts.other_server, accounts.other, accounts.client
ask, refused = accounts.ask, accounts.refused

MIRRORED = [artifact(2, "Model"), artifact(2, "Model", ArtifactArn=there(artifact_arn(2)))]
"""An artifact, and the record of its original in the account that mirrors it."""


def load_shared(service: LocalServer, other: LocalServer) -> None:
    """Load a job that makes a model here, and in the other account a mirror of the model, which is deployed there."""
    load(
        service,
        artifact(1),
        component("train"),
        artifact(2, "Model"),
        artifact(2, "Model", ArtifactArn=there(artifact_arn(2))),
        association(artifact_arn(1), component_arn("train")),
        association(component_arn("train"), artifact_arn(2), "Produced"),
        association(artifact_arn(2), there(artifact_arn(2)), "SameAs"),
    )
    load(
        other,
        artifact(2, "Model"),
        context("serving"),
        association(artifact_arn(2), artifact_arn(2).rpartition("artifact/")[0] + "context/serving"),
        account=OTHER,
    )


GRAPH = """query ($start: [Arn!]!, $direction: LineageDirection!) {
    lineage(start: $start, direction: $direction) {
        start { arn } vertices { depth entity { arn } } edges { source { arn } destination { arn } }
        coverage { complete reasons frontier } } }"""

SERVING = f"arn:aws:sagemaker:us-east-1:{OTHER}:context/serving"


async def test_walk_goes_through_both_accounts(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load_shared(service, other)
    walked = (await ask(GRAPH, start=[artifact_arn(1)], direction="DOWNSTREAM"))["lineage"]
    found = [(vertex["depth"], vertex["entity"]["arn"]) for vertex in walked["vertices"]]
    assert found == [(0, artifact_arn(1)), (1, component_arn("train")), (2, artifact_arn(2)), (3, SERVING)]
    assert walked["coverage"] == {"complete": True, "reasons": [], "frontier": []}
    assert service.calls == {"QueryLineage": 1, "AssumeRole": 1}
    assert other.calls == {"QueryLineage": 1}


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_mirror_does_not_expand_the_original(
    service: LocalServer, other: LocalServer, ask: Ask, prefer: str
) -> None:
    """The call that starts at the mirror ends later, and must not expand what only the original leads to."""
    load(service, artifact(1), association(artifact_arn(1), there(artifact_arn(2))))
    load(other, artifact(1), artifact(2, "Model"), context("serving"), account=OTHER)
    load(other, association(artifact_arn(2), arn("context", "serving")), account=OTHER)
    other.behaviour.latency_ms = 50
    query = GRAPH.replace("direction: $direction", f"direction: $direction, prefer: {prefer}")
    start = [artifact_arn(1), there(artifact_arn(1))]
    walked = (await ask(query, start=start, direction="DOWNSTREAM"))["lineage"]
    found = [(vertex["depth"], vertex["entity"]["arn"]) for vertex in walked["vertices"]]
    assert found == [(0, artifact_arn(1)), (1, there(artifact_arn(2))), (2, SERVING)]
    assert walked["coverage"] == {"complete": True, "reasons": [], "frontier": []}


async def test_mirrored_artifact_appears_once(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load_shared(service, other)
    walked = (await ask(GRAPH, start=[artifact_arn(2), there(artifact_arn(2))], direction="BOTH"))["lineage"]
    assert walked["start"] == [{"arn": artifact_arn(2)}]
    assert sorted(vertex["entity"]["arn"] for vertex in walked["vertices"]) == sorted(
        [artifact_arn(1), component_arn("train"), artifact_arn(2), SERVING]
    )
    edges = {(edge["source"]["arn"], edge["destination"]["arn"]) for edge in walked["edges"]}
    assert edges == {
        (artifact_arn(1), component_arn("train")),
        (component_arn("train"), artifact_arn(2)),
        (artifact_arn(2), SERVING),
    }


COUNTED = """query ($start: [Arn!]!, $direction: LineageDirection!, $prefer: WalkPreference!, $maxDepth: Int! = 10,
    $types: [String!]) {
  lineage(start: $start, direction: $direction, prefer: $prefer, maxDepth: $maxDepth, filter: { types: $types }) {
    counts { type count } coverage { reasons frontier }
  }
}"""


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_unvisited_accounts_vertices_are_not_dangling(
    service: LocalServer, other: LocalServer, ask: Ask, prefer: str
) -> None:
    far = [there(artifact_arn(7)), there(arn("context", "dep"))]
    load(service, artifact(1))
    load(other, artifact(7, "Model"), context("dep"), account=OTHER)
    load(service, *(association(artifact_arn(1), one) for one in far))
    bounds = {"start": [artifact_arn(1)], "direction": "DOWNSTREAM", "prefer": prefer}
    cut = await ask(COUNTED, **bounds, maxDepth=1)
    assert cut["lineage"]["coverage"] == {"reasons": ["MAX_DEPTH"], "frontier": far}
    assert cut["lineage"]["counts"] == [{"type": type, "count": 1} for type in ("DataSet", "Model", "Endpoint")]
    shown = await ask(COUNTED, **bounds, maxDepth=1, types=["Model"])
    assert shown["lineage"]["counts"] == [{"type": type, "count": 1} for type in ("DataSet", "Model")]
    other.behaviour.deny = ["QueryLineage:*"]
    denied = await ask(COUNTED, **bounds)
    assert denied["lineage"]["coverage"] == {"reasons": ["ACCESS_DENIED"], "frontier": far}


@pytest.mark.parametrize("told", [{}, {"SourceType": "Model"}, {"SourceName": "artifact-7"}])
async def test_other_accounts_neighbour_is_named(
    service: LocalServer, other: LocalServer, ask: Ask, told: dict[str, str]
) -> None:
    """An account may have little more than the ARNs of another account's vertices."""
    load(service, artifact(1), association(there(artifact_arn(7)), artifact_arn(1), **told))
    load(other, artifact(7, "Model"), account=OTHER)
    query = "query ($arn: Arn!) { artifact(arn: $arn) { upstream { nodes { name type } } } }"
    (found,) = (await ask(query, arn=artifact_arn(1)))["artifact"]["upstream"]["nodes"]
    assert found == {"name": "artifact-7", "type": "Model"}


async def test_failing_account_leaves_other_accounts(service: LocalServer, other: LocalServer) -> None:
    runs = [component_arn("one"), component_arn("two")]
    for account, server in ((HOME, service), (OTHER, other)):
        load(server, *(component(name, DisplayName=f"{name} run") for name in ("one", "two")), account=account)
    other.behaviour.fault_rate = 1.0
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TrialComponent { displayName } } }"
    async with both(service, other, max_attempts=1) as client:
        said = await asking(client)(query, ids=[*runs, *map(there, runs)])
    assert [node["displayName"] for node in said["data"]["nodes"]] == ["one run", "two run", None, None]
    assert [error["path"] for error in said["errors"]] == [["nodes", n, "displayName"] for n in (2, 3)]


async def test_failing_account_leaves_others_starts(service: LocalServer, other: LocalServer) -> None:
    """This includes a start whose Describe is in flight when the walk ends."""
    load(service, component("run", DisplayName="the run"))
    service.behaviour.unknown, service.behaviour.latency_ms = ["QueryLineage"], 200
    other.behaviour.fault_rate, other.behaviour.latency_ms = 1.0, 300
    query = """query ($start: [Arn!]!) { lineage(start: $start) {
        start { ... on TrialComponent { displayName } } coverage { reasons } } }"""
    accounts = {HOME: {}, OTHER: {"endpoint_url": other.url}}
    async with both(service, other, accounts=accounts, max_attempts=1) as client:
        said = await asking(client)(query, start=[component_arn("run"), there(artifact_arn(1))])
    assert said["data"]["lineage"]["start"] == [{"displayName": "the run"}, {}]
    assert said["data"]["lineage"]["coverage"] == {"reasons": ["UPSTREAM_ERROR"]}


async def test_path_leads_from_account_to_account(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load_shared(service, other)
    query = "query ($from: Arn!, $to: Arn!) { paths(from: $from, to: $to) { paths { entities { arn } } } }"
    found = (await ask(query, **{"from": artifact_arn(1), "to": SERVING}))["paths"]["paths"]
    assert [[entity["arn"] for entity in path["entities"]] for path in found] == [
        [artifact_arn(1), component_arn("train"), artifact_arn(2), SERVING]
    ]


async def test_question_fields_cross_accounts(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load_shared(service, other)
    query = "query ($arn: Arn!) { artifact(arn: $arn) { endpoints { nodes { arn name type } } } }"
    found = (await ask(query, arn=artifact_arn(1)))["artifact"]["endpoints"]["nodes"]
    assert found == [{"arn": SERVING, "name": "serving", "type": "Endpoint"}]


async def test_unlisted_account_is_in_coverage(service: LocalServer, other: LocalServer) -> None:
    load_shared(service, other)
    async with both(service, other, accounts={HOME: {}}) as client:
        walked = (await expecting_data(asking(client))(GRAPH, start=[artifact_arn(1)], direction="DOWNSTREAM"))[
            "lineage"
        ]
    assert [vertex["entity"]["arn"] for vertex in walked["vertices"]] == [
        artifact_arn(1),
        component_arn("train"),
        artifact_arn(2),
    ]
    assert walked["coverage"] == {"complete": False, "reasons": ["ACCESS_DENIED"], "frontier": [artifact_arn(2)]}


NAMED = """query ($start: [Arn!]!) {
    lineage(start: $start, direction: DOWNSTREAM) { vertices { entity { arn name type } } } }"""


async def test_unlisted_accounts_vertices_stay_named(service: LocalServer, other: LocalServer) -> None:
    """What the associations of a visited account say of them is shown from the cache too."""
    far = there(artifact_arn(7), STRANGE)
    named = {"DestinationName": "artifact-7", "DestinationType": "Model"}
    load(service, artifact(1), association(artifact_arn(1), far, **named))
    async with both(service, other, cache_url="memory") as client:
        walks = [await expecting_data(asking(client))(NAMED, start=[artifact_arn(1)]) for _ in range(2)]
    vertices = [vertex["entity"] for vertex in walks[1]["lineage"]["vertices"]]
    assert vertices[1] == {"arn": far, "name": "artifact-7", "type": "Model"}
    assert walks[0] == walks[1]


async def test_replica_shares_no_unlisted_accounts(service: LocalServer, other: LocalServer, redis_url: str) -> None:
    """A replica that may access another account, too, has put its vertex into their Redis."""
    near, far = artifact_arn(8001), there(artifact_arn(8007), STRANGE)
    load(service, artifact(8001), artifact(8007, "Model", ArtifactArn=far), association(near, far))
    for listed, name in (([HOME, STRANGE], "artifact-8007"), ([HOME], None)):
        async with both(service, other, accounts={account: {} for account in listed}, cache_url=redis_url) as client:
            said = await asking(client)(NAMED, start=[near])
        assert said["data"]["lineage"]["vertices"][1]["entity"]["name"] == name


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_mirrors_count_once(service: LocalServer, other: LocalServer, ask: Ask, prefer: str) -> None:
    numbers = range(1, 71)
    mirrored = [artifact_arn(number) for number in numbers]
    load(service, artifact(0), *map(artifact, numbers))
    load(other, *map(artifact, numbers), account=OTHER)
    for far in (*mirrored, *map(there, mirrored)):
        service.load([orjson.dumps(association(artifact_arn(0), far))])
    query = f"""query ($start: Arn!) {{
        lineage(start: [$start], direction: DOWNSTREAM, maxVertices: 80, prefer: {prefer}) {{
            vertices {{ depth }} coverage {{ complete frontier }} }} }}"""
    graph = (await ask(query, start=artifact_arn(0)))["lineage"]
    assert (len(graph["vertices"]), graph["coverage"]) == (71, {"complete": True, "frontier": []})


async def test_some_regions_lack_query_lineage(service: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_REGION", "eu-south-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    lack = ["af-south-1", "ap-northeast-3", "ap-southeast-3", "eu-south-1", "eu-south-2", "il-central-1"]
    starts = [arn("context", "production").replace("us-east-1", region) for region in [*lack, "eu-west-1"]]
    load(service, *(context("production", ContextArn=start) for start in starts))
    async with running(Settings(cache_url="off")) as client:
        walked = await expecting_data(asking(client))(GRAPH, start=starts, direction="UPSTREAM")
    assert walked["lineage"]["coverage"]["complete"]
    assert service.calls == {"QueryLineage": 1, "ListAssociations": 6, "DescribeContext": 6}
