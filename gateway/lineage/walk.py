"""The whole graph that is reachable from some vertices: which calls find it, and what they left unfound.

A walk knows three things of a vertex: how far it is from the nearest start (its *depth*), whether it is *open* (all its
associations in the walk's direction are known), and whether it is *dangling* (an association names it, and it does not
exist). The walk goes on from the nearest vertices that are not open until none is left above the greatest depth.
QueryLineage opens all that is within ten associations of one vertex, fifty vertices a page; where there is no
QueryLineage, ListAssociations opens one vertex at a time. Either opens vertices only in the place that it is asked in:
one of another account that the gateway can ask is asked for there.

The pages of one QueryLineage come one after another, which makes the fewest calls and the most waiting. A walk that is
to wait less asks from every vertex at the edge of what is open, at once, only as far as one page holds: a round of such
calls opens several levels, and the walk is as long as the graph is deep rather than as it is large.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

from gateway import arn as arns
from gateway.aws.kinds import TRIAL_COMPONENT, kind_of
from gateway.aws.places import Place
from gateway.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    Forbidden,
    GatewayError,
    NotFound,
    Throttled,
    Unsupported,
)
from gateway.lineage.mirrors import Mirrors
from gateway.lineage.plan import DEEPEST_QUERY, Spread
from gateway.loaders import Loaders
from gateway.records import Edge, Step

CHAINS = 8
"""Vertices from which QueryLineage is asked at once; what one of them finds spares the rest."""


class Direction(Enum):
    """Which way a walk goes, in QueryLineage's words."""

    UPSTREAM = "Ascendants"
    DOWNSTREAM = "Descendants"
    BOTH = "Both"


class Preference(Enum):
    """What a walk spares, where it cannot spare both."""

    FEWER_CALLS = "FEWER_CALLS"
    LESS_WAITING = "LESS_WAITING"


class Reason(Enum):
    """Why a walk left something out."""

    MAX_DEPTH = "MAX_DEPTH"
    MAX_VERTICES = "MAX_VERTICES"
    CALL_BUDGET = "CALL_BUDGET"
    DEADLINE = "DEADLINE"
    ACCESS_DENIED = "ACCESS_DENIED"
    THROTTLED = "THROTTLED"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    DANGLING = "DANGLING"


def reason_of(error: GatewayError) -> Reason:
    """Say why what a call would have told is missing."""
    match error:
        case BudgetExceeded():
            return Reason.CALL_BUDGET
        case DeadlineExceeded():
            return Reason.DEADLINE
        case Forbidden():
            return Reason.ACCESS_DENIED
        case Throttled():
            return Reason.THROTTLED
        case _:
            return Reason.UPSTREAM_ERROR


class Coverage(NamedTuple):
    """What a walk left out, and why."""

    reasons: list[Reason]
    frontier: list[str]
    """Vertices beyond which there may be more, nearest first."""
    as_of: datetime

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.reasons


