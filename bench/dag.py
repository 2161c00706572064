"""A synthetic lineage graph above one endpoint: layers of artifacts and trial components, three edges in and out."""

from collections.abc import Iterator
from itertools import count, pairwise
from typing import Any

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
ENDPOINT = f"{ARN}:context/endpoint"
FAN = 3


def layers(vertices: int, width: int = 60) -> list[list[str]]:
    """Return the vertices' ARNs by layer, from the endpoint upstream; layers triple in size up to a width."""
    found, left, size = [[ENDPOINT]], vertices - 1, FAN
    while left > 0:
        depth = len(found)
        size = min(size, left)
        found.append([arn(depth, number) for number in range(size)])
        left, size = left - size, min(size * FAN, width)
    return found


def width(vertices: int, depth: int = 10) -> int:
    """Return the smallest layer width at which the vertices fit into `depth` layers."""
    return next(width for width in count(FAN) if len(layers(vertices, width)) <= depth)


def arn(depth: int, number: int) -> str:
    """Return a vertex's ARN: an artifact's in odd layers, a trial component's in even layers."""
    name = depth * 10_000 + number
    return f"{ARN}:artifact/{name:032x}" if depth % 2 else f"{ARN}:experiment-trial-component/run-{depth}-{number}"


def edges(layered: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield (source, destination) pairs: a vertex has about three incoming edges and one to three outgoing ones."""
    for below, above in pairwise(layered):
        reached = max(1, min(FAN, FAN * len(below) // len(above), len(below)))
        for number, source in enumerate(above):
            first = number * len(below) // len(above)
            for step in range(reached):
                yield source, below[(first + step) % len(below)]


def lines(vertices: int, width: int = 60) -> Iterator[dict[str, Any]]:
    """Yield the graph as lines for the local service's import."""
    layered = layers(vertices, width)
    yield {"entity": "Context", "record": {"ContextName": "endpoint", "ContextType": "Endpoint", **_source(ENDPOINT)}}
    for depth, layer in enumerate(layered[1:], 1):
        for number, one in enumerate(layer):
            yield _artifact(one, depth, number) if depth % 2 else _component(one)
    for source, destination in edges(layered):
        ends = {"SourceArn": source, "DestinationArn": destination, "AssociationType": "ContributedTo"}
        yield {"association": ends}


def _artifact(arn: str, depth: int, number: int) -> dict[str, Any]:
    type = ("Model", "DataSet", "Image")[number % 3]
    name = f"{type.lower()}-{depth}-{number}"
    return {
        "entity": "Artifact",
        "record": {"ArtifactArn": arn, "ArtifactName": name, "ArtifactType": type, **_source(f"s3://bucket/{name}")},
    }


def _component(arn: str) -> dict[str, Any]:
    name = arn.rpartition("/")[2]
    source = {"SourceArn": f"{ARN}:training-job/{name}", "SourceType": "SageMakerTrainingJob"}
    return {"entity": "TrialComponent", "record": {"TrialComponentName": name, "Source": source}}


def _source(uri: str) -> dict[str, Any]:
    return {"Source": {"SourceUri": uri}}
