"""From what was asked to the calls that answer it: pure functions, which the loaders carry out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gateway import arn as arns
from gateway.aws.kinds import LINEAGE, MOST_VERTICES, kind_of

DEEPEST_QUERY = 10
"""Associations that one QueryLineage follows."""
_FIRST_REACH = 3
_ROOMY, _SPACIOUS = 0.7, 0.4
"""How much of a page calls may have filled for the next to reach one association further, or two."""

Direction = Literal["upstream", "downstream"]

Keep = Callable[[Mapping[str, Any]], bool]
"""Whether to keep an association summary."""

# QueryLineage's word for what every other call names with the prefix.
_JOBS = {f"{job}Job": f"SageMaker{job}Job" for job in ("Training", "Processing", "Transform")}


def one_spelling(type_name: str | None) -> str | None:
    """Spell an entity's type as most calls do: QueryLineage's TrainingJob is SageMakerTrainingJob elsewhere."""
    return _JOBS.get(type_name, type_name) if type_name else None


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop from a vertex: what to ask ListAssociations, and what to leave out of its answer here."""

    parameters: dict[str, Any]
    keep: Keep | None
    """None keeps all, so that the answer's own paging holds."""


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
    """Plan a hop: ListAssociations filters by one value of each; several values, and lineage types, are told here."""
    near, far = ("Destination", "Source") if direction == "upstream" else ("Source", "Destination")
    parameters: dict[str, Any] = {f"{near}Arn": arn}
    tests: list[Keep] = []
    if len(association_types) == 1:
        parameters["AssociationType"] = next(iter(association_types))
    elif association_types:
        tests.append(lambda summary: summary.get("AssociationType") in association_types)
    wanted = {one_spelling(name) for name in types}
    if len(wanted) == 1 and not wanted & set(_JOBS.values()):
        parameters[f"{far}Type"] = next(iter(wanted))
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
    kind = kind_of(arns.parse(arn))
    return kind.name if kind in LINEAGE else None


@dataclass(slots=True)
class Spread:
    """How a walk spreads: page by page in one chain, or from every vertex at the edge at once, a page each.

    A chain makes one call for fifty vertices, and waits for each. Calls from the edge wait once for several levels, but
    find the same vertices many times: they pay as long as AWS takes so many more of them in the time of one wait.
    """

    hurries: bool
    """Whether it is to wait less, for more calls."""
    reach: int = _FIRST_REACH
    """How many associations the calls of a level follow, where it hurries."""
    reason: str = "fewest calls: all within ten associations of a vertex, fifty vertices a page"
    _fullest: int = 0
    _overflowed: bool = False
    _calls: int = 0
    _vertices: int = 0

    def __post_init__(self) -> None:
        """Give the reason for how it begins."""
        if self.hurries:
            self.reason = "least waiting: from all vertices at the edge at once, as far as a page holds"

    @property
    def limit(self) -> int:
        """How many associations a call follows."""
        return self.reach if self.hurries else DEEPEST_QUERY

    def told(self, found: int, *, whole: bool) -> None:
        """Learn how many vertices a call of this level found, and whether these were all within its reach."""
        self._calls += 1
        self._fullest = max(self._fullest, found)
        self._overflowed |= not whole

    def advance(self, vertices: int, rate: float | None, seconds: float) -> None:
        """Choose for the next level, when so many vertices are known.

        ``rate`` is how many calls a second AWS takes, None where it refused none; a call takes ``seconds``.
        """
        if self.hurries and self._calls:
            self._choose_reach()
            new = max(vertices - self._vertices, 1)
            # In the time that the chain waits for its next page, as many vertices have to come this way.
            if rate is not None and self._calls * MOST_VERTICES / new > rate * seconds:
                self.hurries = False
                self.reason = f"fewest calls: AWS takes {rate:.0f} a second, which more calls would have to wait for"
        self._vertices, self._calls, self._fullest, self._overflowed = vertices, 0, 0, False

    def _choose_reach(self) -> None:
        filled = self._fullest / MOST_VERTICES
        if self._overflowed:
            self.reach = max(1, self.reach - 1)
        elif filled <= _ROOMY:
            self.reach = min(DEEPEST_QUERY, self.reach + (2 if filled <= _SPACIOUS else 1))
