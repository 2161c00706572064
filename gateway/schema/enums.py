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
