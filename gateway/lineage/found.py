"""The part of the graph that a walk has found: vertices with their depths, and the associations between them."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum

from gateway.lineage.mirrors import Mirrors
from gateway.records import Edge


class Direction(Enum):
    """The direction of a walk; the values are those of QueryLineage."""

    UPSTREAM = "Ascendants"
    DOWNSTREAM = "Descendants"
    BOTH = "Both"


@dataclass(eq=False)
class Found:
    """The part of the graph within ``max_depth`` associations of ``starts`` in one direction, as far as found."""

    starts: list[str]
    direction: Direction
    max_depth: int
    mirrors: Mirrors = field(default_factory=Mirrors)
    """Maps ARNs to vertices: several ARNs may be mirrors of one artifact."""
    depths: dict[str, int] = field(default_factory=dict)
    """The distance of each vertex from the nearest start."""
    reached: list[str] = field(default_factory=list)
    """The vertices in the order in which they were reached; a vertex whose depth may have changed occurs again."""
    missing: set[str] = field(default_factory=set)
    """The starts that do not exist."""
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    """The associations found, by source and destination."""
    _next: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The neighbours of each vertex in the walk's direction."""

    def __post_init__(self) -> None:
        """Add the starts, at depth 0."""
        self.starts = list(dict.fromkeys(map(self.mirrors.one, self.starts)))
        self.depths.update(dict.fromkeys(self.starts, 0))
        self.reached.extend(self.starts)

    def in_order(self, vertices: Iterable[str]) -> list[str]:
        """Sort vertices by depth, then by ARN."""
        return sorted(vertices, key=lambda arn: (self.depths[arn], arn))

    def beyond(self, vertex: str) -> AbstractSet[str]:
        """Return the neighbours of a vertex in the walk's direction."""
        return self._next.get(vertex, frozenset())

    def within(self, vertex: str, limit: int) -> set[str]:
        """Return the vertices less than ``limit`` associations beyond a vertex, including itself."""
        return _within(vertex, limit, self._next)

    def widths(self, vertex: str, among: AbstractSet[str]) -> list[int]:
        """Return the number of vertices at distance 1, 2, ... beyond a vertex, in the subgraph of ``among``."""
        found, level = {vertex}, {vertex}
        widths = []
        while level := (_beyond_all(level, self._next) & among) - found:
            found |= level
            widths.append(len(level))
        return widths

    def join(self, edge: Edge) -> None:
        """Add an association, and the vertices that become reachable by it."""
        if (edge.source, edge.destination) in self.edges:
            return  # pages overlap
        source, destination = self.mirrors.one(edge.source), self.mirrors.one(edge.destination)
        if source == destination and edge.source != edge.destination:
            return  # the association between two mirrors of one artifact
        self.edges.setdefault((source, destination), Edge(source, destination, edge.type))
        if self.direction is not Direction.UPSTREAM:
            self._link(source, destination)
        if self.direction is not Direction.DOWNSTREAM:
            self._link(destination, source)

    def leave_out(self, start: str) -> None:
        """Remove a start that does not exist, and recompute all depths from the others."""
        self.starts.remove(start)
        self.missing.add(start)
        self.depths.clear()
        self.depths.update(dict.fromkeys(self.starts, 0))
        for near in self.starts:
            self._reach(near, self.beyond(near))

    def _link(self, near: str, far: str) -> None:
        self._next[near].add(far)
        self._reach(near, [far])

    def _reach(self, near: str, beyond: Iterable[str]) -> None:
        """Update the depths of the vertices ``beyond`` the vertex ``near``, and transitively of all beyond them."""
        waiting = deque((near, far) for far in beyond)
        while waiting:
            here, there = waiting.popleft()
            depth = self.depths.get(here, self.max_depth) + 1
            if depth <= self.max_depth and depth < self.depths.get(there, depth + 1):
                self.depths[there] = depth
                self.reached.append(there)
                waiting.extend((there, far) for far in self.beyond(there))


def led_to(start: str, edges: Iterable[Edge], direction: Direction, limit: int) -> set[str]:
    """Return the ARNs less than ``limit`` of these associations beyond an ARN and itself, without merging mirrors."""
    beyond: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if direction is not Direction.UPSTREAM:
            beyond[edge.source].add(edge.destination)
        if direction is not Direction.DOWNSTREAM:
            beyond[edge.destination].add(edge.source)
    return _within(start, limit, beyond)


def _within(start: str, limit: int, beyond: Mapping[str, AbstractSet[str]]) -> set[str]:
    found, level = {start}, {start}
    for _ in range(limit - 1):
        level = _beyond_all(level, beyond) - found
        found |= level
    return found


def _beyond_all(vertices: Iterable[str], beyond: Mapping[str, AbstractSet[str]]) -> set[str]:
    return set[str]().union(*(beyond.get(vertex, ()) for vertex in vertices))
