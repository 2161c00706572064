"""AWS under stress: throttling, faults, dropped connections and latency, and the calls that they cause."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from conftest import Ask, asking, expecting_data, running
from endpoint import answer as answered
from endpoint import endpoint
from graphs import Line, artifact, artifact_arn, association

from gateway.aws.calls import Calls, Tally
from gateway.aws.pace import Pace
from gateway.aws.places import HOME
from gateway.local.server import LocalServer
from gateway.rates import Rates
from gateway.settings import Settings

WALK = """query ($arn: Arn!, $most: Int!) {
    lineage(start: [$arn], maxVertices: $most) {
        vertices { entity { arn createdBy { domainId } } } coverage { complete reasons } } }"""


def tree(size: int) -> list[Line]:
    """Return a tree of artifacts, in which each has three successors."""
    lines = [artifact(number, CreatedBy={"DomainId": f"d-{number}"}) for number in range(size)]
    return lines + [association(artifact_arn((number - 1) // 3), artifact_arn(number)) for number in range(1, size)]


def described(walked: dict[str, Any]) -> int:
    return sum(vertex["entity"]["createdBy"] is not None for vertex in walked["vertices"])


async def test_throttled_walk_ends_complete(
    service: LocalServer, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*tree(110))
    service.behaviour.throttle_tps = 40
    # A new gateway, which has not learned a higher rate from other tests.
    async with running(Settings(local_url=service.url, cache_url="off")) as client:
        walked = (await expecting_data(asking(client))(WALK, arn=artifact_arn(0), most=110))["lineage"]
    assert (described(walked), walked["coverage"]) == (110, {"complete": True, "reasons": []})
    # The 70 calls throttled before the limit was known are retried, and some more while the rate is being adjusted.
    assert calls["DescribeArtifact"] <= 110 + 80


async def test_faulty_walk_ends_complete(service: LocalServer, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*tree(300))
    service.behaviour.fault_rate = 0.1
    # With the default of 5, one walk in 300 would have a call of which every attempt fails.
    settings = Settings(local_url=service.url, cache_url="off", max_attempts=10)
    async with running(settings) as client:
        walked = (await expecting_data(asking(client))(WALK, arn=artifact_arn(0), most=300))["lineage"]
    assert (described(walked), walked["coverage"]) == (300, {"complete": True, "reasons": []})
    assert calls["DescribeArtifact"] <= 300 / 0.9 + 60


async def test_walk_that_fails_says_why(answer: Ask, service: LocalServer, load: Callable[..., None]) -> None:
    load(*tree(120))
    service.behaviour.fault_rate = 1
    said = await answer(WALK, arn=artifact_arn(0), most=120)
    walked = said["data"]["lineage"]
    assert [vertex["entity"] for vertex in walked["vertices"]] == [{"arn": artifact_arn(0), "createdBy": None}]
    assert [error["extensions"]["code"] for error in said["errors"]] == ["UPSTREAM_UNAVAILABLE"]
    assert walked["coverage"] == {"complete": False, "reasons": ["UPSTREAM_ERROR"]}


async def test_health_answers_while_aws_hangs(
    http: httpx.AsyncClient, service: LocalServer, load: Callable[..., None]
) -> None:
    load(*tree(120))
    service.behaviour.latency_ms = 1000
    asked = {"query": WALK, "variables": {"arn": artifact_arn(0), "most": 120}}
    walking = asyncio.create_task(http.post("/graphql", json=asked))
    for _ in range(20):
        await asyncio.sleep(0.05)
        assert (await http.get("/healthz")).status_code == 200
    assert not walking.done()
    assert (await walking).json()["data"]["lineage"]["coverage"]["complete"]


def pace_taking(calls: int, rates: Rates | None = None) -> Pace:
    """Return a pace after AWS has just accepted so many calls."""
    pace = Pace("test", rates or Rates(), 400)
    for _ in range(calls):
        pace.took()
    return pace


def test_calls_before_throttling_are_unpaced() -> None:
    assert pace_taking(1000).rate is None


def test_first_throttling_sets_the_rate() -> None:
    pace = pace_taking(40)
    pace.refused(time.monotonic())
    assert pace.rate == pytest.approx(34)


def test_earlier_calls_change_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = pace_taking(40)
    for _ in range(10):
        pace.refused(now)
        pace.took()
    now = 20.0
    pace.refused(9.0)
    assert pace.rate == pytest.approx(34)


@pytest.mark.parametrize(("accepted", "rate"), [(40, 34 * 0.85), (20, 20 * 0.85), (0, 34 / 2 * 0.85)])
def test_further_throttling_lowers_the_rate(monkeypatch: pytest.MonkeyPatch, accepted: int, rate: float) -> None:
    now = 10.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = pace_taking(40)
    pace.refused(now)
    now = 11.0
    for _ in range(accepted):
        pace.took()
    now = 11.5
    pace.refused(now)
    assert pace.rate == pytest.approx(rate)


async def test_rate_never_stops_all_calls() -> None:
    pace = pace_taking(0)
    pace.refused(time.monotonic())
    assert pace.rate == 1
    async with asyncio.timeout(60):
        assert await pace.wait("request") < 1


def test_last_second_sets_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = pace_taking(40)
    now = 1.5
    for _ in range(20):
        pace.took()
    pace.refused(now)
    assert pace.rate == pytest.approx(17)


def test_only_used_rates_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = pace_taking(40)
    pace.refused(now)

    def rate_after(calls: int) -> float:
        nonlocal now
        now += 2
        for _ in range(calls):
            pace.took()
        assert pace.rate
        return pace.rate

    assert rate_after(20) == pytest.approx(34)  # of 34
    grown = rate_after(60)
    assert grown > 50
    pace.refused(now)
    assert pace.rate == pytest.approx(grown * 0.85)  # although AWS accepted more calls than that
    assert grown * 0.85 < rate_after(60) < grown * 0.9


class Counted(Rates):
    """Rates that let every second call wait, and count the calls."""

    taken = 0

    async def take(self, key: str, per_second: float, burst: int, cost: int = 1) -> float:  # noqa: ARG002
        self.taken += 1
        return 0.001 * (self.taken % 2)


async def test_every_attempt_is_paced_once() -> None:
    rates, tally = Counted(), Tally()
    async with endpoint() as aws, Calls(Settings(local_url=aws.url, max_concurrent_calls=1), rates) as calls:
        pace = calls.pace("ListTags", HOME)

        async def made(*said: bytes) -> int:
            rates.taken = 0
            aws.respond_with(*said)
            await calls("ListTags", HOME, {}, tally)
            return rates.taken // 2

        found, throttled = answered(b'{"Tags": []}'), answered(b'{"__type": "ThrottlingException"}', 400)
        assert (await made(found), tally.waited) == (0, 0)
        pace.rate = 1000.0
        assert await made(found) == 1
        assert await made(throttled, found) == 2
        assert tally.waited > 0
        assert pace.rate < 1000
        pace.rate, rates.taken = None, 0
        async with calls._slots.one("another"):  # noqa: SLF001
            waiting = asyncio.create_task(calls("ListTags", HOME, {}, tally))
            await asyncio.sleep(0.1)
            pace.rate = 1000.0
        await waiting
        assert rates.taken == 2


def test_old_throttling_is_outgrown(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = pace_taking(1)
    for _ in range(3):
        now += 2
        pace.refused(now)
    assert pace.rate == 1
    now += 3600
    until = now + 20
    while now < until and pace.rate:
        now += 1 / pace.rate
        pace.took()
    assert pace.rate is None or pace.rate > 100


async def test_paced_calls_keep_their_distance() -> None:
    pace = pace_taking(24)
    pace.refused(time.monotonic())  # 20.4 a second, of which one may be made at once
    began = time.monotonic()
    await asyncio.gather(*(pace.wait("request") for _ in range(9)))
    assert time.monotonic() - began > 8 / 20.4 - 0.02


async def test_owners_are_paced_in_turns() -> None:
    pace, made = pace_taking(0), []
    pace.rate = 20.0

    async def make(owner: str) -> None:
        await pace.wait(owner)
        made.append(owner)

    await asyncio.gather(*(make(owner) for owner in ["walk"] * 9 + ["query"]))
    assert made.index("query") == 3  # one walk call was free, one had its turn, and one came first


async def test_replicas_share_their_pace(redis_url: str) -> None:
    async with aclosing(Rates(redis_url)) as one, aclosing(Rates(redis_url)) as other:
        paces = [pace_taking(24, rates) for rates in (one, other)]
        for pace in paces:
            pace.refused(time.monotonic())
        began = time.monotonic()
        await asyncio.gather(*(paces[number % 2].wait("request") for number in range(9)))
        assert time.monotonic() - began > 8 / 20.4 - 0.02


async def test_unpaced_calls_do_not_wait() -> None:
    assert await pace_taking(10).wait("request") == 0


async def most_at_once(client: httpx.AsyncClient, service: LocalServer) -> int:
    """Return the largest number of calls that the service had in flight during a walk."""
    service.behaviour.latency_ms = 400
    asked = {"query": WALK, "variables": {"arn": artifact_arn(0), "most": 24}}
    walking = asyncio.create_task(client.post("/graphql", json=asked))
    most = begun = 0
    while not walking.done():
        # Each call takes 400 ms, so calls that start within a shorter time are in flight together.
        before, begun = begun, service.calls.total()
        most = max(most, begun - before)
        await asyncio.sleep(0.1)
    await walking
    return most


@pytest.mark.parametrize(
    ("limits", "most"),
    [({"max_concurrent_calls_per_request": 4}, 4), ({"max_concurrent_calls": 4}, 4), ({}, 24)],
)
async def test_calls_in_flight_are_limited(
    service: LocalServer, load: Callable[..., None], limits: dict[str, int], most: int
) -> None:
    load(*tree(24))
    async with running(Settings(local_url=service.url, cache_url="off", **limits)) as client:
        found = await most_at_once(client, service)
    assert found <= most
    assert limits or found > 8
