"""What one request has learnt of AWS, and how it learns more: a loader for each way of asking, none asked twice."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from aiodataloader import DataLoader

from gateway import arn as arns
from gateway.aws.batches import Batch, Search
from gateway.aws.calls import Budget
from gateway.aws.kinds import (
    ABSENT,
    EXECUTION_TAG,
    KINDS,
    LINEAGE,
    MOST_RESULTS,
    PROJECT,
    TRIAL,
    TRIAL_COMPONENT,
    Kind,
    kind_of,
    unpinned,
)
from gateway.errors import BadUserInput, Forbidden, GatewayError, NotFound, Unsupported
from gateway.records import Edge, Page, Record, Step

K = TypeVar("K")
T = TypeVar("T")

MOST_VERTICES = 50
"""Vertices on one page of QueryLineage."""

# Between a page's arrival and the first field of its items that asks for more lie this many turns of the event loop
# at most (graphql-core completes a list in three); a level's batch is gathered after that many.
_TURNS = 8


class Loaders:
    """The loaders of one request and what they have learnt."""

    def __init__(self, calls: Budget) -> None:
        """Ask through ``calls``."""
        self._calls = calls
        self.told: list[tuple[GatewayError, list[str | int]]] = []
        """What is missing from fields that have an answer all the same."""
        self.forget()

    def forget(self) -> None:
        """Know nothing, as at the beginning: what was learnt may no longer be so."""
        self._records: dict[str, Record] = {}
        self._named: dict[tuple[Kind, str], str] = {}
        self._describe = DataLoader(_each(self._load_description), batch=False)
        self._batches = {kind: DataLoader(partial(self._load_many, kind)) for kind in KINDS if kind.batch}
        self._pages = DataLoader(_each(_fetch), batch=False)
        self._tags = DataLoader(_each(self._load_tags), batch=False)
        self._projects = DataLoader(self._load_projects)
        self._describing: dict[asyncio.Future[str | None], str] = {}
        self._paging: set[asyncio.Future[Page]] = set()
        self._made: dict[Hashable, asyncio.Future[Any]] = {}

    @property
    def calls_made(self) -> int:
        """How many calls the request has made so far."""
        return self._calls.made

    def tell(self, error: GatewayError, path: list[str | int]) -> None:
        """Say beside the data of the field at ``path`` what is missing from it."""
        self.told.append((error, path))

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what ``make`` makes, which happens once a request for each key."""
        if key not in self._made:
            self._made[key] = asyncio.ensure_future(make())
        made: T = await asyncio.shield(self._made[key])
        return made

    async def write(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Change something, and forget what was known before; even a call that failed may have changed it."""
        try:
            return await self._calls(operation, **parameters)
        finally:
            self.forget()

    def record(self, key: str) -> Record:
        """Return what is known of an entity so far: one record a key, which grows."""
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = Record()
        return record

    async def describe(self, kind: Kind, key: str, path: str = "") -> Record:
        """Ask for the whole entity, or for all that the cheapest call knows when that covers ``path``."""
        if kind.batch and kind.batch.takes(key) and path.partition(".")[0] not in kind.batch.lacks:
            await self._level(kind)
            await self._batches[kind].load((key, True))
        else:
            await self._described(kind, key)
        return self.record(key)

    async def find(self, kind: Kind, name: str) -> str | None:
        """Return the key of the entity of that name, which is described unless something told of it before."""
        return self._named.get((kind, name)) or await self._described(kind, name)

    async def associations(self, parameters: Mapping[str, Any], token: str | None) -> Page:
        """Return the page of association summaries that begins at ``token``: 100 of them, whoever asks for how many."""
        return await self._page(self._load_associations, _frozen(parameters), token)

    @property
    def queries_lineage(self) -> bool:
        """Whether SageMaker has QueryLineage here, as far as known."""
        return "QueryLineage" not in self._calls.lacks

    async def query_lineage(self, start: str, direction: str, depth: int, token: str | None) -> Step:
        """Return a page of all that QueryLineage finds from ``start``; Unsupported where there is no QueryLineage."""
        answer = await self._calls(
            "QueryLineage",
            StartArns=[start],
            Direction=direction,
            IncludeEdges=True,
            MaxDepth=depth,
            MaxResults=MOST_VERTICES,
            **_paged(token),
        )
        vertices = [(vertex["Arn"], vertex.get("Type")) for vertex in answer["Vertices"] if _is_vertex(vertex["Arn"])]
        for arn, type_name in vertices:
            kind = kind_of(arns.parse(arn))
            if kind and type_name:
                self.record(arn).note({kind.type_path: type_name})
        edges = [
            Edge(edge["SourceArn"], edge["DestinationArn"], edge.get("AssociationType"))
            for edge in answer.get("Edges", ())
        ]
        return Step(
            vertices,
            [edge for edge in edges if _joins_vertices(edge.source, edge.destination)],
            answer.get("NextToken"),
        )

    async def neighbours(self, start: str, direction: str) -> Step:
        """Return the same of one vertex's own associations, all pages of them, by ListAssociations."""
        ends = {"Ascendants": ["DestinationArn"], "Descendants": ["SourceArn"], "Both": ["DestinationArn", "SourceArn"]}
        found = await asyncio.gather(*(self._all_associations({end: start}) for end in ends[direction]))
        vertices: dict[str, str | None] = {}
        edges = []
        for summary in (summary for some in found for summary in some):
            edge = Edge(summary["SourceArn"], summary["DestinationArn"], summary.get("AssociationType"))
            edges.append(edge)
            vertices[edge.source] = summary.get("SourceType")
            vertices[edge.destination] = summary.get("DestinationType")
        return Step(list(vertices.items()), edges, None)

    async def _all_associations(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        token = None
        while True:
            page = await self.associations(parameters, token)
            items += page.items
            token = page.next
            if token is None:
                return items

    async def listing(self, kind: Kind, parameters: Mapping[str, Any], token: str | None, size: int) -> Page:
        """Return a page of summaries of a kind, by its List operation; empty where what they belong to is missing."""
        return await self._page(self._load_listing, kind, _frozen(parameters), token, size)

    async def search(self, kind: Kind, name: str, value: str, token: str | None, size: int) -> Page:
        """Return a page of the entities of which Search's property ``name`` has this value, whole."""
        return await self._page(self._load_search, kind, name, value, token, size)

    async def search_any(self, kind: Kind, terms: Mapping[str, str]) -> list[str]:
        """Return the ARNs of up to 100 entities of which any term holds: a property and its value, or some by comma."""
        assert isinstance(kind.batch, Search)  # noqa: S101
        answer = await self._calls("Search", **kind.batch.where_any(terms), MaxResults=MOST_RESULTS)
        return [members[kind.arn] for members in self._learn(kind, kind.batch, answer)]

    async def tags(self, arn: str) -> list[dict[str, str]]:
        """Return all tags of anything that has an ARN."""
        kind = kind_of(arns.parse(arn))
        if kind and await self._tells(kind, arn, "Tags"):
            return self.record(arn).read("Tags") or []
        tags: list[dict[str, str]] = await self._tags.load(arn)
        return tags

    async def trials(self, component: str) -> list[str]:
        """Return the names of the trials that a trial component is part of, in their order."""
        if await self._tells(TRIAL_COMPONENT, component, "Parents"):
            parents = self.record(component).read("Parents") or ()
            return sorted({parent["TrialName"] for parent in parents})
        names: list[str] = []
        page = Page([], "")
        while page.next is not None:
            page = await self.listing(
                TRIAL, {"TrialComponentName": arns.id_of(component)}, page.next or None, MOST_RESULTS
            )
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

    async def project(self, project_id: str) -> str | None:
        """Return the key of the project with this id; None when there is none."""
        key: str | None = await self._projects.load(project_id)
        return key

    async def _described(self, kind: Kind, wanted: str) -> str | None:
        answer: asyncio.Future[str | None] = self._describe.load((kind, wanted))
        if not answer.done():
            self._describing[answer] = wanted
            answer.add_done_callback(lambda done: self._describing.pop(done, None))
        return await answer

    async def _tells(self, kind: Kind, key: str, path: str) -> bool:
        """Whether the record covers what the kind's batch alone tells; several at once are asked of it."""
        if not (kind.batch and path in kind.batch.adds):
            return False
        record = self.record(key)
        if not record.covers(path):
            await self._level(kind)
        if not record.covers(path):
            await self._batches[kind].load((key, False))
        return record.covers(path)

    async def _load_description(self, key: tuple[Kind, str]) -> str | None:
        kind, wanted = key
        answer = await self._description(kind, wanted)
        # Asked by its name alone, AWS answers for this account, whose entity need not be the one of the ARN.
        if answer is None or (arns.parse(wanted) and not kind.by_arn and answer[kind.arn].lower() != wanted.lower()):
            self.record(wanted).complete({})
            self.record(wanted).missing = True
            return None
        if not arns.parse(wanted):
            wanted = answer[kind.arn] + wanted.removeprefix(unpinned(wanted))
        self.record(wanted).complete(answer, kind.batch.adds if kind.batch else frozenset())
        self._note_name(kind, wanted)
        return wanted

    async def _description(self, kind: Kind, wanted: str) -> dict[str, Any] | None:
        record = self.record(wanted)
        known_name = record.read(kind.name_path) if kind.name_path and record.covers(kind.name_path) else None
        try:
            return await self._calls(kind.describe, **kind.asks(wanted, known_name))
        except (NotFound, BadUserInput) as error:
            if _says_missing(error, kind.missing):
                return None
            raise

    async def _load_many(self, kind: Kind, wanted: list[tuple[str, bool]]) -> list[Any]:
        """Ask the batch for several; those that it doesn't know and that are to be described, one by one."""
        assert kind.batch  # noqa: S101
        several = list(dict.fromkeys(key for key, describe in wanted if self._unknown(kind.batch, key, describe)))
        if len(several) > 1:
            await asyncio.gather(*(self._load_batch(kind, kind.batch, call) for call in kind.batch.calls(several)))
        rest = [key for key, describe in wanted if describe and not self.record(key).described]
        answers = await asyncio.gather(*(self._described(kind, key) for key in rest), return_exceptions=True)
        outcome = dict(zip(rest, answers, strict=True))
        return [outcome.get(key) if describe else None for key, describe in wanted]

    def _unknown(self, batch: Batch, key: str, describe: bool) -> bool:  # noqa: FBT001 - as the loader's keys have it
        """Whether a call is still needed; not where an entity is being described for what the batch lacks."""
        record = self.record(key)
        if describe:
            return not (record.described or key in self._describing.values())
        return not all(record.covers(path) for path in batch.adds)

    async def _load_batch(self, kind: Kind, batch: Batch, call: Mapping[str, Any]) -> None:
        try:
            answer = await self._calls(batch.operation, **call)
        except (Forbidden, BadUserInput, Unsupported):
            # One of them may be at fault; asked one by one, the others still answer.
            return
        self._learn(kind, batch, answer)

    def _learn(self, kind: Kind, batch: Batch, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = batch.found(answer)
        for members in found:
            self.record(kind.key(members)).complete(members, batch.lacks)
        return found

    async def _page(self, *key: Any) -> Page:
        page: asyncio.Future[Page] = self._pages.load(key)
        if not page.done():
            self._paging.add(page)
            page.add_done_callback(self._paging.discard)
        return await page

    async def _load_associations(self, parameters: Iterable[tuple[str, Any]], token: str | None) -> Page:
        try:
            answer = await self._calls("ListAssociations", **dict(parameters), **_paged(token, MOST_RESULTS))
        except NotFound:
            return Page([], None)
        for summary in answer["AssociationSummaries"]:
            self._note_end(summary, "Source")
            self._note_end(summary, "Destination")
        summaries = [
            summary
            for summary in answer["AssociationSummaries"]
            if _joins_vertices(summary["SourceArn"], summary["DestinationArn"])
        ]
        return Page(summaries, answer.get("NextToken"))

    async def _load_listing(
        self, kind: Kind, parameters: Iterable[tuple[str, Any]], token: str | None, size: int
    ) -> Page:
        try:
            answer = await self._calls(kind.list, **dict(parameters), **_paged(token, size))
        except (NotFound, BadUserInput) as error:
            if _says_missing(error, kind.missing):
                return Page([], None)
            raise
        for summary in answer[kind.summaries]:
            known = {kind.renames.get(member, member): summary.get(member) for member in kind.summary}
            self.record(kind.key(summary)).note(known)
            self._note_name(kind, kind.key(summary))
        return Page(answer[kind.summaries], answer.get("NextToken"))

    async def _load_search(self, kind: Kind, name: str, value: str, token: str | None, size: int) -> Page:
        assert isinstance(kind.batch, Search)  # noqa: S101
        answer = await self._calls("Search", **kind.batch.where(name, value), **_paged(token, size))
        return Page(self._learn(kind, kind.batch, answer), answer.get("NextToken"))

    async def _load_tags(self, arn: str) -> list[dict[str, str]]:
        tags: list[dict[str, str]] = []
        token: str | None = None
        while True:
            try:
                answer = await self._calls("ListTags", ResourceArn=arn, **_paged(token))
            except (NotFound, BadUserInput) as error:
                if _says_missing(error, ABSENT):
                    return []
                raise
            tags += answer["Tags"]
            token = answer.get("NextToken")
            if not token:
                return tags

    async def _load_projects(self, ids: list[str]) -> list[str | None]:
        """Find projects by their ids: no call takes one, so the listing is read as far as it takes to find them."""
        found: dict[str, str] = {}
        page = Page([], "")
        while page.next is not None and not found.keys() >= set(ids):
            page = await self.listing(PROJECT, {}, page.next or None, MOST_RESULTS)
            found |= {summary["ProjectId"]: PROJECT.key(summary) for summary in page.items}
        return [found.get(project_id) for project_id in ids]

    def _note_end(self, summary: Mapping[str, Any], end: str) -> None:
        arn = arns.parse(summary[f"{end}Arn"])
        kind = kind_of(arn)
        if arn and kind in LINEAGE:
            known = {kind.name_path: summary.get(f"{end}Name"), kind.type_path: summary.get(f"{end}Type")}
            self.record(arn.text).note(known)

    def _note_name(self, kind: Kind, key: str) -> None:
        name = self.record(key).read(kind.name_path) if kind.name_path else None
        if name and key == unpinned(key):
            self._named[kind, name] = key

    async def _level(self, kind: Kind) -> None:
        """Wait until what is under way has come, so that one batch serves a whole level of the answer."""
        # A vertex is reached by a page; anything else also by what a description says, such as an artifact's source.
        under_way: list[asyncio.Future[Any]] = [*self._paging, *(() if kind in LINEAGE else self._describing)]
        if under_way:
            await asyncio.wait(under_way)
        for _ in range(_TURNS):
            await asyncio.sleep(0)


def _is_vertex(arn: str) -> bool:
    return kind_of(arns.parse(arn)) in LINEAGE


def _joins_vertices(source: str, destination: str) -> bool:
    # AWS lets an association end at an experiment, which is no vertex of any lineage type.
    return _is_vertex(source) and _is_vertex(destination)


def _paged(token: str | None, size: int | None = None) -> dict[str, Any]:
    return ({"NextToken": token} if token else {}) | ({"MaxResults": size} if size else {})


def _frozen(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(parameters.items()))


def _execution(tags: Iterable[Mapping[str, str]]) -> str | None:
    return next((tag["Value"] for tag in tags if tag["Key"] == EXECUTION_TAG), None)


async def _fetch(key: tuple[Any, ...]) -> Page:
    """Load a page whose key is the method that does so, with its arguments."""
    load, *arguments = key
    page: Page = await load(*arguments)
    return page


def _each(load: Callable[[K], Awaitable[Any]]) -> Callable[[list[K]], Any]:
    """Make a loader's function of one that loads a single key; a failure is kept as that key's answer."""

    async def load_each(keys: list[K]) -> Iterable[Any]:
        return await asyncio.gather(*map(load, keys), return_exceptions=True)

    return load_each


def _says_missing(error: GatewayError, words: str) -> bool:
    """Whether a failed call says that what it was about does not exist, rather than that its arguments are wrong."""
    return isinstance(error, NotFound) or bool(words and words in str(error))
