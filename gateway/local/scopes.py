"""Filters of List operations that need more than a condition on one column."""

from collections.abc import Callable

from gateway.local.errors import ValidationError
from gateway.local.identity import demand, find
from gateway.local.kinds import KINDS
from gateway.local.paging import Listing
from gateway.local.service import Request, Service

_BY_NAME = "entity INDEXED BY entity_by_name"
"""Forces the index by name. SQLite would scan all entities of the kind in order, instead of sorting a few rows."""

_IN_TRIAL = "name IN (SELECT component FROM membership WHERE trial = ?)"
_IN_EXPERIMENT = (
    "name IN (SELECT m.component FROM entity t JOIN membership m ON m.trial = t.name"
    " WHERE t.kind = 'Trial' AND t.listed = 1 AND t.parent = ?)"
)


def _trial_components(service: Service, request: Request, found: Listing) -> None:
    given = [member for member in ("ExperimentName", "SourceArn", "TrialName") if member in request]
    if len(given) > 1:
        raise ValidationError(f"Trial components are listed by one of these at a time: {', '.join(given)}")
    if "ExperimentName" in request:
        found.table = _BY_NAME
        found.where(_IN_EXPERIMENT, demand(service, KINDS["Experiment"], request["ExperimentName"]).name)
    if "TrialName" in request:
        found.table = _BY_NAME
        found.where(_IN_TRIAL, demand(service, KINDS["Trial"], request["TrialName"]).name)


def _trials(service: Service, request: Request, found: Listing) -> None:
    if "ExperimentName" in request:
        found.where("parent = ?", demand(service, KINDS["Experiment"], request["ExperimentName"]).name)
    if "TrialComponentName" in request:
        component = demand(service, KINDS["TrialComponent"], request["TrialComponentName"])
        found.table = _BY_NAME
        found.where("name IN (SELECT trial FROM membership WHERE component = ?)", component.name)


def _model_packages(service: Service, request: Request, found: Listing) -> None:
    type_ = request.get("ModelPackageType", "Versioned" if "ModelPackageGroupName" in request else "Unversioned")
    if type_ != "Both":
        found.where("parent IS NOT NULL" if type_ == "Versioned" else "parent IS NULL")
    if "ModelPackageGroupName" in request:
        reference = request["ModelPackageGroupName"]
        group = find(service, KINDS["ModelPackageGroup"], reference)
        found.where("parent = ?", group.name if group else reference.rpartition("/")[2])


def _pipelines(_service: Service, request: Request, found: Listing) -> None:
    prefix = request.get("PipelineNamePrefix")
    if prefix:
        found.where("substr(name, 1, ?) = ?", len(prefix), prefix)


def _pipeline_executions(service: Service, request: Request, found: Listing) -> None:
    kind, pipeline = KINDS["Pipeline"], request["PipelineName"]
    stored = find(service, kind, pipeline)
    arn = stored.arn if stored else pipeline if pipeline.startswith("arn:") else service.arn(kind.resource, pipeline)
    runs = service.store.rows("SELECT 1 FROM entity WHERE kind = 'PipelineExecution' AND parent = ? LIMIT 1", (arn,))
    if not runs and not stored:
        raise kind.absent(pipeline)
    found.where("parent = ?", arn)


SCOPES: dict[str, Callable[[Service, Request, Listing], None]] = {
    "ListModelPackages": _model_packages,
    "ListPipelineExecutions": _pipeline_executions,
    "ListPipelines": _pipelines,
    "ListTrialComponents": _trial_components,
    "ListTrials": _trials,
}
"""By operation: adds the request's conditions to the listing, or raises an AwsError."""
