"""The lineage questions in SageMaker's developer guide: each has a field in the schema, and a test here.

The graph is the demo account's. It has the structure that SageMaker creates automatically: jobs, model packages in a
group, approvals, deployments and endpoints.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest
from graphs import action, arn, artifact, artifact_arn, association, component, component_arn, context

from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.settings import Settings

AskDemo = Callable[..., Awaitable[Any]]

RUNS = ("a1x9demo", "b2y8demo", "c3z7demo")
RAW = {"raw-customers", "raw-events", "raw-tickets"}
CLEAN = {"clean-customers", "clean-events", "clean-tickets"}


def sets(*runs: str) -> set[str]:
    return {f"{part}-{run}" for run in runs for part in ("train", "validation", "test")}


@pytest.fixture(scope="module")
async def demo() -> AsyncIterator[AskDemo]:
    """A client of a gateway over the demo account."""
    with LocalServer(demo=True) as local:
        app = create_app(Settings(local_url=local.url))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client,
        ):

            async def ask(query: str, **variables: Any) -> Any:
                said = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
                assert "errors" not in said, said["errors"]
                return said["data"]

            yield ask


async def names(demo: AskDemo, root: str, field: str) -> set[str]:
    """Return the names of the vertices that a field of a vertex returns."""
    said = await demo(f"{{ start: {root} {{ found: {field} {{ nodes {{ name }} }} }} }}")
    found = [node["name"] for node in said["start"]["found"]["nodes"]]
    assert len(found) == len(set(found))
    return set(found)


async def root(demo: AskDemo, name: str) -> str:
    """Return the root field for the artifact with a name."""
    said = await demo("{ artifacts(first: 100) { nodes { name arn } } }")
    [key] = [node["arn"] for node in said["artifacts"]["nodes"] if node["name"] == name]
    return f'artifact(arn: "{key}")'


PRODUCTION = 'context(name: "churn-production")'
GROUP = 'context(name: "churn")'
APPROVAL = 'action(name: "churn-3-approved")'
TRAINING = 'trialComponent(name: "churn-train-b2y8demo-aws-training-job")'


async def test_datasets_used_to_create_model(demo: AskDemo) -> None:
    model = await root(demo, "model-b2y8demo")
    used = {"train-b2y8demo", "validation-b2y8demo"}
    assert await names(demo, model, "datasets") == RAW | CLEAN | used


async def test_jobs_used_to_create_endpoint(demo: AskDemo) -> None:
    jobs = {f"churn-train-{run}-aws-training-job" for run in RUNS[1:]}
    assert await names(demo, PRODUCTION, "trainingJobs") == jobs
    prepared = {f"churn-prepare-{run}-aws-processing-job" for run in RUNS[1:]}
    assert await names(demo, PRODUCTION, "processingJobs") == prepared | {"churn-cleaning-aws-processing-job"}


async def test_models_that_use_dataset(demo: AskDemo) -> None:
    train = await root(demo, "train-c3z7demo")
    assert await names(demo, train, "models") == {"model-c3z7demo", "churn-version-3"}


async def test_endpoints_that_use_model(demo: AskDemo) -> None:
    model = await root(demo, "model-c3z7demo")
    assert await names(demo, model, "endpoints") == {"churn-production", "churn-staging"}
    assert await names(demo, await root(demo, "model-a1x9demo"), "endpoints") == set()


async def test_endpoints_derived_from_dataset(demo: AskDemo) -> None:
    assert await names(demo, await root(demo, "train-b2y8demo"), "endpoints") == {"churn-production"}
    assert await names(demo, await root(demo, "raw-events"), "endpoints") == {"churn-production", "churn-staging"}


async def test_pipeline_execution_behind_training_job(demo: AskDemo) -> None:
    said = await demo(f"{{ {TRAINING} {{ pipelineExecution {{ arn displayName }} }} }}")
    assert said["trialComponent"]["pipelineExecution"]["displayName"] == "churn-2"


async def test_relationships_between_entities(demo: AskDemo) -> None:
    fields = "edges { associationType } coverage { complete }"
    fields = "edges { associationType } coverage { complete }"
    said = await demo(f"{{ {PRODUCTION} {{ lineage(direction: UPSTREAM) {{ {fields} }} }} }}")
    graph = said["context"]["lineage"]
    assert graph["coverage"]["complete"]
    assert {edge["associationType"] for edge in graph["edges"]} == {"ASSOCIATED_WITH", "CONTRIBUTED_TO", "PRODUCED"}


async def test_downstream_trials_that_use_artifact(demo: AskDemo) -> None:
    train = await root(demo, "train-b2y8demo")
    assert await names(demo, train, "trials") == {"run-b2y8demo", "sweep-1"}


async def test_upstream_trials_that_use_artifact(demo: AskDemo) -> None:
    package = await root(demo, "churn-version-3")
    assert await names(demo, package, "trials(direction: UPSTREAM)") == {"run-c3z7demo"}


async def test_artifacts_with_given_uri(demo: AskDemo) -> None:
    said = await demo('{ resolve(reference: "s3://acme-churn/raw/events.parquet") { name } }')
    assert said["resolve"] == [{"name": "raw-events"}]


async def test_upstream_artifacts_of_dataset(demo: AskDemo) -> None:
    train = await root(demo, "train-a1x9demo")
    assert await names(demo, train, "artifacts") == RAW | CLEAN | {"image-processing"}


async def test_downstream_artifacts_of_dataset(demo: AskDemo) -> None:
    test = await root(demo, "test-a1x9demo")
    assert await names(demo, test, "artifacts(direction: DOWNSTREAM)") == {"evaluation-a1x9demo", "importance-a1x9demo"}


async def test_datasets_that_use_image(demo: AskDemo) -> None:
    image = await root(demo, "image-processing")
    found = await names(demo, image, "datasets(direction: DOWNSTREAM)")
    assert CLEAN | sets(*RUNS) <= found
    assert not RAW & found


async def test_actions_that_use_context(demo: AskDemo) -> None:
    actions = {"deploy-2-to-production", "deploy-3-to-production", "churn-2-approved", "churn-3-approved"}
    assert await names(demo, PRODUCTION, "actions(direction: UPSTREAM)") == actions


async def test_processing_jobs_of_endpoint(demo: AskDemo) -> None:
    found = await names(demo, PRODUCTION, "processingJobs(direction: DOWNSTREAM)")
    assert found == {"churn-monitoring-aws-processing-job"}


async def test_transform_jobs_of_endpoint(demo: AskDemo) -> None:
    found = await names(demo, PRODUCTION, "transformJobs(direction: DOWNSTREAM)")
    assert found == {"churn-scoring-aws-transform-job"}


async def test_trial_components_of_endpoint(demo: AskDemo) -> None:
    found = await names(demo, PRODUCTION, "trialComponents(direction: DOWNSTREAM)")
    assert found == {"churn-monitoring-aws-processing-job", "churn-scoring-aws-transform-job"}


async def test_pipeline_executions_of_package_group(demo: AskDemo) -> None:
    said = await demo(f"{{ {GROUP} {{ pipelineExecutions {{ displayName }} }} }}")
    found = {execution["displayName"] for execution in said["context"]["pipelineExecutions"]}
    assert found == {"churn-1", "churn-2", "churn-3"}


async def test_artifacts_that_use_action(demo: AskDemo) -> None:
    found = await names(demo, 'action(name: "deploy-2-to-production")', "artifacts")
    assert {"churn-version-2", "model-b2y8demo", "train-b2y8demo", "raw-events"} <= found


async def test_datasets_behind_approval(demo: AskDemo) -> None:
    assert await names(demo, APPROVAL, "datasets") == RAW | CLEAN | {"train-c3z7demo", "validation-c3z7demo"}


async def test_approved_artifact_is_looked_up_once(ask: AskDemo, load: Callable[..., None], calls: Any) -> None:
    package = arn("model-package", "churn/1")
    load(artifact(1, "Model", Source={"SourceUri": package}), action("approval", Source={"SourceUri": package}))
    query = '{ action(name: "approval") { modelPackage { artifact { name } } datasets { nodes { name } } } }'
    assert (await ask(query))["action"]["modelPackage"]["artifact"] == {"name": "artifact-1"}
    assert calls == {"DescribeAction": 1, "ListArtifacts": 1, "QueryLineage": 2}


async def test_model_package_of_approval(demo: AskDemo) -> None:
    said = await demo(f"{{ {APPROVAL} {{ modelPackage {{ version group {{ name }} modelApprovalStatus }} }} }}")
    assert said["action"]["modelPackage"] == {
        "version": 3,
        "group": {"name": "churn"},
        "modelApprovalStatus": "APPROVED",
    }


async def test_downstream_endpoints_of_endpoint(demo: AskDemo) -> None:
    assert await names(demo, PRODUCTION, "endpoints") == set()
    assert await names(demo, PRODUCTION, "endpoints(direction: BOTH)") == {"churn-staging"}


async def test_pipeline_execution_of_trial_component(demo: AskDemo) -> None:
    said = await demo('{ trialComponent(name: "sweep-1") { pipelineExecution { arn } pipelineExecutions { arn } } }')
    assert said["trialComponent"]["pipelineExecution"] is None
    assert len(said["trialComponent"]["pipelineExecutions"]) == 1


async def test_datasets_of_trial_component(demo: AskDemo) -> None:
    used = {"train-b2y8demo", "validation-b2y8demo"}
    assert await names(demo, TRAINING, "datasets") == RAW | CLEAN | used


async def test_models_of_trial_component(demo: AskDemo) -> None:
    assert await names(demo, TRAINING, "models") == {"model-b2y8demo", "churn-version-2"}


async def test_lineage_for_a_diagram(demo: AskDemo) -> None:
    said = await demo(f"{{ {PRODUCTION} {{ lineage(maxDepth: 20) {{ vertices {{ depth }} counts {{ count }} }} }} }}")
    graph = said["context"]["lineage"]
    assert len(graph["vertices"]) == sum(count["count"] for count in graph["counts"]) >= 60


# What the SDK cannot do.


async def test_more_than_fifty_results(ask: AskDemo, load: Callable[..., None], calls: Any) -> None:
    models = range(1, 131)
    load(artifact(0), *(artifact(number, "Model") for number in models))
    load(*(association(artifact_arn(0), artifact_arn(number)) for number in models))
    query = """query($arn: Arn!, $after: String) { artifact(arn: $arn) {
      models(first: 60, after: $after) { nodes { arn } pageInfo { hasNextPage endCursor } }
    } }"""
    found: list[str] = []
    page: Any = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        said = (await ask(query, arn=artifact_arn(0), after=page["endCursor"]))["artifact"]["models"]
        found += [node["arn"] for node in said["nodes"]]
        page = said["pageInfo"]
    assert found == [artifact_arn(number) for number in models]
    assert calls == {"DescribeArtifact": 3, "QueryLineage": 9}


async def test_questions_share_one_walk(ask: AskDemo, load: Callable[..., None], calls: Any) -> None:
    load(artifact(0), component("job"), artifact(1, "Model"), context("end"))
    load(association(artifact_arn(0), component_arn("job")), association(component_arn("job"), artifact_arn(1)))
    load(association(artifact_arn(1), arn("context", "end")))
    said = await ask(
        """query($arn: Arn!) { artifact(arn: $arn) {
          models { nodes { arn } } endpoints { nodes { arn } } trainingJobs(direction: DOWNSTREAM) { nodes { arn } }
        } }""",
        arn=artifact_arn(0),
    )
    assert [said["artifact"][field]["nodes"] for field in ("models", "endpoints", "trainingJobs")] == [
        [{"arn": artifact_arn(1)}],
        [{"arn": arn("context", "end")}],
        [{"arn": component_arn("job")}],
    ]
    assert calls == {"DescribeArtifact": 1, "QueryLineage": 1}


async def test_across_accounts(ask: AskDemo, service: LocalServer) -> None:
    mirror = artifact_arn(1).replace("123456789012", "210987654321")
    theirs = component_arn("theirs").replace("123456789012", "210987654321")
    lines = [
        artifact(1, "Model"),
        {"entity": "Artifact", "record": {"ArtifactArn": mirror, "ArtifactType": "Model"}},
        {
            "entity": "TrialComponent",
            "record": {
                "TrialComponentArn": theirs,
                "Source": {"SourceArn": theirs, "SourceType": "SageMakerTrainingJob"},
            },
        },
        association(theirs, mirror, "Produced"),
        association(mirror, artifact_arn(1), "SameAs"),
    ]
    service.load([orjson.dumps(line) for line in lines])
    said = await ask(
        "query($arn: Arn!) { artifact(arn: $arn) { trainingJobs { nodes { arn name type creationTime } } } }",
        arn=artifact_arn(1),
    )
    [job] = said["artifact"]["trainingJobs"]["nodes"]
    assert (job["arn"], job["name"], bool(job["creationTime"])) == (theirs, "theirs", True)


async def test_failed_walk_is_reported_beside(answer: AskDemo, load: Callable[..., None], service: LocalServer) -> None:
    load(*(artifact(number) for number in range(13)))
    load(*(association(artifact_arn(number), artifact_arn(number + 1)) for number in range(12)))
    service.behaviour.deny = [f"QueryLineage:{artifact_arn(10)}"]
    said = await answer(
        "query($arn: Arn!) { artifact(arn: $arn) { datasets(direction: DOWNSTREAM) { nodes { arn } } } }",
        arn=artifact_arn(0),
    )
    assert len(said["data"]["artifact"]["datasets"]["nodes"]) == 10
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["artifact", "datasets"], "FORBIDDEN")
    ]


@pytest.mark.parametrize("denied", ["DescribeAction", "ListArtifacts"])
async def test_unknown_package_leaves_the_rest(
    answer: AskDemo, load: Callable[..., None], service: LocalServer, denied: str
) -> None:
    approval = arn("action", "approval")
    load(artifact(0), action("approval", Source={"SourceUri": arn("model-package", "churn/1")}))
    load(association(artifact_arn(0), approval))
    service.behaviour.deny = [f"{denied}:*"]
    said = await answer("query($arn: Arn!) { entity(arn: $arn) { arn datasets { nodes { arn } } } }", arn=approval)
    assert said["data"]["entity"] == {"arn": approval, "datasets": {"nodes": [{"arn": artifact_arn(0)}]}}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["entity", "datasets"], "FORBIDDEN")
    ]
