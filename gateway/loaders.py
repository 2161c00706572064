"""What one request has learnt of AWS, and how it learns more: a loader for each way of asking, none asked twice.

A *record* is what is known of one entity. It knows what it covers: a listing, an association summary, Search and
Describe each cover some members of the Describe response. A covered member that is absent is null; only an uncovered
one costs a call.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from aiodataloader import DataLoader

from gateway import arn as arns
from gateway.aws import search
from gateway.aws.calls import Calls
from gateway.aws.kinds import BY_RESOURCE, LINEAGE, MOST_RESULTS, Kind
from gateway.errors import Forbidden, NotFound

K = TypeVar("K")

# Between a hop's answer and the first field of its vertices that asks for more lie this many turns of the event loop
# at most (graphql-core completes a list in three); a level's trial components are gathered after that many.
_TURNS = 8


class Record:
    """What a request knows of one entity, by the member names of its Describe response."""

    __slots__ = ("_lacks", "_paths", "missing", "tags")

    def __init__(self) -> None:
        """Know nothing."""
        self._paths: dict[str, Any] = {}
        self._lacks: frozenset[str] | None = None
        self.missing = False
        """Whether AWS said that there is no such entity."""

    @property
    def described(self) -> bool:
        """Whether the whole entity was asked for, and answered or found missing."""
        return self._lacks is not None

    def covers(self, path: str) -> bool:
        """Whether ``path`` is known, be it as absent."""
        root = path.partition(".")[0]
        return path in self._paths or root in self._paths or (self._lacks is not None and root not in self._lacks)

    def read(self, path: str) -> Any:
        """Return the value at a covered path; None where it is absent."""
        if path in self._paths:
            return self._paths[path]
        value: Any = self._paths
        for step in path.split("."):
            value = value.get(step) if value else None
        return value

    def note(self, covered: Mapping[str, Any]) -> None:
        """Learn these paths, with None for what is absent."""
        if not self.described:
            self._paths.update(covered)

    def complete(self, members: Mapping[str, Any], lacks: frozenset[str] = frozenset()) -> None:
        """Learn everything but ``lacks``."""
        self._paths = dict(members)
        self._lacks = lacks


class Page(NamedTuple):
    """One page of a listing."""

    items: list[dict[str, Any]]
    next: str | None
    """The token of the page after it; None on the last."""


class Loaders:
    """The loaders of one request and what they have learnt."""

    def __init__(self, calls: Calls) -> None:
        """Ask through ``calls``."""
        self._calls = calls
        self._records: dict[str, Record] = {}
        self._describe = DataLoader(_each(self._load_description), batch=False)
        self._search = {kind: DataLoader(partial(self._load_many, kind)) for kind in LINEAGE if kind.search}
        self._associations = DataLoader(_each(self._load_associations), batch=False)
        self._tags = DataLoader(_each(self._load_tags), batch=False)
        self._hops: set[asyncio.Future[Page]] = set()

    def record(self, arn: str) -> Record:
        """Return what is known of an entity so far: one record an ARN, which grows."""
        record = self._records.get(arn)
        if record is None:
            record = self._records[arn] = Record()
        return record

    async def describe(self, kind: Kind, arn: str, path: str = "") -> Record:
        """Ask for the whole entity, or for all that the cheapest call knows when that covers ``path``."""
        if kind.search and path.partition(".")[0] not in kind.search.lacks:
            await self._level()
            await self._search[kind].load(arn)
        else:
            await self._describe.load((kind, arn))
        return self.record(arn)

    async def find(self, kind: Kind, name: str) -> str | None:
        """Return the ARN of the entity of that name, described; None when there is none."""
        arn: str | None = await self._describe.load((kind, name))
        return arn

    async def associations(self, parameters: Mapping[str, Any], token: str | None) -> Page:
        """Return the page of association summaries that begins at ``token``: 100 of them, whoever asks for how many."""
        page: asyncio.Future[Page] = self._associations.load((tuple(sorted(parameters.items())), token))
        if not page.done():
            self._hops.add(page)
            page.add_done_callback(self._hops.discard)
        return await page

    async def listing(self, kind: Kind, parameters: Mapping[str, Any], token: str | None, size: int) -> Page:
        """Return a page of ARNs of a kind, by its List operation."""
        try:
            answer = await self._calls(kind.list, **parameters, **_page(token, size))
        except NotFound:
            return Page([], None)
        for summary in answer[kind.summaries]:
            self._note_summary(kind, summary)
        return Page(answer[kind.summaries], answer.get("NextToken"))

    async def tags(self, arn: str) -> list[dict[str, str]]:
        """Return all tags of an entity."""
        tags: list[dict[str, str]] = await self._tags.load(arn)
        return tags

    async def _load_description(self, key: tuple[Kind, str]) -> str | None:
        kind, wanted = key
        parsed = arns.parse(wanted)
        try:
            answer = await self._calls(
                kind.describe, **{kind.parameter: parsed.id if parsed and not kind.by_arn else wanted}
            )
        except NotFound:
            record = self.record(wanted)
            record.complete({})
            record.missing = True
            return None
        arn: str = wanted if parsed else answer[kind.arn]
        self.record(arn).complete(answer)
        return arn

    async def _load_many(self, kind: Kind, wanted: list[str]) -> list[str | BaseException | None]:
        """Describe several by Search; those that it doesn't know (yet, or from another account) one by one."""
        if kind.search and len(wanted) > 1:
            await asyncio.gather(*(self._load_search(kind, call) for call in search.calls(kind.search, wanted)))
        rest = [arn for arn in wanted if not self.record(arn).described]
        answers = await asyncio.gather(*(self._describe.load((kind, arn)) for arn in rest), return_exceptions=True)
        outcome = dict(zip(rest, answers, strict=True))
        return [outcome.get(arn, arn) for arn in wanted]

    async def _load_search(self, kind: Kind, call: Mapping[str, Any]) -> None:
        assert kind.search  # noqa: S101
        try:
            answer = await self._calls("Search", **call)
        except Forbidden:
            return
        for result in answer["Results"]:
            members = result[kind.search.result]
            self.record(members[kind.arn]).complete(members, kind.search.lacks)

    async def _load_associations(self, key: tuple[tuple[tuple[str, Any], ...], str | None]) -> Page:
        parameters, token = key
        try:
            answer = await self._calls("ListAssociations", **dict(parameters), **_page(token, MOST_RESULTS))
        except NotFound:
            return Page([], None)
        for summary in answer["AssociationSummaries"]:
            self._note_end(summary, "Source")
            self._note_end(summary, "Destination")
        return Page(answer["AssociationSummaries"], answer.get("NextToken"))

    async def _load_tags(self, arn: str) -> list[dict[str, str]]:
        tags: list[dict[str, str]] = []
        token: str | None = None
        while True:
            answer = await self._calls("ListTags", ResourceArn=arn, **_page(token))
            tags += answer["Tags"]
            token = answer.get("NextToken")
            if not token:
                return tags

    def _note_end(self, summary: Mapping[str, Any], end: str) -> None:
        arn = arns.parse(summary[f"{end}Arn"])
        kind = BY_RESOURCE.get(arn.resource) if arn else None
        if arn and kind:
            known = {kind.name_path: summary.get(f"{end}Name"), kind.type_path: summary.get(f"{end}Type")}
            self.record(arn.text).note(known)

    def _note_summary(self, kind: Kind, summary: Mapping[str, Any]) -> None:
        known = {kind.renames.get(member, member): summary.get(member) for member in kind.summary}
        self.record(summary[kind.arn]).note(known)

    async def _level(self) -> None:
        """Wait until the hops now under way have answered, so that one Search serves a whole level of the walk."""
        if self._hops:
            await asyncio.wait(list(self._hops))
        for _ in range(_TURNS):
            await asyncio.sleep(0)


def _page(token: str | None, size: int | None = None) -> dict[str, Any]:
    return ({"NextToken": token} if token else {}) | ({"MaxResults": size} if size else {})


def _each(load: Callable[[K], Awaitable[Any]]) -> Callable[[list[K]], Any]:
    """Make a loader's function of one that loads a single key; a failure is kept as that key's answer."""

    async def load_each(keys: list[K]) -> Iterable[Any]:
        return await asyncio.gather(*map(load, keys), return_exceptions=True)

    return load_each
