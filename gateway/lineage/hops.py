"""Hops: from one vertex to its neighbours, by ListAssociations and a filter over its response."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gateway.aws.kinds import kind_at
from gateway.lineage.types import TWO_SPELLINGS, canonical_type

HopDirection = Literal["upstream", "downstream"]
"""The direction of a hop, named like the GraphQL fields: against the associations, or along them."""

Keep = Callable[[Mapping[str, Any]], bool]
"""A predicate: whether to keep an association summary."""

_LONGEST_TYPE = 256
"""The maximum length of a type in ListAssociations; no type is longer."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A planned hop."""

    parameters: dict[str, Any]
    """The parameters of ListAssociations."""
    far: str
    """The member of an association summary with the neighbour's ARN."""
    keep: Keep | None
    """The filter to apply to the response; None if AWS's pages can be used as they are."""


def plan(  # noqa: PLR0913 - a hop filter has these parts
    arn: str,
    direction: HopDirection,
    *,
    association_types: Collection[str],
    lineage_types: Collection[str],
    types: Collection[str],
    created_after: datetime | None,
    created_before: datetime | None,
) -> Hop:
    """Plan a hop: ListAssociations takes one value per filter; several values, and kinds, are filtered by ``keep``."""
    near, far = ("Destination", "Source") if direction == "upstream" else ("Source", "Destination")
    parameters: dict[str, Any] = {f"{near}Arn": arn}
    tests: list[Keep] = []
    if len(association_types) == 1:
        parameters["AssociationType"] = next(iter(association_types))
    elif association_types:
        tests.append(lambda summary: summary.get("AssociationType") in association_types)
    wanted = {canonical_type(name) for name in types}
    if len(wanted) == 1 and not wanted & TWO_SPELLINGS and 0 < len(name := next(iter(types))) <= _LONGEST_TYPE:
        parameters[f"{far}Type"] = name
    elif wanted:
        tests.append(lambda summary: canonical_type(summary.get(f"{far}Type")) in wanted)
    if lineage_types:
        tests.append(lambda summary: (kind := kind_at(summary[f"{far}Arn"])) is not None and kind.name in lineage_types)
    if created_after:
        parameters["CreatedAfter"] = created_after
    if created_before:
        parameters["CreatedBefore"] = created_before
    keep: Keep | None = (lambda summary: all(test(summary) for test in tests)) if tests else None
    return Hop(parameters, f"{far}Arn", keep)
