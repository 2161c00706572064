"""The cache between requests: in memory, and in a real Redis if one is installed."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest
import redis
from conftest import asking, expecting_data, running
from graphs import arn, artifact, artifact_arn, association, component, component_arn, context, experiment, trial
from redis_server import Redis, redis_server

from gateway.breaker import REDIS
from gateway.cache import Cache, Key
from gateway.local.server import LocalServer
from gateway.settings import Settings

ARTIFACT = "query ($arn: Arn!) { artifact(arn: $arn) { name creationTime } }"
CONTEXT = "query ($name: String!) { context(name: $name) { arn creationTime } }"
HOP = "query ($arn: Arn!) { artifact(arn: $arn) { arn downstream { nodes { name } } } }"
WALK = """query ($arn: Arn!, $depth: Int! = 10, $most: Int! = 1000) {
    lineage(start: [$arn], direction: DOWNSTREAM, maxDepth: $depth, maxVertices: $most) {
        vertices { depth entity { arn type } } edges { associationType } coverage { complete } } }"""
NAMES = """query ($arn: Arn!) { lineage(start: [$arn], direction: DOWNSTREAM) {
    vertices { entity { name type } } } }"""
RENAME = """mutation ($arn: Arn!, $name: String!) {
    updateArtifact(input: { arn: $arn, name: $name }) { artifact { name } } }"""
JOIN = """mutation ($from: Arn!, $to: Arn!) {
    addAssociation(input: { sourceArn: $from, destinationArn: $to, type: CONTRIBUTED_TO }) { association { id } } }"""


@pytest.fixture(scope="module")
def redis_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def cache_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "memory":
        return "memory"
    timeouts = {"socket_timeout": 10.0, "socket_connect_timeout": 10.0}  # for a busy machine
    monkeypatch.setattr("gateway.cache.REDIS", REDIS | timeouts)
    server: Redis = request.getfixturevalue("redis_cache")
    with redis.Redis.from_url(server.url) as emptying:
        emptying.flushall()
    return server.url


@asynccontextmanager
async def caching(service: LocalServer, url: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with running(Settings(local_url=service.url, cache_url=url, mutations=True, **settings)) as client:
        yield client


@pytest.fixture
async def client(service: LocalServer, cache_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with caching(service, cache_url) as client:
        yield client


GRAPH = [
    artifact(1),
    component("train"),
    artifact(2, "Model"),
    context("serving"),
    association(artifact_arn(1), component_arn("train")),
    association(component_arn("train"), artifact_arn(2), "Produced"),
]

Load = Callable[..., None]
Calls = Counter[str]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (ARTIFACT, {"arn": artifact_arn(1)}),
        (CONTEXT, {"name": "serving"}),
        (HOP, {"arn": artifact_arn(1)}),
        (WALK, {"arn": artifact_arn(1)}),
        (NAMES, {"arn": artifact_arn(1)}),
    ],
    ids=["record", "name", "hop", "walk", "names"],
)
async def test_second_request_makes_no_call(
    client: httpx.AsyncClient, load: Load, calls: Calls, query: str, variables: dict[str, Any]
) -> None:
    load(*GRAPH)
    first = await expecting_data(asking(client))(query, **variables)
    made = calls.total()
    assert made
    assert await expecting_data(asking(client))(query, **variables) == first
    assert calls.total() == made


async def test_name_and_arn_share_a_record(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(*GRAPH)
    arn = (await expecting_data(asking(client))(CONTEXT, name="serving"))["context"]["arn"]
    by_arn = "query ($arn: Arn!) { context(arn: $arn) { creationTime } }"
    assert (await expecting_data(asking(client))(by_arn, arn=arn))["context"]["creationTime"]
    assert calls == {"DescribeContext": 1}


async def test_batch_fills_single_records(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(*(component(f"run-{number}") for number in range(5)))
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TrialComponent { status { message } } } }"
    await expecting_data(asking(client))(nodes, ids=[component_arn(f"run-{number}") for number in range(5)])
    assert calls == {"Search": 1}
    await expecting_data(asking(client))(nodes, ids=[component_arn("run-3")])
    assert calls == {"Search": 1}


async def test_batch_fills_named_records(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(experiment("exp-1"), experiment("exp-2"), trial("trial-1", "exp-1"), trial("trial-2", "exp-2"))
    for lists in (1, 2):
        trials = (await expecting_data(asking(client))("{ trials { nodes { experiment { name } } } }"))["trials"]
        assert {node["experiment"]["name"] for node in trials["nodes"]} == {"exp-1", "exp-2"}
        assert calls == {"ListTrials": lists, "Search": 2}


async def test_fields_missing_from_batch_are_loaded(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(*(component(f"run-{number}") for number in range(5)))
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on TrialComponent { status { message } } } }"
    await expecting_data(asking(client))(nodes, ids=[component_arn(f"run-{number}") for number in range(5)])
    sources = "query ($arn: Arn!) { trialComponent(arn: $arn) { sources { sourceArn } } }"
    await expecting_data(asking(client))(sources, arn=component_arn("run-3"))
    assert calls == {"Search": 1, "DescribeTrialComponent": 1}


async def test_cached_walk_honours_every_argument(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(*GRAPH)
    ask = expecting_data(asking(client))
    assert len((await ask(WALK, arn=artifact_arn(1)))["lineage"]["vertices"]) == 3
    assert len((await ask(WALK, arn=artifact_arn(1), depth=1))["lineage"]["vertices"]) == 2
    assert len((await ask(WALK, arn=artifact_arn(1), most=2))["lineage"]["vertices"]) == 2
    assert calls == {"QueryLineage": 2}  # `most` makes no call: it cuts the cached walk


async def test_no_cache_header_reloads(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(*GRAPH)
    asked = {"query": ARTIFACT, "variables": {"arn": artifact_arn(1)}}
    await client.post("/graphql", json=asked)
    load(artifact(1, ArtifactName="renamed"))
    stale = await client.post("/graphql", json=asked)
    assert stale.json()["data"]["artifact"]["name"] == "artifact-1"
    fresh = await client.post("/graphql", json=asked, headers={"Cache-Control": "max-age=0, No-Cache"})
    assert fresh.json()["data"]["artifact"]["name"] == "renamed"
    after = await client.post("/graphql", json=asked)
    assert after.json()["data"]["artifact"]["name"] == "renamed"
    assert calls == {"DescribeArtifact": 2}


async def test_mutations_show_no_cached_data(client: httpx.AsyncClient, load: Load) -> None:
    load(*GRAPH)
    ask = expecting_data(asking(client))
    shown = "... on TrialComponent { displayName }"
    await ask(f"query ($arn: ID!) {{ node(id: $arn) {{ {shown} }} }}", arn=component_arn("train"))
    load(component("train", DisplayName="renamed"))
    join = JOIN.replace("{ id }", f"{{ source {{ downstream {{ nodes {{ {shown} }} }} }} }}")
    joined = await ask(join, **{"from": artifact_arn(1), "to": artifact_arn(2)})
    assert {"displayName": "renamed"} in joined["addAssociation"]["association"]["source"]["downstream"]["nodes"]


async def ask_uncached(client: httpx.AsyncClient, query: str, **variables: Any) -> None:
    await client.post("/graphql", json={"query": query, "variables": variables}, headers={"Cache-Control": "no-cache"})


async def test_no_cache_header_finds_deletions(client: httpx.AsyncClient, load: Load, service: LocalServer) -> None:
    load(*GRAPH)
    ask, arn = expecting_data(asking(client)), artifact_arn(1)
    before = [await ask(query, arn=arn) for query in (ARTIFACT, HOP, WALK)]
    service.clear()
    load(artifact(1))
    assert [await ask(query, arn=arn) for query in (ARTIFACT, HOP, WALK)] == before
    for query in (HOP, WALK):
        await ask_uncached(client, query, arn=arn)
    assert (await ask(HOP, arn=arn))["artifact"]["downstream"]["nodes"] == []
    assert len((await ask(WALK, arn=arn))["lineage"]["vertices"]) == 1
    service.clear()
    assert (await ask(ARTIFACT, arn=arn))["artifact"]
    for query in (ARTIFACT, WALK):
        await ask_uncached(client, query, arn=arn)
    assert await ask(ARTIFACT, arn=arn) == {"artifact": None}
    assert (await ask(WALK, arn=arn))["lineage"]["vertices"] == []


@pytest.mark.parametrize(
    "shown", ['filter: { properties: [{ key: "k", value: "v" }] }', 'filter: { createdAfter: "2020-01-01" }', ""]
)
async def test_cached_names_are_not_descriptions(service: LocalServer, load: Load, shown: str) -> None:
    """A filter or an export loads the fields that it needs, even if others of the vertex are cached."""
    load(*(artifact(number, Properties={"k": "v"}) for number in range(41)))
    load(*(association(artifact_arn(0), artifact_arn(number)) for number in range(1, 41)))
    walk = f'lineage(start: ["{artifact_arn(0)}"] {shown})'
    names = f'{{ lineage(start: ["{artifact_arn(0)}"]) {{ vertices {{ entity {{ name creationTime }} }} }} }}'
    query = f"{{ {walk} {{ vertices {{ depth }} csv: export(format: CSV) export(format: OPENLINEAGE) }} }}"
    told = []
    for before in ([], [names]):
        async with caching(service, "memory") as client:
            ask = expecting_data(asking(client))
            for one in before:
                await ask(one)
            told.append((await ask(query))["lineage"])
    cold, warm = ({**one, "export": re.sub(r'"eventTime":"[^"]+"', "", one["export"])} for one in told)
    assert warm == cold
    assert len(cold["vertices"]) == 41


async def test_deletion_ignores_cached_associations(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(context("hub"), artifact(1), artifact(2), association(artifact_arn(1), arn("context", "hub")))
    ask, hub = expecting_data(asking(client)), arn("context", "hub")
    both = "query ($arn: Arn!) { context(arn: $arn) { name upstream { nodes { arn } } downstream { nodes { arn } } } }"
    assert len((await ask(both, arn=hub))["context"]["upstream"]["nodes"]) == 1
    load(association(hub, artifact_arn(2)))  # made by another client
    delete = """mutation ($arn: Arn!) {
      deleteContext(input: { arn: $arn, disassociate: true }) { deleted removedAssociations { sourceArn } } }"""
    calls.clear()
    said = (await ask(delete, arn=hub))["deleteContext"]
    assert said["deleted"]
    assert {one["sourceArn"] for one in said["removedAssociations"]} == {artifact_arn(1), hub}
    assert calls == {"DescribeContext": 1, "ListAssociations": 2, "DeleteAssociation": 2, "DeleteContext": 1}


async def test_versions_are_never_reused(service: LocalServer) -> None:
    """Versions expire. If a later version were the same, entries cached under the expired one would be valid again."""
    async with aclosing(Cache(Settings(local_url=service.url))) as cache:
        key = Key("record", ("one",), "subject")
        seen = set()
        for _ in range(3):
            await cache.evict("subject")
            seen.add((await cache.versions([key]))[0].version)
    assert len(seen) == 3
    assert min(seen) > 1000


async def test_absence_is_not_cached(client: httpx.AsyncClient, load: Load) -> None:
    ask = expecting_data(asking(client))
    assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"] is None
    load(artifact(1), artifact(2))
    assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"]
    assert (await ask(HOP, arn=artifact_arn(1)))["artifact"]["downstream"]["nodes"] == []
    assert len((await ask(WALK, arn=artifact_arn(1)))["lineage"]["vertices"]) == 1
    load(association(artifact_arn(1), artifact_arn(2)))
    assert len((await ask(HOP, arn=artifact_arn(1)))["artifact"]["downstream"]["nodes"]) == 1
    assert len((await ask(WALK, arn=artifact_arn(1)))["lineage"]["vertices"]) == 2


async def test_partial_answers_are_not_cached(
    client: httpx.AsyncClient, service: LocalServer, load: Load, calls: Calls
) -> None:
    lines = [artifact(number) for number in range(131)]
    load(*lines, *(association(artifact_arn(0), artifact_arn(number)) for number in range(1, 131)))
    ask = expecting_data(asking(client))
    for _ in range(2):
        walked = (await ask(WALK, arn=artifact_arn(0), most=60))["lineage"]
        assert (len(walked["vertices"]), walked["coverage"]["complete"]) == (60, False)
    assert calls == {"QueryLineage": 4}
    service.behaviour.deny = ["DescribeArtifact:*"]
    for _ in range(2):
        said = await asking(client)(ARTIFACT, arn=artifact_arn(1))
        assert said["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    service.behaviour.deny = []
    assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"]
    for _ in range(2):
        assert len((await ask(HOP, arn=artifact_arn(0)))["artifact"]["downstream"]["nodes"]) == 50


async def test_names_are_cached_as_names_only(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    lines = [artifact(number) for number in range(41)]
    load(*lines, *(association(artifact_arn(0), artifact_arn(number)) for number in range(1, 41)))
    ask = expecting_data(asking(client))
    for _ in range(2):
        vertices = (await ask(NAMES, arn=artifact_arn(0)))["lineage"]["vertices"]
        assert len({vertex["entity"]["name"] for vertex in vertices}) == 41
    assert calls == {"QueryLineage": 1, "ListArtifacts": 1}
    assert (await ask(ARTIFACT, arn=artifact_arn(7)))["artifact"]["creationTime"]
    described = "query ($arn: Arn!) { artifact(arn: $arn) { name lineageGroupArn } }"
    assert (await ask(described, arn=artifact_arn(7)))["artifact"]["name"] == "artifact-7"
    assert calls == {"QueryLineage": 1, "ListArtifacts": 1, "DescribeArtifact": 1}
    await ask(NAMES, arn=artifact_arn(0))
    await ask(described, arn=artifact_arn(7))
    assert calls == {"QueryLineage": 1, "ListArtifacts": 1, "DescribeArtifact": 1}


async def test_cached_name_does_not_prove_existence(
    client: httpx.AsyncClient, service: LocalServer, load: Load
) -> None:
    ask = expecting_data(asking(client))
    load(artifact(0), context("alive"), context("endpoint"), association(artifact_arn(0), arn("context", "endpoint")))
    assert (await ask(CONTEXT, name="alive"))["context"]  # from which the gateway learns its account
    assert len((await ask(NAMES, arn=artifact_arn(0)))["lineage"]["vertices"]) == 2
    service.clear()
    assert await ask("query ($name: String!) { context(name: $name) { name } }", name="endpoint") == {"context": None}


async def test_large_walks_names_are_cached(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    lines = [artifact(number) for number in range(301)]
    load(*lines, *(association(artifact_arn(0), artifact_arn(number)) for number in range(1, 301)))
    ask = expecting_data(asking(client))
    first = await ask(NAMES, arn=artifact_arn(0))
    made = calls.total()
    assert await ask(NAMES, arn=artifact_arn(0)) == first
    assert calls.total() == made


async def test_concurrent_walks_are_cached_whole(client: httpx.AsyncClient, load: Load) -> None:
    load(*(artifact(number) for number in range(121)))
    load(*(association(artifact_arn(0), artifact_arn(number)) for number in range(1, 121)))
    walk = f'lineage(start: ["{artifact_arn(0)}"], direction: DOWNSTREAM) {{ vertices {{ depth }} }}'
    ask = expecting_data(asking(client))
    both = await ask(f"{{ one: {walk} two: {walk} }}")
    assert [len(graph["vertices"]) for graph in both.values()] == [121, 121]
    assert len((await ask(f"{{ {walk} }}"))["lineage"]["vertices"]) == 121


async def test_renaming_evicts_a_cached_name(client: httpx.AsyncClient, load: Load) -> None:
    load(*GRAPH)
    ask = expecting_data(asking(client))
    assert (await ask(NAMES, arn=artifact_arn(2)))["lineage"]["vertices"][0]["entity"]["name"] == "artifact-2"
    await ask(NAMES, arn=artifact_arn(1))
    await ask(RENAME, arn=artifact_arn(2), name="renamed")
    vertices = (await ask(NAMES, arn=artifact_arn(1)))["lineage"]["vertices"]
    assert vertices[-1]["entity"] == {"name": "renamed", "type": "Model"}


async def test_mutation_evicts_what_it_touches(client: httpx.AsyncClient, load: Load, calls: Calls) -> None:
    load(*GRAPH)
    ask = expecting_data(asking(client))
    for query in (ARTIFACT, HOP, WALK):
        await ask(query, arn=artifact_arn(1))
    await ask(ARTIFACT, arn=artifact_arn(2))
    renamed = await ask(RENAME, arn=artifact_arn(1), name="renamed")
    assert renamed["updateArtifact"]["artifact"]["name"] == "renamed"
    assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"] == "renamed"
    calls.clear()
    assert (await ask(ARTIFACT, arn=artifact_arn(2)))["artifact"]["name"] == "artifact-2"
    assert not calls  # still cached
    context_arn = (await ask(CONTEXT, name="serving"))["context"]["arn"]
    assert await ask(JOIN, **{"from": artifact_arn(1), "to": context_arn})
    assert len((await ask(HOP, arn=artifact_arn(1)))["artifact"]["downstream"]["nodes"]) == 2
    assert len((await ask(WALK, arn=artifact_arn(1)))["lineage"]["vertices"]) == 4


async def test_reads_before_mutations_are_not_cached(client: httpx.AsyncClient, load: Load) -> None:
    load(*GRAPH, artifact(3))
    both = """mutation ($a: Arn!, $b: Arn!, $c: Arn!) {
        first: updateArtifact(input: { arn: $a, name: "x" }) { artifact { downstream { nodes { arn } } } }
        addAssociation(input: { sourceArn: $a, destinationArn: $c, type: CONTRIBUTED_TO }) { association { id } }
        last: updateArtifact(input: { arn: $b, name: "y" }) { artifact { upstream { nodes { arn } } } } }"""
    ask = expecting_data(asking(client))
    await ask(both, a=artifact_arn(1), b=artifact_arn(2), c=artifact_arn(3))
    # This hop was read before the association was added, and another hop of the same graph after it.
    asked = "query ($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { arn } } } }"
    found = (await ask(asked, arn=artifact_arn(1)))["artifact"]["downstream"]["nodes"]
    assert {node["arn"] for node in found} == {component_arn("train"), artifact_arn(3)}


async def test_concurrent_reads_are_not_cached(
    client: httpx.AsyncClient, service: LocalServer, load: Load, calls: Calls
) -> None:
    load(*GRAPH)
    ask = expecting_data(asking(client))
    service.behaviour.latency_ms = 200
    change = asyncio.create_task(ask(RENAME, arn=artifact_arn(1), name="renamed"))
    await asyncio.sleep(0.1)
    await ask(WALK, arn=artifact_arn(1))
    during = asyncio.create_task(ask(ARTIFACT, arn=artifact_arn(1)))
    await asyncio.gather(change, during)
    assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"] == "renamed"
    assert calls["UpdateArtifact"] == 1


async def test_entries_expire_after_their_time(service: LocalServer, load: Load, calls: Calls, cache_url: str) -> None:
    load(*GRAPH)
    async with caching(service, cache_url, cache_record_seconds=0.2) as client:
        ask = expecting_data(asking(client))
        await ask(ARTIFACT, arn=artifact_arn(1))
        await asyncio.sleep(0.3)
        await ask(ARTIFACT, arn=artifact_arn(1))
        assert calls == {"DescribeArtifact": 2}


async def test_zero_disables_only_its_kind(service: LocalServer, load: Load, calls: Calls, cache_url: str) -> None:
    load(*GRAPH)
    async with caching(service, cache_url, cache_associations_seconds=0) as client:
        ask = expecting_data(asking(client))
        for query in (ARTIFACT, HOP, HOP, ARTIFACT):
            await ask(query, arn=artifact_arn(1))
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 2}


async def test_cache_turned_off_keeps_nothing(service: LocalServer, load: Load, calls: Calls) -> None:
    load(*GRAPH)
    async with caching(service, "off") as client:
        for _ in range(2):
            await expecting_data(asking(client))(ARTIFACT, arn=artifact_arn(1))
    assert calls == {"DescribeArtifact": 2}


async def test_memory_stays_within_its_bytes(service: LocalServer, load: Load, calls: Calls) -> None:
    load(*(artifact(number) for number in range(20)))
    async with caching(service, "memory", cache_max_bytes=8_000) as client:
        ask = expecting_data(asking(client))
        for number in [*range(20), 19, 0]:
            await ask(ARTIFACT, arn=artifact_arn(number))
    assert calls == {"DescribeArtifact": 21}  # the last is still cached, the first is not


async def test_memory_limit_may_be_zero(service: LocalServer, load: Load, calls: Calls) -> None:
    load(*GRAPH)
    async with caching(service, "memory", cache_max_bytes=0) as client:
        ask = expecting_data(asking(client))
        await ask(ARTIFACT, arn=artifact_arn(1))
        assert await ask(RENAME, arn=artifact_arn(1), name="renamed")
        assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"] == "renamed"
    assert calls["DescribeArtifact"] == 3


async def test_replicas_share_redis_entries(service: LocalServer, load: Load, calls: Calls, redis_cache: Redis) -> None:
    load(*GRAPH)
    async with caching(service, redis_cache.url) as one, caching(service, redis_cache.url) as other:
        first = await expecting_data(asking(one))(WALK, arn=artifact_arn(1))
        calls.clear()
        assert await expecting_data(asking(other))(WALK, arn=artifact_arn(1)) == first
        assert not calls
        await expecting_data(asking(other))(RENAME, arn=artifact_arn(1), name="renamed")
        found = await expecting_data(asking(one))(ARTIFACT, arn=artifact_arn(1))
        assert found["artifact"]["name"] == "renamed"


async def test_headers_of_responses_are_not_cached(service: LocalServer, load: Load, redis_cache: Redis) -> None:
    load(*GRAPH)
    with redis.Redis.from_url(redis_cache.url) as stored:
        stored.flushall()
        async with caching(service, redis_cache.url) as client:
            await expecting_data(asking(client))(ARTIFACT, arn=artifact_arn(1))
        entries = [stored.get(key) for key in stored.scan_iter("*:record:*")]
    assert entries
    assert not any(b"requestid" in entry or b"content-type" in entry for entry in entries)


@pytest.mark.parametrize("url", ["", "redis", "http://127.0.0.1", "memcached://x"])
def test_setting_takes_only_known_caches(url: str) -> None:
    with pytest.raises(ValueError, match="cache_url"):
        Settings(cache_url=url)
