"""The model registry: packages, groups and cards, and the links between them and the lineage graph."""

from collections import Counter
from collections.abc import Callable

import pytest
from conftest import Ask, asking, expecting_data, running
from endpoint import answer as answered
from endpoint import endpoint
from graphs import action, arn, artifact, artifact_arn, association, card, context, package, package_group

from gateway.local.server import LocalServer
from gateway.settings import Settings

GROUP = arn("model-package-group", "churn")
LATEST = arn("model-package", "churn/2")
FIRST = arn("model-package", "churn/1")
ALONE = arn("model-package", "lonely")
CARD = arn("model-card", "churn-card")

CONTAINERS = {"Containers": [{"Image": "image:1", "Environment": {"b": "2", "a": "1"}}]}


@pytest.fixture
def registry(load: Callable[..., None]) -> None:
    """A group with two versions, a package without a group, and the vertices that represent them."""
    load(
        package_group("churn", ModelPackageGroupDescription="Who leaves?", CreationTime=1_700_000_000),
        package("churn", 1, ModelApprovalStatus="Rejected", CreationTime=1_700_000_001),
        package(
            "churn",
            2,
            ModelApprovalStatus="Approved",
            CreationTime=1_700_000_002,
            InferenceSpecification=CONTAINERS,
            CustomerMetadataProperties={"team": "fraud"},
        ),
        package("lonely", CreationTime=1_700_000_003),
        artifact(1, "Model", Source={"SourceUri": FIRST}),
        artifact(2, "Model", Source={"SourceUri": LATEST}),
        artifact(3, "DataSet"),
        action("approve", "Approval", Source={"SourceUri": LATEST}),
        context("churn-context", "ModelGroup", Source={"SourceUri": GROUP}),
        association(artifact_arn(3), artifact_arn(1)),
        association(artifact_arn(3), artifact_arn(2)),
    )


