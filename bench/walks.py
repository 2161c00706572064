"""Loading a whole lineage graph by the SageMaker SDK's method, by a plain asynchronous client, and by the gateway.

The endpoint is a stub of SageMaker with a latency of 40 ms, over a synthetic graph of layers with three edges in and
three out. The endpoint and the gateway run in separate processes.

- Rounds: the length of the longest chain of calls in which each call arrives after the previous one was answered, as
  the endpoint saw them. Each is a wait for AWS.
- Floor: the rounds times the latency.
- Least: the fewest calls with which the API can answer.
- MB: the gateway's peak memory above that of the idle gateway.

Prints medians of five runs. These run one after another, except for the SDK's: each takes a minute, most of it spent
waiting, so five clients run at once. For the largest graph the SDK's time is estimated from its time per call in the
graph before, and the plain client is left out.
"""

import asyncio
import gc
import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aioboto3
import boto3
import httpx
import orjson
from dag import ENDPOINT, layers, lines, width
from stub import Log, Stub, stub

from gateway import serving
from gateway.app import create_app
from gateway.settings import Settings

LATENCY_MS = 40
RUNS = 5
SIZES = (200, 1_000, 5_000)
SDK_UP_TO = 1_000
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "stub", "aws_secret_access_key": "stub"}

FIELDS = {
    "identity": "arn lineageType",
    "names and types": "arn lineageType name type",
    "every field": """arn lineageType name type sourceUri creationTime lastModifiedTime lineageGroupArn
        createdBy { userProfileName domainId userProfileArn }
        ... on Artifact { properties { key value } source { sourceTypes { value } } }
        ... on TrialComponent { displayName status { primaryStatus message } startTime endTime
            parameters { key stringValue numberValue } metrics { metricName last } }""",
}
WALK = """{{ lineage(start: ["{start}"], direction: UPSTREAM, maxDepth: 100, maxVertices: 10000, prefer: {prefer}) {{
    vertices {{ depth entity {{ {fields} }} }} edges {{ source {{ arn }} destination {{ arn }} associationType }}
    coverage {{ complete reasons }} }} }}"""
HOPS = """{{ context(arn: "{start}") {{ name upstream(first: 100) {{ nodes {{ name type
    upstream(first: 100) {{ nodes {{ name type upstream(first: 100) {{ nodes {{ name type }} }} }} }} }} }} }} }}"""
WATCH = """subscription {{ lineage(start: ["{start}"], direction: UPSTREAM, maxDepth: 100, maxVertices: 10000) {{
    vertices {{ entity {{ arn }} }} }} }}"""


class Run(NamedTuple):
    """The wall time, the calls and the CPU seconds of a run."""

    seconds: float
    log: Log
    cpu: float = 0.0


def by_sdk(url: str) -> tuple[float, float]:
    """Read all pages and then describe each vertex, one call at a time, as the SDK's LineageQuery does.

    Returns the wall time and the CPU time, in seconds.
    """
    client = boto3.client("sagemaker", endpoint_url=url, **CREDENTIALS)
    used, began = time.process_time(), time.perf_counter()
    found, waiting = {ENDPOINT}, [ENDPOINT]
    while waiting:
        asked = {"StartArns": [waiting.pop()], "Direction": "Ascendants", "IncludeEdges": True, "MaxResults": 50}
        token: dict[str, str] = {}
        while True:
            page = client.query_lineage(**asked, **token)
            new = {vertex["Arn"] for vertex in page["Vertices"]} - found
            found |= new
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        if new and not waiting:
            waiting = [max(new)]
    for arn in found:
        describe(client, arn)
    return time.perf_counter() - began, time.process_time() - used


def by_sdks(endpoint: Stub) -> Run:
    """Return the median of `RUNS` concurrent clients, each with a process and a connection of its own."""
    endpoint.begin(0)
    by_sdk(endpoint.url)
    endpoint.begin(LATENCY_MS)
    with multiprocessing.get_context("spawn").Pool(RUNS) as clients:
        took = clients.map(by_sdk, [endpoint.url] * RUNS, chunksize=1)
    logs = endpoint.log().by_connection()
    seconds, cpu = (statistics.median(some) for some in zip(*took, strict=True))
    return Run(seconds, max(logs, key=lambda log: log.rounds()), cpu)


