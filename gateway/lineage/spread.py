"""Chooses the next queries of a walk, their start vertices and depth: the cheapest calls that expand the frontier.

A vertex of the frontier is expanded by a query from itself, or from a vertex further back that leads to it and to
others. The further back, the fewer the calls, but the less of each result is new. The cost of each choice is estimated
from the known part of the graph, assuming that its width keeps growing at the same rate. If queries whose result
exceeds a page are repeated with a smaller depth, a query whose result may exceed it is still tried if it costs very
little.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from heapq import heapify, heappop, heapreplace
from math import ceil
from operator import or_
from typing import Any, NamedTuple, TypeVar

from gateway.aws.kinds import PAGE_VERTICES

K = TypeVar("K", bound=Any)

DEEPEST_QUERY = 10
"""The maximum depth of one QueryLineage, in associations."""

FEW_PAGES = 8
"""The number of pages that are still worth reading if a result was meant to fit on one page."""
PATIENCE = 2
"""How many times cheaper a choice must be if it may turn out to be useless."""


class Cost(NamedTuple):
    """The cost of a call and of a wait, in the unit that the walk minimizes."""

    call: float
    wait: float
    narrows: bool = False
    """Whether a query whose result exceeds a page is repeated with a smaller depth, rather than read page by page."""

    def of(self, calls: int) -> float:
        """Return the cost of this many concurrent calls."""
        return calls * self.call + self.wait


class Wave(NamedTuple):
    """Queries to make concurrently: from these vertices, to a depth of ``limit`` associations."""

    starts: list[str]
    limit: int


Reached = dict[str, int]
"""For each vertex, the vertices of the frontier that it leads to, as a bitmask."""


def wave(  # noqa: PLR0913, PLR0917 - all that a choice depends on
    frontier: Sequence[str],
    behind: Sequence[Collection[str]],
    leads: Callable[[str], Iterable[str]],
    room: int,
    cost: Cost,
    reach: Callable[[str], int],
) -> Wave:
    """Choose the queries that expand all vertices of the frontier, and up to ``room`` associations beyond it.

    ``behind`` lists the vertices one association before the frontier, two, and so on; ``leads`` returns the neighbours
    beyond a vertex, and ``reach`` the maximum depth of a query from it. The best choice has the lowest cost per level
    that it gets beyond the frontier.
    """
    best, least = Wave(list(frontier), min(room, DEEPEST_QUERY)), float("inf")
    bold, risk = best, float("inf")
    ways = list(_ways(frontier, behind, leads))
    widths = [sum(map(int.bit_count, reached.values())) / len(reached) for reached in ways[1:]]
    for back, reached in enumerate(ways):
        chosen, left = covering((1 << len(frontier)) - 1, {arn: reached[arn] for arn in reached if reach(arn) > back})
        starts = chosen + [arn for bit, arn in enumerate(frontier) if left >> bit & 1]  # what nothing leads to
        for limit in range(back + 1, min([back + room, *map(reach, starts)]) + 1):
            likely = pages(widths, limit)
            costs = likely * cost.of(len(starts)) / (limit - back)
            if costs < least and (likely <= FEW_PAGES or limit == 1 or not cost.narrows):
                best, least = Wave(starts, limit), costs
        if cost.narrows and pages(widths[:back], back) == 1 and cost.of(len(starts)) < risk:
            bold, risk = Wave(starts, back + 1), cost.of(len(starts))
    return bold if risk * PATIENCE <= least else best


def _ways(
    frontier: Sequence[str], behind: Sequence[Collection[str]], leads: Callable[[str], Iterable[str]]
) -> Iterable[Reached]:
    """Yield what each vertex leads to: for the vertices of the frontier, those one association before it, and so on."""
    reached = {arn: 1 << bit for bit, arn in enumerate(frontier)}
    yield reached
    for layer in behind:
        unions = ((arn, _union(reached.get(far, 0) for far in leads(arn))) for arn in layer)
        reached = {arn: bits for arn, bits in unions if bits}
        if not reached:
            return
        yield reached


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def covering(whole: int, reached: Mapping[K, int]) -> tuple[list[K], int]:
    """Choose few keys that together cover as much of ``whole`` as possible; return them and the rest, as a bitmask.

    Sets are bitmasks. This is the greedy set cover: the next key is always the one that adds the most.
    """
    chosen, left = [], whole
    heap = [(-bits.bit_count(), key) for key, bits in reached.items()]
    heapify(heap)
    while heap and left:
        most, key = heap[0]
        new = (reached[key] & left).bit_count()
        if new < -most:
            heapreplace(heap, (-new, key))  # keys chosen in the meantime cover some of it
            continue
        heappop(heap)
        if new:
            chosen.append(key)
            left &= ~reached[key]
    return chosen, left


def pages(widths: Sequence[float], limit: int) -> int:
    """Estimate the pages of a query from the known widths of the levels, extrapolating the last growth ratio."""
    found, width, growth = 0.0, 1.0, 1.0
    for distance in range(limit):
        before = width
        width = widths[distance] if distance < len(widths) else width * growth
        growth = width / before
        found += width
    return max(1, ceil(found / PAGE_VERTICES))
