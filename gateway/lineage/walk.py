"""Walks: find the part of the graph that is reachable from some start vertices, and report what is missing from it.

A walk is a breadth-first search over remote calls. For each vertex it tracks the distance from the nearest start (its
*depth*), whether it is *expanded* (all its associations in the walk's direction are loaded), and whether it is
*dangling* (an association refers to it, but it does not exist). The unexpanded vertices of the least depth are the
*frontier*. The walk expands one frontier after another until all vertices nearer than the maximum depth are expanded.
One QueryLineage expands everything within ten associations of a vertex, at 50 vertices per page. In regions without
QueryLineage, each ListAssociations expands one vertex. Both expand only vertices in the place (account and region) of
the call; vertices of another account that the gateway can access are expanded by calls in that account.

The pages of one QueryLineage form a *chain*: they can only be loaded one after another, which needs the fewest calls
but the most waiting. A walk that prefers less waiting instead queries many vertices concurrently, each only to a depth
at which the result fits on one page. One round of such calls expands several levels, so the duration of the walk
depends on the depth of the graph rather than on its size. ``spread`` chooses the calls. A query whose result does not
fit on one page is repeated with a smaller depth. In parallel, one chain from each start reads all pages to the maximum
depth (it *looks far*). The walk ends as soon as either of the two has found everything.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from math import ceil

from gateway.aws.kinds import PAGE_VERTICES, TRIAL_COMPONENT, kind_at
from gateway.errors import Forbidden, GatewayError, NotFound, Unsupported
from gateway.lineage.coverage import Coverage, Reason, ordered, reason_of
from gateway.lineage.expansion import Expansion
from gateway.lineage.found import Found
from gateway.lineage.spread import DEEPEST_QUERY, FEW_PAGES, PATIENCE, Cost, pages, wave
from gateway.loaders import Loaders
from gateway.records import Edge, Step

_FIRST_REACH = 3
"""The depth of the first calls of a walk that prefers less waiting, while the width of the graph is unknown."""
_FEW_STARTS = 4
"""The maximum number of starts for which the chains that look far read more than their first page."""
_GUESSED = 3
"""The number of levels beyond the loaded pages whose widths are extrapolated."""
_HOPS = 3
"""Event loop iterations until a call has been sent; the previous page is processed while it is in flight."""
_CALL_SECONDS = 0.001
"""The gateway's own processing time per page."""

_FEWER_CALLS = "fewest calls: pages of 50 vertices, from the fewest vertices that reach the whole frontier"
_LESS_WAITING = "least waiting: many concurrent calls, each to the depth that fits on one page"
_LOOKS_FAR = "least waiting: in parallel, the whole graph page by page, in case that finishes first"
_THROTTLED = "fewest calls: AWS allows {:.0f} calls a second, for which more calls would have to wait"


class Preference(Enum):
    """What a walk minimizes: the number of calls, or the time spent waiting for them."""

    FEWER_CALLS = "FEWER_CALLS"
    LESS_WAITING = "LESS_WAITING"


@dataclass(eq=False)
class _Chain:
    """One QueryLineage from a vertex, to a depth of ``limit`` associations, and what its pages so far returned."""

    start: str
    limit: int
    token: str | None = None
    looks_far: bool = False
    """Whether it runs in parallel with narrower calls, in case it expands the whole graph before they do."""
    vertices: set[str] = field(default_factory=set)
    """The vertices on its pages so far."""
    edges: list[Edge] = field(default_factory=list)
    """The associations on its pages so far."""
    pages: int = 0
    by_hop: bool = False
    """Whether ListAssociations is used instead, whose pages are returned as one."""
    farthest: int = 0
    """The depth in the walk of the farthest vertex on its latest page; vertices on later pages are no nearer."""


