"""Loads associations by ListAssociations, whose summaries also contain the names and types of both ends."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from gateway import arn as arns
from gateway.aws.kinds import LINEAGE, MOST_RESULTS, Kind, kind_at, kind_of
from gateway.aws.places import HOME, Place
from gateway.errors import NotFound
from gateway.loaders.asking import Asking, Pages, frozen, paged
from gateway.loaders.known import Known
from gateway.records import Edge, Page


class Associations:
    """Loads association summaries."""

    def __init__(self, known: Known, asking: Asking) -> None:
        """Add the names and types of the ends to the records in ``known``."""
        self._known = known
        self._asking = asking

    async def page(
        self,
        parameters: Mapping[str, Any],
        token: str | None,
        place: Place | None = None,
        finds: Iterable[Kind] = LINEAGE,
    ) -> Page:
        """Return the page of association summaries that begins at ``token``: up to 100, however many are needed.

        ``place`` defaults to the place of the vertex whose ARN is among the parameters; ``finds`` is empty if the
        vertices are known already. Summaries with an end that is not a vertex are omitted.
        """
        page = await self._page(parameters, token, place, finds)
        joining = [one for one in page.items if joins_vertices(one["SourceArn"], one["DestinationArn"])]
        return page._replace(items=joining)

    async def between(self, source: str, destination: str) -> dict[str, Any] | None:
        """Return the summary of the association from one vertex to another; None if there is none."""
        found = await self.all({"SourceArn": source, "DestinationArn": destination})
        return found[0] if found else None

    async def all(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all association summaries that match a hop's parameters, from all pages."""
        pages = Pages(partial(self.page, parameters, finds=()))
        return [summary async for page in pages for summary in page.items]

    async def around(self, vertex: str) -> list[Edge]:
        """Return all associations of a vertex, including those whose other end is not a vertex."""

        async def of(end: str) -> list[Edge]:
            pages = Pages(partial(self._page, {end: vertex}))
            return [edge_of(summary) async for page in pages for summary in page.items]

        into, out_of = await asyncio.gather(of("DestinationArn"), of("SourceArn"))
        return into + out_of

    async def _page(
        self,
        parameters: Mapping[str, Any],
        token: str | None,
        place: Place | None = None,
        finds: Iterable[Kind] = LINEAGE,
    ) -> Page:
        end = parameters.get("SourceArn") or parameters.get("DestinationArn")
        asked = place if place is not None else self._known.place_of(end) if end else HOME
        self._asking.because("ListAssociations", "one hop, with the names and types of the neighbours")
        return await self._asking.page(self._load, asked, frozen(parameters), token, finds=finds)

    async def _load(self, place: Place, parameters: tuple[tuple[str, Any], ...], token: str | None) -> Page:
        cached = None if token else await self._known.cache.associations(place, parameters)
        if cached is not None:
            self._learn(cached, place)
            return Page(cached, None)
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
        """Add the names and types in a place's association summaries to the records of the ends."""
        for summary in summaries:
            self._learn_end(summary, "Source", place)
            self._learn_end(summary, "Destination", place)

    def _learn_end(self, summary: Mapping[str, Any], end: str, place: Place) -> None:
        arn = arns.parse(summary[f"{end}Arn"])
        kind = kind_of(arn)
        if arn and kind in LINEAGE:
            covered = {kind.name_path: summary.get(f"{end}Name"), kind.type_path: summary.get(f"{end}Type")}
            # A place may omit the names and types of vertices in other places.
            if None in covered.values() and self._known.place_or_none(arn.text) != place:
                covered = {path: value for path, value in covered.items() if value is not None}
            self._known.record(arn.text).note(covered)


def edge_of(summary: Mapping[str, Any]) -> Edge:
    """Return an association summary as an edge."""
    return Edge(summary["SourceArn"], summary["DestinationArn"], summary.get("AssociationType"))


def is_vertex(arn: str) -> bool:
    """Whether an ARN is of a kind that is a vertex of the lineage graph."""
    return kind_at(arn) in LINEAGE


def joins_vertices(source: str, destination: str) -> bool:
    """Whether both ends are vertices: AWS allows an experiment as an end, which has no lineage type."""
    return is_vertex(source) and is_vertex(destination)
