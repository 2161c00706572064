"""The AWS API of each kind of entity: the call that describes it, and what other calls return of it.

A *path* is a member of the Describe response, or a nested member such as ``Source.SourceType``. Listings and
association summaries cover some paths; all others need the Describe.

A *key* identifies an entity, here and as its id in the schema: its ARN or, if several versions share one ARN, the ARN
followed by ``/version/<number>``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from gateway import arn as arns
from gateway.aws.batches import Batch, BatchDescribeModelPackage, Search

MOST_RESULTS = 100
"""The maximum number of entities on one page of any listing."""

PAGE_VERTICES = 50
"""The maximum number of vertices on one page of QueryLineage."""

READS = ("AssumeRole", "BatchDescribe", "Describe", "Get", "List", "Query", "Search")
"""Prefixes of the read-only operations, including those that get credentials."""

EXECUTION_TAG = "sagemaker:pipeline-execution-arn"
"""The tag that SageMaker adds to what a pipeline execution creates; its value is the execution's ARN."""


def _name(most: int, inside: str = "-") -> re.Pattern[str]:
    """Return a pattern for names of at most ``most`` letters, digits and, except at the ends, ``inside`` characters."""
    return re.compile(rf"[a-zA-Z0-9](?:[a-zA-Z0-9{inside}]{{0,{most - 2}}}[a-zA-Z0-9])?")


_NAME = _name(120)
_REGISTRY_NAME = _name(63)
_PIPELINE_NAME = _name(256)
_PART = re.compile("[a-zA-Z0-9-]{1,63}")

ABSENT = "does not exist"
"""The words of operations without a not-found error for an entity that does not exist."""

_VERSION = "/version/"


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of entity."""

    name: str
    """The AWS name, which is also the GraphQL type: ``TrialComponent``."""
    resource: str
    """The resource in its ARNs: ``experiment-trial-component``."""
    describe: str
    """The operation that returns the whole entity."""
    parameter: str
    """The parameter of ``describe`` that identifies the entity."""
    arn: str
    """The member with its ARN."""
    by_arn: bool = True
    """Whether ``parameter`` accepts an ARN; otherwise it accepts only the name, which is the id in the ARN."""
    version: str = ""
    """The member with its version, also a parameter of ``describe``; empty unless versions share an ARN."""
    missing: str = ""
    """Words in ``describe``'s validation error if the entity does not exist; empty if it has a not-found error."""
    name_path: str = ""
    type_path: str = ""
    """The paths of what an association summary returns as the name and type of an end."""
    source_path: str = ""
    """The path of the URI or ARN of what the entity represents."""
    never: frozenset[str] = frozenset()
    """Members that the other kinds of its family have, but not this one."""
    name_pattern: re.Pattern[str] = _NAME
    id_pattern: re.Pattern[str] | None = None
    """The pattern of the id in its ARNs, if that is not just the name."""
    part_pattern: re.Pattern[str] | None = None
    """The pattern that a listing requires of name filters, if that is not ``name_pattern``."""
    list: str = ""
    summaries: str = ""
    """The operation that lists them, and the member of its response with the summaries."""
    summary: tuple[str, ...] = ()
    """The members of a list summary."""
    renames: dict[str, str] = field(default_factory=dict)
    """Maps the members that are named differently in a summary to their names in the Describe response."""
    created: str = "Created"
    """The prefix of the listing's filters by creation time, as in ``CreatedAfter``."""
    batch: Batch | None = None
    """The call that returns many entities at once, if there is one."""

    @property
    def describe_lacks(self) -> frozenset[str]:
        """The members that only ``batch`` returns; empty if there is none."""
        return self.batch.adds if self.batch else frozenset()

    def takes(self, arn: arns.Arn) -> bool:
        """Whether the ARN is a valid one for this kind."""
        return kind_of(arn) is self and bool((self.id_pattern or self.name_pattern).fullmatch(arn.id))

    def asks(self, wanted: str, known_name: str | None = None) -> dict[str, Any]:
        """Return the parameters of ``describe`` for the entity with a key or name."""
        reference, _, version = wanted.partition(_VERSION) if self.version else (wanted, "", "")
        parsed = arns.parse(reference)
        if parsed and not self.by_arn:
            reference = known_name or parsed.id
        return {self.parameter: reference} | ({self.version: int(version)} if version else {})

    def key(self, members: Mapping[str, Any]) -> str:
        """Return the key of an entity from its members in a listing or a batch."""
        return pinned(members[self.arn], members.get(self.version))


def pinned(entity: str, version: int | None) -> str:
    """Append a version to an ARN or name, as in keys; None means the latest version and appends nothing."""
    return entity if version is None else f"{entity}{_VERSION}{version}"


def unpinned(key: str) -> str:
    """Return a key without its version."""
    return key.partition(_VERSION)[0]


ARTIFACT = Kind(
    name="Artifact",
    resource="artifact",
    describe="DescribeArtifact",
    parameter="ArtifactArn",
    arn="ArtifactArn",
    id_pattern=re.compile(".+"),
    name_path="ArtifactName",
    type_path="ArtifactType",
    source_path="Source.SourceUri",
    list="ListArtifacts",
    summaries="ArtifactSummaries",
    summary=("ArtifactArn", "ArtifactName", "Source", "ArtifactType", "CreationTime", "LastModifiedTime"),
)

