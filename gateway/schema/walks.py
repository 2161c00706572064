"""Walks of the whole graph and searches for paths: their arguments, the types of their results, and resolvers."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from itertools import pairwise
from typing import Annotated

import strawberry
from strawberry import Info

from gateway.aws.kinds import LINEAGE, Kind, kind_at
from gateway.errors import BadUserInput, GatewayError, failed
from gateway.lineage import coverage
from gateway.lineage.coverage import Reason, reason_of
from gateway.lineage.describing import Describing
from gateway.lineage.export import Format, described, needed, written
from gateway.lineage.found import Direction, Found
from gateway.lineage.graph import ShownEdge, joined
from gateway.lineage.paths import paths
from gateway.lineage.picture import Picture
from gateway.lineage.types import type_of
from gateway.lineage.walk import Preference, Walk
from gateway.loaders import Loaders
from gateway.records import Edge
from gateway.schema import filters
from gateway.schema.entity import Vertex, shown, uncovered
from gateway.schema.enums import AssociationType, LineageType
from gateway.schema.filters import LineageFilter, describes, is_of, verdict
from gateway.schema.paging import checked_first
from gateway.schema.plans import Coming
from gateway.schema.scalars import Arn, check_range, checked_arn
from gateway.schema.selection import arguments, selected
from gateway.turns import LONG

MOST_STARTS = 100
DEEPEST = 100
"""Highest `maxDepth` of a walk, in associations."""
MOST_VERTICES = 10_000
"""Highest `maxVertices` of a walk."""


DirectionArgument = Annotated[Direction, strawberry.argument(description="The direction to walk.")]
MaxDepth = Annotated[int, strawberry.argument(description="Maximum distance in associations, 0 to 100.")]
MaxVertices = Annotated[
    int, strawberry.argument(description="Maximum vertices, hidden ones included, nearest first, 1 to 10,000.")
]
FilterArgument = Annotated[LineageFilter | None, strawberry.argument(description="The vertices to show. Default: all.")]

PreferArgument = Annotated[Preference, strawberry.argument(description="Whether to save AWS calls or waiting time.")]


@strawberry.type(description="A vertex of a walk and its distance.")
class LineageVertex:
    """A vertex and its depth."""

    entity: Vertex = strawberry.field(description="The vertex.")
    depth: int = strawberry.field(description="The fewest associations from a start; 0 for a start itself.")


@strawberry.type(
    description="An edge of a walk: an association, or a connection between two shown vertices through hidden ones. "
    "Both ends are among the vertices."
)
class LineageEdge:
    """An edge between shown vertices."""

    source: Vertex = strawberry.field(description="The end that the arrow starts from.")
    destination: Vertex = strawberry.field(description="The end that the arrow points to.")
    association_type: str | None = strawberry.field(
        graphql_type=AssociationType | None,
        description="The association's type; null when it has none, or when vertices are hidden between.",
    )
    hidden_hops: int = strawberry.field(
        description="The fewest vertices that the filter hid between the two; 0 for a real association."
    )


@strawberry.type(description="The number of vertices of one kind and type in the graph.")
class LineageCount:
    """A count."""

    lineage_type: LineageType = strawberry.field(description="The kind of vertex.")
    type: str | None = strawberry.field(description="The type; null counts those without one.")
    count: int = strawberry.field(description="The number of such vertices.")


@strawberry.type(description="What an answer left out, and why.")
class Coverage:
    """A walk's coverage."""

    complete: bool = strawberry.field(description="True only when nothing was left out.")
    reasons: list[Reason] = strawberry.field(description="Why something was left out, each reason once.")
    frontier: list[Arn] = strawberry.field(description="Vertices to continue from to find more, nearest first.")
    as_of: datetime = strawberry.field(description="When the walk began; later changes may not show.")


