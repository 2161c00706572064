"""What happens to AWS calls whose caller disconnects, or that several callers share."""

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import orjson
import pytest
from conftest import Ask
from endpoint import SILENCE, answer, endpoint
from graphs import artifact, artifact_arn, association

from gateway.app import opened
from gateway.aws.calls import Calls, Tally
from gateway.aws.kinds import ARTIFACT
from gateway.aws.places import HOME, Place
from gateway.errors import UpstreamUnavailable
from gateway.local.server import LocalServer
from gateway.rates import Rates
from gateway.settings import Settings

CHAIN = [artifact(number) for number in range(8)]
CHAIN += [association(artifact_arn(number), artifact_arn(number + 1)) for number in range(7)]

HOPS = (
    "query ($arn: Arn!) { artifact(arn: $arn) { " + "downstream(first: 1) { nodes { " * 7 + "arn" + " } }" * 7 + " } }"
)
DESCRIBED = "query ($arn: Arn!) { artifact(arn: $arn) { creationTime } }"


async def posted(gateway: str, query: str, **variables: object) -> asyncio.StreamWriter:
    """Send a request and return its connection, without waiting for the answer."""
    host, port = gateway.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = orjson.dumps({"query": query, "variables": variables})
    lines = ["POST /graphql HTTP/1.1", f"Host: {gateway}", "Content-Type: application/json"]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}"])
    writer.write(head.encode() + b"\r\n\r\n" + body)
    await writer.drain()
    return writer


async def reached(calls: Counter[str], operation: str) -> None:
    async with asyncio.timeout(60):
        while not calls[operation]:  # noqa: ASYNC110 - the service counts on another thread
            await asyncio.sleep(0.01)


async def test_disconnected_caller_cancels_its_calls(
    gateway: str, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    service.behaviour.latency_ms = 200
    writer = await posted(gateway, HOPS, arn=artifact_arn(0))
    await reached(calls, "ListAssociations")
    writer.close()
    await asyncio.sleep(1)
    assert calls["ListAssociations"] == 1  # of seven sequential calls


async def test_ended_request_makes_no_call() -> None:
    async with (
        endpoint() as aws,
        opened(Settings(local_url=aws.url, read_timeout_seconds=1, max_attempts=1)) as backend,
    ):
        aws.respond_with(SILENCE)
        loaders = backend.loaders()
        asked = [asyncio.create_task(loaders.entities.describe(ARTIFACT, artifact_arn(0)))]
        await asyncio.sleep(0.1)
        await loaders.end()
        asked.append(asyncio.create_task(loaders.entities.describe(ARTIFACT, artifact_arn(1))))
        for one in asked:
            with pytest.raises(UpstreamUnavailable, match="Nobody is waiting"):
                await one
        assert len(aws.requests) == 1


async def test_write_elsewhere_prevents_no_joining() -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answer(b'{"ArtifactArn": "arn"}'))
        for place, requests in ((Place("210987654321"), 1), (HOME, 3)):
            reading = calls.read("DescribeArtifact", HOME, {}, Tally())
            calls.stop_joining(place)
            await asyncio.gather(reading, calls.read("DescribeArtifact", HOME, {}, Tally()))
            assert len(aws.requests) == requests


async def test_shared_call_survives_a_disconnect(
    gateway: str, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    service.behaviour.latency_ms = 400
    async with httpx.AsyncClient() as client:  # created before the call is made, as it takes some time
        asked = {"query": DESCRIBED, "variables": {"arn": artifact_arn(0)}}
        leaving = await posted(gateway, DESCRIBED, arn=artifact_arn(0))
        await reached(calls, "DescribeArtifact")
        staying = asyncio.create_task(client.post(f"http://{gateway}/graphql", json=asked))
        await asyncio.sleep(0.1)
        leaving.close()
        assert (await staying).json()["data"]["artifact"]["creationTime"]
    assert calls == {"DescribeArtifact": 1}


async def test_mutation_finishes_after_a_disconnect(
    gateway: str, service: LocalServer, calls: Counter[str], ask: Ask
) -> None:
    service.behaviour.latency_ms = 200
    change = """mutation { createContext(input: { name: "c", type: "t", source: { sourceUri: "s3://b" } }) {
        context { creationTime } } }"""
    writer = await posted(gateway, change)
    await reached(calls, "CreateContext")
    writer.close()
    await asyncio.sleep(0.5)
    assert calls == {"CreateContext": 1}  # and none of the payload's calls
    assert await ask('{ context(name: "c") { name } }') == {"context": {"name": "c"}}


async def test_concurrent_requests_share_their_calls(
    http: httpx.AsyncClient, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    asked = {"query": DESCRIBED, "variables": {"arn": artifact_arn(0)}}
    answers = await asyncio.gather(*(http.post("/graphql", json=asked) for _ in range(20)))
    assert len({answer.content for answer in answers}) == 1
    assert calls == {"DescribeArtifact": 1}


async def test_fresh_request_joins_no_call(
    http: httpx.AsyncClient, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    asked = {"query": DESCRIBED, "variables": {"arn": artifact_arn(0)}}
    fresh = {"Cache-Control": "no-cache"}
    await asyncio.gather(http.post("/graphql", json=asked), http.post("/graphql", json=asked, headers=fresh))
    assert calls == {"DescribeArtifact": 2}


async def test_later_request_joins_fresh_call(
    http: httpx.AsyncClient, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    service.behaviour.latency_ms = 600
    asked = {"query": DESCRIBED, "variables": {"arn": artifact_arn(0)}}
    first = asyncio.create_task(http.post("/graphql", json=asked))
    await asyncio.sleep(0.3)
    fresh = asyncio.create_task(http.post("/graphql", json=asked, headers={"Cache-Control": "no-cache"}))
    await first
    assert (await http.post("/graphql", json=asked)).content == (await fresh).content
    assert calls == {"DescribeArtifact": 2}


async def test_calls_are_not_shared_across_mutations(
    writable: httpx.AsyncClient, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    service.behaviour.latency_ms = 300
    asked = {"query": "query ($arn: Arn!) { artifact(arn: $arn) { name } }", "variables": {"arn": artifact_arn(0)}}
    rename = """mutation ($arn: Arn!) { updateArtifact(input: { arn: $arn, name: "renamed" }) { artifact { arn } } }"""
    sent = {"query": rename, "variables": {"arn": artifact_arn(0)}}
    change = asyncio.create_task(writable.post("/graphql", json=sent))
    await reached(calls, "UpdateArtifact")
    await asyncio.sleep(0.15)
    during = asyncio.create_task(writable.post("/graphql", json=asked))
    assert "errors" not in (await change).json()
    after = await writable.post("/graphql", json=asked)
    assert (await during).json()["data"]["artifact"]["name"]  # the old name or the new one
    assert after.json()["data"]["artifact"]["name"] == "renamed"
    assert calls == {"UpdateArtifact": 1, "DescribeArtifact": 2}


async def test_abandoned_call_logs_no_error(service: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(Settings(local_url=service.url)):
        handle = asyncio.get_running_loop().call_exception_handler
        # as asyncio does since Python 3.14
        handle({"message": "OSError exception in shielded future", "exception": OSError("secret")})
        assert caplog.messages == []
        handle({"message": "Task exception was never retrieved"})
        assert caplog.messages == ["Task exception was never retrieved"]
