"""Enums: AWS's values in upper case, and the enums of walks and exports; each value has a description.

A value that this release doesn't know is an error of only the field that holds it.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import strawberry

from gateway.lineage.coverage import Reason
from gateway.lineage.export import Format
from gateway.lineage.found import Direction
from gateway.lineage.walk import Preference

E = TypeVar("E", bound=Enum)


def _value(aws: str, description: str) -> Any:
    return strawberry.enum_value(aws, description=description)


def _show(enum: type[E], name: str, description: str, values: Mapping[E, str]) -> None:
    """Add an enum of a lower layer to the schema under this name, with descriptions of it and of its values."""
    shown: Any = strawberry.enum(enum, name=name, description=description)
    for value in shown.__strawberry_definition__.values:
        value.description = values[enum[value.name]]


@strawberry.enum(description="The four kinds of vertex in the lineage graph.")
class LineageType(Enum):
    """QueryLineage's LineageType."""

    ARTIFACT = _value("Artifact", "Something with a URI: a dataset, an image, a model.")
    CONTEXT = _value("Context", "A grouping of other entities: an endpoint, a model package group.")
    ACTION = _value("Action", "Something done: a deployment, an approval.")
    TRIAL_COMPONENT = _value(
        "TrialComponent", "One run: a training, processing or transform job, or one tracked by hand."
    )


@strawberry.enum(description="How an association relates its two ends.")
class AssociationType(Enum):
    """AddAssociation's AssociationType."""

    CONTRIBUTED_TO = _value("ContributedTo", "The source went into the destination, as a dataset goes into a job.")
    ASSOCIATED_WITH = _value("AssociatedWith", "The two belong together, as a model package with its group.")
    DERIVED_FROM = _value("DerivedFrom", "The destination was made from the source.")
    PRODUCED = _value("Produced", "The source made the destination, as a job makes a model.")
    SAME_AS = _value("SameAs", "Two entries for one thing, such as a mirror in another account.")


_show(
    Direction,
    "LineageDirection",
    "The direction in which a walk leaves each vertex.",
    {
        Direction.UPSTREAM: "Against the arrows: what it came from.",
        Direction.DOWNSTREAM: "Along the arrows: what came from it.",
        Direction.BOTH: "Both ways from every vertex, which also finds what only shares a dataset or an image.",
    },
)

_show(
    Preference,
    "WalkPreference",
    "What a walk saves when it cannot save both calls and time.",
    {
        Preference.FEWER_CALLS: "AWS calls: one per fifty vertices, made one after another.",
        Preference.LESS_WAITING: "Time: many calls at once, which find the same vertices several times. When AWS "
        "throttles, calls are saved all the same.",
    },
)

_show(
    Reason,
    "IncompleteReason",
    "Why a walk left something out.",
    {
        Reason.MAX_DEPTH: "There are vertices at `maxDepth`; what lies beyond them was not explored.",
        Reason.MAX_VERTICES: "There are more vertices, or paths, than requested.",
        Reason.CALL_BUDGET: "The request reached its limit of AWS calls.",
        Reason.DEADLINE: "The request ran out of time.",
        Reason.ACCESS_DENIED: "AWS denied a call; its results are missing.",
        Reason.THROTTLED: "AWS kept refusing calls because there were too many.",
        Reason.UPSTREAM_ERROR: "AWS failed or could not be reached.",
        Reason.DANGLING: "An association or a start names a vertex that no longer exists.",
    },
)

_show(
    Format,
    "GraphFormat",
    "Formats in which a graph can be exported to other tools. Kinds of vertex and association are in AWS's words, and "
    "no character in a name breaks the format. If the format has comments, one says when the graph is incomplete.",
    {
        Format.MERMAID: "A Mermaid flowchart, for Markdown pages. Renderers draw up to 500 edges by default.",
        Format.DOT: "A Graphviz graph, for `dot -Tsvg` or, when large, `sfdp`.",
        Format.CSV: "One table with a header: `record` is `vertex` or `edge`, and the columns of the other are empty. "
        "Text that begins with an apostrophe, or that a spreadsheet would take for a formula, gets an apostrophe in "
        "front of it.",
        Format.OPENLINEAGE: "OpenLineage events, one JSON object per line. Trial components and actions are runs, with "
        "the same run id each time; artifacts and contexts are datasets, S3 URIs by bucket and key.",
    },
)


@strawberry.enum(description="The order in which a list is sorted.")
class SortOrder(Enum):
    """AWS's SortOrder."""

    ASCENDING = _value("Ascending", "Lowest or oldest first.")
    DESCENDING = _value("Descending", "Highest or newest first.")


@strawberry.enum(description="Sort keys for a list.")
class NameOrCreationTime(Enum):
    """SortBy of most listings."""

    NAME = _value("Name", "The entity's name.")
    CREATION_TIME = _value("CreationTime", "When it was created.")