CONTEXT = Kind(
    name="Context",
    resource="context",
    describe="DescribeContext",
    parameter="ContextName",
    arn="ContextArn",
    name_path="ContextName",
    type_path="ContextType",
    source_path="Source.SourceUri",
    never=frozenset({"MetadataProperties"}),
    name_pattern=_name(120, "-_"),
    list="ListContexts",
    summaries="ContextSummaries",
    summary=("ContextArn", "ContextName", "Source", "ContextType", "CreationTime", "LastModifiedTime"),
)

ACTION = Kind(
    name="Action",
    resource="action",
    describe="DescribeAction",
    parameter="ActionName",
    arn="ActionArn",
    name_path="ActionName",
    type_path="ActionType",
    source_path="Source.SourceUri",
    list="ListActions",
    summaries="ActionSummaries",
    summary=("ActionArn", "ActionName", "Source", "ActionType", "Status", "CreationTime", "LastModifiedTime"),
)

TRIAL_COMPONENT = Kind(
    name="TrialComponent",
    resource="experiment-trial-component",
    describe="DescribeTrialComponent",
    parameter="TrialComponentName",
    arn="TrialComponentArn",
    name_path="TrialComponentName",
    type_path="Source.SourceType",
    source_path="Source.SourceArn",
    list="ListTrialComponents",
    summaries="TrialComponentSummaries",
    summary=(
        "TrialComponentName",
        "TrialComponentArn",
        "DisplayName",
        "TrialComponentSource",
        "Status",
        "StartTime",
        "EndTime",
        "CreationTime",
        "CreatedBy",
        "LastModifiedTime",
        "LastModifiedBy",
    ),
    renames={"TrialComponentSource": "Source"},
    batch=Search(
        resource="ExperimentTrialComponent",
        result="TrialComponent",
        arn="TrialComponentArn",
        lacks=frozenset({"Sources"}),
        adds=frozenset({"Parents", "RunName", "SourceDetail", "Tags"}),
    ),
)

LINEAGE_GROUP = Kind(
    name="LineageGroup",
    resource="lineage-group",
    describe="DescribeLineageGroup",
    parameter="LineageGroupName",
    arn="LineageGroupArn",
    by_arn=False,
    name_path="LineageGroupName",
    list="ListLineageGroups",
    summaries="LineageGroupSummaries",
    summary=("LineageGroupArn", "LineageGroupName", "DisplayName", "CreationTime", "LastModifiedTime"),
)

EXPERIMENT = Kind(
    name="Experiment",
    resource="experiment",
    describe="DescribeExperiment",
    parameter="ExperimentName",
    arn="ExperimentArn",
    by_arn=False,
    name_path="ExperimentName",
    list="ListExperiments",
    summaries="ExperimentSummaries",
    summary=(
        "ExperimentArn",
        "ExperimentName",
        "DisplayName",
        "ExperimentSource",
        "CreationTime",
        "LastModifiedTime",
    ),
    renames={"ExperimentSource": "Source"},
    batch=Search(
        resource="Experiment",
        result="Experiment",
        arn="ExperimentArn",
        lacks=frozenset(),
        adds=frozenset({"Tags"}),
    ),
)

TRIAL = Kind(
    name="Trial",
    resource="experiment-trial",
    describe="DescribeTrial",
    parameter="TrialName",
    arn="TrialArn",
    by_arn=False,
    name_path="TrialName",
    list="ListTrials",
    summaries="TrialSummaries",
    summary=("TrialArn", "TrialName", "DisplayName", "TrialSource", "CreationTime", "LastModifiedTime"),
    renames={"TrialSource": "Source"},
    batch=Search(
        resource="ExperimentTrial",
        result="Trial",
        arn="TrialArn",
        lacks=frozenset(),
        adds=frozenset({"Tags", "TrialComponentSummaries"}),
    ),
)

MODEL_PACKAGE = Kind(
    name="ModelPackage",
    resource="model-package",
    describe="DescribeModelPackage",
    parameter="ModelPackageName",
    arn="ModelPackageArn",
    missing=ABSENT,
    name_path="ModelPackageName",
    name_pattern=_REGISTRY_NAME,
    part_pattern=_PART,
    id_pattern=re.compile(rf"{_REGISTRY_NAME.pattern}(?:/[0-9]{{1,9}})?"),
    created="CreationTime",
    list="ListModelPackages",
    summaries="ModelPackageSummaryList",
    summary=(
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelLifeCycle",
    ),
    batch=BatchDescribeModelPackage(
        lacks=frozenset(
            {
                "AdditionalInferenceSpecifications",
                "ApprovalDescription",
                "CertifyForMarketplace",
                "CreatedBy",
                "CustomerMetadataProperties",
                "Domain",
                "DriftCheckBaselines",
                "LastModifiedBy",
                "LastModifiedTime",
                "MetadataProperties",
                "ModelCard",
                "ModelLifeCycle",
                "ModelMetrics",
                "ModelPackageName",
                "ModelPackageStatusDetails",
                "SamplePayloadUrl",
                "SecurityConfig",
                "SkipModelValidation",
                "SourceAlgorithmSpecification",
                "SourceUri",
                "Task",
                "ValidationSpecification",
            }
        )
    ),
)

