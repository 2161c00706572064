"""The demo account: how a team trained models that predict customer churn, and where it deployed them.

What SageMaker creates by itself (jobs with their inputs and outputs, the registry, the pipeline) is imported, as of
three runs of the pipeline. What people create (experiments, trials, a sweep tracked manually, tags) is made by the
public operations.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import orjson

from gateway.local import protocol, transfer
from gateway.local.service import Service, artifact_arn

Line = dict[str, Any]
Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Executes an operation, given its name and request."""

BEGAN = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)
BUCKET = "s3://acme-churn"
PROJECT = "customer-churn"
PROJECT_ID = "p-churn4demo"
PIPELINE = "churn-training"
STEPS = (("prepare", "processing"), ("train", "training"), ("evaluate", "processing"))
"""The steps of a pipeline run, and the kind of job that each starts."""
GROUP = "churn"
ANALYST = {"UserProfileName": "ines", "DomainId": "d-acme42demo"}


class Run(NamedTuple):
    """One execution of the pipeline."""

    execution: str
    version: int
    """Version of the model package that it registered."""
    days: int
    """Days after ``BEGAN``."""
    rate: float
    depth: int
    auc: float


RUNS = (
    Run("a1x9demo", 1, 0, rate=0.3, depth=4, auc=0.781),
    Run("b2y8demo", 2, 21, rate=0.1, depth=6, auc=0.824),
    Run("c3z7demo", 3, 44, rate=0.1, depth=8, auc=0.846),
)
SWEEP = ((0.05, 4), (0.05, 6), (0.2, 4), (0.2, 6))