@strawberry.enum(description="Sort keys for associations.")
class AssociationSort(Enum):
    """ListAssociations' SortBy."""

    SOURCE_ARN = _value("SourceArn", "ARN of the source.")
    DESTINATION_ARN = _value("DestinationArn", "ARN of the destination.")
    SOURCE_TYPE = _value("SourceType", "Type of the source.")
    DESTINATION_TYPE = _value("DestinationType", "Type of the destination.")
    CREATION_TIME = _value("CreationTime", "When it was created.")


@strawberry.enum(description="States of an action.")
class ActionStatus(Enum):
    """DescribeAction's Status."""

    UNKNOWN = _value("Unknown", "Not stated.")
    IN_PROGRESS = _value("InProgress", "Under way.")
    COMPLETED = _value("Completed", "Done.")
    FAILED = _value("Failed", "Ended in failure.")
    STOPPING = _value("Stopping", "Being stopped.")
    STOPPED = _value("Stopped", "Stopped before it finished.")


@strawberry.enum(description="States of a trial component's run.")
class TrialComponentPrimaryStatus(Enum):
    """DescribeTrialComponent's PrimaryStatus."""

    IN_PROGRESS = _value("InProgress", "Under way.")
    COMPLETED = _value("Completed", "Done.")
    FAILED = _value("Failed", "Ended in failure.")
    STOPPING = _value("Stopping", "Being stopped.")
    STOPPED = _value("Stopped", "Stopped before it finished.")


@strawberry.enum(description="What distinguishes states of an artifact's source at the same URI.")
class ArtifactSourceIdType(Enum):
    """CreateArtifact's SourceIdType."""

    MD5_HASH = _value("MD5Hash", "MD5 digest of the content.")
    S3_E_TAG = _value("S3ETag", "ETag of the S3 object.")
    S3_VERSION = _value("S3Version", "Version id of the S3 object.")
    CUSTOM = _value("Custom", "Whatever its creator chose.")


@strawberry.enum(description="States of a model package.")
class ModelPackageStatus(Enum):
    """DescribeModelPackage's ModelPackageStatus."""

    PENDING = _value("Pending", "Not started.")
    IN_PROGRESS = _value("InProgress", "Being created or validated.")
    COMPLETED = _value("Completed", "Ready for use.")
    FAILED = _value("Failed", "Could not be created, or its validation failed.")
    DELETING = _value("Deleting", "Being deleted.")


@strawberry.enum(description="States of one check of a model package.")
class DetailedModelPackageStatus(Enum):
    """DescribeModelPackage's Status of a check."""

    NOT_STARTED = _value("NotStarted", "Not started.")
    IN_PROGRESS = _value("InProgress", "Under way.")
    COMPLETED = _value("Completed", "Passed.")
    FAILED = _value("Failed", "Not passed.")


@strawberry.enum(description="Whether a model package may be deployed.")
class ModelApprovalStatus(Enum):
    """DescribeModelPackage's ModelApprovalStatus."""

    APPROVED = _value("Approved", "It may be deployed.")
    REJECTED = _value("Rejected", "It may not be deployed.")
    PENDING_MANUAL_APPROVAL = _value("PendingManualApproval", "Not decided yet.")


@strawberry.enum(description="Which model packages to list.")
class ModelPackageType(Enum):
    """ListModelPackages' ModelPackageType."""

    VERSIONED = _value("Versioned", "Versions of a group.")
    UNVERSIONED = _value("Unversioned", "Those that belong to no group.")
    BOTH = _value("Both", "All of them.")


@strawberry.enum(description="Whether creating a model package skips its validation.")
class SkipModelValidation(Enum):
    """DescribeModelPackage's SkipModelValidation."""

    ALL = _value("All", "All validation is skipped.")
    NONE = _value("None", "No validation is skipped.")


@strawberry.enum(description="States of a model package group.")
class ModelPackageGroupStatus(Enum):
    """DescribeModelPackageGroup's ModelPackageGroupStatus."""

    PENDING = _value("Pending", "Not started.")
    IN_PROGRESS = _value("InProgress", "Being created.")
    COMPLETED = _value("Completed", "Ready for use.")
    FAILED = _value("Failed", "Could not be created.")
    DELETING = _value("Deleting", "Being deleted.")
    DELETE_FAILED = _value("DeleteFailed", "Could not be deleted.")


@strawberry.enum(description="Whose entities to list.")
class CrossAccountFilterOption(Enum):
    """ListModelPackageGroups' CrossAccountFilterOption."""

    SAME_ACCOUNT = _value("SameAccount", "The account's own.")
    CROSS_ACCOUNT = _value("CrossAccount", "Those that other accounts share with it.")


@strawberry.enum(description="States of a model card's review.")
class ModelCardStatus(Enum):
    """DescribeModelCard's ModelCardStatus."""

    DRAFT = _value("Draft", "Being written.")
    PENDING_REVIEW = _value("PendingReview", "Waiting for review.")
    APPROVED = _value("Approved", "Reviewed and approved.")
    ARCHIVED = _value("Archived", "No longer kept up to date.")


