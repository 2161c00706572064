"""A Redis that fails: it stops, falls silent, returns garbage, or leaves its address to another server."""

import asyncio
from pathlib import Path

import pytest
from conftest import asking, expecting_data, running
from graphs import artifact, artifact_arn
from redis import Redis
from redis_server import redis_server
from test_cache import ARTIFACT, GRAPH, RENAME, WALK, Calls, Load, caching

from gateway.breaker import Breaker
from gateway.local.server import LocalServer
from gateway.settings import Settings


@pytest.fixture
def homes(tmp_path: Path) -> list[Path]:
    """The directories of two servers."""
    made = [tmp_path / "one", tmp_path / "two"]
    for home in made:
        home.mkdir()
    return made


async def test_demoted_redis_is_abandoned(service: LocalServer, load: Load, homes: list[Path], tmp_path: Path) -> None:
    load(artifact(1), artifact(2))
    query, address = "query ($arn: Arn!) { artifact(arn: $arn) { name } }", tmp_path / "redis.sock"
    with redis_server(homes[0]) as one, redis_server(homes[1]) as two:
        address.symlink_to(one.socket)
        settings = Settings(local_url=service.url, cache_url=f"unix://{address}", rate_cost_per_second=1)
        async with running(settings) as client:
            await expecting_data(asking(client))(query, arn=artifact_arn(1))
            address.unlink()
            address.symlink_to(two.socket)
            with Redis.from_url(one.url) as left:
                left.replicaof("127.0.0.1", "1")
            await expecting_data(asking(client))(query, arn=artifact_arn(2))
        with Redis.from_url(two.url) as taken_over:
            kept = {key.decode().split(":")[2] for key in taken_over.scan_iter()}
    assert kept == {"gcra", "record"}


async def test_stopped_redis_fails_no_request(service: LocalServer, load: Load, calls: Calls, tmp_path: Path) -> None:
    load(*GRAPH)
    with redis_server(tmp_path) as server:
        async with caching(service, server.url) as client:
            ask = expecting_data(asking(client))
            await ask(ARTIFACT, arn=artifact_arn(1))
            server.stop()
            for _ in range(3):
                assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"] == "artifact-1"
            assert (await ask(RENAME, arn=artifact_arn(1), name="renamed"))["updateArtifact"]
            assert calls["DescribeArtifact"] == 5
            server.start()
            await asyncio.sleep(1.2)
            assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"] == "renamed"


@pytest.mark.parametrize("garbage", [b"garbage", b"\x92\x01", b"\x05", b"", b"\x91" * 5_000])
async def test_corrupt_entries_fail_no_request(
    service: LocalServer, load: Load, tmp_path: Path, garbage: bytes
) -> None:
    load(*GRAPH)
    with redis_server(tmp_path) as server:
        async with caching(service, server.url) as client:
            ask = expecting_data(asking(client))
            before = await ask(WALK, arn=artifact_arn(1)), await ask(ARTIFACT, arn=artifact_arn(1))
            assert await ask(RENAME, arn=artifact_arn(2), name="renamed")
            with Redis.from_url(server.url) as spoiling:
                for key in spoiling.scan_iter():
                    spoiling.set(key, garbage)
            assert (await ask(WALK, arn=artifact_arn(1)), await ask(ARTIFACT, arn=artifact_arn(1))) == before


async def test_unreachable_redis_fails_no_request(service: LocalServer, load: Load) -> None:
    load(*GRAPH)
    async with caching(service, "redis://127.0.0.1:1/0") as client:
        assert await expecting_data(asking(client))(WALK, arn=artifact_arn(1))
        assert await expecting_data(asking(client))(RENAME, arn=artifact_arn(1), name="renamed")


async def test_silent_redis_is_not_tried_each_time(
    service: LocalServer, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, failed = 0, Breaker.failed
    monkeypatch.setattr(Breaker, "failed", lambda self, *_: failed(self, 60))

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        await reader.read(-1)
        writer.close()

    load(*GRAPH)
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as silent:
        url = f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        async with caching(service, url, rate_cost_per_second=1_000_000) as client:
            for _ in range(3):
                assert await expecting_data(asking(client))(ARTIFACT, arn=artifact_arn(1))
    assert tried <= 4  # two attempts to look up the artifact, and two to charge the caller
