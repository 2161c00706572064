"""Subscriptions: a walk whose results are sent page by page, as they arrive."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Annotated

import strawberry
from graphql import located_error
from strawberry import UNSET, Info

from gateway.lineage.describing import Describing
from gateway.lineage.found import Direction
from gateway.lineage.graph import Between, joined
from gateway.lineage.walk import Preference, Walk
from gateway.schema.filters import LineageFilter
from gateway.schema.scalars import Arn
from gateway.schema.selection import raw_info
from gateway.schema.walks import (
    Coverage,
    DirectionArgument,
    FilterArgument,
    LineageEdge,
    LineageVertex,
    MaxDepth,
    MaxVertices,
    PreferArgument,
    Showing,
    checked_walk,
    needs,
)


@strawberry.type(description="What a walk has found since the previous message, and its progress.")
class LineageProgress:
    """A message of the walk's subscription."""

    vertices: list[LineageVertex] = strawberry.field(
        description="Vertices not sent before. The last message also repeats those that are nearer than was sent, as "
        "where an account turns out to mirror another's artifact."
    )
    edges: list[LineageEdge] = strawberry.field(description="Edges not sent before; their ends have been.")
    visited: int = strawberry.field(description="Vertices found so far, including hidden ones.")
    aws_calls: int = strawberry.field(description="AWS calls made so far.")
    coverage: Coverage | None = strawberry.field(
        description="What the walk left out; null in all but the last message."
    )


@strawberry.type(description="Results that arrive piece by piece.")
class Subscription:
    """The root type of subscriptions."""

    @strawberry.subscription(
        description="The same walk as Query.lineage, sent as it proceeds: vertices and edges as AWS's pages arrive, "
        "coverage last. Edges through hidden vertices come last too. Unsubscribing stops the walk and its calls."
    )
    async def lineage(
        self,
        info: Info,
        start: Annotated[list[Arn], strawberry.argument(description="ARNs of 1 to 100 vertices to start from.")],
        direction: DirectionArgument = Direction.BOTH,
        max_depth: MaxDepth = 10,
        max_vertices: MaxVertices = 1000,
        filter: FilterArgument = UNSET,
        prefer: PreferArgument = Preference.FEWER_CALLS,
    ) -> AsyncIterator[LineageProgress]:
        """Walk, and yield a message after each page."""
        with _located(info):
            walked = checked_walk(info.context, start, direction, max_depth, max_vertices, prefer)
            describing = Describing(walked, needs(info), lists=False)
            progress = Progress(walked, filter or LineageFilter(), describing)
            async with aclosing(walked.steps()) as steps:
                async for _ in steps:
                    yield await progress.message(last=False)
            yield await progress.message(last=True)


@contextmanager
def _located(info: Info) -> Iterator[None]:
    """Give an error the path and the location of the subscription's field; graphql-core does so for a query's only."""
    try:
        yield
    except Exception as error:
        raise located_error(error, raw_info(info).field_nodes, info.path.as_list()) from error


class Progress:
    """What has been sent of a walk.

    A message covers only what the walk has found since the previous one, and contains the vertices whose depths are
    final. The last message covers everything once more.
    """

    def __init__(self, walked: Walk, filter: LineageFilter, describing: Describing) -> None:
        """Begin with nothing sent of ``walked``; ``describing`` loads what the document selects of its vertices."""
        self._walked = walked
        self._showing = Showing(walked, filter)
        self._describing = describing
        self._sent = Between()
        self._depths: dict[str, int] = {}
        """The depth that was sent of each vertex."""
        self._reached = 0
        self._unsettled: set[str] = set()
        self._farthest: tuple[int, str] | None = None

    async def message(self, *, last: bool) -> LineageProgress:
        """Return what is new; the last message also contains what takes the whole walk to determine."""
        walked, found, showing = self._walked, self._walked.found, self._showing
        nearest = walked.nearest() if last else self._nearer()
        fresh = [arn for arn in await showing.visible(nearest) if arn not in self._sent.shown]
        await self._describing.describe(fresh)
        edges = self._sent.new(found.edges, fresh)
        if last:
            whole = await joined(found.edges, set(nearest), self._sent.shown)
            edges += [edge for edge in whole if edge[:2] not in self._sent.edges]
            fresh += found.in_order(arn for arn, depth in self._depths.items() if found.depths[arn] < depth)
        self._depths.update((arn, found.depths[arn]) for arn in fresh)
        return LineageProgress(
            vertices=await showing.vertices(fresh),
            edges=await showing.edges(edges),
            visited=len(found.depths),
            aws_calls=walked.loaders.calls_made,
            coverage=showing.coverage() if last else None,
        )

    def _nearer(self) -> list[str]:
        """Return the unsent vertices whose depths are final and which are within `maxVertices`, nearest first."""
        walked, found, settled = self._walked, self._walked.found, self._walked.settled()
        reached, self._reached = found.reached[self._reached :], len(found.reached)
        waiting = self._unsettled.union(reached)
        unsent = {arn for arn in waiting if arn in found.depths and arn not in self._sent.shown}
        self._unsettled = {arn for arn in unsent if found.depths[arn] > settled}
        new = found.in_order(unsent - self._unsettled)
        if not new or len(found.depths) <= walked.max_vertices:
            return new
        if self._farthest and (found.depths[new[0]], new[0]) > self._farthest:
            return []  # the others are even farther
        nearest = walked.nearest()
        self._farthest = found.depths[nearest[-1]], nearest[-1]
        among = set(nearest)
        return [arn for arn in new if arn in among]
