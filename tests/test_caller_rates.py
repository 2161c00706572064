"""Each caller's cost per second is limited, on one gateway or on replicas that share a Redis."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from conftest import listening, running
from redis import Redis
from redis_server import redis_server
from websockets.asyncio.client import connect

from gateway.http.callers import Role
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.settings import Settings

QUERY = "{ artifacts(first: 20) { nodes { arn } } }"  # costs 21
EMPTY = {"data": {"artifacts": {"nodes": []}}}
TYPENAME = "{ __typename }"
SUBSCRIBE = 'subscription { lineage(start: ["x"], maxVertices: 1) { visited } }'  # costs 20
HOSTS = (f"192.0.2.{number}" for number in count(1))
"""Client addresses that no test has used yet."""


@asynccontextmanager
async def calling(client: httpx.AsyncClient, host: str) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the same gateway with another client address."""
    app: Any = client._transport.app  # type: ignore[attr-defined] # noqa: SLF001 - httpx does not show it
    transport = httpx.ASGITransport(app, client=(host, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as other:
        yield other


@asynccontextmanager
async def limited(
    server: LocalServer, per_second: float, burst: int, host: str | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client, with a client address of its own, of a gateway with this rate limit."""
    given = {"cache_url": "off", "rate_cost_per_second": per_second, "rate_cost_burst": burst} | settings
    async with (
        running(Settings(local_url=server.url, **given)) as client,
        calling(client, host or next(HOSTS)) as caller,
    ):
        yield caller


async def ask(client: httpx.AsyncClient, query: str = QUERY, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


def assert_throttled(response: httpx.Response, longest: int) -> None:
    assert response.status_code == 429
    [error] = response.json()["errors"]
    seconds = int(response.headers["retry-after"])
    assert error["extensions"] == {"code": "THROTTLED", "retryAfter": seconds}
    assert "The gateway" in error["message"]
    assert 1 <= seconds <= longest
    assert "data" not in response.json()


@pytest.mark.usefixtures("service")
async def test_retry_time_is_rounded_up(server: LocalServer) -> None:
    async with limited(server, 100, 50) as client:
        said = await asyncio.gather(*(ask(client) for _ in range(40)))
    assert {response.headers["retry-after"] for response in said if response.status_code == 429} == {"1"}


@pytest.mark.usefixtures("service")
async def test_throttled_caller_learns_retry_time(server: LocalServer, calls: Counter[str]) -> None:
    async with limited(server, 1, 50) as client:
        assert [(await ask(client)).json() for _ in range(2)] == [EMPTY, EMPTY]
        for accept in ("application/json", "application/graphql-response+json", "text/event-stream"):
            assert_throttled(await ask(client, accept=accept), 13)  # of 50, 8 are left, and 21 are needed
        assert_throttled(await client.get("/graphql", params={"query": QUERY}), 13)
        assert (await ask(client, TYPENAME)).json() == {"data": {"__typename": "Query"}}
    assert calls == {"ListArtifacts": 2}


@pytest.mark.usefixtures("service")
async def test_callers_have_separate_buckets(server: LocalServer) -> None:
    async with limited(server, 1, 21) as client, calling(client, next(HOSTS)) as other:
        assert [(await ask(one)).status_code for one in (client, client, other, other)] == [200, 429, 200, 429]


@pytest.mark.usefixtures("service")
async def test_signed_in_callers_have_their_own(server: LocalServer, tmp_path: Path) -> None:
    made = [new_key(name, [Role.READ]) for name in ("one", "other")]
    file = tmp_path / "keys.toml"
    file.write_text("".join(entry for _, entry in made))
    async with limited(server, 0.001, 21, auth="api-key", api_keys=file) as client:
        for key, _ in made:
            said = [await ask(client, **{"x-api-key": key}) for _ in range(2)]
            assert [response.status_code for response in said] == [200, 429]


@pytest.mark.usefixtures("service")
async def test_bucket_refills_over_time(server: LocalServer) -> None:
    async with limited(server, 4, 21) as client:
        assert (await ask(client)).json() == EMPTY
        assert_throttled(await ask(client), 6)
        await asyncio.sleep(1.1)
        assert (await ask(client, "{ artifacts(first: 3) { nodes { arn } } }")).json() == EMPTY  # costs 4


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (TYPENAME, 200),
        ("{", 200),
        ("{ nothing }", 200),
        ("query($a: Arn!) { artifact(arn: $a) { arn } }", 200),
        ("query A { __typename } query B { __typename }", 400),
        (SUBSCRIBE, 200),  # costs more than can be saved up
    ],
)
async def test_every_request_costs_something(server: LocalServer, query: str, status: int) -> None:
    async with limited(server, 1, 2) as client:
        statuses = [(await ask(client, query)).status_code for _ in range(4)]
    assert statuses[:2] == [status, status]
    assert statuses[-1] == 429


@pytest.mark.usefixtures("service")
async def test_cost_above_bucket_is_refused(server: LocalServer) -> None:
    async with limited(server, 1, 20) as client:
        response = await ask(client)
        [error] = response.json()["errors"]
        assert response.status_code == 200
        assert error["extensions"] == {"code": "BUDGET_EXCEEDED", "cost": {"requested": 21, "max": 20}}
        assert "retry-after" not in response.headers
        # It was charged 1, as is every request that is not executed.
        assert (await ask(client, "{ artifacts(first: 18) { nodes { arn } } }")).json() == EMPTY


def test_rates_are_off_by_default() -> None:
    assert Settings().rate_cost_per_second == 0


def test_uncountable_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal to"):
        Settings(rate_cost_per_second=1e308)


@pytest.mark.usefixtures("service")
async def test_highest_rate_throttles_nobody(server: LocalServer, redis_url: str) -> None:
    for cache_url in ("off", redis_url):
        async with limited(server, 10**12, 50, next(HOSTS), cache_url=cache_url) as client:
            assert [(await ask(client)).status_code for _ in range(5)] == [200] * 5


@pytest.mark.usefixtures("service")
async def test_lowest_rate_allows_a_burst(server: LocalServer, redis_url: str) -> None:
    for cache_url in ("off", redis_url):
        async with limited(server, 1e-9, 42, next(HOSTS), cache_url=cache_url) as client:
            assert [(await ask(client)).status_code for _ in range(3)] == [200, 200, 429]


async def test_websocket_is_throttled_too(server: LocalServer) -> None:
    given = {"rate_cost_per_second": 1, "rate_cost_burst": 21}
    with listening(Settings(local_url=server.url, cache_url="off", **given)) as gateway:
        said = []
        async with connect(f"ws://{gateway}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            await socket.send('{"type": "connection_init"}')
            await socket.recv()
            for id in ("1", "2"):
                await socket.send(
                    orjson.dumps({"type": "subscribe", "id": id, "payload": {"query": SUBSCRIBE}}).decode()
                )
                said.append(orjson.loads(await socket.recv()))
        async with httpx.AsyncClient(base_url=f"http://{gateway}") as client:
            assert_throttled(await ask(client, SUBSCRIBE, accept="text/event-stream"), 20)
    codes = [message["payload"][0]["extensions"]["code"] for message in said]
    assert codes == ["BAD_USER_INPUT", "THROTTLED"]  # x is no ARN


@pytest.mark.usefixtures("service")
async def test_replicas_share_a_callers_bucket(server: LocalServer, redis_url: str) -> None:
    host = next(HOSTS)
    async with (
        limited(server, 1, 50, host, cache_url=redis_url) as one,
        limited(server, 1, 50, host, cache_url=redis_url) as other,
    ):
        assert [(await ask(client)).status_code for client in (one, other)] == [200, 200]
        for client in (one, other):
            assert_throttled(await ask(client), 14)
            assert (await ask(client, TYPENAME)).status_code == 200


@pytest.mark.usefixtures("service")
async def test_gateway_answers_without_its_redis(server: LocalServer, tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with limited(server, 1, 50, cache_url=redis.url) as client:
            assert (await ask(client)).json() == EMPTY
            redis.stop()
            # The gateway now counts on its own, with full buckets.
            assert [(await ask(client)).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("said", [b"+OK\r\n", b":1\r\n", b"*0\r\n", b"$many\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_other_server_fails_no_request(server: LocalServer, said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while await reader.read(100_000):
                writer.write(said)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as other:
        url = f"redis://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        async with limited(server, 1, 50, cache_url=url) as client:
            for query in ('{ context(name: "none") { name } }', QUERY):
                assert "errors" not in (await ask(client, query)).json()
        # Without a rate limit, Redis is still called for the cache.
        async with running(Settings(local_url=server.url, cache_url=url)) as client:
            assert (await ask(client, '{ context(name: "none") { name } }')).json() == {"data": {"context": None}}


async def test_stopped_gateway_closes_its_redis(server: LocalServer, tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis, Redis.from_url(redis.url) as watching:
        async with limited(server, 1, 50, cache_url=redis.url) as client:
            await ask(client, TYPENAME)
            assert len(watching.client_list()) > 1
        async with asyncio.timeout(60):
            while len(watching.client_list()) > 1:  # noqa: ASYNC110 - Redis notices the end in its own time
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("trusted", ["*", "127.0.0.1, ::1,", "10.0.0.0/8"])
def test_setting_takes_trusted_proxies(trusted: str) -> None:
    assert Settings(forwarded_allow_ips=trusted).forwarded_allow_ips == trusted
