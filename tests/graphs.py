"""Small lineage graphs, as lines of the local service's import."""

from typing import Any

Line = dict[str, Any]


def arn(resource: str, name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:{resource}/{name}"


def artifact_arn(number: int) -> str:
    return arn("artifact", f"{number:032x}")


def component_arn(name: str) -> str:
    return arn("experiment-trial-component", name)


def artifact(number: int, type: str = "DataSet", **members: Any) -> Line:
    record = {
        "ArtifactArn": artifact_arn(number),
        "ArtifactName": f"artifact-{number}",
        "ArtifactType": type,
        "Source": {"SourceUri": f"s3://bucket/{number}"},
    }
    return {"entity": "Artifact", "record": record | members}


def context(name: str, type: str = "Endpoint", **members: Any) -> Line:
    record = {"ContextName": name, "ContextType": type, "Source": {"SourceUri": f"s3://bucket/{name}"}}
    return {"entity": "Context", "record": record | members}


def action(name: str, type: str = "ModelDeployment", **members: Any) -> Line:
    record = {"ActionName": name, "ActionType": type, "Source": {"SourceUri": f"s3://bucket/{name}"}}
    return {"entity": "Action", "record": record | members}


def component(name: str, job: str = "training", **members: Any) -> Line:
    source = {"SourceArn": arn(f"{job}-job", name), "SourceType": f"SageMaker{job.capitalize()}Job"}
    return {"entity": "TrialComponent", "record": {"TrialComponentName": name, "Source": source} | members}


def association(source: str, destination: str, type: str = "ContributedTo", **members: Any) -> Line:
    ends = {"SourceArn": source, "DestinationArn": destination, "AssociationType": type}
    return {"association": ends | members}


def fan(leaves: int) -> list[Line]:
    """Return a dataset with so many models downstream, newest first."""
    lines = [artifact(0)]
    for leaf in range(1, leaves + 1):
        lines.append(artifact(leaf, "Model"))
        lines.append(association(artifact_arn(0), artifact_arn(leaf), CreationTime=2_000_000_000 - leaf))
    return lines


def diamond() -> list[Line]:
    """Return a dataset that two jobs read, the model of each job, and the endpoint of both models."""
    return [
        artifact(0),
        component("left"),
        component("right"),
        artifact(1, "Model"),
        artifact(2, "Model"),
        context("endpoint"),
        association(artifact_arn(0), component_arn("left")),
        association(artifact_arn(0), component_arn("right")),
        association(component_arn("left"), artifact_arn(1), "Produced"),
        association(component_arn("right"), artifact_arn(2), "Produced"),
        association(artifact_arn(1), arn("context", "endpoint"), "AssociatedWith"),
        association(artifact_arn(2), arn("context", "endpoint"), "AssociatedWith"),
    ]


def experiment(name: str, **members: Any) -> Line:
    return {"entity": "Experiment", "record": {"ExperimentName": name} | members}


def trial(name: str, experiment: str = "exp", **members: Any) -> Line:
    return {"entity": "Trial", "record": {"TrialName": name, "ExperimentName": experiment} | members}


def member(trial: str, component: str) -> Line:
    return {"trialComponentAssociation": {"TrialName": trial, "TrialComponentName": component}}


def package(group: str, version: int | None = None, **members: Any) -> Line:
    names = {"ModelPackageName": group}
    if version is not None:
        names = {"ModelPackageGroupName": group, "ModelPackageVersion": version}
    return {"entity": "ModelPackage", "record": names | members}


def package_group(name: str, **members: Any) -> Line:
    return {"entity": "ModelPackageGroup", "record": {"ModelPackageGroupName": name} | members}


def card(name: str, version: int = 1, **members: Any) -> Line:
    return {"entity": "ModelCard", "record": {"ModelCardName": name, "ModelCardVersion": version} | members}


def pipeline(name: str, **members: Any) -> Line:
    return {"entity": "Pipeline", "record": {"PipelineName": name} | members}


def execution(pipeline: str, id: str, **members: Any) -> Line:
    key = arn("pipeline", f"{pipeline}/execution/{id}")
    return {"entity": "PipelineExecution", "record": {"PipelineExecutionArn": key} | members}


def project(name: str, **members: Any) -> Line:
    return {"entity": "Project", "record": {"ProjectName": name} | members}