class Demo:
    """The lines to import for the demo account."""

    def __init__(self, service: Service) -> None:
        """Use the account and region of the service."""
        self._service = service
        self.images = {
            name: f"{service.account}.dkr.ecr.{service.region}.amazonaws.com/churn-{name}:{tag}"
            for name, tag in (("processing", "1.4"), ("xgboost", "1.7-1"), ("inference", "1.7-1"))
        }

    def arn(self, resource: str, name: str) -> str:
        """Return the ARN of a resource in this account."""
        return self._service.arn(resource, name)

    def artifact_arn(self, uri: str) -> str:
        """Return the ARN of the artifact for a URI."""
        return artifact_arn(self._service, {"SourceUri": uri})

    def lines(self) -> Iterator[Line]:
        """Yield all lines to import."""
        yield from self._registry()
        yield from self._sources()
        for run in RUNS:
            yield from self._run(run)
        yield from self._deployments()
        yield from self._scoring()

    # Builders of single lines.

    def _artifact(self, name: str, type: str, uri: str, at: datetime, **properties: str) -> Line:
        record = {
            "ArtifactArn": self.artifact_arn(uri),
            "ArtifactName": name,
            "ArtifactType": type,
            "Source": {"SourceUri": uri, "SourceTypes": []},
            "MetadataProperties": {"ProjectId": PROJECT_ID},
        }
        return {"entity": "Artifact", "record": record | _properties(properties) | _times(at)}

    def _context(self, name: str, type: str, source: str, at: datetime, description: str, **properties: str) -> Line:
        record = {
            "ContextName": name,
            "ContextType": type,
            "Source": {"SourceUri": source, "SourceType": type},
            "Description": description,
        }
        return {"entity": "Context", "record": record | _properties(properties) | _times(at)}

    def _action(self, name: str, type: str, source: str, at: datetime, **properties: str) -> Line:
        record = {
            "ActionName": name,
            "ActionType": type,
            "Source": {"SourceUri": source, "SourceType": "ARN"},
            "Status": "Completed",
            "MetadataProperties": {"ProjectId": PROJECT_ID},
        }
        return {"entity": "Action", "record": record | _properties(properties) | _times(at)}

    def _job(self, name: str, job: str, at: datetime, minutes: int, **members: Any) -> Line:
        source = {"SourceArn": self.arn(f"{job}-job", name), "SourceType": f"SageMaker{job.capitalize()}Job"}
        end = at + timedelta(minutes=minutes)
        record = {
            "TrialComponentName": _component(name, job),
            "DisplayName": name,
            "Source": source,
            "Sources": [source],
            "Status": {"PrimaryStatus": "Completed", "Message": f"Ended after {minutes} minutes."},
            "StartTime": at.isoformat(),
            "EndTime": end.isoformat(),
            "MetadataProperties": {"ProjectId": PROJECT_ID, "GeneratedBy": source["SourceArn"]},
        }
        return {"entity": "TrialComponent", "record": record | members | _times(at, end)}

    def _component_arn(self, name: str, job: str) -> str:
        return self.arn("experiment-trial-component", _component(name, job))

    def _edge(self, source: str, destination: str, type: str, at: datetime) -> Line:
        ends = {"SourceArn": source, "DestinationArn": destination, "AssociationType": type}
        return {"association": ends | {"CreationTime": at.isoformat()}}

    def _reads(self, component: str, uris: list[str], at: datetime) -> Iterator[Line]:
        for uri in uris:
            yield self._edge(self.artifact_arn(uri), component, "ContributedTo", at)

    def _writes(self, component: str, uris: list[str], at: datetime) -> Iterator[Line]:
        for uri in uris:
            yield self._edge(component, self.artifact_arn(uri), "Produced", at)

    # The parts of the account, from the raw data to the deployments.

    def _registry(self) -> Iterator[Line]:
        """The project, the pipeline, the model package group and its model card."""
        yield {
            "entity": "Project",
            "record": {
                "ProjectName": PROJECT,
                "ProjectId": PROJECT_ID,
                "ProjectDescription": "Which customers are about to leave.",
                "ServiceCatalogProvisioningDetails": {"ProductId": "prod-demo", "ProvisioningArtifactId": "pa-demo"},
                "CreationTime": BEGAN.isoformat(),
            },
        }
        yield {
            "entity": "Pipeline",
            "record": {
                "PipelineName": PIPELINE,
                "PipelineDisplayName": "churn-training-pipeline",
                "PipelineDescription": "Prepares the data, trains, evaluates and registers.",
                "PipelineDefinition": '{"Version": "2020-12-01", "Steps": []}',
                "RoleArn": f"arn:aws:iam::{self._service.account}:role/churn-pipeline",
                **_times(BEGAN),
            },
        }
        description = "Models that predict which customers leave."
        yield {
            "entity": "ModelPackageGroup",
            "record": {
                "ModelPackageGroupName": GROUP,
                "ModelPackageGroupDescription": description,
                "CreationTime": BEGAN.isoformat(),
            },
        }
        yield {
            "entity": "ModelCard",
            "record": {
                "ModelCardName": "churn-card",
                "ModelCardVersion": 1,
                "ModelCardStatus": "Approved",
                "Content": '{"model_overview": {"model_description": "Predicts which customers leave."}}',
                **_times(BEGAN),
            },
        }
        yield self._context(
            GROUP, "ModelGroup", self.arn("model-package-group", GROUP), BEGAN, description, owner="growth"
        )

    def _sources(self) -> Iterator[Line]:
        """The raw data, the job that cleaned it, and the container images."""
        raw = [f"{BUCKET}/raw/{name}.parquet" for name in ("customers", "events", "tickets")]
        clean = [f"{BUCKET}/clean/{name}" for name in ("customers", "events", "tickets")]
        for uri in raw:
            yield self._artifact(f"raw-{_stem(uri)}", "DataSet", uri, BEGAN, owner="data-platform", format="parquet")
        for name, image in self.images.items():
            yield self._artifact(f"image-{name}", "Image", image, BEGAN)
        began = BEGAN + timedelta(hours=1)
        yield self._job("churn-cleaning", "processing", began, 34, Parameters={"drop-nulls": {"StringValue": "true"}})
        component = self._component_arn("churn-cleaning", "processing")
        yield from self._reads(component, [*raw, self.images["processing"]], began)
        for uri in clean:
            yield self._artifact(f"clean-{_stem(uri)}", "DataSet", uri, began, rows="1204331", format="parquet")
        yield from self._writes(component, clean, began)

    def _run(self, run: Run) -> Iterator[Line]:
        """One execution of the pipeline: prepare, train, evaluate, register, approve."""
        execution = run.execution
        at = BEGAN + timedelta(days=run.days, hours=3)
        home = f"{BUCKET}/runs/{execution}"
        execution_arn = self.arn("pipeline", f"{PIPELINE}/execution/{execution}")
        yield {
            "entity": "PipelineExecution",
            "record": {
                "PipelineArn": self.arn("pipeline", PIPELINE),
                "PipelineExecutionArn": execution_arn,
                "PipelineExecutionDisplayName": f"churn-{run.version}",
                "PipelineExecutionStatus": "Succeeded",
                "PipelineExperimentConfig": {"ExperimentName": "churn-pipeline", "TrialName": f"run-{execution}"},
                **_times(at, at + timedelta(hours=2)),
            },
        }
        tags = {
            "Tags": [
                {"Key": "sagemaker:pipeline-execution-arn", "Value": execution_arn},
                {"Key": "team", "Value": "growth"},
            ]
        }
        sets = {name: f"{home}/{name}.csv" for name in ("train", "validation", "test")}
        yield from self._prepare(execution, sets, at, tags)
        yield from self._train(run, sets, at + timedelta(minutes=30), tags)
        yield from self._evaluate(run, sets["test"], at + timedelta(minutes=80), tags)
        yield from self._register(run, at + timedelta(minutes=90))
        # SageMaker tags the jobs as well, and its SDK reads these tags.
        for step, job in STEPS:
            yield {"tags": {"ResourceArn": self.arn(f"{job}-job", f"churn-{step}-{execution}"), **tags}}

    def _prepare(self, execution: str, sets: dict[str, str], at: datetime, tags: Line) -> Iterator[Line]:
        name = f"churn-prepare-{execution}"
        component = self._component_arn(name, "processing")
        clean = [f"{BUCKET}/clean/{part}" for part in ("customers", "events", "tickets")]
        outputs = {part: {"MediaType": "text/csv", "Value": uri} for part, uri in sets.items()}
        yield self._job(
            name,
            "processing",
            at,
            18,
            Parameters={"split": {"StringValue": "70/15/15"}, "seed": {"NumberValue": 42}},
            OutputArtifacts=outputs,
            **tags,
        )
        yield from self._reads(component, [*clean, self.images["processing"]], at)
        for part, uri in sets.items():
            yield self._artifact(f"{part}-{execution}", "DataSet", uri, at, format="csv", split=part)
        yield from self._writes(component, list(sets.values()), at)

    def _train(self, run: Run, sets: dict[str, str], at: datetime, tags: Line) -> Iterator[Line]:
        execution = run.execution
        name = f"churn-train-{execution}"
        component = self._component_arn(name, "training")
        model = f"{BUCKET}/runs/{execution}/model.tar.gz"
        read = [sets["train"], sets["validation"]]
        yield self._job(
            name,
            "training",
            at,
            41,
            Parameters={
                "eta": {"NumberValue": run.rate},
                "max_depth": {"NumberValue": run.depth},
                "objective": {"StringValue": "binary:logistic"},
                "SageMaker.InstanceType": {"StringValue": "ml.m5.2xlarge"},
            },
            InputArtifacts={_stem(uri): {"MediaType": "text/csv", "Value": uri} for uri in read},
            OutputArtifacts={"SageMaker.ModelArtifact": {"Value": model}},
            Metrics=[
                self._metric("validation:auc", name, at, run.auc, low=0.61),
                self._metric("validation:logloss", name, at, round(0.92 - run.auc / 2, 3), low=0.4),
            ],
            **tags,
        )
        yield from self._reads(component, [*read, self.images["xgboost"]], at)
        yield self._artifact(f"model-{execution}", "Model", model, at, framework="xgboost")
        yield from self._writes(component, [model], at)

    def _evaluate(self, run: Run, test: str, at: datetime, tags: Line) -> Iterator[Line]:
        execution, auc = run.execution, run.auc - 0.01
        name = f"churn-evaluate-{execution}"
        component = self._component_arn(name, "processing")
        model = f"{BUCKET}/runs/{execution}/model.tar.gz"
        report = f"{BUCKET}/runs/{execution}/evaluation.json"
        yield self._job(name, "processing", at, 6, Parameters={"test-auc": {"NumberValue": round(auc, 3)}}, **tags)
        yield from self._reads(component, [test, model, self.images["processing"]], at)
        yield self._artifact(f"evaluation-{execution}", "EvaluationReport", report, at, auc=f"{auc:.3f}")
        importance = f"{BUCKET}/runs/{execution}/importance.csv"
        yield self._artifact(f"importance-{execution}", "FeatureImportance", importance, at, top="days-since-login")
        yield from self._writes(component, [report, importance], at)

    def _register(self, run: Run, at: datetime) -> Iterator[Line]:
        execution, version = run.execution, run.version
        model = f"{BUCKET}/runs/{execution}/model.tar.gz"
        package = self.arn("model-package", f"{GROUP}/{version}")
        status = "Approved" if version > 1 else "Rejected"
        yield {
            "entity": "ModelPackage",
            "record": {
                "ModelPackageGroupName": GROUP,
                "ModelPackageVersion": version,
                "ModelPackageArn": package,
                "ModelPackageDescription": f"Version {version}, test AUC {run.auc - 0.01:.3f}.",
                "ModelApprovalStatus": status,
                "InferenceSpecification": {
                    "Containers": [{"Image": self.images["inference"], "ModelDataUrl": model, "Framework": "XGBOOST"}],
                    "SupportedContentTypes": ["text/csv"],
                    "SupportedResponseMIMETypes": ["text/csv"],
                },
                "ModelMetrics": {
                    "ModelQuality": {
                        "Statistics": {
                            "ContentType": "application/json",
                            "S3Uri": f"{BUCKET}/runs/{execution}/evaluation.json",
                        }
                    }
                },
                "MetadataProperties": {"ProjectId": PROJECT_ID, "CommitId": f"{version}f0c9ad"},
                **_times(at),
            },
        }
        yield self._artifact(f"churn-version-{version}", "Model", package, at, version=str(version))
        yield self._edge(self.artifact_arn(model), self.artifact_arn(package), "ContributedTo", at)
        yield self._edge(self.artifact_arn(package), self.arn("context", GROUP), "AssociatedWith", at)
        decision = at + timedelta(days=1)
        name = f"churn-{version}-{status.lower()}"
        yield self._action(name, "Approval", package, decision, decision=status, by="ines")
        yield self._edge(self.arn("action", name), self.artifact_arn(package), "ContributedTo", decision)

    def _deployments(self) -> Iterator[Line]:
        """Version 2 in production, version 3 in staging, then version 3 in production instead."""
        for endpoint in ("churn-production", "churn-staging"):
            yield self._context(
                endpoint,
                "Endpoint",
                self.arn("endpoint", endpoint),
                BEGAN + timedelta(days=23),
                f"Answers the {endpoint.removeprefix('churn-')} systems.",
                stage=endpoint.removeprefix("churn-"),
            )
        for version, endpoint, days in (
            (2, "churn-production", 23),
            (3, "churn-staging", 46),
            (3, "churn-production", 49),
        ):
            at = BEGAN + timedelta(days=days)
            name = f"deploy-{version}-to-{endpoint.removeprefix('churn-')}"
            package = self.artifact_arn(self.arn("model-package", f"{GROUP}/{version}"))
            yield self._action(name, "ModelDeployment", self.arn("endpoint", endpoint), at)
            yield self._edge(package, self.arn("action", name), "ContributedTo", at)
            yield self._edge(self.artifact_arn(self.images["inference"]), self.arn("action", name), "ContributedTo", at)
            yield self._edge(self.arn("action", name), self.arn("context", endpoint), "AssociatedWith", at)

    def _scoring(self) -> Iterator[Line]:
        """A batch job that scores all customers with the production model, and a check of production's predictions."""
        at = BEGAN + timedelta(days=51)
        package = self.arn("model-package", f"{GROUP}/3")
        everyone, scores = f"{BUCKET}/scoring/customers.csv", f"{BUCKET}/scoring/scores.csv"
        yield self._artifact("scoring-customers", "DataSet", everyone, at, rows="1204331")
        yield self._artifact("scoring-scores", "DataSet", scores, at, rows="1204331")
        yield self._job("churn-scoring", "transform", at, 27, Parameters={"strategy": {"StringValue": "MultiRecord"}})
        scoring = self._component_arn("churn-scoring", "transform")
        yield from self._reads(scoring, [everyone, package], at)
        yield self._edge(self.arn("context", "churn-production"), scoring, "ContributedTo", at)
        yield from self._writes(scoring, [scores], at)
        captured, drift = f"{BUCKET}/capture/production", f"{BUCKET}/monitoring/drift.json"
        yield self._artifact("captured-requests", "DataSet", captured, at)
        yield self._artifact("drift-report", "DriftReport", drift, at, violations="0")
        yield self._edge(self.arn("context", "churn-production"), self.artifact_arn(captured), "Produced", at)
        yield self._job("churn-monitoring", "processing", at, 9)
        monitoring = self._component_arn("churn-monitoring", "processing")
        yield from self._reads(monitoring, [captured, self.images["processing"]], at)
        yield from self._writes(monitoring, [drift], at)

    def _metric(self, name: str, job: str, at: datetime, last: float, low: float) -> dict[str, Any]:
        return {
            "MetricName": name,
            "SourceArn": self.arn("training-job", job),
            "TimeStamp": (at + timedelta(minutes=40)).isoformat(),
            "Min": min(low, last),
            "Max": max(low, last),
            "Last": last,
            "Avg": round((low + last) / 2, 3),
            "StdDev": 0.05,
            "Count": 100,
        }


