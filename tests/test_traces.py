"""OpenTelemetry spans: one per operation, a child span per AWS call, and nothing that a caller sent."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.observability import Instruments, Request, operation, serving
from gateway.settings import Settings

pytest.importorskip("opentelemetry.sdk", reason="The extra `otel` is not installed.")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

SECRET = "s3cr3t"  # noqa: S105
FIND = "query Find($name: String!) { context(name: $name) { name } artifacts { nodes { arn } } }"


@asynccontextmanager
async def traced(server: LocalServer) -> AsyncIterator[tuple[httpx.AsyncClient, InMemorySpanExporter]]:
    """A client of a gateway with tracing, and its exporter."""
    app = create_app(Settings(local_url=server.url, tracing=True))
    exported = InMemorySpanExporter()
    async with app.router.lifespan_context(app):
        app.state.instruments.spans.provider.add_span_processor(SimpleSpanProcessor(exported))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
            yield client, exported


@pytest.fixture
async def tracing(
    service: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[httpx.AsyncClient, InMemorySpanExporter]]:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    async with traced(service) as both:
        yield both


def by_name(exported: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exported.get_finished_spans()}


async def test_calls_are_below_their_operation(tracing: tuple[httpx.AsyncClient, InMemorySpanExporter]) -> None:
    client, exported = tracing
    await client.post("/graphql", json={"query": FIND, "variables": {"name": "here"}})
    spans = by_name(exported)
    assert spans.keys() == {"query", "SageMaker.DescribeContext", "SageMaker.ListArtifacts"}
    operation, call = spans["query"], spans["SageMaker.ListArtifacts"]
    assert (operation.kind, call.kind) == (SpanKind.SERVER, SpanKind.CLIENT)
    assert operation.attributes == {"graphql.operation.type": "query", "graphql.operation.name": "Find"}
    assert call.attributes == {
        "rpc.system": "aws-api",
        "rpc.service": "SageMaker",
        "rpc.method": "ListArtifacts",
        "cloud.region": "us-east-1",
    }
    assert operation.parent is None
    assert call.parent == operation.context
    assert (operation.status.is_ok, call.status.is_ok) == (True, True)
    assert spans["SageMaker.DescribeContext"].attributes["error.type"] == "NOT_FOUND"  # type: ignore[index]


async def test_callers_trace_is_continued(tracing: tuple[httpx.AsyncClient, InMemorySpanExporter]) -> None:
    client, exported = tracing
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    await client.post("/graphql", json={"query": "{ __typename }"}, headers={"traceparent": "nonsense"})
    first, second = exported.get_finished_spans()
    assert first.parent
    assert (f"{first.parent.trace_id:x}", f"{first.parent.span_id:x}") == (
        "af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
    )
    assert second.parent is None


async def test_unsampled_caller_is_not_traced(tracing: tuple[httpx.AsyncClient, InMemorySpanExporter]) -> None:
    client, exported = tracing
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}
    await client.post("/graphql", json={"query": FIND, "variables": {"name": "here"}}, headers=headers)
    assert exported.get_finished_spans() == ()


async def test_failure_marks_its_spans(
    service: LocalServer, tracing: tuple[httpx.AsyncClient, InMemorySpanExporter]
) -> None:
    client, exported = tracing
    service.behaviour.deny = ["*"]
    await client.post("/graphql", json={"query": "{ artifacts { nodes { arn } } }"})
    spans = by_name(exported)
    assert {name: span.attributes["error.type"] for name, span in spans.items()} == {  # type: ignore[index]
        "query": "partial",
        "SageMaker.ListArtifacts": "FORBIDDEN",
    }
    assert [span.status.is_ok for span in spans.values()] == [False, False]


async def test_stream_is_one_span(tracing: tuple[httpx.AsyncClient, InMemorySpanExporter]) -> None:
    client, exported = tracing
    start = "arn:aws:sagemaker:us-east-1:123456789012:context/here"
    body = {"query": f'subscription {{ lineage(start: "{start}") {{ visited }} }}'}
    await client.post("/graphql", json=body, headers={"accept": "text/event-stream"})
    spans = by_name(exported)
    assert {"subscription", "SageMaker.QueryLineage"} <= spans.keys()
    assert spans["SageMaker.QueryLineage"].parent == spans["subscription"].context


async def test_spans_hold_nothing_sent(tracing: tuple[httpx.AsyncClient, InMemorySpanExporter]) -> None:
    client, exported = tracing
    for query in (FIND, f'{{ context(name: "{SECRET}") {{ {SECRET}: name }} }}', f'{{ context(name: "{SECRET}" }}'):
        body = {"query": query, "variables": {"name": SECRET}}
        await client.post("/graphql", json=body, headers={"authorization": f"Bearer {SECRET}"})
    spans = exported.get_finished_spans()
    assert len(spans) == 6
    assert not any(SECRET in span.to_json() for span in spans)


class Receiver(BaseHTTPRequestHandler):
    """Receives traces by OTLP over HTTP and keeps them."""

    received: list[ExportTraceServiceRequest]

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write no log."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ExportTraceServiceRequest]]:
    """The traces received by a receiver whose URL is in OpenTelemetry's environment variables."""
    handler = type("Handler", (Receiver,), {"received": []})
    with HTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{listening.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield handler.received
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(("given", "name"), [(None, "lineage-gateway"), ("lineage", "lineage")])
async def test_traces_reach_a_receiver(
    service: LocalServer,
    receiver: list[ExportTraceServiceRequest],
    monkeypatch: pytest.MonkeyPatch,
    given: str | None,
    name: str,
) -> None:
    if given:
        monkeypatch.setenv("OTEL_SERVICE_NAME", given)
    async with traced(service) as (client, _):
        await client.post("/graphql", json={"query": FIND, "variables": {"name": "here"}})
    sent = [spans for request in receiver for spans in request.resource_spans]
    services = [
        one.value.string_value for spans in sent for one in spans.resource.attributes if one.key == "service.name"
    ]
    assert set(services) == {name}
    assert {span.name for spans in sent for scope in spans.scope_spans for span in scope.spans} == {
        "query",
        "SageMaker.DescribeContext",
        "SageMaker.ListArtifacts",
    }


async def test_silent_receiver_delays_no_shutdown(service: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.observability.traces._LAST_SECONDS", 0.1)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "20")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        async with asyncio.timeout(10), traced(service) as (client, _):
            await client.post("/graphql", json={"query": "{ __typename }"})
        [sending] = [thread for thread in threading.enumerate() if thread.name.endswith("(shutdown)")]
        connection, _ = silent.accept()
        with connection:  # else it retries during the next tests, where Hypothesis sees it draw random numbers
            connection.sendall(b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n")
            sending.join(60)
        assert not sending.is_alive()


def test_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ValueError, match=r"lineage-gateway\[otel\]"):
        create_app(Settings(tracing=True))


@pytest.mark.parametrize(
    ("extra", "imported"),
    [
        ("sys.modules['opentelemetry'] = None", []),  # as if it were not installed
        ("pass", []),
        ("os.environ['GATEWAY_TRACING'] = 'true'", ["opentelemetry.exporter"]),
    ],
)
def test_extra_is_imported_only_for_tracing(extra: str, imported: list[str]) -> None:
    made = "import gateway.cli; gateway.cli.create_app(gateway.cli.Settings())"
    code = f"import os, sys; {extra}; {made}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    assert [name for name in done.stdout.split() if name == "opentelemetry.exporter"] == imported


async def test_headers_stay_out_of_the_log(
    tracing: tuple[httpx.AsyncClient, InMemorySpanExporter], caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = tracing
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for headers in ({"baggage": SECRET}, {"traceparent": traceparent, "tracestate": f"bad {SECRET}"}):
        await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert SECRET not in caplog.text


async def test_exporters_headers_stay_out_too(
    service: LocalServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization: Bearer {SECRET}")
    async with traced(service):
        assert SECRET not in caplog.text


def test_disabled_tracing_is_in_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with serving(Request(Instruments(tracing=True), id="01JD8Q")), operation() as request:
        assert request.marks == {"request_id": "01JD8Q"}
