"""Artifacts that another account mirrors, and vertices that only another account refers to."""

from itertools import pairwise
from typing import Any

import accounts
import orjson
import pytest
from accounts import OTHER, load, there
from conftest import Ask
from graphs import arn, artifact, artifact_arn, association, context
from test_subscriptions import QUERY, SUBSCRIBE

from gateway.local.server import LocalServer

other_server, other, ask, client = accounts.other_server, accounts.other, accounts.ask, accounts.client


def load_late(service: LocalServer, other: LocalServer) -> None:
    """Load a graph where 1 is one hop from 0 here, and `far` and `gate` are three hops away in the other account.

    There, `gate` leads to the mirror of 1, and that to `far`.
    """
    ways = [(artifact_arn(0), artifact_arn(1)), (artifact_arn(0), artifact_arn(2)), (artifact_arn(2), artifact_arn(3))]
    load(service, *map(artifact, range(4)), *(association(*way) for way in ways))
    load(service, *(association(artifact_arn(3), there(arn("context", name))) for name in ("far", "gate")))
    load(other, artifact(1), context("far"), context("gate"), account=OTHER)
    load(other, association(arn("context", "gate"), artifact_arn(1)), account=OTHER)
    load(other, association(artifact_arn(1), arn("context", "far")), account=OTHER)


async def test_last_message_corrects_the_depths(
    service: LocalServer, other: LocalServer, ask: Ask, client: Any
) -> None:
    load_late(service, other)
    asked = {"start": [artifact_arn(0)]}
    body = {"query": SUBSCRIBE, "variables": asked}
    events = (await client.post("/graphql", json=body, headers={"accept": "text/event-stream"})).text.split("\n")
    said = [orjson.loads(line[6:])["data"]["lineage"] for line in events if line.startswith("data: {")]
    whole = (await ask(QUERY, **asked))["lineage"]
    told = {vertex["entity"]["arn"]: vertex["depth"] for part in said for vertex in part["vertices"]}
    assert told == {vertex["entity"]["arn"]: vertex["depth"] for vertex in whole["vertices"]}
    far = there(arn("context", "far"))
    assert [v["depth"] for part in said for v in part["vertices"] if v["entity"]["arn"] == far] == [3, 2]
    assert [v["entity"]["arn"] for v in said[-1]["vertices"]] == [far]
    assert said[-1]["coverage"] == whole["coverage"]


async def test_path_leads_through_late_mirror(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    """The walk from the start discovers the mirror only when it ends."""
    load(service, artifact(0), artifact(1), association(artifact_arn(0), artifact_arn(1)))
    way = [artifact_arn(1), *(arn("context", f"c-{number}") for number in range(5))]
    load(other, artifact(1), *(context(f"c-{number}") for number in range(5)), account=OTHER)
    ways = [*pairwise(way), (way[0], way[-1])]
    load(other, *(association(*ends) for ends in ways), account=OTHER)
    other.behaviour.latency_ms = 50
    query = """query ($from: Arn!, $to: Arn!) {
        paths(from: $from, to: $to, maxDepth: 6) { paths { length } } }"""
    found = (await ask(query, **{"from": artifact_arn(0), "to": there(way[-1])}))["paths"]
    assert found == {"paths": [{"length": 2}, {"length": 6}]}


WALKED = """query ($start: Arn!) {
    lineage(start: [$start], direction: DOWNSTREAM) {
        vertices { entity { arn } } coverage { reasons } } }"""


@pytest.fixture
def by_hop(other: LocalServer) -> LocalServer:
    """The local service of the other account, without QueryLineage."""
    other.behaviour.unknown = ["QueryLineage"]
    return other


async def test_missing_vertex_elsewhere_is_dangling(service: LocalServer, by_hop: LocalServer, ask: Ask) -> None:
    lost = there(artifact_arn(2))
    load(service, artifact(1), association(artifact_arn(1), lost))
    walked = (await ask(WALKED, start=artifact_arn(1)))["lineage"]
    assert [vertex["entity"]["arn"] for vertex in walked["vertices"]] == [artifact_arn(1), lost]
    assert walked["coverage"] == {"reasons": ["DANGLING"]}
    assert by_hop.calls == {"QueryLineage": 1, "DescribeArtifact": 1}


async def test_question_finds_other_accounts_leaves(service: LocalServer, by_hop: LocalServer, ask: Ask) -> None:
    load(service, artifact(1), association(artifact_arn(1), there(artifact_arn(2))))
    load(by_hop, artifact(2, "Model"), account=OTHER)
    query = "query ($arn: Arn!) { artifact(arn: $arn) { models { nodes { arn } } } }"
    found = (await ask(query, arn=artifact_arn(1)))["artifact"]["models"]["nodes"]
    assert found == [{"arn": there(artifact_arn(2))}]


async def test_pages_of_question_hold_mirror_once(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    """Whichever account returns it first."""
    here, elsewhere = arn("context", "here"), there(arn("context", "there"))
    load(
        service,
        *map(artifact, range(4)),
        context("here"),
        *(association(artifact_arn(0), n) for n in (here, elsewhere)),
    )
    load(service, *(association(here, artifact_arn(number)) for number in (1, 2)))
    load(other, artifact(1), context("there"), association(arn("context", "there"), artifact_arn(1)), account=OTHER)
    service.behaviour.unknown = ["QueryLineage"]
    query = """query ($arn: Arn!, $after: String) { artifact(arn: $arn) {
        datasets(direction: DOWNSTREAM, first: 1, after: $after) { nodes { arn } pageInfo { endCursor } } } }"""
    await ask(query, arn=there(artifact_arn(1)))  # so that the role is assumed before the pages are timed
    found, after = [], None
    for slow, quick in ((service, other), (other, service)):
        slow.behaviour.latency_ms, quick.behaviour.latency_ms = 100, 0
        page = (await ask(query, arn=artifact_arn(0), after=after))["artifact"]["datasets"]
        found += [node["arn"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert found == [there(artifact_arn(1)), artifact_arn(2)]
