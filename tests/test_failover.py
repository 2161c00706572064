"""Failover of Redis: another server takes over the address that a gateway uses."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import asking, expecting_data, running
from graphs import artifact, artifact_arn
from redis import Redis
from redis_server import redis_server

from gateway.local.server import LocalServer
from gateway.settings import Settings


@pytest.fixture
def homes(tmp_path: Path) -> list[Path]:
    """The directories of two servers."""
    made = [tmp_path / "one", tmp_path / "two"]
    for home in made:
        home.mkdir()
    return made


async def test_demoted_redis_is_abandoned(
    service: LocalServer, load: Callable[..., None], homes: list[Path], tmp_path: Path
) -> None:
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