def describe(client: Any, arn: str) -> Any:
    """Call the Describe operation of the vertex's kind."""
    if ":artifact/" in arn:
        return client.describe_artifact(ArtifactArn=arn)
    name = arn.rpartition("/")[2]
    return (
        client.describe_context(ContextName=name)
        if ":context/" in arn
        else client.describe_trial_component(TrialComponentName=name)
    )


async def by_plain_client(url: str) -> None:
    """List the neighbours of each vertex and describe it, a whole level at once, with a default aioboto3 client."""
    async with aioboto3.Session(**CREDENTIALS).client("sagemaker", endpoint_url=url) as client:
        found, level = {ENDPOINT}, [ENDPOINT]
        while level:
            responses = await asyncio.gather(
                *(client.list_associations(DestinationArn=arn, MaxResults=100) for arn in level),
                *(describe(client, arn) for arn in level),
            )
            sources = {one["SourceArn"] for page in responses for one in page.get("AssociationSummaries", ())}
            level = sorted(sources - found)
            found |= sources
        return len(found)


class Gateway:
    """A client of the gateway, which also reads the CPU time and memory of the gateway's process."""

    def __init__(self, url: str, pid: int) -> None:
        """Create a client of the gateway at ``url``, whose process has the id ``pid``."""
        self.url = url
        self._pid = pid
        self._client = httpx.Client(base_url=url, timeout=300)

    def ask(self, query: str, *, fresh: bool = True) -> Any:
        headers = {"Cache-Control": "no-cache"} if fresh else {}
        answer = orjson.loads(self._client.post("/graphql", json={"query": query}, headers=headers).content)
        if "errors" in answer:
            raise RuntimeError(answer["errors"][:1])
        return answer["data"]

    def first_vertices(self, query: str, *, fresh: bool = True) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Cache-Control": "no-cache"} if fresh else {})
        with self._client.stream("POST", "/graphql", json={"query": query}, headers=headers) as events:
            next(line for line in events.iter_lines() if '"arn"' in line)

    def cpu(self) -> float:
        """Return the CPU seconds that the process has used."""
        text = self._client.get("/metrics").text
        return float(re.search(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE)[1])  # type: ignore[index]

    def peak_mb(self) -> float:
        """Return the process's peak memory since the last call of this method, in MB."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]


@contextmanager
def gateway(endpoint: str) -> Iterator[Gateway]:
    context = multiprocessing.get_context("spawn")
    port: Any = context.Queue()
    process = context.Process(target=_serve, args=(port, endpoint), daemon=True)
    process.start()
    try:
        yield Gateway(f"http://127.0.0.1:{port.get(timeout=60)}", process.pid or 0)
    finally:
        process.terminate()
        process.join()


def _serve(port: Any, endpoint: str) -> None:
    listener = serving.listen("127.0.0.1", 0)
    settings = Settings(local_url=endpoint, cache_record_seconds=3600, cache_walk_seconds=3600)
    app = create_app(settings)
    serving.run(serving.Server(app, 1, lambda: port.put(listener.getsockname()[1])), listener)


def measured(endpoint: Stub, work: Callable[[], Any], cpu: Callable[[], float] = time.process_time) -> Run:
    """Run some work repeatedly and return the median run; an unmeasured first run fills the stub's cache."""
    endpoint.begin(0)
    work()
    found = []
    for _ in range(RUNS):
        endpoint.begin(LATENCY_MS)
        used, began = cpu(), time.perf_counter()
        work()
        found.append(Run(time.perf_counter() - began, endpoint.log(), cpu() - used))
    found.sort()
    middle = found[len(found) // 2]
    return middle._replace(cpu=statistics.median(run.cpu for run in found))


class Table:
    """The rows for one size of graph."""

    def __init__(self, vertices: int) -> None:
        """Print the heading, and compute the fewest possible calls."""
        print(f"\n{vertices:,} vertices\n  {'way':32} {'wall s':>8} {'floor s':>8} {'rounds':>6} {'x SDK':>6}", end="")
        print(f" {'CPU s':>6} {'MB':>5} {'calls':>6} {'least':>6}  calls by operation")
        self._sdk = 0.0
        artifacts, components = (sum(map(len, layers(vertices, width(vertices))[first::2])) for first in (1, 2))
        pages, hundreds = -(-vertices // 50), -(-components // 100)
        self.least = {
            "identity": pages,
            "names and types": pages + -(-artifacts // 100) + hundreds + 1,
            "every field": pages + artifacts + hundreds + 1,
        }

    def row(self, name: str, run: Run, least: int | None = None, memory: float | None = None) -> None:
        """Print a row. The first row must be the SDK's, which the others are compared with."""
        self._sdk = self._sdk or run.seconds
        count, rounds = run.log.count(), run.log.rounds()
        calls = ", ".join(f"{calls:,} {operation}" for operation, calls in sorted(count.items()))
        figures = (run.seconds, rounds * LATENCY_MS / 1000, rounds, self._sdk / run.seconds, run.cpu)
        print("  {:32} {:8.3f} {:8.3f} {:6} {:6.1f} {:6.2f}".format(name, *figures), end="")
        rest = ("" if one is None else round(one) for one in (memory, count.total(), least))
        print(" {:>5} {:>6} {:>6}".format(*rest), f" {calls}", flush=True)


def compare(vertices: int, per_call: float) -> float:
    """Print the rows for one size; return the SDK's seconds per call (``per_call`` where its row is an estimate)."""
    table = Table(vertices)
    with stub(lines(vertices, width(vertices))) as endpoint, gateway(endpoint.url) as asked:
        sdk = vertices + -(-vertices // 50)
        if vertices > SDK_UP_TO and per_call:
            table.row("SageMaker SDK (estimated)", Run(sdk * per_call, Log([])), sdk)
        else:
            run = by_sdks(endpoint)
            per_call = run.seconds / run.log.count().total()
            table.row("SageMaker SDK", run, sdk)
        if vertices <= SDK_UP_TO:
            plain = measured(endpoint, lambda: asyncio.run(by_plain_client(endpoint.url)))
            table.row("plain aioboto3", plain, 2 * vertices)
        walks(table, endpoint, asked)
        parts(table, endpoint, asked)
    return per_call


def walks(table: Table, endpoint: Stub, asked: Gateway) -> None:
    """Print the rows of whole walks, uncached and then cached."""
    asked.ask("{ __typename }")
    asked.peak_mb()
    idle = asked.peak_mb()
    for prefer in ("FEWER_CALLS", "LESS_WAITING"):
        for what, fields in FIELDS.items():
            query = WALK.format(start=ENDPOINT, prefer=prefer, fields=fields)
            asked.peak_mb()
            run = measured(endpoint, lambda query=query: asked.ask(query), asked.cpu)  # type: ignore[misc]
            name = f"{what}, {prefer.lower().replace('_', ' ')}"
            table.row(name, run, table.least[what], asked.peak_mb() - idle)
    for what, fields in FIELDS.items():
        query = WALK.format(start=ENDPOINT, prefer="FEWER_CALLS", fields=fields)
        run = measured(endpoint, lambda query=query: asked.ask(query, fresh=False), asked.cpu)  # type: ignore[misc]
        table.row(f"{what}, cached", run, 0, asked.peak_mb() - idle)


def parts(table: Table, endpoint: Stub, asked: Gateway) -> None:
    """Print the rows of hops and of a subscription's first vertices, uncached and cached."""
    hops, watch = HOPS.format(start=ENDPOINT), WATCH.format(start=ENDPOINT)
    table.row("three nested hops", measured(endpoint, lambda: asked.ask(hops), asked.cpu), 14)
    table.row("three nested hops, cached", measured(endpoint, lambda: asked.ask(hops, fresh=False), asked.cpu), 0)
    table.row("first vertices of a subscription", measured(endpoint, lambda: asked.first_vertices(watch)), 1)
    again = measured(endpoint, lambda: asked.first_vertices(watch, fresh=False))
    table.row("first vertices, cached", again, 0)


def main() -> None:
    """Print a table for each size, or for the sizes given as arguments."""
    gc.collect()
    gc.freeze()  # garbage collections would be counted as the gateway's time
    per_call = 0.0
    for vertices in map(int, sys.argv[1:] or SIZES):
        assert sum(map(len, layers(vertices))) == vertices  # noqa: S101
        per_call = compare(vertices, per_call)


if __name__ == "__main__":
    main()
