"""Trusted documents: requested by hash over each transport, and optionally the only documents allowed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from conftest import listening
from websockets.asyncio.client import connect

from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.settings import Settings

TRUSTED = "query Names($first: Int) { artifacts(first: $first) { nodes { name } } }"
MUTATION = 'mutation { deleteContext(input: {arn: "arn:aws:sagemaker:us-east-1:123456789012:context/c"}) { deleted } }'
SUBSCRIPTION = 'subscription { lineage(start: ["arn:aws:sagemaker:us-east-1:123456789012:context/c"]) { visited } }'
OTHER = "{ __typename }"
EMPTY = {"data": {"artifacts": {"nodes": []}}}


def sha256(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def manifest(*documents: str) -> str:
    return orjson.dumps({sha256(document): document for document in documents}).decode()


def apollo(document: str, **more: Any) -> Any:
    operation = {"id": sha256(document), "name": "Names", "type": "query", "body": document} | more
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}


def by_hash(document: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(document)}}} | more


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("documents") / "manifest.json"
    file.write_text(manifest(TRUSTED, MUTATION, SUBSCRIPTION))
    return file


@pytest.fixture(scope="module")
def trusting(server: LocalServer, file: Path) -> Iterator[str]:
    with listening(Settings(local_url=server.url, cache_url="off", mutations=True, trusted_documents=file)) as url:
        yield f"http://{url}/graphql"


@pytest.fixture(scope="module")
def strict(server: LocalServer, file: Path) -> Iterator[str]:
    settings = Settings(
        local_url=server.url, cache_url="off", mutations=True, trusted_documents=file, trusted_documents_only=True
    )
    with listening(settings) as url:
        yield f"http://{url}/graphql"


def code(response: httpx.Response) -> tuple[int, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


NAMED = [
    {"documentId": sha256(TRUSTED)},
    {"documentId": f"sha256:{sha256(TRUSTED)}"},
    by_hash(TRUSTED),
    by_hash(TRUSTED, query=TRUSTED),
    by_hash(TRUSTED, documentId=sha256(TRUSTED), query=""),
]


@pytest.mark.parametrize("body", NAMED)
def test_hash_selects_trusted_document(trusting: str, strict: str, service: LocalServer, body: Any) -> None:  # noqa: ARG001
    for url in (trusting, strict):
        assert httpx.post(url, json=body).json() == EMPTY
        found = {
            name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in body.items()
        }
        assert httpx.get(url, params=found).json() == EMPTY


def test_variables_go_with_a_hash(trusting: str, service: LocalServer) -> None:  # noqa: ARG001
    body = {"documentId": sha256(TRUSTED), "operationName": "Names", "variables": {"first": 0}}
    assert code(httpx.post(trusting, json=body)) == (200, "BAD_USER_INPUT")


@pytest.mark.parametrize("body", [by_hash(OTHER), {"documentId": "sha256:"}, {"documentId": "x"}])
def test_unknown_hash_is_reported(trusting: str, strict: str, body: Any) -> None:
    for url in (trusting, strict):
        response = httpx.post(url, json=body)
        assert code(response) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert response.headers["cache-control"] == "no-store"
        response = httpx.post(url, json=body, headers={"accept": "application/graphql-response+json"})
        assert code(response) == (400, "PERSISTED_QUERY_NOT_FOUND")


def test_event_reports_unknown_hash(trusting: str) -> None:
    """A client that accepts only events must receive the error, and the end of the stream, as events."""
    for document in (SUBSCRIPTION + " ", OTHER):
        response = httpx.post(trusting, json=by_hash(document), headers={"accept": "text/event-stream"})
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.text.count("event: next") == response.text.count("PERSISTED_QUERY_NOT_FOUND") == 1
        assert response.text.endswith("event: complete\ndata: \n\n")


def test_unknown_hash_streams_nothing(trusting: str) -> None:
    accept = "application/json, text/event-stream;q=0.5"
    response = httpx.post(trusting, json=by_hash(OTHER), headers={"accept": accept})
    assert response.headers["content-type"].startswith("application/json")
    assert code(response) == (200, "PERSISTED_QUERY_NOT_FOUND")


def test_documents_are_not_registered(trusting: str) -> None:
    assert httpx.post(trusting, json=by_hash(OTHER, query=OTHER)).json() == {"data": {"__typename": "Query"}}
    assert code(httpx.post(trusting, json=by_hash(OTHER))) == (200, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        by_hash(TRUSTED, query=OTHER),
        {"documentId": sha256(TRUSTED), "query": OTHER},
        by_hash(TRUSTED, documentId=sha256(OTHER)),
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": sha256(TRUSTED)}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ""}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": [sha256(TRUSTED)]}}},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": None}},
        {"documentId": 5},
        {"documentId": ""},
    ],
)
def test_hash_and_document_must_agree(trusting: str, strict: str, gateway: str, body: Any) -> None:
    for url in (trusting, strict, f"http://{gateway}/graphql"):
        assert code(httpx.post(url, json=body)) == (400, "BAD_USER_INPUT")


def test_malformed_hash_names_its_argument(trusting: str) -> None:
    (error,) = httpx.post(trusting, json={"extensions": {"persistedQuery": "x"}}).json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "extensions"}


@pytest.mark.parametrize("body", [{"query": OTHER}, by_hash(OTHER, query=OTHER), {"query": TRUSTED + " "}])
def test_other_documents_are_forbidden(strict: str, trusting: str, calls: Any, body: Any) -> None:
    assert code(httpx.post(strict, json=body)) == (403, "FORBIDDEN")
    assert code(httpx.post(strict, json=body, headers={"accept": "text/event-stream"})) == (403, "FORBIDDEN")
    assert not calls
    assert "errors" not in httpx.post(trusting, json=body).json()


def test_trusted_text_needs_no_hash(strict: str, service: LocalServer) -> None:  # noqa: ARG001
    assert httpx.post(strict, json={"query": TRUSTED}).json() == EMPTY


def test_hashed_mutation_takes_post(trusting: str, calls: Any) -> None:
    response = httpx.get(trusting, params={"documentId": sha256(MUTATION)})
    assert code(response) == (405, "BAD_USER_INPUT")
    assert not calls


def test_gateway_without_documents_says_so(gateway: str) -> None:
    response = httpx.post(f"http://{gateway}/graphql", json=by_hash(TRUSTED))
    assert code(response) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    response = httpx.post(f"http://{gateway}/graphql", json=by_hash(OTHER, query=OTHER))
    assert response.json() == {"data": {"__typename": "Query"}}


def test_event_streams_accept_a_hash(strict: str, service: LocalServer) -> None:  # noqa: ARG001
    for accept in ("text/event-stream", "application/json, text/event-stream;q=0.5"):
        response = httpx.post(strict, json={"documentId": sha256(SUBSCRIPTION)}, headers={"accept": accept})
        assert "event: next" in response.text


async def test_sockets_accept_a_hash(strict: str, service: LocalServer) -> None:  # noqa: ARG001
    async def said(payload: Any) -> Any:
        await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": payload}).decode())
        answers = []
        while (message := orjson.loads(await socket.recv()))["type"] == "next":
            answers.append(message["payload"])
        return answers[0] if message["type"] == "complete" else message["payload"][0]["extensions"]["code"]

    url = strict.replace("http://", "ws://")
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "connection_init"}')
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        for body in NAMED:
            assert await said(body) == EMPTY
        assert (await said({"documentId": sha256(SUBSCRIPTION)}))["data"]["lineage"]
        assert await said({"documentId": "x"}) == "PERSISTED_QUERY_NOT_FOUND"
        assert await said({"query": OTHER}) == "FORBIDDEN"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "unexpected"),
        ("[]", "not a manifest"),
        ('{"x": 5}', "not a manifest"),
        (orjson.dumps({sha256(OTHER): TRUSTED}).decode(), "is not the SHA-256"),
        (orjson.dumps({f"sha1:{sha256(OTHER)}": OTHER}).decode(), "is not the SHA-256"),
        (orjson.dumps(apollo(TRUSTED, id="own")).decode(), "is not the SHA-256"),
        (orjson.dumps(apollo(TRUSTED) | {"version": 2}).decode(), "only version 1"),
        (orjson.dumps(apollo(TRUSTED) | {"operations": [{}]}).decode(), "lacks its id"),
        (orjson.dumps(apollo(TRUSTED) | {"operations": [{"id": [], "body": ""}]}).decode(), "lacks its id"),
    ],
)
def test_invalid_manifest_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=f"GATEWAY_TRUSTED_DOCUMENTS: .*{why}") as refused:
        create_app(Settings(trusted_documents=file))
    assert "\n" not in str(refused.value)


def test_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        create_app(Settings(trusted_documents=tmp_path / "missing.json"))
    with pytest.raises(ValueError, match="takes a manifest"):
        create_app(Settings(trusted_documents_only=True))


def test_apollos_manifest_is_accepted(server: LocalServer, service: LocalServer, tmp_path: Path) -> None:  # noqa: ARG001
    file = tmp_path / "manifest.json"
    file.write_bytes(orjson.dumps(apollo(TRUSTED)))
    with listening(Settings(local_url=server.url, cache_url="off", trusted_documents=file)) as url:
        assert httpx.post(f"http://{url}/graphql", json=by_hash(TRUSTED)).json() == EMPTY
