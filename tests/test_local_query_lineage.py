"""QueryLineage: what a walk reaches, how filters reduce it, and its pages."""

from collections import deque
from typing import Any

import local_conftest
import pytest
from graphs import arn, artifact, artifact_arn, association, component, component_arn, context, diamond, experiment, fan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_conftest import client, load, refusing

from gateway.local.paging import UnderWay
from gateway.local.server import LocalServer
from gateway.local.service import WALKS

sagemaker = local_conftest.sagemaker

DATA, LEFT, RIGHT = artifact_arn(0), component_arn("left"), component_arn("right")
MODELS, ENDPOINT = [artifact_arn(1), artifact_arn(2)], arn("context", "endpoint")

Edge = tuple[str, str]


@pytest.fixture
def ask(sagemaker: Any, service: LocalServer) -> Any:
    """A function that requests the first page of a walk over the diamond, and returns its ARNs and edges."""
    load(service, *diamond())

    def ask(start: str, **request: Any) -> tuple[list[str], list[Edge]]:
        page = sagemaker.query_lineage(StartArns=[start], **request)
        assert "NextToken" not in page
        return arns(page), edges(page)

    return ask


def arns(page: dict[str, Any]) -> list[str]:
    return [vertex["Arn"] for vertex in page["Vertices"]]


def edges(page: dict[str, Any]) -> list[Edge]:
    return [(edge["SourceArn"], edge["DestinationArn"]) for edge in page["Edges"]]


def pages(sagemaker: Any, **request: Any) -> list[dict[str, Any]]:
    found = []
    while True:
        found.append(sagemaker.query_lineage(**request))
        if "NextToken" not in found[-1]:
            return found
        request["NextToken"] = found[-1]["NextToken"]


def test_descendants_come_nearest_first(ask: Any) -> None:
    found, between = ask(DATA, Direction="Descendants")
    assert found == [DATA, LEFT, RIGHT, *MODELS, ENDPOINT]
    assert len(between) == 6


def test_ascendants_go_against_the_arrows(ask: Any) -> None:
    found, between = ask(MODELS[0], Direction="Ascendants")
    assert found == [MODELS[0], LEFT, DATA]
    assert sorted(between) == sorted([(DATA, LEFT), (LEFT, MODELS[0])])


def test_both_changes_direction_everywhere(ask: Any) -> None:
    found, between = ask(MODELS[0])
    assert found[:3] == [MODELS[0], ENDPOINT, LEFT]
    assert set(found) == {DATA, LEFT, RIGHT, *MODELS, ENDPOINT}
    assert len(between) == 6


def test_depth_is_counted_in_associations(ask: Any) -> None:
    assert ask(DATA, Direction="Descendants", MaxDepth=1)[0] == [DATA, LEFT, RIGHT]
    assert ask(DATA, Direction="Descendants", MaxDepth=2)[0] == [DATA, LEFT, RIGHT, *MODELS]


def test_ten_associations_are_the_default(sagemaker: Any, service: LocalServer) -> None:
    chain = [association(artifact_arn(number), artifact_arn(number + 1)) for number in range(15)]
    load(service, *(artifact(number) for number in range(16)), *chain)
    assert arns(sagemaker.query_lineage(StartArns=[DATA])) == [artifact_arn(number) for number in range(11)]


def test_deepest_vertices_show_travelled_edges(sagemaker: Any, service: LocalServer) -> None:
    load(service, *(artifact(number) for number in range(3)))
    load(service, *(association(*map(artifact_arn, pair)) for pair in ((0, 1), (0, 2), (1, 2))))
    page = sagemaker.query_lineage(StartArns=[DATA], Direction="Descendants", MaxDepth=1)
    assert sorted(edges(page)) == [(DATA, artifact_arn(1)), (DATA, artifact_arn(2))]


def test_without_edges_the_start_is_left_out(ask: Any) -> None:
    found, between = ask(DATA, IncludeEdges=False, Filters={"LineageTypes": ["Artifact"]})
    assert (found, between) == (MODELS, [])
    assert DATA not in ask(DATA, IncludeEdges=False)[0]


def test_edges_are_always_there(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(0))
    page = sagemaker.query_lineage(StartArns=[DATA], IncludeEdges=False)
    assert (page["Vertices"], page["Edges"]) == ([], [])


def test_filters_do_not_prune_the_walk(ask: Any) -> None:
    found, _ = ask(ENDPOINT, Direction="Ascendants", IncludeEdges=False, Filters={"Types": ["DataSet"]})
    assert found == [DATA]


