"""Paths between two vertices, shortest first, and whether there may be more."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from conftest import Ask
from graphs import Line, arn, artifact, artifact_arn, association, component_arn, diamond
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.local.server import LocalServer

PATHS = """query($from: Arn!, $to: Arn!, $maxDepth: Int! = 10, $first: Int! = 10) {
  paths(from: $from, to: $to, maxDepth: $maxDepth, first: $first) {
    paths { length entities { arn } edges { source { arn } destination { arn } associationType hiddenHops } }
    coverage { complete reasons frontier }
  }
}"""


async def found(ask: Ask, start: str, end: str, **variables: Any) -> tuple[list[list[str]], Any]:
    data = (await ask(PATHS, **{"from": start, "to": end, **variables}))["paths"]
    for path in data["paths"]:
        ends = [(edge["source"]["arn"], edge["destination"]["arn"]) for edge in path["edges"]]
        arns = [entity["arn"] for entity in path["entities"]]
        assert ends == list(pairwise(arns))
        assert path["length"] == len(ends)
    return [[entity["arn"] for entity in path["entities"]] for path in data["paths"]], data["coverage"]


async def test_both_sides_of_the_diamond(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    paths, coverage = await found(ask, artifact_arn(0), arn("context", "endpoint"))
    assert paths == [
        [artifact_arn(0), component_arn("left"), artifact_arn(1), arn("context", "endpoint")],
        [artifact_arn(0), component_arn("right"), artifact_arn(2), arn("context", "endpoint")],
    ]
    assert coverage == {"complete": True, "reasons": [], "frontier": []}
    assert calls == {"QueryLineage": 2}


async def test_no_path_leads_upstream(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    paths, coverage = await found(ask, arn("context", "endpoint"), artifact_arn(0))
    assert (paths, coverage["complete"]) == ([], True)


async def test_excess_paths_are_in_coverage(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    paths, coverage = await found(ask, artifact_arn(0), arn("context", "endpoint"), first=1)
    assert len(paths) == 1
    assert coverage["reasons"] == ["MAX_VERTICES"]


@pytest.mark.parametrize(
    ("depth", "lengths", "reasons"), [(1, [1], ["MAX_DEPTH"]), (2, [1, 2], ["MAX_DEPTH"]), (10, [1, 2, 3], [])]
)
async def test_longer_paths_come_later(
    ask: Ask, load: Callable[..., None], depth: int, lengths: list[int], reasons: list[str]
) -> None:
    ends = [(0, 3), (0, 1), (1, 3), (1, 2), (2, 3)]
    load(*map(artifact, range(4)), *(association(artifact_arn(a), artifact_arn(b)) for a, b in ends))
    paths, coverage = await found(ask, artifact_arn(0), artifact_arn(3), maxDepth=depth)
    assert [len(path) - 1 for path in paths] == lengths
    assert coverage["reasons"] == reasons


@pytest.mark.parametrize("depth", [0, 1, 10])
async def test_path_to_itself_is_empty(ask: Ask, load: Callable[..., None], depth: int) -> None:
    load(*map(artifact, range(4)), *(association(artifact_arn(n), artifact_arn(n + 1)) for n in range(3)))
    complete = {"complete": True, "reasons": [], "frontier": []}
    assert await found(ask, artifact_arn(1), artifact_arn(1), maxDepth=depth) == ([[artifact_arn(1)]], complete)


@pytest.mark.parametrize("depth", [0, 10])
async def test_missing_vertex_has_no_path_to_itself(ask: Ask, load: Callable[..., None], depth: int) -> None:
    load(artifact(0))
    paths, coverage = await found(ask, artifact_arn(1), artifact_arn(1), maxDepth=depth)
    assert (paths, coverage["reasons"]) == ([], ["DANGLING"])


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"from": "nonsense"}, "from"),
        ({"to": arn("training-job", "x")}, "to"),
        ({"maxDepth": 101}, "maxDepth"),
        ({"maxDepth": -1}, "maxDepth"),
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
    ],
)
async def test_paths_refuse_bad_arguments(refused: Ask, variables: dict[str, Any], argument: str) -> None:
    error = await refused(PATHS, "BAD_USER_INPUT", **{"from": artifact_arn(0), "to": artifact_arn(1), **variables})
    assert error["extensions"]["argument"] == argument


VERTICES = 8


def every(edges: set[tuple[int, int]], here: int, end: int, passed: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Return all paths without a cycle: a simple reference implementation."""
    passed = (*passed, here)
    if here == end:
        yield passed
        return
    for source, destination in edges:
        if source == here and destination not in passed:
            yield from every(edges, destination, end, passed)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    edges=st.sets(st.tuples(st.integers(0, VERTICES - 1), st.integers(0, VERTICES - 1)), max_size=20),
    depth=st.integers(0, 9),
    first=st.integers(1, 30),
)
async def test_any_paths_are_correct(
    ask: Ask,
    load: Callable[..., None],
    service: LocalServer,
    edges: set[tuple[int, int]],
    depth: int,
    first: int,
) -> None:
    service.clear()
    lines: list[Line] = [artifact(number) for number in range(VERTICES)]
    load(*lines, *(association(artifact_arn(a), artifact_arn(b)) for a, b in edges))
    paths, coverage = await found(ask, artifact_arn(0), artifact_arn(1), maxDepth=depth, first=first)
    all_of_them = sorted(every(edges, 0, 1), key=lambda path: (len(path), path))
    right = [path for path in all_of_them if len(path) - 1 <= depth]
    assert paths == [[artifact_arn(number) for number in path] for path in right[:first]]
    if coverage["complete"]:
        assert len(paths) == len(all_of_them)
