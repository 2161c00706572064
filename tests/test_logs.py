"""The log: one line per request, whatever was sent, and never a secret."""

import asyncio
import io
import json
import logging
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from conftest import first_call, needs_pages, running
from endpoint import CLOSE, answer, endpoint
from test_cli import serving
from test_disconnects import posted
from test_subscriptions import SUBSCRIBE, connected, messages
from websockets.asyncio.client import connect

from gateway import observability
from gateway.http import pages
from gateway.local.server import LocalServer
from gateway.observability import Instruments, Request
from gateway.observability.logs import Json, Text
from gateway.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()
Lines = Callable[[], list[dict[str, Any]]]

SECRET = "s3cr3t"  # noqa: S105
FIND = "query Find($name: String!) { context(name: $name) { name } artifacts { nodes { arn } } }"


@pytest.fixture
def lines() -> Iterator[Lines]:
    """A function that returns what the gateway has logged so far, at every level."""
    stream, gateway = io.StringIO(), logging.getLogger("gateway")
    handler, level = logging.StreamHandler(stream), gateway.level
    handler.setFormatter(Json())
    gateway.addHandler(handler)
    gateway.setLevel(logging.DEBUG)
    yield lambda: [orjson.loads(line) for line in stream.getvalue().splitlines()]
    gateway.removeHandler(handler)
    gateway.setLevel(level)


def of_requests(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in said if line["message"] in {"request", "operation"}]


async def test_request_has_one_line(http: httpx.AsyncClient, service: LocalServer, lines: Lines) -> None:  # noqa: ARG001
    body = {"query": FIND, "variables": {"name": "here"}}
    await http.post("/graphql", json=body, headers={"x-request-id": "r-1"})
    [line] = of_requests(lines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line.pop("ms") > 0
    assert line == {
        "level": "info",
        "logger": "gateway.http",
        "message": "request",
        "request_id": "r-1",
        "operation": "Find",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "type": "query",
        "outcome": "ok",
        "cost": 52,
        "aws_calls": 2,
    }


async def test_refused_operation_is_named(server: LocalServer, lines: Lines) -> None:
    async with running(Settings(local_url=server.url, max_cost=1)) as client:
        await client.post("/graphql", json={"query": FIND, "variables": {"name": "here"}})
    [line] = of_requests(lines())
    assert (line["operation"], line["type"], line["aws_calls"]) == ("Find", "query", 0)
    assert line["outcome"].isupper()


async def test_calls_belong_to_their_request(
    http: httpx.AsyncClient,
    service: LocalServer,  # noqa: ARG001
    lines: Lines,
) -> None:
    await http.post("/graphql", json={"query": FIND, "variables": {"name": "here"}}, headers={"x-request-id": "r-2"})
    made = [line for line in lines() if line["message"] == "AWS call"]
    assert {line["aws_operation"]: line["outcome"] for line in made} == {
        "DescribeContext": "NOT_FOUND",
        "ListArtifacts": "ok",
    }
    assert {(line["level"], line["request_id"], line["operation"]) for line in made} == {("debug", "r-2", "Find")}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(b'{"__type": "ExpiredTokenException", "message": "s3cr3t"}', 400), "ExpiredTokenException"),
        (answer(b"<html>"), "UnreadableAnswerError: JSONDecodeError"),
        (CLOSE, "ConnectionClosedError: ConnectionResetError"),
    ],
)
async def test_aws_failures_have_a_reason(lines: Lines, said: bytes, why: str) -> None:
    async with endpoint() as aws, running(Settings(local_url=aws.respond_with(said).url, max_attempts=1)) as client:
        await client.post("/graphql", json={"query": "{ artifacts { nodes { arn } } }"})
    assert [line["aws_error"] for line in of_requests(lines())] == [why]


