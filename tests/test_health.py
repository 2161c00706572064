"""Liveness, whatever AWS does, and readiness, when AWS can be reached."""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest
from conftest import first_call, running
from endpoint import SILENCE, endpoint
from redis.asyncio import Redis
from redis_server import redis_server

from gateway.http import health
from gateway.http.health import Readiness, ready
from gateway.local.server import LocalServer
from gateway.settings import Settings

DOCKERFILE = Path(__file__).parents[1] / "Dockerfile"
READY = {"status": "ready", "aws": "ok", "cache": "ok"}


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the caching of readiness probes."""
    monkeypatch.setattr(health, "_REMEMBERED_SECONDS", 0)


async def test_alive_while_aws_is_slow(gateway: str, service: LocalServer) -> None:
    service.behaviour.latency_ms = 2000
    async with httpx.AsyncClient(base_url=f"http://{gateway}", timeout=60) as client:
        asked = asyncio.create_task(client.post("/graphql", json={"query": "{ artifacts { nodes { arn } } }"}))
        await first_call(service)
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert not asked.done()
        assert (await asked).json() == {"data": {"artifacts": {"nodes": []}}}


@pytest.mark.usefixtures("fresh")
async def test_readiness_follows_aws() -> None:
    local = LocalServer().start()
    port = int(local.url.rpartition(":")[2])
    async with running(Settings(local_url=local.url)) as client:
        assert (await client.get("/readyz")).json() == READY
        local.stop()
        away = await client.get("/readyz")
        assert (away.status_code, away.json()) == (503, READY | {"status": "unready", "aws": "unreachable"})
        assert (await client.get("/healthz")).status_code == 200
        with LocalServer(port=port):
            back = await client.get("/readyz")
            assert (back.status_code, back.json()) == (200, READY)


async def test_probes_share_one_call(server: LocalServer, calls: Counter[str]) -> None:
    async with running(Settings(local_url=server.url)) as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
    assert [answer.json() for answer in answers] == [READY] * 20
    assert calls == {"DescribeLineageGroup": 1}


@pytest.mark.usefixtures("fresh")
async def test_any_aws_response_means_ready(service: LocalServer) -> None:
    async with running(Settings(local_url=service.url)) as client:
        service.behaviour.deny = ["*"]
        assert (await client.get("/readyz")).json() == READY | {"aws": "denied"}
        service.behaviour.reset()
        service.behaviour.throttle_tps = 0.001
        assert [(await client.get("/readyz")).json()["aws"] for _ in range(2)] == ["ok", "throttled"]
        service.behaviour.reset()
        service.behaviour.fault_rate = 1
        assert (await client.get("/readyz")).status_code == 503


async def test_silent_aws_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_CALL_SECONDS", 0.1)
    async with endpoint() as aws, running(Settings(local_url=aws.respond_with(SILENCE).url)) as client:
        assert (await client.get("/readyz")).json() == READY | {"status": "unready", "aws": "unreachable"}


async def test_busy_gateway_stays_ready(service: LocalServer) -> None:
    service.behaviour.latency_ms = 200
    names = [f'c{number}: context(name: "c{number}") {{ name }}' for number in range(20)]
    async with running(Settings(local_url=service.url, max_concurrent_calls=1)) as client:
        asked = asyncio.create_task(client.post("/graphql", json={"query": f"{{ {' '.join(names)} }}"}))
        await first_call(service)
        assert (await client.get("/readyz")).json() == READY
        assert not asked.done()
        assert "errors" not in (await asked).json()


@pytest.mark.usefixtures("fresh")
async def test_cache_without_writes_is_denied(server: LocalServer, tmp_path: Path) -> None:
    with redis_server(tmp_path) as kept:
        async with (
            running(Settings(local_url=server.url, cache_url=kept.url)) as client,
            Redis.from_url(kept.url) as redis,
        ):
            assert (await client.get("/readyz")).json() == READY
            await redis.replicaof("127.0.0.1", "1")
            assert (await client.get("/readyz")).json() == READY | {"cache": "denied"}


async def test_missing_cache_keeps_readiness() -> None:
    async def ok() -> str:
        return "ok"

    async def refuses() -> str:
        raise ConnectionRefusedError

    parts = await Readiness({"aws": ok, "cache": refuses}).parts()
    assert parts == {"aws": "ok", "cache": "unreachable"}
    assert ready(parts)


def test_image_checks_itself_without_a_proxy(gateway: str) -> None:
    [check] = re.findall(r"HEALTHCHECK .*\n +CMD (.*)", DOCKERFILE.read_text())
    environment = {
        "PATH": str(Path(sys.executable).parent),
        "http_proxy": "http://127.0.0.1:1",
        "GATEWAY_PORT": gateway.rpartition(":")[2],
    }
    subprocess.run(["/bin/sh", "-c", check], env=environment, check=True)  # noqa: S603


def test_kubernetes_sees_an_unprivileged_user() -> None:
    users = re.findall(r"(?m)^USER (.*)$", DOCKERFILE.read_text())
    assert [int(user) > 0 for user in users] == [True]
