"""Loads the steps of walks: pages of QueryLineage or, in regions without it, the associations of a vertex."""

import asyncio
from collections.abc import Iterable
from itertools import chain

from gateway.aws.kinds import PAGE_VERTICES, kind_at
from gateway.aws.places import Place
from gateway.errors import NotFound
from gateway.loaders.asking import Asking, paged
from gateway.loaders.associations import Associations, edge_of, is_vertex, joins_vertices
from gateway.loaders.known import Known
from gateway.records import Edge, Step

_QUERY = "QueryLineage"


class Lineage:
    """Loads steps of walks."""

    def __init__(self, known: Known, asking: Asking, associations: Associations) -> None:
        """Add the vertices' types to the records in ``known``."""
        self._known = known
        self._asking = asking
        self._calls = asking.calls
        self._associations = associations
        self._turns = asking.calls.tally.turns
        self.forget()

    def forget(self) -> None:
        """Discard everything loaded so far."""
        self._walked: dict[tuple[Place, str, str, int, str], Step] = {}
        """The pages so far, merged, by arguments and next token; several readers of the same query share them."""
        self._typed: set[tuple[str, str | None]] = set()
        """The vertices whose types are in their records already, as pages overlap."""
        self._edges: dict[tuple[str, str, str | None], Edge | None] = {}

    def can_query(self, start: str) -> bool:
        """Whether SageMaker has QueryLineage in the vertex's region, as far as known."""
        place = self._known.place_or_none(start)
        return place is None or not self._calls.lacks(_QUERY, place)  # without a place, the query raises Forbidden

    def rate(self, start: str) -> float | None:
        """Return the QueryLineage calls per second that AWS allows in the vertex's place; None if not throttled."""
        place = self._known.place_or_none(start)
        return None if place is None else self._calls.rate(_QUERY, place)

    async def query(self, start: str, direction: str, depth: int, token: str | None) -> Step:
        """Return one page of a QueryLineage from ``start``; raises Unsupported where there is no QueryLineage.

        On a cache hit, all pages are returned as one.
        """
        place, shape = self._known.place_of(start), (start, direction, depth)
        if token is None and (cached := await self._known.cache.walk(place, *shape)):
            async for some in self._turns.slices(cached.vertices):
                self._learn_types(some)
            return cached
        try:
            step = await self._load(place, shape, token)
        except NotFound:
            self._known.cache.learn_walk(place, *shape, found=Step([], [], None))
            raise
        self._learn_types(step.vertices)
        self._keep(place, shape, token, step)
        return step

    def _keep(self, place: Place, shape: tuple[str, str, int], token: str | None, step: Step) -> None:
        """Merge a page with the previous ones, and cache them all after the last one."""
        whole = self._walked.pop((place, *shape, token), None) if token else Step([], [], None)
        if whole is None:
            return  # another reader has merged this page already
        whole.vertices.extend(step.vertices)
        whole.edges.extend(step.edges)
        if step.next:
            self._walked[place, *shape, step.next] = whole
        else:
            self._known.cache.learn_walk(place, *shape, found=whole)

    async def neighbours(self, start: str, direction: str) -> Step:
        """Return all associations of one vertex and their ends, by ListAssociations."""
        self._asking.because("ListAssociations", "a walk in a region without QueryLineage")
        ends = {"Ascendants": ["DestinationArn"], "Descendants": ["SourceArn"], "Both": ["DestinationArn", "SourceArn"]}
        found = await asyncio.gather(*(self._associations.all({end: start}) for end in ends[direction]))
        vertices: dict[str, str | None] = {}
        edges = []
        for summary in chain.from_iterable(found):
            edge = edge_of(summary)
            edges.append(edge)
            vertices[edge.source] = summary.get("SourceType")
            vertices[edge.destination] = summary.get("DestinationType")
        return Step(list(vertices.items()), edges, None)

    async def _load(self, place: Place, shape: tuple[str, str, int], token: str | None) -> Step:
        start, direction, depth = shape
        answer = await self._calls(
            _QUERY,
            place,
            StartArns=[start],
            Direction=direction,
            IncludeEdges=True,
            MaxDepth=depth,
            MaxResults=PAGE_VERTICES,
            **paged(token),
        )
        vertices = [(one["Arn"], one.get("Type")) for one in answer["Vertices"] if is_vertex(one["Arn"])]
        associations = (
            (edge["SourceArn"], edge["DestinationArn"], edge.get("AssociationType")) for edge in answer.get("Edges", ())
        )
        return Step(vertices, [edge for edge in map(self._edge, associations) if edge], answer.get("NextToken"))

    def _edge(self, association: tuple[str, str, str | None]) -> Edge | None:
        """Return an association as an edge, the same object for all pages with it; None if an end is not a vertex."""
        if association not in self._edges:
            self._edges[association] = Edge(*association) if joins_vertices(*association[:2]) else None
        return self._edges[association]

    def _learn_types(self, vertices: Iterable[tuple[str, str | None]]) -> None:
        for vertex in vertices:
            arn, type_name = vertex
            if vertex in self._typed:
                continue
            self._typed.add(vertex)
            kind = kind_at(arn)
            if kind and type_name:
                self._known.record(arn).note({kind.type_path: type_name})
