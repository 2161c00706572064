"""The QueryLineage operation: the vertices that a walk reaches, filtered, in pages.

Filters select what is returned and do not prune the walk. With edges, it returns the start, the matching vertices and
those on the shortest paths between them, with the associations among them that the walk follows. Without edges, it
returns the matching vertices except the start. An association is on the page of the later of its two vertices.
"""

import operator
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import orjson

from gateway.local import kinds, paging
from gateway.local.errors import NotFoundError
from gateway.local.service import Handler, Request, Response, Service, millis
from gateway.local.walk import Edge, Progress, Reached, Walk

_NAME = "QueryLineage"
# Defaults, which the API model does not contain.
_DIRECTION, _DEPTH, _RESULTS, _EDGES = "Both", 10, 50, True
_LINEAGE_TYPES = {"Artifact", "Context", "Action", "TrialComponent"}
_BATCH = 100  # vertices looked up together while filtering


class Vertex(NamedTuple):
    """A vertex, with what filters and responses need; one that the store does not have has only its ARN and kind."""

    arn: str
    kind: str | None
    type: str | None = None
    created: int | None = None
    modified: int | None = None
    record: bytes = b"{}"

    @property
    def lineage_type(self) -> str | None:
        """Its LineageType; None for kinds without one, such as experiments."""
        return self.kind if self.kind in _LINEAGE_TYPES else None

    @property
    def spelt_type(self) -> str | None:
        """Its type as QueryLineage spells it: TrainingJob instead of the SageMakerTrainingJob of other operations."""
        return self.type.removeprefix("SageMaker") if self.type and self.kind == "TrialComponent" else self.type


def query_lineage(service: Service, request: Request) -> Response:
    """Return a page of the vertices and edges that the walk from the start reaches.

    Raises:
        NotFoundError: the start does not exist.
        ValidationError: the token is not one of this walk.
    """
    progress = _resumed(service, request)
    page: list[Reached] = []
    edges: list[Edge] = []
    for reached in progress.steps(request.get("MaxResults", _RESULTS)):
        page.append(reached)
        if request.get("IncludeEdges", _EDGES):
            edges += progress.walk.edges(reached.arn, progress.returned)
    token = None
    if progress.next is not None:
        token = paging.token(_NAME, request, [*page[-1], service.walks.number()])
        service.walks.keep(token, progress)
    return {
        "Vertices": [
            {"Arn": vertex.arn, "Type": vertex.spelt_type, "LineageType": vertex.lineage_type}
            for vertex in _vertices(service, page)
        ],
        "Edges": [
            {"SourceArn": edge.source, "DestinationArn": edge.destination, "AssociationType": edge.type}
            for edge in edges
        ],
        "NextToken": token,
    }


def _resumed(service: Service, request: Request) -> Progress:
    last = paging.place(_NAME, request)
    if last is None:
        return _start(service, request)
    progress = service.walks.take(request["NextToken"])
    if progress is None:
        progress = _start(service, request)
        progress.skip(Reached(*last[:2]))
    return progress


def _start(service: Service, request: Request) -> Progress:
    start = request["StartArns"][0]
    if service.store.entity(start) is None:
        raise NotFoundError(f"Lineage entity {start} does not exist.")
    direction, depth = request.get("Direction", _DIRECTION), request.get("MaxDepth", _DEPTH)
    walk = Walk(service.store, start, direction, depth)
    vertices = walk.reached()
    conditions = _conditions(request.get("Filters", {}))
    if not request.get("IncludeEdges", _EDGES):
        vertices = (reached for reached in _matching(service, vertices, conditions) if reached.arn != start)
    elif conditions:
        everything = list(vertices)
        ends = [reached.arn for reached in _matching(service, iter(everything), conditions)]
        kept = walk.on_shortest_paths({reached.arn: reached.depth for reached in everything}, {start, *ends})
        vertices = (reached for reached in everything if reached.arn in kept)
    return Progress(walk, vertices)


def _vertices(service: Service, page: list[Reached]) -> list[Vertex]:
    arns = [reached.arn for reached in page]
    found = service.store.rows(
        "SELECT arn, kind, type, created, modified, record FROM entity"
        " WHERE edition = 0 AND arn IN (SELECT value FROM json_each(?))",
        (orjson.dumps(arns).decode(),),
    )
    known = {row[0]: Vertex(*row) for row in found}
    return [known.get(arn) or _unknown(arn) for arn in arns]


def _unknown(arn: str) -> Vertex:
    kind = kinds.of_arn(arn)
    return Vertex(arn, kind.name if kind else None)


Condition = Callable[[Vertex], bool]


def _matching(service: Service, vertices: Iterator[Reached], conditions: list[Condition]) -> Iterator[Reached]:
    if not conditions:
        yield from vertices
    while batch := list(islice(vertices, _BATCH)):
        for reached, vertex in zip(batch, _vertices(service, batch), strict=True):
            if all(condition(vertex) for condition in conditions):
                yield reached


def _conditions(filters: dict[str, Any]) -> list[Condition]:
    return [_CONDITIONS[member](value) for member, value in filters.items() if value or member in _TIMES]


def _bounded(member: str, holds: Callable[[int, int], bool]) -> Callable[[float], Condition]:
    def condition(bound: float) -> Condition:
        return lambda vertex: (at := getattr(vertex, member)) is not None and holds(at, millis(bound))

    return condition


def _properties(wanted: dict[str, str]) -> Condition:
    def matches(vertex: Vertex) -> bool:
        has = orjson.loads(vertex.record).get("Properties") or {}
        return any(has.get(key) == value for key, value in wanted.items())

    return matches


_TIMES: dict[str, Callable[[Any], Condition]] = {
    "CreatedBefore": _bounded("created", operator.le),
    "CreatedAfter": _bounded("created", operator.ge),
    "ModifiedBefore": _bounded("modified", operator.le),
    "ModifiedAfter": _bounded("modified", operator.ge),
}
_CONDITIONS: dict[str, Callable[[Any], Condition]] = _TIMES | {
    "Types": lambda wanted: lambda vertex: vertex.spelt_type in wanted,
    "LineageTypes": lambda wanted: lambda vertex: vertex.lineage_type in wanted,
    "Properties": _properties,
}

OPERATIONS: dict[str, Handler] = {_NAME: query_lineage}
