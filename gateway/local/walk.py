# ruff: noqa: S608 - nothing but column names of this file is put into statements
"""A lazy breadth-first walk of the graph of associations.

Vertices come nearest first and, at one depth, by their ARNs. Nothing but the next few neighbours is read ahead, so that
a page of a walk costs what it returns even beside a vertex of a hundred thousand neighbours.
"""

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from gateway.local.store import Store

_FIRST, _MOST = 4, 256  # neighbours read at once: few of many vertices, then more and more of one
_WAYS = {
    # Which end of an association the walk stands on, and which it goes to.
    "Ascendants": [("destination", "source")],
    "Descendants": [("source", "destination")],
    "Both": [("destination", "source"), ("source", "destination")],
}


class Reached(NamedTuple):
    """A vertex, and how many associations lie between it and the start at the least."""

    depth: int
    arn: str


class Edge(NamedTuple):
    """An association between two vertices."""

    source: str
    destination: str
    type: str | None


@dataclass(frozen=True, slots=True)
class Walk:
    """From where, along which way of the arrows (a Direction of QueryLineage), and how deep."""

    store: Store
    start: str
    direction: str
    depth: int

    def reached(self) -> Iterator[Reached]:
        """The vertices that the walk reaches, the start first."""
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
        last, size = "", _FIRST
        while True:
            found = self.store.rows(sql, (arn, last, size))
            for (last,) in found:
                yield last
            if len(found) < size:
                return
            size = min(size * 4, _MOST)

    def on_the_way(self, depths: Mapping[str, int], ends: Collection[str]) -> set[str]:
        """The vertices on the shortest ways to these, ends included, by the depths of all that the walk reaches."""
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
        """The associations that the walk follows between this vertex and those of ``depths``, itself included."""
        out = [Edge(arn, other, type_) for other, type_ in self._between(arn, "source", "destination", depths)]
        back = [Edge(other, arn, type_) for other, type_ in self._between(arn, "destination", "source", depths)]
        for edge in out + [edge for edge in back if edge.source != arn]:
            if {edge.source, edge.destination} <= depths.keys() and self._follows(edge, depths):
                yield edge

    def _between(self, arn: str, here: str, there: str, others: Mapping[str, int]) -> list[tuple[str, str | None]]:
        sql = f"SELECT {there}, type FROM association WHERE {here} = ?"
        found = self.store.rows(f"{sql} LIMIT ?", (arn, len(others) + _MOST))
        if len(found) < len(others) + _MOST:
            return found
        # It has more neighbours than there are vertices to look for, so look for those.
        return self.store.rows(
            f"{sql} AND {there} IN (SELECT value FROM json_each(?))", (arn, orjson.dumps([*others]).decode())
        )

    def _follows(self, edge: Edge, depths: Mapping[str, int]) -> bool:
        return any(depths[getattr(edge, here)] < self.depth for here, _ in _WAYS[self.direction])


class Progress:
    """How far a client has been shown what a walk reaches."""

    def __init__(self, walk: Walk, coming: Iterator[Reached]) -> None:
        """Begin before the first of what is to be shown."""
        self.walk = walk
        self.passed: dict[str, int] = {}
        """The depths of what was shown."""
        self._coming = coming
        self.ahead = next(coming, None)
        """What is shown next, None at the end."""

    def steps(self, most: int) -> Iterator[Reached]:
        """Show the next vertices, at most so many; each counts as passed when it comes out."""
        for _ in range(most):
            if self.ahead is None:
                return
            here = self.ahead
            self.passed[here.arn] = here.depth
            self.ahead = next(self._coming, None)
            yield here

    def skip(self, last: Reached) -> None:
        """Skip everything up to and including this vertex."""
        while self.ahead is not None and self.ahead <= last:
            next(self.steps(1))
