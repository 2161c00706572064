"""Two accounts, each with a local service, and a gateway that is configured for both."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from conftest import Ask, asking, expecting_data, expecting_error, running
from graphs import Line

from gateway.local.server import LocalServer
from gateway.settings import Settings

HOME, OTHER, STRANGE = "123456789012", "210987654321", "333333333333"
ROLE = f"arn:aws:iam::{OTHER}:role/lineage/reader"


def there(arn: str, account: str = OTHER) -> str:
    """Return the same ARN in the other account."""
    return arn.replace(HOME, account)


@pytest.fixture(scope="module")
def other_server() -> Iterator[LocalServer]:
    with LocalServer(account=OTHER) as running:
        yield running


@pytest.fixture
def other(other_server: LocalServer) -> Iterator[LocalServer]:
    """The local service of the other account, emptied."""
    other_server.clear()
    yield other_server
    other_server.behaviour.reset()


@asynccontextmanager
async def both(service: LocalServer, other: LocalServer, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a gateway that is configured for both accounts; the call at its start is not counted."""
    accounts = {HOME: {}, OTHER: {"role_arn": ROLE, "external_id": "s3cret", "endpoint_url": other.url}}
    given = {"local_url": service.url, "accounts": accounts, "cache_url": "off"} | settings
    async with running(Settings(**given)) as client:
        service.calls.clear()
        yield client


@pytest.fixture
async def client(service: LocalServer, other: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that is configured for both accounts."""
    async with both(service, other) as client:
        yield client


@pytest.fixture
def ask(client: httpx.AsyncClient) -> Ask:
    return expecting_data(asking(client))


@pytest.fixture
def refused(client: httpx.AsyncClient) -> Ask:
    return expecting_error(asking(client))


def load(service: LocalServer, *lines: Line, account: str = HOME) -> None:
    service.load([orjson.dumps(line).replace(HOME.encode(), account.encode()) for line in lines])
