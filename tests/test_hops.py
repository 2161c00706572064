"""A hop along the associations: its pages, cursors and filters."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from conftest import Ask
from graphs import arn, artifact, artifact_arn, association, component, component_arn, context, diamond, fan

from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.settings import Settings

DATASET = artifact_arn(0)

PAGE = """query($arn: Arn!, $first: Int, $after: String, $filter: HopFilter) {
  artifact(arn: $arn) { downstream(first: $first, after: $after, filter: $filter) {
    edges { cursor node { arn name } association { id type } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}"""


async def walked(ask: Ask, first: int, **variables: Any) -> list[list[str]]:
    """Return the names on each page, from first to last."""
    pages = []
    after = None
    while True:
        hop = (await ask(PAGE, arn=DATASET, first=first, after=after, **variables))["artifact"]["downstream"]
        pages.append([edge["node"]["name"] for edge in hop["edges"]])
        if not hop["pageInfo"]["hasNextPage"]:
            return pages
        after = hop["pageInfo"]["endCursor"]


async def test_hop_goes_both_ways(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    data = await ask(
        """query($job: Arn!) { entity(arn: $job) {
          upstream { edges { node { arn } association { type source { arn } destination { arn } } } }
          downstream { edges { node { arn } association { type source { arn } destination { arn } } } }
        } }""",
        job=component_arn("left"),
    )
    job = {"arn": component_arn("left")}
    up, down = {"arn": DATASET}, {"arn": artifact_arn(1)}
    assert data["entity"] == {
        "upstream": {
            "edges": [{"node": up, "association": {"type": "CONTRIBUTED_TO", "source": up, "destination": job}}]
        },
        "downstream": {
            "edges": [{"node": down, "association": {"type": "PRODUCED", "source": job, "destination": down}}]
        },
    }


@pytest.mark.parametrize("first", [1, 7, 100])
async def test_pages_join_without_gaps(ask: Ask, load: Callable[..., None], first: int) -> None:
    load(*fan(23))
    pages = await walked(ask, first)
    assert [name for page in pages for name in page] == [f"artifact-{n}" for n in range(1, 24)]
    assert all(len(page) == first for page in pages[:-1])


async def test_pages_cross_those_of_aws(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(230))
    pages = await walked(ask, 70)
    assert [len(page) for page in pages] == [70, 70, 70, 20]
    assert len({name for page in pages for name in page}) == 230
    # the four pages need one, two, two and one of AWS's pages of a hundred
    assert calls["ListAssociations"] == 6


async def test_full_page_loads_no_more(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(150))
    hop = (await ask(PAGE, arn=DATASET, first=100))["artifact"]["downstream"]
    assert hop["pageInfo"]["hasNextPage"]
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1}
    rest = (await ask(PAGE, arn=DATASET, first=100, after=hop["pageInfo"]["endCursor"]))["artifact"]["downstream"]
    assert len(rest["edges"]) == 50
    assert calls["ListAssociations"] == 2


async def test_every_edge_can_be_resumed(ask: Ask, load: Callable[..., None]) -> None:
    load(*fan(5))
    hop = (await ask(PAGE, arn=DATASET))["artifact"]["downstream"]
    for place, edge in enumerate(hop["edges"], 1):
        rest = (await ask(PAGE, arn=DATASET, after=edge["cursor"]))["artifact"]["downstream"]
        assert rest["edges"] == hop["edges"][place:]
        assert rest["pageInfo"]["hasPreviousPage"]


async def test_resumed_page_takes_one_call(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(40))
    query = "query($after: String) { artifacts(first: 20, after: $after) { edges { cursor } } }"
    edges = (await ask(query))["artifacts"]["edges"]
    assert len((await ask(query, after=edges[4]["cursor"]))["artifacts"]["edges"]) == 20
    assert calls == {"ListArtifacts": 2}


@pytest.mark.parametrize("gone", [[], [1], [4], [3, 4], [4, 5], [1, 2, 3, 4], [2, 5]])
@pytest.mark.parametrize("new", [0, 1, 3])
async def test_pages_join_while_the_list_changes(
    ask: Ask, change: Ask, load: Callable[..., None], new: int, gone: list[int]
) -> None:
    load(*fan(9))
    first = (await ask(PAGE, arn=DATASET, first=4))["artifact"]["downstream"]
    for number in gone:
        ends = {"from": DATASET, "to": artifact_arn(number)}
        await change(
            """mutation($from: Arn!, $to: Arn!) {
              deleteAssociation(input: { sourceArn: $from, destinationArn: $to }) { sourceArn }
            }""",
            **ends,
        )
    for number in range(10, 10 + new):
        load(artifact(number), association(DATASET, artifact_arn(number), CreationTime=2_000_000_000 + number))
    rest = (await ask(PAGE, arn=DATASET, after=first["pageInfo"]["endCursor"]))["artifact"]["downstream"]
    names = [edge["node"]["name"] for edge in rest["edges"]]
    ahead = [f"artifact-{n}" for n in range(5, 10) if n not in gone]
    assert names[-len(ahead) :] == ahead
    assert names == ahead or gone == [1, 2, 3, 4]  # if the edges before it were deleted too, some may be repeated


async def test_cursors_survive_another_gateway(ask: Ask, load: Callable[..., None], server: LocalServer) -> None:
    load(*fan(120))
    first = (await ask(PAGE, arn=DATASET, first=100))["artifact"]["downstream"]
    app = create_app(Settings(local_url=server.url))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://other") as other,
    ):
        variables = {"arn": DATASET, "first": 100, "after": first["pageInfo"]["endCursor"]}
        response = await other.post("/graphql", json={"query": PAGE, "variables": variables})
    rest = response.json()["data"]["artifact"]["downstream"]
    assert [edge["node"]["name"] for edge in rest["edges"]] == [f"artifact-{n}" for n in range(101, 121)]
    assert not rest["pageInfo"]["hasNextPage"]


async def test_empty_hop_has_no_cursors(ask: Ask, load: Callable[..., None]) -> None:
    load(artifact(0))
    hop = (await ask(PAGE, arn=DATASET))["artifact"]["downstream"]
    info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert hop == {"edges": [], "pageInfo": info}


def mixed() -> list[dict[str, Any]]:
    """A dataset with neighbours of several kinds, types and association types; newest first, a b c d e f."""
    lines = [artifact(0), artifact(1, "Model", ArtifactName="a"), artifact(2, "DataSet", ArtifactName="b")]
    lines += [component("c", "training"), component("d", "processing"), context("e"), context("f", "ModelGroup")]
    ends = [artifact_arn(1), artifact_arn(2), component_arn("c"), component_arn("d")]
    ends += [arn("context", "e"), arn("context", "f")]
    kinds = ["Produced", "DerivedFrom", "ContributedTo", "ContributedTo", "AssociatedWith", "AssociatedWith"]
    for place, (end, kind) in enumerate(zip(ends, kinds, strict=True)):
        lines.append(association(DATASET, end, kind, CreationTime=1_700_000_000 - place))
    return lines


@pytest.mark.parametrize(
    ("filter", "names", "sent"),
    [
        ({}, "abcdef", {}),
        ({"associationTypes": ["CONTRIBUTED_TO"]}, "cd", {"AssociationType": "ContributedTo"}),
        ({"associationTypes": ["PRODUCED", "DERIVED_FROM"]}, "ab", {}),
        ({"lineageTypes": ["CONTEXT", "ARTIFACT"]}, "abef", {}),
        ({"types": ["Model"]}, "a", {"DestinationType": "Model"}),
        ({"types": ["Model", "Endpoint"]}, "ae", {}),
        ({"types": ["TrainingJob"]}, "c", {}),
        ({"types": ["SageMakerTrainingJob"]}, "c", {}),
        ({"types": ["ProcessingJob", "DataSet"]}, "bd", {}),
        ({"types": ["Model"], "lineageTypes": ["CONTEXT"]}, "", {"DestinationType": "Model"}),
        ({"createdAfter": "2023-11-14T22:13:18Z"}, "abc", {"CreatedAfter": 1_699_999_998}),
        ({"createdBefore": "2023-11-14T22:13:18.000+00:00"}, "cdef", {"CreatedBefore": 1_699_999_998}),
        ({"types": [], "lineageTypes": None}, "abcdef", {}),
    ],
)
async def test_filter_chooses_the_neighbours(
    ask: Ask, load: Callable[..., None], service: LocalServer, filter: dict[str, Any], names: str, sent: dict[str, Any]
) -> None:
    load(*mixed())
    data = await ask(PAGE, arn=DATASET, filter=filter)
    assert "".join(edge["node"]["name"] for edge in data["artifact"]["downstream"]["edges"]) == names
    [request] = [request for operation, request in service.requests if operation == "ListAssociations"]
    assert request == {"SourceArn": DATASET, "MaxResults": 100, **sent}


@pytest.mark.parametrize("type", ["TrainingJob", "SageMakerTrainingJob"])
async def test_either_spelling_finds_associations(ask: Ask, load: Callable[..., None], type: str) -> None:
    load(*diamond())
    data = await ask(
        """query($type: String!) {
          out: associations(sourceType: $type) { nodes { source { name type } } }
          into: associations(destinationType: $type) { nodes { destination { name type } } }
        }""",
        type=type,
    )
    jobs = [{"name": name, "type": "SageMakerTrainingJob"} for name in ("left", "right")]
    for list, end in (("out", "source"), ("into", "destination")):
        found = [node[end] for node in data[list]["nodes"]]
        assert sorted(found, key=lambda job: job["name"]) == jobs


async def test_overlong_type_matches_no_neighbours(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    for type in ("x" * 257, ""):
        assert await walked(ask, 10, filter={"types": [type]}) == [[]]


async def test_bounds_hold_to_the_millisecond(ask: Ask, load: Callable[..., None]) -> None:
    moments = {number: f"2026-01-01T00:00:00.{number}00Z" for number in (1, 5, 9)}
    load(*(artifact(number, CreationTime=moment) for number, moment in moments.items()), artifact(0, "Start"))
    load(*(association(DATASET, artifact_arn(n), CreationTime=moment) for n, moment in moments.items()))
    bounds = {"after": moments[1], "before": moments[5]}
    data = await ask(
        """query($arn: Arn!, $after: DateTime, $before: DateTime) {
          artifacts(type: "DataSet", createdAfter: $after, createdBefore: $before) { nodes { name } }
          associations(createdAfter: $after, createdBefore: $before) { nodes { destination { name } } }
          artifact(arn: $arn) {
            downstream(filter: { createdAfter: $after, createdBefore: $before }) { nodes { name } }
          }
        }""",
        arn=DATASET,
        **bounds,
    )
    names = [{"name": "artifact-5"}, {"name": "artifact-1"}]
    assert data["artifacts"]["nodes"] == data["artifact"]["downstream"]["nodes"] == names
    assert [node["destination"] for node in data["associations"]["nodes"]] == names


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_filtered_pages_join_without_gaps(ask: Ask, load: Callable[..., None], first: int) -> None:
    load(*mixed())
    pages = await walked(ask, first, filter={"lineageTypes": ["CONTEXT", "ARTIFACT"]})
    assert [len(page) for page in pages] == {1: [1, 1, 1, 1], 2: [2, 2], 3: [3, 1]}[first]
    assert "".join(name for page in pages for name in page) == "abef"


@pytest.mark.parametrize("created", [1, 2_000_000_000], ids=["last", "first"])
async def test_filter_looks_past_empty_pages(
    ask: Ask, load: Callable[..., None], calls: Counter[str], created: int
) -> None:
    load(*fan(205), context("only"), association(DATASET, arn("context", "only"), CreationTime=created))
    pages = await walked(ask, 1, filter={"lineageTypes": ["CONTEXT"]})
    assert pages == [["only"]]
    assert calls["ListAssociations"] == 3


async def test_association_is_a_node(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(1))
    hop = (await ask(PAGE, arn=DATASET))["artifact"]["downstream"]
    calls.clear()
    id = hop["edges"][0]["association"]["id"]
    data = await ask("query($id: ID!) { node(id: $id) { id ... on Association { source { name } } } }", id=id)
    assert data == {"node": {"id": id, "source": {"name": "artifact-0"}}}
    assert calls == {"ListAssociations": 1}


async def test_experiments_are_no_neighbours(ask: Ask, load: Callable[..., None]) -> None:
    load(*fan(1), association(DATASET, arn("experiment", "tries")))
    hop = (await ask(PAGE, arn=DATASET))["artifact"]["downstream"]
    assert [edge["node"]["name"] for edge in hop["edges"]] == ["artifact-1"]