def test_matches_come_with_their_paths(ask: Any) -> None:
    wanted = {"Types": ["Model"], "CreatedAfter": 0}
    found, between = ask(DATA, Direction="Descendants", Filters=wanted)
    assert found == [DATA, LEFT, RIGHT, *MODELS]
    assert sorted(between) == sorted([(DATA, LEFT), (DATA, RIGHT), (LEFT, MODELS[0]), (RIGHT, MODELS[1])])


def test_nothing_matching_leaves_the_start(ask: Any) -> None:
    assert ask(DATA, Filters={"Types": ["Nothing"]}) == ([DATA], [])
    assert ask(DATA, Filters={"Types": ["Nothing"]}, IncludeEdges=False) == ([], [])


def test_jobs_are_spelt_without_prefix(sagemaker: Any, ask: Any) -> None:
    page = sagemaker.query_lineage(StartArns=[LEFT], MaxDepth=1)
    assert page["Vertices"] == [
        {"Arn": LEFT, "Type": "TrainingJob", "LineageType": "TrialComponent"},
        {"Arn": DATA, "Type": "DataSet", "LineageType": "Artifact"},
        {"Arn": MODELS[0], "Type": "Model", "LineageType": "Artifact"},
    ]
    matching = {"Direction": "Descendants", "IncludeEdges": False}
    assert ask(DATA, **matching, Filters={"Types": ["TrainingJob"]})[0] == [LEFT, RIGHT]
    assert ask(DATA, **matching, Filters={"Types": ["SageMakerTrainingJob"]})[0] == []


def test_only_jobs_lose_their_prefix(sagemaker: Any, service: LocalServer) -> None:
    unsourced = {"entity": "TrialComponent", "record": {"TrialComponentName": "unsourced"}}
    load(service, artifact(0, "SageMakerModel"), unsourced, association(DATA, component_arn("unsourced")))
    vertices = sagemaker.query_lineage(StartArns=[DATA])["Vertices"]
    assert [vertex.get("Type") for vertex in vertices] == ["SageMakerModel", None]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"Types": ["Model", "Endpoint"]}, [1, 2, 4]),
        ({"LineageTypes": ["Context", "TrialComponent"]}, [3, 4]),
        ({"LineageTypes": ["Artifact"], "Types": ["Endpoint"]}, []),
        ({"CreatedAfter": 1002}, [2, 3, 4]),
        ({"CreatedBefore": 1002}, [1, 2]),
        ({"CreatedBefore": 0}, []),
        ({"Types": [], "LineageTypes": [], "Properties": {}}, [1, 2, 3, 4]),
        ({"ModifiedAfter": 2003}, [3, 4]),
        ({"ModifiedBefore": 2001}, [1]),
        ({"Properties": {"a": "1", "b": "9"}}, [1, 4]),
        ({"Properties": {"a": "2"}}, [2]),
    ],
)
def test_filters_match_what_they_name(
    sagemaker: Any, service: LocalServer, filters: dict[str, Any], expected: list[int]
) -> None:
    def times(number: int) -> dict[str, Any]:
        return {"CreationTime": 1000 + number, "LastModifiedTime": 2000 + number}

    load(
        service,
        artifact(0),
        artifact(1, "Model", Properties={"a": "1"}, **times(1)),
        artifact(2, "Model", Properties={"a": "2"}, **times(2)),
        component("three", Parameters={"a": {"StringValue": "1"}}, **times(3)),
        context("four", Properties={"a": "3", "b": "9"}, **times(4)),
    )
    ends = {1: artifact_arn(1), 2: artifact_arn(2), 3: component_arn("three"), 4: arn("context", "four")}
    load(service, *(association(DATA, end) for end in ends.values()))
    page = sagemaker.query_lineage(StartArns=[DATA], IncludeEdges=False, Filters=filters)
    assert sorted(arns(page)) == sorted(ends[number] for number in expected)


def test_unknown_start_is_not_found(sagemaker: Any) -> None:
    with refusing("ResourceNotFound", "does not exist"):
        sagemaker.query_lineage(StartArns=[DATA])


def test_dangling_ends_are_vertices(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(0), association(DATA, MODELS[0]), association(MODELS[0], MODELS[1]))
    page = sagemaker.query_lineage(StartArns=[DATA])
    assert page["Vertices"][1:] == [{"Arn": model, "LineageType": "Artifact"} for model in MODELS]
    for filters in ({"Types": ["Model"]}, {"CreatedAfter": 0}, {"ModifiedBefore": 2_000_000_000}):
        page = sagemaker.query_lineage(StartArns=[DATA], IncludeEdges=False, Filters=filters)
        assert page["Vertices"] == []


