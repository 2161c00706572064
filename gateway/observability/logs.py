"""Logging: one line for each record, on standard error, as JSON or as human-readable text.

More people may read the log than may read the lineage. So exceptions are logged with their types and tracebacks, but
without their messages, which may contain what a caller sent. Other libraries are logged at WARNING and above only,
because some log headers and bodies at lower levels.
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
"""Values that need no quotes in text. All others are quoted, so that no value can forge another line."""


def configure(level: str, format: Format) -> None:
    """Log the gateway at ``level`` and above, and other libraries at ``level`` too, but never below WARNING."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if format == "json" or (format == "auto" and not sys.stderr.isatty()) else Text())
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("gateway").setLevel(least)


class Json(logging.Formatter):
    """Formats a record as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        line = _heading(record) | _fields(record)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = "".join(_without_message(record.exc_info[1]))
        return json.dumps(line, default=str, separators=(",", ":"))


class Text(logging.Formatter):
    """Formats a record as a line of time, level, logger, message and fields; an exception follows on further lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        time, level, logger, message = _heading(record).values()
        fields = [f"{name}={_quoted(value)}" for name, value in _fields(record).items()]
        line = " ".join([time, f"{level.upper():7}", logger, message if message.isprintable() else _quoted(message)])
        exception = _without_message(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ()
        return "\n".join([" ".join([line, *fields]), *(part.rstrip() for part in exception)])


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


def _without_message(error: BaseException) -> Iterator[str]:
    """Yield the type and traceback of an exception, after those of its cause or context."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause:
        yield from _without_message(cause)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
    yield from traceback.format_tb(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _without_message(one)