async def test_missing_credentials_have_a_reason(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    async with running(Settings()) as client:
        await client.post("/graphql", json={"query": "{ artifacts { nodes { arn } } }"})
    assert [line["aws_error"] for line in of_requests(lines())] == ["NoCredentialsError"]


async def test_websocket_operations_have_lines(gateway: str, service: LocalServer, lines: Lines) -> None:
    service.behaviour.latency_ms = 500
    async with connected(gateway) as socket:
        assert len([one async for one in messages(socket, FIND, name="here")]) == 1
        assert len([one async for one in messages(socket, "{ nothing }")]) == 1
    first, second = (line for line in lines() if line["message"] == "operation")
    assert (first["operation"], first["type"], first["outcome"], first["aws_calls"]) == ("Find", "query", "ok", 2)
    assert (second["type"], second["outcome"], second["aws_calls"]) == ("query", "GRAPHQL_VALIDATION_FAILED", 0)
    assert second["ms"] < first["ms"]
    assert first["request_id"] == second["request_id"]


async def test_closed_websocket_keeps_its_status(gateway: str, lines: Lines) -> None:
    async with connected(gateway) as socket:
        await socket.send('{"type": "hello"}')
        await socket.wait_closed()
    while not (said := of_requests(lines())):  # noqa: ASYNC110 - it is written when the connection has ended
        await asyncio.sleep(0.01)
    assert [(line["method"], line["status"]) for line in said] == [("WEBSOCKET", 101)]


async def test_disconnected_request_has_a_status(gateway: str, service: LocalServer, lines: Lines) -> None:
    service.behaviour.latency_ms = 5_000
    writer = await posted(gateway, FIND, name="here")
    await first_call(service)
    writer.close()
    while not (said := of_requests(lines())):  # noqa: ASYNC110 - it is written when the connection has ended
        await asyncio.sleep(0.01)
    assert [(line["status"], line["outcome"]) for line in said] == [(499, "cancelled")]


async def test_probes_are_quiet_unless_failing(http: httpx.AsyncClient, lines: Lines) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        await http.get(path)
        await http.put(path)
    assert {(line["path"], line["status"], line["level"]) for line in of_requests(lines())} == {
        (path, status, level)
        for path in ("/healthz", "/readyz", "/metrics")
        for status, level in ((200, "debug"), (405, "info"))
    }


@needs_pages
async def test_assets_are_logged_quietly(http: httpx.AsyncClient, lines: Lines) -> None:
    path = f"/assets/{next(pages.BUILT.glob('assets/*.js')).name}"
    tag = (await http.get(path)).headers["etag"]
    for header in ({"range": "bytes=0-9"}, {"if-none-match": tag}):
        await http.get(path, headers=header)
    assert [(line["status"], line["level"]) for line in of_requests(lines())] == [
        (status, "debug") for status in (200, 206, 304)
    ]


async def test_readiness_changes_are_logged(lines: Lines) -> None:
    with LocalServer() as local:
        async with running(Settings(local_url=local.url)) as client:
            await client.get("/readyz")
            await client.get("/readyz")
    [line] = [line for line in lines() if line["message"] == "readiness"]
    assert (line["level"], line["aws"], line["cache"]) == ("info", "ok", "ok")


async def test_long_names_are_truncated(http: httpx.AsyncClient, lines: Lines) -> None:
    await http.post(f"/{'p' * 5000}", json={})
    await http.post("/graphql", json={"query": f"query {'n' * 5000} {{ __typename }}"})
    elsewhere, asked = of_requests(lines())
    assert (len(elsewhere["path"]), len(asked["operation"])) == (200, 100)


async def test_caller_and_cost_are_logged(lines: Lines) -> None:
    with observability.serving(Request(Instruments(), id="r-3", method="POST", path="/graphql")):
        observability.called_by("dashboard")
        observability.costs(12)
    [line] = lines()
    assert (line["caller"], line["cost"]) == ("dashboard", 12)


def record(message: str, *arguments: object, error: Exception | None = None, **fields: Any) -> logging.LogRecord:
    caught = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("gateway", logging.ERROR, __file__, 1, message, arguments, caught)
    made.fields = fields
    return made


def raised() -> Exception:
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        return error
    return Exception()


def test_exception_is_logged_without_message() -> None:
    for formatter in (Json(), Text()):
        told = formatter.format(record("Failed.", error=raised()))
        assert told.index("builtins.ValueError") < told.index("builtins.KeyError")
        assert "in raised" in told
        assert SECRET not in told.replace("raise KeyError(SECRET)", "").replace("int(SECRET)", "")


def replaced() -> Exception:
    try:
        try:
            int(SECRET)
        except ValueError:
            raise TypeError(SECRET) from None
    except TypeError as error:
        return error


def raised_together() -> Exception:
    try:
        try:
            int(SECRET)
        except ValueError:
            raise ExceptionGroup(SECRET, [KeyError(SECRET), replaced()])  # noqa: B904 - the context is the point
    except ExceptionGroup as error:
        return error


def test_exceptions_are_logged_with_context_and_parts() -> None:
    told = Text().format(record("Failed.", error=raised_together()))
    logged = ["ValueError", "ExceptionGroup", "KeyError", "TypeError"]
    assert re.findall(r"(?m)^builtins\.(\w+)$", told) == logged
    assert SECRET not in told


def test_text_stays_on_its_line() -> None:
    fields = {"path": "/x\n2026 INFO forged", "name": 'two "words"', "wide": "a\u2028b", "n": 5}
    line = Text().format(record("said %s", "a\nb", **fields))
    assert re.fullmatch(
        r'[0-9T:.Z-]+ ERROR   gateway "said a\\nb" path="/x\\n2026 INFO forged" '
        r'name="two \\"words\\"" wide="a\\u2028b" n=5',
        line,
    )


def test_json_accepts_any_value() -> None:
    line = Json().format(record("a\nb", odd="\ud800", thing=Path("x")))
    assert "\n" not in line
    assert json.loads(line)["odd"] == "\ud800"
    assert json.loads(line)["thing"] == "x"


async def everything(url: str) -> None:
    """Send secrets in every part of a request."""
    headers = {"authorization": f"Bearer {SECRET}", "x-api-key": SECRET, "cookie": SECRET, "x-request-id": f"{SECRET}?"}
    asked = {"query": FIND, "variables": {"name": SECRET}, "operationName": "Find", "extensions": {"key": SECRET}}
    literal = {"query": f'{{ {SECRET}: context(name: "{SECRET}") {{ name }} bad(a: "{SECRET}") }}'}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        for body in (asked, literal, {"query": SECRET}, asked | {"operationName": SECRET}):
            for accept in ("application/json", "text/event-stream"):
                await client.post("/graphql", json=body, headers={"accept": accept})
        await client.post("/graphql", content=f'{{"{SECRET}'.encode(), headers={"content-type": "application/json"})
        await client.get("/graphql", params={"query": FIND, "variables": f'{{"name": "{SECRET}"}}'})
        await client.get(f"/nothing?token={SECRET}")
    address = url.removeprefix("http://")
    async with connect(f"ws://{address}/graphql?token={SECRET}", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(f'{{"type": "connection_init", "payload": {{"authorization": "{SECRET}"}}}}')
        await socket.recv()
        assert len([one async for one in messages(socket, FIND, name=SECRET)]) == 1
        assert len([one async for one in messages(socket, SUBSCRIBE, start=[SECRET])]) == 1
    host, port = address.split(":")
    with socket_to(host, int(port)) as raw:
        raw.sendall(f"{SECRET}\r\n\r\n".encode())
        raw.recv(1000)


def socket_to(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), timeout=30)


async def test_no_secret_is_logged() -> None:
    environment = dict(os.environ) | {"GATEWAY_LOG_LEVEL": "debug", "GATEWAY_MUTATIONS": "true"}
    with serving(environment, "demo", "--port", "0") as demo:
        url = demo.wait_for(r"(http://\S+)/graphql")
        await everything(url)
        code, errors = demo.stop(signal.SIGTERM)
    assert code == 0
    assert SECRET not in errors
    said = [orjson.loads(line) for line in errors.splitlines()]
    assert len(of_requests(said)) == 14
    assert {"gateway.http", "gateway.aws", "uvicorn.error"} == {line["logger"] for line in said}


def test_text_is_for_terminals() -> None:
    said = []
    for form in ("text", "auto"):
        with serving(dict(os.environ) | {"GATEWAY_LOG_FORMAT": form}, "demo", "--port", "0") as demo:
            url = demo.wait_for(r"(http://\S+)/graphql")
            assert httpx.get(f"{url}/nothing").status_code == 404
            said.append(demo.stop(signal.SIGTERM)[1])
    assert re.search(r"^\S+Z INFO    gateway.http request request_id=\w+ method=GET path=/nothing ", said[0])
    assert json.loads(said[1])["path"] == "/nothing"


def test_auto_is_text_on_a_terminal() -> None:
    terminal, stderr = pty.openpty()
    code = "import logging; from gateway.observability import logs; logs.configure('info', 'auto')"
    said = f"{code}; logging.getLogger('gateway').info('said')"
    subprocess.run([sys.executable, "-c", said], stderr=stderr, check=True)  # noqa: S603
    assert re.fullmatch(rb"\S+Z INFO    gateway said\r\n", os.read(terminal, 1000))


async def test_readme_shows_such_a_line(http: httpx.AsyncClient, lines: Lines) -> None:
    await http.post("/graphql", json={"query": "query Q { __typename }"})
    [shown] = re.findall(r"^\{\"time\".*\}$", README, re.MULTILINE)
    assert list(orjson.loads(shown)) == list(of_requests(lines())[0])
