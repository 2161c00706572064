"""What happens to the calls that are made for a caller who goes away, or is one of several."""

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import orjson
from conftest import Ask
from graphs import artifact, artifact_arn, association

from gateway.local.server import LocalServer

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
    async with asyncio.timeout(5):
        while not calls[operation]:  # noqa: ASYNC110 - the service counts in a thread of its own
            await asyncio.sleep(0.01)


async def test_caller_who_leaves_stops_his_calls(
    gateway: str, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    service.behaviour.latency_ms = 200
    writer = await posted(gateway, HOPS, arn=artifact_arn(0))
    await reached(calls, "ListAssociations")
    writer.close()
    await asyncio.sleep(1)
    assert calls["ListAssociations"] == 1  # of the seven that one after another would have been made


async def test_whoever_shares_the_call_keeps_it(
    gateway: str, service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*CHAIN)
    service.behaviour.latency_ms = 400
    async with httpx.AsyncClient() as client:  # which takes a while to make, and the call does not wait
        asked = {"query": DESCRIBED, "variables": {"arn": artifact_arn(0)}}
        leaving = await posted(gateway, DESCRIBED, arn=artifact_arn(0))
        await reached(calls, "DescribeArtifact")
        staying = asyncio.create_task(client.post(f"http://{gateway}/graphql", json=asked))
        await asyncio.sleep(0.1)
        leaving.close()
        assert (await staying).json()["data"]["artifact"]["creationTime"]
    assert calls == {"DescribeArtifact": 1}


async def test_change_is_finished_for_nobody(gateway: str, service: LocalServer, calls: Counter[str], ask: Ask) -> None:
    service.behaviour.latency_ms = 200
    change = """mutation { createContext(input: { name: "c", type: "t", source: { sourceUri: "s3://b" } }) {
        context { creationTime } } }"""
    writer = await posted(gateway, change)
    await reached(calls, "CreateContext")
    writer.close()
    await asyncio.sleep(0.5)
    assert calls == {"CreateContext": 1}  # what the payload would have asked is not
    assert await ask('{ context(name: "c") { name } }') == {"context": {"name": "c"}}


async def test_requests_at_once_share_their_calls(
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


async def test_change_parts_a_call_under_way(
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
    assert (await during).json()["data"]["artifact"]["name"]  # the old one or the new one
    assert after.json()["data"]["artifact"]["name"] == "renamed"
    assert calls == {"UpdateArtifact": 1, "DescribeArtifact": 2}
