"""Associations, a hop at a time: ListAssociations, which also names both ends of each and tells their types."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from gateway import arn as arns
from gateway.aws.kinds import LINEAGE, MOST_RESULTS, kind_at, kind_of
from gateway.aws.places import HOME, Place
from gateway.errors import Forbidden, NotFound
from gateway.loaders.asking import Asking, Pages, frozen, paged
from gateway.loaders.known import Known
from gateway.records import Edge, Page


class Associations:
    """Reads association summaries."""

    def __init__(self, known: Known, asking: Asking) -> None:
        """Note in ``known`` what AWS tells of the ends."""
        self._known = known
        self._asking = asking

    async def page(self, parameters: Mapping[str, Any], token: str | None, place: Place | None = None) -> Page:
        """Return the page of association summaries that begins at ``token``: 100 of them, however many are wanted.

        Unless a ``place`` is given, it is the place of the vertex whose ARN is among the parameters. Summaries with an
        end that is no vertex are left out.
        """
        page = await asyncio.shield(self._page(parameters, token, place))
        joining = [one for one in page.items if joins_vertices(one["SourceArn"], one["DestinationArn"])]
        return page._replace(items=joining)

    async def between(self, source: str, destination: str) -> dict[str, Any] | None:
        """Return the summary of the association from one vertex to another; None when there is none."""
        page = await self.page({"SourceArn": source, "DestinationArn": destination}, None)
        return page.items[0] if page.items else None

    def prefetch(self, parameters: Mapping[str, Any]) -> None:
        """Begin to load a first page for a field that is going to need it."""
        self._page(parameters, None, None)

    async def all(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all association summaries that fit a hop's parameters, page after page."""
        return [summary async for page in Pages(partial(self.page, parameters)) for summary in page.items]

    async def around(self, vertex: str) -> list[Edge]:
        """Return all associations that a vertex has, including those whose other end is no vertex."""

        async def of(end: str) -> list[Edge]:
            pages = Pages(lambda token: asyncio.shield(self._page({end: vertex}, token, None)))
            return [edge_of(summary) async for page in pages for summary in page.items]

        into, out_of = await asyncio.gather(of("DestinationArn"), of("SourceArn"))
        return into + out_of

    def _page(self, parameters: Mapping[str, Any], token: str | None, place: Place | None) -> asyncio.Task[Page]:
        end = parameters.get("SourceArn") or parameters.get("DestinationArn")
        asked = place if place is not None else self._known.place_of(end) if end else HOME
        self._asking.because("ListAssociations", "one hop; it tells names and types too")
        return self._asking.page(self._load, asked, frozen(parameters), token)

    async def _load(self, place: Place, parameters: tuple[tuple[str, Any], ...], token: str | None) -> Page:
        remembered = None if token else await self._known.cache.associations(place, parameters)
        if remembered is not None:
            self._learn(remembered, place)
            return Page(remembered, None)
        asked = dict(parameters) | paged(token, MOST_RESULTS)
        try:
            answer = await self._asking.calls("ListAssociations", place, **asked)
        except NotFound:
            return Page([], None)
        page = Page(answer["AssociationSummaries"], answer.get("NextToken"))
        self._learn(page.items, place)
        if token is None and page.next is None:
            self._known.cache.learn_associations(place, parameters, page.items)
        return page

    def _learn(self, summaries: Iterable[dict[str, Any]], place: Place) -> None:
        """Note what a place's association summaries tell of their ends."""
        for summary in summaries:
            self._learn_end(summary, "Source", place)
            self._learn_end(summary, "Destination", place)

    def _learn_end(self, summary: Mapping[str, Any], end: str, place: Place) -> None:
        arn = arns.parse(summary[f"{end}Arn"])
        kind = kind_of(arn)
        if arn and kind in LINEAGE:
            told = {kind.name_path: summary.get(f"{end}Name"), kind.type_path: summary.get(f"{end}Type")}
            if None in told.values() and not self._is_of(arn.text, place):
                told = {path: value for path, value in told.items() if value is not None}
            self._known.record(arn.text).note(told)

    def _is_of(self, arn: str, place: Place) -> bool:
        """Whether a vertex belongs to a place, which may leave out the names and types of other places' vertices."""
        try:
            return self._known.place_of(arn) == place
        except Forbidden:
            return False


def edge_of(summary: Mapping[str, Any]) -> Edge:
    """Return the edge that an association summary tells of."""
    return Edge(summary["SourceArn"], summary["DestinationArn"], summary.get("AssociationType"))


def is_vertex(arn: str) -> bool:
    """Whether an ARN is of a kind that lineage has as vertices."""
    return kind_at(arn) in LINEAGE


def joins_vertices(source: str, destination: str) -> bool:
    """Whether both ends are vertices: AWS lets one be an experiment, which has no lineage type."""
    return is_vertex(source) and is_vertex(destination)
