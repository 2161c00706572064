"""Run a round with the resource classes of the SageMaker Python SDK v3; the endpoint is in the environment."""

import sys
from importlib.metadata import version

from refusals import refused
from sagemaker.core.resources import (
    Action,
    Artifact,
    Association,
    Context,
    Experiment,
    LineageGroup,
    ModelPackage,
    Tag,
    Trial,
    TrialComponent,
)
from sagemaker.core.shapes import (
    ActionSource,
    ArtifactSource,
    ArtifactSourceType,
    ContextSource,
    MetadataProperties,
    TrialComponentParameterValue,
    TrialComponentStatus,
)
from sagemaker.core.shapes import Tag as TagShape

# create
raw = Artifact.create(
    artifact_name="raw",
    source=ArtifactSource(
        source_uri="s3://bucket/raw.csv", source_types=[ArtifactSourceType(source_id_type="Custom", value="v1")]
    ),
    artifact_type="DataSet",
    properties={"rows": "100"},
    metadata_properties=MetadataProperties(commit_id="abc", repository="repo", generated_by="me", project_id="p"),
    tags=[TagShape(key="team", value="ml")],
)
assert raw.source.source_types[0].value == "v1"
assert raw.properties == {"rows": "100"}
assert raw.metadata_properties.commit_id == "abc"
assert raw.lineage_group_arn.endswith(":lineage-group/sagemaker-default-lineage-group")
deploy = Action.create(
    action_name="deploy",
    source=ActionSource(source_uri="s3://bucket/deploy", source_type="S3", source_id="1"),
    action_type="ModelDeployment",
    status="InProgress",
)
endpoint = Context.create(
    context_name="endpoint",
    source=ContextSource(source_uri="arn:aws:sagemaker:us-east-1:123456789012:endpoint/endpoint"),
    context_type="Endpoint",
)
train = TrialComponent.get("job-aws-training-job")
assert train.source.source_type == "SageMakerTrainingJob"
step = TrialComponent.create(
    trial_component_name="step",
    status=TrialComponentStatus(primary_status="InProgress", message="going"),
    parameters={
        "rate": TrialComponentParameterValue(number_value=0.5),
        "kind": TrialComponentParameterValue(string_value="tree"),
    },
)
assert step.parameters["rate"].number_value == 0.5
assert step.parameters["kind"].string_value == "tree"

# associate and list
path = [
    (raw.artifact_arn, train.trial_component_arn, "ContributedTo"),
    (train.trial_component_arn, deploy.action_arn, "ContributedTo"),
    (deploy.action_arn, endpoint.context_arn, "AssociatedWith"),
]
for source, destination, kind in path:
    Association.add(source_arn=source, destination_arn=destination, association_type=kind)
edges = list(Association.get_all(sort_by="CreationTime", sort_order="Ascending"))
assert [(edge.source_arn, edge.destination_arn, edge.association_type) for edge in edges] == path
assert [edge.destination_name for edge in Association.get_all(source_arn=deploy.action_arn)] == ["endpoint"]
assert [one.artifact_arn for one in Artifact.get_all(source_uri="s3://bucket/raw.csv")] == [raw.artifact_arn]
assert [one.action_name for one in Action.get_all(action_type="ModelDeployment")] == ["deploy"]
assert [one.context_name for one in Context.get_all(context_type="Endpoint")] == ["endpoint"]
assert {one.trial_component_name for one in TrialComponent.get_all()} == {"job-aws-training-job", "step"}
assert [one.trial_component_name for one in TrialComponent.get_all(source_arn=train.source.source_arn)] == [
    "job-aws-training-job"
]
assert LineageGroup.get("sagemaker-default-lineage-group").lineage_group_arn == raw.lineage_group_arn
(package,) = ModelPackage.get_all(model_package_group_name="churn")
assert (package.model_package_version, package.model_package_status) == (1, "Completed")

# experiments
Experiment.create(experiment_name="experiment", description="tries")
Trial.create(trial_name="trial", experiment_name="experiment")
train.associate_trail(trial_name="trial")
assert [one.trial_component_name for one in TrialComponent.get_all(trial_name="trial")] == ["job-aws-training-job"]
assert [one.trial_name for one in Trial.get_all(experiment_name="experiment")] == ["trial"]
train.disassociate_trail(trial_name="trial")
assert list(TrialComponent.get_all(trial_name="trial")) == []

# update and tag
raw.update(properties={"rows": "200", "format": "csv"})
assert raw.properties == {"rows": "200", "format": "csv"}
raw.update(properties_to_remove=["format"])
assert Artifact.get(raw.artifact_arn).properties == {"rows": "200"}
deploy.update(status="Completed", description="done")
assert (deploy.status, deploy.description) == ("Completed", "done")
step.update(status=TrialComponentStatus(primary_status="Completed"), parameters_to_remove=["rate"])
assert step.status.primary_status == "Completed"
assert set(TrialComponent.get("step").parameters) == {"kind"}
Tag.add_tags(resource_arn=raw.artifact_arn, tags=[TagShape(key="stage", value="prod")])
Tag.delete_tags(resource_arn=raw.artifact_arn, tag_keys=["team"])
assert [(tag.key, tag.value) for tag in Tag.get_all(resource_arn=raw.artifact_arn)] == [("stage", "prod")]

# delete
for edge in edges:
    edge.delete()
Trial.get("trial").delete()
Experiment.get("experiment").delete()
for thing in (raw, deploy, endpoint, step):
    thing.delete()
for kind in (Association, Artifact, Action, Context):
    assert list(kind.get_all()) == []
with refused("ResourceNotFound"):
    Artifact.get(raw.artifact_arn)

sys.stdout.write(version("sagemaker-core"))
