"""Describing: loads the selected fields of a walk's vertices during the walk, with as few calls as possible.

Three types of call return data of many entities. A *batch* returns up to a hundred whole entities by their ARNs. A
*listing* returns a hundred arbitrary entities of an account per page, so its pages are read only while enough of the
entities on them are vertices of the walk. *Association summaries* contain the names and types of both ends, so one
ListAssociations returns those of a vertex and all its neighbours on one side; these calls are chosen when the walk has
ended and all associations are known. Everything else takes one Describe per vertex.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from gateway.aws.batches import MOST_ENTITIES
from gateway.aws.kinds import MOST_RESULTS, Kind, kind_at
from gateway.aws.places import Place
from gateway.errors import GatewayError
from gateway.lineage.found import Direction
from gateway.lineage.spread import covering
from gateway.lineage.walk import Walk
from gateway.records import Page

_FIRST, _FURTHER = 20, 50
"""Vertices, hit or still wanted, that justify a listing's first page, and each further page, at any rate of hits."""
_ENOUGH_HITS = 3
"""The average number of hits per page that justifies the next page even if fewer vertices are wanted."""

End = tuple[str, str]
"""One end of associations, as a parameter of ListAssociations: its name and its value, the ARN of a vertex."""


@dataclass
class _Listing:
    """The state of reading a listing of one kind in one place."""

    kind: Kind
    place: Place
    wanted: list[str] = field(default_factory=list)
    """The vertices of the walk that still have to be described."""
    entities: set[str] = field(default_factory=set)
    """The keys of the entities on its pages so far."""
    hits: int = 0
    """The number of these that are vertices of the walk."""
    pages: int = 0
    token: str | None = None
    page: asyncio.Task[None] | None = None
    """The task that loads the next page, if one is in flight."""
    ended: bool = False

    @property
    def pays(self) -> bool:
        """Whether the next page is likely to save more calls than it costs."""
        trusted = _FIRST + self.pages * _FURTHER <= self.hits + len(self.wanted)
        is_worth_it = trusted or self.hits > self.pages * _ENOUGH_HITS
        return is_worth_it and len(self.wanted) > _ENOUGH_HITS and not self.ended


