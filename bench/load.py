"""The throughput of small queries, of the gateway and of a plain Strawberry and Starlette server.

Both run in separate processes over the same local service. They take turns in answering queries for one artifact from
sixteen connections, first with the artifact cached, then with an AWS call for each query. The plain server follows its
documentation: it has one resolver, which caches its Describe responses in a dictionary, or calls aioboto3 each time.
Prints the medians of the rounds, and their ratios.
"""

import asyncio
import contextlib
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aioboto3
import orjson
import strawberry
import uvicorn
from starlette.applications import Starlette
from strawberry.asgi import GraphQL

from gateway import serving
from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.settings import Settings

ROUNDS = 3
REQUESTS = 1_500
CONNECTIONS = 16
ARN = "arn:aws:sagemaker:us-east-1:123456789012:artifact/" + "0" * 32
QUERY = "query ($arn: %s!) { artifact(arn: $arn) { arn name type creationTime } }"


@strawberry.type
class Artifact:
    arn: str
    name: str
    type: str
    creation_time: str


@strawberry.type
class Query:
    @strawberry.field
    async def artifact(self, info: strawberry.Info, arn: str) -> Artifact:
        app = info.context["request"].app
        fresh = "no-cache" in info.context["request"].headers.get("cache-control", "")
        if fresh or arn not in app.state.kept:
            app.state.kept[arn] = await app.state.client.describe_artifact(ArtifactArn=arn)
        found = app.state.kept[arn]
        return Artifact(
            arn=arn,
            name=found["ArtifactName"],
            type=found["ArtifactType"],
            creation_time=found["CreationTime"].isoformat(),
        )


def plain_app(local_url: str) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        session = aioboto3.Session("local", "local", region_name="us-east-1")
        async with session.client("sagemaker", endpoint_url=local_url) as client:
            app.state.client, app.state.kept = client, {}
            yield

    app = Starlette(lifespan=lifespan)
    app.mount("/graphql", GraphQL(strawberry.Schema(Query)))
    return app


def serve_gateway(port: Any, local_url: str) -> None:
    listener = serving.listen("127.0.0.1", 0)
    app = create_app(Settings(local_url=local_url, cache_record_seconds=3600))
    serving.run(serving.Server(app, 1, lambda: port.put(listener.getsockname()[1])), listener)


def serve_plain(port: Any, local_url: str) -> None:
    listener = serving.listen("127.0.0.1", 0)
    port.put(listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(plain_app(local_url), log_level="warning")).run([listener])


class Server(NamedTuple):
    name: str
    port: int
    path: str
    query: str


KINDS = (("gateway", serve_gateway, "/graphql", "Arn"), ("plain", serve_plain, "/graphql/", "String"))


class Round(NamedTuple):
    """A round's requests per second, and its latencies in milliseconds."""

    rate: float
    median: float
    p99: float


async def ask(server: Server, requests: int, header: str) -> Round:
    body = orjson.dumps({"query": server.query, "variables": {"arn": ARN}})
    head = f"POST {server.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{header}"
    sent = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    took: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(requests // CONNECTIONS):
            began = time.perf_counter()
            writer.write(sent)
            answered = await reader.readuntil(b"\r\n\r\n")
            length = int(answered.lower().partition(b"content-length:")[2].partition(b"\r")[0])
            content = await reader.readexactly(length)
            took.append((time.perf_counter() - began) * 1000)
            if b"creationTime" not in content or b"errors" in content:
                raise RuntimeError(content)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return Round(len(took) / (time.perf_counter() - began), *(statistics.quantiles(took, n=100)[at] for at in (49, 98)))


def compare(servers: list[Server], requests: int, header: str) -> None:
    rounds: dict[str, list[Round]] = {server.name: [] for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            rounds[server.name].append(asyncio.run(ask(server, requests, header)))
    what = "not cached" if header else "cached"
    medians = {name: Round(*map(statistics.median, zip(*some, strict=True))) for name, some in rounds.items()}
    for name, found in medians.items():
        print(f"{what:12} {name:10} {found.rate:8.0f} {found.median:9.2f} {found.p99:8.2f}")
    ratio = Round(*(ours / theirs for ours, theirs in zip(medians["gateway"], medians["plain"], strict=True)))
    print(f"{what:12} {'ratio':10} {ratio.rate:8.2f} {ratio.median:9.2f} {ratio.p99:8.2f}")


def main() -> None:
    spawning = multiprocessing.get_context("spawn")
    with LocalServer() as service:
        record = {"ArtifactArn": ARN, "ArtifactName": "data", "ArtifactType": "DataSet"}
        service.load([orjson.dumps({"entity": "Artifact", "record": record})])
        servers, processes = [], []
        for name, serve, path, arn_type in KINDS:
            port = spawning.Queue()
            process = spawning.Process(target=serve, args=(port, service.url))
            process.start()
            processes.append(process)
            servers.append(Server(name, port.get(timeout=30), path, QUERY % arn_type))
        print(f"{'':12} {'server':10} {'req/s':>8} {'median ms':>9} {'p99 ms':>8}")
        compare(servers, REQUESTS, "")
        compare(servers, REQUESTS // 2, "Cache-Control: no-cache\r\n")
        for process in processes:
            process.terminate()
            process.join()


if __name__ == "__main__":
    main()
