"""The cost of returning 5,000 vertices, and how long other clients wait meanwhile.

- The CPU time of the gateway's plans and of graphql-core's executor, on the same schema, document and records. They
  take turns. The plans' time includes serialising the list to JSON.
- The memory that a walk takes above the idle gateway's. The gateway runs in a process of its own, over a stub of
  SageMaker that answers at once.
- The latency of one client that queries the same artifact repeatedly, alone and while twenty other clients walk the
  whole graph, which is not cached. The stub answers after 40 ms.
"""

import asyncio
import json
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

import orjson
from dag import ENDPOINT, arn, lines
from graphql import ExecutionResult, execute, parse
from stub import stub
from walks import Gateway, gateway

from gateway import schema
from gateway.app import opened
from gateway.schema.entity import shown
from gateway.schema.plans import PlannedExecutor
from gateway.schema.shapes import Shapes
from gateway.schema.subscriptions import LineageProgress
from gateway.schema.walks import LineageVertex
from gateway.settings import Settings

ROUNDS = 7
VERTICES = 5_000
WALKS = 20
LATENCY_MS = 40
SMALL_QUERIES = 2_000

PLAIN = "id arn __typename lineageType name type sourceUri creationTime lastModifiedTime lineageGroupArn"
EVERY = f"""{PLAIN} createdBy {{ userProfileName domainId iamIdentity {{ arn principalId }} }}
  lastModifiedBy {{ userProfileName }} metadataProperties {{ commitId repository generatedBy projectId }}
  ... on Artifact {{ source {{ sourceUri sourceTypes {{ sourceIdType value }} }} properties {{ key value }} }}
  ... on Context {{ description source {{ sourceUri sourceType sourceId }} properties {{ key value }} }}
  ... on TrialComponent {{
    displayName startTime endTime source {{ sourceArn sourceType }} status {{ primaryStatus message }}
    parameters {{ key stringValue numberValue }} inputArtifacts {{ key mediaType value }}
    outputArtifacts {{ key mediaType value }} metrics {{ metricName sourceArn timeStamp min max last count avg stdDev }}
  }}"""
WALK = f"""{{ lineage(start: "{ENDPOINT}", direction: UPSTREAM, maxVertices: 10000) {{
  vertices {{ depth entity {{ {EVERY} }} }}
  edges {{ associationType hiddenHops source {{ arn }} destination {{ arn }} }}
  counts {{ lineageType type count }} coverage {{ complete }}
}} }}"""
SMALL = f'{{ artifact(arn: "{arn(1, 0)}") {{ arn name type creationTime }} }}'


async def compare() -> None:
    """Print the CPU time of both executors, and of encoding their result."""
    built = schema.build(Settings())._schema  # noqa: SLF001 - as the executor does
    document = parse(f"subscription {{ lineage(start: []) {{ vertices {{ entity {{ {PLAIN} }} }} }} }}")
    planned: dict[str, Any] = {"executor_class": PlannedExecutor, "shapes": Shapes(built)}
    async with opened(Settings(local_url="http://127.0.0.1:1", cache_url="off")) as backend:
        answers, took = {}, {"plans": [], "graphql-core": []}
        for _ in range(ROUNDS):
            for name, how in (("plans", planned), ("graphql-core", {})):
                loaders = backend.loaders()
                message, began = known(loaders), time.process_time()
                result: Any = execute(built, document, root_value=message, context_value=loaders, **how)
                answers[name] = (result if isinstance(result, ExecutionResult) else await result).data
                took[name].append(time.process_time() - began)
    if orjson.dumps(answers["plans"]) != orjson.dumps(answers["graphql-core"]):
        raise RuntimeError("The two differ.")
    ours, theirs = (statistics.median(took[name]) * 1000 for name in ("plans", "graphql-core"))
    print(f"{VERTICES:,} entities of 10 fields: plans {ours:.0f} ms, graphql-core {theirs:.0f} ms, {ours / theirs:.2f}")
    encoders = {"orjson": orjson.dumps, "json": json.dumps}
    print(
        "encoded by",
        ", ".join(f"{name} {encoding(encode, answers['graphql-core']):.1f} ms" for name, encode in encoders.items()),
    )


