"""The thirteen kinds of entity, declared in one row each: their operations, defaults and paths within records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway import arn as arns
from gateway.local import model
from gateway.local.errors import AwsError, NotFoundError, ValidationError

Path = tuple[str, ...]
Record = dict[str, Any]

DEFAULT_LINEAGE_GROUP = "sagemaker-default-lineage-group"


@dataclass(frozen=True, slots=True)
class Kind:
    """The properties of a kind of entity. A path leads from a Describe response to a value within it."""

    name: str
    resource: str
    type: Path = ()
    source: Path = ()
    parent: Path = ()
    status: Path = ()
    described_by: str = ""
    newest_first: bool = True
    renames: Mapping[str, Path] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    missing: Callable[[str], AwsError] = NotFoundError
    quota: int | None = None
    any_case: bool = False
    """Whether names are case-insensitive."""
    collections: Mapping[str, Any] = field(default_factory=dict)
    """Members that every response has, with their empty values; an update adds to them instead of replacing them."""

    @property
    def arn_member(self) -> str:
        """The member of a record that holds the ARN."""
        return f"{self.name}Arn"

    @property
    def name_member(self) -> str:
        """The member of a record that holds the name, if the kind has names."""
        return f"{self.name}Name"

    @property
    def describe(self) -> str:
        """The name of the Describe operation."""
        return f"Describe{self.name}"

    @property
    def reference(self) -> str:
        """The member of the Describe request that identifies the entity."""
        return self.described_by or self.name_member

    @property
    def listing(self) -> str:
        """The name of the List operation."""
        return f"List{self.name}s"

    def has(self, member: str) -> bool:
        """Whether a record may have the member."""
        return member in model.members(self.describe)

    def absent(self, reference: str) -> AwsError:
        """The error for a name or an ARN that does not exist."""
        return self.missing(f"{self.name} {reference} does not exist.")


def at(record: Record, path: Path) -> Any:
    """The value at the path, or None."""
    value: Any = record if path else None
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    return value


ALL = (
    Kind(
        "Action",
        "action",
        type=("ActionType",),
        source=("Source", "SourceUri"),
        status=("Status",),
        quota=3000,
    ),
    Kind(
        "Artifact",
        "artifact",
        type=("ArtifactType",),
        source=("Source", "SourceUri"),
        described_by="ArtifactArn",
        quota=6000,
    ),
    Kind("Context", "context", type=("ContextType",), source=("Source", "SourceUri"), quota=500),
    Kind(
        "Experiment",
        "experiment",
        source=("Source", "SourceArn"),
        renames={"ExperimentSource": ("Source",)},
        any_case=True,
    ),
    Kind("LineageGroup", "lineage-group", newest_first=False),
    Kind(
        "ModelCard",
        "model-card",
        status=("ModelCardStatus",),
        defaults={"ModelCardVersion": 1, "ModelCardStatus": "Draft", "Content": "{}"},
    ),
    Kind(
        "ModelPackage",
        "model-package",
        parent=("ModelPackageGroupName",),
        status=("ModelApprovalStatus",),
        newest_first=False,
        defaults={"ModelPackageStatus": "Completed", "ModelPackageStatusDetails": {"ValidationStatuses": []}},
        missing=ValidationError,
    ),
    Kind(
        "ModelPackageGroup",
        "model-package-group",
        newest_first=False,
        defaults={"ModelPackageGroupStatus": "Completed"},
        missing=ValidationError,
    ),
    Kind(
        "Pipeline",
        "pipeline",
        renames={"LastExecutionTime": ("LastRunTime",)},
        defaults={"PipelineStatus": "Active"},
    ),
    Kind(
        "PipelineExecution",
        "pipeline",
        parent=("PipelineArn",),
        described_by="PipelineExecutionArn",
        renames={"StartTime": ("CreationTime",), "PipelineExecutionFailureReason": ("FailureReason",)},
        defaults={"PipelineExecutionStatus": "Succeeded"},
    ),
    Kind(
        "Project",
        "project",
        newest_first=False,
        defaults={"ProjectStatus": "CreateCompleted"},
        missing=ValidationError,
    ),
    Kind(
        "Trial",
        "experiment-trial",
        parent=("ExperimentName",),
        source=("Source", "SourceArn"),
        renames={"TrialSource": ("Source",)},
        any_case=True,
    ),
    Kind(
        "TrialComponent",
        "experiment-trial-component",
        type=("Source", "SourceType"),
        source=("Source", "SourceArn"),
        renames={"TrialComponentSource": ("Source",)},
        any_case=True,
        collections={"Parameters": {}, "InputArtifacts": {}, "OutputArtifacts": {}, "Metrics": []},
    ),
)

KINDS = {kind.name: kind for kind in ALL}

_BY_RESOURCE = {kind.resource: kind for kind in ALL if kind.name != "PipelineExecution"}


def of_arn(arn: str) -> Kind | None:
    """The kind of entity that an ARN refers to, or None."""
    parts = arns.parse(arn)
    if parts is None:
        return None
    if parts.resource == "pipeline" and "/execution/" in parts.id:
        return KINDS["PipelineExecution"]
    return _BY_RESOURCE.get(parts.resource)
