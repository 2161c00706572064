"""Response extensions: a response's cost and its AWS calls, on request."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from conftest import running
from graphs import artifact_arn, diamond
from websockets.asyncio.client import connect

from gateway.local.server import LocalServer
from gateway.settings import Settings

QUERY = "{ artifacts(first: 3) { nodes { arn } } }"
MOST = 10**12
COST = {"requested": 4, "max": MOST}


async def test_response_has_requested_extensions(http: httpx.AsyncClient, calls: Counter[str]) -> None:
    body = {"query": QUERY, "extensions": {"cost": True, "aws": True, "other": True}}
    said = (await http.post("/graphql", json=body)).json()
    assert said["extensions"]["cost"] == COST
    assert said["extensions"]["aws"]["calls"] == {"ListArtifacts": 1} == calls
    assert said["extensions"]["aws"]["total"] == 1
    assert said["extensions"]["aws"]["milliseconds"] >= 0
    assert said["extensions"].keys() == {"cost", "aws"}


@pytest.mark.parametrize(
    ("header", "told"),
    [("cost", {"cost"}), ("Cost, AWS", {"cost", "aws"}), ("aws,nothing", {"aws"}), ("nothing", set()), (None, set())],
)
async def test_header_requests_extensions_too(
    http: httpx.AsyncClient,
    service: LocalServer,  # noqa: ARG001
    header: str | None,
    told: set[str],
) -> None:
    headers = {"X-Gateway-Extensions": header} if header else {}
    for answered in (
        await http.get("/graphql", params={"query": QUERY}, headers=headers),
        await http.post("/graphql", json={"query": QUERY}, headers=headers),
    ):
        assert answered.json().get("extensions", {}).keys() == told


async def test_extensions_of_get_are_json(http: httpx.AsyncClient, service: LocalServer) -> None:  # noqa: ARG001
    parameters = {"query": QUERY, "extensions": '{"cost": true, "aws": 1}'}
    said = (await http.get("/graphql", params=parameters)).json()
    assert said["extensions"] == {"cost": COST}


async def test_invalid_document_has_no_cost(http: httpx.AsyncClient) -> None:
    body = {"query": "{ nothing }", "extensions": {"cost": True, "aws": True}}
    said = (await http.post("/graphql", json=body)).json()
    assert said["extensions"].keys() == {"aws"}
    assert said["extensions"]["aws"]["calls"] == {}


SUBSCRIBE = f"""subscription {{
  lineage(start: ["{artifact_arn(0)}"], direction: DOWNSTREAM, maxVertices: 5) {{ awsCalls coverage {{ complete }} }}
}}"""
WALK = {"requested": 20 + 1, "max": MOST}


def assert_every_message_has_extensions(said: list[Any]) -> None:
    assert [message["extensions"]["cost"] for message in said] == [WALK] * len(said)
    made = [message["extensions"]["aws"]["calls"]["QueryLineage"] for message in said]
    assert made == [message["data"]["lineage"]["awsCalls"] for message in said]
    assert made[-1] == 1


@pytest.mark.usefixtures("service")
async def test_streamed_messages_have_extensions(http: httpx.AsyncClient, load: Callable[..., None]) -> None:
    load(*diamond())
    body = {"query": SUBSCRIBE, "extensions": {"cost": True, "aws": True}}
    response = await http.post("/graphql", json=body, headers={"accept": "text/event-stream"})
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: {")]
    assert_every_message_has_extensions([orjson.loads(line) for line in lines])


@pytest.mark.usefixtures("service")
async def test_websocket_handshake_requests_extensions(gateway: str, load: Callable[..., None]) -> None:
    load(*diamond())
    said = []
    async with connect(
        f"ws://{gateway}/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        additional_headers={"X-Gateway-Extensions": "cost, aws"},
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIBE}}).decode())
        async for text in socket:
            message = orjson.loads(text)
            if message["type"] == "complete":
                break
            said.append(message["payload"])
    assert_every_message_has_extensions(said)


async def test_plan_says_why_calls_were_made(http: httpx.AsyncClient, load: Callable[..., None]) -> None:
    load(*diamond())
    query = "query ($arn: Arn!) { artifact(arn: $arn) { arn downstream { nodes { name sourceUri } } } }"
    body = {"query": query, "variables": {"arn": artifact_arn(0)}, "extensions": {"aws": True}}
    aws = (await http.post("/graphql", json=body)).json()["extensions"]["aws"]
    assert aws["calls"] == {"DescribeArtifact": 1, "ListAssociations": 1, "Search": 1}
    assert aws["plan"] == [
        "DescribeArtifact: to check whether it exists",
        "ListAssociations: one hop, with the names and types of the neighbours",
        "Search: several of kind TrialComponent, up to 100 per call",
    ]


async def test_cached_answers_are_counted(server: LocalServer, load: Callable[..., None]) -> None:
    load(*diamond())
    query = "query ($arn: Arn!) { artifact(arn: $arn) { name } }"
    body = {"query": query, "variables": {"arn": artifact_arn(1)}, "extensions": {"aws": True}}
    async with running(Settings(local_url=server.url)) as client:
        told = [(await client.post("/graphql", json=body)).json()["extensions"]["aws"] for _ in range(2)]
    assert [(aws["total"], aws["cached"]) for aws in told] == [(1, 0), (0, 1)]