def known(loaders: Any) -> LineageProgress:
    """Return a message with vertices whose records are complete, so that no field needs a call."""
    made = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    vertices = [arn(1, number) for number in range(VERTICES)]
    for number, one in enumerate(vertices):
        members = {"ArtifactArn": one, "ArtifactName": f"data-{number}", "ArtifactType": "DataSet"}
        times = {"CreationTime": made, "LastModifiedTime": made}
        source = {"Source": {"SourceUri": f"s3://bucket/{number}"}, "LineageGroupArn": one}
        loaders.known.record(one).complete({**members, **times, **source})
    shown_vertices = [LineageVertex(entity=shown(loaders, one), depth=1) for one in vertices]
    return LineageProgress(vertices=shown_vertices, edges=[], visited=0, aws_calls=0, coverage=None)


def encoding(encode: Any, data: Any) -> float:
    """Return the CPU time that an encoder takes, in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        encode(data)
        took.append(time.process_time() - began)
    return statistics.median(took) * 1000


class Client:
    """A client with one connection, over which it sends one request after another."""

    def __init__(self, url: str) -> None:
        """Create a client that connects on its first request."""
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=300)

    def ask(self, query: str, *, fresh: bool = False) -> float:
        """Send a query; return the milliseconds until its response was read. Raises RuntimeError if it has errors."""
        headers = {"Content-Type": "application/json"} | ({"Cache-Control": "no-cache"} if fresh else {})
        body = orjson.dumps({"query": query})
        began = time.perf_counter()
        self._connection.request("POST", "/graphql", body, headers)
        answer = self._connection.getresponse().read()
        took = time.perf_counter() - began
        if not answer.startswith(b'{"data"'):
            raise RuntimeError(answer[:1000])
        return took * 1000


def walk_at_once(url: str) -> float:
    """Run all walks concurrently, each over its own connection; return the milliseconds that the slowest took."""
    with ThreadPoolExecutor(WALKS) as threads:
        return max(threads.map(lambda _: Client(url).ask(WALK), range(WALKS)))


def measure_walks(asked: Gateway) -> None:
    """Print the time and memory that one walk takes."""
    client = Client(asked.url)
    asked.peak_mb()
    client.ask(SMALL)
    idle = asked.peak_mb()
    row("one walk, nothing cached", client.ask(WALK), asked.peak_mb() - idle)
    row("one walk, asked anew", client.ask(WALK, fresh=True), asked.peak_mb() - idle)
    row("one walk, cached", statistics.median(client.ask(WALK) for _ in range(3)), asked.peak_mb() - idle)


def starve(asked: Gateway) -> None:
    """Print the latency of small queries alone, and during walks of a graph that is not cached."""
    client = Client(asked.url)
    asked.peak_mb()
    client.ask(SMALL)
    idle = asked.peak_mb()
    alone = percentiles([client.ask(SMALL) for _ in range(SMALL_QUERIES)])
    took = []
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere:
        elsewhere.submit(time.perf_counter).result()  # wait until the process has started
        walking = elsewhere.submit(walk_at_once, asked.url)
        while not walking.done():
            took.append(client.ask(SMALL))
    row(f"{WALKS} walks at once", walking.result(), asked.peak_mb() - idle)
    beside = percentiles(took)
    print(f"a small query alone: median {alone[0]:.2f} ms, p99 {alone[1]:.2f} ms")
    print(f"{len(took):,} of them beside those walks: median {beside[0]:.2f} ms, p99 {beside[1]:.2f} ms, ", end="")
    print(f"{beside[1] / alone[1]:.1f} times that alone")


def row(what: str, took: float, megabytes: float) -> None:
    print(f"{what:32} {took / 1000:8.2f} s {megabytes:8.0f} MB", flush=True)


def percentiles(took: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    cuts = statistics.quantiles(took, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    """Measure and print."""
    asyncio.run(compare())
    print(f"{VERTICES:,} vertices with every field, and the memory above that of the idle gateway")
    with stub(lines(VERTICES, width=2000)) as endpoint:
        with gateway(endpoint.url) as asked:
            Client(asked.url).ask(WALK)  # so that the stub has its responses cached
        with gateway(endpoint.url) as asked:
            measure_walks(asked)
        endpoint.begin(LATENCY_MS)
        with gateway(endpoint.url) as asked:
            starve(asked)


if __name__ == "__main__":
    main()