@strawberry.type(description="The graph that a walk found, as shown by the filter.")
class LineageGraph:
    """A walk's result."""

    start: list[Vertex] = strawberry.field(description="Where the walk began.")
    vertices: list[LineageVertex] = strawberry.field(
        description="Vertices, nearest first, then by ARN; the starts at depth 0."
    )
    edges: list[LineageEdge] = strawberry.field(
        description="Edges, in the order of their sources, then of their destinations."
    )
    coverage: Coverage = strawberry.field(description="What was left out, and why.")

    @strawberry.field(
        description="The number of vertices of each kind and type. A vertex whose type the walk did not find is "
        "described; when that fails, it counts among those without one, and the coverage or the errors say why."
    )
    async def counts(self, info: Info) -> list[LineageCount]:
        """Count the vertices."""
        loaders: Loaders = info.context
        vertices = [(kind, vertex.entity.key) for vertex in self.vertices if (kind := kind_at(vertex.entity.key))]
        for failure in await _describe_types(loaders, vertices):
            if reason_of(failure) not in self.coverage.reasons:
                loaders.add_error(failure, info)
        return await _counts(loaders, vertices)

    @strawberry.field(
        description="The same vertices and edges as text for another tool. MERMAID and DOT show names, CSV also "
        "sources, and OPENLINEAGE whole entities, at the same cost as in a query. A vertex that cannot be described "
        "is named by the end of its ARN, and the errors say so."
    )
    async def export(
        self,
        info: Info,
        format: Annotated[Format, strawberry.argument(description="The format to export to.")],
    ) -> str:
        """Write the graph."""
        depths = {vertex.entity.key: vertex.depth for vertex in self.vertices}
        vertices, failures = await described(info.context, format, depths)
        for failure in failures:
            info.context.add_error(failure, info)
        edges = [
            ShownEdge(
                edge.source.key,
                edge.destination.key,
                edge.association_type,
                edge.hidden_hops,
            )
            for edge in self.edges
        ]
        left_out = coverage.Coverage(self.coverage.reasons, list(self.coverage.frontier), self.coverage.as_of)
        return await written(format, Picture(vertices, edges, left_out))


@strawberry.type(description="One way from a vertex to another along the arrows that visits no vertex twice.")
class LineagePath:
    """A path."""

    length: int = strawberry.field(description="Its number of associations.")
    entities: list[Vertex] = strawberry.field(description="The vertices on it, from one end to the other.")
    edges: list[LineageEdge] = strawberry.field(description="The associations on it, in the same order.")


@strawberry.type(description="The ways from one vertex to another.")
class LineagePaths:
    """Paths."""

    paths: list[LineagePath] = strawberry.field(description="Shortest first; those of equal length by their ARNs.")
    coverage: Coverage = strawberry.field(description="Whether there may be more paths, and why they are missing.")


async def lineage_paths(loaders: Loaders, start: str, end: str, max_depth: int, first: int) -> LineagePaths:
    """Find the paths between two vertices; raises BadUserInput if an argument is malformed or out of range."""
    for argument, arn in {"from": start, "to": end}.items():
        checked_arn(arn, argument, *LINEAGE)
    check_range(max_depth, 0, DEEPEST, "maxDepth")
    found = await paths(loaders, start, end, max_depth, checked_first(first))
    return LineagePaths(
        paths=[_path(loaders, path, found.edges) for path in found.found], coverage=_coverage(found.coverage)
    )


def _path(loaders: Loaders, path: list[str], edges: Mapping[tuple[str, str], Edge]) -> LineagePath:
    steps = [ShownEdge(*edges[pair], hidden_hops=0) for pair in pairwise(path)]
    return LineagePath(
        length=len(steps),
        entities=[shown(loaders, arn) for arn in path],
        edges=[_edge(loaders, step) for step in steps],
    )


