"""Fields load from AWS only what is not loaded yet; every test counts the calls that the service received."""

from collections import Counter
from collections.abc import Callable

import pytest
from conftest import Ask
from graphs import arn, artifact, artifact_arn, association, component, component_arn, diamond, fan

from gateway.aws.kinds import TRIAL_COMPONENT
from gateway.local.server import LocalServer

DATASET = artifact_arn(0)


async def test_arn_alone_takes_one_call(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(artifact(0))
    data = await ask("query($arn: Arn!) { artifact(arn: $arn) { id arn lineageType } }", arn=DATASET)
    assert data == {"artifact": {"id": DATASET, "arn": DATASET, "lineageType": "ARTIFACT"}}
    assert calls == {"DescribeArtifact": 1}


async def test_names_and_types_need_no_describe(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(3))
    data = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { arn lineageType name type } } } }", arn=DATASET
    )
    assert [node["name"] for node in data["artifact"]["downstream"]["nodes"]] == [f"artifact-{n}" for n in (1, 2, 3)]
    assert {node["type"] for node in data["artifact"]["downstream"]["nodes"]} == {"Model"}
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1}


async def test_uncovered_field_describes_each_vertex(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(3))
    data = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { creationTime sourceUri } } } }", arn=DATASET
    )
    assert [node["sourceUri"] for node in data["artifact"]["downstream"]["nodes"]] == [
        f"s3://bucket/{n}" for n in (1, 2, 3)
    ]
    assert calls == {"DescribeArtifact": 4, "ListAssociations": 1}


async def test_vertex_on_three_paths_described_once(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(1))
    leaf = artifact_arn(1)
    await ask(
        """query($arn: Arn!, $leaf: Arn!) {
          artifact(arn: $arn) { downstream { nodes { creationTime } edges { node { createdBy { domainId } } } } }
          again: artifact(arn: $leaf) { creationTime }
          entity(arn: $leaf) { lastModifiedTime }
        }""",
        arn=DATASET,
        leaf=leaf,
    )
    assert calls == {"DescribeArtifact": 2, "ListAssociations": 1}


async def test_each_direction_is_loaded_once(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    data = await ask(
        """query($arn: Arn!) { artifact(arn: $arn) {
          downstream { nodes { downstream(first: 5) { nodes { downstream { nodes {
            name upstream { nodes { name } } again: upstream(first: 1) { pageInfo { hasNextPage } }
          } } } } } }
        } }""",
        arn=DATASET,
    )
    endpoints = [
        end
        for job in data["artifact"]["downstream"]["nodes"]
        for model in job["downstream"]["nodes"]
        for end in model["downstream"]["nodes"]
    ]
    assert [end["again"]["pageInfo"]["hasNextPage"] for end in endpoints] == [True, True]
    # the dataset, two jobs and two models downstream; the endpoint upstream, once although several lead to it
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 6}


async def test_trial_components_come_by_search(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*diamond())
    data = await ask(
        """query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes {
          ... on TrialComponent { status { primaryStatus } source { sourceType } } creationTime
        } } } }""",
        arn=DATASET,
    )
    assert {node["source"]["sourceType"] for node in data["artifact"]["downstream"]["nodes"]} == {
        "SageMakerTrainingJob"
    }
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1, "Search": 1}


async def test_one_search_serves_whole_level(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    jobs = [f"job-{number}" for number in range(9)]
    load(*fan(3), *map(component, jobs))
    load(*(association(artifact_arn(1 + n % 3), component_arn(job)) for n, job in enumerate(jobs)))
    data = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { downstream { nodes { creationTime } } } } } }",
        arn=DATASET,
    )
    assert sum(len(node["downstream"]["nodes"]) for node in data["artifact"]["downstream"]["nodes"]) == len(jobs)
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 4, "Search": 1}


async def test_search_loads_hundred_per_call(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    jobs = [f"job-{number}" for number in range(150)]
    load(*map(component, jobs))
    found = []
    for some in (jobs[:100], jobs[:50]):
        calls.clear()
        data = await ask(
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on TrialComponent { name } } }",
            ids=[component_arn(job) for job in some],
        )
        found.append([node["name"] for node in data["nodes"]])
        assert calls == {"Search": 1}
    assert found == [jobs[:100], jobs[:50]]


