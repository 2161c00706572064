"""What one request has learnt of AWS, and how it learns more: a loader for each way of asking, none asked twice."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from aiodataloader import DataLoader

from gateway import arn as arns
from gateway.aws.batches import Batch, Search
from gateway.aws.budget import Budget
from gateway.aws.kinds import (
    ABSENT,
    EXECUTION_TAG,
    KINDS,
    LINEAGE,
    MOST_RESULTS,
    MOST_VERTICES,
    PROJECT,
    TRIAL,
    TRIAL_COMPONENT,
    Kind,
    kind_at,
    kind_of,
    unpinned,
)
from gateway.aws.places import HOME, Place
from gateway.cache import Cache
from gateway.errors import BadUserInput, Forbidden, GatewayError, NotFound, Unsupported
from gateway.memory import Entity, Memory
from gateway.records import Edge, Page, Record, Step
from gateway.turns import LONG

T = TypeVar("T")

_letting_go: set[asyncio.Task[None]] = set()

# Between a page's arrival and the first field of its items that asks for more lie this many turns of the event loop
# at most (graphql-core completes a list in three); a level's batch is gathered after that many.
_TURNS = 8


class Loaders:
    """The loaders of one request and what they have learnt."""

    def __init__(self, calls: Budget, cache: Cache, *, fresh: bool = False) -> None:
        """Ask the cache, unless the answer is to be ``fresh``, and then AWS through ``calls``."""
        self._calls = calls
        self.turns = calls.tally.turns
        """Its turns at what takes long."""
        self._memory = Memory(cache, self.turns, fresh=fresh)
        self.told: list[tuple[GatewayError, list[str | int]]] = []
        """What is missing from fields that have an answer all the same."""
        self.forget()

    def forget(self) -> None:
        """Know nothing, as at the beginning: what was learnt may no longer be so."""
        self._records: dict[str, Record] = {}
        self.shown: dict[str, Any] = {}
        """What shows an entity, by its key, for an answer may show it many times."""
        self._places: dict[str, Place] = {}
        self._named: dict[tuple[Place, Kind, str], str] = {}
        self._memory.forget()
        self._batches = {kind: DataLoader(partial(self._load_many, kind)) for kind in KINDS if kind.batch}
        self._projects = DataLoader(self._load_projects)
        self._describing: dict[asyncio.Task[str | None], str] = {}
        self._paging: set[asyncio.Task[Page]] = set()
        self._walked: dict[tuple[str, str, int], Step] = {}
        self._typed: set[tuple[str, str | None]] = set()
        """Vertices of which their types were learnt, for pages overlap."""
        self._edges: dict[tuple[str, str, str | None], Edge | None] = {}
        self._summed: dict[str, None] = {}
        self._made: dict[Hashable, asyncio.Task[Any]] = {}

    @property
    def calls_made(self) -> int:
        """How many calls the request has made so far."""
        return self._calls.made

    @property
    def aws(self) -> dict[str, Any]:
        """What the request has asked of AWS so far, as `extensions` show it."""
        return self._calls.report() | {"cached": self._memory.hits}

    def shows(self) -> None:
        """Count an entity that the answer shows; BudgetExceeded when it shows as many as it may."""
        self._calls.shows()

    def because(self, operation: str, reason: str) -> None:
        """Note why an operation is called, for whoever asks what an answer took."""
        self._calls.tally.reasons.add(f"{operation}: {reason}")

    def tell(self, error: GatewayError, path: list[str | int]) -> None:
        """Say beside the data of the field at ``path`` what is missing from it."""
        self.told.append((error, path))

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what ``make`` makes, which happens once a request for each key."""
        return await asyncio.shield(self._begun(key, make))

    def _begun(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Begin what is made once for each key; whoever waits for it does so behind a shield, for others may too."""
        if key not in self._made:
            self._made[key] = asyncio.create_task(make())
            self._made[key].add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody may wait
        return self._made[key]

    async def write(self, operation: str, place: Place = HOME, **parameters: Any) -> dict[str, Any]:
        """Change something, and forget what was known before; even a call that failed may have changed it.

        Whoever stops waiting for it, it is finished, and then known to the cache.
        """
        return await asyncio.shield(self._written(operation, place, parameters))

    async def _written(self, operation: str, place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._calls(operation, place, **parameters)
        finally:
            self.forget()
            self._calls.part(place)
            await self._memory.evict([(place, ""), *self._touched(place, parameters)])

    def _touched(self, place: Place, parameters: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
        """Give the entities that a write is about, by their ARNs or names, and where they are asked for."""
        for name, value in parameters.items():
            if name.endswith(("Arn", "Name")) and isinstance(value, str):
                yield place, value
                if arns.parse(value):
                    with contextlib.suppress(Forbidden):
                        yield self.place_of(value), value

    def place_of(self, key: str) -> Place:
        """Tell where an entity is asked for; Forbidden where the gateway may not."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._calls.place_of(unpinned(key))
        return place

    async def place_named(self, account: str | None, region: str | None) -> Place:
        """Tell where an account and a region are asked; Forbidden where the gateway may not."""
        return await self._calls.place_named(account, region)

    async def end(self) -> None:
        """Call off what is still under way, for nobody waits for it, and keep what is worth it."""
        self._calls.end()
        await self._learn_summed()
        await self._memory.keep()
        records = self._records
        self.forget()  # the loaders refer to this, so that what it holds would last until someone looks for cycles
        if len(records) > LONG:
            letting_go = asyncio.create_task(self._let_go(records))  # for which nobody need wait
            _letting_go.add(letting_go)
            letting_go.add_done_callback(_letting_go.discard)

    async def _let_go(self, records: dict[str, Record]) -> None:
        """Forget thousands slice by slice, for all at once take long."""
        async for some in self.turns.slices(list(records)):
            for key in some:
                del records[key]

    def record(self, key: str) -> Record:
        """Return what is known of an entity so far: one record a key, which grows."""
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = Record()
        return record

    async def keep(self) -> None:
        """Leave in the cache what has been learnt so far."""
        await self._memory.keep()

    async def recall(self, keys: Sequence[str]) -> None:
        """Learn what the cache knows of many entities."""
        async for some in self.turns.slices(keys):
            for known in await self._memory.entities(self._placed(some)):
                self._recall(known)

    def _recall(self, known: Entity) -> Record:
        """Learn what the cache knows of an entity, unless AWS has told more of it since."""
        record = self.record(known.key)
        if known.lacks is None:
            record.note({path: value for path, value in known.members.items() if not record.covers(path)})
        elif not record.described:
            record.complete(known.members, known.lacks)
        return record

    def remember(self, keys: Iterable[str]) -> None:
        """Leave in the cache, at the end, what summaries tell of entities; a description is left there as it comes."""
        self._summed.update(dict.fromkeys(keys))

    async def _learn_summed(self) -> None:
        async for some in self.turns.slices(list(self._summed)):
            for place, kind, key in self._placed(some):
                record = self.record(key)
                if record.noted and not record.described:
                    self._memory.learn_entity(place, kind, key, Entity(key, record.noted, None))

    def _placed(self, keys: Iterable[str]) -> Iterator[tuple[Place, Kind, str]]:
        """Give entities with their kinds and where they are asked for; not those for which the gateway may not."""
        for key in keys:
            if kind := kind_at(key):
                with contextlib.suppress(Forbidden):
                    yield self.place_of(key), kind, key

    async def describe(self, kind: Kind, key: str, path: str = "") -> Record:
        """Ask for the whole entity, or for all that the cheapest call knows when that covers ``path``."""
        record = self.record(key)
        place = self.place_of(key)
        if record.described and record.covers(path):
            return record
        if known := await self._memory.entity(place, kind, key):
            self._recall(known)
            if record.covers(path):
                return record
        if kind.batch and kind.batch.takes(key) and path.partition(".")[0] not in kind.batch.lacks:
            await self._level(kind)
            await self._batches[kind].load((key, True))
        else:
            await asyncio.shield(self.ask(kind, key, path))
        return record

    def ask(self, kind: Kind, key: str, path: str = "") -> asyncio.Task[str | None]:
        """Begin to ask AWS for one whole entity, of which the cache knew nothing; to be awaited behind a shield."""
        self.because(kind.describe, f"only this tells {path}" if path else "whether it exists")
        return self._described(kind, key, self.place_of(key))

    async def describe_many(self, kind: Kind, keys: Iterable[str]) -> None:
        """Ask for several entities of a kind that has a batch, without those for which the gateway may not."""
        await self._load_many(kind, [(key, True) for _, _, key in self._placed(keys)])

    async def find(self, kind: Kind, name: str, place: Place = HOME) -> str | None:
        """Return the key of the entity of that name, which is described unless something told of it before."""
        if key := self._named.get((place, kind, name)):
            return key
        if (known := await self._memory.entity(place, kind, name)) is None:
            return await asyncio.shield(self._described(kind, name, place))
        self._recall(known)
        return known.key

    async def associations(self, parameters: Mapping[str, Any], token: str | None, place: Place | None = None) -> Page:
        """Return the page of association summaries that begins at ``token``: 100 of them, whoever asks for how many.

        They are asked where the vertex is whose ARN is among the parameters, unless a ``place`` is given.
        """
        return await asyncio.shield(self._associations(parameters, token, place))

    def foresee(self, parameters: Mapping[str, Any]) -> None:
        """Begin to ask for a first page of association summaries, for a field that is going to need it."""
        self._associations(parameters, None, None)

    def _associations(
        self, parameters: Mapping[str, Any], token: str | None, place: Place | None
    ) -> asyncio.Task[Page]:
        end = parameters.get("SourceArn") or parameters.get("DestinationArn")
        asked = place if place is not None else self.place_of(end) if end else HOME
        self.because("ListAssociations", "one hop; it tells names and types too")
        return self._page(self._load_associations, asked, _frozen(parameters), token)

    def queries_lineage(self, start: str) -> bool:
        """Whether SageMaker has QueryLineage where this vertex is, as far as known."""
        try:
            return not self._calls.lacks("QueryLineage", self.place_of(start))
        except Forbidden:
            return True  # asking will tell

    def rate(self, operation: str, start: str) -> float | None:
        """Tell how many calls a second AWS takes where this vertex is; None while it has refused none."""
        try:
            return self._calls.rate(operation, self.place_of(start))
        except Forbidden:
            return None

    async def query_lineage(self, start: str, direction: str, depth: int, token: str | None) -> Step:
        """Return a page of all that QueryLineage finds from ``start``; Unsupported where there is no QueryLineage.

        Where the cache knows all pages, they come as one.
        """
        place, shape = self.place_of(start), (start, direction, depth)
        if token is None and (known := await self._memory.walk(place, *shape)):
            async for some in self.turns.slices(known.vertices):
                self._learn_types(some)
            return known
        step = await self._query_lineage(place, shape, token)
        self._learn_types(step.vertices)
        whole = self._walked.setdefault(shape, Step([], [], None)) if token else Step([], [], None)
        whole.vertices.extend(step.vertices)
        whole.edges.extend(step.edges)
        self._walked[shape] = whole
        if step.next is None:
            self._memory.learn_walk(place, *shape, found=self._walked.pop(shape))
        return step

    async def _query_lineage(self, place: Place, shape: tuple[str, str, int], token: str | None) -> Step:
        start, direction, depth = shape
        answer = await self._calls(
            "QueryLineage",
            place,
            StartArns=[start],
            Direction=direction,
            IncludeEdges=True,
            MaxDepth=depth,
            MaxResults=MOST_VERTICES,
            **_paged(token),
        )
        vertices = [(one["Arn"], one.get("Type")) for one in answer["Vertices"] if _is_vertex(one["Arn"])]
        told = (
            (edge["SourceArn"], edge["DestinationArn"], edge.get("AssociationType")) for edge in answer.get("Edges", ())
        )
        return Step(vertices, [edge for edge in map(self._edge, told) if edge], answer.get("NextToken"))

    def _edge(self, told: tuple[str, str, str | None]) -> Edge | None:
        """Make an edge of what tells one, once for all pages that do; None where an end is no vertex."""
        if told not in self._edges:
            self._edges[told] = Edge(*told) if _joins_vertices(*told[:2]) else None
        return self._edges[told]

    def _learn_types(self, vertices: Iterable[tuple[str, str | None]]) -> None:
        for vertex in vertices:
            arn, type_name = vertex
            if vertex in self._typed:
                continue
            self._typed.add(vertex)
            kind = kind_at(arn)
            if kind and type_name:
                self.record(arn).note({kind.type_path: type_name})

    async def neighbours(self, start: str, direction: str) -> Step:
        """Return the same of one vertex's own associations, all pages of them, by ListAssociations."""
        if self._calls.lacks("QueryLineage", self.place_of(start)):
            self.because("ListAssociations", "a walk, where there is no QueryLineage")
        ends = {"Ascendants": ["DestinationArn"], "Descendants": ["SourceArn"], "Both": ["DestinationArn", "SourceArn"]}
        found = await asyncio.gather(*(self.all_associations({end: start}) for end in ends[direction]))
        vertices: dict[str, str | None] = {}
        edges = []
        for summary in (summary for some in found for summary in some):
            edge = Edge(summary["SourceArn"], summary["DestinationArn"], summary.get("AssociationType"))
            edges.append(edge)
            vertices[edge.source] = summary.get("SourceType")
            vertices[edge.destination] = summary.get("DestinationType")
        return Step(list(vertices.items()), edges, None)

    async def all_associations(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all association summaries that a hop's parameters leave, page after page."""
        items: list[dict[str, Any]] = []
        token = None
        while True:
            page = await self.associations(parameters, token)
            items += page.items
            token = page.next
            if token is None:
                return items

    async def listing(
        self, kind: Kind, parameters: Mapping[str, Any], token: str | None, size: int, place: Place = HOME
    ) -> Page:
        """Return a page of summaries of a kind, by its List operation; empty where what they belong to is missing."""
        return await asyncio.shield(self._page(self._load_listing, kind, place, _frozen(parameters), token, size))

    async def search(  # noqa: PLR0913, PLR0917 - and so has a search
        self, kind: Kind, name: str, value: str, token: str | None, size: int, place: Place = HOME
    ) -> Page:
        """Return a page of the entities of which Search's property ``name`` has this value, whole."""
        return await asyncio.shield(self._page(self._load_search, kind, place, name, value, token, size))

    async def search_any(self, kind: Kind, terms: Mapping[str, str], place: Place = HOME) -> list[str]:
        """Return the ARNs of up to 100 entities of which any term holds: a property and its value, or some by comma."""
        assert isinstance(kind.batch, Search)  # noqa: S101
        answer = await self._calls("Search", place, **kind.batch.where_any(terms), MaxResults=MOST_RESULTS)
        return [members[kind.arn] for members in self._learn(kind, kind.batch, answer)]

    async def tags(self, arn: str) -> list[dict[str, str]]:
        """Return all tags of anything that has an ARN."""
        kind = kind_at(arn)
        if kind and await self._tells(kind, arn, "Tags"):
            return self.record(arn).read("Tags") or []
        return await self.once(("tags", arn), partial(self._load_tags, arn))

    async def trials(self, component: str) -> list[tuple[Place, str]]:
        """Return the trials that a trial component is part of, by their places and, in this order, their names."""
        place = self.place_of(component)
        return [(place, name) for name in await self._trials_in(component, place)]

    async def _trials_in(self, component: str, place: Place) -> list[str]:
        if await self._tells(TRIAL_COMPONENT, component, "Parents"):
            parents = self.record(component).read("Parents") or ()
            return sorted({parent["TrialName"] for parent in parents})
        names: list[str] = []
        page = Page([], "")
        while page.next is not None:
            asked = {"TrialComponentName": arns.id_of(component)}
            page = await self.listing(TRIAL, asked, page.next or None, MOST_RESULTS, place)
            names += [summary["TrialName"] for summary in page.items]
        return sorted(names)

    async def pipeline_execution(self, component: str) -> str | None:
        """Return the ARN of the pipeline execution that a trial component's run is part of; None when of none."""
        marked = _execution(await self.tags(component))
        if marked:
            return marked
        # Some tags stay with the job that the component stands for.
        record = self.record(component)
        if not record.covers("Source.SourceArn"):
            record = await self.describe(TRIAL_COMPONENT, component, "Source.SourceArn")
        job = record.read("Source.SourceArn")
        return _execution(await self.tags(job)) if job else None

    async def project(self, project_id: str, place: Place = HOME) -> str | None:
        """Return the key of the project with this id; None when there is none."""
        key: str | None = await self._projects.load((place, project_id))
        return key

    def _described(self, kind: Kind, wanted: str, place: Place) -> asyncio.Task[str | None]:
        described = self._begun((kind, wanted, place), partial(self._load_description, kind, wanted, place))
        if not described.done() and described not in self._describing:
            self._describing[described] = wanted
            described.add_done_callback(lambda done: self._describing.pop(done, None))
        return described

    async def _tells(self, kind: Kind, key: str, path: str) -> bool:
        """Whether the record covers what the kind's batch alone tells; several at once are asked of it."""
        if not (kind.batch and path in kind.batch.adds):
            return False
        record = self.record(key)
        self.place_of(key)  # whoever may not be asked is told so alone, and not with a batch
        if not record.covers(path):
            await self._level(kind)
        if not record.covers(path):
            await self._batches[kind].load((key, False))
        return record.covers(path)

    async def _load_description(self, kind: Kind, wanted: str, place: Place) -> str | None:
        answer = await self._description(kind, wanted, place)
        # Asked by its name alone, AWS answers for this account, whose entity need not be the one of the ARN.
        if answer is None or (arns.parse(wanted) and not kind.by_arn and answer[kind.arn].lower() != wanted.lower()):
            self.record(wanted).complete({})
            self.record(wanted).missing = True
            return None
        found = wanted if arns.parse(wanted) else answer[kind.arn] + wanted.removeprefix(unpinned(wanted))
        lacks = kind.batch.adds if kind.batch else frozenset[str]()
        self.record(found).complete(answer, lacks)
        self._memory.learn_entity(place, kind, wanted, Entity(found, answer, lacks))
        self._note_name(place, kind, found)
        return found

    async def _description(self, kind: Kind, wanted: str, place: Place) -> dict[str, Any] | None:
        record = self.record(wanted)
        known_name = record.read(kind.name_path) if kind.name_path and record.covers(kind.name_path) else None
        try:
            return await self._calls(kind.describe, place, **kind.asks(wanted, known_name))
        except (NotFound, BadUserInput) as error:
            if _says_missing(error, kind.missing):
                return None
            raise

    async def _load_many(self, kind: Kind, wanted: list[tuple[str, bool]]) -> list[Any]:
        """Ask the batch for several; those that it doesn't know and that are to be described, one by one."""
        several: dict[Place, dict[str, None]] = defaultdict(dict)
        for key, describe in wanted:
            if self._unknown(kind, key, describe):
                several[self.place_of(key)][key] = None
        await asyncio.gather(*(self._load_batches(kind, place, keys) for place, keys in several.items()))
        rest = [key for key, describe in wanted if describe and not self.record(key).described]
        described = (asyncio.shield(self._described(kind, key, self.place_of(key))) for key in rest)
        outcome = dict(zip(rest, await asyncio.gather(*described, return_exceptions=True), strict=True))
        return [outcome.get(key) if describe else None for key, describe in wanted]

    async def _load_batches(self, kind: Kind, place: Place, keys: Collection[str]) -> None:
        if kind.batch and len(keys) > 1:
            self.because(kind.batch.operation, f"several of kind {kind.name}, in one call for a hundred")
            await asyncio.gather(*(self._load_batch(kind, kind.batch, place, call) for call in kind.batch.calls(keys)))

    def _unknown(self, kind: Kind, key: str, describe: bool) -> bool:  # noqa: FBT001 - as the loader's keys have it
        """Whether a call is still needed; not where an entity is being described for what the batch lacks."""
        record = self.record(key)
        if describe:
            return not (record.described or key in self._describing.values())
        return not all(record.covers(path) for path in (kind.batch.adds if kind.batch else ()))

    async def _load_batch(self, kind: Kind, batch: Batch, place: Place, call: Mapping[str, Any]) -> None:
        try:
            answer = await self._calls(batch.operation, place, **call)
        except (Forbidden, BadUserInput, Unsupported):
            # One of them may be at fault; asked one by one, the others still answer.
            return
        self._learn(kind, batch, answer)

    def _learn(self, kind: Kind, batch: Batch, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = batch.found(answer)
        for members in found:
            key = kind.key(members)
            self.record(key).complete(members, batch.lacks)
            with contextlib.suppress(Forbidden):
                self._memory.learn_entity(self.place_of(key), kind, key, Entity(key, members, batch.lacks))
        return found

    def _page(self, load: Callable[..., Coroutine[Any, Any, Page]], *arguments: Any) -> asyncio.Task[Page]:
        page = self._begun((load, *arguments), partial(load, *arguments))
        if not page.done():
            self._paging.add(page)
            page.add_done_callback(self._paging.discard)
        return page

    async def _load_associations(
        self, place: Place, parameters: tuple[tuple[str, Any], ...], token: str | None
    ) -> Page:
        known = None if token else await self._memory.associations(place, parameters)
        if known is not None:
            return Page(self._learn_ends(known), None)
        try:
            answer = await self._calls("ListAssociations", place, **dict(parameters), **_paged(token, MOST_RESULTS))
        except NotFound:
            return Page([], None)
        page = Page(self._learn_ends(answer["AssociationSummaries"]), answer.get("NextToken"))
        if token is None and page.next is None:
            self._memory.learn_associations(place, parameters, page.items)
        return page

    def _learn_ends(self, summaries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Learn what association summaries tell of their ends; return those of which both are vertices."""
        found = [summary for summary in summaries if _joins_vertices(summary["SourceArn"], summary["DestinationArn"])]
        for summary in found:
            self._note_end(summary, "Source")
            self._note_end(summary, "Destination")
        return found

    async def _load_listing(
        self, kind: Kind, place: Place, parameters: Iterable[tuple[str, Any]], token: str | None, size: int
    ) -> Page:
        try:
            answer = await self._calls(kind.list, place, **dict(parameters), **_paged(token, size))
        except (NotFound, BadUserInput) as error:
            if _says_missing(error, kind.missing):
                return Page([], None)
            raise
        for summary in answer[kind.summaries]:
            known = {kind.renames.get(member, member): summary.get(member) for member in kind.summary}
            self.record(kind.key(summary)).note(known)
            self._note_name(place, kind, kind.key(summary))
        return Page(answer[kind.summaries], answer.get("NextToken"))

    async def _load_search(  # noqa: PLR0913, PLR0917 - and so has a search
        self, kind: Kind, place: Place, name: str, value: str, token: str | None, size: int
    ) -> Page:
        assert isinstance(kind.batch, Search)  # noqa: S101
        answer = await self._calls("Search", place, **kind.batch.where(name, value), **_paged(token, size))
        return Page(self._learn(kind, kind.batch, answer), answer.get("NextToken"))

    async def _load_tags(self, arn: str) -> list[dict[str, str]]:
        tags: list[dict[str, str]] = []
        token: str | None = None
        while True:
            try:
                answer = await self._calls("ListTags", self.place_of(arn), ResourceArn=arn, **_paged(token))
            except (NotFound, BadUserInput) as error:
                if _says_missing(error, ABSENT):
                    return []
                raise
            tags += answer["Tags"]
            token = answer.get("NextToken")
            if not token:
                return tags

    async def _load_projects(self, wanted: list[tuple[Place, str]]) -> list[str | None]:
        """Find projects by their ids: no call takes one, so the listing is read as far as it takes to find them."""
        places = dict.fromkeys(place for place, _ in wanted)
        found = await asyncio.gather(
            *(self._projects_in(place, {id for where, id in wanted if where == place}) for place in places)
        )
        keys = dict(zip(places, found, strict=True))
        return [keys[place].get(project_id) for place, project_id in wanted]

    async def _projects_in(self, place: Place, ids: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        page = Page([], "")
        while page.next is not None and not found.keys() >= ids:
            page = await self.listing(PROJECT, {}, page.next or None, MOST_RESULTS, place)
            found |= {summary["ProjectId"]: PROJECT.key(summary) for summary in page.items}
        return found

    def _note_end(self, summary: Mapping[str, Any], end: str) -> None:
        arn = arns.parse(summary[f"{end}Arn"])
        kind = kind_of(arn)
        if arn and kind in LINEAGE:
            known = {kind.name_path: summary.get(f"{end}Name"), kind.type_path: summary.get(f"{end}Type")}
            self.record(arn.text).note(known)

    def _note_name(self, place: Place, kind: Kind, key: str) -> None:
        name = self.record(key).read(kind.name_path) if kind.name_path else None
        if name and key == unpinned(key):
            self._named[place, kind, name] = key

    async def _level(self, kind: Kind) -> None:
        """Wait until what is under way has come, so that one batch serves a whole level of the answer."""
        # A vertex is reached by a page; anything else also by what a description says, such as an artifact's source.
        under_way: list[asyncio.Future[Any]] = [*self._paging, *(() if kind in LINEAGE else self._describing)]
        if under_way:
            await asyncio.wait(under_way)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        while self.turns.under_way:  # noqa: ASYNC110 - for milliseconds
            await asyncio.sleep(0)


def _is_vertex(arn: str) -> bool:
    return kind_at(arn) in LINEAGE


def _joins_vertices(source: str, destination: str) -> bool:
    # AWS lets an association end at an experiment, which is no vertex of any lineage type.
    return _is_vertex(source) and _is_vertex(destination)


def _paged(token: str | None, size: int | None = None) -> dict[str, Any]:
    return ({"NextToken": token} if token else {}) | ({"MaxResults": size} if size else {})


def _frozen(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(parameters.items()))


def _execution(tags: Iterable[Mapping[str, str]]) -> str | None:
    return next((tag["Value"] for tag in tags if tag["Key"] == EXECUTION_TAG), None)


def _says_missing(error: GatewayError, words: str) -> bool:
    """Whether a failed call says that what it was about does not exist, rather than that its arguments are wrong."""
    return isinstance(error, NotFound) or bool(words and words in str(error))
