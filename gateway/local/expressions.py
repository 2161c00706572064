"""Search expressions: evaluates them on records, and finds column values by which an index narrows the candidates.

A property is a dotted path through the record, and may have several values: a list contributes those of each element.
``Tags.team`` is the value of the tag with that key, ``Parameters.lr`` the value of that parameter, ``Metrics.auc.Max``
a statistic of that metric, and ``Metrics.auc`` its ``Last``.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.model import Shape

from gateway.local.errors import ValidationError
from gateway.local.validation import from_iso

Indexed = frozenset[tuple[str, str]]
"""Pairs of a column and a value. A record that matches the expression has at least one of them."""

_KEYED = {"Tag": ("Key", "Value"), "TrialComponentMetricSummary": ("MetricName", "Last")}
_MAX_PARTS = 50  # filters and subexpressions of one expression
_REPEATABLE = {"DisplayName", "Tags", "InputArtifacts", "OutputArtifacts"}  # properties without a limit on Contains
_NUMBERS = {"integer", "long", "float", "double"}

_ORDERED: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, bound: value == bound,
    "GreaterThan": lambda value, bound: value > bound,
    "GreaterThanOrEqualTo": lambda value, bound: value >= bound,
    "LessThan": lambda value, bound: value < bound,
    "LessThanOrEqualTo": lambda value, bound: value <= bound,
}


@functools.cache
def _spellings(shape: Shape) -> dict[str, str]:
    return {member.lower(): member for member in shape.members}


def spelled(shape: Shape, name: str) -> str:
    """The member's name as the model spells it. Case is ignored, since AWS's examples sort by ``metrics.loss.max``."""
    return _spellings(shape).get(name.lower(), name)


class Value(NamedTuple):
    """A value at the end of a path, and the name of its type in the model."""

    type: str
    value: Any

    @property
    def is_number(self) -> bool:
        """Whether it is compared as a number; a timestamp is, in seconds."""
        return self.type == "timestamp" or self.type in _NUMBERS


def values(shape: Shape, value: Any, path: list[str]) -> Iterator[Value]:
    """Yield the values at the end of the path; if that is a structure, list or map, all values within it."""
    if value is not None and shape.type_name in {"structure", "list", "map"}:
        for part in _parts(shape, value, path):
            yield from values(*part)
    elif value is not None and not path:
        yield Value(shape.type_name, value)


def _parts(shape: Shape, value: Any, path: list[str]) -> Iterator[tuple[Shape, Any, list[str]]]:
    if shape.type_name == "structure":
        for name in map(functools.partial(spelled, shape), path[:1]) if path else shape.members:
            if name in shape.members:
                yield shape.members[name], value.get(name), path[1:]
    elif shape.type_name == "list":
        for item in value:
            yield shape.member, item, _skip_key(shape.member, item, path)
    else:
        for key, item in value.items():
            rest = _after(key, path)
            if rest is not None:
                yield shape.value, item, rest


def _skip_key(shape: Shape, item: Any, path: list[str]) -> list[str]:
    if not path or shape.name not in _KEYED:
        return path
    key, value = _KEYED[shape.name]
    rest = _after(item.get(key) or "", path)
    return path if rest is None else rest or [value]


def _after(key: str, path: list[str]) -> list[str] | None:
    """The rest of the path after the key, which may contain dots; None if the path does not begin with the key."""
    length = key.count(".") + 1
    return path[length:] if not path or ".".join(path[:length]) == key else None


Test = Callable[[Any], bool]


class Expression:
    """A compiled SearchExpression for records of one shape."""

    def __init__(self, shape: Shape, expression: dict[str, Any]) -> None:
        """Compile the expression.

        Raises:
            ValidationError: it is empty or too long, or has an unknown property.
        """
        self._shape = shape
        self._left = _MAX_PARTS
        self.properties: set[str] = set()
        """The top-level members that it refers to."""
        self._contains = 0
        self._test = self._compiled(expression)

    def met_by(self, record: dict[str, Any]) -> bool:
        """Whether the record matches the expression.

        Raises:
            ValidationError: the record's value is a number or a time, and that of the expression is not.
        """
        return self._test(record)

    def _compiled(self, expression: dict[str, Any]) -> Test:
        tests = [self._filter(self._shape, given) for given in expression.get("Filters", ())]
        tests += [self._nested(given) for given in expression.get("NestedFilters", ())]
        tests += [self._compiled(given) for given in expression.get("SubExpressions", ())]
        if not tests:
            raise ValidationError("A search expression needs a filter, a nested filter or a subexpression.")
        self._left -= len(tests)
        if self._left < 0:
            raise ValidationError(f"A search expression holds at most {_MAX_PARTS} filters and subexpressions.")
        combine = any if expression.get("Operator") == "Or" else all
        return lambda record: combine(test(record) for test in tests)

    def _filter(self, shape: Shape, given: dict[str, Any], within: str = "") -> Test:
        path = given["Name"].removeprefix(within).split(".")
        searched = spelled(self._shape, given["Name"].split(".")[0])
        if searched not in self._shape.members:
            raise ValidationError(f"Unknown property: {given['Name']}")
        operator, text = given.get("Operator", "Equals"), given.get("Value")
        self.properties.add(searched)
        self._count(operator, searched)
        if operator in {"Exists", "NotExists"}:
            return lambda record: any(values(shape, record, path)) is (operator == "Exists")
        if text is None:
            raise ValidationError(f"{operator} on {given['Name']} needs a Value.")
        if operator == "NotEquals":
            return lambda record: not any(_compares("Equals", value, text) for value in values(shape, record, path))
        return lambda record: any(_compares(operator, value, text) for value in values(shape, record, path))

    def _count(self, operator: str, searched: str) -> None:
        """Count uses of Contains, which SageMaker allows only once for most properties."""
        self._contains += operator == "Contains" and searched not in {*_REPEATABLE, f"{self._shape.name}Name"}
        if self._contains > 1:
            raise ValidationError("'CONTAINS' operator usage limit of 1 exceeded.")

    def _nested(self, given: dict[str, Any]) -> Test:
        name = given["NestedPropertyName"]
        listed = self._shape.members.get(name)
        if listed is None or listed.type_name != "list":
            raise ValidationError(f"Not a list of structures: {name}")
        tests = [self._filter(listed.member, inner, f"{name}.") for inner in given["Filters"]]
        return lambda record: any(all(test(item) for test in tests) for item in record.get(name) or ())


def _compares(operator: str, value: Value, text: str) -> bool:
    if value.type == "double" and operator == "Equals" and not _is_number(text):
        return False  # a parameter may be a number in one run and a string in another
    if value.is_number:
        compare = _ORDERED.get(operator)
        return compare is not None and compare(float(value.value), _bound(value, text))
    if operator == "Equals":
        return bool(value.value == text)
    if operator == "In":
        return value.value in text.split(",")
    return operator == "Contains" and text in str(value.value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bound(value: Value, text: str) -> float:
    try:
        bound = from_iso(text) if value.type == "timestamp" else float(text)
    except ValueError:
        bound = None
    if bound is None:
        raise ValidationError(f"{text!r} is not a {value.type}.")
    return bound


def indexed(expression: dict[str, Any], columns: Mapping[str, str]) -> Indexed | None:
    """Find the pairs of which a record must have at least one to match the expression; None if there are none.

    ``columns`` maps properties to their columns.
    """
    parts = [_looked_up(given, columns) for given in expression.get("Filters", ())]
    parts += [None] * len(expression.get("NestedFilters", ()))
    parts += [indexed(given, columns) for given in expression.get("SubExpressions", ())]
    known = [part for part in parts if part is not None]
    if expression.get("Operator") == "Or":
        return frozenset().union(*known) if len(known) == len(parts) else None
    return min(known, key=len, default=None)


def _looked_up(given: dict[str, Any], columns: Mapping[str, str]) -> Indexed | None:
    column, text = columns.get(given["Name"]), given.get("Value", "")
    wanted = {"Equals": [text], "In": text.split(",")}.get(given.get("Operator", "Equals"))
    return None if column is None or wanted is None else frozenset((column, value) for value in wanted)
