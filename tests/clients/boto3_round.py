"""Run a round with boto3; the endpoint is in the environment."""

import sys
from datetime import UTC, datetime, timedelta

import boto3
from refusals import refused

JOB = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"
ENDPOINT = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/endpoint"
RAW_SOURCE = {"SourceUri": "s3://bucket/raw.csv", "SourceTypes": [{"SourceIdType": "Custom", "Value": "v1"}]}

began = datetime.now(UTC)
sagemaker = boto3.client("sagemaker")


def reached(start: str, **request: object) -> set[str]:
    """Return the ARN of every vertex that a query returns."""
    vertices = sagemaker.query_lineage(StartArns=[start], **request)["Vertices"]
    return {vertex["Arn"] for vertex in vertices}


# create
raw = sagemaker.create_artifact(
    ArtifactName="raw",
    Source=RAW_SOURCE,
    ArtifactType="DataSet",
    Properties={"rows": "100", "format": "csv"},
    Tags=[{"Key": "team", "Value": "ml"}],
)["ArtifactArn"]
model = sagemaker.create_artifact(
    ArtifactName="model", Source={"SourceUri": "s3://bucket/model.tar.gz"}, ArtifactType="Model"
)["ArtifactArn"]
deploy = sagemaker.create_action(
    ActionName="deploy", Source={"SourceUri": "s3://bucket/deploy"}, ActionType="ModelDeployment", Status="Completed"
)["ActionArn"]
endpoint = sagemaker.create_context(ContextName="endpoint", Source={"SourceUri": ENDPOINT}, ContextType="Endpoint")[
    "ContextArn"
]
train = sagemaker.describe_trial_component(TrialComponentName="job-aws-training-job")["TrialComponentArn"]

described = sagemaker.describe_artifact(ArtifactArn=raw)
assert described["ArtifactName"] == "raw"
assert described["Source"] == RAW_SOURCE
assert described["Properties"] == {"rows": "100", "format": "csv"}
assert described["ResponseMetadata"]["RequestId"]
assert described["CreationTime"].tzinfo
assert abs(described["CreationTime"] - began) < timedelta(minutes=1)
with refused("ValidationException", "already exists"):  # words that the SageMaker SDKs look for
    sagemaker.create_artifact(ArtifactName="other", Source=RAW_SOURCE, ArtifactType="DataSet")

# associate
path = [(raw, train, "ContributedTo"), (train, model, "Produced"), (model, deploy, "ContributedTo")]
path += [(deploy, endpoint, "AssociatedWith")]
for source, destination, kind in path:
    answer = sagemaker.add_association(SourceArn=source, DestinationArn=destination, AssociationType=kind)
    assert (answer["SourceArn"], answer["DestinationArn"]) == (source, destination)
with refused("ValidationException", "already exists"):
    sagemaker.add_association(SourceArn=raw, DestinationArn=train)

# list
out = sagemaker.list_associations(SourceArn=raw)["AssociationSummaries"]
assert [(edge["DestinationArn"], edge["AssociationType"]) for edge in out] == [(train, "ContributedTo")]
assert (out[0]["SourceName"], out[0]["SourceType"]) == ("raw", "DataSet")
assert (out[0]["DestinationName"], out[0]["DestinationType"]) == ("job-aws-training-job", "SageMakerTrainingJob")
pages = list(sagemaker.get_paginator("list_associations").paginate(PaginationConfig={"PageSize": 1}))
assert [len(page["AssociationSummaries"]) for page in pages if page["AssociationSummaries"]] == [1] * len(path)
edges = [edge for page in pages for edge in page["AssociationSummaries"]]
assert {(edge["SourceArn"], edge["DestinationArn"], edge["AssociationType"]) for edge in edges} == set(path)
names = [
    artifact["ArtifactName"]
    for page in sagemaker.get_paginator("list_artifacts").paginate(SortOrder="Ascending")
    for artifact in page["ArtifactSummaries"]
]
assert names == ["raw", "model"]
by_source = sagemaker.list_artifacts(SourceUri="s3://bucket/raw.csv")["ArtifactSummaries"]
assert [artifact["ArtifactArn"] for artifact in by_source] == [raw]

# query
assert reached(raw, Direction="Descendants", IncludeEdges=False) == {train, model, deploy, endpoint}
assert reached(endpoint, Direction="Ascendants", IncludeEdges=False) == {raw, train, model, deploy}
models = {"Types": ["Model"], "LineageTypes": ["Artifact"]}
assert reached(raw, Direction="Descendants", IncludeEdges=False, Filters=models) == {model}
assert reached(endpoint, Direction="Ascendants", IncludeEdges=False, Filters={"Properties": {"rows": "100"}}) == {raw}
assert reached(endpoint, Direction="Ascendants", IncludeEdges=False, Filters={"CreatedAfter": began}, MaxDepth=1) == {
    deploy
}
graph = sagemaker.query_lineage(StartArns=[raw], Direction="Both", IncludeEdges=True)
assert {(e["SourceArn"], e["DestinationArn"], e["AssociationType"]) for e in graph["Edges"]} == set(path)
assert {v["Arn"]: (v["LineageType"], v["Type"]) for v in graph["Vertices"]} == {
    raw: ("Artifact", "DataSet"),
    train: ("TrialComponent", "TrainingJob"),
    model: ("Artifact", "Model"),
    deploy: ("Action", "ModelDeployment"),
    endpoint: ("Context", "Endpoint"),
}
with refused("ValidationException"):
    sagemaker.query_lineage(StartArns=[raw, model])

# search
equals = {"Name": "TrialComponentArn", "Operator": "Equals", "Value": train}
found = sagemaker.search(Resource="ExperimentTrialComponent", SearchExpression={"Filters": [equals]})["Results"]
assert [result["TrialComponent"]["Source"]["SourceArn"] for result in found] == [JOB]

# update and tag
sagemaker.update_artifact(ArtifactArn=raw, Properties={"rows": "200"})
sagemaker.update_action(ActionName="deploy", Status="Failed")
sagemaker.update_context(ContextName="endpoint", Description="serves", Properties={"stage": "prod"})
assert sagemaker.describe_artifact(ArtifactArn=raw)["Properties"] == {"rows": "200"}
assert sagemaker.describe_action(ActionName="deploy")["Status"] == "Failed"
assert sagemaker.describe_context(ContextName="endpoint")["Description"] == "serves"
sagemaker.add_tags(ResourceArn=raw, Tags=[{"Key": "stage", "Value": "prod"}])
sagemaker.delete_tags(ResourceArn=raw, TagKeys=["team"])
assert sagemaker.list_tags(ResourceArn=raw)["Tags"] == [{"Key": "stage", "Value": "prod"}]

# delete
with refused("ValidationException"):
    sagemaker.delete_artifact(ArtifactArn=raw)
for source, destination, _ in path:
    sagemaker.delete_association(SourceArn=source, DestinationArn=destination)
sagemaker.delete_artifact(ArtifactArn=raw)
sagemaker.delete_artifact(Source={"SourceUri": "s3://bucket/model.tar.gz"})
sagemaker.delete_action(ActionName="deploy")
sagemaker.delete_context(ContextName="endpoint")
sagemaker.delete_trial_component(TrialComponentName="job-aws-training-job")
assert sagemaker.list_associations()["AssociationSummaries"] == []
with refused("ResourceNotFound"):
    sagemaker.describe_artifact(ArtifactArn=raw)

sys.stdout.write(boto3.__version__)
