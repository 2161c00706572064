"""Validates values against shapes of the API model, with SageMaker's error messages.

A value of the wrong type is a SerializationException. Values that violate a constraint (required, length, range,
pattern, enumeration) are collected, so that one ValidationException lists them all.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import regex  # type: ignore[import-untyped]  # supports \p{L}, which the model's patterns use; ships no types
from botocore.model import Shape

from gateway.local import model
from gateway.local.errors import SerializationError, ValidationError

_NOT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_LIMITS = {"integer": 2**31, "long": 2**63}
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second that clients can represent
_MAX_ECHOED = 1024  # characters of an invalid value that the message repeats
_MAX_EXCESS = 1024  # characters beyond the maximum length up to which a text is matched: longer ones would take long
_DOT = r"[^\n\r\x85\u2028\u2029]"
"""What a dot in the model's patterns matches: none of Java's line terminators, of which Python's dot knows only one."""
_MAX_PROBLEMS = 100  # listed for one request, which could have millions

_AT_LEAST = "Member must have {} greater than or equal to {}"
_AT_MOST = "Member must have {} less than or equal to {}"

_TIGHTER: dict[tuple[str, str], dict[str, int]] = {
    # Bounds that SageMaker enforces and the model omits.
    ("QueryLineageRequest", "StartArns"): {"min": 1},
    ("QueryLineageRequest", "MaxDepth"): {"min": 1},
    ("QueryLineageRequest", "MaxResults"): {"min": 1},
}
_UNIONS = {"TrialComponentParameterValue"}
"""Structures of which only one member may be set, which the model omits."""
_REQUIRED = {"QueryLineageRequest": ["StartArns"]}


def read_request(operation: str, value: object) -> dict[str, Any]:
    """Validate a request; return those of its members that the model has, with timestamps in seconds.

    Raises:
        SerializationError: a member has the wrong type.
        ValidationError: members violate constraints; the message lists them all, or the first hundred.
    """
    reader = Reader()
    try:
        request: dict[str, Any] = reader.read(model.request_shape(operation), value, "")
    except RecursionError as error:
        raise SerializationError("The request is nested too deeply") from error
    if reader.problems:
        raise reader.refusal()
    return request