class Describing:
    """Describes a walk's vertices as far as the query needs."""

    def __init__(
        self,
        walked: Walk,
        needs: Mapping[Kind, Collection[str]],
        shows: Callable[[str], bool | None] = lambda _: True,
        *,
        lists: bool = True,
    ) -> None:
        """Load the paths in the Describe response that each kind ``needs``.

        ``shows`` returns whether a vertex is shown, as only those are described; None if that is not known yet.
        Without ``lists``, no sequences of pages are read, so that callers that wait for each part wait less.
        """
        self._walked = walked
        self._shows = shows
        self._loaders = walked.loaders
        self._needs = needs
        self._roots = {kind: {path.partition(".")[0] for path in paths} for kind, paths in needs.items()}
        self._lists = lists
        self._reached = 0
        self._doubtful: list[str] = []
        """Vertices that may turn out to be shown."""
        self._met: set[str] = set()
        self._tasks: list[asyncio.Task[Any]] = []
        """Calls in flight. If one fails, the fields that need its result repeat the call, and report the error."""
        self._batched: dict[Kind, list[str]] = defaultdict(list)
        """Vertices to describe by the next batches."""
        self._seen = 0
        """The number of the walk's associations that have been looked at."""
        self._many: set[End] = set()
        """Ends with more associations than fit on one page, of which only the first page is read."""
        self._listings: dict[tuple[Kind, Place], _Listing] = {}

    async def go_on(self) -> None:
        """Start describing the vertices that the walk has found since the last call of this method."""
        walked, found = self._walked, self._walked.found
        if not self._needs:
            return
        await self._settle()
        reached, self._reached = found.reached[self._reached :], len(found.reached)
        nearest = set(walked.nearest()) if len(found.depths) > walked.max_vertices else found.depths.keys()
        shown = []
        async for some in self._loaders.turns.slices(reached):
            for arn in some:
                is_shown = self._shows(arn)
                if is_shown and arn in nearest:
                    shown.append(arn)
                elif is_shown is not False:
                    self._doubtful.append(arn)
        await self._begin_all(shown)

    async def describe(self, arns: Iterable[str]) -> None:
        """Describe these vertices, and wait until this is done."""
        await self._settle()
        await self._begin_all(arns)
        await self._finish()

    async def _settle(self) -> None:
        """Wait for the vertices that are being looked up, such as the start, as these calls describe them anyway."""
        lookups = [task for task, key in self._loaders.lookups.items() if key in self._walked.found.depths]
        if lookups:
            await asyncio.wait(lookups)

    async def _begin_all(self, arns: Iterable[str]) -> None:
        new = dict.fromkeys(arn for arn in arns if arn not in self._met)
        self._met.update(new)
        wanted = [(kind, arn) for arn in new if (kind := kind_at(arn)) and kind in self._needs]
        recalled = await self._loaders.known.recall([arn for _, arn in wanted])
        self._loaders.known.remember(arn for kind, arn in wanted if arn not in recalled or not self._knows(kind, arn))
        async for some in self._loaders.turns.slices(wanted):
            for kind, arn in some:
                self._begin(kind, arn)
        for kind, waiting in self._batched.items():
            while len(waiting) >= (1 if self._walked.hurries else MOST_ENTITIES):
                self._batch(kind, waiting[:MOST_ENTITIES])
                del waiting[:MOST_ENTITIES]
        for listing in self._listings.values():
            self._read_on(listing)

    def end(self) -> asyncio.Task[None]:
        """Start describing the remaining vertices at the end of the walk; return the task that does so."""
        self._rest = asyncio.create_task(self._describe_rest())
        return self._rest

    async def _describe_rest(self) -> None:
        await self.go_on()
        doubtful, nearest = self._doubtful, set(self._walked.nearest() if self._doubtful else ())
        await self.describe(arn for arn in doubtful if arn in nearest and self._shows(arn) is not False)

    async def ready(self, arns: Iterable[str]) -> None:
        """Wait until the needed paths of these vertices are loaded, or have failed."""
        await self._loaders.turns.respite()
        if not all(self._loaders.known.record(arn).described or self._knows_at(arn) for arn in arns):
            await asyncio.shield(self._rest)

    def _knows_at(self, arn: str) -> bool:
        kind = kind_at(arn)
        return kind is None or kind not in self._needs or self._knows(kind, arn)

    async def _finish(self) -> None:
        listings = list(self._listings.values())
        read_on = [] if self._walked.hurries else [listing for listing in listings if listing.page or listing.pays]
        ends = self._new_ends() if any(listing.wanted for listing in listings) else {}
        self._start_remaining([listing for listing in listings if listing not in read_on], ends)
        await asyncio.gather(*map(self._read_all, read_on))
        self._start_remaining(read_on, ends)
        tasks, self._tasks = self._tasks, []
        if tasks:
            await asyncio.wait(tasks)

    def _start_remaining(self, listings: list[_Listing], ends: Mapping[End, set[str]]) -> None:
        """Start the remaining calls: for vertices queued for batches, and those that these listings did not return."""
        named = self._name([arn for listing in listings for arn in listing.wanted], ends)
        for listing in listings:
            for arn in listing.wanted:
                if arn not in named:
                    self._describe(listing.kind, arn)
            listing.wanted = []
        for kind, waiting in self._batched.items():
            self._batch(kind, [arn for arn in waiting if arn not in named])
        self._batched.clear()

    def _begin(self, kind: Kind, arn: str) -> None:
        """Describe a vertex, or queue it, for the type of call that returns the most vertices at once."""
        known = self._knows(kind, arn)
        if kind.batch and self._roots[kind].isdisjoint(kind.batch.lacks):
            if not known:
                self._batched[kind].append(arn)
        elif self._roots[kind].issubset(kind.summary):
            self._list(kind, arn)
        elif not known:
            self._describe(kind, arn)

    def _knows(self, kind: Kind, arn: str) -> bool:
        return all(map(self._loaders.known.record(arn).covers, self._needs[kind]))

    def _describe(self, kind: Kind, arn: str) -> None:
        lacking = self._roots[kind].intersection(kind.batch.lacks if kind.batch else ())
        with contextlib.suppress(GatewayError):
            self._tasks.append(self._loaders.entities.ask(kind, arn, next(iter(lacking or self._needs[kind]))))

    def _batch(self, kind: Kind, some: list[str]) -> None:
        if some:
            self._start(self._loaders.entities.load_many(kind, some, self._needs[kind]))

    def _start(self, call: Coroutine[Any, Any, Any]) -> None:
        async def made() -> None:
            with contextlib.suppress(GatewayError):
                await call

        self._tasks.append(asyncio.create_task(made()))

    def _list(self, kind: Kind, arn: str) -> None:
        place = self._loaders.known.place_or_none(arn)
        if place is not None:
            listing = self._listings.setdefault((kind, place), _Listing(kind, place, ended=not self._lists))
            listing.hits += arn in listing.entities
            if not self._knows(kind, arn):
                listing.wanted.append(arn)

    def _read_on(self, listing: _Listing) -> None:
        if listing.page is None and listing.pays:
            listing.page = asyncio.create_task(self._read(listing))
            self._tasks.append(listing.page)

    async def _read(self, listing: _Listing) -> None:
        """Read the next page of a listing; if this fails, its vertices are described by other calls."""
        kind = listing.kind
        self._loaders.because(kind.list, "returns many of the walk's vertices per call")
        try:
            page = await self._loaders.listings.page(kind, {}, listing.token, MOST_RESULTS, listing.place)
        except GatewayError:
            page = Page([], None)
        listing.entities |= {kind.key(summary) for summary in page.items}
        listing.hits += len(listing.entities.intersection(listing.wanted))
        listing.wanted = [arn for arn in listing.wanted if not self._knows(kind, arn)]
        listing.pages += 1
        listing.token, listing.ended, listing.page = page.next, page.next is None, None

    async def _read_all(self, listing: _Listing) -> None:
        """Read pages of a listing as long as that pays."""
        self._read_on(listing)
        while listing.page:
            await asyncio.wait({listing.page})
            self._read_on(listing)

    def _name(self, listed: list[str], ends: Mapping[End, set[str]]) -> set[str]:
        """Start ListAssociations calls for the names of listed vertices, and of batched ones if it takes no more pages.

        Returns those of them whose names these calls return.
        """
        wanted = list(filter(self._is_named, listed))
        batched = [arn for waiting in self._batched.values() for arn in waiting if self._is_named(arn)]
        chosen = _covering(wanted, ends)
        if batched and _pages(more := _covering(wanted + batched, ends)) <= _pages(chosen):
            chosen = more
        for end, arn in chosen:
            self._start(self._loaders.associations.all({end: arn}) if self._lists else self._name_some((end, arn)))
        return set[str]().union(*chosen.values()).intersection(wanted + batched)

    async def _name_some(self, end: End) -> None:
        page = await self._loaders.associations.page(dict([end]), None, finds=())
        if page.next:
            self._many.add(end)

    def _is_named(self, arn: str) -> bool:
        """Whether an association summary contains everything that is needed of a vertex."""
        kind = kind_at(arn)
        if kind is None:
            return False
        # There is no batch for a single entity, so what only batches add takes other calls anyway.
        added = kind.describe_lacks if len(self._batched[kind]) == 1 else frozenset[str]()
        return {kind.name_path, kind.type_path, *added}.issuperset(self._needs[kind])

    def _new_ends(self) -> dict[End, set[str]]:
        """Return, for each end in the new associations, the vertices in its summaries: itself and its neighbours."""
        named: dict[End, set[str]] = defaultdict(set)
        edges, direction = self._walked.found.edges, self._walked.found.direction
        for edge in islice(reversed(edges.values()), len(edges) - self._seen):
            if direction is not Direction.DOWNSTREAM:
                named["DestinationArn", edge.destination] |= {edge.source, edge.destination}
            if direction is not Direction.UPSTREAM:
                named["SourceArn", edge.source] |= {edge.source, edge.destination}
        self._seen = len(edges)
        return {end: vertices for end, vertices in named.items() if end not in self._many}


def _covering(wanted: list[str], ends: Mapping[End, set[str]]) -> dict[End, set[str]]:
    """Choose ends whose summaries contain wanted vertices, in at most as many calls as Describes would take.

    Returns the vertices in the summaries of each chosen end.
    """
    bits = {arn: 1 << bit for bit, arn in enumerate(wanted)}
    found = ((end, sum(bits.get(arn, 0) for arn in vertices)) for end, vertices in ends.items())
    reached = {end: named for end, named in found if named.bit_count() >= _pages({end: ends[end]})}
    chosen, _ = covering((1 << len(wanted)) - 1, reached)
    return {end: ends[end] for end in chosen}


def _pages(ends: Mapping[End, set[str]]) -> int:
    """Return the number of pages of summaries of some ends; each end has one summary fewer than vertices."""
    return sum(max(1, -(-(len(vertices) - 1) // MOST_RESULTS)) for vertices in ends.values())