class Walk:
    """A walk; it ends when it has found ``max_vertices`` vertices, or all there are."""

    def __init__(
        self, loaders: Loaders, found: Found, max_vertices: int, prefer: Preference = Preference.FEWER_CALLS
    ) -> None:
        """Begin at the starts of ``found``; the walk adds its results to ``found``."""
        self.loaders = loaders
        self.found = found
        self.max_vertices = max_vertices
        self._expansion = Expansion(found, loaders.known.place_or_none)
        self.began = datetime.now(UTC)
        self.hurries = prefer is Preference.LESS_WAITING
        """Whether to make more calls in order to wait less."""
        self._level = 0
        """The depth of the latest frontier: all vertices at this depth are known."""
        self._seconds = 0.0
        """How long the first page took, used as the estimate for all calls."""
        self._reach: dict[str, int] = {}
        """The maximum depth of calls from a vertex, if the result of a deeper call did not fit on one page."""
        self._waited = 0.0
        """The accumulated cost of waiting for the chains that look far."""
        self._ended_by: set[Reason] = set()
        self._found_all = False
        """Whether everything has been found, so that the calls in flight are no longer needed."""
        self._chains: dict[asyncio.Task[Step], _Chain] = {}
        self._reason = _FEWER_CALLS

    async def run(self) -> "Walk":
        """Run the whole walk."""
        async for _ in self.steps():
            pass
        return self

    async def steps(self) -> AsyncGenerator[None, None]:
        """Run the walk, yielding after each batch of pages; closing the iterator stops the walk and its calls."""
        try:
            began = time.monotonic()
            self._look_far()
            self._expand()
            while self._chains and not self._found_all:
                done, _ = await asyncio.wait(self._chains, return_when=asyncio.FIRST_COMPLETED)
                self._seconds = self._seconds or time.monotonic() - began
                for task in done:
                    await self._receive(task, self._chains.pop(task))
                if self._ended_by:
                    break
                self._expand()
                yield
            if not self._ended_by:
                await self._find_dangling()
        finally:
            await self._cancel_calls()

    @property
    def goes_on(self) -> bool:
        """Whether running a finished walk again would find more, as a walk that shares its mirrors has met new ones."""
        level, frontier = self._expansion.frontier()
        return bool(frontier) and not self._ended_by and not self._is_full(level)

    def nearest(self) -> list[str]:
        """Return up to ``max_vertices`` of the vertices found, nearest first and then by ARN."""
        return self.found.in_order(self.found.depths)[: self.max_vertices]

    def settled(self) -> int:
        """Return the depth up to which the vertices and their order are final; -1 until it is known which starts exist.

        A chain returns the nearest vertices first, so those on later pages are no nearer than the last one so far. With
        several chains, one may still return a vertex of that depth whose ARN sorts before those of another chain.
        """
        if self._expansion.doubtful:
            return -1
        found, chains = self.found, self._chains.values()
        if not chains:
            return found.max_depth
        farthest: dict[str, int] = {}
        for chain in chains:  # chains from the same start return the same vertices in the same order
            farthest[chain.start] = max(chain.farthest, farthest.get(chain.start, 0))
        nearest = min(farthest.values()) - (len(farthest) > 1)
        # Vertices beyond a denied vertex appear only on pages of other calls, whenever these reach it.
        shut = (found.depths.get(found.mirrors.one(arn), found.max_depth) for arn in self._expansion.shut)
        return min(max(self._level, nearest), *shut, found.max_depth)

    def coverage(self) -> Coverage:
        """Return what is missing from the result so far, and why."""
        reasons, frontier = self._expansion.missing(set(self.nearest()))
        return Coverage(ordered(reasons | self._ended_by), self.found.in_order(frontier), self.began)

    def _expand(self) -> None:
        """Start the calls that expand the frontier; farther vertices wait, as the same calls may expand them."""
        if any(not chain.looks_far for chain in self._chains.values()):
            return
        level, frontier = self._expansion.frontier()
        self._found_all = not frontier or self._is_full(level)
        if self._found_all:
            return
        self._level = level
        together = [arn for arn in frontier if self._can_share(arn)]
        room = self.found.max_depth - level
        if self.hurries and not level:
            room = min(room, _FIRST_REACH)
        rate = self.loaders.lineage.rate(self.found.starts[0]) if self.found.starts else None
        cost = self._cost(rate)
        behind = [list(filter(self._can_share, layer)) for layer in self._expansion.behind(level, DEEPEST_QUERY - 1)]
        chosen = wave(together, behind, self._leads, room, cost, self._may_reach)
        if self._waits_for_far(cost, len(chosen.starts)):
            return
        self._reason = self._why(len(chosen.starts), rate)
        running = {(chain.start, chain.limit) for chain in self._chains.values()}  # the chains that look far
        for start in chosen.starts:
            if (start, chosen.limit) not in running:
                self._request_page(_Chain(start, chosen.limit))
        for start in (arn for arn in frontier if not self._can_share(arn)):
            self._request_page(_Chain(start, min(room, DEEPEST_QUERY)))

    def _is_full(self, level: int) -> bool:
        """Whether at least ``max_vertices`` vertices are certain to be no farther than ``level``."""
        if len(self.found.depths) <= self.max_vertices or self._expansion.doubtful:
            return False
        # A walk of fewest calls reads its chains, nearest vertices first, to their end or until they returned enough.
        return not self.hurries or level >= self.found.depths[self.nearest()[-1]]

    def _may_reach(self, arn: str) -> int:
        """Return the maximum depth of a call from a vertex."""
        return self._reach.get(arn, DEEPEST_QUERY)

    def _waits_for_far(self, cost: Cost, calls: int) -> bool:
        """Whether to wait for the chains that look far, which may return the same as so many calls for far less."""
        if not self._chains:
            return False
        returned = set[str]().union(*(chain.vertices for chain in self._chains.values()))
        missing = len(self.found.depths) - len(returned)
        waits = self._waited + max(1, ceil(missing / PAGE_VERTICES / len(self._chains))) * cost.of(1)
        if waits * PATIENCE > cost.of(calls):
            return False
        self._waited += cost.of(1)
        return True

    def _can_share(self, arn: str) -> bool:
        """Whether a QueryLineage from another vertex can expand this one as well."""
        return self._expansion.is_shared(arn) and self.loaders.lineage.can_query(arn)

    def _leads(self, near: str) -> Iterable[str]:
        """Return the vertices one association beyond a vertex, in the same place."""
        place = self._expansion.place(near)
        return (far for far in self.found.beyond(near) if self._expansion.place(far) == place)

    def _cost(self, rate: float | None) -> Cost:
        """Return the cost of calls and waiting: in calls or, for a walk that prefers less waiting, in seconds."""
        if not self.hurries:
            return Cost(call=1, wait=1)
        return Cost(call=1 / rate if rate else _CALL_SECONDS, wait=self._seconds, narrows=True)

    def _why(self, calls: int, rate: float | None) -> str:
        """Return the reason for making this many calls at once."""
        if not self.hurries:
            return _FEWER_CALLS
        return _THROTTLED.format(rate) if rate and calls / rate > self._seconds else _LESS_WAITING

    def _look_far(self) -> None:
        """If the walk prefers less waiting, start the chains that look far, in case the graph turns out to be small."""
        deepest = min(DEEPEST_QUERY, self.found.max_depth)
        if self.hurries and deepest > 1:
            for start in filter(self.loaders.lineage.can_query, self.found.starts):
                self._request_page(_Chain(start, deepest, looks_far=True))

    def _request_page(self, chain: _Chain) -> None:
        if self.loaders.lineage.can_query(chain.start):
            self.loaders.because("QueryLineage", _LOOKS_FAR if chain.looks_far else self._reason)
            step = self.loaders.lineage.query(chain.start, self.found.direction.value, chain.limit, chain.token)
        else:
            chain.limit, chain.by_hop = 1, True
            step = self._neighbours(chain.start)
        self._chains[asyncio.ensure_future(step)] = chain

    async def _neighbours(self, start: str) -> Step:
        """Call ListAssociations; raises NotFound if ``start`` does not exist, as QueryLineage does by itself."""
        kind, known = kind_at(start), self.loaders.known.record(start)
        is_unknown = kind and not known.covers(kind.type_path)  # for example, if only another account has returned it
        is_doubtful = is_unknown or start in self.found.starts
        if kind and is_doubtful and (await self.loaders.entities.describe(kind, start)).missing:
            raise NotFound(start)
        return await self.loaders.lineage.neighbours(start, self.found.direction.value)

    async def _receive(self, task: asyncio.Task[Step], chain: _Chain) -> None:
        """Handle the outcome of a call: a page or an error; not every error ends the walk."""
        try:
            step = task.result()
        except Unsupported as error:
            if chain.by_hop:
                self._ended_by.add(reason_of(error))
            else:
                self._request_page(_Chain(chain.start, 1))
        except NotFound:
            if chain.start not in self._expansion.doubtful:
                self._expansion.expanded.add(chain.start)
            self._expansion.add_dangling([chain.start])
        except Forbidden:
            self._expansion.denied.add(chain.start)
        except GatewayError as error:
            if not chain.looks_far:  # the other calls do not depend on it
                self._ended_by.add(reason_of(error))
        else:
            self._expansion.answered.add(chain.start)
            await self._add_page(step, chain)

    async def _add_page(self, step: Step, chain: _Chain) -> None:
        prefetched = await self._prefetch(step, chain)
        await self.loaders.turns.turn(len(self.found.depths))
        self._expansion.note_types(step.vertices, self._expansion.place(chain.start))
        await self._join(step.edges)
        met = map(self.found.mirrors.one, (arn for arn, _ in step.vertices))
        chain.farthest = max((self.found.depths.get(arn, 0) for arn in met), default=0)
        if step.next is None:
            self._expansion.expand(chain.start, chain.limit, chain.edges)
            self._found_all |= chain.looks_far and not self._expansion.frontier()[1]
        elif self._returned_enough(chain):
            self._expansion.cut.add(chain.start)
        elif self.hurries and chain.limit > 1:
            self._narrow(chain)
        elif not prefetched:
            self._request_page(chain)

    def _returned_enough(self, chain: _Chain) -> bool:
        """Whether a chain has returned more than ``max_vertices``, not counting vertices that no start reaches."""
        if len(chain.vertices) <= self.max_vertices:
            return False
        reached = {self.found.mirrors.one(arn) for arn in chain.vertices} & self.found.depths.keys()
        return len(reached) > self.max_vertices

    def _narrow(self, chain: _Chain) -> None:
        """Repeat the query at a depth whose result fits on one page, or read on if it is likely to take few pages."""
        if chain.looks_far and chain.pages > 1:
            return
        one = self.found.mirrors.one
        # The last level on the pages may be incomplete.
        *whole, _ = self.found.widths(one(chain.start), set(map(one, chain.vertices)))[: chain.limit] or [0]
        if chain.pages < FEW_PAGES and pages(whole, min(chain.limit, len(whole) + _GUESSED)) <= FEW_PAGES:
            if not chain.looks_far:
                self._request_page(chain)
            return
        self._reach[chain.start] = max(1, min(len(whole), self._may_reach(chain.start)))
        if not chain.looks_far and chain.start not in self._expansion.expanded:
            self._request_page(_Chain(chain.start, self._reach[chain.start]))

    async def _prefetch(self, step: Step, chain: _Chain) -> bool:
        """Request the next page before processing this one, if it is certain to be needed; return whether it is."""
        chain.vertices.update(arn for arn, _ in step.vertices)
        chain.edges.extend(step.edges)
        chain.pages += 1
        chain.token = step.next
        follows = len(self.found.starts) <= _FEW_STARTS if chain.looks_far else not self.hurries or chain.limit == 1
        prefetches = step.next is not None and follows and len(chain.vertices) <= self.max_vertices
        if prefetches:
            self._request_page(chain)
            for _ in range(_HOPS):
                await asyncio.sleep(0)
        return prefetches

    async def _join(self, edges: list[Edge]) -> None:
        async for some in self.loaders.turns.slices(edges):
            for edge in some:
                self.found.join(edge)
        await self.loaders.turns.turn(len(edges))

    async def _find_dangling(self) -> None:
        """Find the dangling vertices among those without a type: only trial components can exist without one."""
        typeless = self._expansion.typeless
        unsure = sorted(arn for arn in typeless if kind_at(arn) is TRIAL_COMPONENT)
        dangling = typeless.difference(unsure)
        described = (self.loaders.entities.describe(TRIAL_COMPONENT, arn) for arn in unsure)
        records = await asyncio.gather(*described, return_exceptions=True)
        for arn, record in zip(unsure, records, strict=True):
            if isinstance(record, GatewayError):
                self._ended_by.add(reason_of(record))
                self._expansion.unsure.add(arn)
            elif isinstance(record, BaseException):
                raise record
            elif record.missing:
                dangling.add(arn)
        self._expansion.add_dangling(dangling)
        for arn in self._expansion.dangling:
            if kind := kind_at(arn):
                self.loaders.known.record(arn).note({kind.type_path: None})

    async def _cancel_calls(self) -> None:
        for task in self._chains:
            task.cancel()
        await asyncio.gather(*self._chains, return_exceptions=True)
        self._chains.clear()
