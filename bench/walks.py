"""How a whole lineage graph is had, by the SageMaker SDK's way, by a plain asynchronous client, and by the gateway.

The endpoint is a stub of SageMaker in a process of its own, 40 ms away, over a made-up graph of layers three in and
three out. The gateway runs in a process of its own too. A round is a wait for AWS: the longest chain of calls of which
each came after the one before was answered, as the endpoint heard them. Beside what a row took stands its floor: its
rounds times the latency, and the fewest calls that the API allows for what it asks. Memory is the most that the gateway
had above what it has when idle. Prints medians of five runs: one after another, but for the SDK's way, which takes a
minute, does little but wait, and so is gone by five clients at once. For the largest graph it is reckoned, by what a
call took in the one before, and the plain client's left out.
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
    """What one run took."""

    seconds: float
    log: Log
    cpu: float = 0.0


def by_sdk(url: str) -> tuple[float, float]:
    """Read the pages one after another, then describe one vertex after another, as the SDK's LineageQuery does.

    Returns the seconds that this took, and those that it computed for.
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
    """Return the median of as many clients at once, each in a process of its own and with one connection."""
    endpoint.begin(0)
    by_sdk(endpoint.url)
    endpoint.begin(LATENCY_MS)
    with multiprocessing.get_context("spawn").Pool(RUNS) as clients:
        took = clients.map(by_sdk, [endpoint.url] * RUNS, chunksize=1)
    logs = endpoint.log().by_connection()
    seconds, cpu = (statistics.median(some) for some in zip(*took, strict=True))
    return Run(seconds, max(logs, key=lambda log: log.rounds()), cpu)


def describe(client: Any, arn: str) -> Any:
    """Ask for one vertex, by whichever operation its kind has."""
    if ":artifact/" in arn:
        return client.describe_artifact(ArtifactArn=arn)
    name = arn.rpartition("/")[2]
    return (
        client.describe_context(ContextName=name)
        if ":context/" in arn
        else client.describe_trial_component(TrialComponentName=name)
    )


async def by_plain_client(url: str) -> None:
    """Ask for the neighbours of each vertex and for each vertex, all of a level at once, by aioboto3 as it comes."""
    async with aioboto3.Session(**CREDENTIALS).client("sagemaker", endpoint_url=url) as client:
        found, level = {ENDPOINT}, [ENDPOINT]
        while level:
            told = await asyncio.gather(
                *(client.list_associations(DestinationArn=arn, MaxResults=100) for arn in level),
                *(describe(client, arn) for arn in level),
            )
            sources = {one["SourceArn"] for page in told for one in page.get("AssociationSummaries", ())}
            level = sorted(sources - found)
            found |= sources
        return len(found)


class Gateway:
    """The gateway's process, and what it has used."""

    def __init__(self, url: str, pid: int) -> None:
        """Ask it at its URL; look at its process by its id."""
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
        """Seconds that the process has computed for."""
        text = self._client.get("/metrics").text
        return float(re.search(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE)[1])  # type: ignore[index]

    def peak_mb(self) -> float:
        """The most memory that it has had since this was last asked, in MB."""
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
    """Run some work over and over and return its median run; the first, unmeasured, fills the stub's memory."""
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
    """The rows of one size."""

    def __init__(self, vertices: int) -> None:
        """Print the heading; work out the fewest calls."""
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
        """Print a row; the SDK's comes first."""
        self._sdk = self._sdk or run.seconds
        count, rounds = run.log.count(), run.log.rounds()
        calls = ", ".join(f"{calls:,} {operation}" for operation, calls in sorted(count.items()))
        figures = (run.seconds, rounds * LATENCY_MS / 1000, rounds, self._sdk / run.seconds, run.cpu)
        print("  {:32} {:8.3f} {:8.3f} {:6} {:6.1f} {:6.2f}".format(name, *figures), end="")
        rest = ("" if one is None else round(one) for one in (memory, count.total(), least))
        print(" {:>5} {:>6} {:>6}".format(*rest), f" {calls}", flush=True)


def compare(vertices: int, per_call: float) -> float:
    """Print the rows of one size; return what a call took the SDK, here or, where its row is reckoned, before."""
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
    """Print the rows of whole walks, the last of them remembered."""
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
    """Print the rows of less than a walk, and of the same remembered."""
    hops, watch = HOPS.format(start=ENDPOINT), WATCH.format(start=ENDPOINT)
    table.row("three nested hops", measured(endpoint, lambda: asked.ask(hops), asked.cpu), 14)
    table.row("three nested hops, cached", measured(endpoint, lambda: asked.ask(hops, fresh=False), asked.cpu), 0)
    table.row("first vertices of a subscription", measured(endpoint, lambda: asked.first_vertices(watch)), 1)
    again = measured(endpoint, lambda: asked.first_vertices(watch, fresh=False))
    table.row("first vertices, cached", again, 0)


def main() -> None:
    """Print a table for each size, or for those given."""
    gc.collect()
    gc.freeze()  # for looking through it all would be counted as the gateway's time
    per_call = 0.0
    for vertices in map(int, sys.argv[1:] or SIZES):
        assert sum(map(len, layers(vertices))) == vertices  # noqa: S101
        per_call = compare(vertices, per_call)


if __name__ == "__main__":
    main()