def test_odd_ids_of_dangling_ends_are_shown(sagemaker: Any, service: LocalServer) -> None:
    odd, deep = arn("artifact", "a b"), arn("artifact", "a/execution/b")
    load(service, artifact(0), association(DATA, odd), association(DATA, deep))
    page = sagemaker.query_lineage(StartArns=[DATA])
    assert page["Vertices"][1:] == [{"Arn": odd}, {"Arn": deep, "LineageType": "Artifact"}]


def test_experiments_have_no_lineage_type(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(0), experiment("e"), association(DATA, arn("experiment", "e")))
    page = sagemaker.query_lineage(StartArns=[DATA])
    assert page["Vertices"][1] == {"Arn": arn("experiment", "e")}


def test_walks_through_circles_end(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(0), artifact(1))
    load(service, *(association(*pair) for pair in ((DATA, MODELS[0]), (MODELS[0], DATA), (DATA, DATA))))
    for direction in ("Ascendants", "Descendants", "Both"):
        page = sagemaker.query_lineage(StartArns=[DATA], Direction=direction)
        assert arns(page) == [DATA, MODELS[0]]
        assert sorted(edges(page)) == sorted([(DATA, DATA), (DATA, MODELS[0]), (MODELS[0], DATA)])


@pytest.mark.parametrize("leaves", [49, 50, 99, 100])
def test_pages_are_no_more_than_needed(sagemaker: Any, service: LocalServer, leaves: int) -> None:
    load(service, *fan(leaves))
    found = pages(sagemaker, StartArns=[DATA])
    assert [len(page["Vertices"]) for page in found[:-1]] == [50] * (len(found) - 1)
    assert len(found) == -(-(leaves + 1) // 50)
    assert sum(len(page["Edges"]) for page in found) == leaves


def test_walks_survive_their_eviction(sagemaker: Any, service: LocalServer) -> None:
    load(service, *fan(30))
    request = {"StartArns": [DATA], "MaxResults": 10}
    token = sagemaker.query_lineage(**request)["NextToken"]
    first = sagemaker.query_lineage(**request, NextToken=token)
    for _ in range(WALKS + 1):
        sagemaker.query_lineage(**request)
    again = sagemaker.query_lineage(**request, NextToken=token)
    assert (arns(again), edges(again)) == (arns(first), edges(first))


def test_oldest_walk_is_evicted_first() -> None:
    walks: UnderWay[int] = UnderWay(2)
    for number in range(3):
        walks.keep(str(number), number)
    assert [walks.take(str(number)) for number in range(3)] == [None, 1, 2]


def test_walks_end_with_their_account(sagemaker: Any, service: LocalServer) -> None:
    load(service, *fan(10))
    token = sagemaker.query_lineage(StartArns=[DATA], MaxResults=5)["NextToken"]
    service.clear()
    with refusing("ResourceNotFound", "does not exist"):
        sagemaker.query_lineage(StartArns=[DATA], NextToken=token)


def test_walks_at_one_place_stay_apart(sagemaker: Any, service: LocalServer) -> None:
    """Both have come to the second leaf, but only one of them has returned the first."""
    first, second, last = (artifact_arn(leaf) for leaf in (1, 2, 3))
    load(service, *fan(3), association(first, last))
    walk = {"StartArns": [DATA], "Direction": "Descendants"}
    token = sagemaker.query_lineage(**walk, MaxResults=3)["NextToken"]
    sagemaker.delete_association(SourceArn=DATA, DestinationArn=first)
    assert arns(sagemaker.query_lineage(**walk, MaxResults=2)) == [DATA, second]
    assert sorted(edges(sagemaker.query_lineage(**walk, NextToken=token))) == [(DATA, last), (first, last)]


def test_pages_stay_stable_under_writes(sagemaker: Any, service: LocalServer) -> None:
    load(service, *fan(40))
    seen: list[str] = []
    request: dict[str, Any] = {"StartArns": [DATA], "MaxResults": 5}
    for turn in range(100):
        page = sagemaker.query_lineage(**request)
        seen += arns(page)
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
        load(service, association(DATA, artifact_arn(1000 + turn)), association(DATA, arn("action", f"a{turn}")))
    assert len(seen) == len(set(seen))
    assert {artifact_arn(leaf) for leaf in range(41)} <= set(seen)


def test_tokens_fit_one_walk_only(sagemaker: Any, service: LocalServer) -> None:
    load(service, *fan(10))
    token = sagemaker.query_lineage(StartArns=[DATA], MaxResults=5)["NextToken"]
    for other in ({"Direction": "Ascendants"}, {"MaxDepth": 3}, {"Filters": {"Types": ["Model"]}}):
        with refusing("ValidationException", "NextToken"):
            sagemaker.query_lineage(StartArns=[DATA], NextToken=token, **other)
    with refusing("ValidationException", "NextToken"):
        sagemaker.list_associations(NextToken=token)


def test_hub_shows_edges_among_the_page(sagemaker: Any, service: LocalServer) -> None:
    """Of a vertex with very many neighbours, only the edges to vertices of the page are read."""
    leaves = 600
    load(service, *fan(leaves))
    found = pages(sagemaker, StartArns=[artifact_arn(leaves)])
    assert sum(len(page["Vertices"]) for page in found) == leaves + 1
    assert sorted(edge for page in found for edge in edges(page)) == sorted(
        (DATA, artifact_arn(leaf)) for leaf in range(1, leaves + 1)
    )


# Random graphs, compared with a simple reference implementation.

NUMBERS = st.integers(0, 11)
GRAPHS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=40, unique=True)
REQUESTS = st.fixed_dictionaries(
    {
        "Direction": st.sampled_from(["Ascendants", "Descendants", "Both"]),
        "MaxDepth": st.integers(1, 10),
        "MaxResults": st.integers(1, 7),
        "IncludeEdges": st.booleans(),
        "Filters": st.sampled_from([{}, {"Types": ["odd"]}, {"Types": ["even"], "LineageTypes": ["Artifact"]}]),
    }
)


