"""Finds all of the graph that is reachable from some vertices, and tells what it left out.

A walk is a breadth-first search by remote calls. It knows three things of a vertex: how far it is from the nearest
start (its *depth*), whether it is *expanded* (all its associations in the walk's direction are known), and whether it
is *dangling* (an association names it, and it does not exist). The vertices nearest to the starts that are not expanded
are the *frontier*; the walk expands them, frontier by frontier, until none is left above the greatest depth.
QueryLineage expands all that is within ten associations of one vertex, fifty vertices a page; where there is no
QueryLineage, ListAssociations expands one vertex at a time. Either expands vertices only in the place that it is asked
in: one of another account that the gateway can ask is asked for there.

The pages of one QueryLineage, a *chain*, come one after another, which makes the fewest calls and the most waiting. A
walk that is to wait less queries many vertices at once, each only as far as its answer fits on one page: a round of
such calls expands several levels, so that the time the walk takes depends on how deep the graph is, rather than on how
large. ``spread`` chooses the calls. A query whose answer does not fit on a page is made again with a smaller depth.
Beside these, a chain from each start reads on to the greatest depth (it *looks far*), and whichever finds everything
first ends the walk.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from math import ceil

from gateway.aws.kinds import MOST_VERTICES, TRIAL_COMPONENT, kind_at
from gateway.aws.places import Place
from gateway.errors import Forbidden, GatewayError, NotFound, Unsupported
from gateway.lineage.coverage import Coverage, Reason, ordered, reason_of
from gateway.lineage.found import Found, led_to
from gateway.lineage.spread import DEEPEST_QUERY, FEW_PAGES, PATIENCE, Cost, pages, wave
from gateway.loaders import Loaders
from gateway.records import Edge, Step

_FIRST_REACH = 3
"""How far the first calls of a walk that is to wait less go, while nothing is known of how wide the graph is."""
_FEW_STARTS = 4
"""Starts, at most, from which a chain that looks far reads on beside the narrower calls."""
_GUESSED = 3
"""Levels beyond those that a page has told whose widths are extrapolated."""
_HOPS = 3
"""Rounds of the event loop until a call has been sent, so that the page before it is worked on meanwhile."""
_CALL_SECONDS = 0.001
"""How much of the gateway's own time a page takes."""

_FEWER_CALLS = "fewest calls: fifty vertices a page, from as few vertices as reach the whole frontier"
_LESS_WAITING = "least waiting: many calls at once, each as far as a page holds"
_LOOKS_FAR = "least waiting: beside these all there is, page after page, in case that comes to its end first"
_THROTTLED = "fewest calls: AWS takes {:.0f} a second, which more calls would have to wait for"


class Preference(Enum):
    """What a walk keeps low where it cannot keep both low."""

    FEWER_CALLS = "FEWER_CALLS"
    LESS_WAITING = "LESS_WAITING"


@dataclass(eq=False)
class _Chain:
    """One QueryLineage from a vertex, up to ``limit`` associations far, as far as its pages have been read."""

    start: str
    limit: int
    token: str | None = None
    looks_far: bool = False
    """Whether it runs beside narrower calls, in case it expands all of the graph before they do."""
    vertices: set[str] = field(default_factory=set)
    """Those on its pages so far."""
    edges: list[Edge] = field(default_factory=list)
    """The associations on them."""
    pages: int = 0
    by_hop: bool = False
    """Whether ListAssociations tells it, all in one."""
    farthest: int = 0
    """The depth in the walk of the farthest vertex on its pages; what is on the pages to come is no nearer."""


