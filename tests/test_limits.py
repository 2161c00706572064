"""Documents and requests that are too large are refused before execution, in one pass over the document."""

import socket
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
import pytest
from conftest import Ask, running
from graphql import parse

from gateway.http.limits import Limits
from gateway.local.server import LocalServer
from gateway.schema import build
from gateway.schema.execution import Executor, GraphQLRequest
from gateway.settings import Settings


def nested(levels: int) -> str:
    return "{ artifacts { nodes { " + "upstream(first: 1) { nodes { " * levels + "arn" + " } }" * levels + " } } }"


def doubling(fragments: int) -> str:
    """Return fragments that each spread the next one twice."""
    chain = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments)]
    return " ".join(["{ ...F0 }", *chain, f"fragment F{fragments} on Query {{ a: __typename }}"])


@pytest.mark.parametrize(
    ("query", "what"),
    [
        (nested(30), "63 levels of fields"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(51)) + " }", "51 root fields"),
        ("{ artifacts { nodes { " + " ".join(f"a{n}: arn" for n in range(201)) + " } } }", "201 aliases"),
        ("{ artifacts { nodes { " + "arn @skip(if: true) " * 101 + " } } }", "101 directives"),
        ("{ ...S } fragment S on Query { a: __schema { types { " + "a: name " * 10 + "} } }", "11 aliases in `__s"),
        (doubling(8), "256 root fields"),
        (doubling(60), "1,152,921,504,606,846,976 aliases"),
    ],
)
async def test_oversized_document_is_refused(answer: Ask, calls: Counter[str], query: str, what: str) -> None:
    said = await answer(query)
    assert {error["extensions"]["code"] for error in said["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert any(what in error["message"] for error in said["errors"]), said["errors"]
    assert "data" not in said
    assert calls == {}


@pytest.mark.parametrize("query", ["{ ...Missing }", "{ ...F } fragment F on Query { ...F }"])
async def test_invalid_documents_are_not_measured(refused: Ask, query: str) -> None:
    await refused(query, "GRAPHQL_VALIDATION_FAILED")


async def test_too_many_tokens_are_refused(refused: Ask) -> None:
    await refused("{ " + "__typename " * 10_001 + "}", "GRAPHQL_PARSE_FAILED")


async def test_document_within_limits_is_answered(ask: Ask) -> None:
    assert await ask(nested(20)) == {"artifacts": {"nodes": []}}
    assert await ask(doubling(5)) == {"a": "Query"}
    assert await ask("{ __typename" + " " * 300_000 + "}") == {"__typename": "Query"}


async def test_errors_are_few_and_short(answer: Ask) -> None:
    wrong = " ".join(f'a{number}: "{"x" * 300}"' for number in range(200))
    said = await answer(f"{{ lineage(start: [], filter: {{ {wrong} }}) {{ counts {{ count }} }} }}")
    assert len(said["errors"]) == 11
    assert said["errors"][-1]["message"].startswith("Too many validation errors")
    assert max(len(error["message"]) for error in said["errors"]) < 1100


@pytest.mark.parametrize("digits", [20, 5000])
async def test_number_of_many_digits_is_refused(refused: Ask, digits: int) -> None:
    error = await refused(f"{{ artifacts(first: {'9' * digits}) {{ nodes {{ arn }} }} }}", "GRAPHQL_VALIDATION_FAILED")
    assert "sys." not in error["message"]


def test_too_long_headers_are_refused(gateway: str) -> None:
    """Before authentication, as one long header or as many short ones."""
    host, port = gateway.split(":")
    for heading in (b"X: " + b"a" * 1_000_000, b"X: a\r\n" * 200_000):
        with socket.create_connection((host, int(port)), timeout=30) as client:
            with suppress(ConnectionError):
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + heading)
            told = b""
            with suppress(ConnectionError):
                told = client.recv(1000)
        assert not told or told.startswith(b"HTTP/1.1 431 ")


def send_endlessly(client: socket.socket, some: bytes) -> None:
    for _ in range(1_000):
        client.sendall(some)


@pytest.mark.parametrize(
    "trailer", [b"X: a\r\n", b"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
)
def test_endless_trailers_are_refused(gateway: str, trailer: bytes) -> None:
    host, port = gateway.split(":")
    begun = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(begun)
        with pytest.raises(ConnectionError):
            send_endlessly(client, trailer * 1_000)


def test_pipelined_large_requests_are_answered(gateway: str) -> None:
    host, port = gateway.split(":")
    body = b'{"query": "{ __typename }"' + b" " * 90_000 + b"}"
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    one = head + str(len(body)).encode() + b"\r\n\r\n" + body
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(one + one[:40])
        client.sendall(one[40:])
        told = b""
        while told.count(b'"Query"') < 2:
            told += client.recv(10_000)
    assert told.count(b"HTTP/1.1 200 OK") == 2


async def test_too_long_a_body_is_refused(http: httpx.AsyncClient) -> None:
    body = b'{"query": "{ __typename }", "padding": "' + b"x" * 1_000_000 + b'"}'
    response = await http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_limits_are_settings(server: LocalServer) -> None:
    settings = Settings(local_url=server.url, max_depth=1, max_aliases=0)
    async with running(settings) as client:
        for query in ("{ artifacts { nodes { arn } } }", "{ a: __typename }"):
            said: Any = (await client.post("/graphql", json={"query": query})).json()
            assert said["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).json() == {
            "data": {"__typename": "Query"}
        }


def test_each_operation_is_measured() -> None:
    document = parse("query A { __typename } query B { a: __typename b: __typename }")
    limits = Limits(Settings(max_aliases=1))
    assert [error.message for error in limits.check(document)] == ["The document has 2 aliases; 1 are allowed."]


@pytest.mark.parametrize(("times", "codes"), [(200, []), (400, ["GRAPHQL_VALIDATION_FAILED"])])
async def test_field_comparisons_have_a_limit(answer: Ask, times: int, codes: list[str]) -> None:
    said = await answer(f'{{ context(name: "none") {{ {"name " * times} }} }}')
    assert [error["extensions"]["code"] for error in said.get("errors", ())] == codes


def test_cached_documents_have_a_limit() -> None:
    executor = Executor(build(Settings()))
    for number in range(50):
        executor.cost(GraphQLRequest(f"{{ # {number:10000}\n __typename }}"))
        executor.cost(GraphQLRequest(f"{{ # {number:10000}\n nothing }}"))
    kept = [document for document, _ in executor._documents.values()]  # noqa: SLF001 - there is no public access
    assert len(kept) == 19
    assert all("__typename" in document.loc.source.body for document in kept if document and document.loc)
