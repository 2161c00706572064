"""GraphQL over HTTP: whatever is sent, the response is JSON with a suitable status."""

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import listening
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.local.server import LocalServer
from gateway.settings import Settings

NODE = Path(__file__).parent / "node"
QUERY = "{ artifacts { nodes { arn } } }"
EMPTY = {"data": {"artifacts": {"nodes": []}}}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, b"", 400),
        (JSON, b"{", 400),
        (JSON, b'"text"', 400),
        (JSON, b"[]", 400),
        (JSON, b"null", 400),
        (JSON, b"\xff\xfe", 400),
        (JSON, b"[" * 100_000, 400),
        (JSON, b"{}", 400),
        (JSON, b'{"query": 5}', 400),
        (JSON, b'{"query": ""}', 400),
        (JSON, b'{"query": "{ a }", "variables": []}', 400),
        (JSON, b'{"query": "{ a }", "operationName": 5}', 400),
        (JSON, b'{"query": "{ a }", "extensions": "x"}', 400),
        ({"content-type": "text/plain"}, b'{"query": "{ a }"}', 415),
        ({}, b'{"query": "{ a }"}', 415),
        (JSON | {"content-encoding": "gzip"}, b"\x1f\x8b", 415),
    ],
)
async def test_invalid_body_is_refused(http: httpx.AsyncClient, headers: Any, body: bytes, status: int) -> None:
    response = await http.post("/graphql", headers=headers, content=body)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "data" not in response.json()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_get_answers_a_query(http: httpx.AsyncClient, service: LocalServer) -> None:  # noqa: ARG001
    query = "query Q($type: String) { artifacts(type: $type) { nodes { arn } } } query Other { __typename }"
    parameters = {"query": query, "operationName": "Q", "variables": '{"type": "DataSet"}'}
    response = await http.get("/graphql", params=parameters)
    assert (response.status_code, response.json()) == (200, EMPTY)


async def test_empty_parameters_are_none(http: httpx.AsyncClient) -> None:
    empty = dict.fromkeys(("variables", "operationName", "extensions", "documentId"), "")
    response = await http.get("/graphql", params=empty | {"query": "{ __typename }"})
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("empty", [{"operationName": ""}, {"extensions": {}}, {"variables": {}}])
async def test_null_parameters_are_none(http: httpx.AsyncClient, empty: dict[str, Any]) -> None:
    nulls = dict.fromkeys(("variables", "operationName", "extensions", "documentId"))
    response = await http.post("/graphql", json={"query": "{ __typename }"} | nulls | empty)
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


async def test_trailing_slash_is_redirected(http: httpx.AsyncClient) -> None:
    got = await http.get("/graphql/", params={"query": "{ __typename }"})
    assert (got.status_code, got.headers["location"]) == (307, "../graphql?query=%7B+__typename+%7D")
    posted = await http.post("/graphql/", json={"query": "{ __typename }"}, follow_redirects=True)
    assert posted.json() == {"data": {"__typename": "Query"}}


