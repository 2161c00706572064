"""From where a walk asks next, and how far: the cheapest of the ways that open all that lies at its edge.

A vertex at the edge is opened by a call from itself, or by one from a vertex further back that leads to it and to
others besides; the further back, the fewer calls, and the less of what each tells is new. Each way is reckoned by what
is known of the graph by now: that it goes on as wide as it has become. Where a call that has more than a page to tell
is made again less far, a way that is reckoned to tell more may be tried all the same, if it costs next to nothing.
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
"""Pages that are worth waiting for where calls are to go no further than a page holds."""
PATIENCE = 2
"""How many times cheaper has to be what may turn out to have been in vain."""


class Cost(NamedTuple):
    """What a call costs and what a wait does, in whatever is to be spared."""

    call: float
    wait: float
    narrows: bool = False
    """Whether calls with more than a page to tell are made again less far, rather than waited for page after page."""

    def of(self, calls: int) -> float:
        """Return what so many calls at once cost."""
        return calls * self.call + self.wait


class Wave(NamedTuple):
    """Calls to be made at once: from these vertices, so many associations far."""

    starts: list[str]
    limit: int


Reached = dict[str, int]
"""Which vertices of the edge, as bits of a number, each vertex leads to."""


def _anywhere(_: str) -> int:
    return DEEPEST_QUERY


def wave(  # noqa: PLR0913, PLR0917 - all that a choice depends on
    edge: Sequence[str],
    behind: Sequence[Collection[str]],
    leads: Callable[[str], Iterable[str]],
    room: int,
    cost: Cost,
    reach: Callable[[str], int] = _anywhere,
) -> Wave:
    """Choose the calls that open all vertices at the edge, and what lies up to ``room`` associations beyond.

    Behind it lie the vertices from which it is one association to the edge, two, and so on; ``leads`` tells what a
    vertex leads to in one, and ``reach`` how far a call from it may go. The best way costs the least for each
    association that it comes further.
    """
    best, least = Wave(list(edge), min(room, DEEPEST_QUERY)), float("inf")
    bold, risk = best, float("inf")
    ways = list(_ways(edge, behind, leads))
    widths = [sum(map(int.bit_count, reached.values())) / len(reached) for reached in ways[1:]]
    for back, reached in enumerate(ways):
        chosen, left = covering((1 << len(edge)) - 1, {arn: reached[arn] for arn in reached if reach(arn) > back})
        starts = chosen + [arn for bit, arn in enumerate(edge) if left >> bit & 1]  # what nothing leads to
        for limit in range(back + 1, min([back + room, *map(reach, starts)]) + 1):
            likely = pages(widths, limit)
            costs = likely * cost.of(len(starts)) / (limit - back)
            if costs < least and (likely <= FEW_PAGES or limit == 1 or not cost.narrows):
                best, least = Wave(starts, limit), costs
        if cost.narrows and pages(widths[:back], back) == 1 and cost.of(len(starts)) < risk:
            bold, risk = Wave(starts, back + 1), cost.of(len(starts))
    return bold if risk * PATIENCE <= least else best


def _ways(
    edge: Sequence[str], behind: Sequence[Collection[str]], leads: Callable[[str], Iterable[str]]
) -> Iterable[Reached]:
    """Give what leads to the edge from itself, from one association away, and so on."""
    reached = {arn: 1 << bit for bit, arn in enumerate(edge)}
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
    """Choose few that together reach all that they can of a set, and tell what they leave; sets are bits of a number.

    The next is always the one that reaches the most that no other does yet.
    """
    chosen, left = [], whole
    heap = [(-bits.bit_count(), key) for key, bits in reached.items()]
    heapify(heap)
    while heap and left:
        most, key = heap[0]
        new = (reached[key] & left).bit_count()
        if new < -most:
            heapreplace(heap, (-new, key))  # others have come first since
            continue
        heappop(heap)
        if new:
            chosen.append(key)
            left &= ~reached[key]
    return chosen, left


def pages(widths: Sequence[float], limit: int) -> int:
    """Reckon the pages of a call from how many vertices there are at each distance, as far as that is known."""
    found, width, growth = 0.0, 1.0, 1.0
    for distance in range(limit):
        before = width
        width = widths[distance] if distance < len(widths) else width * growth
        growth = width / before
        found += width
    return max(1, ceil(found / MOST_VERTICES))
