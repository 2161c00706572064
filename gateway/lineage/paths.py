"""Finds the simple paths from one vertex to another in the direction of the associations, shortest first.

The search is bidirectional: one walk goes downstream from the start and another upstream from the end, each for half of
the maximum length. Paths are found where the two meet, and little of the graph that leads elsewhere is read.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from gateway.lineage.coverage import Coverage, Reason, ordered
from gateway.lineage.found import Direction, Found
from gateway.lineage.mirrors import Mirrors
from gateway.lineage.walk import Walk
from gateway.loaders import Loaders
from gateway.records import Edge

MOST_STEPS = 200_000
"""The maximum number of edges that the search for paths tries before it gives up."""
_MOST_WALKED = 10_000
"""The maximum number of vertices of each of the two walks."""


class Paths(NamedTuple):
    """Paths as lists of ARNs, the associations found, and whether there may be more paths."""

    found: list[list[str]]
    edges: Mapping[tuple[str, str], Edge]
    coverage: Coverage


async def paths(loaders: Loaders, start: str, end: str, max_depth: int, first: int) -> Paths:
    """Find up to ``first`` paths of at most ``max_depth`` associations, the shortest ones."""
    half = max(1, (max_depth + 1) // 2)  # at least 1, since a call must show whether the start exists
    mirrors = Mirrors()
    start, end = mirrors.one(start), mirrors.one(end)
    down = Walk(loaders, Found([start], Direction.DOWNSTREAM, half, mirrors), _MOST_WALKED)
    up = Walk(loaders, Found([end], Direction.UPSTREAM, max_depth // 2, mirrors), _MOST_WALKED)
    walks = [down, up]
    while walks:
        await asyncio.gather(*(walk.run() for walk in walks))
        walks = [walk for walk in (down, up) if walk.goes_on]  # from mirrors that only the other walk has met
    # In a thread, as it may take a second, which would block the event loop.
    return await asyncio.to_thread(_searched, down, up, start, end, max_depth, first)


def _searched(down: Walk, up: Walk, start: str, end: str, max_depth: int, first: int) -> Paths:  # noqa: PLR0913, PLR0917
    """Search for paths in the union of what the two walks have found."""
    edges = {**down.found.edges, **up.found.edges}
    if start == end:  # any longer path would visit the vertex twice
        return Paths([[start]] if down.found.starts else [], edges, _coverage(down, up, None))
    search = _Search(edges, start, end)
    found = list(islice(search.shortest_first(max_depth), first + 1))
    if len(found) > first or search.gave_up:
        return Paths(found[:first], edges, _coverage(down, up, Reason.MAX_VERTICES))
    # A walk that its depth did not limit has found all edges of all paths, including paths that are too long.
    ended = any(Reason.MAX_DEPTH not in walked.coverage().reasons for walked in (down, up))
    longer = Reason.MAX_DEPTH if not ended or search.may_go_on(max_depth) else None
    return Paths(found, edges, _coverage(down, up, longer))


def _coverage(down: Walk, up: Walk, more: Reason | None) -> Coverage:
    """Combine the coverage of the walks, with ``more`` in place of MAX_DEPTH, as both stop halfway in any case."""
    coverages = [down.coverage(), up.coverage()]
    reasons = {reason for coverage in coverages for reason in coverage.reasons} - {Reason.MAX_DEPTH}
    reasons |= {more} if more else set()
    frontier = list(dict.fromkeys(arn for coverage in coverages for arn in coverage.frontier)) if reasons else []
    return Coverage(ordered(reasons), frontier, min(coverage.as_of for coverage in coverages))


class _Search:
    """A search for paths in a loaded graph, pruned by the distance of each vertex from the end."""

    def __init__(self, edges: Mapping[tuple[str, str], Edge], start: str, end: str) -> None:
        self._start, self._end = start, end
        before: dict[str, list[str]] = defaultdict(list)
        for source, destination in edges:
            before[destination].append(source)
        self._left = _distances(end, before)
        self._after: dict[str, list[str]] = defaultdict(list)
        for source, destination in sorted(edges):
            if destination in self._left:
                self._after[source].append(destination)
        self._steps = 0
        self.gave_up = False

    def shortest_first(self, longest: int) -> Iterator[list[str]]:
        """Yield every path of up to ``longest`` associations, shortest first; equally long ones are ordered by ARNs."""
        shortest = self._left.get(self._start)
        for length in range(shortest, longest + 1) if shortest else ():
            yield from self._of_length(length)
            if self.gave_up:
                return

    def _of_length(self, length: int) -> Iterator[list[str]]:
        path, on_path = [self._start], {self._start}
        choices = [iter(self._after[self._start])]
        while choices:
            nearer = next(choices[-1], None)
            if nearer is None:
                choices.pop()
                on_path.discard(path.pop())
                continue
            self._steps += 1
            if self._steps > MOST_STEPS:
                self.gave_up = True
                return
            left = length - len(path)
            if nearer == self._end:
                if left == 0:
                    yield [*path, nearer]
            elif nearer not in on_path and self._left[nearer] <= left:
                path.append(nearer)
                on_path.add(nearer)
                choices.append(iter(self._after[nearer]))

    def may_go_on(self, longest: int) -> bool:
        """Whether there may be a path longer than ``longest``: exact if the graph has no cycles."""
        depth = {self._start: 0}
        waiting = deque([self._start])
        while waiting:
            here = waiting.popleft()
            for arn in self._after[here]:
                if depth[here] + 1 > depth.get(arn, -1):
                    depth[arn] = depth[here] + 1
                    if depth[arn] > longest or depth[arn] > len(self._left):
                        return True
                    waiting.append(arn)
        return False


def _distances(start: str, neighbours: Mapping[str, list[str]]) -> dict[str, int]:
    distances = {start: 0}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for arn in neighbours.get(here, ()):
            if arn not in distances:
                distances[arn] = distances[here] + 1
                waiting.append(arn)
    return distances
