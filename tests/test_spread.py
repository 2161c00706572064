"""Choosing the starting points of a walk's next calls, which expand its frontier."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.lineage.spread import Cost, Wave, covering, wave

Graph = dict[str, list[str]]
CALLS = Cost(call=1, wait=1)
SECONDS = Cost(call=0.0005, wait=0.04)
HURRIED = Cost(call=0.001, wait=0.04, narrows=True)
THROTTLED = Cost(call=0.05, wait=0.04)


def anywhere(_: str) -> int:
    return 10


def levels(sizes: list[int], sources: Callable[[int, int], Iterable[int]]) -> tuple[list[list[str]], Graph]:
    """Return a graph's levels, frontier first, and its edges: ``sources`` gives those into a vertex.

    Its arguments are the vertex's number and its distance behind the frontier.
    """
    behind = [[f"{back}:{number}" for number in range(size)] for back, size in enumerate(sizes)]
    leads: Graph = {}
    for back, level in enumerate(behind[:-1]):
        for number, vertex in enumerate(level):
            for source in sources(number, back):
                leads.setdefault(f"{back + 1}:{source % sizes[back + 1]}", []).append(vertex)
    return behind, leads


def chosen(made: tuple[list[list[str]], Graph], cost: Cost, room: int = 90) -> tuple[int, int, int]:
    """Return the number of calls, how far behind the frontier they start, and their depth."""
    (frontier, *behind), leads = made
    starts, limit = wave(frontier, behind, lambda arn: leads.get(arn, ()), room, cost, anywhere)
    reached = set(starts)
    for _ in range(limit - 1):
        reached |= {far for near in reached for far in leads.get(near, ())}
    assert set(frontier) <= reached
    return len(starts), int(starts[0].partition(":")[0]), limit


BAND = levels([60] * 10, lambda number, _: (number, number + 1, number + 2))
"""Each vertex has edges to three adjacent vertices."""
CLOSE = levels([60] * 10, lambda number, back: (7 * number + 23 * third + back for third in range(3)))
"""Each vertex has edges to three distant vertices, so that all are reached in a few hops."""
PATHS = levels([60] * 10, lambda number, _: (number,))
"""Each vertex has an edge to one vertex, and no two to the same."""
ONE = levels([1] * 10, lambda *_: (0,))


@pytest.mark.parametrize(
    ("graph", "cost", "way"),
    [
        (ONE, CALLS, (1, 0, 10)),
        (PATHS, CALLS, (60, 0, 10)),
        (BAND, CALLS, (12, 2, 6)),
        (CLOSE, CALLS, (1, 5, 9)),
        (ONE, SECONDS, (1, 0, 10)),
        (PATHS, SECONDS, (60, 0, 10)),
        (BAND, SECONDS, (21, 1, 6)),
        (CLOSE, SECONDS, (60, 0, 3)),
        (BAND, THROTTLED, (12, 2, 6)),
    ],
)
def test_choice_follows_the_shape(graph: tuple[Any, Any], cost: Cost, way: tuple[int, int, int]) -> None:
    assert chosen(graph, cost) == way


def test_first_wave_begins_at_start() -> None:
    assert wave(["a"], [], lambda _: (), 3, SECONDS, anywhere) == Wave(["a"], 3)
    assert wave(["a"], [], lambda _: (), 90, CALLS, anywhere) == Wave(["a"], 10)


def test_no_call_goes_further_than_the_walk() -> None:
    calls, back, limit = chosen(CLOSE, CALLS, room=1)
    assert limit == back + 1
    assert calls < 60


def test_unreached_frontier_is_queried_itself() -> None:
    frontier, behind, leads = ["a", "b", "c"], [["u"]], {"u": ["a", "b"]}
    assert sorted(wave(frontier, behind, lambda arn: leads.get(arn, ()), 1, CALLS, anywhere).starts) == ["c", "u"]


def test_hurried_walk_prefers_fewer_calls() -> None:
    star = levels([1600, 40, 1], lambda number, _: (number,))
    assert chosen(star, HURRIED) == (40, 1, 2)
    assert chosen(star, SECONDS) == (1600, 0, 1)


def test_known_reach_limits_the_depth() -> None:
    frontier, leads = list("abc"), {"u": list("abc")}

    def starting(reach: dict[str, int]) -> Wave:
        calls = Cost(call=1, wait=0)
        return wave(frontier, [["u"]], lambda arn: leads.get(arn, ()), 2, calls, lambda arn: reach.get(arn, 10))

    assert starting({}) == Wave(["u"], 3)
    assert starting({"u": 2}) == Wave(["u"], 2)
    assert starting({"u": 1}) == Wave(frontier, 2)


def test_cover_takes_the_largest_first() -> None:
    reached = {"few": 0b0011, "most": 0b0111, "last": 0b1100, "all but one": 0b0110, "none": 0}
    assert covering(0b1111, reached) == (["most", "last"], 0)
    assert covering(0b11111, reached) == (["most", "last"], 0b10000)
    assert covering(0, reached) == ([], 0)