def seed(service: Service) -> None:
    """Load the demo account if the store is empty."""
    if service.store.rows("SELECT 1 FROM entity WHERE kind <> 'LineageGroup' LIMIT 1"):
        return
    demo = Demo(service)
    with service.store.transaction():  # after a failure, a part of the demo would count as a store that is not empty
        transfer.load(service, map(orjson.dumps, demo.lines()))
        _make_by_hand(demo, partial(protocol.call, service))


def _make_by_hand(demo: Demo, call: Call) -> None:
    """Create what people create: experiments and trials for the jobs, a sweep on the second run's data, tags."""
    call("CreateExperiment", {"ExperimentName": "churn-pipeline", "Description": "Every run of the pipeline."})
    for run in RUNS:
        trial = f"run-{run.execution}"
        call("CreateTrial", {"TrialName": trial, "ExperimentName": "churn-pipeline"})
        for step, job in STEPS:
            component = _component(f"churn-{step}-{run.execution}", job)
            call("AssociateTrialComponent", {"TrialName": trial, "TrialComponentName": component})
    call("CreateExperiment", {"ExperimentName": "churn-sweep", "DisplayName": "Sweep", "Description": "By notebook."})
    call("CreateTrial", {"TrialName": "sweep-1", "ExperimentName": "churn-sweep"})
    train = demo.artifact_arn(f"{BUCKET}/runs/{RUNS[1].execution}/train.csv")
    for number, (rate, depth) in enumerate(SWEEP, 1):
        _track(call, number, rate, depth, train)
    for endpoint in ("churn-production", "churn-staging"):
        tags = [{"Key": "team", "Value": "growth"}, {"Key": "cost-centre", "Value": "4711"}]
        call("AddTags", {"ResourceArn": demo.arn("context", endpoint), "Tags": tags})