@pytest.mark.usefixtures("registry")
async def test_package_and_its_group(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """query($arn: Arn!) { modelPackage(arn: $arn) {
          id arn groupName version status modelApprovalStatus sourceUri
          inferenceSpecification { containers { image environment { key value } } }
          customerMetadataProperties { key value }
          group { id arn name }
        } }""",
        arn=LATEST,
    )
    assert data["modelPackage"] == {
        "id": LATEST,
        "arn": LATEST,
        "groupName": "churn",
        "version": 2,
        "status": "COMPLETED",
        "modelApprovalStatus": "APPROVED",
        "sourceUri": None,
        "inferenceSpecification": {
            "containers": [
                {"image": "image:1", "environment": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
            ]
        },
        "customerMetadataProperties": [{"key": "team", "value": "fraud"}],
        "group": {"id": GROUP, "arn": GROUP, "name": "churn"},
    }
    assert calls == {"DescribeModelPackage": 1}


@pytest.mark.usefixtures("registry")
async def test_package_without_group_has_none(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        "query($arn: Arn!) { modelPackage(arn: $arn) { name version groupName group { arn } artifact { arn } } }",
        arn=ALONE,
    )
    assert data["modelPackage"] == {
        "name": "lonely",
        "version": None,
        "groupName": None,
        "group": None,
        "artifact": None,
    }
    assert calls == {"DescribeModelPackage": 1, "ListArtifacts": 1}


@pytest.mark.usefixtures("registry")
async def test_hop_from_a_package_leads_nowhere(ask: Ask, calls: Counter[str]) -> None:
    hop = "... on Node { ... on LineageEntity { upstream { nodes { arn } } } }"
    assert (await ask(f"query($arn: Arn!) {{ modelPackage(arn: $arn) {{ arn {hop} }} }}", arn=LATEST)) == {
        "modelPackage": {"arn": LATEST}
    }
    assert calls == {"DescribeModelPackage": 1}


@pytest.mark.usefixtures("registry")
async def test_group_lists_its_packages(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{ modelPackageGroup(name: "churn") {
          arn name description status creationTime tags { key }
          packages { nodes { arn version modelApprovalStatus creationTime group { description } } }
          newest: packages(first: 1, modelApprovalStatus: APPROVED, sortOrder: DESCENDING) { nodes { version } }
        } }"""
    )
    group = data["modelPackageGroup"]
    assert (group["arn"], group["name"], group["description"]) == (GROUP, "churn", "Who leaves?")
    assert [(node["arn"], node["version"], node["modelApprovalStatus"]) for node in group["packages"]["nodes"]] == [
        (FIRST, 1, "REJECTED"),
        (LATEST, 2, "APPROVED"),
    ]
    assert {node["group"]["description"] for node in group["packages"]["nodes"]} == {"Who leaves?"}
    assert group["newest"]["nodes"] == [{"version": 2}]
    assert calls == {"DescribeModelPackageGroup": 1, "ListModelPackages": 2, "ListTags": 1}


@pytest.mark.usefixtures("registry")
async def test_vertices_lead_to_the_registry(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{
          artifacts(sortOrder: ASCENDING) { nodes { modelPackage { arn group { arn } } } }
          actions { nodes { modelPackage { arn } } }
          contexts { nodes { modelPackageGroup { arn } } }
        }"""
    )
    assert data["artifacts"]["nodes"] == [
        {"modelPackage": {"arn": FIRST, "group": {"arn": GROUP}}},
        {"modelPackage": {"arn": LATEST, "group": {"arn": GROUP}}},
        {"modelPackage": None},
    ]
    assert data["actions"]["nodes"] == [{"modelPackage": {"arn": LATEST}}]
    assert data["contexts"]["nodes"] == [{"modelPackageGroup": {"arn": GROUP}}]
    assert calls == {"ListArtifacts": 1, "ListActions": 1, "ListContexts": 1}


@pytest.mark.usefixtures("registry")
async def test_registry_leads_back_to_the_graph(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{ modelPackageGroup(name: "churn") {
          context { name type }
          packages { nodes { artifact { arn upstream { nodes { arn } } } } }
        } }"""
    )
    group = data["modelPackageGroup"]
    assert group["context"] == {"name": "churn-context", "type": "ModelGroup"}
    assert [node["artifact"]["arn"] for node in group["packages"]["nodes"]] == [artifact_arn(1), artifact_arn(2)]
    assert group["packages"]["nodes"][0]["artifact"]["upstream"]["nodes"] == [{"arn": artifact_arn(3)}]
    assert calls == {
        "DescribeModelPackageGroup": 1,
        "ListContexts": 1,
        "ListModelPackages": 1,
        "ListArtifacts": 2,
        "ListAssociations": 2,
    }


@pytest.mark.usefixtures("registry")
async def test_several_packages_come_by_the_batch(ask: Ask, calls: Counter[str]) -> None:
    data = await ask("{ modelPackages { nodes { arn inferenceSpecification { containers { image } } } } }")
    specifications = {node["arn"]: node["inferenceSpecification"] for node in data["modelPackages"]["nodes"]}
    assert specifications[LATEST] == {"containers": [{"image": "image:1"}]}
    assert specifications[ALONE] is None
    # The batch operation only takes versions of groups.
    assert calls == {"ListModelPackages": 1, "BatchDescribeModelPackage": 1, "DescribeModelPackage": 1}


@pytest.mark.usefixtures("registry")
async def test_one_batch_serves_a_whole_level(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { ... on Artifact {
          modelPackage { version modelApprovalStatus }
        } } } } }""",
        arn=artifact_arn(3),
    )
    packages = [node["modelPackage"] for node in data["artifact"]["downstream"]["nodes"]]
    assert sorted(package["version"] for package in packages) == [1, 2]
    assert calls == {"DescribeArtifact": 3, "ListAssociations": 1, "BatchDescribeModelPackage": 1}


async def test_batch_awaits_actions_by_name(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    for version in range(1, 9):
        source = {"SourceUri": arn("model-package", f"churn/{version}")}
        load(package("churn", version), action(f"approve-{version}", "Approval", Source=source))
    approvals = (f'_{one}: action(name: "approve-{one}") {{ modelPackage {{ status }} }}' for one in range(1, 9))
    assert len(await ask(f"{{ {' '.join(approvals)} }}")) == 8
    assert calls == {"DescribeAction": 8, "BatchDescribeModelPackage": 1}


@pytest.mark.usefixtures("registry")
async def test_fields_missing_from_batch_are_described(ask: Ask, calls: Counter[str]) -> None:
    await ask(
        "{ modelPackages(type: VERSIONED) { nodes { domain inferenceSpecification { supportedContentTypes } } } }"
    )
    assert calls == {"ListModelPackages": 1, "DescribeModelPackage": 2}


@pytest.mark.usefixtures("registry")
async def test_batch_loads_hundred_per_call(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*(package("many", version) for version in range(1, 101)))
    data = await ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on ModelPackage { version } } }",
        ids=[arn("model-package", f"many/{version}") for version in range(1, 101)],
    )
    assert [node["version"] for node in data["nodes"]] == list(range(1, 101))
    assert calls == {"BatchDescribeModelPackage": 1}


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("denied", [f"BatchDescribeModelPackage:{FIRST}", "BatchDescribeModelPackage:*"])
async def test_denied_batch_falls_back(ask: Ask, calls: Counter[str], service: LocalServer, denied: str) -> None:
    service.behaviour.deny = [denied]
    data = await ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on ModelPackage { version } } }", ids=[LATEST, FIRST]
    )
    assert data["nodes"] == [{"version": 2}, {"version": 1}]
    assert calls["BatchDescribeModelPackage"] == 1
    assert calls["DescribeModelPackage"] == (1 if FIRST in denied else 2)


