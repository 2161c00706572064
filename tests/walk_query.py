"""The query for a walk, and helpers for its response."""

from typing import Any

import pytest
from conftest import Ask

from gateway.local.server import LocalServer

WALK = """query(
  $start: [Arn!]!, $direction: LineageDirection = DOWNSTREAM, $maxDepth: Int = 10, $maxVertices: Int = 1000,
  $filter: LineageFilter, $prefer: WalkPreference = FEWER_CALLS
) {
  lineage(
    start: $start, direction: $direction, maxDepth: $maxDepth, maxVertices: $maxVertices, filter: $filter,
    prefer: $prefer
  ) {
    start { arn }
    vertices { depth entity { arn type } }
    edges { source { arn } destination { arn } associationType hiddenHops }
    counts { lineageType type count }
    coverage { complete reasons frontier asOf }
  }
}"""


@pytest.fixture(params=["QueryLineage", "ListAssociations"])
def walk_operation(request: pytest.FixtureRequest, service: LocalServer) -> str:
    """The operation that walks use; for ListAssociations, the service rejects QueryLineage as unknown."""
    operation: str = request.param
    service.behaviour.unknown = [] if operation == "QueryLineage" else ["QueryLineage"]
    return operation


async def walked(ask: Ask, *start: str, **variables: Any) -> Any:
    return (await ask(WALK, start=list(start), **variables))["lineage"]


def depths(graph: Any) -> dict[str, int]:
    return {vertex["entity"]["arn"]: vertex["depth"] for vertex in graph["vertices"]}


def ends(graph: Any) -> set[tuple[str, str]]:
    return {(edge["source"]["arn"], edge["destination"]["arn"]) for edge in graph["edges"]}
