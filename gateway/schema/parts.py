"""Structures inside the vertices of the lineage graph, each as AWS nests it."""

from datetime import datetime
from math import isfinite
from typing import Any

import strawberry

from gateway.schema.entity import member
from gateway.schema.enums import ArtifactSourceIdType, TrialComponentPrimaryStatus
from gateway.schema.scalars import Arn


def _finite(value: float | str) -> float | None:
    """Return a number that JSON can represent, or None; AWS sends others as strings, such as NaN."""
    return value if isinstance(value, int | float) and isfinite(value) else None


def number(path: str, description: str) -> Any:
    """Declare a field that shows a number; it is null for NaN or infinity, such as the loss of a diverged run."""
    return member(path, f"{description} Also null when NaN or infinite.", _finite)


@strawberry.type(description="What distinguishes one state of an artifact's source from another.")
class ArtifactSourceType:
    """A source type and its value."""

    source_id_type: ArtifactSourceIdType | None = member("SourceIdType", "The kind of identifier.")
    value: str | None = member("Value", "The identifier.")


@strawberry.type(description="What an artifact represents. Its URI and source types together identify the artifact.")
class ArtifactSource:
    """An artifact's source."""

    source_uri: str | None = member("SourceUri", "Where it is.")
    source_types: list[ArtifactSourceType] | None = member("SourceTypes", "Identifiers of its state.")


@strawberry.type(description="What a context represents.")
class ContextSource:
    """A context's source."""

    source_uri: str | None = member("SourceUri", "Where it is, or its ARN.")
    source_type: str | None = member("SourceType", "What kind of thing it is.")
    source_id: str | None = member("SourceId", "Its identifier at that location.")


@strawberry.type(description="What an action was done to.")
class ActionSource:
    """An action's source."""

    source_uri: str | None = member("SourceUri", "Where it is, or its ARN.")
    source_type: str | None = member("SourceType", "What kind of thing it is.")
    source_id: str | None = member("SourceId", "Its identifier at that location.")


@strawberry.type(description="The job that a trial component represents.")
class TrialComponentSource:
    """A trial component's source."""

    source_arn: Arn | None = member("SourceArn", "The job's ARN.")
    source_type: str | None = member("SourceType", "What kind of job it is, such as SageMakerTrainingJob.")


@strawberry.type(description="The status of a run.")
class TrialComponentStatus:
    """A trial component's status."""

    primary_status: TrialComponentPrimaryStatus | None = member("PrimaryStatus", "Its status.")
    message: str | None = member("Message", "Further details, as text.")


@strawberry.type(description="A hyperparameter or other setting of a run: a string or a number.")
class TrialComponentParameter:
    """One of a trial component's parameters."""

    key: str = member("Key", "Its name.")
    string_value: str | None = member("StringValue", "Its value, if it is a string.")
    number_value: float | None = number("NumberValue", "Its value, if it is a number.")


@strawberry.type(description="Something that a run read or wrote, under the run's own name for it.")
class TrialComponentArtifact:
    """One of a trial component's input or output artifacts."""

    key: str = member("Key", "The run's name for it.")
    media_type: str | None = member("MediaType", "Its media type, such as text/csv.")
    value: str | None = member("Value", "Where it is.")


@strawberry.type(description="A summary of all points of one of a run's metrics.")
class TrialComponentMetricSummary:
    """One of a trial component's metric summaries."""

    metric_name: str | None = member("MetricName", "What is measured.")
    source_arn: Arn | None = member("SourceArn", "ARN of the job that measured it.")
    time_stamp: datetime | None = member("TimeStamp", "When it was last measured.")
    max: float | None = number("Max", "The largest value.")
    min: float | None = number("Min", "The smallest value.")
    last: float | None = number("Last", "The latest value.")
    count: int | None = member("Count", "How many points there are.")
    avg: float | None = number("Avg", "The mean of the values.")
    std_dev: float | None = number("StdDev", "The standard deviation of the values.")
