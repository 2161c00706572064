"""`resolve` finds the entities for whatever reference a user has, in the fewest possible calls."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Ask, asking, running
from endpoint import answer as answered
from endpoint import endpoint
from graphs import action, arn, artifact, artifact_arn, component, component_arn, context

from gateway.local.server import LocalServer
from gateway.settings import Settings

RESOLVE = "query($reference: String!) { resolve(reference: $reference) { arn } }"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1.0"
EXECUTION = arn("pipeline", "p/execution/abc")
PACKAGE = arn("model-package", "churn/3")
CAPITAL = {"Key": "sagemaker:pipeline-execution-arn", "Value": arn("pipeline", "mypipe/execution/xyz")}


@pytest.fixture
def account(load: Callable[..., None]) -> None:
    tag = {"Key": "sagemaker:pipeline-execution-arn", "Value": EXECUTION}
    load(
        artifact(1, Source={"SourceUri": "s3://bucket/data"}),
        artifact(2, Source={"SourceUri": "s3://bucket/data/"}),
        artifact(3, "Image", Source={"SourceUri": IMAGE}),
        artifact(4, "Model", Source={"SourceUri": PACKAGE}),
        artifact(5, "Model", Source={"SourceUri": arn("model-package", "alone")}),
        context("my-endpoint-context", Source={"SourceUri": arn("endpoint", "serve")}),
        context("churn_group", "ModelGroup", Source={"SourceUri": arn("model-package-group", "churn")}),
        context("report", "Report", Source={"SourceUri": "s3://bucket/report"}),
        action("reporting", "Reporting", Source={"SourceUri": "s3://bucket/report/"}),
        artifact(6, "Model", Source={"SourceUri": arn("model-package", "mygroup/1")}),
        context("other", Source={"SourceUri": arn("endpoint", "myendpoint")}),
        component("MyJob-run", Source={"SourceArn": arn("training-job", "myjob")}, Tags=[CAPITAL]),
        action("approve", "Approval", Source={"SourceUri": "https://ci/42"}),
        component("ab", Tags=[tag]),
        component("train-aws-training-job", Source={"SourceArn": arn("training-job", "train")}, Tags=[tag]),
    )


ENDPOINT = arn("context", "my-endpoint-context")
GROUP = arn("context", "churn_group")
JOB = component_arn("train-aws-training-job")
OTHER = component_arn("ab")
BY_KIND = {"ListArtifacts": 1, "ListContexts": 1, "ListActions": 1}
BY_URI = {"ListArtifacts": 2, "ListContexts": 2, "ListActions": 2}
BY_OBJECT = {"ListArtifacts": 3, "ListContexts": 3, "ListActions": 3}
BY_NAME = {
    "DescribeLineageGroup": 1,
    "DescribeContext": 1,
    "DescribeAction": 1,
    "Search": 1,
    "ListContexts": 2,
    "ListArtifacts": 1,
}
BY_CAPITALS = BY_NAME | {"ListContexts": 4, "ListArtifacts": 2}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("reference", "found", "cost"),
    [
        ("s3://bucket/data", [artifact_arn(1), artifact_arn(2)], BY_URI),
        ("s3://bucket/data/", [artifact_arn(2), artifact_arn(1)], BY_URI),
        ("s3://bucket/report", [arn("context", "report"), arn("action", "reporting")], BY_URI),
        ("s3://bucket/nothing", [], BY_URI),
        ("arn:aws:s3:::bucket/data", [artifact_arn(1), artifact_arn(2)], BY_OBJECT),
        ("arn:aws-cn:s3:::bucket/report", [arn("context", "report"), arn("action", "reporting")], BY_OBJECT),
        ("https://bucket.s3.amazonaws.com/data/", [artifact_arn(2), artifact_arn(1)], BY_OBJECT),
        ("https://bucket.s3.eu-west-1.amazonaws.com/d%61ta?versionId=1", [artifact_arn(1), artifact_arn(2)], BY_OBJECT),
        ("https://s3.cn-north-1.amazonaws.com.cn/bucket/data", [artifact_arn(1), artifact_arn(2)], BY_OBJECT),
        (IMAGE, [artifact_arn(3)], {"ListArtifacts": 1}),
        (PACKAGE, [artifact_arn(4)], {"ListArtifacts": 1}),
        ("churn/3", [artifact_arn(4)], {"DescribeLineageGroup": 1, "ListArtifacts": 2}),
        ("alone", [artifact_arn(5)], BY_NAME),
        (arn("model-package-group", "churn"), [GROUP], {"ListContexts": 1}),
        ("churn", [GROUP], BY_NAME),
        (arn("endpoint", "serve"), [ENDPOINT], {"ListContexts": 1}),
        ("serve", [ENDPOINT], BY_NAME),
        ("my-endpoint-context", [ENDPOINT], BY_NAME),
        (arn("training-job", "train"), [JOB], {"ListTrialComponents": 1}),
        ("train", [JOB], BY_NAME),
        ("train-aws-training-job", [JOB], BY_NAME),
        ("abc", [JOB, OTHER], BY_NAME),
        ("ab", [OTHER], BY_NAME),
        ("p/abc", [JOB, OTHER], {"DescribeLineageGroup": 1, "ListArtifacts": 1, "Search": 1}),
        (JOB, [JOB], {"DescribeTrialComponent": 1}),
        (EXECUTION, [JOB, OTHER], {"Search": 1}),
        (artifact_arn(1), [artifact_arn(1)], {"DescribeArtifact": 1}),
        (artifact_arn(404), [], {"DescribeArtifact": 1}),
        ("approve", [arn("action", "approve")], BY_NAME),
        ("https://ci/42", [arn("action", "approve")], BY_KIND),
        ("  serve\n", [ENDPOINT], BY_NAME),
        ("MyEndpoint", [arn("context", "other")], BY_CAPITALS),
        ("MyJob", [component_arn("MyJob-run")], BY_CAPITALS),
        ("MyGroup/1", [artifact_arn(6)], {"DescribeLineageGroup": 1, "ListArtifacts": 3}),
        ("MyPipe/xyz", [component_arn("MyJob-run")], {"DescribeLineageGroup": 1, "ListArtifacts": 1, "Search": 2}),
        (arn("endpoint", "MyEndpoint"), [arn("context", "other")], {"ListContexts": 2}),
        (arn("training-job", "MyJob"), [component_arn("MyJob-run")], {"ListTrialComponents": 2}),
        (arn("pipeline", "MyPipe/execution/xyz"), [component_arn("MyJob-run")], {"Search": 2}),
        ("N" * 120, [], BY_CAPITALS),
        ("churn_group", [GROUP], BY_NAME),
        ("arn:aws:ecr:us-east-1:123456789012:repository/train", [], BY_KIND),
    ],
)
async def test_reference_leads_to_its_entities(
    ask: Ask, calls: Counter[str], reference: str, found: list[str], cost: dict[str, int]
) -> None:
    data = await ask(RESOLVE, reference=reference)
    assert [one["arn"] for one in data["resolve"]] == found
    assert calls == {name: count for name, count in cost.items() if name != "DescribeAction" or "_" not in reference}


@pytest.mark.usefixtures("account")
async def test_denied_call_is_reported_beside(answer: Ask, service: LocalServer) -> None:
    service.behaviour.deny = ["DescribeAction:*"]
    said = await answer(RESOLVE, reference="serve")
    assert said["data"]["resolve"] == [{"arn": ENDPOINT}]
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["resolve"], "FORBIDDEN")]


@pytest.mark.parametrize("reference", [JOB, EXECUTION, "serve", "s3://data/raw"])
async def test_fully_denied_reference_is_one_error(answer: Ask, service: LocalServer, reference: str) -> None:
    service.behaviour.deny = ["*"]
    said = await answer(RESOLVE, reference=reference)
    assert said["data"] == {"resolve": []}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["resolve"], "FORBIDDEN")]


@pytest.mark.usefixtures("account")
async def test_names_resolve_without_the_account(answer: Ask, service: LocalServer) -> None:
    """The gateway reads its account from the lineage group, to build the ARNs of jobs and endpoints."""
    service.behaviour.deny = ["DescribeLineageGroup:*"]
    said = await answer(RESOLVE, reference="approve")
    assert said["data"]["resolve"] == [{"arn": arn("action", "approve")}]
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["resolve"], "FORBIDDEN")]


async def test_names_resolve_without_the_group() -> None:
    missing = answered(b'{"__type": "ResourceNotFoundException", "message": "There is none."}', 400)
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(missing)
        said = await asking(client)(RESOLVE, reference="serve")
    assert {error["extensions"]["code"] for error in said["errors"]} == {"NOT_FOUND"}


@pytest.mark.parametrize("reference", ["", " ", "x" * 3000, "a\0b"])
async def test_unusable_reference_is_refused(refused: Ask, reference: str) -> None:
    error = await refused(RESOLVE, "BAD_USER_INPUT", reference=reference)
    assert error["extensions"]["argument"] == "reference"


async def test_longer_names_are_not_found(ask: Ask, load: Callable[..., None]) -> None:
    def run_of(name: str, execution: str, job: str) -> Any:
        tag = {"Key": CAPITAL["Key"], "Value": arn("pipeline", f"p/execution/{execution}")}
        return component(name, Source={"SourceArn": arn("training-job", job)}, Tags=[tag])

    load(run_of("one", "run", "job-1"), run_of("two", "run-2", "job-2"))
    load(run_of("run", "run-3", "job-3"), run_of("three", "run-4", "run"))
    found = (await ask('{ resolve(reference: "run") { arn } }'))["resolve"]
    assert {one["arn"] for one in found} == {component_arn("one"), component_arn("run"), component_arn("three")}
