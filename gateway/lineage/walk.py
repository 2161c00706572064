"""The whole graph that is reachable from some vertices: which calls find it, and what they left unfound.

A walk knows three things of a vertex: how far it is from the nearest start (its *depth*), whether it is *open* (all its
associations in the walk's direction are known), and whether it is *dangling* (an association names it, and it does not
exist). The walk goes on from the nearest vertices that are not open until none is left above the greatest depth.
QueryLineage opens all that is within ten associations of one vertex, fifty vertices a page; where there is no
QueryLineage, ListAssociations opens one vertex at a time. Either opens vertices only in the place that it is asked in:
one of another account that the gateway can ask is asked for there.

The pages of one QueryLineage come one after another, which makes the fewest calls and the most waiting. A walk that is
to wait less asks from many vertices at once, only as far as one page holds: a round of such calls opens several levels,
and the walk is as long as the graph is deep rather than as it is large. ``spread`` chooses the calls. What has more to
tell than a page is asked again less far. Beside all that the pages from the start go on, and whichever comes to the end
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
from gateway.lineage.coverage import Coverage, Reason, reason_of
from gateway.lineage.found import Found
from gateway.lineage.spread import DEEPEST_QUERY, FEW_PAGES, PATIENCE, Cost, pages, wave
from gateway.loaders import Loaders
from gateway.records import Step

_FIRST_REACH = 3
"""Associations that the first calls of a walk that is to wait less follow; how wide the graph is nobody knows yet."""
_FEW_STARTS = 4
"""Starts from each of which the pages of all there is go on beside the calls that open it bit by bit."""
_GUESSED = 3
"""Associations for which the widths of the graph are guessed beyond those that a page has told."""
_HOPS = 3
"""Rounds of the event loop until a call is sent; then there is time to learn what the page before it told."""
_CALL_SECONDS = 0.001
"""What a page takes of the gateway's own time."""

_FEWER_CALLS = "fewest calls: fifty vertices a page, from as few vertices as lead to all that is open"
_LESS_WAITING = "least waiting: many calls at once, each as far as a page holds"
_LOOKS_FAR = "least waiting: beside these all there is, page after page, in case that comes to its end first"
_THROTTLED = "fewest calls: AWS takes {:.0f} a second, which more calls would have to wait for"


class Preference(Enum):
    """What a walk spares, where it cannot spare both."""

    FEWER_CALLS = "FEWER_CALLS"
    LESS_WAITING = "LESS_WAITING"


@dataclass(eq=False)
class _Chain:
    """The pages of what is found from one vertex."""

    start: str
    limit: int
    token: str | None = None
    looks_far: bool = False
    """Whether it is asked beside those that open the graph bit by bit, in case it opens all of it sooner."""
    told: set[str] = field(default_factory=set)
    """The vertices on its pages so far."""
    pages: int = 0
    farthest: int = 0
    """How far from the walk's starts the farthest is that it has told; what it has yet to tell is no nearer."""


