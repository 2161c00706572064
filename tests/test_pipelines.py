"""Pipelines, executions and projects: their fields, what they created, and what they belong to."""

from collections import Counter
from collections.abc import Callable

import pytest
from conftest import Ask
from graphs import arn, artifact, component, execution, experiment, package, pipeline, project, trial

from gateway.local.server import LocalServer

PIPELINE = arn("pipeline", "training")
RUN = arn("pipeline", "training/execution/abc")
TAG = {"Key": "sagemaker:pipeline-execution-arn", "Value": RUN}


@pytest.fixture
def pipelines(load: Callable[..., None]) -> None:
    """A pipeline with two executions, one of which ran two jobs, and a third job outside of it."""
    load(
        pipeline("training", PipelineDescription="Every night", PipelineDefinition='{"Steps": []}'),
        execution("training", "abc", CreationTime=1_700_000_001.25, PipelineVersionId=2**40),
        execution("training", "def", CreationTime=1_700_000_002, PipelineExecutionStatus="Failed", FailureReason="No."),
        component("first", CreationTime=1_700_000_003, LastModifiedTime=1_700_000_009, Tags=[TAG]),
        component("second", CreationTime=1_700_000_004, Tags=[TAG, {"Key": "team", "Value": "fraud"}]),
        component("by-hand", CreationTime=1_700_000_005),
    )