@dataclass(eq=False)
class _Chain:
    """The pages of what is found from one vertex."""

    start: str
    limit: int
    token: str | None = None
    found: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Walk:
    """A walk from ``starts`` in one direction, ``max_depth`` associations far and for ``max_vertices`` vertices."""

    loaders: Loaders
    starts: list[str]
    direction: Direction
    max_depth: int
    max_vertices: int
    prefer: Preference = Preference.FEWER_CALLS
    depths: dict[str, int] = field(default_factory=dict)
    """How far each vertex is from the nearest start."""
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    """The associations found, by their ends."""
    mirrors: Mirrors = field(default_factory=Mirrors)
    """Which ARNs are one vertex."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _seconds: float = 0.0
    _next: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _places: dict[str, Place | None] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _typeless: set[str] = field(default_factory=set)
    _dangling: set[str] = field(default_factory=set)
    _missing: set[str] = field(default_factory=set)
    _denied: set[str] = field(default_factory=set)
    _cut: set[str] = field(default_factory=set)
    _ended_by: set[Reason] = field(default_factory=set)
    _chains: dict[asyncio.Task[Step], _Chain] = field(default_factory=dict)
    _spread: Spread = field(init=False)

    def __post_init__(self) -> None:
        """Stand at the starts."""
        self._spread = Spread(hurries=self.prefer is Preference.LESS_WAITING)
        self.starts = list(dict.fromkeys(map(self.mirrors.one, self.starts)))
        self.depths.update(dict.fromkeys(self.starts, 0))

    async def run(self) -> "Walk":
        """Walk to the end."""
        async for _ in self.steps():
            pass
        return self

    async def steps(self) -> AsyncGenerator[None, None]:
        """Walk, pausing after each page; leaving the iteration stops the walk and its calls."""
        try:
            asked = time.monotonic()
            self._set_out()
            self._look_far()
            while self._chains:
                done, _ = await asyncio.wait(self._chains, return_when=asyncio.FIRST_COMPLETED)
                self._seconds = self._seconds or time.monotonic() - asked
                for task in done:
                    self._take(task, self._chains.pop(task))
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
        return self._in_order(self.depths)[: self.max_vertices]

    def coverage(self) -> Coverage:
        """Say what the walk has left out so far."""
        kept = set(self.nearest())
        closed = {arn for arn in kept if not self._open.issuperset(self.mirrors.of(arn))} - self._dangling
        reasons = set(self._ended_by)
        reasons |= {Reason.ACCESS_DENIED} if kept.intersection(map(self.mirrors.one, self._denied)) else set()
        reasons |= {Reason.DANGLING} if self._dangling & (kept | self._missing) else set()
        reasons |= {Reason.MAX_VERTICES} if len(kept) < len(self.depths) else set()
        reasons |= {Reason.MAX_DEPTH} if any(self.depths[arn] == self.max_depth for arn in closed) else set()
        frontier = closed | {arn for arn in kept if not self._next[arn] <= kept}
        return Coverage(sorted(reasons, key=list(Reason).index), self._in_order(frontier), self.began)

    def _in_order(self, vertices: Iterable[str]) -> list[str]:
        return sorted(vertices, key=lambda arn: (self.depths[arn], arn))

    def _set_out(self) -> None:
        """Ask from the nearest vertices that are not open; those farther off wait, for they may be opened meanwhile."""
        level = min((self.depths[self.mirrors.one(chain.start)] for chain in self._chains.values()), default=None)
        if level is None and len(self.depths) > self.max_vertices:
            return
        done_with = self._open | self._denied | self._cut | {chain.start for chain in self._chains.values()}
        waiting = [
            (depth, arn)
            for vertex, depth in self.depths.items()
            if depth < self.max_depth
            for arn in self.mirrors.of(vertex)
            if arn not in done_with
        ]
        if level is None:
            level = min((depth for depth, _ in waiting), default=0)
            rate = self.loaders.rate("QueryLineage", self.starts[0]) if self.starts else None
            self._spread.advance(len(self.depths), rate, self._seconds)
        nearest = sorted(arn for depth, arn in waiting if depth == level)
        is_chain = not self._spread.hurries and all(map(self.loaders.queries_lineage, nearest[:1]))
        room = CHAINS - len(self._chains) if is_chain else len(waiting)
        for arn in nearest[: max(0, room)]:
            self._go_on(_Chain(arn, min(self._spread.limit, self.max_depth - level)))

    def _look_far(self) -> None:
        """Beside the first calls of a walk that hurries, ask for all there is: where a page holds it, that is all."""
        deepest = min(DEEPEST_QUERY, self.max_depth)
        if self._spread.hurries and deepest > self._spread.reach:
            for start in filter(self.loaders.queries_lineage, self.starts):
                self._go_on(_Chain(start, deepest))

    def _go_on(self, chain: _Chain) -> None:
        if self.loaders.queries_lineage(chain.start):
            self.loaders.because("QueryLineage", self._spread.reason)
            step = self.loaders.query_lineage(chain.start, self.direction.value, chain.limit, chain.token)
        else:
            chain.limit = 1
            step = self._neighbours(chain.start)
        self._chains[asyncio.ensure_future(step)] = chain

    async def _neighbours(self, start: str) -> Step:
        """Ask ListAssociations, which unlike QueryLineage doesn't tell a start that does not exist."""
        kind = kind_of(arns.parse(start))
        if kind and start in self.starts and (await self.loaders.describe(kind, start)).missing:
            raise NotFound(start)
        return await self.loaders.neighbours(start, self.direction.value)

    def _take(self, task: asyncio.Task[Step], chain: _Chain) -> None:
        """Learn what a page told, and go on to the page after it."""
        try:
            step = task.result()
        except Unsupported:
            self._go_on(_Chain(chain.start, 1))
        except NotFound:
            self._open.add(chain.start)
            if self.mirrors.one(chain.start) == chain.start:
                self._dangling.add(chain.start)
            if chain.start in self.starts:
                self._missing.add(chain.start)
                self.starts.remove(chain.start)
                del self.depths[chain.start]
        except Forbidden:
            self._denied.add(chain.start)
        except GatewayError as error:
            self._ended_by.add(reason_of(error))
        else:
            self._learn(step)
            self._turn(step, chain)

    def _turn(self, step: Step, chain: _Chain) -> None:
        """Go on to the page after this one, unless it was the last or others tell the rest."""
        chain.found.update(arn for arn, _ in step.vertices)
        chain.token = step.next
        if chain.limit == self._spread.limit:
            self._spread.told(len(step.vertices), whole=step.next is None)
        if step.next is None:
            self._open_from(chain)
        elif self._spread.hurries and chain.limit > self._spread.reach:
            pass  # the calls from the edge will tell the rest
        elif len(chain.found) <= self.max_vertices:
            self._go_on(chain)
        else:
            self._cut.add(chain.start)

    def _learn(self, step: Step) -> None:
        for arn, type_name in step.vertices:
            if type_name is None:
                self._typeless.add(self.mirrors.one(arn))
        for edge in step.edges:
            source, destination = self.mirrors.one(edge.source), self.mirrors.one(edge.destination)
            if source == destination and edge.source != edge.destination:
                continue  # the association that says of two mirrors that they are the same
            self.edges.setdefault((source, destination), Edge(source, destination, edge.type))
            if self.direction is not Direction.UPSTREAM:
                self._link(source, destination)
            if self.direction is not Direction.DOWNSTREAM:
                self._link(destination, source)

    def _link(self, near: str, far: str) -> None:
        """Note that ``far`` is one association beyond ``near``, and how near that brings what lies behind it."""
        self._next[near].add(far)
        brought = deque([(near, far)])
        while brought:
            here, there = brought.popleft()
            depth = self.depths.get(here, self.max_depth) + 1
            if depth <= self.max_depth and depth < self.depths.get(there, depth + 1):
                self.depths[there] = depth
                brought.extend((there, beyond) for beyond in self._next[there])

    def _open_from(self, chain: _Chain) -> None:
        """Mark what a finished chain has opened: all of its place that is nearer to its start than its limit."""
        level = {self.mirrors.one(chain.start)}
        opened = set(level)
        for _ in range(chain.limit - 1):
            level = {arn for near in level for arn in self._next[near]} - opened
            opened |= level
        place = self._place(chain.start)
        self._open |= {arn for vertex in opened for arn in self.mirrors.of(vertex) if self._place(arn) == place}

    def _place(self, arn: str) -> Place | None:
        """Tell where a vertex is asked for; None where the gateway may not."""
        if arn not in self._places:
            try:
                self._places[arn] = self.loaders.place_of(arn)
            except Forbidden:
                self._places[arn] = None
        return self._places[arn]

    async def _look_for_the_typeless(self) -> None:
        """Tell vertices that do not exist: every kind but the trial component always has a type."""
        unsure = {arn for arn in self._typeless if kind_of(arns.parse(arn)) is TRIAL_COMPONENT}
        self._dangling |= self._typeless - unsure
        ordered = sorted(unsure)
        found = await asyncio.gather(
            *(self.loaders.describe(TRIAL_COMPONENT, arn) for arn in ordered), return_exceptions=True
        )
        for arn, record in zip(ordered, found, strict=True):
            if isinstance(record, GatewayError):
                self._ended_by.add(reason_of(record))
            elif isinstance(record, BaseException):
                raise record
            elif record.missing:
                self._dangling.add(arn)

    async def _call_off(self) -> None:
        for task in self._chains:
            task.cancel()
        await asyncio.gather(*self._chains, return_exceptions=True)
        self._chains.clear()