class Walk:
    """A walk that goes on until ``max_vertices`` have been found, or all that lies within its reach."""

    def __init__(
        self, loaders: Loaders, found: Found, max_vertices: int, prefer: Preference = Preference.FEWER_CALLS
    ) -> None:
        """Stand at the starts of ``found``, to which all that is found will be added."""
        self.loaders = loaders
        self.found = found
        self.max_vertices = max_vertices
        self.began = datetime.now(UTC)
        self.hurries = prefer is Preference.LESS_WAITING
        """Whether it is to wait less."""
        self._level = 0
        """How far the nearest vertices are that were not open when it last set out; at that distance all are known."""
        self._seconds = 0.0
        """How long the first page took to come."""
        self._open: set[str] = set()
        self._typeless: set[str] = set()
        self._typed: set[str] = set()
        """What has a type in any page."""
        self._dangling: set[str] = set()
        self._missing: set[str] = set()
        """Starts that do not exist."""
        self._answered: set[str] = set()
        """Of which AWS has told something."""
        self._unsure: set[str] = set()
        """Of which nobody would tell whether they exist."""
        self._denied: set[str] = set()
        self._cut: set[str] = set()
        """From which more vertices than were asked for have been found, and nothing more is asked."""
        self._reach: dict[str, int] = {}
        """How far calls from vertices may go of which one that went further had more than a page to tell."""
        self._waited = 0.0
        """What it has cost to wait for those that look far."""
        self._ended_by: set[Reason] = set()
        self._found_all = False
        """Whether what is still under way can tell nothing more that was asked for."""
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
            self._set_out()
            while self._chains and not self._found_all:
                done, _ = await asyncio.wait(self._chains, return_when=asyncio.FIRST_COMPLETED)
                self._seconds = self._seconds or time.monotonic() - asked
                for task in done:
                    await self._take(task, self._chains.pop(task))
                if self._ended_by:
                    break
                self._set_out()
                yield
            if not self._ended_by:
                await self._look_for_the_typeless()
        finally:
            await self._call_off()

    def nearest(self) -> list[str]:
        """Return the vertices found, nearest first and then by ARN, as many as were asked for."""
        return self.found.in_order(self.found.depths)[: self.max_vertices]

    def settled(self) -> int:
        """Tell how far it has come for good: whatever is found at this distance or nearer will be found no nearer.

        A chain of pages tells the nearest first, so that what it has yet to tell is as far as the last that it told. Of
        several chains, what one has yet to tell at that distance may come before, by ARN, what another has told.
        """
        found, chains = self.found, self._chains.values()
        if set(found.starts) - self._answered - self._denied:
            return -1  # one may not even exist
        if not chains:
            return found.max_depth
        told: dict[str, int] = {}
        for chain in chains:  # those of one start tell the same, in the same order
            told[chain.start] = max(chain.farthest, told.get(chain.start, 0))
        nearest = min(told.values()) - (len(told) > 1)
        # What lies beyond a vertex that is denied is told by others, if at all, as they come to it.
        shut = (found.depths.get(found.mirrors.one(arn), found.max_depth) for arn in self._denied - self._open)
        return min(max(self._level, nearest), *shut, found.max_depth)

    def coverage(self) -> Coverage:
        """Say what the walk has left out so far."""
        found, kept = self.found, set(self.nearest())
        closed = {arn for arn in kept if not self._open.issuperset(found.mirrors.of(arn))} - self._dangling
        reasons = set(self._ended_by)
        denied = self._denied - self._open  # of an open one, others have told
        reasons |= {Reason.ACCESS_DENIED} if kept.intersection(map(found.mirrors.one, denied)) else set()
        reasons |= {Reason.DANGLING} if self._dangling & (kept | self._missing) else set()
        reasons |= {Reason.MAX_VERTICES} if len(kept) < len(found.depths) else set()
        reasons |= {Reason.MAX_DEPTH} if any(found.depths[arn] == found.max_depth for arn in closed) else set()
        frontier = closed | {arn for arn in kept if not found.beyond(arn) <= kept}
        frontier |= (kept & self._unsure) | (set(found.starts) - kept)
        return Coverage(sorted(reasons, key=list(Reason).index), found.in_order(frontier), self.began)

    def _set_out(self) -> None:
        """Open the nearest vertices that are not; those farther off wait, for they may be opened by the same calls."""
        if any(not chain.looks_far for chain in self._chains.values()):
            return
        level, edge = self._edge()
        self._found_all = not edge or self._is_full(level)
        if self._found_all:
            return
        self._level = level
        together = [arn for arn in edge if self._is_one_of_many(arn)]
        room = self.found.max_depth - level
        if self.hurries and not level:
            room = min(room, _FIRST_REACH)
        rate = self.loaders.lineage.rate(self.found.starts[0]) if self.found.starts else None
        cost = self._cost(rate)
        chosen = wave(together, self._behind(level), self._leads, room, cost, self._may_reach)
        if self._waits_for_far(cost, len(chosen.starts)):
            return
        self._reason = self._why(len(chosen.starts), rate)
        for start in chosen.starts:
            if not self._looks_as_far(start, chosen.limit):
                self._go_on(_Chain(start, chosen.limit))
        for start in (arn for arn in edge if not self._is_one_of_many(arn)):
            self._go_on(_Chain(start, min(room, DEEPEST_QUERY)))

    def _is_full(self, level: int) -> bool:
        """Whether what lies beyond a level is farther off than as many vertices as were asked for."""
        if len(self.found.depths) <= self.max_vertices:
            return False
        # A walk that spares calls has read what it asked for to its end, or until that told enough, the nearest first.
        return not self.hurries or level >= self.found.depths[self.nearest()[-1]]

    def _may_reach(self, arn: str) -> int:
        """Tell how far a call from a vertex may go."""
        return self._reach.get(arn, DEEPEST_QUERY)

    def _waits_for_far(self, cost: Cost, calls: int) -> bool:
        """Whether to wait for what looks far, which may tell all that so many calls would, for next to nothing."""
        if not self._chains:
            return False
        told = set[str]().union(*(chain.told for chain in self._chains.values()))
        missing = len(self.found.depths) - len(told)
        waits = self._waited + max(1, ceil(missing / MOST_VERTICES / len(self._chains))) * cost.of(1)
        if waits * PATIENCE > cost.of(calls):
            return False
        self._waited += cost.of(1)
        return True

    def _edge(self) -> tuple[int, list[str]]:
        """Tell how far the nearest vertices are that are not open, and which these are."""
        done_with = self._open | self._denied | self._cut
        waiting: dict[int, list[str]] = defaultdict(list)
        for vertex, depth in self.found.depths.items():
            if depth < self.found.max_depth:
                waiting[depth] += [arn for arn in self.found.mirrors.of(vertex) if arn not in done_with]
        level = min((depth for depth, arns in waiting.items() if arns), default=0)
        return level, sorted(waiting[level])

    def _is_one_of_many(self, arn: str) -> bool:
        """Whether calls from elsewhere open a vertex too."""
        return self.loaders.lineage.can_query(arn) and self.found.mirrors.of(self.found.mirrors.one(arn)) == [arn]

    def _behind(self, level: int) -> list[list[str]]:
        """Return the open vertices before a level, the nearest to it first."""
        behind: list[list[str]] = [[] for _ in range(min(level, DEEPEST_QUERY - 1))]
        for vertex in self._open & self.found.depths.keys() - self._dangling - self._denied - self._cut:
            back = level - self.found.depths[vertex]
            if 0 < back <= len(behind) and self._is_one_of_many(vertex):
                behind[back - 1].append(vertex)
        return behind

    def _leads(self, near: str) -> Iterable[str]:
        """Give what lies beyond a vertex in its own place."""
        place = self._place(near)
        return (far for far in self.found.beyond(near) if self._place(far) == place)

    def _cost(self, rate: float | None) -> Cost:
        """Tell what is to be spared: calls, or seconds, when AWS takes so many calls in one of these."""
        if not self.hurries:
            return Cost(call=1, wait=1)
        return Cost(call=1 / rate if rate else _CALL_SECONDS, wait=self._seconds, narrows=True)

    def _why(self, calls: int, rate: float | None) -> str:
        """Give the reason for so many calls at once."""
        if not self.hurries:
            return _FEWER_CALLS
        return _THROTTLED.format(rate) if rate and calls / rate > self._seconds else _LESS_WAITING

    def _look_far(self) -> None:
        """Beside the first calls of a walk that hurries, ask for all there is, which may be little."""
        deepest = min(DEEPEST_QUERY, self.found.max_depth)
        if self.hurries and deepest > 1:
            for start in filter(self.loaders.lineage.can_query, self.found.starts):
                self._go_on(_Chain(start, deepest, looks_far=True))

    def _looks_as_far(self, start: str, limit: int) -> bool:
        return any((chain.start, chain.limit) == (start, limit) for chain in self._chains.values() if chain.looks_far)

    def _go_on(self, chain: _Chain) -> None:
        if self.loaders.lineage.can_query(chain.start):
            self.loaders.because("QueryLineage", _LOOKS_FAR if chain.looks_far else self._reason)
            step = self.loaders.lineage.query(chain.start, self.found.direction.value, chain.limit, chain.token)
        else:
            chain.limit = 1
            step = self._neighbours(chain.start)
        self._chains[asyncio.ensure_future(step)] = chain

    async def _neighbours(self, start: str) -> Step:
        """Ask ListAssociations, which unlike QueryLineage doesn't tell a start that does not exist."""
        kind = kind_at(start)
        if kind and start in self.found.starts and (await self.loaders.entities.describe(kind, start)).missing:
            raise NotFound(start)
        return await self.loaders.lineage.neighbours(start, self.found.direction.value)

    async def _take(self, task: asyncio.Task[Step], chain: _Chain) -> None:
        """Learn what a page told, and go on to the page after it."""
        try:
            step = task.result()
        except Unsupported:
            self._go_on(_Chain(chain.start, 1))
        except NotFound:
            if self.found.mirrors.one(chain.start) == chain.start:
                self._dangling.add(chain.start)
            if chain.start in self.found.starts:
                self._start_without(chain.start)
            else:
                self._open.add(chain.start)
        except Forbidden:
            self._denied.add(chain.start)
        except GatewayError as error:
            if not chain.looks_far:  # for the others may do without it
                self._ended_by.add(reason_of(error))
        else:
            self._answered.add(chain.start)
            await self._took(step, chain)

    async def _took(self, step: Step, chain: _Chain) -> None:
        goes_on = await self._goes_on(step, chain)
        await self.loaders.turns.turn(len(self.found.depths))
        await self._learn(step, self._place(chain.start))
        met = map(self.found.mirrors.one, (arn for arn, _ in step.vertices))
        chain.farthest = max((self.found.depths.get(arn, 0) for arn in met), default=0)
        if step.next is None:
            self._open_from(chain)
            self._found_all |= chain.looks_far and not self._edge()[1]
        elif self._told_enough(chain):
            self._cut.add(chain.start)
        elif self.hurries and chain.limit > 1:
            self._narrow(chain)
        elif not goes_on:
            self._go_on(chain)

    def _start_without(self, start: str) -> None:
        self._missing.add(start)
        self.found.start_without(start)

    def _told_enough(self, chain: _Chain) -> bool:
        """Whether a chain has told more vertices than were asked for, without those that lead to none of the starts."""
        if len(chain.told) <= self.max_vertices:
            return False
        return len({self.found.mirrors.one(arn) for arn in chain.told} & self.found.depths.keys()) > self.max_vertices

    def _narrow(self, chain: _Chain) -> None:
        """Go no further than what was told may be all there is, unless few pages more seem to tell the rest."""
        if chain.looks_far and chain.pages > 1:
            return
        one = self.found.mirrors.one
        # How wide the graph is at each distance; the farthest may be cut off.
        *whole, _ = self.found.widths(one(chain.start), set(map(one, chain.told)))[: chain.limit] or [0]
        if chain.pages < FEW_PAGES and pages(whole, min(chain.limit, len(whole) + _GUESSED)) <= FEW_PAGES:
            if not chain.looks_far:
                self._go_on(chain)
            return
        self._reach[chain.start] = max(1, min(len(whole), self._may_reach(chain.start)))
        if not chain.looks_far and chain.start not in self._open:
            self._go_on(_Chain(chain.start, self._reach[chain.start]))

    async def _goes_on(self, step: Step, chain: _Chain) -> bool:
        """Ask for the page after this one, before all else, unless it may be better to narrow, or it is not wanted."""
        chain.told.update(arn for arn, _ in step.vertices)
        chain.pages += 1
        chain.token = step.next
        follows = len(self.found.starts) <= _FEW_STARTS if chain.looks_far else not self.hurries or chain.limit == 1
        goes_on = step.next is not None and follows and len(chain.told) <= self.max_vertices
        if goes_on:
            self._go_on(chain)
            for _ in range(_HOPS):
                await asyncio.sleep(0)
        return goes_on

    async def _learn(self, step: Step, place: Place | None) -> None:
        """Learn what a page of this place told; of another place's vertices it may not tell the types."""
        for arn, type_name in step.vertices:
            if type_name is not None:
                self._typed.add(self.found.mirrors.one(arn))
            elif self._place(arn) == place:
                self._typeless.add(self.found.mirrors.one(arn))
        async for edges in self.loaders.turns.slices(step.edges):
            for edge in edges:
                self.found.join(edge)
        await self.loaders.turns.turn(len(step.edges))

    def _open_from(self, chain: _Chain) -> None:
        """Mark what a finished chain has opened: all of its place that is nearer to its start than its limit."""
        mirrors, place = self.found.mirrors, self._place(chain.start)
        opened = self.found.within(mirrors.one(chain.start), chain.limit)
        self._open |= {arn for vertex in opened for arn in mirrors.of(vertex) if self._place(arn) == place}

    def _place(self, arn: str) -> Place | None:
        """Tell where a vertex is asked for; None where the gateway may not."""
        try:
            return self.loaders.known.place_of(arn)
        except Forbidden:
            return None

    async def _look_for_the_typeless(self) -> None:
        """Tell vertices that do not exist: every kind but the trial component always has a type."""
        typeless = self._typeless - self._typed
        unsure = {arn for arn in typeless if kind_at(arn) is TRIAL_COMPONENT}
        self._dangling |= typeless - unsure
        ordered = sorted(unsure)
        found = await asyncio.gather(
            *(self.loaders.entities.describe(TRIAL_COMPONENT, arn) for arn in ordered), return_exceptions=True
        )
        for arn, record in zip(ordered, found, strict=True):
            if isinstance(record, GatewayError):
                self._ended_by.add(reason_of(record))
                self._unsure.add(arn)
            elif isinstance(record, BaseException):
                raise record
            elif record.missing:
                self._dangling.add(arn)
        # Of these, pages from another start have told first.
        for start in self._dangling.intersection(self.found.starts) - self._denied:
            self._start_without(start)
        for arn in self._dangling:
            if kind := kind_at(arn):
                self.loaders.known.record(arn).note({kind.type_path: None})

    async def _call_off(self) -> None:
        for task in self._chains:
            task.cancel()
        await asyncio.gather(*self._chains, return_exceptions=True)
        self._chains.clear()