def naive(graph: list[Edge], start: str, request: dict[str, Any]) -> tuple[dict[str, int], set[Edge]]:
    """Return the vertices that the walk reaches, with their depths, and the edges that it follows."""
    follows = {
        "Descendants": [(source, end, (source, end)) for source, end in graph],
        "Ascendants": [(end, source, (source, end)) for source, end in graph],
    }
    steps = follows.get(request["Direction"]) or [*follows["Descendants"], *follows["Ascendants"]]
    depths, followed, waiting = {start: 0}, set(), deque([start])
    while waiting:
        here = waiting.popleft()
        if depths[here] == request["MaxDepth"]:
            continue
        for source, there, edge in steps:
            if source == here:
                followed.add(edge)
                if there not in depths:
                    depths[there] = depths[here] + 1
                    waiting.append(there)
    return depths, followed


def on_shortest_paths(start: str, end: str, depths: dict[str, int], followed: set[Edge], direction: str) -> set[str]:
    """Return all vertices on shortest paths to the end."""
    if end == start:
        return {start}
    before = {source for source, there in followed if there == end and direction != "Ascendants"}
    before |= {there for source, there in followed if source == end and direction != "Descendants"}
    nearer = [vertex for vertex in before if depths[vertex] == depths[end] - 1]
    return {end}.union(*(on_shortest_paths(start, vertex, depths, followed, direction) for vertex in nearer))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=GRAPHS, request_=REQUESTS)
def test_walks_agree_with_naive_ones(
    server: LocalServer, graph: list[tuple[int, int]], request_: dict[str, Any]
) -> None:
    server.clear()
    load(server, *(artifact(number, "odd" if number % 2 else "even") for number in range(12)))
    arrows = [(artifact_arn(source), artifact_arn(end)) for source, end in graph]
    load(server, *(association(*arrow) for arrow in arrows))
    depths, followed = naive(arrows, DATA, request_)
    types = request_["Filters"].get("Types")
    matching = {
        vertex for vertex in depths if types is None or ("odd" if int(vertex[-2:], 16) % 2 else "even") in types
    }
    if request_["IncludeEdges"]:
        wanted = {DATA}.union(
            *(on_shortest_paths(DATA, end, depths, followed, request_["Direction"]) for end in matching)
        )
        among = {edge for edge in followed if wanted >= {*edge}}
    else:
        wanted, among = matching - {DATA}, set()

    found = pages(client(server.url), StartArns=[DATA], **request_)
    order = [vertex for page in found for vertex in arns(page)]
    assert order == sorted(wanted, key=lambda vertex: (depths[vertex], vertex))
    assert len(found) == max(1, -(-len(wanted) // request_["MaxResults"]))
    shown = [edge for page in found for edge in edges(page)]
    assert (sorted(shown), len(shown)) == (sorted(among), len(among))
    known: set[str] = set()
    for page in found:
        known |= {*arns(page)}
        assert all({*edge} <= known and {*edge} & {*arns(page)} for edge in edges(page))
