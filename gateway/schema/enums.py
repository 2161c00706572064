"""Enumerations: AWS's words in capitals, each with what it means.

A value that this release doesn't know is the error of the field that holds it, not of the query.
"""

from enum import Enum
from typing import Any

import strawberry


def _value(aws: str, description: str) -> Any:
    return strawberry.enum_value(aws, description=description)


@strawberry.enum(description="The four kinds of vertex in the lineage graph.")
class LineageType(Enum):
    """QueryLineage's LineageType."""

    ARTIFACT = _value("Artifact", "Something with a URI: a dataset, an image, a model.")
    CONTEXT = _value("Context", "What groups other entities: an endpoint, a model package group.")
    ACTION = _value("Action", "Something done: a deployment, an approval.")
    TRIAL_COMPONENT = _value("TrialComponent", "One run: a training, processing or transform job, or one of your own.")


@strawberry.enum(description="What an association says of its two ends.")
class AssociationType(Enum):
    """AddAssociation's AssociationType."""

    CONTRIBUTED_TO = _value("ContributedTo", "The source went into the destination, as a dataset goes into a job.")
    ASSOCIATED_WITH = _value("AssociatedWith", "The two belong together, as a model package with its group.")
    DERIVED_FROM = _value("DerivedFrom", "The destination was made from the source.")
    PRODUCED = _value("Produced", "The source made the destination, as a job makes a model.")
    SAME_AS = _value("SameAs", "Two entries for one thing, such as a mirror in another account.")


@strawberry.enum(description="Which way a walk goes from each vertex that it meets.")
class LineageDirection(Enum):
    """QueryLineage's Direction."""

    UPSTREAM = _value("Ascendants", "Against the arrows: what it came from.")
    DOWNSTREAM = _value("Descendants", "Along the arrows: what came from it.")
    BOTH = _value("Both", "Both ways from every vertex, so that what only shares a dataset or an image is met too.")


@strawberry.enum(description="What a walk spares, where it cannot spare both.")
class WalkPreference(Enum):
    """What the caller would rather have."""

    FEWER_CALLS = _value("FEWER_CALLS", "Calls to AWS: one for fifty vertices, one after another.")
    LESS_WAITING = _value(
        "LESS_WAITING",
        "Waiting: many calls at once, which find the same vertices several times. Where AWS throttles, calls are "
        "spared all the same.",
    )


@strawberry.enum(description="Why a walk left something out.")
class IncompleteReason(Enum):
    """What ends a walk, or a part of it."""

    MAX_DEPTH = _value("MAX_DEPTH", "There are vertices at `maxDepth`; what lies behind them was not asked.")
    MAX_VERTICES = _value("MAX_VERTICES", "There are more vertices, or paths, than were asked for.")
    CALL_BUDGET = _value("CALL_BUDGET", "The request's share of AWS calls was used up.")
    DEADLINE = _value("DEADLINE", "The request's time was up.")
    ACCESS_DENIED = _value("ACCESS_DENIED", "AWS denied a call; what it would have told is missing.")
    THROTTLED = _value("THROTTLED", "AWS kept refusing calls because too many are made.")
    UPSTREAM_ERROR = _value("UPSTREAM_ERROR", "AWS failed or could not be reached.")
    DANGLING = _value("DANGLING", "An association, or a start, names a vertex that no longer exists.")


@strawberry.enum(
    description="What a graph can be written as, for other tools to read. Kinds of vertex and of association are in "
    "AWS's words; whatever characters a name has, none breaks the format. Where the format has comments, one says that "
    "the graph is incomplete."
)
class GraphFormat(Enum):
    """The formats of an export."""

    MERMAID = _value(
        "MERMAID",
        "A Mermaid flowchart, as Markdown pages show it. Renderers draw up to 500 edges unless told otherwise.",
    )
    DOT = _value("DOT", "A Graphviz graph: for `dot -Tsvg`, and for large graphs `sfdp`.")
    CSV = _value(
        "CSV",
        "One table with a header: `record` is `vertex` or `edge`, and the columns of the other are empty. A text that "
        "a spreadsheet would take for a formula, or that begins with an apostrophe, has an apostrophe put before it.",
    )
    OPENLINEAGE = _value(
        "OPENLINEAGE",
        "OpenLineage events, one JSON object a line. Trial components and actions are runs, with the same run id each "
        "time, artifacts and contexts are datasets, S3 URIs by bucket and key.",
    )


@strawberry.enum(description="Which way a list is sorted.")
class SortOrder(Enum):
    """AWS's SortOrder."""

    ASCENDING = _value("Ascending", "Least or oldest first.")
    DESCENDING = _value("Descending", "Greatest or newest first.")


@strawberry.enum(description="What a list is sorted by.")
class NameOrCreationTime(Enum):
    """What most listings sort by."""

    NAME = _value("Name", "The entity's name.")
    CREATION_TIME = _value("CreationTime", "When it was created.")