async def lineage_graph(info: Info, walked: Walk, filter: LineageFilter | None) -> LineageGraph:
    """Complete a walk and return its graph, as shown by the filter.

    The fields that the document selects of vertices are loaded while later pages of the walk are still being fetched.
    A long graph is returned before all of them are loaded; its lists then wait for the rest slice by slice.
    """
    starts_alone = [("start",)] if walked.found.max_depth == 0 else []
    needed_of, shows_all, filter = needs(info, *starts_alone), not filter, filter or LineageFilter()
    selected_of = set(needed_of)
    if describes(filter):
        for kind in LINEAGE:
            needed_of[kind] = [*needed_of.get(kind, ()), *filters.paths(filter, kind)]

    def shows(arn: str) -> bool | None:
        if shows_all:
            return True
        # A start is shown whatever the filter, so if it does not fit, it is described only for what is selected.
        is_selected_start = walked.found.depths.get(arn) == 0 and kind_at(arn) in selected_of
        return is_selected_start or filters.may_be_of(walked.loaders, arn, filter)

    describing = Describing(walked, needed_of, shows)
    async with aclosing(walked.steps()) as steps:
        async for _ in steps:
            await describing.go_on()
            await walked.loaders.keep()  # the next page is being fetched meanwhile
    remaining = describing.end()
    if describes(filter):
        await remaining
    await walked.loaders.turns.respite()
    graph = await _shown(walked, filter, with_edges=_shows_edges(info))
    if needed_of and len(graph.vertices) > LONG and not _exports(info):
        graph.vertices = Coming(graph.vertices, lambda some: describing.ready(one.entity.key for one in some))
        if uncovered(info, *_ENDS):
            graph.edges = Coming(graph.edges, lambda some: describing.ready(arn for one in some for arn in _ends(one)))
    else:
        await remaining
    return graph


_ENDS = (("edges", "source"), ("edges", "destination"))


def _ends(edge: LineageEdge) -> Iterator[str]:
    yield edge.source.key
    yield edge.destination.key


def _exports(info: Info) -> list[Format]:
    """Return the formats of the `export` fields that the document selects."""
    return [given["format"] for given in arguments(info, "export")]


def _shows_edges(info: Info) -> bool:
    """Whether the document selects a field that shows the edges."""
    return not {"edges", "export"}.isdisjoint(set[str]().union(*selected(info).values()))


def needs(info: Info, *more: tuple[str, ...]) -> dict[Kind, list[str]]:
    """Return, by kind, the paths of Describe responses that the document needs and a walk does not load.

    ``more`` are further paths from the resolver's field to fields that return vertices.
    """
    paths_of = uncovered(info, ("vertices", "entity"), *_ENDS, *more)
    for format in _exports(info):
        for kind in LINEAGE:
            paths_of[kind] = [*paths_of.get(kind, ()), *needed(format, kind)]
    return paths_of


def checked_walk(  # noqa: PLR0913, PLR0917 - a walk has these arguments
    loaders: Loaders,
    starts: Sequence[str],
    direction: Direction,
    max_depth: int,
    max_vertices: int,
    prefer: Preference,
) -> Walk:
    """Return a walk that has not started; raises BadUserInput if an argument is malformed or out of range."""
    if not 1 <= len(starts) <= MOST_STARTS:
        raise BadUserInput(f"must be 1 to {MOST_STARTS} vertices, not {len(starts)}.", "start")
    for start in starts:
        checked_arn(start, "start", *LINEAGE)
    check_range(max_depth, 0, DEEPEST, "maxDepth")
    check_range(max_vertices, 1, MOST_VERTICES, "maxVertices")
    found = Found(list(starts), direction, max_depth)
    return Walk(loaders, found, max_vertices, prefer)


