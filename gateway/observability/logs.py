"""The log: one line for each record, on standard error, as JSON or as text for people.

More people may read a line than may read the lineage. So a record's exception is shown by its types and where it came
from, not by its message, which may hold what a caller sent; and other libraries, which log headers and bodies at their
lower levels, are logged from WARNING on.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from gateway.observability.requests import current

Format = Literal["auto", "json", "text"]

_PLAIN = re.compile(r"[\w.,:;/+*@%~=-]+", re.ASCII)
"""What is not quoted in text; the rest is, so that no value can end its line and begin another."""


def configure(level: str, format: Format) -> None:
    """Log what the gateway does from this level on, and its libraries from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if format == "json" or (format == "auto" and not sys.stderr.isatty()) else Text())
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("gateway").setLevel(least)


class Json(logging.Formatter):
    """Writes a line as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = _heading(record) | _fields(record)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = "".join(_told(record.exc_info[1]))
        return json.dumps(line, default=str, separators=(",", ":"))


class Text(logging.Formatter):
    """Writes a line of time, level, message and fields; an exception takes further lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        time, level, logger, message = _heading(record).values()
        fields = [f"{name}={_quoted(value)}" for name, value in _fields(record).items()]
        line = " ".join([time, f"{level.upper():7}", logger, message if message.isprintable() else _quoted(message)])
        told = _told(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ()
        return "\n".join([" ".join([line, *fields]), *(part.rstrip() for part in told)])


def _heading(record: logging.LogRecord) -> dict[str, str]:
    return {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return current().marks | getattr(record, "fields", {})


def _quoted(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _told(error: BaseException) -> Iterator[str]:
    """Yield an exception's types and tracebacks, that of its cause first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _told(before)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
    yield from traceback.format_tb(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _told(one)