@strawberry.enum(description="What a list of associations is sorted by.")
class AssociationSort(Enum):
    """ListAssociations' SortBy."""

    SOURCE_ARN = _value("SourceArn", "ARN of the source.")
    DESTINATION_ARN = _value("DestinationArn", "ARN of the destination.")
    SOURCE_TYPE = _value("SourceType", "Type of the source.")
    DESTINATION_TYPE = _value("DestinationType", "Type of the destination.")
    CREATION_TIME = _value("CreationTime", "When the association was made.")


@strawberry.enum(description="How far an action has come.")
class ActionStatus(Enum):
    """DescribeAction's Status."""

    UNKNOWN = _value("Unknown", "Nobody said.")
    IN_PROGRESS = _value("InProgress", "Under way.")
    COMPLETED = _value("Completed", "Done.")
    FAILED = _value("Failed", "Ended in failure.")
    STOPPING = _value("Stopping", "Being stopped.")
    STOPPED = _value("Stopped", "Stopped before its end.")


@strawberry.enum(description="How far a trial component's run has come.")
class TrialComponentPrimaryStatus(Enum):
    """DescribeTrialComponent's PrimaryStatus."""

    IN_PROGRESS = _value("InProgress", "Under way.")
    COMPLETED = _value("Completed", "Done.")
    FAILED = _value("Failed", "Ended in failure.")
    STOPPING = _value("Stopping", "Being stopped.")
    STOPPED = _value("Stopped", "Stopped before its end.")


@strawberry.enum(description="How an artifact's source is told from another state of the same URI.")
class ArtifactSourceIdType(Enum):
    """CreateArtifact's SourceIdType."""

    MD5_HASH = _value("MD5Hash", "MD5 digest of the content.")
    S3_E_TAG = _value("S3ETag", "ETag of the S3 object.")
    S3_VERSION = _value("S3Version", "Version id of the S3 object.")
    CUSTOM = _value("Custom", "Whatever its maker chose.")


@strawberry.enum(description="How far a model package has come.")
class ModelPackageStatus(Enum):
    """DescribeModelPackage's ModelPackageStatus."""

    PENDING = _value("Pending", "Not begun.")
    IN_PROGRESS = _value("InProgress", "Being made or validated.")
    COMPLETED = _value("Completed", "Ready for use.")
    FAILED = _value("Failed", "Could not be made, or its validation failed.")
    DELETING = _value("Deleting", "Being deleted.")


@strawberry.enum(description="How far one check of a model package has come.")
class DetailedModelPackageStatus(Enum):
    """DescribeModelPackage's Status of a check."""

    NOT_STARTED = _value("NotStarted", "Not begun.")
    IN_PROGRESS = _value("InProgress", "Under way.")
    COMPLETED = _value("Completed", "Passed.")
    FAILED = _value("Failed", "Not passed.")


@strawberry.enum(description="Whether a model package may be deployed.")
class ModelApprovalStatus(Enum):
    """DescribeModelPackage's ModelApprovalStatus."""

    APPROVED = _value("Approved", "It may.")
    REJECTED = _value("Rejected", "It may not.")
    PENDING_MANUAL_APPROVAL = _value("PendingManualApproval", "Somebody has yet to say.")


@strawberry.enum(description="Which model packages a list holds.")
class ModelPackageType(Enum):
    """ListModelPackages' ModelPackageType."""

    VERSIONED = _value("Versioned", "Versions of a group.")
    UNVERSIONED = _value("Unversioned", "Those that belong to no group.")
    BOTH = _value("Both", "All of them.")


@strawberry.enum(description="Whether making a model package validates it.")
class SkipModelValidation(Enum):
    """DescribeModelPackage's SkipModelValidation."""

    ALL = _value("All", "No validation is made.")
    NONE = _value("None", "Every validation is made.")


@strawberry.enum(description="How far a model package group has come.")
class ModelPackageGroupStatus(Enum):
    """DescribeModelPackageGroup's ModelPackageGroupStatus."""

    PENDING = _value("Pending", "Not begun.")
    IN_PROGRESS = _value("InProgress", "Being made.")
    COMPLETED = _value("Completed", "Ready for use.")
    FAILED = _value("Failed", "Could not be made.")
    DELETING = _value("Deleting", "Being deleted.")
    DELETE_FAILED = _value("DeleteFailed", "Could not be deleted.")


@strawberry.enum(description="Whose entities a list holds.")
class CrossAccountFilterOption(Enum):
    """ListModelPackageGroups' CrossAccountFilterOption."""

    SAME_ACCOUNT = _value("SameAccount", "The account's own.")
    CROSS_ACCOUNT = _value("CrossAccount", "Those that other accounts share with it.")


@strawberry.enum(description="Where a model card stands in its review.")
class ModelCardStatus(Enum):
    """DescribeModelCard's ModelCardStatus."""

    DRAFT = _value("Draft", "Being written.")
    PENDING_REVIEW = _value("PendingReview", "Waiting for review.")
    APPROVED = _value("Approved", "Reviewed and approved.")
    ARCHIVED = _value("Archived", "No longer kept up to date.")