@pytest.mark.usefixtures("registry")
async def test_unknown_batch_falls_back(ask: Ask, calls: Counter[str], service: LocalServer) -> None:
    service.behaviour.unknown = ["BatchDescribeModelPackage"]
    data = await ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on ModelPackage { version } } }", ids=[LATEST, FIRST]
    )
    assert data["nodes"] == [{"version": 2}, {"version": 1}]
    assert calls == {"BatchDescribeModelPackage": 1, "DescribeModelPackage": 2}


async def test_batch_without_summaries_falls_back() -> None:
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(answered(b"{}"), answered(b'{"ModelPackageArn": "arn", "ModelPackageVersion": 3}'))
        data = await expecting_data(asking(client))(
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on ModelPackage { version } } }", ids=[LATEST, FIRST]
        )
    assert data["nodes"] == [{"version": 3}] * 2


@pytest.mark.usefixtures("registry")
async def test_denied_package_fails_its_fields(answer: Ask, service: LocalServer) -> None:
    service.behaviour.deny = [f"*:{FIRST}"]
    said = await answer(
        "query($arn: Arn!) { artifact(arn: $arn) { sourceUri modelPackage { arn version group { arn } } } }",
        arn=artifact_arn(1),
    )
    found = {"arn": FIRST, "version": None, "group": {"arn": GROUP}}
    assert said["data"]["artifact"] == {"sourceUri": FIRST, "modelPackage": found}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["artifact", "modelPackage", "version"], "FORBIDDEN")
    ]


async def test_other_sources_are_no_packages(ask: Ask, load: Callable[..., None]) -> None:
    load(*(artifact(number, "Model", Source={"SourceUri": uri}) for number, uri in enumerate((GROUP, "s3://b/k"))))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Artifact { modelPackage { arn } } } }"
    assert await ask(query, ids=[artifact_arn(0), artifact_arn(1)]) == {"nodes": [{"modelPackage": None}] * 2}


@pytest.mark.usefixtures("registry")
async def test_deleted_package_keeps_its_identity(ask: Ask, load: Callable[..., None]) -> None:
    gone = arn("model-package", "churn/9")
    load(artifact(9, "Model", Source={"SourceUri": gone}))
    data = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { modelPackage { arn version status group { arn } } } }",
        arn=artifact_arn(9),
    )
    assert data["artifact"]["modelPackage"] == {"arn": gone, "version": None, "status": None, "group": {"arn": GROUP}}


@pytest.mark.usefixtures("registry")
async def test_packages_are_filtered_as_aws_does(ask: Ask) -> None:
    data = await ask(
        """query($shared: String) {
          all: modelPackages { nodes { arn } }
          versions: modelPackages(groupName: "churn", sortOrder: DESCENDING) { nodes { version } }
          shared: modelPackages(groupName: $shared, createdAfter: "2023-11-14T22:13:22Z") { nodes { version } }
          alone: modelPackages(type: UNVERSIONED) { nodes { name } }
          approved: modelPackages(modelApprovalStatus: APPROVED) { nodes { version } }
          named: modelPackages(nameContains: "one") { nodes { name } }
          none: modelPackages(groupName: "gone") { nodes { name } }
          groups: modelPackageGroups(nameContains: "hur", sortBy: NAME) { nodes { name description } }
        }""",
        shared=GROUP,
    )
    assert {name: found["nodes"] for name, found in data.items()} == {
        "all": [{"arn": FIRST}, {"arn": LATEST}, {"arn": ALONE}],
        "versions": [{"version": 2}, {"version": 1}],
        "shared": [{"version": 2}],
        "alone": [{"name": "lonely"}],
        "approved": [{"version": 2}],
        "named": [{"name": "lonely"}],
        "none": [],
        "groups": [{"name": "churn", "description": "Who leaves?"}],
    }


