"""Custom scalars, and checks of arguments."""

from datetime import UTC, datetime
from typing import NewType, TypeGuard, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types.scalar import ScalarDefinition

from gateway import arn as arns
from gateway.aws.kinds import Kind
from gateway.errors import BadUserInput

T = TypeVar("T")
Text = TypeVar("Text", str, str | None)

Arn = NewType("Arn", str)
Long = NewType("Long", int)

# AWS counts seconds since 1970. Python's last year is 9999, so a year of margin keeps conversions of offsets in range.
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 9998


def is_given(value: T | None) -> TypeGuard[T]:
    """Whether an argument was given: neither left out nor null."""
    return value is not None and value is not UNSET


def checked_arn(text: Text, argument: str, *kinds: Kind) -> Text:
    """Return an ARN, if given; raises BadUserInput if it is malformed or, with ``kinds``, not of one of them."""
    if not is_given(text):
        return text
    arn = arns.parse(text)
    if arn is None:
        raise BadUserInput("not the ARN of a SageMaker resource.", argument)
    if kinds and not any(kind.takes(arn) for kind in kinds):
        names = ", ".join(f"`{kind.name}`" for kind in kinds)
        raise BadUserInput(f"not an ARN of the expected kind: {names}.", argument)
    return text


def checked_name(text: Text, argument: str, kind: Kind) -> Text:
    """Return a name, if given; raises BadUserInput if no entity of ``kind`` can have this name."""
    if is_given(text) and not kind.name_pattern.fullmatch(text):
        raise BadUserInput(f"no `{kind.name}` can have this name.", argument)
    return text


def checked_part(text: str | None, kind: Kind) -> str | None:
    """Return `nameContains`, if given; raises BadUserInput if no name of ``kind`` can contain it."""
    if is_given(text) and not (kind.part_pattern or kind.name_pattern).fullmatch(text):
        raise BadUserInput(f"not a part of a name that a `{kind.name}` can have.", "nameContains")
    return text


def checked_version(version: int | None) -> int | None:
    """Return a version, if given; raises BadUserInput if it is less than 1."""
    if is_given(version) and version < 1:
        raise BadUserInput(f"versions are counted from 1, so there is no version {version}.", "version")
    return version if is_given(version) else None


def check_range(given: int, least: int, most: int, argument: str) -> None:
    """Raise BadUserInput if an argument is out of range."""
    if not least <= given <= most:
        raise BadUserInput(f"must be {least} to {most}, not {given}.", argument)


def _read_datetime(value: object) -> datetime:
    if not isinstance(value, str):
        raise BadUserInput("a DateTime is a string in ISO 8601.")
    try:
        moment = datetime.fromisoformat(value.upper())  # RFC 3339 allows lower case, Python only in part
    except ValueError:
        raise BadUserInput(f"not a DateTime in ISO 8601: {value[:40]!r}.") from None
    if not _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR:
        raise BadUserInput(f"a DateTime must be in the years {_EARLIEST_YEAR} to {_LATEST_YEAR}.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _write_datetime(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _read_long(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise BadUserInput("a Long is a 64-bit integer.")
    return value


def _read_arn(value: object) -> str:
    # The format is checked where the argument's name is known, so that the error can name it.
    if not isinstance(value, str):
        raise BadUserInput("an Arn is a string.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Arn: strawberry.scalar(
        name="Arn",
        description="The Amazon Resource Name of a SageMaker resource, such as "
        "`arn:aws:sagemaker:us-east-1:123456789012:context/my-endpoint`. A malformed one is BAD_USER_INPUT.",
        serialize=str,
        parse_value=_read_arn,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A 64-bit integer, as a JSON number.",
        serialize=int,
        parse_value=_read_long,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601 with milliseconds and offset, such as `2026-03-08T09:30:00.000+00:00`. On "
        "input, a missing offset means UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=_write_datetime,
        parse_value=_read_datetime,
    ),
}
