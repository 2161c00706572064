"""Gateways that require API keys or tokens, and requests to them."""

from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import orjson
import pytest
from conftest import listening
from issuer import AUDIENCE, ISSUER, Issuer, issuing
from websockets.asyncio.client import ClientConnection, connect

from gateway.http.callers import Role
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.settings import Settings

READ = "{ artifacts { nodes { arn } } }"
WRITE = (
    'mutation { createContext(input: {name: "c", type: "T", source: {sourceUri: "s3://b/k"}}) { context { name } } }'
)
WRITTEN = {"data": {"createContext": {"context": {"name": "c"}}}}
SUBSCRIBE = 'subscription { lineage(start: ["arn:aws:sagemaker:us-east-1:123456789012:context/c"]) { visited } }'


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """An API key for each role, and under `file` the key file's text with both."""
    made = {role.value: new_key(f"the-{role}", [role]) for role in (Role.READ, Role.WRITE)}
    return {role: key for role, (key, _) in made.items()} | {"file": "\n".join(entry for _, entry in made.values())}


@pytest.fixture(scope="module")
def keyed(server: LocalServer, keys: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL, without the scheme, of a gateway that requires API keys."""
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    file.write_text(keys["file"])
    with listening(
        Settings(local_url=server.url, cache_url="off", mutations=True, auth="api-key", api_keys=file)
    ) as url:
        yield url


def token_settings(server: LocalServer, jwks: str, **more: Any) -> Settings:
    given: dict[str, Any] = {"auth": "jwt", "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks": jwks} | more
    return Settings(local_url=server.url, cache_url="off", mutations=True, **given)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as started:
        yield started


@pytest.fixture(scope="module")
def tokened(server: LocalServer, issuer: Issuer) -> Iterator[str]:
    """The URL, without the scheme, of a gateway that requires tokens."""
    with listening(token_settings(server, issuer.url)) as url:
        yield url


def ask(gateway: str, query: str = READ, accept: str = "application/json", **headers: str) -> httpx.Response:
    sent = {"accept": accept} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"http://{gateway}/graphql", json={"query": query}, headers=sent)


def ask_with_token(gateway: str, token: str, query: str = READ) -> httpx.Response:
    return ask(gateway, query, authorization=f"Bearer {token}")


def code(response: httpx.Response) -> tuple[int, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


REFUSED = (401, "UNAUTHENTICATED")
FORBIDDEN = (403, "FORBIDDEN")


@asynccontextmanager
async def open_socket(gateway: str, payload: Any = None, **options: Any) -> Any:
    given: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"]} | options
    async with connect(f"ws://{gateway}/graphql", **given) as socket:
        message = {"type": "connection_init"} | ({} if payload is None else {"payload": payload})
        await socket.send(orjson.dumps(message).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        yield socket


async def execute(socket: ClientConnection, query: str) -> Any:
    await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}).decode())
    message = orjson.loads(await socket.recv())
    if message["type"] == "next":
        assert orjson.loads(await socket.recv())["type"] == "complete"
        return message["payload"]
    return message["payload"][0]["extensions"]["code"]


@contextmanager
def new_token_gateway(server: LocalServer, **more: Any) -> Iterator[tuple[Issuer, str]]:
    with issuing() as issuer, listening(token_settings(server, issuer.url, **more)) as gateway:
        yield issuer, gateway
