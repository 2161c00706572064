"""Calls that return many entities at once: Search, or a batch operation that takes ARNs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from gateway import arn as arns

T = TypeVar("T")

MOST_ENTITIES = 100
"""The maximum number of entities in one response of either."""
_LONGEST_VALUE = 1024
"""The maximum length, in characters, of a value in Search's filters."""
_MOST_FILTERS = 20
"""The maximum number of filters in one Search expression."""


@dataclass(frozen=True, slots=True)
class Batch:
    """An operation that returns many entities of a kind at once."""

    operation: ClassVar[str] = ""
    lacks: frozenset[str]
    """The members of the Describe response that its response lacks."""
    adds: frozenset[str] = frozenset()
    """The members of its response that the Describe response lacks."""

    def takes(self, arn: str) -> bool:  # noqa: ARG002 - subclasses may not accept every ARN
        """Whether the operation can return the entity with this ARN."""
        return True

    @staticmethod
    def parted(wanted: Iterable[str]) -> list[list[str]]:
        """Split ARNs into chunks of the size of one response."""
        return _chunks(list(wanted), MOST_ENTITIES)

    def calls(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Return the parameters of the calls for one chunk of ARNs, each call within the operation's limits."""
        raise NotImplementedError

    def found(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the members of each entity in a response."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Batch):
    """The Search operation, which returns whole entities that match an expression."""

    operation: ClassVar[str] = "Search"
    resource: str
    """Search's name for the kind."""
    result: str
    """The member of a result with the entity."""
    arn: str
    """The property with the ARN."""

    def calls(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Return calls whose filters contain the ARNs, or else the names, combined by Or."""
        by = self.arn if arns.parse(wanted[0]) else f"{self.result}Name"
        filters = [{"Name": by, "Operator": "In", "Value": ",".join(few)} for few in _values(wanted)]
        return [self._any_of(some) for some in _chunks(filters, _MOST_FILTERS)]

    def where(self, name: str, value: str) -> dict[str, Any]:
        """Return the parameters of a search for all entities with this value of a property, newest first."""
        expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
        return {
            "Resource": self.resource,
            "SearchExpression": expression,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }

    def where_any(self, terms: Mapping[str, str], parts: Mapping[str, str]) -> dict[str, Any]:
        """Return the parameters of a search for entities with a property in ``terms`` or ``parts`` that matches.

        ``terms`` maps properties to comma-separated values, ``parts`` to substrings.
        """
        filters = [
            {"Name": name, "Operator": "In" if "," in value else "Equals", "Value": value}
            for name, value in terms.items()
        ]
        filters += [{"Name": name, "Operator": "Contains", "Value": part} for name, part in parts.items()]
        return self._any_of(filters)

    def found(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the entity in each result."""
        return [result[self.result] for result in answer["Results"]]

    def _any_of(self, filters: list[dict[str, str]]) -> dict[str, Any]:
        return {
            "Resource": self.resource,
            "SearchExpression": {"Filters": filters, "Operator": "Or"},
            "MaxResults": MOST_ENTITIES,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDescribeModelPackage(Batch):
    """The BatchDescribeModelPackage operation, which returns summaries of versions in model package groups."""

    operation: ClassVar[str] = "BatchDescribeModelPackage"

    def takes(self, arn: str) -> bool:
        """Whether the ARN is that of a version in a group."""
        parsed = arns.parse(arn)
        return bool(parsed and "/" in parsed.id)

    def calls(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Return a single call, as it accepts as many ARNs as it returns entities."""
        return [{"ModelPackageArnList": wanted}]

    def found(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the summaries; entities with an error in the response are omitted."""
        return list(answer.get("ModelPackageSummaries", {}).values())


def _values(wanted: Iterable[str]) -> list[list[str]]:
    """Group ARNs so that each group, joined by commas, is short enough for one filter."""
    values: list[list[str]] = []
    room = 0
    for arn in wanted:
        if room < len(arn) + 1:
            values.append([])
            room = _LONGEST_VALUE + 1
        values[-1].append(arn)
        room -= len(arn) + 1
    return values


def _chunks(items: list[T], size: int) -> list[list[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
