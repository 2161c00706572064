"""Files that are read again when they change."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

_log = logging.getLogger("gateway.http")

_PAUSE_SECONDS = 1.0
"""How long a file is taken to be unchanged once it was looked at."""

Read = TypeVar("Read")


class Watched(Generic[Read]):
    """The content of a file. A new version that cannot be read is logged, and the last good one stays."""

    def __init__(self, setting: str, path: Path, parse: Callable[[bytes], Read]) -> None:
        """Read the file that a setting names; ValueError says, in one line, why it cannot be."""
        self._setting = setting
        self._path = path
        self._parse = parse
        self._stamp, self._value = self._read()
        self._looked = time.monotonic()
        self._failure = ""

    @property
    def value(self) -> Read:
        """What the file says, at most a second ago."""
        now = time.monotonic()
        if now - self._looked >= _PAUSE_SECONDS:
            self._looked = now
            self._refresh()
        return self._value

    def _refresh(self) -> None:
        try:
            if _stamp(self._path) == self._stamp:
                return
            self._stamp, self._value = self._read()
        except (OSError, ValueError) as error:
            failure, self._failure = self._failure, self._said(error)
            if self._failure != failure:  # or it would be logged every second
                _log.error("%s; what it said before holds", self._failure)
        else:
            self._failure = ""
            _log.info("%s was read again", self._setting)

    def _read(self) -> tuple[tuple[int, ...], Read]:
        try:
            # Taken before the reading: a change in between is then seen at the next look.
            stamp = _stamp(self._path)
            return stamp, self._parse(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(self._said(error)) from error

    def _said(self, error: Exception) -> str:
        if str(error).startswith(self._setting):
            return str(error)
        why = error.strerror if isinstance(error, OSError) else str(error)
        return f"{self._setting}: {self._path}: {why}"


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