class Showing:
    """Applies a filter to a walk, which may still be running."""

    def __init__(self, walked: Walk, filter: LineageFilter) -> None:
        """Apply ``filter`` to ``walked``; the starts are always shown."""
        self._walked = walked
        self._loaders = walked.loaders
        self._filter = filter
        self._verdicts: dict[str, bool | Reason | None] = {}

    async def visible(self, found: Sequence[str]) -> list[str]:
        """Return those of ``found`` that are shown, in the same order; describes new ones if necessary."""
        # Failed verdicts are retried, since other calls may have loaded more.
        new = [arn for arn in found if not isinstance(self._verdicts.get(arn), bool)]
        async for some in self._loaders.turns.slices(new):
            self._verdicts |= {arn: is_of(self._loaders, arn, self._filter) for arn in some}
        unsure = [arn for arn in new if self._verdicts[arn] is None]
        if unsure:
            verdicts = await asyncio.gather(*(verdict(self._loaders, arn, self._filter) for arn in unsure))
            self._verdicts.update(zip(unsure, verdicts, strict=True))
        return [arn for arn in found if self._verdicts[arn] is True or self._walked.found.depths[arn] == 0]

    async def vertices(self, chosen: Sequence[str]) -> list[LineageVertex]:
        """Return vertices with their depths."""
        depths = self._walked.found.depths
        return [
            LineageVertex(entity=shown(self._loaders, arn), depth=depths[arn])
            async for some in self._loaders.turns.slices(chosen)
            for arn in some
        ]

    async def edges(self, edges: Iterable[ShownEdge]) -> list[LineageEdge]:
        """Return edges, sorted by the depth and ARN of their sources, then of their destinations."""
        depths = self._walked.found.depths
        ordered = sorted(
            edges,
            key=lambda edge: (depths[edge.source], edge.source, depths[edge.destination], edge.destination),
        )
        return [_edge(self._loaders, edge) async for some in self._loaders.turns.slices(ordered) for edge in some]

    def coverage(self) -> Coverage:
        """Return what the walk left out, and why the filter could not decide on some vertices."""
        return _coverage(
            self._walked.coverage(), (verdict for verdict in self._verdicts.values() if isinstance(verdict, Reason))
        )


async def _shown(walked: Walk, filter: LineageFilter, *, with_edges: bool) -> LineageGraph:
    """Return the graph as shown by the filter; without edges, which may take long to find, unless they are needed."""
    showing = Showing(walked, filter)
    nearest = walked.nearest()
    visible = await showing.visible(nearest)
    start = [shown(walked.loaders, arn) for arn in walked.found.starts]
    vertices = await showing.vertices(visible)
    await walked.loaders.turns.turn(len(nearest))
    joining = await joined(walked.found.edges, set(nearest), set(visible)) if with_edges else []
    edges = await showing.edges(joining)
    await walked.loaders.turns.turn(len(nearest))
    return LineageGraph(
        start=start,
        vertices=vertices,
        edges=edges,
        coverage=showing.coverage(),
    )


def _coverage(walked: coverage.Coverage, unsure: Iterable[Reason] = ()) -> Coverage:
    """Return what a walk left out, and why; ``unsure`` are reasons why the filter could not decide on some vertices."""
    reasons = coverage.ordered([*walked.reasons, *unsure])
    return Coverage(
        complete=not reasons,
        reasons=reasons,
        frontier=[Arn(arn) for arn in walked.frontier],
        as_of=walked.as_of,
    )


def _edge(loaders: Loaders, edge: ShownEdge) -> LineageEdge:
    return LineageEdge(
        source=shown(loaders, edge.source),
        destination=shown(loaders, edge.destination),
        association_type=edge.type,
        hidden_hops=edge.hidden_hops,
    )


async def _describe_types(loaders: Loaders, vertices: Sequence[tuple[Kind, str]]) -> list[GatewayError]:
    """Describe the vertices whose types the walk did not load; return the errors, one per error code."""
    unknown = [(kind, arn) for kind, arn in vertices if not loaders.known.record(arn).covers(kind.type_path)]
    calls = (loaders.entities.describe(kind, arn, kind.type_path) for kind, arn in unknown)
    return failed(await asyncio.gather(*calls, return_exceptions=True))


async def _counts(loaders: Loaders, vertices: Sequence[tuple[Kind, str]]) -> list[LineageCount]:
    counted: Counter[tuple[str, str | None]] = Counter()
    async for some in loaders.turns.slices(vertices):
        counted.update((kind.name, type_of(loaders.known.record(arn), kind)) for kind, arn in some)
    return [
        LineageCount(lineage_type=LineageType(name), type=type_name, count=count)
        for (name, type_name), count in sorted(counted.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ]
