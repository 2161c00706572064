"""Model packages and their groups, model cards, pipelines and their executions, projects."""

from typing import Any

import httpx
import local_conftest
import pytest
from graphs import arn
from local_conftest import all_pages, load, refusing

from gateway.local import model
from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker

GROUP = arn("model-package-group", "churn")
EXECUTION = arn("pipeline", "train/execution/abc")


@pytest.fixture
def registry(service: LocalServer, sagemaker: Any) -> Any:
    def line(kind: str, **record: Any) -> dict[str, Any]:
        return {"entity": kind, "record": record}

    load(
        service,
        line("ModelPackageGroup", ModelPackageGroupName="churn", CreationTime=1),
        line("ModelPackageGroup", ModelPackageGroupName="fraud", CreationTime=2),
        *(
            line(
                "ModelPackage",
                ModelPackageGroupName="churn",
                ModelPackageVersion=version,
                ModelApprovalStatus=status,
                CreationTime=version,
            )
            for version, status in ((1, "Rejected"), (2, "Approved"), (3, "Approved"))
        ),
        line("ModelPackage", ModelPackageName="alone", CreationTime=9),
        *(
            line("ModelCard", ModelCardName="card", ModelCardVersion=version, ModelCardStatus=status, Content="{}")
            for version, status in ((2, "Approved"), (1, "Archived"), (3, "Draft"))
        ),
        line("ModelCard", ModelCardName="other"),
        line("Pipeline", PipelineName="train", LastRunTime=5, CreationTime=1),
        line("Pipeline", PipelineName="trial-run", CreationTime=2),
        line("PipelineExecution", PipelineExecutionArn=EXECUTION, CreationTime=5, PipelineExecutionStatus="Failed"),
        line("PipelineExecution", PipelineExecutionArn=arn("pipeline", "gone/execution/x")),
        line("Project", ProjectName="acme", ProjectDescription="d"),
    )
    return sagemaker


def versions(page: dict[str, Any]) -> list[Any]:
    return [package.get("ModelPackageVersion") for package in page["ModelPackageSummaryList"]]


def test_versions_are_listed_by_group(registry: Any) -> None:
    assert versions(registry.list_model_packages(ModelPackageGroupName="churn")) == [1, 2, 3]
    assert versions(registry.list_model_packages(ModelPackageGroupName=GROUP)) == [1, 2, 3]
    assert versions(registry.list_model_packages(ModelPackageGroupName="fraud")) == []
    second = {"CreationTimeAfter": 2, "CreationTimeBefore": 2}  # bounds are included
    assert versions(registry.list_model_packages(ModelPackageGroupName="churn", **second)) == [2]
    newest = registry.list_model_packages(ModelPackageGroupName="churn", SortOrder="Descending", MaxResults=1)
    assert versions(newest) == [3]


def test_versions_have_no_name(registry: Any) -> None:
    """The SDK's classes describe a package by its name if it has one, else by its ARN."""
    by_name = {"ModelPackageType": "Both", "NameContains": "n", "SortBy": "Name", "MaxResults": 1}
    pages = all_pages(registry.list_model_packages, "ModelPackageSummaryList", **by_name)
    summaries = [package for page in pages for package in page]
    assert [package.get("ModelPackageName") for package in summaries] == ["alone", None, None, None]
    described = registry.describe_model_package(ModelPackageName=summaries[1]["ModelPackageArn"])
    assert "ModelPackageName" not in described


def test_unversioned_packages_are_the_default(registry: Any) -> None:
    (alone,) = registry.list_model_packages()["ModelPackageSummaryList"]
    assert alone["ModelPackageName"] == "alone"
    assert versions(registry.list_model_packages(ModelPackageType="Versioned")) == [1, 2, 3]
    assert len(versions(registry.list_model_packages(ModelPackageType="Both"))) == 4
    approved = {"ModelPackageType": "Both", "ModelApprovalStatus": "Approved"}
    assert versions(registry.list_model_packages(**approved)) == [2, 3]


def test_package_is_described_by_arn_or_name(registry: Any) -> None:
    version = arn("model-package", "churn/2")
    described = registry.describe_model_package(ModelPackageName=version)
    assert (described["ModelPackageGroupName"], described["ModelPackageVersion"]) == ("churn", 2)
    assert described["ModelPackageArn"] == version
    assert registry.describe_model_package(ModelPackageName="churn/2")["ModelPackageArn"] == version
    alone = registry.describe_model_package(ModelPackageName="alone")
    assert alone["ModelPackageArn"] == arn("model-package", "alone")
    assert alone["ModelPackageStatus"] == "Completed"


