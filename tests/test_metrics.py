"""Prometheus metrics: what they count, that their labels have few values, and that each gateway has its own."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from conftest import first_call, running
from graphs import context
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from test_subscriptions import DATASET, SUBSCRIBE, connected, tree

from gateway import observability
from gateway.local.server import LocalServer
from gateway.observability import Instruments, Request
from gateway.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()
PREFIX = "lineage_gateway_"
QUERY = "query Named { artifacts { nodes { arn } } }"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {(one.name.removeprefix(PREFIX), frozenset(one.labels.items())): one.value for one in samples}


async def told(client: httpx.AsyncClient) -> Samples:
    return parsed((await client.get("/metrics")).text)


def count(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


async def first(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        return


async def ask(client: httpx.AsyncClient, query: str, **variables: str) -> None:
    await client.post("/graphql", json={"query": query, "variables": variables})


async def test_requests_and_operations_are_counted(service: LocalServer) -> None:
    async with running(Settings(local_url=service.url)) as client:
        await ask(client, QUERY)
        await client.get("/graphql", params={"query": QUERY})
        await client.post("/graphql", content=b"{")
        samples = await told(client)
    counted = {"route": "/graphql", "method": "POST"}
    assert count(samples, "http_requests_total", **counted, status="200") == 1
    assert count(samples, "http_requests_total", **counted, status="415") == 1
    assert count(samples, "http_requests_total", **counted | {"method": "GET"}, status="200") == 1
    assert count(samples, "http_request_duration_seconds_count", **counted) == 2
    assert count(samples, "operations_total", type="query", outcome="ok") == 2
    assert count(samples, "operation_duration_seconds_count", type="query") == 2
    assert count(samples, "aws_calls_total", operation="ListArtifacts", outcome="ok") == 2
    assert count(samples, "aws_call_duration_seconds_count", operation="ListArtifacts") == 2


CONTEXT = '{ name: "some", type: "Endpoint", source: { sourceUri: "s3://bucket/key" } }'


async def test_outcomes_are_distinguished(service: LocalServer) -> None:
    service.behaviour.deny = ["ListContexts:*", "CreateContext:*"]
    async with running(Settings(local_url=service.url, mutations=True)) as client:
        await ask(client, "{ contexts { nodes { arn } } }")
        await ask(client, f"mutation {{ createContext(input: {CONTEXT}) {{ __typename }} }}")
        await ask(client, "{")
        await ask(client, "{ nothing }")
        await ask(client, 'query($name: Long) { context(name: "none") { arn } }')
        await client.get("/graphql", params={"query": "mutation { nothing }"})
        samples = await told(client)
    outcomes = {dict(labels)["outcome"] for name, labels in samples if name == "operations_total"}
    assert outcomes == {
        "partial",
        "FORBIDDEN",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
    }
    assert count(samples, "aws_calls_total", operation="ListContexts", outcome="FORBIDDEN") == 1


async def test_partial_answers_are_distinguished(service: LocalServer) -> None:
    service.behaviour.deny = ["DescribeContext:*"]
    async with running(Settings(local_url=service.url)) as client:
        await ask(client, '{ __typename context(name: "some") { arn } }')
        samples = await told(client)
    assert count(samples, "operations_total", type="query", outcome="partial") == 1


async def test_gateways_count_for_themselves(service: LocalServer) -> None:
    async with running(Settings(local_url=service.url)) as one, running(Settings(local_url=service.url)) as other:
        await ask(one, QUERY)
        assert count(await told(one), "aws_calls_total", operation="ListArtifacts", outcome="ok") == 1
        assert count(await told(other), "aws_calls_total", operation="ListArtifacts", outcome="ok") is None


async def test_labels_are_not_for_callers(service: LocalServer) -> None:
    async with running(Settings(local_url=service.url)) as client:
        await ask(client, "query Chosen { __typename }")
        await client.request("CHOSEN", "/chosen/path")
        await client.get("/assets/chosen.js")
        response = await client.get("/metrics")
    assert "chosen" not in response.text.lower()
    told_of = parsed(response.text)
    assert count(told_of, "http_requests_total", method="other", route="other", status="404") == 1
    assert count(told_of, "http_requests_total", method="GET", route="/assets/{name}", status="404") == 1


async def test_requests_in_flight_are_shown(service: LocalServer) -> None:
    service.behaviour.latency_ms = 500
    async with running(Settings(local_url=service.url)) as client:
        asked = asyncio.create_task(ask(client, QUERY))
        await first_call(service)
        during = await told(client)
        await asked
        after = await told(client)
    assert (count(during, "http_requests_in_flight"), count(during, "aws_calls_in_flight")) == (2, 1)
    assert (count(after, "http_requests_in_flight"), count(after, "aws_calls_in_flight")) == (1, 0)


@pytest.mark.parametrize("lookup", [f'artifact(arn: "{DATASET}")', 'context(name: "endpoint")'])
async def test_cache_has_its_metrics(service: LocalServer, load: Callable[..., None], lookup: str) -> None:
    load(*tree(1), context("endpoint"))
    query = f"{{ {lookup} {{ name }} }}"
    async with running(Settings(local_url=service.url)) as client:
        await ask(client, query)
        await ask(client, query)
        await client.post("/graphql", json={"query": query}, headers={"cache-control": "no-cache"})
        samples = await told(client)
    assert count(samples, "cache_lookups_total", kind="record", result="hit") == 1
    assert count(samples, "cache_lookups_total", kind="record", result="miss") == 2


async def test_throttling_has_its_metrics(service: LocalServer) -> None:
    service.behaviour.throttle_tps = 20
    many = " ".join(f'c{number}: context(name: "c{number}") {{ arn }}' for number in range(40))
    async with running(Settings(local_url=service.url, cache_url="off")) as client:
        await ask(client, f"{{ {many} }}")
        samples = await told(client)
    throttles = count(samples, "aws_throttles_total", operation="DescribeContext")
    assert throttles == service.calls["DescribeContext"] - 40
    assert throttles > 0
    assert (count(samples, "aws_pace_seconds_total", operation="DescribeContext") or 0) > 0


async def test_websockets_and_their_operations_are_counted(gateway: str) -> None:
    async def samples() -> Samples:
        async with httpx.AsyncClient(base_url=f"http://{gateway}") as client:
            return await told(client)

    counted = {"type": "query", "outcome": "ok"}
    before = count(await samples(), "operations_total", **counted) or 0
    async with connected(gateway) as socket:
        for number in "12":
            await socket.send(f'{{"type": "subscribe", "id": "{number}", "payload": {{"query": "{{ __typename }}"}}}}')
            assert "next" in str(await socket.recv())
            assert "complete" in str(await socket.recv())
        during = await samples()
    assert count(during, "websocket_connections") == 1
    assert count(during, "operations_total", **counted) == before + 2
    while count(await samples(), "websocket_connections"):
        pass
    assert count(await samples(), "http_requests_total", method="WEBSOCKET", route="/graphql", status="101")


async def test_leaving_a_stream_is_counted(gateway: str, load: Callable[..., None], service: LocalServer) -> None:
    load(*tree(500))
    service.behaviour.latency_ms = 50
    body = {"query": SUBSCRIBE, "variables": {"start": [DATASET]}}
    counted = {"type": "subscription", "outcome": "cancelled"}
    async with httpx.AsyncClient(base_url=f"http://{gateway}") as client:
        before = count(await told(client), "operations_total", **counted) or 0
        async with client.stream("POST", "/graphql", json=body, headers={"accept": "text/event-stream"}) as response:
            assert "event: next" in [line async for line in first(response.aiter_lines())]
        while count(await told(client), "operations_total", **counted) != before + 1:
            pass
        assert count(await told(client), "http_requests_in_flight") == 1


def test_closed_stream_is_cancelled() -> None:
    instruments = Instruments()
    with (
        observability.serving(Request(instruments, method="GET")),
        pytest.raises(GeneratorExit),
        observability.operation(),
    ):
        raise GeneratorExit  # what a stream's generator gets if its client leaves between two messages
    samples = parsed(instruments.metrics.text("")[0].decode())
    assert count(samples, "operations_total", type="unknown", outcome="cancelled") == 1


def test_rest_counts_for_the_request() -> None:
    instruments = Instruments()
    with observability.serving(Request(instruments, method="GET")):
        observability.throttled("Search")
        observability.paced("Search", 0.25)
        observability.paced("Search", 0.5)
        observability.cache_looked_up("walk", hits=1, misses=1)
    observability.throttled("Search")
    samples = parsed(instruments.metrics.text("")[0].decode())
    assert count(samples, "aws_throttles_total", operation="Search") == 1
    assert count(samples, "aws_pace_seconds_total", operation="Search") == 0.75
    assert count(samples, "cache_lookups_total", kind="walk", result="hit") == 1
    assert count(samples, "cache_lookups_total", kind="walk", result="miss") == 1


async def test_openmetrics_is_supported_too(http: httpx.AsyncClient) -> None:
    response = await http.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert list(openmetrics.text_string_to_metric_families(response.text))


@pytest.mark.parametrize("version", ['"1.0.0"', "latest", "1.x"])
async def test_unreadable_version_gets_plain_text(http: httpx.AsyncClient, version: str) -> None:
    response = await http.get("/metrics", headers={"accept": f"application/openmetrics-text; version={version}"})
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert list(text_string_to_metric_families(response.text))


async def test_metrics_can_be_off(server: LocalServer) -> None:
    async with running(Settings(local_url=server.url, metrics=False)) as client:
        assert (await client.get("/metrics")).status_code == 404


def test_readme_lists_the_metrics() -> None:
    table = dict(re.findall(r"^\| `lineage_gateway_(\w+)` \| (.*?) \|", README, re.MULTILINE))
    families = Instruments().metrics.registry.collect()
    names = {family.name + ("_total" if family.type == "counter" else ""): family for family in families}
    ours = {name.removeprefix(PREFIX): family for name, family in names.items() if name.startswith(PREFIX)}
    assert table == {name: family.documentation for name, family in ours.items()}


@pytest.mark.parametrize("name", ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"])
async def test_process_has_its_metrics(http: httpx.AsyncClient, name: str) -> None:
    value = count(await told(http), name)
    assert value
    assert value > 0
