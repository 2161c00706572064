"""A walk's result as it is shown: the edges between shown vertices, also across vertices that a filter hides."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import NamedTuple

from gateway.errors import BudgetExceeded
from gateway.records import Edge

MOST_EDGES = 200_000
"""Edges that a graph may have: hiding a vertex with thousands of neighbours on both sides joins each with each."""
MOST_STEPS = 5_000_000
"""Associations followed across hidden vertices, from all shown ones together: a few seconds' work."""


class ShownEdge(NamedTuple):
    """An association, or a path between two shown vertices across hidden ones."""

    source: str
    destination: str
    type: str | None
    hidden_hops: int
    """The least number of hidden vertices between the two; 0 is a real association."""


async def joined(
    edges: Mapping[tuple[str, str], Edge], found: AbstractSet[str], shown: AbstractSet[str]
) -> list[ShownEdge]:
    """Return the edges between shown vertices that preserve which of them reach each other along the arrows.

    An association between two shown vertices stays. Two that are joined only across hidden vertices get one edge.
    Raises BudgetExceeded when there would be more than ``MOST_EDGES``, or looking for them takes too long.
    """
    real = [edge for edge in edges.values() if edge.source in shown and edge.destination in shown]
    result = [ShownEdge(*edge, hidden_hops=0) for edge in real]
    if shown != found:
        # It may take seconds, which would block the event loop.
        result += await asyncio.to_thread(_over_hidden, edges, found - shown, shown, MOST_EDGES - len(result))
    return result


def _over_hidden(
    edges: Mapping[tuple[str, str], Edge], hidden: AbstractSet[str], shown: AbstractSet[str], most: int
) -> list[ShownEdge]:
    """Return the edges between shown vertices that are joined only across hidden ones."""
    before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for edge in edges.values():
        before[edge.destination].append(edge.source)
    leading = _leading(before, hidden, shown)
    for edge in edges.values():
        if edge.destination in shown or edge.destination in leading:
            after[edge.source].append(edge.destination)
    result: list[ShownEdge] = []
    steps = MOST_STEPS
    for source in shown & after.keys():
        reached, taken = _reached(source, after, shown)
        new = ((destination, hops) for destination, hops in reached.items() if (source, destination) not in edges)
        result += [ShownEdge(source, destination, None, hops) for destination, hops in new]
        steps -= taken
        if len(result) > most:
            raise BudgetExceeded(f"More than {MOST_EDGES:,} edges lead through hidden vertices; hide fewer.")
        if steps < 0:
            raise BudgetExceeded("Too many associations lead through hidden vertices; hide fewer.")
    return result


def _leading(before: Mapping[str, list[str]], hidden: AbstractSet[str], shown: AbstractSet[str]) -> set[str]:
    """Return the hidden vertices from which a shown one can be reached; these are usually few."""
    leading: set[str] = set()
    level = set(shown)
    while level:
        level = {arn for near in level for arn in before.get(near, ()) if arn in hidden} - leading
        leading |= level
    return leading


def _reached(source: str, after: Mapping[str, list[str]], shown: AbstractSet[str]) -> tuple[dict[str, int], int]:
    """Return the shown vertices that ``source`` reaches across hidden ones only, each with the fewest hidden between.

    The second value is how many associations were followed.
    """
    reached: dict[str, int] = {}
    level = {arn for arn in after[source] if arn not in shown}
    seen = set(level)
    hidden = steps = 0
    while level:
        hidden += 1
        ways = [after.get(near, ()) for near in level]
        steps += sum(map(len, ways))
        beyond = set().union(*ways)
        for arn in (beyond & shown) - {source}:
            reached.setdefault(arn, hidden)
        level = beyond - shown - seen
        seen |= level
    return reached, steps


class Between:
    """The associations between shown vertices while a walk goes on, each returned once, when both ends are shown."""

    def __init__(self) -> None:
        """Begin with no vertices shown."""
        self.shown: set[str] = set()
        self.edges: set[tuple[str, str]] = set()
        """Those that have been returned, by their ends."""
        self._seen = 0
        self._waiting: dict[str, list[Edge]] = defaultdict(list)

    def new(self, edges: dict[tuple[str, str], Edge], shown: Iterable[str]) -> list[ShownEdge]:
        """Show further vertices and return the associations that this completes; ``edges`` may only have grown."""
        self.shown.update(shown)
        unseen = [edge for arn in shown for edge in self._waiting.pop(arn, ())]
        unseen += islice(reversed(edges.values()), len(edges) - self._seen)
        self._seen = len(edges)
        return [ShownEdge(*edge, hidden_hops=0) for edge in unseen if self._joins(edge)]

    def _joins(self, edge: Edge) -> bool:
        """Whether both ends of an association are shown; if not, it waits for one that isn't."""
        missing = next((arn for arn in (edge.source, edge.destination) if arn not in self.shown), None)
        if missing is None:
            self.edges.add((edge.source, edge.destination))
        else:
            self._waiting[missing].append(edge)
        return missing is None
