"""Describing many entities in few calls: by Search, or by a batch operation that takes their ARNs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from gateway import arn as arns

T = TypeVar("T")

MOST_ENTITIES = 100
"""Entities that one call of either returns."""
LONGEST_VALUE = 1024
"""Characters that one of Search's filters takes as its value."""
MOST_FILTERS = 20
"""Filters that one expression of Search takes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How one call returns many entities of a kind."""

    operation: ClassVar[str] = ""
    lacks: frozenset[str]
    """Members of the Describe response that its answer leaves out."""
    adds: frozenset[str] = frozenset()
    """Members that its answer has and the Describe response hasn't."""

    def takes(self, arn: str) -> bool:  # noqa: ARG002 - some batches do not take every ARN
        """Whether the batch can tell of the entity with this ARN."""
        return True

    @staticmethod
    def parted(wanted: Iterable[str]) -> list[list[str]]:
        """Split ARNs into chunks of as many as one call returns."""
        return _chunks(list(wanted), MOST_ENTITIES)

    def calls(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Return the parameters of the calls for one chunk of ARNs, each within the operation's limits."""
        raise NotImplementedError

    def found(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the members of each entity in an answer."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Batch):
    """Search, which returns whole entities that match an expression."""

    operation: ClassVar[str] = "Search"
    resource: str
    """Search's name for the kind."""
    result: str
    """The member of a result that holds the entity."""
    arn: str
    """The property to look for ARNs in."""

    def calls(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Name the ARNs in as many filters as that takes, any of which matches."""
        filters = [{"Name": self.arn, "Operator": "In", "Value": ",".join(few)} for few in _values(wanted)]
        return [self._any_of(some) for some in _chunks(filters, MOST_FILTERS)]

    def where(self, name: str, value: str) -> dict[str, Any]:
        """Ask for all entities of which a property has this value, newest first."""
        expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
        return {
            "Resource": self.resource,
            "SearchExpression": expression,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }

    def where_any(self, terms: Mapping[str, str], parts: Mapping[str, str]) -> dict[str, Any]:
        """Ask for the entities of which any property has one of its comma-separated values, or contains its part."""
        filters = [
            {"Name": name, "Operator": "In" if "," in value else "Equals", "Value": value}
            for name, value in terms.items()
        ]
        filters += [{"Name": name, "Operator": "Contains", "Value": part} for name, part in parts.items()]
        return self._any_of(filters)

    def found(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what each result holds."""
        return [result[self.result] for result in answer["Results"]]

    def _any_of(self, filters: list[dict[str, str]]) -> dict[str, Any]:
        return {
            "Resource": self.resource,
            "SearchExpression": {"Filters": filters, "Operator": "Or"},
            "MaxResults": MOST_ENTITIES,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDescribeModelPackage(Batch):
    """BatchDescribeModelPackage, which sums up versions of model package groups."""

    operation: ClassVar[str] = "BatchDescribeModelPackage"

    def takes(self, arn: str) -> bool:
        """Whether the ARN names a version of a group."""
        parsed = arns.parse(arn)
        return bool(parsed and "/" in parsed.id)

    def calls(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Return one call: it takes as many ARNs as it returns entities."""
        return [{"ModelPackageArnList": wanted}]

    def found(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the summaries; what the answer has an error for is not among them."""
        return list(answer.get("ModelPackageSummaries", {}).values())


def _values(wanted: Iterable[str]) -> list[list[str]]:
    """Gather ARNs into lists that, joined by commas, are each short enough for one filter."""
    values: list[list[str]] = []
    room = 0
    for arn in wanted:
        if room < len(arn) + 1:
            values.append([])
            room = LONGEST_VALUE + 1
        values[-1].append(arn)
        room -= len(arn) + 1
    return values


def _chunks(items: list[T], size: int) -> list[list[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