def test_name_of_a_group_is_no_version(registry: Any) -> None:
    with refusing("ValidationException", "does not exist"):
        registry.describe_model_package(ModelPackageName="churn")


def test_batch_is_of_versions(registry: Any) -> None:
    alone = arn("model-package", "alone")
    answer = registry.batch_describe_model_package(ModelPackageArnList=[alone])
    assert answer["ModelPackageSummaries"] == {}
    assert answer["BatchDescribeModelPackageErrorMap"][alone]["ErrorCode"] == "ValidationException"


def test_missing_and_malformed_packages_differ(registry: Any) -> None:
    with refusing("ValidationException", "does not exist"):
        registry.describe_model_package(ModelPackageName=arn("model-package", "churn/9"))
    with refusing("ValidationException", "failed to satisfy constraint"):
        registry.describe_model_package(ModelPackageName="not a name")


def test_batch_describes_what_it_can(registry: Any) -> None:
    asked = [arn("model-package", f"churn/{version}") for version in (1, 3, 9)]
    answer = registry.batch_describe_model_package(ModelPackageArnList=asked)
    assert sorted(answer["ModelPackageSummaries"]) == asked[:2]
    assert answer["ModelPackageSummaries"][asked[1]]["ModelPackageVersion"] == 3
    (error,) = answer["BatchDescribeModelPackageErrorMap"].values()
    assert error["ErrorCode"] == "ValidationException"


def test_batch_leaves_out_unmodelled_members(registry: Any, service: LocalServer) -> None:  # noqa: ARG001
    asked = {"ModelPackageArnList": [arn("model-package", "churn/1")]}
    target = {"X-Amz-Target": "SageMaker.BatchDescribeModelPackage"}
    (summary,) = httpx.post(service.url, json=asked, headers=target).json()["ModelPackageSummaries"].values()
    assert summary.keys() <= model.shape("BatchDescribeModelPackageSummary").members.keys()


def test_batch_reports_denied_packages(registry: Any, service: LocalServer) -> None:
    denied, fine = arn("model-package", "churn/1"), arn("model-package", "churn/2")
    service.behaviour.deny = [denied]
    answer = registry.batch_describe_model_package(ModelPackageArnList=[denied, fine])
    assert list(answer["ModelPackageSummaries"]) == [fine]
    assert answer["BatchDescribeModelPackageErrorMap"][denied]["ErrorCode"] == "AccessDeniedException"


def test_groups_are_found_by_name(registry: Any) -> None:
    assert registry.describe_model_package_group(ModelPackageGroupName="churn")["ModelPackageGroupArn"] == GROUP
    assert registry.describe_model_package_group(ModelPackageGroupName=GROUP)["ModelPackageGroupName"] == "churn"
    listed = registry.list_model_package_groups(NameContains="hur")["ModelPackageGroupSummaryList"]
    assert [group["ModelPackageGroupName"] for group in listed] == ["churn"]
    shared = registry.list_model_package_groups(CrossAccountFilterOption="CrossAccount")
    assert shared["ModelPackageGroupSummaryList"] == []


def test_newest_card_version_is_listed(registry: Any, service: LocalServer) -> None:
    foreign = "arn:aws:sagemaker:us-east-1:999999999999:model-card/theirs"
    load(service, {"entity": "ModelCard", "record": {"ModelCardArn": foreign}})
    cards = registry.list_model_cards(SortBy="Name", SortOrder="Ascending")["ModelCardSummaries"]
    assert [(card["ModelCardName"], card["ModelCardStatus"]) for card in cards] == [
        ("card", "Draft"),
        ("other", "Draft"),
    ]
    assert registry.describe_model_card(ModelCardName="card")["ModelCardVersion"] == 3
    assert registry.describe_model_card(ModelCardName=arn("model-card", "card"))["ModelCardVersion"] == 3
    assert registry.describe_model_card(ModelCardName="card", ModelCardVersion=1)["ModelCardStatus"] == "Archived"
    with refusing("ResourceNotFound"):
        registry.describe_model_card(ModelCardName="card", ModelCardVersion=4)