@strawberry.enum(description="How far the deletion of a model card has come.")
class ModelCardProcessingStatus(Enum):
    """DescribeModelCard's ModelCardProcessingStatus."""

    DELETE_IN_PROGRESS = _value("DeleteInProgress", "Under way.")
    DELETE_PENDING = _value("DeletePending", "Asked for, not begun.")
    CONTENT_DELETED = _value("ContentDeleted", "What the card says is gone.")
    EXPORT_JOBS_DELETED = _value("ExportJobsDeleted", "The jobs that exported it are gone.")
    DELETE_COMPLETED = _value("DeleteCompleted", "Done.")
    DELETE_FAILED = _value("DeleteFailed", "Ended in failure.")


@strawberry.enum(description="Whether a pipeline is there to stay.")
class PipelineStatus(Enum):
    """DescribePipeline's PipelineStatus."""

    ACTIVE = _value("Active", "It can be run.")
    DELETING = _value("Deleting", "Being deleted.")


@strawberry.enum(description="How far a pipeline execution has come.")
class PipelineExecutionStatus(Enum):
    """DescribePipelineExecution's PipelineExecutionStatus."""

    EXECUTING = _value("Executing", "Under way.")
    STOPPING = _value("Stopping", "Being stopped.")
    STOPPED = _value("Stopped", "Stopped before its end.")
    FAILED = _value("Failed", "Ended in failure.")
    SUCCEEDED = _value("Succeeded", "Done.")


@strawberry.enum(description="What a list of pipeline executions is sorted by.")
class PipelineExecutionSort(Enum):
    """ListPipelineExecutions' SortBy."""

    CREATION_TIME = _value("CreationTime", "When the execution began.")
    PIPELINE_EXECUTION_ARN = _value("PipelineExecutionArn", "Its ARN.")


@strawberry.enum(description="How far a project has come.")
class ProjectStatus(Enum):
    """DescribeProject's ProjectStatus."""

    PENDING = _value("Pending", "Not begun.")
    CREATE_IN_PROGRESS = _value("CreateInProgress", "Being made.")
    CREATE_COMPLETED = _value("CreateCompleted", "Made.")
    CREATE_FAILED = _value("CreateFailed", "Could not be made.")
    DELETE_IN_PROGRESS = _value("DeleteInProgress", "Being deleted.")
    DELETE_FAILED = _value("DeleteFailed", "Could not be deleted.")
    DELETE_COMPLETED = _value("DeleteCompleted", "Deleted.")
    UPDATE_IN_PROGRESS = _value("UpdateInProgress", "Being changed.")
    UPDATE_COMPLETED = _value("UpdateCompleted", "Changed.")
    UPDATE_FAILED = _value("UpdateFailed", "Could not be changed.")


@strawberry.enum(description="What the URI of model data names.")
class S3ModelDataType(Enum):
    """S3ModelDataSource's S3DataType, and AdditionalS3DataSource's."""

    S3_PREFIX = _value("S3Prefix", "Every object whose key begins so.")
    S3_OBJECT = _value("S3Object", "One object.")


@strawberry.enum(description="What the URI of a transform job's input names.")
class S3DataType(Enum):
    """TransformS3DataSource's S3DataType."""

    MANIFEST_FILE = _value("ManifestFile", "A file that lists the objects.")
    S3_PREFIX = _value("S3Prefix", "Every object whose key begins so.")
    AUGMENTED_MANIFEST_FILE = _value("AugmentedManifestFile", "A file of JSON lines with objects and their labels.")
    CONVERSE = _value("Converse", "A dataset of conversations.")


@strawberry.enum(description="How data is compressed.")
class CompressionType(Enum):
    """CompressionType, and ModelDataSource's ModelCompressionType."""

    NONE = _value("None", "Not at all.")
    GZIP = _value("Gzip", "By gzip.")


@strawberry.enum(description="How a transform job cuts its input into records.")
class SplitType(Enum):
    """TransformInput's SplitType."""

    NONE = _value("None", "Not at all: each object is one record.")
    LINE = _value("Line", "At each line's end.")
    RECORD_IO = _value("RecordIO", "As the RecordIO format says.")
    TF_RECORD = _value("TFRecord", "As the TFRecord format says.")


@strawberry.enum(description="How many records a transform job sends to the model at a time.")
class BatchStrategy(Enum):
    """TransformJobDefinition's BatchStrategy."""

    MULTI_RECORD = _value("MultiRecord", "As many as fit the greatest payload.")
    SINGLE_RECORD = _value("SingleRecord", "One.")


@strawberry.enum(description="How a transform job joins its results.")
class AssemblyType(Enum):
    """TransformOutput's AssembleWith."""

    NONE = _value("None", "End to end, as they come.")
    LINE = _value("Line", "With a line break after each.")
