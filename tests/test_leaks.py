"""Ten thousand requests leave no tasks, open files or objects behind."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from conftest import Ask, running
from graphs import artifact, artifact_arn, association, fan
from sign_in import open_socket
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from websockets.server import ServerProtocol

from gateway.local.server import LocalServer
from gateway.schema.entity import Described
from gateway.settings import Settings

QUERIES = [
    "query ($arn: Arn!) { artifact(arn: $arn) { name creationTime } }",
    "query ($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { name } } } }",
    "query ($arn: Arn!) { lineage(start: [$arn]) { counts { count } } }",
    "query ($arn: Arn!) { artifact(arn: $arn) { tags { key } } trial(name: 5) { name } }",
    'query ($arn: Arn!) { artifact(arn: $arn) { createdBy { domainId } } entity(arn: "nonsense") { arn } }',
]


def resources() -> tuple[int, int, int]:
    """Return the numbers of tasks, of open files and sockets, and of objects in this process."""
    gc.collect()
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir())), len(gc.get_objects())


async def ask_all(client: httpx.AsyncClient, requests: int) -> None:
    async def ask(number: int) -> None:
        asked = {"query": QUERIES[number % 5], "variables": {"arn": artifact_arn(number % 20)}}
        fresh = {"Cache-Control": "no-cache"} if number % 3 == 0 else {}
        assert (await client.post("/graphql", json=asked, headers=fresh)).status_code == 200

    for begin in range(0, requests, 20):
        await asyncio.gather(*(ask(number) for number in range(begin, begin + 20)))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Only Linux tells of open files here.")
async def test_ten_thousand_requests_leave_nothing(service: LocalServer, load: Callable[..., None]) -> None:
    load(*(artifact(number) for number in range(20)))
    load(*(association(artifact_arn(number), artifact_arn(number + 1)) for number in range(19)))
    async with running(Settings(local_url=service.url)) as client:
        await ask_all(client, 1_000)
        service.requests.clear()
        tasks, files, objects = resources()
        await ask_all(client, 10_000)
        service.requests.clear()
        after = resources()
    assert after[0] <= tasks
    assert after[1] <= files + 50  # idle connections in the pool
    assert after[2] < objects + 5_000


def entity_objects() -> int:
    """Return the number of entity objects in memory."""
    return sum(issubclass(type(one), Described) for one in gc.get_objects())


async def test_walks_objects_need_no_collection(ask: Ask, load: Callable[..., None]) -> None:
    load(*fan(600))
    query = """query ($start: Arn!) { lineage(start: [$start], direction: DOWNSTREAM) {
        vertices { entity { name createdBy { domainId } } } edges { source { name } destination { name } } } }"""
    await ask(query, start=artifact_arn(0))
    gc.collect()
    gc.disable()
    try:
        before = entity_objects()
        for _ in range(3):
            assert len((await ask(query, start=artifact_arn(0)))["lineage"]["vertices"]) == 601
        await asyncio.sleep(0.1)
        assert entity_objects() <= before
    finally:
        gc.enable()


def connection_objects() -> int:
    """Return the number of the server's request and WebSocket objects in memory."""
    return sum(issubclass(type(one), RequestResponseCycle | ServerProtocol) for one in gc.get_objects())


async def test_connections_objects_need_no_collection(gateway: str) -> None:
    gc.collect()
    gc.disable()
    try:
        before = connection_objects()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{gateway}/healthz")).status_code == 200
        async with open_socket(gateway):
            pass
        async with open_socket(gateway) as socket:
            socket.transport.abort()
        async with asyncio.timeout(60):
            while connection_objects() > before:  # noqa: ASYNC110 - the server runs on another thread
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


async def test_refused_arns_are_not_kept(refused: Ask) -> None:
    query = "query ($arn: Arn!) { entity(arn: $arn) { arn } }"
    await refused(query, "BAD_USER_INPUT", arn="x")
    tracemalloc.start()
    try:
        for number in range(20):
            await refused(query, "BAD_USER_INPUT", arn=f"{number} {'x' * 500_000}")
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5_000_000