MODEL_PACKAGE_GROUP = Kind(
    name="ModelPackageGroup",
    resource="model-package-group",
    describe="DescribeModelPackageGroup",
    parameter="ModelPackageGroupName",
    arn="ModelPackageGroupArn",
    missing=ABSENT,
    name_path="ModelPackageGroupName",
    name_pattern=_REGISTRY_NAME,
    part_pattern=_PART,
    created="CreationTime",
    list="ListModelPackageGroups",
    summaries="ModelPackageGroupSummaryList",
    summary=(
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
    ),
)

MODEL_CARD = Kind(
    name="ModelCard",
    resource="model-card",
    describe="DescribeModelCard",
    parameter="ModelCardName",
    arn="ModelCardArn",
    version="ModelCardVersion",
    name_path="ModelCardName",
    name_pattern=_REGISTRY_NAME,
    id_pattern=re.compile(rf"{_REGISTRY_NAME.pattern}(?:{_VERSION}[1-9][0-9]{{0,9}})?"),
    created="CreationTime",
    list="ListModelCards",
    summaries="ModelCardSummaries",
    summary=("ModelCardName", "ModelCardArn", "ModelCardStatus", "CreationTime", "LastModifiedTime"),
)

MODEL_CARD_VERSION = replace(
    MODEL_CARD,
    list="ListModelCardVersions",
    summaries="ModelCardVersionSummaryList",
    summary=(*MODEL_CARD.summary, "ModelCardVersion"),
)
"""Model cards with the listing of the versions of one card."""

PIPELINE = Kind(
    name="Pipeline",
    resource="pipeline",
    describe="DescribePipeline",
    parameter="PipelineName",
    arn="PipelineArn",
    name_path="PipelineName",
    name_pattern=_PIPELINE_NAME,
    list="ListPipelines",
    summaries="PipelineSummaries",
    summary=(
        "PipelineArn",
        "PipelineName",
        "PipelineDisplayName",
        "PipelineDescription",
        "RoleArn",
        "CreationTime",
        "LastModifiedTime",
        "LastExecutionTime",
    ),
    renames={"LastExecutionTime": "LastRunTime"},
)

PIPELINE_EXECUTION = Kind(
    name="PipelineExecution",
    resource="pipeline",
    describe="DescribePipelineExecution",
    parameter="PipelineExecutionArn",
    arn="PipelineExecutionArn",
    id_pattern=re.compile(rf"{_PIPELINE_NAME.pattern}/execution/[^/]+"),
    list="ListPipelineExecutions",
    summaries="PipelineExecutionSummaries",
    summary=(
        "PipelineExecutionArn",
        "StartTime",
        "PipelineExecutionStatus",
        "PipelineExecutionDescription",
        "PipelineExecutionDisplayName",
        "PipelineExecutionFailureReason",
    ),
    renames={"StartTime": "CreationTime", "PipelineExecutionFailureReason": "FailureReason"},
)

PROJECT = Kind(
    name="Project",
    resource="project",
    describe="DescribeProject",
    parameter="ProjectName",
    arn="ProjectArn",
    by_arn=False,
    missing=ABSENT,
    name_path="ProjectName",
    name_pattern=_name(32),
    created="CreationTime",
    list="ListProjects",
    summaries="ProjectSummaryList",
    summary=("ProjectName", "ProjectDescription", "ProjectArn", "ProjectId", "CreationTime", "ProjectStatus"),
)

DEFAULT_GROUP = "sagemaker-default-lineage-group"
"""The lineage group that exists in every account and region; its ARN contains both."""

LINEAGE = (ARTIFACT, CONTEXT, ACTION, TRIAL_COMPONENT)
"""The kinds that are vertices of the lineage graph."""

KINDS = (
    *LINEAGE,
    LINEAGE_GROUP,
    EXPERIMENT,
    TRIAL,
    MODEL_PACKAGE,
    MODEL_PACKAGE_GROUP,
    MODEL_CARD,
    PIPELINE,
    PIPELINE_EXECUTION,
    PROJECT,
)
"""All kinds."""

_BY_RESOURCE = {kind.resource: kind for kind in KINDS if kind is not PIPELINE_EXECUTION}


def kind_of(arn: arns.Arn | None) -> Kind | None:
    """Return the kind of the entity with this ARN; None if it is not one of ``KINDS``."""
    if arn is None:
        return None
    if arn.resource == PIPELINE_EXECUTION.resource and "/execution/" in arn.id:
        return PIPELINE_EXECUTION
    return _BY_RESOURCE.get(arn.resource)


@lru_cache(maxsize=16_384)
def kind_at(key: str) -> Kind | None:
    """Return the kind of the entity with this key; None if it is not one of ``KINDS``."""
    return kind_of(arns.parse(key))