@pytest.mark.usefixtures("pipelines")
async def test_pipeline_and_its_executions(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{ pipeline(name: "training") {
          id arn name description definition status roleArn tags { key }
          executions { nodes { arn status creationTime failureReason pipelineArn pipeline { id description } } }
        } }"""
    )
    assert data["pipeline"] == {
        "id": PIPELINE,
        "arn": PIPELINE,
        "name": "training",
        "description": "Every night",
        "definition": '{"Steps": []}',
        "status": "ACTIVE",
        "roleArn": None,
        "tags": [],
        "executions": {
            "nodes": [
                {
                    "arn": arn("pipeline", "training/execution/def"),
                    "status": "FAILED",
                    "creationTime": "2023-11-14T22:13:22.000+00:00",
                    "failureReason": "No.",
                    "pipelineArn": PIPELINE,
                    "pipeline": {"id": PIPELINE, "description": "Every night"},
                },
                {
                    "arn": RUN,
                    "status": "SUCCEEDED",
                    "creationTime": "2023-11-14T22:13:21.250+00:00",
                    "failureReason": None,
                    "pipelineArn": PIPELINE,
                    "pipeline": {"id": PIPELINE, "description": "Every night"},
                },
            ]
        },
    }
    assert calls == {"DescribePipeline": 1, "ListPipelineExecutions": 1, "ListTags": 1}


@pytest.mark.usefixtures("pipelines")
async def test_execution_lists_its_runs(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """query($arn: Arn!) { pipelineExecution(arn: $arn) {
          id arn status pipelineVersionId pipeline { arn }
          trialComponents(first: 1) { nodes { name metrics { last } tags { key } } pageInfo { hasNextPage } }
          all: trialComponents { nodes { name } }
        } }""",
        arn=RUN,
    )
    run = data["pipelineExecution"]
    assert (run["id"], run["arn"], run["pipeline"]["arn"]) == (RUN, RUN, PIPELINE)
    assert (run["status"], run["pipelineVersionId"]) == ("SUCCEEDED", 2**40)
    tags = [{"key": "sagemaker:pipeline-execution-arn"}, {"key": "team"}]
    assert run["trialComponents"]["nodes"] == [{"name": "second", "metrics": [], "tags": tags}]
    assert run["trialComponents"]["pageInfo"]["hasNextPage"]
    assert [node["name"] for node in run["all"]["nodes"]] == ["second", "first"]
    assert calls == {"DescribePipelineExecution": 1, "Search": 2}


async def test_search_without_sources_is_completed(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    sources = [{"SourceArn": arn("training-job", "first"), "SourceType": "SageMakerTrainingJob"}]
    load(pipeline("training"), execution("training", "abc"), component("first", Tags=[TAG], Sources=sources))
    data = await ask(
        """query($arn: Arn!) { pipelineExecution(arn: $arn) {
          trialComponents { nodes { status { primaryStatus } sources { sourceArn } } }
        } }""",
        arn=RUN,
    )
    (run,) = data["pipelineExecution"]["trialComponents"]["nodes"]
    assert run["sources"] == [{"sourceArn": arn("training-job", "first")}]
    assert calls == {"DescribePipelineExecution": 1, "Search": 1, "DescribeTrialComponent": 1}


@pytest.mark.usefixtures("pipelines")
async def test_run_leads_to_its_execution(ask: Ask, calls: Counter[str]) -> None:
    data = await ask('{ trialComponent(name: "first") { pipelineExecution { arn pipeline { arn } } } }')
    assert data["trialComponent"]["pipelineExecution"] == {"arn": RUN, "pipeline": {"arn": PIPELINE}}
    assert calls == {"DescribeTrialComponent": 1, "ListTags": 1}


@pytest.mark.usefixtures("pipelines")
async def test_tags_of_many_runs_come_together(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        "{ trialComponents(sortOrder: ASCENDING, first: 2) {"
        " nodes { metrics { last } pipelineExecution { status } } } }"
    )
    assert [node["pipelineExecution"] for node in data["trialComponents"]["nodes"]] == [{"status": "SUCCEEDED"}] * 2
    assert calls == {"ListTrialComponents": 1, "Search": 1, "DescribePipelineExecution": 1}


@pytest.mark.usefixtures("pipelines")
async def test_run_uses_its_jobs_tags(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load({"tags": {"ResourceArn": arn("training-job", "by-hand"), "Tags": [TAG]}})
    query = '{ trialComponent(name: "by-hand") { pipelineExecution { arn } } }'
    assert (await ask(query))["trialComponent"]["pipelineExecution"] == {"arn": RUN}
    assert calls == {"DescribeTrialComponent": 1, "ListTags": 2}


@pytest.mark.usefixtures("pipelines")
async def test_run_without_pipeline_has_none(ask: Ask, load: Callable[..., None]) -> None:
    load({"entity": "TrialComponent", "record": {"TrialComponentName": "bare"}})
    data = await ask(
        """{ a: trialComponent(name: "bare") { pipelineExecution { arn } }
             b: trialComponent(name: "by-hand") { pipelineExecution { arn } } }"""
    )
    assert data == {"a": {"pipelineExecution": None}, "b": {"pipelineExecution": None}}


@pytest.mark.usefixtures("pipelines")
async def test_lists_are_filtered_as_aws_does(ask: Ask, load: Callable[..., None]) -> None:
    load(pipeline("tuning"), project("alpha"), project("beta"))
    data = await ask(
        """{
          pipelines(namePrefix: "tr") { nodes { name } }
          pipelineExecutions(pipelineName: "training", sortBy: PIPELINE_EXECUTION_ARN, sortOrder: ASCENDING) {
            nodes { arn }
          }
          never: pipelineExecutions(pipelineName: "gone") { nodes { arn } }
          after: pipelineExecutions(pipelineName: "training", createdAfter: "2023-11-14T22:13:21.5Z") { nodes { arn } }
          projects(nameContains: "lph") { nodes { name status } }
        }"""
    )
    assert data == {
        "pipelines": {"nodes": [{"name": "training"}]},
        "pipelineExecutions": {"nodes": [{"arn": RUN}, {"arn": arn("pipeline", "training/execution/def")}]},
        "never": {"nodes": []},
        "after": {"nodes": [{"arn": arn("pipeline", "training/execution/def")}]},
        "projects": {"nodes": [{"name": "alpha", "status": "CREATE_COMPLETED"}]},
    }


async def test_project_shows_what_made_it(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    stack = {"Name": "s", "Id": "i", "StatusMessage": "m"}
    template = {"TemplateName": "t", "TemplateURL": "https://t", "RoleARN": "arn:r", "StackDetail": stack}
    load(project("alpha", ProjectId="p-1", TemplateProviderDetails=[{"CfnTemplateProviderDetail": template}]))
    data = await ask(
        """{ project(name: "alpha") { id arn name projectId status templateProviderDetails {
          cfnTemplateProviderDetail { templateName templateURL roleARN stackDetail { name id statusMessage } }
        } } }"""
    )
    shown = {
        "templateName": "t",
        "templateURL": "https://t",
        "roleARN": "arn:r",
        "stackDetail": {"name": "s", "id": "i", "statusMessage": "m"},
    }
    assert data["project"] == {
        "id": arn("project", "alpha"),
        "arn": arn("project", "alpha"),
        "name": "alpha",
        "projectId": "p-1",
        "status": "CREATE_COMPLETED",
        "templateProviderDetails": [{"cfnTemplateProviderDetail": shown}],
    }
    assert calls == {"DescribeProject": 1}


async def test_project_is_found_by_its_id(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*(project(f"project-{number}", ProjectId=f"p-{number}") for number in range(150)))
    load(*(artifact(number, MetadataProperties={"ProjectId": f"p-{number}"}) for number in (0, 120)))
    load(artifact(1, MetadataProperties={"ProjectId": "p-gone"}), artifact(2, MetadataProperties={"CommitId": "c"}))
    load(trial("t", MetadataProperties={"ProjectId": "p-1"}), experiment("exp"))
    load(package("churn", 1, MetadataProperties={"ProjectId": "p-1"}))
    data = await ask(
        """query($package: Arn!) {
          artifacts(sortOrder: ASCENDING) { nodes { metadataProperties { projectId project { arn name status } } } }
          trial(name: "t") { metadataProperties { project { name } } }
          modelPackage(arn: $package) { metadataProperties { project { name } } }
        }""",
        package=arn("model-package", "churn/1"),
    )
    projects = [node["metadataProperties"]["project"] for node in data["artifacts"]["nodes"]]
    assert [found and found["name"] for found in projects] == ["project-0", "project-120", None, None]
    assert data["trial"]["metadataProperties"]["project"] == {"name": "project-1"}
    assert data["modelPackage"]["metadataProperties"]["project"] == {"name": "project-1"}
    assert calls["ListProjects"] == 2
    assert "DescribeProject" not in calls


async def test_denied_projects_fail_their_field(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(trial("t", MetadataProperties={"ProjectId": "p-1"}), experiment("exp"))
    service.behaviour.deny = ["ListProjects:*"]
    said = await answer('{ trial(name: "t") { name metadataProperties { projectId project { name } } } }')
    assert said["data"]["trial"] == {"name": "t", "metadataProperties": {"projectId": "p-1", "project": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["trial", "metadataProperties", "project"], "FORBIDDEN")
    ]


@pytest.mark.usefixtures("pipelines")
async def test_denied_search_fails_its_field(answer: Ask, service: LocalServer) -> None:
    service.behaviour.deny = ["Search:*"]
    said = await answer(
        "query($arn: Arn!) { pipelineExecution(arn: $arn) { status trialComponents { nodes { name } } } }", arn=RUN
    )
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["pipelineExecution", "trialComponents"], "FORBIDDEN")
    ]


@pytest.mark.usefixtures("pipelines")
async def test_pipeline_and_execution_share_a_resource(ask: Ask, calls: Counter[str]) -> None:
    data = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=[RUN, PIPELINE])
    assert data["nodes"] == [{"__typename": "PipelineExecution", "id": RUN}, {"__typename": "Pipeline", "id": PIPELINE}]
    assert calls == {"DescribePipelineExecution": 1, "DescribePipeline": 1}


@pytest.mark.parametrize(
    ("field", "id"),
    [
        ('pipeline(name: "gone")', arn("pipeline", "gone")),
        (f'pipelineExecution(arn: "{arn("pipeline", "gone/execution/a")}")', arn("pipeline", "gone/execution/a")),
        ('project(name: "gone")', arn("project", "gone")),
    ],
)
async def test_missing_one_is_null(ask: Ask, field: str, id: str) -> None:
    data = await ask(f'{{ found: {field} {{ id }} node(id: "{id}") {{ id }} }}')
    assert data == {"found": None, "node": None}


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ('{ pipeline(name: "a_b") { arn } }', "name"),
        (f'{{ pipeline(name: "{"x" * 257}") {{ arn }} }}', "name"),
        (f'{{ project(name: "{"x" * 33}") {{ arn }} }}', "name"),
        (f'{{ pipelineExecution(arn: "{PIPELINE}") {{ arn }} }}', "arn"),
        (f'{{ pipelineExecution(arn: "{RUN}/x") {{ arn }} }}', "arn"),
        ('{ pipelineExecutions(pipelineName: "") { nodes { arn } } }', "pipelineName"),
        ('{ pipelines(namePrefix: "-") { nodes { arn } } }', "namePrefix"),
        ('{ projects(nameContains: "a/b") { nodes { arn } } }', "nameContains"),
    ],
)
async def test_wrong_argument_is_named(refused: Ask, query: str, argument: str) -> None:
    error = await refused(query, "BAD_USER_INPUT")
    assert error["extensions"]["argument"] == argument
