"""What each kind of entity is at AWS: one row says which call describes it and what the other calls tell of it.

A *path* names a member of the Describe response, or one inside a nested structure: ``Source.SourceType``. A listing
and an association summary cover some paths; everything else needs the Describe.

A *key* names an entity here and is its id in the schema: its ARN, or for one version of what has versions under a
single ARN, the ARN with ``/version/<number>`` behind it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from gateway import arn as arns
from gateway.aws.batches import Batch, BatchDescribeModelPackage, Search

MOST_RESULTS = 100
"""Entities that one page of any listing may hold."""

MOST_VERTICES = 50
"""Vertices on one page of QueryLineage."""

READS = ("AssumeRole", "BatchDescribe", "Describe", "Get", "List", "Query", "Search")
"""Prefixes of the operations that change nothing, including those that get credentials."""

EXECUTION_TAG = "sagemaker:pipeline-execution-arn"
"""The tag by which SageMaker marks what a pipeline execution made; its value is the execution's ARN."""


def _name(most: int, inside: str = "-") -> re.Pattern[str]:
    """Make the pattern of names of at most so many letters, digits and, between these, ``inside``."""
    return re.compile(rf"[a-zA-Z0-9](?:[a-zA-Z0-9{inside}]{{0,{most - 2}}}[a-zA-Z0-9])?")


_NAME = _name(120)
_REGISTRY_NAME = _name(63)
_PIPELINE_NAME = _name(256)
_PART = re.compile("[a-zA-Z0-9-]{1,63}")

ABSENT = "does not exist"
"""How operations without a not-found error say that something is missing."""

_VERSION = "/version/"


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of entity."""

    name: str
    """The AWS name, which is the GraphQL type's too: ``TrialComponent``."""
    resource: str
    """What its ARNs say after the account: ``experiment-trial-component``."""
    describe: str
    """The operation that answers with all of it."""
    parameter: str
    """The parameter by which ``describe`` is told which one."""
    arn: str
    """The member that holds its ARN."""
    by_arn: bool = True
    """Whether ``parameter`` takes an ARN; otherwise it takes the name, which is the id in the ARN."""
    version: str = ""
    """The member that tells its version and picks one for ``describe``, where the versions share an ARN."""
    missing: str = ""
    """How ``describe``'s validation error says that there is no such entity; empty where it has a not-found error."""
    name_path: str = ""
    type_path: str = ""
    """Where the Describe response has what an association summary calls the end's name and type."""
    source_path: str = ""
    """Where it says what the entity stands for: a URI or an ARN."""
    never: frozenset[str] = frozenset()
    """Members that the other kinds of its family have, and this one hasn't."""
    name_pattern: re.Pattern[str] = _NAME
    id_pattern: re.Pattern[str] | None = None
    """What follows the resource in its ARNs, where that is not just its name."""
    part_pattern: re.Pattern[str] | None = None
    """What a listing takes as a part of their names, where that is not a name itself."""
    list: str = ""
    """The operation that lists them, and the member of its answer that holds the summaries."""
    summaries: str = ""
    summary: tuple[str, ...] = ()
    """The members of a summary."""
    renames: dict[str, str] = field(default_factory=dict)
    """Members that a summary names otherwise: its name to that in the Describe response."""
    created: str = "Created"
    """What its listing's filters by creation time begin with: ``CreatedAfter``."""
    batch: Batch | None = None
    """How several are described at once."""

    def takes(self, arn: arns.Arn) -> bool:
        """Whether an entity of this kind can have the ARN."""
        return kind_of(arn) is self and bool((self.id_pattern or self.name_pattern).fullmatch(arn.id))

    def asks(self, wanted: str, known_name: str | None = None) -> dict[str, Any]:
        """Make the parameters that describe the entity of a key or a name."""
        reference, _, version = wanted.partition(_VERSION) if self.version else (wanted, "", "")
        parsed = arns.parse(reference)
        if parsed and not self.by_arn:
            reference = known_name or parsed.id
        return {self.parameter: reference} | ({self.version: int(version)} if version else {})

    def key(self, members: Mapping[str, Any]) -> str:
        """Return the key of an entity in a listing or a batch."""
        return pinned(members[self.arn], members.get(self.version))


def pinned(entity: str, version: int | None) -> str:
    """Pin an ARN, or a name, to a version as keys do; None stands for the latest."""
    return entity if version is None else f"{entity}{_VERSION}{version}"


def unpinned(key: str) -> str:
    """Return the ARN in a key."""
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
    id_pattern=re.compile(rf"{_REGISTRY_NAME.pattern}(?:{_VERSION}[0-9]{{1,10}})?"),
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
"""A model card as one of its versions is listed."""

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
"""The lineage group that every account has, in every region; its ARN tells both."""

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
"""All of them."""

_BY_RESOURCE = {kind.resource: kind for kind in KINDS if kind is not PIPELINE_EXECUTION}


def kind_of(arn: arns.Arn | None) -> Kind | None:
    """Tell the kind of entity that an ARN names; None when it is none of these."""
    if arn is None:
        return None
    if arn.resource == PIPELINE_EXECUTION.resource and "/execution/" in arn.id:
        return PIPELINE_EXECUTION
    return _BY_RESOURCE.get(arn.resource)


@lru_cache(maxsize=16_384)
def kind_at(key: str) -> Kind | None:
    """Tell the kind of the entity with a key, if it is one that is known here."""
    return kind_of(arns.parse(key))
