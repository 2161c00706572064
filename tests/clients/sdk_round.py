"""Run a round with the SageMaker Python SDK: `sdk_round.py sagemaker` for v2, `sdk_round.py sagemaker.core` for v3.

Both versions have the same lineage modules in different packages. The endpoint is in the environment.
"""

import importlib
import sys
from datetime import UTC, datetime
from importlib.metadata import version

import boto3
from refusals import refused

SDK = sys.argv[1]
JOB = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"
EXECUTION = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/abcdefghijkl"
ENDPOINT = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/endpoint"


def module(name: str) -> object:
    """Import a module of the SDK from the package that has it in this version."""
    return importlib.import_module(f"{SDK}.{name}")


artifact, context, action = module("lineage.artifact"), module("lineage.context"), module("lineage.action")
Association = module("lineage.association").Association
LineageTrialComponent = module("lineage.lineage_trial_component").LineageTrialComponent
query, visualizer = module("lineage.query"), module("lineage.visualizer")
Session = module("session" if SDK == "sagemaker" else "helper.session_helper").Session
ASCENDANTS = query.LineageQueryDirectionEnum.ASCENDANTS
DESCENDANTS = query.LineageQueryDirectionEnum.DESCENDANTS

began = datetime.now(UTC)
session = Session(boto3.Session())
client = session.sagemaker_client
client.add_tags(ResourceArn=JOB, Tags=[{"Key": "sagemaker:pipeline-execution-arn", "Value": EXECUTION}])
client.create_experiment(ExperimentName="experiment")
client.create_trial(TrialName="trial", ExperimentName="experiment")
client.associate_trial_component(TrialName="trial", TrialComponentName="job-aws-training-job")


def arns(things: list, name: str) -> list:
    """Return the sorted ARNs of artifacts, contexts, actions or trial components."""
    return sorted(getattr(thing, f"{name}_arn") for thing in things)


# create
raw = artifact.DatasetArtifact.create(
    artifact_name="raw",
    source_uri="s3://bucket/raw.csv",
    source_types=[{"SourceIdType": "S3ETag", "Value": "0f343b0931126a20f133d67c2b018a3b"}],
    artifact_type="DataSet",
    properties={"rows": "100", "format": "csv"},
    tags=[{"Key": "team", "Value": "ml"}],
    sagemaker_session=session,
)
model = artifact.ModelArtifact.create(
    artifact_name="model", source_uri="s3://bucket/model.tar.gz", artifact_type="Model", sagemaker_session=session
)
deploy = action.Action.create(
    action_name="deploy",
    source_uri="s3://bucket/deploy",
    action_type="ModelDeployment",
    status="InProgress",
    properties={"by": "me"},
    sagemaker_session=session,
)
endpoint = context.EndpointContext.create(
    context_name="endpoint",
    source_uri=ENDPOINT,
    source_type="ARN",
    context_type="Endpoint",
    properties={"stage": "dev"},
    sagemaker_session=session,
)
train = LineageTrialComponent.load("job-aws-training-job", sagemaker_session=session)
assert train.source == {"SourceArn": JOB, "SourceType": "SageMakerTrainingJob"}
loaded = artifact.DatasetArtifact.load(raw.artifact_arn, sagemaker_session=session)
assert (loaded.artifact_name, loaded.artifact_type) == ("raw", "DataSet")
assert loaded.source.source_uri == "s3://bucket/raw.csv"
assert loaded.source.source_types == [{"SourceIdType": "S3ETag", "Value": "0f343b0931126a20f133d67c2b018a3b"}]
assert loaded.properties == {"rows": "100", "format": "csv"}
assert abs((loaded.creation_time - began).total_seconds()) < 60
with refused("ValidationException", "already exists"):  # words that the SDK's own load-or-create looks for
    artifact.Artifact.create(source_uri="s3://bucket/model.tar.gz", artifact_type="Model", sagemaker_session=session)

# associate
path = [
    (raw.artifact_arn, train.trial_component_arn, "ContributedTo"),
    (train.trial_component_arn, model.artifact_arn, "Produced"),
    (model.artifact_arn, deploy.action_arn, "ContributedTo"),
    (deploy.action_arn, endpoint.context_arn, "AssociatedWith"),
]
for source, destination, kind in path:
    Association.create(source, destination, kind, sagemaker_session=session)
with refused("ValidationException", "already exists"):
    Association.create(*path[0], sagemaker_session=session)

