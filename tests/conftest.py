"""One local service and one event loop for all tests, and a gateway for each file; each test has an empty account."""

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
    """No account, no region and no home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "GATEWAY_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module")
def without_pauses() -> Iterator[None]:
    """As at start-up: to look through all that the tests have imported takes longer than a pause that ends a round."""
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
    """A client of a gateway with these settings."""
    app = create_app(settings, demo=demo)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


@pytest.fixture(scope="module")
async def http(server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway, which reaches the local service over HTTP with a real AWS client.

    Each file has its own: what a gateway learns of AWS, as how fast it may be called, is not forgotten.
    """
    async with running(Settings(local_url=server.url, cache_url="off")) as client:
        yield client


@pytest.fixture(scope="module")
async def writable(server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that takes mutations."""
    async with running(Settings(local_url=server.url, cache_url="off", mutations=True)) as client:
        yield client


@contextmanager
def listening(
    settings: Settings, around: Callable[[ASGIApp], ASGIApp] = lambda app: app, host: str = "127.0.0.1"
) -> Iterator[str]:
    """The URL of a gateway with these settings on a socket of its own, without the scheme."""
    listener = serving.listen(host, 0)
    ready = threading.Event()
    running = serving.Server(around(create_app(settings)), 1, ready.set)
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    assert ready.wait(10)
    try:
        yield serving.url_of(listener).removeprefix("http://")
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def gateway(server: LocalServer) -> Iterator[str]:
    """The URL of a gateway that takes mutations, on a socket of its own, without the scheme."""
    with listening(Settings(local_url=server.url, cache_url="off", mutations=True)) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis that tests share: what they keep in it needs keys of their own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, which tests share: each visit has a profile of its own."""
    async with chromium() as started:
        yield started


@pytest.fixture
def service(server: LocalServer) -> Iterator[LocalServer]:
    """The local service, emptied."""
    server.clear()
    yield server
    server.behaviour.reset()


@pytest.fixture
def calls(service: LocalServer) -> Counter[str]:
    """How often each operation reached the service."""
    return service.calls


@pytest.fixture
def load(service: LocalServer) -> Callable[..., None]:
    """Import entities and associations, which counts as no call."""

    def load(*lines: dict[str, Any]) -> None:
        service.load([orjson.dumps(line) for line in lines])

    return load


async def first_call(service: LocalServer) -> None:
    """Wait until a call has reached the service."""
    while not service.calls:  # noqa: ASYNC110 - it is on a thread of its own and tells nobody
        await asyncio.sleep(0.01)


def asking(client: httpx.AsyncClient) -> Ask:
    async def answer(query: str, **variables: Any) -> Any:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
        return response.json()

    return answer


def expecting_data(answer: Ask) -> Ask:
    async def ask(query: str, **variables: Any) -> Any:
        said = await answer(query, **variables)
        assert "errors" not in said, said["errors"]
        return said["data"]

    return ask


def expecting_error(answer: Ask) -> Ask:
    async def refused(query: str, code: str, **variables: Any) -> Any:
        said = await answer(query, **variables)
        codes = [error["extensions"]["code"] for error in said.get("errors", ())]
        assert codes == [code], said
        return said["errors"][0]

    return refused


@pytest.fixture
def answer(http: httpx.AsyncClient, service: LocalServer) -> Ask:  # noqa: ARG001
    """Ask the gateway and return its whole answer."""
    return asking(http)


@pytest.fixture
def ask(answer: Ask) -> Ask:
    """Ask the gateway, expect no error and return the data."""
    return expecting_data(answer)


@pytest.fixture
def refused(answer: Ask) -> Ask:
    """Ask the gateway, expect one error with this code and return it."""
    return expecting_error(answer)


@pytest.fixture
def outcome(writable: httpx.AsyncClient, service: LocalServer) -> Ask:  # noqa: ARG001
    """Send the gateway that takes mutations a document and return its whole answer."""
    return asking(writable)


@pytest.fixture
def change(outcome: Ask) -> Ask:
    """Send it a document, expect no error and return the data."""
    return expecting_data(outcome)


@pytest.fixture
def unchanged(outcome: Ask) -> Ask:
    """Send it a document, expect one error with this code and return it."""
    return expecting_error(outcome)
