"""Walks over arbitrary graphs and limits, compared with a simple reference implementation."""

from collections import defaultdict, deque
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import walk_query
from conftest import Ask
from graphs import Line, artifact, artifact_arn, association
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from walk_query import depths, ends, walked

from gateway.local.server import LocalServer

walk_operation = walk_query.walk_operation

VERTICES = 14
GRAPHS = st.lists(
    st.tuples(st.integers(0, VERTICES - 1), st.integers(0, VERTICES - 1)), min_size=1, max_size=40, unique=True
)
TYPES = ["DataSet", "Model", "Image"]


def nearest(edges: list[tuple[int, int]], starts: list[int], direction: str) -> dict[int, int]:
    """Return each reachable vertex's distance from the nearest start: the reference implementation."""
    after: dict[int, set[int]] = defaultdict(set)
    for source, destination in edges:
        if direction != "UPSTREAM":
            after[source].add(destination)
        if direction != "DOWNSTREAM":
            after[destination].add(source)
    found = dict.fromkeys(starts, 0)
    waiting = deque(starts)
    while waiting:
        here = waiting.popleft()
        for number in after[here] - found.keys():
            found[number] = found[here] + 1
            waiting.append(number)
    return found


def graph_lines(edges: list[tuple[int, int]], vertices: int = VERTICES) -> list[Line]:
    lines = [artifact(number, TYPES[number % 3]) for number in range(vertices)]
    return lines + [association(artifact_arn(source), artifact_arn(destination)) for source, destination in edges]


SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.mark.usefixtures("walk_operation")
@SETTINGS
@given(
    edges=GRAPHS,
    starts=st.lists(st.integers(0, VERTICES - 1), min_size=1, max_size=3, unique=True),
    direction=st.sampled_from(["UPSTREAM", "DOWNSTREAM", "BOTH"]),
    depth=st.integers(0, 12),
    most=st.integers(1, VERTICES + 1),
)
async def test_any_walk_is_correct(
    ask: Ask,
    load: Callable[..., None],
    service: LocalServer,
    edges: list[tuple[int, int]],
    starts: list[int],
    direction: str,
    depth: int,
    most: int,
) -> None:
    service.clear()
    load(*graph_lines(edges))
    graph = await walked(
        ask, *map(artifact_arn, starts), direction=direction, maxDepth=depth, maxVertices=max(most, len(starts))
    )
    assert_correct(graph, edges, starts, direction, depth, max(most, len(starts)))


def assert_correct(
    graph: Any, edges: list[tuple[int, int]], starts: list[int], direction: str, depth: int, most: int
) -> None:
    """Compare a walk with the reference implementation."""
    every = nearest(edges, starts, direction)
    within = sorted((far, artifact_arn(number)) for number, far in every.items() if far <= depth)
    kept = [key for _, key in within[:most]]
    assert list(depths(graph)) == kept
    assert [vertex["depth"] for vertex in graph["vertices"]] == [far for far, _ in within[: len(kept)]]
    between = {(artifact_arn(a), artifact_arn(b)) for a, b in edges} & {(a, b) for a in kept for b in kept}
    if graph["coverage"]["complete"]:
        assert len(kept) == len(every)
        assert ends(graph) == between
    assert ends(graph) <= between
    if len(kept) < len(every):
        assert not graph["coverage"]["complete"]
        beyond = nearest(edges, [int(key.rpartition("/")[2], 16) for key in graph["coverage"]["frontier"]], direction)
        assert beyond.keys() | {int(key.rpartition("/")[2], 16) for key in kept} >= every.keys()


def layers(widths: list[int], fan: int, stride: int) -> list[tuple[int, int]]:
    """Return edges between layers of these widths; each vertex has `fan` edges from the layer above.

    Vertices are numbered consecutively across layers.
    """
    edges, first = set(), 0
    for above, below in pairwise(widths):
        for number in range(below):
            edges |= {(first + (number + step * stride) % above, first + above + number) for step in range(fan)}
        first += above
    return sorted(edges)


@settings(SETTINGS, max_examples=30)
@given(
    widths=st.lists(st.sampled_from([1, 2, 5, 20, 60, 130]), min_size=2, max_size=14).filter(lambda w: sum(w) < 500),
    fan=st.integers(1, 3),
    stride=st.integers(1, 9),
    starts=st.lists(st.integers(0, 1), min_size=1, max_size=2, unique=True),
    direction=st.sampled_from(["DOWNSTREAM", "DOWNSTREAM", "UPSTREAM", "BOTH"]),
    depth=st.sampled_from([1, 2, 3, 4, 11, 30]),
    most=st.sampled_from([1000, 1000, 1000, 120]),
)
async def test_any_large_parallel_walk_is_correct(
    ask: Ask,
    load: Callable[..., None],
    service: LocalServer,
    widths: list[int],
    fan: int,
    stride: int,
    starts: list[int],
    direction: str,
    depth: int,
    most: int,
) -> None:
    service.clear()
    edges = layers(widths, fan, stride)
    load(*graph_lines(edges, sum(widths)))
    begun = [sum(widths) - 1 - number for number in starts] if direction == "UPSTREAM" else starts
    bounds = {"direction": direction, "maxDepth": depth, "maxVertices": most}
    graph = await walked(ask, *map(artifact_arn, begun), prefer="LESS_WAITING", **bounds)
    assert_correct(graph, edges, begun, direction, depth, most)


def reach(vertices: list[str], edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the pairs of vertices (source, destination) that a path connects."""
    reached = set(edges)
    while True:
        more = {(a, d) for a, b in reached for c, d in edges if b == c} | reached
        if more == reached:
            return {(a, b) for a, b in reached if a in vertices and b in vertices and a != b}
        reached = more


@SETTINGS
@given(edges=GRAPHS, start=st.integers(0, VERTICES - 1), types=st.sets(st.sampled_from(TYPES)))
async def test_no_filter_changes_reachability(
    ask: Ask,
    load: Callable[..., None],
    service: LocalServer,
    edges: list[tuple[int, int]],
    start: int,
    types: set[str],
) -> None:
    service.clear()
    load(*graph_lines(edges))
    whole = await walked(ask, artifact_arn(start), direction="BOTH", maxDepth=50)
    part = await walked(
        ask, artifact_arn(start), direction="BOTH", maxDepth=50, filter={"types": sorted(types) or ["None"]}
    )
    shown = list(depths(part))
    assert reach(shown, ends(part)) == reach(shown, ends(whole))
    assert {pair for pair in ends(whole) if set(pair) <= set(shown)} <= ends(part)
