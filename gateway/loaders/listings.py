"""Loads entities by filters: List operations, which return summaries, and Search, which returns whole entities."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.aws.batches import Search
from gateway.aws.kinds import MOST_RESULTS, Kind
from gateway.aws.places import HOME, Place
from gateway.errors import BadUserInput, NotFound
from gateway.loaders.asking import Asking, Pages, frozen, paged, says_missing
from gateway.loaders.known import Known
from gateway.records import Page


class Listings:
    """Loads pages of entities."""

    def __init__(self, known: Known, asking: Asking) -> None:
        """Add the entities to the records in ``known``."""
        self._known = known
        self._asking = asking

    async def page(self, kind: Kind, parameters: Mapping[str, Any], token: str | None, size: int, place: Place) -> Page:
        """Return a page of summaries of a kind by its List operation; empty if their parent does not exist."""
        return await self._asking.page(self._load, kind, place, frozen(parameters), token, size, finds=[kind])

    def pages(self, kind: Kind, parameters: Mapping[str, Any], place: Place = HOME) -> Pages:
        """Return an iterator over all pages of summaries of a kind, each as large as AWS allows."""
        return Pages(lambda token: self.page(kind, parameters, token, MOST_RESULTS, place))

    async def with_source(
        self, kind: Kind, source: str, most: int = MOST_RESULTS, place: Place | None = None
    ) -> list[str]:
        """Return the ARNs of the first ``most`` vertices of a kind whose source is this ARN or URI.

        ``place`` defaults to that of the source. AWS may return fewer on a page, or none, and yet have more. Pages are
        as large as AWS allows, so that all who look for the same share the call, however many they want.
        """
        by = kind.source_path.removeprefix("Source.")
        found: list[str] = []
        async for page in self.pages(kind, {by: source}, self._known.place_of(source) if place is None else place):
            found += map(kind.key, page.items)
            if len(found) >= most:
                break
        return found[:most]

    async def search(  # noqa: PLR0913, PLR0917 - a search has these parameters
        self, kind: Kind, name: str, value: str, token: str | None, size: int, place: Place
    ) -> Page:
        """Return a page of whole entities whose Search property ``name`` has this value."""
        return await self._asking.page(self._load_search, kind, place, name, value, token, size, finds=[kind])

    async def search_any(
        self, kind: Kind, terms: Mapping[str, str], parts: Mapping[str, str] | None = None, place: Place = HOME
    ) -> list[str]:
        """Return the ARNs of up to 100 entities with a property that equals one of its ``terms`` or contains its part.

        ``terms`` maps properties to values, comma-separated if there are several; ``parts`` maps them to substrings.
        """
        assert isinstance(kind.batch, Search)  # noqa: S101
        answer = await self._asking.calls("Search", place, **kind.batch.where_any(terms, parts or {}))
        return [members[kind.arn] for members in self._known.learn_batch(kind, kind.batch, answer)]

    async def _load(
        self, kind: Kind, place: Place, parameters: Iterable[tuple[str, Any]], token: str | None, size: int
    ) -> Page:
        try:
            answer = await self._asking.calls(kind.list, place, **dict(parameters), **paged(token, size))
        except (NotFound, BadUserInput) as error:
            if says_missing(error, kind.missing):
                return Page([], None)
            raise
        for summary in answer[kind.summaries]:
            covered = {kind.renames.get(member, member): summary.get(member) for member in kind.summary}
            self._known.record(kind.key(summary)).note(covered)
            self._known.note_name(place, kind, kind.key(summary))
        return Page(answer[kind.summaries], answer.get("NextToken"))

    async def _load_search(  # noqa: PLR0913, PLR0917 - a search has these parameters
        self, kind: Kind, place: Place, name: str, value: str, token: str | None, size: int
    ) -> Page:
        assert isinstance(kind.batch, Search)  # noqa: S101
        answer = await self._asking.calls("Search", place, **kind.batch.where(name, value), **paged(token, size))
        return Page(self._known.learn_batch(kind, kind.batch, answer), answer.get("NextToken"))