def test_card_versions_are_listed(registry: Any) -> None:
    listed = registry.list_model_card_versions(ModelCardName="card", MaxResults=2)
    assert [card["ModelCardVersion"] for card in listed["ModelCardVersionSummaryList"]] == [3, 2]
    rest = registry.list_model_card_versions(ModelCardName="card", MaxResults=2, NextToken=listed["NextToken"])
    assert [card["ModelCardVersion"] for card in rest["ModelCardVersionSummaryList"]] == [1]
    archived = registry.list_model_card_versions(ModelCardName="card", ModelCardStatus="Archived")
    assert len(archived["ModelCardVersionSummaryList"]) == 1
    with refusing("ResourceNotFound"):
        registry.list_model_card_versions(ModelCardName="missing")


def test_pipelines_are_found_by_prefix(registry: Any) -> None:
    def names(**request: str) -> list[str]:
        return [pipeline["PipelineName"] for pipeline in registry.list_pipelines(**request)["PipelineSummaries"]]

    assert names() == ["trial-run", "train"]
    assert names(PipelineNamePrefix="trai") == ["train"]
    assert names(PipelineNamePrefix="un") == []
    assert registry.list_pipelines(PipelineNamePrefix="train")["PipelineSummaries"][0]["LastExecutionTime"]
    assert registry.describe_pipeline(PipelineName=arn("pipeline", "train"))["PipelineName"] == "train"


def test_executions_are_listed_by_pipeline(registry: Any) -> None:
    for pipeline in ("train", arn("pipeline", "train")):
        (execution,) = registry.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
        assert (execution["PipelineExecutionArn"], execution["PipelineExecutionStatus"]) == (EXECUTION, "Failed")
        assert execution["StartTime"].timestamp() == 5
    assert registry.list_pipeline_executions(PipelineName="trial-run")["PipelineExecutionSummaries"] == []
    assert len(registry.list_pipeline_executions(PipelineName="gone")["PipelineExecutionSummaries"]) == 1
    with refusing("ResourceNotFound"):
        registry.list_pipeline_executions(PipelineName="missing")


def test_executions_are_sorted_by_arn(registry: Any, service: LocalServer) -> None:
    executions = [arn("pipeline", f"train/execution/{name}") for name in ("abb", "abd")]
    load(service, *({"entity": "PipelineExecution", "record": {"PipelineExecutionArn": each}} for each in executions))
    pages = all_pages(
        registry.list_pipeline_executions,
        "PipelineExecutionSummaries",
        PipelineName="train",
        SortBy="PipelineExecutionArn",
        SortOrder="Ascending",
        MaxResults=1,
    )
    assert [page[0]["PipelineExecutionArn"] for page in pages] == [executions[0], EXECUTION, executions[1]]


def test_execution_has_its_pipeline(registry: Any) -> None:
    described = registry.describe_pipeline_execution(PipelineExecutionArn=EXECUTION)
    assert described["PipelineArn"] == arn("pipeline", "train")


def test_project_has_an_id(registry: Any) -> None:
    described = registry.describe_project(ProjectName="acme")
    assert described["ProjectId"].startswith("p-")
    assert described["ProjectStatus"] == "CreateCompleted"
    (listed,) = registry.list_projects(NameContains="cm")["ProjectSummaryList"]
    assert listed["ProjectId"] == described["ProjectId"]


def test_imported_arns_may_be_in_either_case(service: LocalServer, sagemaker: Any) -> None:
    """SageMaker writes them in lower case, whatever the case of the names."""
    execution = arn("pipeline", "abalone/execution/abc")
    records = {
        "Pipeline": {"PipelineName": "Abalone", "PipelineArn": arn("pipeline", "abalone")},
        "PipelineExecution": {"PipelineExecutionArn": execution},
        "ModelPackageGroup": {
            "ModelPackageGroupName": "Abalone",
            "ModelPackageGroupArn": arn("model-package-group", "abalone"),
        },
        "ModelPackage": {
            "ModelPackageGroupName": "Abalone",
            "ModelPackageVersion": 1,
            "ModelPackageArn": arn("model-package", "abalone/1"),
        },
    }
    load(service, *({"entity": kind, "record": record} for kind, record in records.items()))
    for pipeline in ("Abalone", arn("pipeline", "abalone")):
        (found,) = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
        assert found["PipelineExecutionArn"] == execution
    for group in ("Abalone", arn("model-package-group", "abalone")):
        assert versions(sagemaker.list_model_packages(ModelPackageGroupName=group)) == [1]
    load(service, {"entity": "ModelPackage", "record": {"ModelPackageGroupName": "Churn", "ModelPackageVersion": 2}})
    for package, version in (("Abalone/1", 1), ("Churn/2", 2)):
        assert sagemaker.describe_model_package(ModelPackageName=package)["ModelPackageVersion"] == version
