"""Long work is done in slices, one request at a time, with other tasks between the slices."""

import asyncio
from itertools import pairwise

import pytest

from gateway.turns import FEW, LONG, ROUNDS, SLICE, STEPS, Turns


async def work(turns: Turns, items: int, done: list[str], name: str) -> None:
    async for _ in turns.slices(range(items)):
        done.append(name)  # noqa: PERF401 - other tasks add to it meanwhile


async def test_least_work_goes_first() -> None:
    done: list[str] = []
    sizes = {"first": 3 * SLICE, "large": 6 * SLICE, "small": 4 * SLICE, "later": 4 * SLICE}
    await asyncio.gather(*(work(Turns(), items, done, name) for name, items in sizes.items()))
    assert done == ["first"] * 3 + ["small"] * 4 + ["later"] * 4 + ["large"] * 6


async def test_request_keeps_its_place() -> None:
    done: list[str] = []
    first, second = Turns(), Turns()

    async def stages() -> None:
        await work(first, 4 * SLICE, done, "first")
        await work(first, 8 * SLICE, done, "first")

    await asyncio.gather(stages(), work(second, 5 * SLICE, done, "second"))
    assert done == ["first"] * 12 + ["second"] * 5


async def test_other_tasks_run_between_slices() -> None:
    rounds: list[int] = []
    passed = 0

    async def count() -> None:
        nonlocal passed
        while len(rounds) < 4:
            passed += 1
            await asyncio.sleep(0)

    async def slices() -> None:
        async for _ in Turns().slices(range(4 * SLICE)):
            rounds.append(passed)  # noqa: PERF401 - another task reads it meanwhile

    await asyncio.gather(count(), slices())
    assert all(later - earlier >= ROUNDS for earlier, later in pairwise(rounds))


async def test_turn_has_room_for_its_steps() -> None:
    turns, done = Turns(), 0
    counts = {0}

    async def step() -> None:
        nonlocal done
        await turns.step(FEW + 1)
        done += 1

    steps = asyncio.gather(*(step() for _ in range(3 * STEPS)))
    while not steps.done():
        await asyncio.sleep(0)
        counts.add(done)
    assert max(later - earlier for earlier, later in pairwise(sorted(counts))) == STEPS


def test_page_needs_no_turn() -> None:
    with pytest.raises(StopIteration) as first:
        anext(Turns().slices(range(LONG))).send(None)
    assert first.value.value == range(LONG)


async def test_cancelled_work_delays_nobody() -> None:
    done: list[str] = []
    sizes = {"first": 3 * SLICE, "left": 4 * SLICE, "stays": 5 * SLICE}
    tasks = {name: asyncio.create_task(work(Turns(), items, done, name)) for name, items in sizes.items()}
    await asyncio.sleep(0)
    tasks["left"].cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(tasks["first"], tasks["stays"])
    assert done == ["first"] * 3 + ["stays"] * 5


async def test_respite_waits_for_all_steps() -> None:
    done: list[str] = []
    turns = Turns()

    async def step(name: str) -> None:
        await turns.step(FEW + 1)
        done.append(name)
        if name == "first":
            steps.append(asyncio.create_task(step("late")))

    async def rest() -> None:
        await turns.respite()
        done.append("respite")

    steps = [asyncio.create_task(step("first")), *(asyncio.create_task(step("other")) for _ in range(5 * STEPS))]
    await asyncio.gather(rest(), *steps)
    assert done == ["first", *["other"] * 5 * STEPS, "late", "respite"]


async def test_waiting_is_not_counted_as_work() -> None:
    turns = Turns()
    async for _ in turns.slices(range(LONG)):
        with turns.aside():
            assert turns.under_way == 0
        assert turns.under_way == 1
    assert turns.under_way == 0
