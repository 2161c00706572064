"""Fixtures: one local service and event loop for all tests, one gateway per file, and an empty account per test."""

import asyncio
import gc
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import orjson
import pytest
from browser import chromium
from playwright.async_api import Browser
from redis_server import redis_server
from starlette.types import ASGIApp

from gateway import serving
from gateway.app import create_app
from gateway.http import pages
from gateway.local.server import LocalServer
from gateway.settings import Settings

Ask = Callable[..., Awaitable[Any]]

needs_pages = pytest.mark.skipif(
    not (pages.BUILT / "explorer.html").exists(), reason="The pages were left out (GATEWAY_WEB=skip)."
)


@pytest.fixture(autouse=True, scope="session")
def aws_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the AWS account, region and home directory of the user who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "GATEWAY_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module")
def without_pauses() -> Iterator[None]:
    """Exclude existing objects from garbage collection, as the gateway does at start-up.

    A collection of everything that the tests have imported takes longer than the pause that ends a round.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with LocalServer() as running:
        yield running


@asynccontextmanager
async def running(settings: Settings, *, demo: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a gateway with these settings."""
    app = create_app(settings, demo=demo)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


@pytest.fixture(scope="module")
async def http(server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway, which calls the local service over HTTP with a real AWS client.

    Each file has a gateway of its own, because a gateway remembers what it has learned about AWS, such as its rate
    limits.
    """
    async with running(Settings(local_url=server.url, cache_url="off")) as client:
        yield client


@pytest.fixture(scope="module")
async def writable(server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway with mutations enabled."""
    async with running(Settings(local_url=server.url, cache_url="off", mutations=True)) as client:
        yield client


@contextmanager
def listening(
    settings: Settings, around: Callable[[ASGIApp], ASGIApp] = lambda app: app, host: str = "127.0.0.1"
) -> Iterator[str]:
    """Run a gateway with these settings on a socket of its own; yield its URL without the scheme."""
    listener = serving.listen(host, 0)
    ready = threading.Event()
    running = serving.Server(around(create_app(settings)), 1, ready.set)
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    assert ready.wait(60)
    try:
        yield serving.url_of(listener).removeprefix("http://")
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def gateway(server: LocalServer) -> Iterator[str]:
    """The URL, without the scheme, of a gateway with mutations enabled on a socket of its own."""
    with listening(Settings(local_url=server.url, cache_url="off", mutations=True)) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis that all tests share, so each test needs keys of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The Chromium that all tests share; each visit has a profile of its own."""
    async with chromium() as started:
        yield started


@pytest.fixture
def service(server: LocalServer) -> Iterator[LocalServer]:
    """The local service, with an empty account."""
    server.clear()
    yield server
    server.behaviour.reset()


@pytest.fixture
def calls(service: LocalServer) -> Counter[str]:
    """The number of calls of each operation that the service has received."""
    return service.calls


@pytest.fixture
def load(service: LocalServer) -> Callable[..., None]:
    """A function that imports entities and associations, which is not counted as a call."""

    def load(*lines: dict[str, Any]) -> None:
        service.load([orjson.dumps(line) for line in lines])

    return load


async def first_call(service: LocalServer) -> None:
    """Wait until a call has reached the service."""
    while not service.calls:  # noqa: ASYNC110 - the service runs on another thread and has no event for it
        await asyncio.sleep(0.01)


def asking(client: httpx.AsyncClient) -> Ask:
    async def answer(query: str, **variables: Any) -> Any:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
        return response.json()

    return answer


def expecting_data(answer: Ask) -> Ask:
    async def ask(query: str, **variables: Any) -> Any:
        body = await answer(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    return ask


def expecting_error(answer: Ask) -> Ask:
    async def refused(query: str, code: str, **variables: Any) -> Any:
        body = await answer(query, **variables)
        codes = [error["extensions"]["code"] for error in body.get("errors", ())]
        assert codes == [code], body
        return body["errors"][0]

    return refused


@pytest.fixture
def answer(http: httpx.AsyncClient, service: LocalServer) -> Ask:  # noqa: ARG001
    """A function that sends the gateway a query and returns its whole response."""
    return asking(http)


@pytest.fixture
def ask(answer: Ask) -> Ask:
    """A function that sends the gateway a query, expects no errors and returns the data."""
    return expecting_data(answer)


@pytest.fixture
def refused(answer: Ask) -> Ask:
    """A function that sends the gateway a query, expects one error with a given code and returns it."""
    return expecting_error(answer)


@pytest.fixture
def outcome(writable: httpx.AsyncClient, service: LocalServer) -> Ask:  # noqa: ARG001
    """Like `answer`, for the gateway with mutations enabled."""
    return asking(writable)


@pytest.fixture
def change(outcome: Ask) -> Ask:
    """Like `ask`, for the gateway with mutations enabled."""
    return expecting_data(outcome)


@pytest.fixture
def unchanged(outcome: Ask) -> Ask:
    """Like `refused`, for the gateway with mutations enabled."""
    return expecting_error(outcome)
