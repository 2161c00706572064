"""Configuration files that are reloaded when they change."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

_log = logging.getLogger("gateway.http")

_CHECK_SECONDS = 1.0
"""Minimum time between two checks whether a file has changed."""

Read = TypeVar("Read")


class Watched(Generic[Read]):
    """The parsed content of a file. If a new version is invalid, an error is logged and the last valid one is kept."""

    def __init__(self, setting: str, path: Path, parse: Callable[[bytes], Read]) -> None:
        """Read the file that a setting names; ValueError, with a one-line message, if it is unreadable or invalid."""
        self._setting = setting
        self._path = path
        self._parse = parse
        self._stamp, self._value = self._read()
        self._checked_at = time.monotonic()
        self._failure = ""

    @property
    def value(self) -> Read:
        """The parsed content, at most a second old."""
        now = time.monotonic()
        if now - self._checked_at >= _CHECK_SECONDS:
            self._checked_at = now
            self._refresh()
        return self._value

    def _refresh(self) -> None:
        try:
            if _stamp(self._path) == self._stamp:
                return
            self._stamp, self._value = self._read()
        except (OSError, ValueError) as error:
            failure, self._failure = self._failure, self._described(error)
            if self._failure != failure:  # otherwise the same failure would be logged every second
                _log.error("%s; the previous content stays in effect", self._failure)
        else:
            self._failure = ""
            _log.info("%s was reloaded", self._setting)

    def _read(self) -> tuple[tuple[int, ...], Read]:
        try:
            # Taken before the file is read, so that the next check notices a change in between.
            stamp = _stamp(self._path)
            return stamp, self._parse(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(self._described(error)) from error

    def _described(self, error: Exception) -> str:
        if str(error).startswith(self._setting):
            return str(error)
        why = error.strerror if isinstance(error, OSError) else str(error)
        return f"{self._setting}: {self._path}: {why}"


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
