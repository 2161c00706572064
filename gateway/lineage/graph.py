"""The edges between the shown vertices of a walk's result, including edges across vertices that a filter hides."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import NamedTuple

from gateway.errors import BudgetExceeded
from gateway.records import Edge

MOST_EDGES = 200_000
"""The maximum number of edges: hiding a vertex with thousands of neighbours on both sides connects each pair."""
MOST_STEPS = 5_000_000
"""The maximum number of associations followed across hidden vertices, over all shown ones: a few seconds' work."""


class ShownEdge(NamedTuple):
    """An association, or a path between two shown vertices across hidden ones."""

    source: str
    destination: str
    type: str | None
    hidden_hops: int
    """The least number of hidden vertices between the two; 0 for a real association."""


async def joined(
    edges: Mapping[tuple[str, str], Edge], found: AbstractSet[str], shown: AbstractSet[str]
) -> list[ShownEdge]:
    """Return edges between the shown vertices that preserve which of them are reachable from each other.

    An association between two shown vertices is one edge. Two vertices connected only across hidden ones also get one.
    Raises BudgetExceeded on more than ``MOST_EDGES`` edges, or more than ``MOST_STEPS`` associations to follow.
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
    """Return the edges between shown vertices that are connected only across hidden ones."""
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
    """Return the hidden vertices from which a shown one can be reached; usually these are few."""
    leading: set[str] = set()
    level = set(shown)
    while level:
        level = {arn for near in level for arn in before.get(near, ()) if arn in hidden} - leading
        leading |= level
    return leading


def _reached(source: str, after: Mapping[str, list[str]], shown: AbstractSet[str]) -> tuple[dict[str, int], int]:
    """Return the shown vertices that ``source`` reaches across only hidden ones, with the least number of hidden ones.

    The second value is the number of associations followed.
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
    """The associations between shown vertices during a walk, each returned once, as soon as both ends are shown."""

    def __init__(self) -> None:
        """Start without shown vertices."""
        self.shown: set[str] = set()
        self.edges: set[tuple[str, str]] = set()
        """The returned associations, by source and destination."""
        self._seen = 0
        """The number of the walk's associations that have been looked at."""
        self._waiting: dict[str, list[Edge]] = defaultdict(list)
        """The associations with an end that is not shown, by that end."""

    def new(self, edges: dict[tuple[str, str], Edge], shown: Iterable[str]) -> list[ShownEdge]:
        """Show more vertices and return the associations that now have both ends shown.

        ``edges`` are all associations of the walk so far, in the order in which they were found.
        """
        self.shown.update(shown)
        unseen = [edge for arn in shown for edge in self._waiting.pop(arn, ())]
        unseen += islice(reversed(edges.values()), len(edges) - self._seen)
        self._seen = len(edges)
        return [ShownEdge(*edge, hidden_hops=0) for edge in unseen if self._joins(edge)]

    def _joins(self, edge: Edge) -> bool:
        """Whether both ends of an association are shown; if not, keeps it waiting for one that is not."""
        missing = next((arn for arn in (edge.source, edge.destination) if arn not in self.shown), None)
        if missing is None:
            self.edges.add((edge.source, edge.destination))
        else:
            self._waiting[missing].append(edge)
        return missing is None