async def test_lone_trial_component_is_described(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(component("job"))
    await ask("query($arn: Arn) { trialComponent(arn: $arn) { name startTime } }", arn=component_arn("job"))
    assert calls == {"DescribeTrialComponent": 1}


async def test_fields_missing_from_search_are_described(
    ask: Ask, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*diamond())
    await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { ... on TrialComponent {"
        " sources { sourceArn } } } } } }",
        arn=DATASET,
    )
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1, "DescribeTrialComponent": 2}


async def test_component_unknown_to_search_is_described(
    ask: Ask, load: Callable[..., None], calls: Counter[str], service: LocalServer
) -> None:
    load(*diamond())
    service.behaviour.deny = ["Search:*"]
    data = await ask("query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { creationTime } } } }", arn=DATASET)
    assert all(node["creationTime"] for node in data["artifact"]["downstream"]["nodes"])
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1, "Search": 1, "DescribeTrialComponent": 2}


async def test_listing_covers_its_own_summary(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*fan(3))
    await ask("{ artifacts { nodes { arn name type sourceUri creationTime lastModifiedTime source { sourceUri } } } }")
    assert calls == {"ListArtifacts": 1}


async def test_contexts_never_have_metadata_properties(
    ask: Ask, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(*diamond())
    data = await ask("{ contexts { nodes { name metadataProperties { commitId } } } }")
    assert data == {"contexts": {"nodes": [{"name": "endpoint", "metadataProperties": None}]}}
    assert calls == {"ListContexts": 1}
    query = "query($arn: Arn!) { lineage(start: [$arn]) { vertices { entity { metadataProperties { commitId } } } } }"
    await ask(query, arn=arn("context", "endpoint"))
    assert calls["DescribeContext"] == 0


async def test_lineage_group_identity_is_free(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(artifact(0))
    data = await ask("query($arn: Arn!) { artifact(arn: $arn) { lineageGroup { arn name } } }", arn=DATASET)
    assert data["artifact"]["lineageGroup"]["name"] == "sagemaker-default-lineage-group"
    assert calls == {"DescribeArtifact": 1}


@pytest.mark.parametrize("field", ["displayName", "creationTime", "createdBy { domainId }"])
async def test_lineage_group_is_described_once(
    ask: Ask, load: Callable[..., None], calls: Counter[str], field: str
) -> None:
    load(*fan(3))
    await ask(f"{{ artifacts {{ nodes {{ lineageGroup {{ {field} }} }} }} }}")
    assert calls == {"ListArtifacts": 1, "DescribeArtifact": 4, "DescribeLineageGroup": 1}


async def test_tags_take_one_call_each(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(artifact(0, Tags=[{"Key": "team", "Value": "fraud"}]))
    data = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { tags { key value } } entity(arn: $arn) { tags { key } } }",
        arn=DATASET,
    )
    assert data["artifact"]["tags"] == [{"key": "team", "value": "fraud"}]
    assert calls == {"DescribeArtifact": 1, "ListTags": 1}


async def test_missing_neighbour_keeps_its_identity(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    gone = arn("action", "gone")
    load(artifact(0), association(DATASET, gone))
    data = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { arn name creationTime tags { key } } } } }",
        arn=DATASET,
    )
    assert data["artifact"]["downstream"]["nodes"] == [{"arn": gone, "name": None, "creationTime": None, "tags": []}]
    assert calls == {"DescribeArtifact": 1, "ListAssociations": 1, "DescribeAction": 1, "ListTags": 1}


@pytest.mark.parametrize(
    ("lengths", "filters"), [([511, 512], [1]), ([512, 512], [2]), ([1024] * 20, [20]), ([1024] * 21, [20, 1])]
)
def test_searches_keep_to_their_limits(lengths: list[int], filters: list[int]) -> None:
    """A value of a filter has at most 1,024 characters, and an expression at most 20 filters."""
    assert TRIAL_COMPONENT.batch
    searches = TRIAL_COMPONENT.batch.calls(["a" * length for length in lengths])
    assert [len(search["SearchExpression"]["Filters"]) for search in searches] == filters
