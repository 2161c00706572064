# ruff: noqa: S608 - only column names from this file are formatted into statements
"""A lazy breadth-first walk of the lineage graph.

Vertices are sorted by depth and then by ARN. Only the next few neighbours are read ahead, so that the cost of a page
depends on its size, even next to a vertex with a hundred thousand neighbours.
"""

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from gateway.local.store import Store

_MIN_BATCH, _MAX_BATCH = 4, 256  # neighbours per query: small at first, because many vertices are read from at once
_WAYS = {
    # For each Direction: the column of the current vertex of an association, and that of its neighbour.
    "Ascendants": [("destination", "source")],
    "Descendants": [("source", "destination")],
    "Both": [("destination", "source"), ("source", "destination")],
}


class Reached(NamedTuple):
    """A vertex, and its depth: the length of the shortest path from the start, in associations."""

    depth: int
    arn: str


class Edge(NamedTuple):
    """An association between two vertices."""

    source: str
    destination: str
    type: str | None


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk from a start, in a Direction of QueryLineage, down to a maximum depth."""

    store: Store
    start: str
    direction: str
    depth: int

    def reached(self) -> Iterator[Reached]:
        """Yield the vertices that the walk reaches, the start first."""
        seen = {self.start}
        level = [self.start]
        yield Reached(0, self.start)
        for depth in range(1, self.depth + 1):
            found = heapq.merge(*(self._neighbours(arn, *way) for arn in level for way in _WAYS[self.direction]))
            level = []
            for arn in found:
                if arn not in seen:
                    seen.add(arn)
                    level.append(arn)
                    yield Reached(depth, arn)

    def _neighbours(self, arn: str, here: str, there: str) -> Iterator[str]:
        sql = f"SELECT {there} FROM association WHERE {here} = ? AND {there} > ? ORDER BY {there} LIMIT ?"
        last, size = "", _MIN_BATCH
        while True:
            found = self.store.rows(sql, (arn, last, size))
            for (last,) in found:
                yield last
            if len(found) < size:
                return
            size = min(size * 4, _MAX_BATCH)

    def on_shortest_paths(self, depths: Mapping[str, int], ends: Collection[str]) -> set[str]:
        """The vertices on shortest paths from the start to ``ends``, both included; ``depths`` has all vertices."""
        kept = set(ends)
        waiting = list(ends)
        while waiting:
            arn = waiting.pop()
            for here, there in _WAYS[self.direction]:
                for before in self._neighbours(arn, there, here):
                    if before not in kept and depths.get(before, self.depth) == depths[arn] - 1:
                        kept.add(before)
                        waiting.append(before)
        return kept

    def edges(self, arn: str, depths: Mapping[str, int]) -> Iterator[Edge]:
        """Yield the associations that the walk follows between this vertex and those in ``depths``, loops included."""
        out = [Edge(arn, other, type_) for other, type_ in self._between(arn, "source", "destination", depths)]
        back = [Edge(other, arn, type_) for other, type_ in self._between(arn, "destination", "source", depths)]
        for edge in out + [edge for edge in back if edge.source != arn]:
            if {edge.source, edge.destination} <= depths.keys() and self._follows(edge, depths):
                yield edge

    def _between(self, arn: str, here: str, there: str, others: Mapping[str, int]) -> list[tuple[str, str | None]]:
        sql = f"SELECT {there}, type FROM association WHERE {here} = ?"
        found = self.store.rows(f"{sql} LIMIT ?", (arn, len(others) + _MAX_BATCH))
        if len(found) < len(others) + _MAX_BATCH:
            return found
        # The vertex has many more neighbours than there are others, so query for the others only.
        return self.store.rows(
            f"{sql} AND {there} IN (SELECT value FROM json_each(?))", (arn, orjson.dumps([*others]).decode())
        )

    def _follows(self, edge: Edge, depths: Mapping[str, int]) -> bool:
        return any(depths[getattr(edge, here)] < self.depth for here, _ in _WAYS[self.direction])


class Progress:
    """The state of a paginated walk: the vertices that were returned so far, and the remaining ones."""

    def __init__(self, walk: Walk, vertices: Iterator[Reached]) -> None:
        """Start before the first of ``vertices``, which are those of the walk that match its filters."""
        self.walk = walk
        self.returned: dict[str, int] = {}
        """The depths of the returned vertices, by ARN."""
        self._remaining = vertices
        self.next = next(vertices, None)
        """The next vertex to return, None at the end."""

    def steps(self, limit: int) -> Iterator[Reached]:
        """Yield up to ``limit`` more vertices, and add each to ``returned``."""
        for _ in range(limit):
            if self.next is None:
                return
            current = self.next
            self.returned[current.arn] = current.depth
            self.next = next(self._remaining, None)
            yield current

    def skip(self, last: Reached) -> None:
        """Skip all vertices up to and including ``last``."""
        while self.next is not None and self.next <= last:
            next(self.steps(1))