# list
edges = list(Association.list(max_results=1, sort_by="CreationTime", sort_order="Ascending", sagemaker_session=session))
assert [(edge.source_arn, edge.destination_arn, edge.association_type) for edge in edges] == path
assert (edges[0].source_name, edges[0].source_type) == ("raw", "DataSet")
assert (edges[1].source_name, edges[1].source_type) == ("job-aws-training-job", "SageMakerTrainingJob")
into = list(
    Association.list(destination_arn=endpoint.context_arn, source_type="ModelDeployment", sagemaker_session=session)
)
assert [edge.source_arn for edge in into] == [deploy.action_arn]
listed = artifact.Artifact.list(artifact_type="DataSet", created_after=loaded.creation_time, sagemaker_session=session)
assert arns(listed, "artifact") == [raw.artifact_arn]
assert [one["ArtifactArn"] for one in raw.s3_uri_artifacts("s3://bucket/raw.csv")["ArtifactSummaries"]] == [
    raw.artifact_arn
]
assert arns(context.Context.list(source_uri=ENDPOINT, sagemaker_session=session), "context") == [endpoint.context_arn]
assert [one.status for one in action.Action.list(sagemaker_session=session)] == ["InProgress"]

# query: the questions of the developer guide
graph = query.LineageQuery(session).query([raw.artifact_arn], direction=DESCENDANTS)
assert {(edge.source_arn, edge.destination_arn, edge.association_type) for edge in graph.edges} == set(path)
assert {(vertex.arn, vertex.lineage_entity, vertex.lineage_source) for vertex in graph.vertices} == {
    (raw.artifact_arn, "Artifact", "DataSet"),
    (train.trial_component_arn, "TrialComponent", "TrainingJob"),
    (model.artifact_arn, "Artifact", "Model"),
    (deploy.action_arn, "Action", "ModelDeployment"),
    (endpoint.context_arn, "Context", "Endpoint"),
}
wanted = query.LineageFilter(
    entities=[query.LineageEntityEnum.ARTIFACT], properties={"rows": "100"}, created_after=loaded.creation_time
)
found = query.LineageQuery(session).query(
    [endpoint.context_arn], direction=ASCENDANTS, include_edges=False, query_filter=wanted
)
assert [vertex.to_lineage_object().artifact_name for vertex in found.vertices] == ["raw"]
assert found.edges == []
assert arns(raw.endpoint_contexts(), "context") == [endpoint.context_arn]
assert raw.upstream_datasets() == raw.downstream_datasets() == []
assert raw.downstream_trials(sagemaker_session=session) == raw.downstream_trials_v2() == ["trial"]
assert model.upstream_trials() == ["trial"]
assert arns(model.dataset_artifacts(), "artifact") == [raw.artifact_arn]
assert arns(model.endpoint_contexts(), "context") == [endpoint.context_arn]
assert model.training_job_arns() == endpoint.training_job_arns() == [JOB]
assert [one.pipeline_execution_arn() for one in (model, endpoint, train)] == [EXECUTION] * 3
assert arns(train.dataset_artifacts(), "artifact") == [raw.artifact_arn]
assert arns(train.models(), "artifact") == [model.artifact_arn]
assert arns(deploy.artifacts(), "artifact") == sorted([raw.artifact_arn, model.artifact_arn])
assert arns(endpoint.actions(ASCENDANTS), "action") == [deploy.action_arn]
assert arns(endpoint.dataset_artifacts(), "artifact") == [raw.artifact_arn]
assert arns(endpoint.trial_components(), "trial_component") == [train.trial_component_arn]
assert endpoint.processing_jobs() == endpoint.transform_jobs() == []

table = visualizer.LineageTableVisualizer(session)
assert table.show(training_job_name="job").to_numpy().tolist() == [
    ["raw", "Input", "DataSet", "ContributedTo", "artifact"],
    ["model", "Output", "Model", "Produced", "artifact"],
]
assert len(table.show(endpoint_arn=ENDPOINT)) == 1
assert len(table.show(pipeline_execution_step={"Metadata": {"TrainingJob": {"Arn": JOB}}})) == 2

# update and tag
raw.properties = {"rows": "200"}
raw.save()
endpoint.description = "serves"
endpoint.save()
deploy.status, deploy.properties, deploy.properties_to_remove = "Completed", {"for": "you"}, ["by"]
deploy.save()
assert artifact.Artifact.load(raw.artifact_arn, sagemaker_session=session).properties == {"rows": "200"}
assert context.Context.load("endpoint", sagemaker_session=session).description == "serves"
loaded = action.Action.load("deploy", sagemaker_session=session)
assert (loaded.status, loaded.properties) == ("Completed", {"for": "you"})
raw.set_tag({"Key": "stage", "Value": "prod"})
raw.set_tags([{"Key": "owner", "Value": "me"}])
tags = {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=raw.artifact_arn)["Tags"]}
assert tags == {"team": "ml", "stage": "prod", "owner": "me"}

# delete
with refused("ValidationException"):
    raw.delete()
for thing in (raw, model, deploy, endpoint):
    thing.delete(disassociate=True)
assert list(Association.list(sagemaker_session=session)) == []
assert list(artifact.Artifact.list(sagemaker_session=session)) == []
with refused("ResourceNotFound"):
    context.Context.load("endpoint", sagemaker_session=session)
with refused("ResourceNotFound"):
    artifact.Artifact.load(raw.artifact_arn, sagemaker_session=session)

sys.stdout.write(version("sagemaker" if SDK == "sagemaker" else "sagemaker-core"))