def _track(call: Call, number: int, rate: float, depth: int, train: str) -> None:
    name = f"sweep-{number}"
    parameters = {"eta": {"NumberValue": rate}, "max_depth": {"NumberValue": depth}}
    made = call(
        "CreateTrialComponent",
        {"TrialComponentName": name, "Parameters": parameters, "Status": {"PrimaryStatus": "Completed"}},
    )
    call("AssociateTrialComponent", {"TrialName": "sweep-1", "TrialComponentName": name})
    source = {"SourceUri": f"{BUCKET}/sweep/{number}/model.joblib"}
    model = call("CreateArtifact", {"ArtifactName": f"model-{name}", "ArtifactType": "Model", "Source": source})
    for ends in (
        (train, made["TrialComponentArn"], "ContributedTo"),
        (made["TrialComponentArn"], model["ArtifactArn"], "Produced"),
    ):
        call("AddAssociation", dict(zip(("SourceArn", "DestinationArn", "AssociationType"), ends, strict=True)))


def _component(name: str, job: str) -> str:
    return f"{name}-aws-{job}-job"


def _stem(uri: str) -> str:
    return uri.rpartition("/")[2].partition(".")[0]


def _properties(values: dict[str, str]) -> dict[str, Any]:
    return {"Properties": values} if values else {}


def _times(at: datetime, end: datetime | None = None) -> dict[str, Any]:
    modified = (end or at).isoformat()
    return {
        "CreationTime": at.isoformat(),
        "CreatedBy": ANALYST,
        "LastModifiedTime": modified,
        "LastModifiedBy": ANALYST,
    }
