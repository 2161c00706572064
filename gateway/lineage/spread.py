"""Chooses from which vertices a walk asks next, and how far: the cheapest calls that expand all of its frontier.

A vertex of the frontier is expanded by a call from itself, or from a vertex further back that leads to it and to
others; the further back, the fewer the calls, and the less of each answer is new. The cost of each choice is estimated
from what is known of the graph so far, assuming that it goes on widening as it has. Where a call whose answer does not
fit on a page is repeated with a smaller depth, one whose answer may not fit is tried all the same if it costs next to
nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from heapq import heapify, heappop, heapreplace
from math import ceil
from operator import or_
from typing import Any, NamedTuple, TypeVar

from gateway.aws.kinds import MOST_VERTICES

K = TypeVar("K", bound=Any)

DEEPEST_QUERY = 10
"""Associations that one QueryLineage follows."""

FEW_PAGES = 8
"""Pages that are worth waiting for where an answer was meant to fit on one."""
PATIENCE = 2
"""How many times cheaper a choice must be that may turn out to have been in vain."""


class Cost(NamedTuple):
    """What a call and a wait cost, in whichever unit is to be kept low."""

    call: float
    wait: float
    narrows: bool = False
    """Whether a call whose answer exceeds a page is repeated with a smaller depth, rather than read page after page."""

    def of(self, calls: int) -> float:
        """Return what so many calls at once cost."""
        return calls * self.call + self.wait


class Wave(NamedTuple):
    """Calls to be made at once: from these vertices, so many associations far."""

    starts: list[str]
    limit: int


Reached = dict[str, int]
"""Which vertices of the frontier, as a bitmask, each vertex leads to."""


def wave(  # noqa: PLR0913, PLR0917 - all that a choice depends on
    frontier: Sequence[str],
    behind: Sequence[Collection[str]],
    leads: Callable[[str], Iterable[str]],
    room: int,
    cost: Cost,
    reach: Callable[[str], int],
) -> Wave:
    """Choose the calls that expand all vertices of the frontier, and what lies up to ``room`` associations beyond.

    ``behind`` it are the vertices one association before it, two, and so on; ``leads`` tells what is one association
    beyond a vertex, and ``reach`` how far a call from it may go. The best way is the one that costs the least for each
    level that it gets beyond the frontier.
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
    """Yield what each vertex leads to: for those of the frontier, those one association before it, and so on."""
    reached = {arn: 1 << bit for bit, arn in enumerate(frontier)}
    yield reached
    for layer in behind:
        told = ((arn, _union(reached.get(far, 0) for far in leads(arn))) for arn in layer)
        reached = {arn: bits for arn, bits in told if bits}
        if not reached:
            return
        yield reached


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def covering(whole: int, reached: Mapping[K, int]) -> tuple[list[K], int]:
    """Choose few keys that together cover what they can of a set; return them and what is left, sets being bitmasks.

    This is the greedy set cover: the next key is always the one that adds the most.
    """
    chosen, left = [], whole
    heap = [(-bits.bit_count(), key) for key, bits in reached.items()]
    heapify(heap)
    while heap and left:
        most, key = heap[0]
        new = (reached[key] & left).bit_count()
        if new < -most:
            heapreplace(heap, (-new, key))  # others chosen since cover some of it
            continue
        heappop(heap)
        if new:
            chosen.append(key)
            left &= ~reached[key]
    return chosen, left


def pages(widths: Sequence[float], limit: int) -> int:
    """Estimate a call's pages from the known number of vertices at each distance, extrapolating the last ratio."""
    found, width, growth = 0.0, 1.0, 1.0
    for distance in range(limit):
        before = width
        width = widths[distance] if distance < len(widths) else width * growth
        growth = width / before
        found += width
    return max(1, ceil(found / MOST_VERTICES))
