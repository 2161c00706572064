"""How many entities by their ARNs become few calls of Search."""

from collections.abc import Iterable
from typing import Any

from gateway.aws.kinds import MOST_RESULTS, Search

LONGEST_VALUE = 1024
"""Characters that one filter takes as its value."""
MOST_FILTERS = 20
"""Filters that one expression takes."""


def calls(search: Search, arns: Iterable[str]) -> list[dict[str, Any]]:
    """Plan the Search calls that return the entities with these ARNs, each within Search's limits."""
    planned = []
    for some in _chunks(arns, MOST_RESULTS):
        values = [",".join(few) for few in _values(some)]
        planned += [_call(search, filters) for filters in _chunks(values, MOST_FILTERS)]
    return planned


def _values(arns: Iterable[str]) -> list[list[str]]:
    """Gather ARNs into lists that, joined by commas, are each short enough for one filter."""
    values: list[list[str]] = []
    room = 0
    for arn in arns:
        if room < len(arn) + 1:
            values.append([])
            room = LONGEST_VALUE + 1
        values[-1].append(arn)
        room -= len(arn) + 1
    return values


def _call(search: Search, values: Iterable[str]) -> dict[str, Any]:
    filters = [{"Name": search.arn, "Operator": "In", "Value": value} for value in values]
    return {
        "Resource": search.resource,
        "SearchExpression": {"Filters": filters, "Operator": "Or"},
        "MaxResults": MOST_RESULTS,
    }


def _chunks(items: Iterable[str], size: int) -> list[list[str]]:
    whole = list(items)
    return [whole[start : start + size] for start in range(0, len(whole), size)]