class Walk:
    """A walk, which ends when it has found ``max_vertices``, or all there are."""

    def __init__(
        self, loaders: Loaders, found: Found, max_vertices: int, prefer: Preference = Preference.FEWER_CALLS
    ) -> None:
        """Begin at the starts of ``found``, to which the walk adds what it finds."""
        self.loaders = loaders
        self.found = found
        self.max_vertices = max_vertices
        self.began = datetime.now(UTC)
        self.hurries = prefer is Preference.LESS_WAITING
        """Whether it is to wait less, for more calls."""
        self._level = 0
        """The depth of the latest frontier: all vertices at this depth are known."""
        self._seconds = 0.0
        """How long the first page took to come, as an estimate for others."""
        self._expanded: set[str] = set()
        self._apart: set[str] = set()
        """Vertices that a query from another did not expand, as what leads to them belongs to another account."""
        self._typeless: set[str] = set()
        self._typed: set[str] = set()
        """Vertices that had a type on some page."""
        self._dangling: set[str] = set()
        self._answered: set[str] = set()
        """Vertices that AWS has answered a query from."""
        self._unsure: set[str] = set()
        """Vertices of which it is not known whether they exist."""
        self._denied: set[str] = set()
        self._cut: set[str] = set()
        """Vertices whose chains were ended early, having told more vertices than were asked for."""
        self._reach: dict[str, int] = {}
        """How far calls from a vertex may go, where the answer to a deeper one did not fit on a page."""
        self._waited = 0.0
        """What waiting for the chains that look far has cost."""
        self._ended_by: set[Reason] = set()
        self._found_all = False
        """Whether the calls that are still under way are no longer needed."""
        self._chains: dict[asyncio.Task[Step], _Chain] = {}
        self._reason = _FEWER_CALLS

    async def run(self) -> "Walk":
        """Walk to the end."""
        async for _ in self.steps():
            pass
        return self

    async def steps(self) -> AsyncGenerator[None, None]:
        """Walk, pausing after each page; leaving the iteration stops the walk and its calls."""
        try:
            asked = time.monotonic()
            self._look_far()
            self._expand()
            while self._chains and not self._found_all:
                done, _ = await asyncio.wait(self._chains, return_when=asyncio.FIRST_COMPLETED)
                self._seconds = self._seconds or time.monotonic() - asked
                for task in done:
                    await self._receive(task, self._chains.pop(task))
                if self._ended_by:
                    break
                self._expand()
                yield
            if not self._ended_by:
                await self._look_for_the_typeless()
        finally:
            await self._call_off()

    @property
    def goes_on(self) -> bool:
        """Whether a walk that has run would find more now, as one that shares its mirrors has met others of them."""
        level, frontier = self._frontier()
        return bool(frontier) and not self._ended_by and not self._is_full(level)

    def nearest(self) -> list[str]:
        """Return the vertices found, nearest first and then by ARN, as many as were asked for."""
        return self.found.in_order(self.found.depths)[: self.max_vertices]

    def settled(self) -> int:
        """Return the depth up to which the vertices have their final places; -1 until it is known which starts exist.

        A chain tells the nearest vertices first, so what is on its pages to come is no nearer than the last that it
        told. One of several chains may yet tell a vertex of that depth that sorts, by ARN, before another chain's.
        """
        if self._doubtful:
            return -1
        found, chains = self.found, self._chains.values()
        if not chains:
            return found.max_depth
        told: dict[str, int] = {}
        for chain in chains:  # chains from one start tell the same, in the same order
            told[chain.start] = max(chain.farthest, told.get(chain.start, 0))
        nearest = min(told.values()) - (len(told) > 1)
        # What lies beyond a denied vertex is told only by others, as they reach it.
        shut = (found.depths.get(found.mirrors.one(arn), found.max_depth) for arn in self._denied - self._expanded)
        return min(max(self._level, nearest), *shut, found.max_depth)

    def coverage(self) -> Coverage:
        """Say what the walk has left out so far."""
        found, kept = self.found, set(self.nearest())
        unexpanded = {arn for arn in kept if not self._expanded.issuperset(found.mirrors.of(arn))} - self._dangling
        reasons = set(self._ended_by)
        denied = self._denied - self._expanded  # other calls have told of expanded ones
        reasons |= {Reason.ACCESS_DENIED} if kept.intersection(map(found.mirrors.one, denied)) else set()
        reasons |= {Reason.DANGLING} if self._dangling & (kept | found.missing) else set()
        reasons |= {Reason.MAX_VERTICES} if len(kept) < len(found.depths) else set()
        reasons |= {Reason.MAX_DEPTH} if any(found.depths[arn] == found.max_depth for arn in unexpanded) else set()
        frontier = unexpanded | {arn for arn in kept if not found.beyond(arn) <= kept}
        frontier |= (kept & self._unsure) | (set(found.starts) - kept)
        return Coverage(ordered(reasons), found.in_order(frontier), self.began)

    def _expand(self) -> None:
        """Begin the calls that expand the frontier; vertices farther off wait, as the same calls may expand them."""
        if any(not chain.looks_far for chain in self._chains.values()):
            return
        level, frontier = self._frontier()
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
        chosen = wave(together, self._behind(level), self._leads, room, cost, self._may_reach)
        if self._waits_for_far(cost, len(chosen.starts)):
            return
        self._reason = self._why(len(chosen.starts), rate)
        asked = {(chain.start, chain.limit) for chain in self._chains.values()}  # those that look far
        for start in chosen.starts:
            if (start, chosen.limit) not in asked:
                self._ask(_Chain(start, chosen.limit))
        for start in (arn for arn in frontier if not self._can_share(arn)):
            self._ask(_Chain(start, min(room, DEEPEST_QUERY)))

    def _is_full(self, level: int) -> bool:
        """Whether as many vertices as were asked for are known to be no farther than a level."""
        if len(self.found.depths) <= self.max_vertices or self._doubtful:
            return False
        # A walk of fewest calls has read its chains, nearest vertices first, to their end or until they told enough.
        return not self.hurries or level >= self.found.depths[self.nearest()[-1]]

    @property
    def _doubtful(self) -> set[str]:
        """The starts of which AWS has yet to tell whether they exist."""
        return set(self.found.starts) - self._answered - self._denied

    def _may_reach(self, arn: str) -> int:
        """Tell how far a call from a vertex may go."""
        return self._reach.get(arn, DEEPEST_QUERY)

    def _waits_for_far(self, cost: Cost, calls: int) -> bool:
        """Whether to wait for the chains that look far, which may tell the same as so many calls for far less."""
        if not self._chains:
            return False
        told = set[str]().union(*(chain.vertices for chain in self._chains.values()))
        missing = len(self.found.depths) - len(told)
        waits = self._waited + max(1, ceil(missing / MOST_VERTICES / len(self._chains))) * cost.of(1)
        if waits * PATIENCE > cost.of(calls):
            return False
        self._waited += cost.of(1)
        return True

    def _frontier(self) -> tuple[int, list[str]]:
        """Return the depth of the nearest vertices that are not expanded, and these vertices, if any are left."""
        done_with = self._expanded | self._denied | self._cut
        waiting: dict[int, list[str]] = defaultdict(list)
        for vertex, depth in self.found.depths.items():
            if depth < self.found.max_depth:
                waiting[depth] += [arn for arn in self.found.mirrors.of(vertex) if arn not in done_with]
        level = min((depth for depth, arns in waiting.items() if arns), default=0)
        return level, sorted(waiting[level])

    def _can_share(self, arn: str) -> bool:
        """Whether a QueryLineage from another vertex can expand this one as well."""
        alone = self.found.mirrors.of(self.found.mirrors.one(arn)) == [arn]
        return alone and arn not in self._apart and self.loaders.lineage.can_query(arn)

    def _behind(self, level: int) -> list[list[str]]:
        """Return the expanded vertices one level before a level, two levels before it, and so on."""
        behind: list[list[str]] = [[] for _ in range(min(level, DEEPEST_QUERY - 1))]
        for vertex in self._expanded & self.found.depths.keys() - self._dangling - self._denied - self._cut:
            back = level - self.found.depths[vertex]
            if 0 < back <= len(behind) and self._can_share(vertex):
                behind[back - 1].append(vertex)
        return behind

    def _leads(self, near: str) -> Iterable[str]:
        """Return what lies one association beyond a vertex, in the same place."""
        place = self._place(near)
        return (far for far in self.found.beyond(near) if self._place(far) == place)

    def _cost(self, rate: float | None) -> Cost:
        """Return what calls and waiting cost: in calls or, for a walk that is to wait less, in seconds."""
        if not self.hurries:
            return Cost(call=1, wait=1)
        return Cost(call=1 / rate if rate else _CALL_SECONDS, wait=self._seconds, narrows=True)

    def _why(self, calls: int, rate: float | None) -> str:
        """Say why so many calls are made at once."""
        if not self.hurries:
            return _FEWER_CALLS
        return _THROTTLED.format(rate) if rate and calls / rate > self._seconds else _LESS_WAITING

    def _look_far(self) -> None:
        """Begin the chains that look far, if the walk is to wait less: all there is may turn out to be little."""
        deepest = min(DEEPEST_QUERY, self.found.max_depth)
        if self.hurries and deepest > 1:
            for start in filter(self.loaders.lineage.can_query, self.found.starts):
                self._ask(_Chain(start, deepest, looks_far=True))

    def _ask(self, chain: _Chain) -> None:
        if self.loaders.lineage.can_query(chain.start):
            self.loaders.because("QueryLineage", _LOOKS_FAR if chain.looks_far else self._reason)
            step = self.loaders.lineage.query(chain.start, self.found.direction.value, chain.limit, chain.token)
        else:
            chain.limit, chain.by_hop = 1, True
            step = self._neighbours(chain.start)
        self._chains[asyncio.ensure_future(step)] = chain

    async def _neighbours(self, start: str) -> Step:
        """Ask ListAssociations; NotFound for what does not exist, which QueryLineage would say by itself."""
        kind, known = kind_at(start), self.loaders.known.record(start)
        is_untold = kind and not known.covers(kind.type_path)  # as when only another account has named it
        is_doubtful = is_untold or start in self.found.starts
        if kind and is_doubtful and (await self.loaders.entities.describe(kind, start)).missing:
            raise NotFound(start)
        return await self.loaders.lineage.neighbours(start, self.found.direction.value)

    async def _receive(self, task: asyncio.Task[Step], chain: _Chain) -> None:
        """Take in the outcome of a call: a page or an error, which need not end the walk."""
        try:
            step = task.result()
        except Unsupported as error:
            if chain.by_hop:
                self._ended_by.add(reason_of(error))
            else:
                self._ask(_Chain(chain.start, 1))
        except NotFound:
            if self.found.mirrors.one(chain.start) == chain.start:
                self._dangling.add(chain.start)
            if chain.start in self.found.starts:
                self.found.leave_out(chain.start)
            else:
                self._expanded.add(chain.start)
        except Forbidden:
            self._denied.add(chain.start)
        except GatewayError as error:
            if not chain.looks_far:  # the other calls may do without it
                self._ended_by.add(reason_of(error))
        else:
            self._answered.add(chain.start)
            await self._add_page(step, chain)

    async def _add_page(self, step: Step, chain: _Chain) -> None:
        asked_ahead = await self._ask_ahead(step, chain)
        await self.loaders.turns.turn(len(self.found.depths))
        await self._learn(step, self._place(chain.start))
        met = map(self.found.mirrors.one, (arn for arn, _ in step.vertices))
        chain.farthest = max((self.found.depths.get(arn, 0) for arn in met), default=0)
        if step.next is None:
            self._expand_from(chain)
            self._found_all |= chain.looks_far and not self._frontier()[1]
        elif self._told_enough(chain):
            self._cut.add(chain.start)
        elif self.hurries and chain.limit > 1:
            self._narrow(chain)
        elif not asked_ahead:
            self._ask(chain)

    def _told_enough(self, chain: _Chain) -> bool:
        """Whether a chain has told more vertices than were asked for, not counting those that no start leads to."""
        if len(chain.vertices) <= self.max_vertices:
            return False
        reached = {self.found.mirrors.one(arn) for arn in chain.vertices} & self.found.depths.keys()
        return len(reached) > self.max_vertices

    def _narrow(self, chain: _Chain) -> None:
        """Ask again, only as far as the answer fits on one page, unless reading on seems to take few pages."""
        if chain.looks_far and chain.pages > 1:
            return
        one = self.found.mirrors.one
        # The last level that the pages reached may not be complete.
        *whole, _ = self.found.widths(one(chain.start), set(map(one, chain.vertices)))[: chain.limit] or [0]
        if chain.pages < FEW_PAGES and pages(whole, min(chain.limit, len(whole) + _GUESSED)) <= FEW_PAGES:
            if not chain.looks_far:
                self._ask(chain)
            return
        self._reach[chain.start] = max(1, min(len(whole), self._may_reach(chain.start)))
        if not chain.looks_far and chain.start not in self._expanded:
            self._ask(_Chain(chain.start, self._reach[chain.start]))

    async def _ask_ahead(self, step: Step, chain: _Chain) -> bool:
        """Ask for the next page before working on this one, if it is sure to be wanted; return whether it is."""
        chain.vertices.update(arn for arn, _ in step.vertices)
        chain.edges.extend(step.edges)
        chain.pages += 1
        chain.token = step.next
        follows = len(self.found.starts) <= _FEW_STARTS if chain.looks_far else not self.hurries or chain.limit == 1
        asks = step.next is not None and follows and len(chain.vertices) <= self.max_vertices
        if asks:
            self._ask(chain)
            for _ in range(_HOPS):
                await asyncio.sleep(0)
        return asks

    async def _learn(self, step: Step, place: Place | None) -> None:
        """Learn what a page from this place told; it may leave out the types of another place's vertices."""
        for arn, type_name in step.vertices:
            if type_name is not None:
                self._typed.add(self.found.mirrors.one(arn))
            elif self._place(arn) == place:
                self._typeless.add(self.found.mirrors.one(arn))
        async for edges in self.loaders.turns.slices(step.edges):
            for edge in edges:
                self.found.join(edge)
        await self.loaders.turns.turn(len(step.edges))

    def _expand_from(self, chain: _Chain) -> None:
        """Mark what a finished chain has expanded: all in its place that is nearer to its start than its limit."""
        mirrors, place = self.found.mirrors, self._place(chain.start)
        near = self.found.within(mirrors.one(chain.start), chain.limit)
        expanded = {arn for vertex in near for arn in mirrors.of(vertex) if self._place(arn) == place}
        if len(mirrors.owners) > 1:
            # A place need not know of the associations that lead there through others and their mirrors.
            self._apart |= expanded
            expanded &= led_to(chain.start, chain.edges, self.found.direction, chain.limit)
            self._apart -= expanded
        self._expanded |= expanded

    def _place(self, arn: str) -> Place | None:
        """Tell where a vertex is asked for; None where the gateway may not."""
        try:
            return self.loaders.known.place_of(arn)
        except Forbidden:
            return None

    async def _look_for_the_typeless(self) -> None:
        """Find out which vertices do not exist: every kind but the trial component always has a type."""
        typeless = self._typeless - self._typed
        unsure = {arn for arn in typeless if kind_at(arn) is TRIAL_COMPONENT}
        self._dangling |= typeless - unsure
        described = (self.loaders.entities.describe(TRIAL_COMPONENT, arn) for arn in sorted(unsure))
        found = await asyncio.gather(*described, return_exceptions=True)
        for arn, record in zip(sorted(unsure), found, strict=True):
            if isinstance(record, GatewayError):
                self._ended_by.add(reason_of(record))
                self._unsure.add(arn)
            elif isinstance(record, BaseException):
                raise record
            elif record.missing:
                self._dangling.add(arn)
        # A page from another start has named these first.
        for start in self._dangling.intersection(self.found.starts) - self._denied:
            self.found.leave_out(start)
        for arn in self._dangling:
            if kind := kind_at(arn):
                self.loaders.known.record(arn).note({kind.type_path: None})

    async def _call_off(self) -> None:
        for task in self._chains:
            task.cancel()
        await asyncio.gather(*self._chains, return_exceptions=True)
        self._chains.clear()
