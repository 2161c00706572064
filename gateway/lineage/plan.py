"""Plans the calls that answer a hop: pure functions, whose plans the loaders carry out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gateway.aws.kinds import LINEAGE, kind_at

Direction = Literal["upstream", "downstream"]

Keep = Callable[[Mapping[str, Any]], bool]
"""Whether to keep an association summary."""

# QueryLineage's word for what every other call names with the prefix.
_JOBS = {f"{job}Job": f"SageMaker{job}Job" for job in ("Training", "Processing", "Transform")}

_LONGEST_TYPE = 256
"""Characters of a type that ListAssociations takes; there is none that is longer."""


def one_spelling(type_name: str | None) -> str | None:
    """Spell an entity's type as most calls do: QueryLineage's TrainingJob is SageMakerTrainingJob elsewhere."""
    return _JOBS.get(type_name, type_name) if type_name else None


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop from a vertex: what to ask ListAssociations, and what of its answer to keep."""

    parameters: dict[str, Any]
    keep: Keep | None
    """None keeps all, so that AWS's pages can be taken as they are."""


def hop(  # noqa: PLR0913 - a hop filter has these parts
    arn: str,
    direction: Direction,
    *,
    association_types: Collection[str] = (),
    lineage_types: Collection[str] = (),
    types: Collection[str] = (),
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Hop:
    """Plan a hop: ListAssociations filters by one value of each; several values, and kinds, are filtered here."""
    near, far = ("Destination", "Source") if direction == "upstream" else ("Source", "Destination")
    parameters: dict[str, Any] = {f"{near}Arn": arn}
    tests: list[Keep] = []
    if len(association_types) == 1:
        parameters["AssociationType"] = next(iter(association_types))
    elif association_types:
        tests.append(lambda summary: summary.get("AssociationType") in association_types)
    wanted = {one_spelling(name) for name in types}
    if len(wanted) == 1 and not wanted & set(_JOBS.values()) and 0 < len(name := next(iter(types))) <= _LONGEST_TYPE:
        parameters[f"{far}Type"] = name
    elif wanted:
        tests.append(lambda summary: one_spelling(summary.get(f"{far}Type")) in wanted)
    if lineage_types:
        tests.append(lambda summary: lineage_type(summary[f"{far}Arn"]) in lineage_types)
    if created_after:
        parameters["CreatedAfter"] = created_after
    if created_before:
        parameters["CreatedBefore"] = created_before
    return Hop(parameters, (lambda summary: all(test(summary) for test in tests)) if tests else None)


def lineage_type(arn: str) -> str | None:
    """Tell the AWS lineage type of an ARN, such as TrialComponent; None when it names no vertex."""
    kind = kind_at(arn)
    return kind.name if kind in LINEAGE else None
