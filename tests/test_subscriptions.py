"""Subscriptions: the walk of the query, in messages, over WebSocket and as server-sent events."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest
from conftest import Ask, listening
from endpoint import answer, endpoint
from graphs import Line, artifact, artifact_arn, association, component, component_arn, diamond, fan
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect

from gateway.app import opened
from gateway.lineage.describing import Describing
from gateway.lineage.found import Direction, Found
from gateway.lineage.graph import Between, ShownEdge, joined
from gateway.lineage.walk import Walk
from gateway.local.server import LocalServer
from gateway.records import Edge
from gateway.schema.filters import LineageFilter
from gateway.schema.subscriptions import Progress
from gateway.settings import Settings

DATASET = artifact_arn(0)

SUBSCRIBE = """subscription(
  $start: [Arn!]!, $maxVertices: Int = 1000, $filter: LineageFilter, $prefer: WalkPreference = FEWER_CALLS
) {
  lineage(start: $start, direction: DOWNSTREAM, maxVertices: $maxVertices, filter: $filter, prefer: $prefer) {
    vertices { depth entity { arn type } }
    edges { source { arn } destination { arn } associationType hiddenHops }
    visited awsCalls coverage { complete reasons frontier }
  }
}"""
QUERY = """query(
  $start: [Arn!]!, $maxVertices: Int = 1000, $filter: LineageFilter, $prefer: WalkPreference = FEWER_CALLS
) {
  lineage(start: $start, direction: DOWNSTREAM, maxVertices: $maxVertices, filter: $filter, prefer: $prefer) {
    vertices { depth entity { arn type } }
    edges { source { arn } destination { arn } associationType hiddenHops }
    coverage { complete reasons frontier }
  }
}"""


def tree(vertices: int) -> list[Line]:
    lines = [artifact(number) for number in range(vertices)]
    return lines + [association(artifact_arn((n - 1) // 3), artifact_arn(n)) for n in range(1, vertices)]


async def say(socket: ClientConnection, type: str, id: str = "1", **payload: Any) -> None:
    await socket.send(orjson.dumps({"type": type, "id": id, "payload": payload}).decode())


@asynccontextmanager
async def connected(gateway: str) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://{gateway}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await say(socket, "connection_init")
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        yield socket


async def messages(socket: ClientConnection, query: str, **variables: Any) -> AsyncIterator[Any]:
    await say(socket, "subscribe", query=query, variables=variables)
    async for text in socket:
        message = orjson.loads(text)
        if message["type"] == "complete":
            return
        yield message
        if message["type"] == "error":
            return


@pytest.mark.parametrize(
    "variables", [{}, {"maxVertices": 60}, {"filter": {"types": ["Nothing"]}}, {"filter": {"types": ["DataSet"]}}]
)
async def test_messages_add_up_to_query(
    gateway: str, ask: Ask, load: Callable[..., None], variables: dict[str, Any]
) -> None:
    load(*tree(130))
    async with connected(gateway) as socket:
        said = [
            message["payload"]["data"]["lineage"]
            async for message in messages(socket, SUBSCRIBE, start=[DATASET], **variables)
        ]
    whole = (await ask(QUERY, start=[DATASET], **variables))["lineage"]
    assert [vertex for part in said for vertex in part["vertices"]] == whole["vertices"]
    assert [edge for part in said for edge in part["edges"]] == whole["edges"]
    assert [part["coverage"] for part in said[:-1]] == [None] * (len(said) - 1)
    assert said[-1]["coverage"] == whole["coverage"]
    assert [part["awsCalls"] for part in said][-1] == (2 if variables.get("maxVertices") else 3)
    assert said[-1]["visited"] >= len(whole["vertices"])


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
@pytest.mark.parametrize("most", [1000, 5])
async def test_messages_of_several_starts_add_up_too(
    gateway: str, ask: Ask, load: Callable[..., None], prefer: str, most: int
) -> None:
    """The far start's neighbours are on two pages, and one of them is on the other start's path."""
    way, far, beyond = range(9), 9, range(20, 120)
    load(*map(artifact, [*way, far, *beyond]))
    load(*(association(artifact_arn(n), artifact_arn(n + 1)) for n in way[:-1]))
    load(*(association(artifact_arn(far), artifact_arn(n)) for n in [5, *beyond]))
    asked = {"start": [artifact_arn(0), artifact_arn(far), artifact_arn(404)], "prefer": prefer, "maxVertices": most}
    async with connected(gateway) as socket:
        said = [message["payload"]["data"]["lineage"] async for message in messages(socket, SUBSCRIBE, **asked)]
    whole = (await ask(QUERY, **asked))["lineage"]
    assert sorted((v["depth"], v["entity"]["arn"]) for part in said for v in part["vertices"]) == [
        (v["depth"], v["entity"]["arn"]) for v in whole["vertices"]
    ]
    assert said[-1]["coverage"] == whole["coverage"]
    assert "DANGLING" in whole["coverage"]["reasons"]


async def test_depths_wait_for_detours(gateway: str, ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    """The vertices behind a denied vertex are found from the other side, which the walk reaches later."""
    start, denied, *way, far = map(artifact_arn, range(6))
    load(*map(artifact, range(6)))
    round_it = [start, *way, far]
    load(association(start, denied), association(denied, far), *(association(*ends) for ends in pairwise(round_it)))
    service.behaviour.unknown = ["QueryLineage"]
    service.behaviour.deny = [f"ListAssociations:{denied}"]
    asked = {"start": [start]}
    subscribe, query = (text.replace("DOWNSTREAM", "BOTH") for text in (SUBSCRIBE, QUERY))
    async with connected(gateway) as socket:
        said = [message["payload"]["data"]["lineage"] async for message in messages(socket, subscribe, **asked)]
    whole = (await ask(query, **asked))["lineage"]
    assert [vertex for part in said for vertex in part["vertices"]] == whole["vertices"]


async def test_wide_neighbourhood_is_shown_incrementally(gateway: str, load: Callable[..., None]) -> None:
    hub, near, far = artifact_arn(0), range(1, 200), range(200, 400)
    load(*map(artifact, range(400)))
    load(*(association(hub, artifact_arn(n)) for n in near))
    load(*(association(artifact_arn(n % 199 + 1), artifact_arn(n)) for n in far))
    async with connected(gateway) as socket:
        asked = messages(socket, SUBSCRIBE, start=[hub], prefer="LESS_WAITING")
        sent = [len(message["payload"]["data"]["lineage"]["vertices"]) async for message in asked]
    assert sent[0] >= 50
    assert sum(sent) == 400


async def test_hidden_edges_come_last(gateway: str, load: Callable[..., None], service: LocalServer) -> None:  # noqa: ARG001
    load(*diamond())
    async with connected(gateway) as socket:
        said = [
            message["payload"]["data"]["lineage"]
            async for message in messages(socket, SUBSCRIBE, start=[DATASET], filter={"types": ["Endpoint"]})
        ]
    assert [edge["hiddenHops"] for edge in said[-1]["edges"]] == [2]


class Watched(dict[tuple[str, str], Edge]):
    """A collection of edges that counts how many are read."""

    read = 0

    def values(self) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return self._counted(super().values())

    def __reversed__(self) -> Iterator[Any]:
        return self._counted(reversed(super().values()))

    def _counted(self, edges: Iterable[Edge]) -> Iterator[Edge]:
        for edge in edges:
            self.read += 1
            yield edge


@pytest.mark.parametrize("vertices", [60, 500])
async def test_message_reads_only_new_edges(server: LocalServer, load: Callable[..., None], vertices: int) -> None:
    load(*tree(vertices))
    async with opened(Settings(local_url=server.url, cache_url="off")) as backend:
        edges = Watched()
        walked = Walk(backend.loaders(), Found([DATASET], Direction.DOWNSTREAM, 100, edges=edges), 1000)
        progress = Progress(walked, LineageFilter(), Describing(walked, {}, lists=False))
        sent = [len((await progress.message(last=False)).edges) async for _ in walked.steps()]
        assert sum(sent) == edges.read == vertices - 1
        assert len(sent) == -(-vertices // 50)
        assert (await progress.message(last=True)).edges == []
    assert edges.read == 2 * (vertices - 1)  # the last message reads all again, for edges over hidden vertices


@pytest.mark.parametrize(
    ("lines", "vertices", "cost"),
    [
        (tree(130), 130, {"QueryLineage": 3, "ListAssociations": 40}),  # each names a vertex and its three successors
        (fan(80), 81, {"QueryLineage": 2, "ListAssociations": 1}),
        (fan(249), 250, {"QueryLineage": 5, "ListAssociations": 1, "DescribeArtifact": 149}),
    ],
)
async def test_summaries_name_what_a_message_shows(
    gateway: str, load: Callable[..., None], calls: Counter[str], lines: list[Line], vertices: int, cost: dict[str, int]
) -> None:
    load(*lines)
    named = SUBSCRIBE.replace("entity { arn type }", "entity { arn name }")
    async with connected(gateway) as socket:
        said = [message["payload"]["data"]["lineage"] async for message in messages(socket, named, start=[DATASET])]
    entities = [vertex["entity"] for part in said for vertex in part["vertices"]]
    assert {one["arn"]: one["name"] for one in entities} == {artifact_arn(n): f"artifact-{n}" for n in range(vertices)}
    assert calls == cost


NAMES = st.sampled_from("abcdef")
EDGE = st.builds(Edge, NAMES, NAMES, st.none())


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.lists(EDGE, max_size=4), st.sets(NAMES, max_size=2)), max_size=8))
async def test_edge_follows_both_its_ends(pages: list[tuple[list[Edge], set[str]]]) -> None:
    between = Between()
    edges: dict[tuple[str, str], Edge] = {}
    told: list[ShownEdge] = []
    for found, shown in pages:
        for edge in found:
            edges.setdefault(edge[:2], edge)
        told += between.new(edges, shown)
        real = await joined(edges, between.shown, between.shown)
        assert sorted(edge[:2] for edge in told) == sorted(edge[:2] for edge in real)
    assert between.edges == {edge[:2] for edge in told}


async def test_message_may_be_long(gateway: str, load: Callable[..., None]) -> None:
    models = range(1, 151)
    load(artifact(0), component("job"), association(DATASET, component_arn("job")))
    load(*(artifact(number, "Model") for number in models))
    load(*(association(component_arn("job"), artifact_arn(number)) for number in models))
    async with connected(gateway) as socket:
        said = [message async for message in messages(socket, SUBSCRIBE, start=[DATASET], filter={"types": ["Model"]})]
    edges = said[-1]["payload"]["data"]["lineage"]["edges"]
    assert [edge["destination"]["arn"] for edge in edges] == [artifact_arn(number) for number in models]


@pytest.mark.parametrize(
    ("start", "page"),
    [
        ({"Arn": DATASET, "Type": "DataSet"}, {"NextToken": "more"}),
        ({"Arn": component_arn("run")}, {}),  # without a type, hence described when the walk has ended
    ],
)
async def test_start_deleted_meanwhile_is_dangling(start: dict[str, str], page: dict[str, str]) -> None:
    model = {"Arn": artifact_arn(1), "Type": "Model"}
    edge = {"SourceArn": start["Arn"], "DestinationArn": model["Arn"], "AssociationType": "Produced"}
    found = orjson.dumps({"Vertices": [start, model], "Edges": [edge]} | page)
    async with endpoint() as aws:
        aws.respond_with(answer(found), answer(b'{"__type": "ResourceNotFound", "message": "gone"}', 400))
        with listening(Settings(local_url=aws.url, cache_url="off")) as url:
            *said, _ = await events(url, SUBSCRIBE, start=[start["Arn"]])
    parts = [data["data"]["lineage"] for _, data in said]
    assert [vertex["entity"]["arn"] for part in parts for vertex in part["vertices"]] == [start["Arn"], model["Arn"]]
    assert parts[-1]["coverage"]["reasons"] == ["DANGLING"]


async def test_unsubscribing_stops_the_walk(
    gateway: str, load: Callable[..., None], service: LocalServer, calls: Counter[str]
) -> None:
    load(*tree(500))
    service.behaviour.latency_ms = 50
    async with connected(gateway) as socket:
        async for message in messages(socket, SUBSCRIBE, start=[DATASET]):
            assert message["type"] == "next"
            break
        await say(socket, "complete")
        await asyncio.sleep(0.3)
        made = calls["QueryLineage"]
        await asyncio.sleep(0.3)
    assert calls["QueryLineage"] == made < 10


async def test_leaving_stops_the_walk(
    gateway: str, load: Callable[..., None], service: LocalServer, calls: Counter[str]
) -> None:
    load(*tree(500))
    service.behaviour.latency_ms = 50
    headers = {"accept": "text/event-stream"}
    body = {"query": SUBSCRIBE, "variables": {"start": [DATASET]}}
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"http://{gateway}/graphql", json=body, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data:"):
                break
    await asyncio.sleep(0.3)
    made = calls["QueryLineage"]
    await asyncio.sleep(0.3)
    assert calls["QueryLineage"] == made < 10


async def test_streamed_walk_is_cached(service: LocalServer, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    with listening(Settings(local_url=service.url, cache_url="memory")) as url:
        for _ in range(2):
            assert await events(url, SUBSCRIBE, start=[DATASET])
    assert calls == {"QueryLineage": 1}


async def events(
    gateway: str, query: str, accept: str = "text/event-stream", **variables: Any
) -> list[tuple[str, Any]]:
    """Return the events of a stream, with their data."""
    async with (
        httpx.AsyncClient() as client,
        client.stream(
            "POST",
            f"http://{gateway}/graphql",
            json={"query": query, "variables": variables},
            headers={"accept": accept},
        ) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        text = (await response.aread()).decode()
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in block.split("\n"))
        found.append((fields["event"], orjson.loads(fields["data"]) if fields.get("data") else None))
    return found


async def test_events_have_the_same_messages(gateway: str, ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    *said, last = await events(gateway, SUBSCRIBE, start=[DATASET])
    whole = (await ask(QUERY, start=[DATASET]))["lineage"]
    assert last == ("complete", None)
    assert [event for event, _ in said] == ["next"] * len(said)
    assert [vertex for _, data in said for vertex in data["data"]["lineage"]["vertices"]] == whole["vertices"]


async def test_event_stream_answers_queries(gateway: str, service: LocalServer) -> None:  # noqa: ARG001
    assert await events(gateway, "{ artifacts { nodes { arn } } }") == [
        ("next", {"data": {"artifacts": {"nodes": []}}}),
        ("complete", None),
    ]


async def test_lines_of_events_end_in_newlines(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": "text/event-stream"})
    assert response.text == 'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata: \n\n'


async def test_subscription_streams_where_json_is_preferred(gateway: str, load: Callable[..., None]) -> None:
    load(*diamond())
    found = await events(gateway, SUBSCRIBE, "application/json, text/event-stream;q=0.1", start=[DATASET])
    assert (found[0][0], found[-1][0]) == ("next", "complete")


async def test_mistakes_have_codes_on_streams(gateway: str) -> None:
    walk = 'subscription {\n  found: lineage(start: "nonsense") { visited }\n}'
    async with connected(gateway) as socket:
        [bad] = [message async for message in messages(socket, walk)]
        [unfit] = [message async for message in messages(socket, SUBSCRIBE)]
        await say(socket, "subscribe", query="subscription { nothing }")
        refused = orjson.loads(await socket.recv())
    assert bad["type"] == "error"
    assert bad["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "start"}
    assert bad["payload"][0]["locations"] == [{"line": 2, "column": 3}]
    assert bad["payload"][0]["path"] == ["found"]
    assert unfit["type"] == "error"
    assert unfit["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_messages_have_their_own_errors(gateway: str, load: Callable[..., None], service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.deny = ["ListAssociations:*"]
    entity = "entity { downstream { nodes { arn } } }"
    query = f'subscription {{ lineage(start: "{DATASET}") {{ vertices {{ {entity} }} }} }}'
    async with connected(gateway) as socket:
        said = [message["payload"] async for message in messages(socket, query)]
    assert [len(message.get("errors", ())) for message in said] == [6, 0]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "hello"},
        {"type": "complete"},
        {"type": "ping", "payload": 5},
        {"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": None},
        {"type": "subscribe", "id": "1", "payload": []},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "1", "payload": {"query": 5}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}},
    ],
)
async def test_malformed_message_closes_the_socket(gateway: str, message: dict[str, Any]) -> None:
    async with connected(gateway) as socket:
        await socket.send(orjson.dumps(message).decode())
        await socket.wait_closed()
    assert (socket.close_code, bool(socket.close_reason)) == (4400, True)


async def test_long_close_reasons_are_truncated(gateway: str, service: LocalServer) -> None:
    service.behaviour.latency_ms = 5_000
    async with connected(gateway) as socket:
        for _ in range(2):
            await say(socket, "subscribe", "_" + "ß" * 200, query=SUBSCRIBE, variables={"start": [DATASET]})
        await socket.wait_closed()
    assert (socket.close_code, socket.close_reason) == (4409, "Subscriber for _" + "ß" * 53)


async def test_null_in_messages_is_ignored(gateway: str) -> None:
    async with connect(f"ws://{gateway}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "connection_init", "id": null, "payload": null}')
        assert await socket.recv() == '{"type":"connection_ack"}'


async def test_operations_of_a_socket_have_a_limit(
    gateway: str, load: Callable[..., None], service: LocalServer
) -> None:
    load(*diamond())
    service.behaviour.latency_ms = 5_000
    async with connected(gateway) as socket:
        for number in range(101):
            query = f'subscription {{ lineage(start: ["{DATASET}"], maxDepth: {number % 9 + 1}) {{ visited }} }}'
            await say(socket, "subscribe", str(number), query=query)
        said = orjson.loads(await socket.recv())
    assert (said["id"], said["type"]) == ("100", "error")
    assert [error["extensions"]["code"] for error in said["payload"]] == ["THROTTLED"]


async def test_mutation_is_refused_over_websocket(gateway: str, calls: Counter[str]) -> None:
    mutation = f'mutation {{ deleteArtifact(input: {{arn: "{DATASET}"}}) {{ arn }} }}'
    async with connected(gateway) as socket:
        await say(socket, "subscribe", query=mutation)
        said = orjson.loads(await socket.recv())
    assert (said["type"], said["payload"][0]["extensions"]) == ("error", {"code": "BAD_USER_INPUT"})
    assert not calls["DeleteArtifact"]  # others may be late calls of the previous test


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
async def test_plain_post_refuses_subscriptions(http: httpx.AsyncClient, accept: str) -> None:
    body = {"query": SUBSCRIBE, "variables": {"start": [DATASET]}}
    response = await http.post("/graphql", json=body, headers={"accept": accept})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