@strawberry.enum(description="States of a model card's deletion.")
class ModelCardProcessingStatus(Enum):
    """DescribeModelCard's ModelCardProcessingStatus."""

    DELETE_IN_PROGRESS = _value("DeleteInProgress", "Under way.")
    DELETE_PENDING = _value("DeletePending", "Requested, not started.")
    CONTENT_DELETED = _value("ContentDeleted", "The card's content is gone.")
    EXPORT_JOBS_DELETED = _value("ExportJobsDeleted", "The jobs that exported it are gone.")
    DELETE_COMPLETED = _value("DeleteCompleted", "Done.")
    DELETE_FAILED = _value("DeleteFailed", "Ended in failure.")


@strawberry.enum(description="States of a pipeline.")
class PipelineStatus(Enum):
    """DescribePipeline's PipelineStatus."""

    ACTIVE = _value("Active", "Ready to run.")
    DELETING = _value("Deleting", "Being deleted.")


@strawberry.enum(description="States of a pipeline execution.")
class PipelineExecutionStatus(Enum):
    """DescribePipelineExecution's PipelineExecutionStatus."""

    EXECUTING = _value("Executing", "Under way.")
    STOPPING = _value("Stopping", "Being stopped.")
    STOPPED = _value("Stopped", "Stopped before it finished.")
    FAILED = _value("Failed", "Ended in failure.")
    SUCCEEDED = _value("Succeeded", "Done.")


@strawberry.enum(description="Sort keys for pipeline executions.")
class PipelineExecutionSort(Enum):
    """ListPipelineExecutions' SortBy."""

    CREATION_TIME = _value("CreationTime", "When the execution began.")
    PIPELINE_EXECUTION_ARN = _value("PipelineExecutionArn", "Its ARN.")


@strawberry.enum(description="States of a project.")
class ProjectStatus(Enum):
    """DescribeProject's ProjectStatus."""

    PENDING = _value("Pending", "Not started.")
    CREATE_IN_PROGRESS = _value("CreateInProgress", "Being created.")
    CREATE_COMPLETED = _value("CreateCompleted", "Created.")
    CREATE_FAILED = _value("CreateFailed", "Could not be created.")
    DELETE_IN_PROGRESS = _value("DeleteInProgress", "Being deleted.")
    DELETE_FAILED = _value("DeleteFailed", "Could not be deleted.")
    DELETE_COMPLETED = _value("DeleteCompleted", "Deleted.")
    UPDATE_IN_PROGRESS = _value("UpdateInProgress", "Being changed.")
    UPDATE_COMPLETED = _value("UpdateCompleted", "Changed.")
    UPDATE_FAILED = _value("UpdateFailed", "Could not be changed.")


@strawberry.enum(description="What the URI of model data refers to.")
class S3ModelDataType(Enum):
    """S3ModelDataSource's S3DataType, and AdditionalS3DataSource's."""

    S3_PREFIX = _value("S3Prefix", "Every object whose key begins with it.")
    S3_OBJECT = _value("S3Object", "One object.")


@strawberry.enum(description="What the URI of a transform job's input refers to.")
class S3DataType(Enum):
    """TransformS3DataSource's S3DataType."""

    MANIFEST_FILE = _value("ManifestFile", "A file that lists the objects.")
    S3_PREFIX = _value("S3Prefix", "Every object whose key begins with it.")
    AUGMENTED_MANIFEST_FILE = _value("AugmentedManifestFile", "A file of JSON lines with objects and their labels.")
    CONVERSE = _value("Converse", "A dataset of conversations.")


@strawberry.enum(description="How data is compressed.")
class CompressionType(Enum):
    """CompressionType, and ModelDataSource's ModelCompressionType."""

    NONE = _value("None", "Not compressed.")
    GZIP = _value("Gzip", "Compressed with gzip.")


@strawberry.enum(description="How a transform job splits its input into records.")
class SplitType(Enum):
    """TransformInput's SplitType."""

    NONE = _value("None", "Not at all: each object is one record.")
    LINE = _value("Line", "At the end of each line.")
    RECORD_IO = _value("RecordIO", "As the RecordIO format defines.")
    TF_RECORD = _value("TFRecord", "As the TFRecord format defines.")


@strawberry.enum(description="How many records a transform job sends to the model at a time.")
class BatchStrategy(Enum):
    """TransformJobDefinition's BatchStrategy."""

    MULTI_RECORD = _value("MultiRecord", "As many as fit the largest payload.")
    SINGLE_RECORD = _value("SingleRecord", "One.")


@strawberry.enum(description="How a transform job joins its results.")
class AssemblyType(Enum):
    """TransformOutput's AssembleWith."""

    NONE = _value("None", "End to end, with nothing in between.")
    LINE = _value("Line", "With a line break after each.")