async def test_head_is_get_without_a_body(gateway: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{gateway}") as client:
        head, get = [await client.request(method, "/graphql", params={"query": "{ a }"}) for method in ("HEAD", "GET")]
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", get.headers["content-type"])


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html,*/*;q=0.8", "text/html"),
        ("application/json, text/html;q=0.1", "application/json"),
        ("application/json, text/html;q=0", "application/json"),
        ("application/json, text/html;q=high", "application/json"),
        ("application/*, text/html;q=0.5", "application/json"),
    ],
)
async def test_graphiql_needs_html_preferred(http: httpx.AsyncClient, accept: str, media_type: str) -> None:
    response = await http.get("/graphql", params={"query": "{ __typename }"}, headers={"accept": accept})
    assert response.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
        ("Application/GraphQL-Response+JSON", "application/graphql-response+json; charset=utf-8"),
        (
            "application/json;q=0.9, application/graphql-response+json",
            "application/graphql-response+json; charset=utf-8",
        ),
        ("application/json, application/graphql-response+json;q=0", "application/json; charset=utf-8"),
        ("application/json, application/graphql-response+json;q=0.5", "application/json; charset=utf-8"),
        ("application/json, text/event-stream;q=0", "application/json; charset=utf-8"),
        ("application/json, text/event-stream;q=0.1", "application/json; charset=utf-8"),
        (
            "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
            "application/graphql-response+json; charset=utf-8",
        ),
    ],
)
async def test_media_type_is_negotiated(
    http: httpx.AsyncClient,
    service: LocalServer,  # noqa: ARG001
    accept: str,
    media_type: str,
) -> None:
    response = await http.post("/graphql", json={"query": QUERY}, headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"], response.json()) == (200, media_type, EMPTY)


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query($arn: Arn!) { artifact(arn: $arn) { name } }"])
async def test_unexecuted_document_has_no_data(http: httpx.AsyncClient, query: str) -> None:
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        response = await http.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert response.status_code == status
        assert "data" not in response.json()


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
@pytest.mark.parametrize(("name", "why"), [(None, "Must provide operation name"), ("C", "Unknown operation named 'C'")])
async def test_two_operations_need_a_name(http: httpx.AsyncClient, accept: str, name: str | None, why: str) -> None:
    body = {"query": "query A { __typename } query B { __typename }", "operationName": name}
    response = await http.post("/graphql", json=body, headers={"accept": accept})
    assert response.status_code == 400
    assert why in response.json()["errors"][0]["message"]
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("query", ["{ a " * 20_000 + "}" * 20_000, "[" * 50_000, "{ a(b: " + "[" * 50_000])
async def test_deep_document_is_refused(http: httpx.AsyncClient, query: str) -> None:
    response = await http.post("/graphql", json={"query": query})
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


async def test_health_needs_no_aws(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize(("hosts", "status"), [(["localhost"], 200), (["localhost", "elsewhere.example"], 400)])
def test_request_has_exactly_one_host(gateway: str, hosts: list[str], status: int) -> None:
    host, port = gateway.split(":")
    lines = ["GET /healthz HTTP/1.1", *(f"Host: {name}" for name in hosts), "Connection: close", "", ""]
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall("\r\n".join(lines).encode())
        told = client.recv(1000)
    assert told.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="There is no IPv6 here.")
def test_all_addresses_include_those_of_ipv4(server: LocalServer) -> None:
    clients = []

    def noting(app: ASGIApp) -> ASGIApp:
        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                clients.append(scope["client"][0])
            await app(scope, receive, send)

        return note

    with listening(Settings(local_url=server.url), noting, host="::") as gateway:
        port = gateway.rpartition(":")[2]
        for address in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{address}:{port}/healthz").status_code == 200
            with connect(f"ws://{address}:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]):
                pass
    assert clients == ["127.0.0.1", "127.0.0.1", "::1", "::1"]


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: 25", b'{"query":"{__typename}"} '),
        (b"Transfer-Encoding: chunked", b'8\r\n{"query"\r\n11\r\n:"{__typename}"} \r\n0\r\n\r\n'),
    ],
)
def test_protocol_upgrade_requests_are_answered(gateway: str, framing: bytes, body: bytes) -> None:
    """As Java's client does for HTTP/2. The server used to skip its request bodies, or parse them as a new request."""
    lines = [b"POST /graphql HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", framing]
    lines += [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQ", b"", b""]
    head = b"\r\n".join(lines)
    host, port = gateway.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client, client.makefile("rb") as answers:
        client.sendall(head + body + head)
        told = answers.readline()
        while told and not told.endswith(b"\r\n\r\n"):
            told += answers.readline()
        told += answers.read1()
        client.sendall(body + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        told += answers.read()
    assert told.count(b'{"data":{"__typename":"Query"}}') == 2, told
    assert told.endswith(b'{"status":"ok"}'), told


def test_every_audit_is_passed(gateway: str) -> None:
    node = shutil.which("node")
    if not node or not (NODE / "node_modules/graphql-http").exists():
        pytest.skip("The audits are not there; .ci/parts installs them where there is npm.")
    command = [node, str(NODE / "audits.mjs"), f"http://{gateway}/graphql"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True)  # noqa: S603
    audits = json.loads(done.stdout)
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