@pytest.fixture
def cards(load: Callable[..., None]) -> None:
    """A model card in three versions."""
    for version, status in enumerate(("Draft", "PendingReview", "Approved"), 1):
        load(card("churn-card", version, ModelCardStatus=status, Content=f'{{"version": {version}}}'))


@pytest.mark.usefixtures("cards")
async def test_card_shows_its_latest_version(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{
          modelCard(name: "churn-card") { id arn name version status content tags { key } }
          second: modelCard(name: "churn-card", version: 2) { id arn version status content tags { key } }
          gone: modelCard(name: "churn-card", version: 9) { id }
        }"""
    )
    assert data == {
        "modelCard": {
            "id": CARD,
            "arn": CARD,
            "name": "churn-card",
            "version": 3,
            "status": "APPROVED",
            "content": '{"version": 3}',
            "tags": [],
        },
        "second": {
            "id": f"{CARD}/version/2",
            "arn": CARD,
            "version": 2,
            "status": "PENDING_REVIEW",
            "content": '{"version": 2}',
            "tags": [],
        },
        "gone": None,
    }
    assert calls == {"DescribeModelCard": 3, "ListTags": 1}


@pytest.mark.usefixtures("cards")
async def test_versions_of_a_card_are_nodes(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{ modelCards { nodes { name status versions { nodes { id version status creationTime } }
             drafts: versions(status: DRAFT) { nodes { version } } } } }"""
    )
    [found] = data["modelCards"]["nodes"]
    assert [(node["version"], node["status"]) for node in found["versions"]["nodes"]] == [
        (3, "APPROVED"),
        (2, "PENDING_REVIEW"),
        (1, "DRAFT"),
    ]
    assert found["drafts"]["nodes"] == [{"version": 1}]
    assert calls == {"ListModelCards": 1, "ListModelCardVersions": 2}
    ids = [node["id"] for node in found["versions"]["nodes"]]
    again = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id ... on ModelCard { version content } } }", ids=ids)
    assert again["nodes"] == [
        {"id": id, "version": version, "content": f'{{"version": {version}}}'}
        for id, version in zip(ids, (3, 2, 1), strict=True)
    ]


@pytest.mark.parametrize(
    ("field", "id"),
    [
        (f'modelPackage(arn: "{arn("model-package", "gone/1")}")', arn("model-package", "gone/1")),
        (f'modelPackage(arn: "{arn("model-package", "gone")}")', arn("model-package", "gone")),
        ('modelPackageGroup(name: "gone")', arn("model-package-group", "gone")),
        ('modelCard(name: "gone")', arn("model-card", "gone")),
        ('modelCard(name: "gone", version: 1)', arn("model-card", "gone/version/1")),
    ],
)
async def test_missing_one_is_null(ask: Ask, field: str, id: str) -> None:
    data = await ask(f'{{ found: {field} {{ id }} node(id: "{id}") {{ id }} }}')
    assert data == {"found": None, "node": None}


def too_long(length: int) -> str:
    return "x" * (length + 1)


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        (f'{{ modelPackageGroup(name: "{too_long(63)}") {{ arn }} }}', "name"),
        (f'{{ modelCard(name: "{too_long(63)}") {{ arn }} }}', "name"),
        ('{ modelCard(name: "a", version: 0) { arn } }', "version"),
        (f'{{ modelPackage(arn: "{GROUP}") {{ arn }} }}', "arn"),
        (f'{{ modelPackage(arn: "{FIRST}/1") {{ arn }} }}', "arn"),
        (f'{{ modelPackage(arn: "{arn("model-package", too_long(63))}") {{ arn }} }}', "arn"),
        ('{ modelPackages(groupName: "a b") { nodes { arn } } }', "groupName"),
        (f'{{ modelPackages(groupName: "{FIRST}") {{ nodes {{ arn }} }} }}', "groupName"),
        ('{ modelPackages(nameContains: "a b") { nodes { arn } } }', "nameContains"),
        ('{ modelPackageGroups(nameContains: "") { nodes { arn } } }', "nameContains"),
        ('{ modelCards(nameContains: "-a") { nodes { arn } } }', "nameContains"),
        (f'{{ node(id: "{CARD}/export-job/a") {{ id }} }}', "id"),
        (f'{{ node(id: "{CARD}/version/01") {{ id }} }}', "id"),
    ],
)
async def test_wrong_argument_is_named(refused: Ask, query: str, argument: str) -> None:
    error = await refused(query, "BAD_USER_INPUT")
    assert error["extensions"]["argument"] == argument
