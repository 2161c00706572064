"""Which calls load the names and other fields of a walk's vertices, as the service counts them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from conftest import Ask
from graphs import Line, artifact, artifact_arn, association, component, component_arn, diamond, fan

from gateway.local.server import LocalServer

Load = Callable[..., None]
HUB = artifact_arn(0)
NAMES = "name type"
TIMES = "name creationTime ... on Artifact { sourceUri }"


async def vertices(ask: Ask, fields: str, start: str = HUB, **arguments: str) -> list[dict[str, Any]]:
    """Walk the whole graph downstream, and return the given fields of each vertex."""
    given = "".join(f", {name}: {value}" for name, value in arguments.items())
    query = f"""query ($start: Arn!) {{ lineage(start: [$start], direction: DOWNSTREAM, maxVertices: 5000{given}) {{
        vertices {{ entity {{ arn {fields} }} }} coverage {{ complete }} }} }}"""
    walked = (await ask(query, start=start))["lineage"]
    assert walked["coverage"]["complete"]
    return [vertex["entity"] for vertex in walked["vertices"]]


def unassociated(number: int) -> list[Line]:
    """Return artifacts of the same account that are newer than all others and have no associations."""
    return [artifact(100_000 + number, CreationTime=2_100_000_000 + number) for number in range(number)]


async def test_listing_names_the_accounts_vertices(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(249))
    found = await vertices(ask, NAMES)
    assert {one["arn"]: one["name"] for one in found} == {artifact_arn(n): f"artifact-{n}" for n in range(250)}
    assert calls == {"QueryLineage": 5, "ListArtifacts": 3}


async def test_listing_covers_times_and_sources(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(249))
    found = await vertices(ask, TIMES)
    assert all(one["creationTime"] and one["sourceUri"] for one in found)
    assert calls == {"QueryLineage": 5, "ListArtifacts": 3}


async def test_listing_of_others_is_abandoned(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(249), *unassociated(3000))
    assert all(one["name"] for one in await vertices(ask, NAMES))
    # Five pages of the listing before it is abandoned, and three pages of the hub's associations.
    assert calls == {"QueryLineage": 5, "ListArtifacts": 5, "ListAssociations": 3}


async def test_useful_listing_is_read_on(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(249), *unassociated(400))
    assert all(one["name"] for one in await vertices(ask, TIMES))
    assert calls == {"QueryLineage": 5, "ListArtifacts": 7}


async def test_last_few_are_described_individually(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(300))
    assert all(one["name"] for one in await vertices(ask, NAMES))
    assert calls == {"QueryLineage": 7, "ListArtifacts": 3, "DescribeArtifact": 1}


async def test_neighbours_associations_name_few_vertices(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(15))
    assert all(one["name"] for one in await vertices(ask, NAMES))
    assert calls == {"QueryLineage": 1, "ListAssociations": 1}


async def test_few_vertices_take_a_describe_each(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(15))
    assert all(one["creationTime"] for one in await vertices(ask, TIMES))
    assert calls == {"QueryLineage": 1, "DescribeArtifact": 16}


async def test_model_packages_come_with_names(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(5))
    await vertices(ask, "name ... on Artifact { modelPackage { arn } }")
    assert calls == {"QueryLineage": 1, "DescribeArtifact": 6}


async def test_one_page_is_tried_for_twenty(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(19))
    assert all(one["creationTime"] for one in await vertices(ask, TIMES))
    assert calls == {"QueryLineage": 1, "ListArtifacts": 1}


async def test_single_vertex_takes_a_describe(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(artifact(0))
    assert await vertices(ask, NAMES) == [{"arn": HUB, "name": "artifact-0", "type": "DataSet"}]
    assert calls == {"QueryLineage": 1, "DescribeArtifact": 1}


async def test_identity_and_type_take_nothing(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(249))
    await vertices(ask, "lineageType type")
    assert calls == {"QueryLineage": 5}


async def test_less_waiting_does_not_wait_for_a_listing(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(15))
    assert all(one["name"] for one in await vertices(ask, NAMES, prefer="LESS_WAITING"))
    assert calls.pop("QueryLineage") <= 2  # a near and a far one; the first complete response cancels the other
    assert calls == {"ListAssociations": 1}


async def test_trial_components_come_by_the_hundred(ask: Ask, load: Load, calls: Counter[str]) -> None:
    names = [f"run-{number}" for number in range(249)]
    load(artifact(0), *map(component, names), *(association(HUB, component_arn(name)) for name in names))
    found = await vertices(ask, "... on TrialComponent { name createdBy { domainId } }")
    assert {one["name"] for one in found[1:]} == set(names)
    assert calls == {"QueryLineage": 5, "Search": 3}


async def test_associations_also_name_trial_components(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*diamond())
    found = await vertices(ask, NAMES)
    assert {one["name"] for one in found} >= {"left", "right", "artifact-0"}
    assert calls == {"QueryLineage": 1, "ListAssociations": 3}


@pytest.mark.parametrize(
    ("given", "cost"),
    [
        ('filter: { types: ["Endpoint"] }', {"QueryLineage": 1, "DescribeArtifact": 1, "DescribeContext": 1}),
        ("filter: { lineageTypes: [CONTEXT] }", {"QueryLineage": 1, "DescribeArtifact": 1, "DescribeContext": 1}),
        ("maxVertices: 1", {"QueryLineage": 1, "DescribeArtifact": 1}),
    ],
)
async def test_only_shown_vertices_are_described(
    ask: Ask, load: Load, calls: Counter[str], given: str, cost: dict[str, int]
) -> None:
    load(*diamond())
    query = """query ($start: Arn!) { lineage(start: [$start], direction: DOWNSTREAM, %s) {
        vertices { entity { lastModifiedTime createdBy { domainId } } } } }"""
    assert (await ask(query % given, start=HUB))["lineage"]["vertices"]
    assert calls == cost


async def test_filtered_times_come_by_listing(ask: Ask, load: Load, service: LocalServer, calls: Counter[str]) -> None:
    load(*fan(24))
    service.behaviour.latency_ms = 50  # the filter waits for the listing
    assert len(await vertices(ask, "type", filter='{ createdAfter: "2001-01-01T00:00:00Z" }')) == 25
    assert calls == {"QueryLineage": 1, "ListArtifacts": 1}


async def test_filter_and_selection_share_describes(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(24))
    since = '{ createdAfter: "2001-01-01T00:00:00Z" }'
    assert len(await vertices(ask, "createdBy { domainId }", filter=since)) == 25
    assert calls == {"QueryLineage": 1, "DescribeArtifact": 25}  # a listing would know only the times


@pytest.mark.parametrize("filter", [{}, {"lineageTypes": ["CONTEXT"]}])
async def test_starts_are_described_together(ask: Ask, load: Load, calls: Counter[str], filter: Any) -> None:
    load(*fan(24))
    query = """query ($start: [Arn!]!, $filter: LineageFilter!) {
        lineage(start: $start, maxDepth: 0, filter: $filter) { start { name sourceUri } } }"""
    starts = [artifact_arn(number) for number in range(25)]
    found = (await ask(query, start=starts, filter=filter))["lineage"]["start"]
    assert [one["name"] for one in found] == [f"artifact-{number}" for number in range(25)]
    assert calls == {"ListArtifacts": 1}


async def test_hidden_starts_need_no_filtering(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(3))
    hiding = '{ types: ["Image"], createdAfter: "2001-01-01T00:00:00Z" }'
    assert [one["type"] for one in await vertices(ask, "type", filter=hiding)] == ["DataSet"]
    assert calls == {"QueryLineage": 1}


async def test_single_components_tags_describe_nothing(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(artifact(0), component("run"), association(HUB, component_arn("run")))
    await vertices(ask, "... on TrialComponent { tags { key } parentTrials { nodes { arn } } }")
    assert calls == {"QueryLineage": 1, "ListTags": 1, "ListTrials": 1}


async def test_names_of_one_kind_suffice(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(3), component("run"), association(HUB, component_arn("run")))
    found = await vertices(ask, "... on Artifact { name }")
    assert {one["name"] for one in found if "name" in one} == {f"artifact-{number}" for number in range(4)}
    assert calls == {"QueryLineage": 1, "ListAssociations": 1}


async def test_associations_name_a_tagged_component(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(artifact(0), component("run"), association(HUB, component_arn("run")))
    found = await vertices(ask, "name ... on TrialComponent { tags { key } }")
    assert [one["name"] for one in found] == ["artifact-0", "run"]
    assert calls == {"QueryLineage": 1, "ListAssociations": 1, "ListTags": 1}


async def test_fields_of_starts_are_theirs_alone(ask: Ask, load: Load, calls: Counter[str]) -> None:
    load(*fan(24))
    query = "query ($start: [Arn!]!) { lineage(start: $start) { start { name } vertices { entity { type } } } }"
    assert len((await ask(query, start=[HUB]))["lineage"]["vertices"]) == 25
    assert calls == {"QueryLineage": 1, "DescribeArtifact": 1}


@pytest.mark.parametrize(
    ("deny", "cost"),
    [
        (["ListArtifacts:*"], {"QueryLineage": 5, "ListArtifacts": 1, "ListAssociations": 3}),
        (
            ["ListArtifacts:*", "ListAssociations:*"],
            {"QueryLineage": 5, "ListArtifacts": 1, "ListAssociations": 1, "DescribeArtifact": 250},
        ),
    ],
)
async def test_denied_listing_falls_back(
    ask: Ask, load: Load, calls: Counter[str], service: LocalServer, deny: list[str], cost: dict[str, int]
) -> None:
    load(*fan(249))
    service.behaviour.deny = deny
    assert all(one["name"] for one in await vertices(ask, NAMES))
    assert calls == cost


async def test_plan_says_why_a_listing_is_read(http: httpx.AsyncClient, load: Load) -> None:
    load(*fan(25))
    query = f'{{ lineage(start: ["{HUB}"]) {{ vertices {{ entity {{ name }} }} }} }}'
    said = (await http.post("/graphql", json={"query": query, "extensions": {"aws": True}})).json()
    assert "ListArtifacts: returns many of the walk's vertices per call" in said["extensions"]["aws"]["plan"]


async def test_plan_explains_reading_all_pages(http: httpx.AsyncClient, load: Load) -> None:
    load(*fan(25))
    query = f'{{ lineage(start: ["{HUB}"], prefer: LESS_WAITING) {{ vertices {{ depth }} }} }}'
    said = (await http.post("/graphql", json={"query": query, "extensions": {"aws": True}})).json()
    assert said["extensions"]["aws"]["plan"] == [
        "QueryLineage: least waiting: in parallel, the whole graph page by page, in case that finishes first",
        "QueryLineage: least waiting: many concurrent calls, each to the depth that fits on one page",
    ]


@pytest.mark.parametrize(("models", "cost"), [(5, {"ListAssociations": 1}), (60, {"ListArtifacts": 1})])
async def test_question_fields_load_names_alike(
    ask: Ask, load: Load, calls: Counter[str], models: int, cost: dict[str, int]
) -> None:
    load(*fan(models))
    query = """query ($arn: Arn!) { artifact(arn: $arn) { arn
        models(first: 100) { nodes { name } } } }"""
    nodes = (await ask(query, arn=HUB))["artifact"]["models"]["nodes"]
    assert {node["name"] for node in nodes} == {f"artifact-{number}" for number in range(1, models + 1)}
    assert calls == {"DescribeArtifact": 1, "QueryLineage": -(-(models + 1) // 50), **cost}
