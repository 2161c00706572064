"""Whole-graph walks: what they find and show, what their coverage reports as missing, and their calls.

Every test of responses runs twice: with QueryLineage, and with a SageMaker that lacks it.
"""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import walk_query
from conftest import Ask, asking, expecting_data, running
from graphs import Line, arn, artifact, artifact_arn, association, component_arn, diamond
from walk_query import WALK, depths, ends, walked

from gateway.local.server import LocalServer
from gateway.settings import Settings

walk_operation = walk_query.walk_operation

DATASET = artifact_arn(0)


def chain(length: int) -> list[Line]:
    """Return a chain of vertices with so many associations."""
    lines = [artifact(number) for number in range(length + 1)]
    return lines + [association(artifact_arn(n), artifact_arn(n + 1)) for n in range(length)]


def tree(vertices: int) -> list[Line]:
    """Return a tree in which every vertex has three successors."""
    lines = [artifact(number) for number in range(vertices)]
    return lines + [association(artifact_arn((n - 1) // 3), artifact_arn(n)) for n in range(1, vertices)]


@pytest.mark.usefixtures("walk_operation")
async def test_walk_finds_the_diamond(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    graph = await walked(ask, DATASET)
    left, right = component_arn("left"), component_arn("right")
    endpoint = arn("context", "endpoint")
    assert depths(graph) == {
        DATASET: 0,
        left: 1,
        right: 1,
        artifact_arn(1): 2,
        artifact_arn(2): 2,
        endpoint: 3,
    }
    assert list(depths(graph)) == [DATASET, left, right, artifact_arn(1), artifact_arn(2), endpoint]
    assert graph["edges"][0] == {
        "source": {"arn": DATASET},
        "destination": {"arn": left},
        "associationType": "CONTRIBUTED_TO",
        "hiddenHops": 0,
    }
    assert len(graph["edges"]) == 6
    assert graph["counts"] == [
        {"lineageType": "ARTIFACT", "type": "DataSet", "count": 1},
        {"lineageType": "ARTIFACT", "type": "Model", "count": 2},
        {"lineageType": "CONTEXT", "type": "Endpoint", "count": 1},
        {"lineageType": "TRIAL_COMPONENT", "type": "SageMakerTrainingJob", "count": 2},
    ]
    assert (graph["coverage"]["complete"], graph["coverage"]["reasons"], graph["coverage"]["frontier"]) == (
        True,
        [],
        [],
    )


@pytest.mark.usefixtures("walk_operation")
@pytest.mark.parametrize("depth", [0, 1, 9, 10, 11, 20, 34, 35, 36])
async def test_depth_counts_the_associations(ask: Ask, load: Callable[..., None], depth: int) -> None:
    load(*chain(35))
    for direction, first, step in (("DOWNSTREAM", 0, 1), ("UPSTREAM", 35, -1)):
        graph = await walked(ask, artifact_arn(first), direction=direction, maxDepth=depth)
        assert depths(graph) == {artifact_arn(first + step * n): n for n in range(min(depth, 35) + 1)}
        assert len(graph["edges"]) == min(depth, 35)
        if depth < 35:
            assert graph["coverage"]["reasons"] == ["MAX_DEPTH"]
            assert graph["coverage"]["frontier"] == [artifact_arn(first + step * depth)]
        if depth > 35:
            assert graph["coverage"]["complete"]


@pytest.mark.usefixtures("walk_operation")
async def test_both_goes_every_way(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    graph = await walked(ask, artifact_arn(1), direction="BOTH")
    assert depths(graph) == {
        artifact_arn(1): 0,
        arn("context", "endpoint"): 1,
        component_arn("left"): 1,
        DATASET: 2,
        artifact_arn(2): 2,
        component_arn("right"): 3,
    }
    assert len(graph["edges"]) == 6


@pytest.mark.usefixtures("walk_operation")
async def test_nearer_destinations_come_first(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    graph = await walked(ask, artifact_arn(2), direction="BOTH")
    read = [edge["destination"]["arn"] for edge in graph["edges"] if edge["source"]["arn"] == DATASET]
    assert read == [component_arn("right"), component_arn("left")]


@pytest.mark.usefixtures("walk_operation")
async def test_starts_share_one_walk(ask: Ask, load: Callable[..., None]) -> None:
    load(*chain(12), artifact(100), association(artifact_arn(100), artifact_arn(6)))
    graph = await walked(ask, artifact_arn(0), artifact_arn(100), artifact_arn(3), artifact_arn(0))
    assert [start["arn"] for start in graph["start"]] == [artifact_arn(0), artifact_arn(100), artifact_arn(3)]
    assert depths(graph) == {
        **{artifact_arn(n): n for n in range(3)},
        artifact_arn(100): 0,
        **{artifact_arn(n): n - 3 for n in range(3, 6)},
        **{artifact_arn(n): n - 5 for n in range(6, 13)},
    }
    assert graph["coverage"]["complete"]


@pytest.mark.usefixtures("walk_operation")
async def test_circles_and_loops_do_no_harm(ask: Ask, load: Callable[..., None]) -> None:
    circle = [association(artifact_arn(n), artifact_arn((n + 1) % 25)) for n in range(25)]
    load(*map(artifact, range(25)), *circle, association(artifact_arn(3), artifact_arn(3)))
    graph = await walked(ask, artifact_arn(0), maxDepth=100)
    assert depths(graph) == {artifact_arn(n): n for n in range(25)}
    assert len(graph["edges"]) == 26
    assert graph["coverage"]["complete"]


@pytest.mark.usefixtures("walk_operation")
async def test_missing_start_is_reported(ask: Ask, load: Callable[..., None]) -> None:
    load(artifact(0))
    graph = await walked(ask, artifact_arn(404), DATASET)
    assert (graph["start"], depths(graph)) == ([{"arn": DATASET}], {DATASET: 0})
    assert (graph["coverage"]["reasons"], graph["coverage"]["frontier"]) == (["DANGLING"], [])


@pytest.mark.usefixtures("walk_operation")
@pytest.mark.parametrize("depth", [1, 10])
@pytest.mark.parametrize("gone", [artifact_arn(404), component_arn("gone"), arn("action", "gone")])
async def test_dangling_vertex_is_reported(ask: Ask, load: Callable[..., None], gone: str, depth: int) -> None:
    load(artifact(0), association(DATASET, gone))
    graph = await walked(ask, DATASET, maxDepth=depth)
    assert (graph["coverage"]["reasons"], graph["coverage"]["frontier"]) == (["DANGLING"], [])
    assert depths(graph) == {DATASET: 0, gone: 1}
    graph = await walked(ask, DATASET, maxDepth=depth, maxVertices=1)
    assert (graph["coverage"]["reasons"], graph["coverage"]["frontier"]) == (["MAX_VERTICES"], [DATASET])


@pytest.mark.usefixtures("walk_operation")
async def test_typeless_component_is_not_dangling(ask: Ask, load: Callable[..., None]) -> None:
    record = {"TrialComponentName": "by-hand"}
    load(artifact(0), {"entity": "TrialComponent", "record": record}, association(DATASET, component_arn("by-hand")))
    graph = await walked(ask, DATASET)
    assert graph["coverage"]["complete"]


@pytest.mark.usefixtures("walk_operation")
async def test_undecided_component_may_dangle(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    gone = component_arn("gone")
    load(artifact(0), association(DATASET, gone))
    service.behaviour.deny = [f"DescribeTrialComponent:{gone}", "DescribeTrialComponent:gone"]
    graph = (await ask(WALK.replace("{ arn type }", "{ arn }"), start=[DATASET]))["lineage"]
    assert (graph["coverage"]["reasons"], graph["coverage"]["frontier"]) == (["ACCESS_DENIED"], [gone])


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_denied_start_may_be_reached(
    ask: Ask, load: Callable[..., None], service: LocalServer, prefer: str
) -> None:
    load(*chain(3))
    service.behaviour.deny = [f"QueryLineage:{artifact_arn(1)}"]
    graph = await walked(ask, DATASET, artifact_arn(1), prefer=prefer)
    assert depths(graph) == {DATASET: 0, artifact_arn(1): 0, artifact_arn(2): 1, artifact_arn(3): 2}
    assert graph["coverage"]["complete"]


async def test_denied_start_prolongs_no_walk(
    ask: Ask, load: Callable[..., None], service: LocalServer, calls: Counter[str]
) -> None:
    load(*chain(15))
    service.behaviour.deny = [f"QueryLineage:{artifact_arn(1)}"]
    graph = await walked(ask, DATASET, artifact_arn(1), maxDepth=20, maxVertices=5)
    assert list(depths(graph).values()) == [0, 0, 1, 2, 3]
    assert calls == {"QueryLineage": 2}  # and none for what is beyond the ten associations of the first


async def test_wide_starts_find_every_neighbour(ask: Ask, load: Callable[..., None]) -> None:
    load(*map(artifact, range(450)))
    load(*(association(artifact_arn(start), artifact_arn(far)) for start in range(5) for far in range(5, 450)))
    graph = await walked(ask, *map(artifact_arn, range(5)), prefer="LESS_WAITING")
    assert len(graph["vertices"]) == 450
    assert graph["coverage"]["complete"]


@pytest.mark.usefixtures("walk_operation")
async def test_experiments_are_no_vertices(ask: Ask, load: Callable[..., None]) -> None:
    load(*chain(1), association(artifact_arn(1), arn("experiment", "tries")))
    graph = await walked(ask, DATASET)
    assert depths(graph) == {DATASET: 0, artifact_arn(1): 1}
    assert len(graph["edges"]) == 1


@pytest.mark.usefixtures("walk_operation")
@pytest.mark.parametrize("most", [1, 2, 3, 5, 6, 7])
async def test_limit_keeps_the_nearest_vertices(ask: Ask, load: Callable[..., None], most: int) -> None:
    load(*diamond())
    every = list(depths(await walked(ask, DATASET)))
    graph = await walked(ask, DATASET, maxVertices=most)
    assert list(depths(graph)) == every[:most]
    assert ends(graph) <= {(one, other) for one in every[:most] for other in every[:most]}
    assert graph["coverage"]["reasons"] == ([] if most >= 6 else ["MAX_VERTICES"])
    assert bool(graph["coverage"]["frontier"]) == (most < 6)


async def test_counts_load_missing_types(
    answer: Ask, load: Callable[..., None], service: LocalServer, calls: Counter[str]
) -> None:
    load(*diamond())
    query = """query($start: [Arn!]!, $maxDepth: Int!) {
      lineage(start: $start, direction: DOWNSTREAM, maxDepth: $maxDepth) { counts { lineageType type count } }
    }"""
    told = await answer(query, start=[DATASET], maxDepth=2)
    assert (len(told["data"]["lineage"]["counts"]), calls) == (3, {"QueryLineage": 1})
    counted = [{"lineageType": "ARTIFACT", "type": "DataSet", "count": 1}]
    assert await answer(query, start=[DATASET], maxDepth=0) == {"data": {"lineage": {"counts": counted}}}
    service.behaviour.deny = ["DescribeArtifact:*"]
    told = await answer(query, start=[DATASET], maxDepth=0)
    assert told["data"]["lineage"]["counts"] == [counted[0] | {"type": None}]
    assert [(error["path"], error["extensions"]["code"]) for error in told["errors"]] == [
        (["lineage", "counts"], "FORBIDDEN")
    ]


async def test_dangling_vertices_are_not_described(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    gone = [artifact_arn(number) for number in range(1, 31)]
    load(artifact(0), artifact(50, "Model"), association(DATASET, artifact_arn(50)))
    load(*(association(DATASET, arn) for arn in gone))
    query = WALK.replace("{ arn type }", "{ arn }")
    graph = (await ask(query, start=[DATASET]))["lineage"]
    assert {(one["type"], one["count"]) for one in graph["counts"]} == {("DataSet", 1), ("Model", 1), (None, 30)}
    shown = (await ask(query, start=[DATASET], filter={"types": ["Model"]}))["lineage"]
    assert depths(shown).keys() == {DATASET, artifact_arn(50)}
    assert calls == {"QueryLineage": 2}


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_frontier_includes_excess_starts(ask: Ask, load: Callable[..., None], prefer: str) -> None:
    load(*diamond())
    graph = await walked(ask, DATASET, artifact_arn(2), maxVertices=1, prefer=prefer)
    assert depths(graph) == {DATASET: 0}
    assert graph["coverage"]["reasons"] == ["MAX_VERTICES"]
    assert graph["coverage"]["frontier"] == [DATASET, artifact_arn(2)]


@pytest.mark.usefixtures("walk_operation")
@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
@pytest.mark.parametrize("most", [1, 2])
async def test_missing_start_does_not_count(ask: Ask, load: Callable[..., None], most: int, prefer: str) -> None:
    load(*diamond())
    starts = [arn("action", "gone"), DATASET]
    graph = await walked(ask, *starts, direction="DOWNSTREAM", maxDepth=2, maxVertices=most, prefer=prefer)
    assert graph["start"] == [{"arn": DATASET}]
    assert list(depths(graph).values()) == [0, 1][:most]
    assert graph["coverage"]["reasons"] == ["MAX_VERTICES", "DANGLING"]


async def test_unknown_association_type_fails_itself(answer: Ask, load: Callable[..., None]) -> None:
    load(artifact(0), artifact(1), association(DATASET, artifact_arn(1), "ComparedWith"))
    said = await answer(WALK, start=[DATASET])
    assert [error["path"] for error in said["errors"]] == [["lineage", "edges", 0, "associationType"]]
    (edge,) = said["data"]["lineage"]["edges"]
    assert edge == {"source": {"arn": DATASET}, "destination": {"arn": artifact_arn(1)}, "hiddenHops": 0} | {
        "associationType": None
    }


async def test_identity_takes_only_pages(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(
        artifact(0),
        *(
            line
            for n in range(1, 1000)
            for line in (artifact(n), association(artifact_arn((n - 1) // 3), artifact_arn(n)))
        ),
    )
    data = await ask(
        """query($arn: Arn!) { lineage(start: [$arn], direction: DOWNSTREAM) {
          vertices { depth entity { arn lineageType type } } edges { source { arn } hiddenHops } coverage { complete }
        } }""",
        arn=DATASET,
    )
    assert len(data["lineage"]["vertices"]) == 1000
    assert data["lineage"]["coverage"]["complete"]
    assert calls == {"QueryLineage": 20}


async def test_names_come_from_associations(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    data = await ask(
        """query($arn: Arn!) { lineage(start: [$arn], direction: DOWNSTREAM) {
          vertices { entity { ...Named } } edges { source { ...Named } destination { name } }
        } }
        fragment Named on LineageEntity { name ... on Context { description } }""",
        arn=DATASET,
    )
    assert data["lineage"]["vertices"][0]["entity"]["name"] == "artifact-0"
    assert calls == {"QueryLineage": 1, "ListAssociations": 3, "DescribeContext": 1}


async def test_describes_start_between_pages(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(
        artifact(0),
        *(
            line
            for n in range(1, 120)
            for line in (artifact(n), association(artifact_arn((n - 1) // 3), artifact_arn(n)))
        ),
    )
    service.behaviour.latency_ms = 20
    await ask(
        "query($arn: Arn!) { lineage(start: [$arn]) { vertices { entity { lastModifiedBy { domainId } } } } }",
        arn=DATASET,
    )
    order = [operation for operation, _ in service.requests]
    assert order.index("DescribeArtifact") < len(order) - 1 - order[::-1].index("QueryLineage")
    assert Counter(order) == {"QueryLineage": 3, "DescribeArtifact": 120}


async def test_walk_stops_where_it_is_denied(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*chain(15))
    service.behaviour.deny = [f"QueryLineage:{artifact_arn(10)}"]
    graph = await walked(ask, DATASET, maxDepth=20)
    assert depths(graph) == {artifact_arn(n): n for n in range(11)}
    assert graph["coverage"]["reasons"] == ["ACCESS_DENIED"]
    assert graph["coverage"]["frontier"] == [artifact_arn(10)]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"fault_rate": 1.0}, "UPSTREAM_ERROR"),
        ({"throttle_tps": 0.0001}, "THROTTLED"),
        ({"unknown": ["QueryLineage", "ListAssociations"]}, "UPSTREAM_ERROR"),
    ],
)
async def test_failing_aws_is_reported(
    load: Callable[..., None], service: LocalServer, behaviour: dict[str, Any], reason: str
) -> None:
    load(*diamond())
    for name, value in behaviour.items():
        setattr(service.behaviour, name, value)
    query = WALK.replace("{ arn type }", "{ arn }")
    async with running(Settings(local_url=service.url, cache_url="off", max_attempts=2)) as client:
        ask = expecting_data(asking(client))
        if reason == "THROTTLED":
            await ask(query, start=[DATASET])
        graph = (await ask(query, start=[DATASET]))["lineage"]
    assert depths(graph) == {DATASET: 0}
    assert (graph["coverage"]["reasons"], graph["coverage"]["frontier"]) == ([reason], [DATASET])


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"start": []}, "start"),
        ({"start": [DATASET] * 101}, "start"),
        ({"start": ["nonsense"]}, "start"),
        ({"start": [DATASET], "maxDepth": -1}, "maxDepth"),
        ({"start": [DATASET], "maxDepth": 101}, "maxDepth"),
        ({"start": [DATASET], "maxVertices": 0}, "maxVertices"),
        ({"start": [DATASET], "maxVertices": 10_001}, "maxVertices"),
    ],
)
async def test_arguments_outside_their_ranges_refused(refused: Ask, variables: Any, argument: str) -> None:
    error = await refused(WALK, "BAD_USER_INPUT", **variables)
    assert error["extensions"]["argument"] == argument


async def test_entity_walks_from_itself(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    data = await ask(
        '{ context(name: "endpoint") { lineage(direction: UPSTREAM, maxDepth: 1) { vertices { depth } } } }'
    )
    assert data["context"]["lineage"]["vertices"] == [{"depth": 0}, {"depth": 1}, {"depth": 1}]
    assert calls == {"DescribeContext": 1, "QueryLineage": 1}


async def test_unknown_existence_is_reported(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    record = {"TrialComponentName": "by-hand"}
    load(artifact(0), {"entity": "TrialComponent", "record": record}, association(DATASET, component_arn("by-hand")))
    service.behaviour.deny = ["DescribeTrialComponent:*"]
    query = WALK.replace("{ arn type }", "{ arn }")
    graph = (await ask(query, start=[DATASET], direction="DOWNSTREAM"))["lineage"]
    assert depths(graph) == {DATASET: 0, component_arn("by-hand"): 1}
    assert graph["coverage"]["reasons"] == ["ACCESS_DENIED"]


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_nearest_of_several_starts_come_first(ask: Ask, load: Callable[..., None], prefer: str) -> None:
    """One start has more neighbours than a page holds, and the other's pages have many distant vertices."""
    near, far = range(1, 111), range(203, 263)
    load(*map(artifact, [0, *near, 201, 202, *far]))
    load(*(association(artifact_arn(0), artifact_arn(number)) for number in near))
    load(association(artifact_arn(201), artifact_arn(202)))
    load(*(association(artifact_arn(202), artifact_arn(number)) for number in far))
    graph = await walked(ask, DATASET, artifact_arn(201), maxVertices=60, prefer=prefer)
    assert Counter(depths(graph).values()) == {0: 2, 1: 58}
    assert graph["coverage"]["reasons"] == ["MAX_VERTICES"]


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
async def test_experiments_join_no_vertices(ask: Ask, load: Callable[..., None], prefer: str) -> None:
    joined = arn("experiment", "study")
    load({"entity": "Experiment", "record": {"ExperimentName": "study"}})
    load(*map(artifact, range(60)), *(association(artifact_arn(number), joined) for number in range(60)))
    graph = await walked(ask, DATASET, direction="BOTH", maxVertices=10, prefer=prefer)
    assert depths(graph) == {DATASET: 0}
    assert (graph["coverage"]["complete"], graph["coverage"]["frontier"]) == (True, [])


@pytest.mark.parametrize("prefer", ["FEWER_CALLS", "LESS_WAITING"])
@pytest.mark.parametrize("starts", [[0, 404], [404, 0]])
async def test_missing_start_has_its_depth(
    ask: Ask, load: Callable[..., None], starts: list[int], prefer: str, walk_operation: str
) -> None:
    load(*map(artifact, (0, 2, 3)))
    load(*(association(artifact_arn(one), artifact_arn(next)) for one, next in pairwise((0, 404, 2, 3))))
    alone = await walked(ask, DATASET)
    graph = await walked(ask, *map(artifact_arn, starts), prefer=prefer)
    assert depths(graph) == depths(alone)
    assert graph["coverage"]["reasons"] == ["DANGLING"], walk_operation