@dataclass(slots=True)
class Reader:
    """Reads values by their shapes.

    A strict reader checks constraints and ignores members that the model does not have, as SageMaker does with
    requests. A lenient reader, for records from SageMaker, checks no constraints, accepts ISO 8601 timestamps too, and
    refuses unknown members, because they would be lost.
    """

    lenient: bool = False
    problems: list[str] = field(default_factory=list)

    def read(self, shape: Shape, value: object, path: str) -> Any:
        """Return ``value`` as the service stores it; append violated constraints to ``problems``.

        Raises:
            SerializationError: the value, or one within it, has the wrong type.
            ValidationError: there are so many problems that the rest is not checked.
        """
        read: Callable[[Shape, object, str], Any] = getattr(self, f"_{shape.type_name}")
        return read(shape, value, path)

    def refusal(self) -> ValidationError:
        """The error that lists the problems."""
        count = len(self.problems)
        plural = "s" if count > 1 else ""
        return ValidationError(f"{count} validation error{plural} detected: {'; '.join(self.problems)}")

    def _structure(self, shape: Shape, value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong_type(path, "structure")
        members = shape.members
        if self.lenient and (unknown := next((name for name in value if name not in members), None)) is not None:
            raise SerializationError(f"{unknown!r} is not a member of {shape.name}")
        result = {}
        for name, member in members.items():
            given = value.get(name)
            if given is not None:
                inner = _inside(path, name)
                result[name] = self.read(member, given, inner)
                self._tighten(shape.name, name, result[name], inner)
        if shape.name in _UNIONS and len(result) > 1 and not self.lenient:
            self._refuse(value, path, f"Only one member of [{', '.join(result)}] may be specified")
        for name in () if self.lenient else _required(shape):
            if value.get(name) is None:
                self._refuse(None, _inside(path, name), "Member must not be null")
        return result

    def _tighten(self, structure: str, name: str, value: Any, path: str) -> None:
        bounds = _TIGHTER.get((structure, name))
        if bounds and isinstance(value, list):
            self._measure(value, path, bounds)
        elif bounds:
            self._range(value, path, bounds)

    def _list(self, shape: Shape, value: object, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong_type(path, "list")
        if not self.lenient:
            self._measure(value, path, shape.metadata)
        if None in value:
            raise _wrong_type(f"{path}.{value.index(None) + 1}", shape.member.type_name)
        parts = {str(position): item for position, item in enumerate(value, 1)}
        return self._parts(shape.member, parts, value, path, "Member")

    def _map(self, shape: Shape, value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong_type(path, "map")
        if not self.lenient:
            self._measure(value, path, shape.metadata)
        given = {key: item for key, item in value.items() if item is not None}
        keys = self._parts(shape.key, {key: key for key in given}, value, path, "Map keys")
        return dict(zip(keys, self._parts(shape.value, given, value, path, "Map value"), strict=True))

    def _parts(self, shape: Shape, parts: dict[str, Any], whole: object, path: str, subject: str) -> list[Any]:
        """Read the elements of a list, or the keys or values of a map.

        If some are strings that violate a constraint, SageMaker reports the whole list or map once, with the
        constraints that its elements must satisfy.
        """
        if shape.type_name != "string":
            return [self.read(shape, part, f"{path}.{name}.member") for name, part in parts.items()]
        texts = [_text(part, f"{path}.{name}.member") for name, part in parts.items()]
        constraints = () if self.lenient else _constraints(shape.name)
        if not all(holds(text) for text in texts for _, holds in constraints):
            listed = ", ".join(message for message, _ in constraints)
            self._refuse(whole, path, f"{subject} must satisfy constraint: [{listed}]")
        return texts

    def _string(self, shape: Shape, value: object, path: str) -> str:
        text = _text(value, path)
        for message, holds in () if self.lenient else _constraints(shape.name):
            if not holds(text):
                self._refuse(text, path, message)
        return text

    def _integer(self, shape: Shape, value: object, path: str) -> int:
        limit = _LIMITS[shape.type_name]
        if not isinstance(value, int) or isinstance(value, bool) or not -limit <= value < limit:
            raise _wrong_type(path, shape.type_name)
        if not self.lenient:
            self._range(value, path, shape.metadata)
        return value

    _long = _integer

    def _double(self, shape: Shape, value: object, path: str) -> float | str:
        if isinstance(value, str) and value in _NOT_NUMBERS:
            return value
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _wrong_type(path, "double")
        if not self.lenient:
            self._range(value, path, shape.metadata)
        return float(value)

    _float = _double

    def _boolean(self, _shape: Shape, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            raise _wrong_type(path, "boolean")
        return value

    def _timestamp(self, _shape: Shape, value: object, path: str) -> float:
        seconds = from_iso(value) if self.lenient and isinstance(value, str) else value
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not abs(seconds) <= _LATEST:
            raise _wrong_type(path, "timestamp")
        # Rounded down, as the service's own clock is, so that a time before a creation stays before it.
        return math.floor(Decimal(str(seconds)) * 1000) / 1000

    def _measure(self, value: Any, path: str, constraints: dict[str, Any]) -> None:
        shortest, longest = constraints.get("min", 0), constraints.get("max", math.inf)
        if len(value) < shortest:
            self._refuse(value, path, _AT_LEAST.format("length", shortest))
        if len(value) > longest:
            self._refuse(value, path, _AT_MOST.format("length", longest))

    def _range(self, value: float, path: str, constraints: dict[str, Any]) -> None:
        lowest, highest = constraints.get("min", -math.inf), constraints.get("max", math.inf)
        if value < lowest:
            self._refuse(value, path, _AT_LEAST.format("value", lowest))
        if value > highest:
            self._refuse(value, path, _AT_MOST.format("value", highest))

    def _refuse(self, value: object, path: str, constraint: str) -> None:
        shown = "null" if value is None else f"'{_java(value)[:_MAX_ECHOED]}'"
        self.problems.append(f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}")
        if len(self.problems) == _MAX_PROBLEMS:
            raise self.refusal()


def _required(shape: Shape) -> list[str]:
    required: list[str] = _REQUIRED.get(shape.name) or shape.required_members
    return required


@functools.cache
def _constraints(name: str) -> list[tuple[str, Callable[[str], bool]]]:
    """The constraints of the string shape with this name: pairs of SageMaker's message and a predicate."""
    shape = model.shape(name)
    shortest, longest = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)
    found: list[tuple[str, Callable[[str], bool]]] = []
    if shape.enum:
        found.append((f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", set(shape.enum).__contains__))
    if "max" in shape.metadata:
        found.append((_AT_MOST.format("length", longest), lambda text: len(text) <= longest))
    if "min" in shape.metadata:
        found.append((_AT_LEAST.format("length", shortest), lambda text: len(text) >= shortest))
    if pattern := shape.metadata.get("pattern"):
        matches = regex.compile(pattern.replace(".*", f"{_DOT}*").replace(".+", f"{_DOT}+")).fullmatch
        found.append(
            (
                f"Member must satisfy regular expression pattern: {pattern}",
                lambda text: len(text) > longest + _MAX_EXCESS or matches(text) is not None,
            )
        )
    return found


def _java(value: object) -> str:
    """Format a value as SageMaker's messages do, with lists and maps in Java's style; truncate long ones."""
    if isinstance(value, list):
        return f"[{', '.join(map(_java, value[:_MAX_ECHOED]))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_java(part)}' for key, part in islice(value.items(), _MAX_ECHOED))}}}"
    return str(value)


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, "string")
    return value


def _inside(path: str, member: str) -> str:
    name = member[:1].lower() + member[1:]
    return f"{path}.{name}" if path else name


def _wrong_type(path: str, wanted: str) -> SerializationError:
    article = "an" if wanted == "integer" else "a"
    return SerializationError(f"'{path or 'the request'}' must be {article} {wanted}")


def from_iso(text: str) -> float | None:
    """Parse an ISO 8601 date and time, in UTC unless it has an offset, to seconds since 1970; None for other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
