"""Filters over a walk's vertices.

A vertex is tested with what the walk has loaded of it. It is described only if that is not enough.
"""

from datetime import datetime

import strawberry
from strawberry import UNSET

from gateway.aws.kinds import TRIAL_COMPONENT, Kind, kind_at
from gateway.errors import GatewayError
from gateway.lineage.coverage import Reason, reason_of
from gateway.lineage.types import canonical_type, type_of
from gateway.loaders import Loaders
from gateway.schema.enums import LineageType


@strawberry.input(description="A property to look for or to set.")
class PropertyInput:
    """A key and its value."""

    key: str = strawberry.field(description="The property's name.")
    value: str = strawberry.field(description="The value to look for or to set.")


@strawberry.input(
    description="The vertices that a walk shows; all given conditions must hold, and an empty list sets none. A filter "
    "chooses what is shown, never what is walked, and the starts are always shown. Times and properties cost at most "
    "one Describe per vertex, unless its result is cached."
)
class LineageFilter:
    """A filter over a walk's vertices."""

    lineage_types: list[LineageType] | None = strawberry.field(
        default=UNSET, description="Vertices of any of these kinds."
    )
    types: list[str] | None = strawberry.field(
        default=UNSET,
        description="Vertices of any of these types, such as DataSet; TrainingJob and SageMakerTrainingJob are the "
        "same.",
    )
    created_after: datetime | None = strawberry.field(default=UNSET, description="Created at or after this time.")
    created_before: datetime | None = strawberry.field(default=UNSET, description="Created at or before this time.")
    modified_after: datetime | None = strawberry.field(default=UNSET, description="Last changed at or after this time.")
    modified_before: datetime | None = strawberry.field(
        default=UNSET, description="Last changed at or before this time."
    )
    properties: list[PropertyInput] | None = strawberry.field(
        default=UNSET, description="With any of these properties. Trial components have none."
    )


async def verdict(loaders: Loaders, arn: str, filter: LineageFilter) -> bool | Reason:
    """Return whether the filter shows a vertex, describing it if necessary; or why the Describe call failed."""
    kind, record = kind_at(arn), loaders.known.record(arn)
    assert kind  # noqa: S101 - `is_of` has rejected others
    try:
        for path in paths(filter, kind):
            if not record.covers(path):
                await loaders.entities.describe(kind, arn, path)
    except GatewayError as error:
        return reason_of(error)
    properties: dict[str, str] = record.read("Properties") or {}
    return (
        _is_of_type(loaders, kind, arn, filter)
        and all(_holds(record.read(path), after, before) for path, after, before in _moments(filter))
        and (not filter.properties or any(properties.get(wanted.key) == wanted.value for wanted in filter.properties))
    )


def is_of(loaders: Loaders, arn: str, filter: LineageFilter) -> bool | None:
    """Return whether the filter shows a vertex; None if that takes a description, or if its type is not loaded."""
    fits = may_be_of(loaders, arn, filter)
    return None if fits and describes(filter) else fits


def may_be_of(loaders: Loaders, arn: str, filter: LineageFilter) -> bool | None:
    """Return whether the filter shows vertices of this kind and type; None if the type is not loaded."""
    kind = kind_at(arn)
    if kind is None or (filter.properties and kind is TRIAL_COMPONENT):
        return False
    if filter.lineage_types and kind.name not in {wanted.value for wanted in filter.lineage_types}:
        return False
    if filter.types and not loaders.known.record(arn).covers(kind.type_path):
        return None
    return _is_of_type(loaders, kind, arn, filter)


def _is_of_type(loaders: Loaders, kind: Kind, arn: str, filter: LineageFilter) -> bool:
    return not filter.types or type_of(loaders.known.record(arn), kind) in map(canonical_type, filter.types)


def describes(filter: LineageFilter) -> bool:
    """Whether the filter has conditions that take a description of the vertex."""
    return bool(_moments(filter) or filter.properties)


def paths(filter: LineageFilter, kind: Kind) -> list[str]:
    """Return the paths in the Describe response that a filter tests."""
    conditions = {
        kind.type_path: filter.types,
        "Properties": filter.properties if kind is not TRIAL_COMPONENT else None,
    }
    return [path for path, *_ in _moments(filter)] + [path for path, wanted in conditions.items() if wanted]


def _moments(filter: LineageFilter) -> list[tuple[str, datetime | None, datetime | None]]:
    bounds = (
        ("CreationTime", filter.created_after or None, filter.created_before or None),
        ("LastModifiedTime", filter.modified_after or None, filter.modified_before or None),
    )
    return [bound for bound in bounds if bound[1] or bound[2]]


def _holds(moment: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    return moment is not None and (not after or moment >= after) and (not before or moment <= before)
