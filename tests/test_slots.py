"""Requests share the slots for concurrent AWS calls, and the pace of calls, fairly."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from conftest import asking, running
from graphs import artifact, artifact_arn, context, fan
from stub import stub

from gateway.aws.slots import Held, Slots
from gateway.local.server import LocalServer
from gateway.settings import Settings

SIZE = 200
DESCRIBING = """query ($arn: Arn!) { lineage(start: [$arn], direction: DOWNSTREAM) {
    vertices { entity { createdBy { domainId } } } coverage { complete } } }"""

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Artifact { creationTime } } }"


async def order(slots: Slots, *calls: str) -> list[str]:
    """Return the order in which calls, which begin with their owner, get a slot if all came while none was free."""
    had: list[str] = []

    async def have(call: str) -> None:
        async with slots.one(call[0]):
            had.append(call)

    async with slots.one("first"):
        waiting = [asyncio.create_task(have(call)) for call in calls]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    return had


async def test_owners_have_slots_in_turns() -> None:
    assert await order(Slots(1), "a1", "a2", "a3", "b1", "b2", "c1") == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_cancelled_owners_slot_is_passed_on() -> None:
    slots, had = Slots(1), asyncio.Event()

    async def have() -> None:
        async with slots.one("b"):
            had.set()

    async with slots.one("first"):
        gone, late = (asyncio.create_task(slots.one(owner).__aenter__()) for owner in ("gone", "late"))
        waiting = asyncio.create_task(have())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
    late.cancel()  # it already has its slot, but has not resumed
    await asyncio.gather(gone, late, return_exceptions=True)
    async with asyncio.timeout(60):
        await waiting
    assert had.is_set()
    assert [slots.take_free() for _ in range(2)] == [True, False]


async def test_cancelled_owner_gives_up_other_slots() -> None:
    free, taken = Slots(1), Slots(0)
    waiting = asyncio.create_task(Held("a", free, taken).__aenter__())
    await asyncio.sleep(0)
    assert not free.take_free()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert free.take_free()


async def test_walk_does_not_delay_small_queries(
    service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*fan(SIZE), context("small"))
    small = '{ context(name: "small") { creationTime } }'
    async with running(Settings(local_url=service.url, cache_url="off", max_concurrent_calls=4)) as client:
        service.behaviour.latency_ms = 20
        walking = asyncio.create_task(asking(client)(DESCRIBING, arn=artifact_arn(0)))
        while calls["DescribeArtifact"] < 50:  # noqa: ASYNC110 - the service runs on another thread
            await asyncio.sleep(0.005)
        before = calls.total()
        await asking(client)(small)
        between = calls.total() - before
        await walking
    # The query waits for the calls in flight, and then takes turns with the walk, call by call.
    assert between < 30
    assert calls["DescribeArtifact"] == SIZE + 1


async def test_repeated_throttling_loses_no_field(service: LocalServer, load: Callable[..., None]) -> None:
    load(*(artifact(number) for number in range(2 * SIZE)))
    ids = [artifact_arn(number) for number in range(2 * SIZE)]

    async def shown(client: Any, some: list[str]) -> list[Any]:
        return (await asking(client)(NODES, ids=some))["data"]["nodes"]

    async with running(Settings(local_url=service.url, cache_url="off")) as client:
        service.behaviour.throttle_tps, service.behaviour.latency_ms = 150, 200
        found = await asyncio.gather(*(shown(client, ids[first : first + 100]) for first in range(0, 2 * SIZE, 100)))
    assert all(node["creationTime"] for some in found for node in some)


@pytest.mark.usefixtures("without_pauses")
async def test_operation_begins_with_fifty_calls_in_flight() -> None:
    ids = [artifact_arn(number) for number in range(SIZE)]
    with stub(artifact(number) for number in range(SIZE)) as endpoint:
        async with running(Settings(local_url=endpoint.url, cache_url="off")) as client:
            rounds = []
            for some in (ids[:100], ids[100:]):
                endpoint.begin(quiet_ms=200)
                await asking(client)(NODES, ids=some)
                rounds.append((endpoint.log().rounds(), endpoint.log().count()["DescribeArtifact"]))
    assert rounds == [(2, 100), (1, 100)]
