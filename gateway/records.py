"""Data structures for AWS responses: records of entities, pages of listings, and steps of a walk.

A *record* holds the members of one entity that have been loaded so far, and which members these are: a listing, an
association summary, a batch and Describe each *cover* some members of the Describe response, and some batches cover
members beyond it. A covered member that is absent is null; only a member that is not covered needs another call.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

UNTOLD: Any = object()
"""The marker for a value that is not covered, hence unknown."""


class Record:
    """The loaded part of one entity, by the member names of its Describe response."""

    __slots__ = ("_lacks", "_paths", "missing")

    def __init__(self) -> None:
        """Start with nothing covered."""
        self._paths: dict[str, Any] = {}
        self._lacks: frozenset[str] | None = None
        self.missing = False
        """Whether AWS reported that the entity does not exist."""

    @property
    def described(self) -> bool:
        """Whether the whole entity has been loaded, or found missing."""
        return self._lacks is not None

    def told(self, path: str) -> Any:
        """Return the value at ``path``: None if it is absent, UNTOLD if the path is not covered."""
        value = self._paths.get(path, UNTOLD)
        return self._inside(path) if value is UNTOLD else value

    def _inside(self, path: str) -> Any:
        root, steps = _steps(path)
        value = self._paths.get(root, UNTOLD if self._lacks is None or root in self._lacks else None)
        for step in steps if value is not UNTOLD else ():
            value = value.get(step) if value else None
        return value

    def covers(self, path: str) -> bool:
        """Whether the value at ``path`` is known, including known to be absent."""
        return self.told(path) is not UNTOLD

    def read(self, path: str) -> Any:
        """Return the value at ``path``; None if it is absent or not covered."""
        value = self.told(path)
        return None if value is UNTOLD else value

    def note(self, covered: Mapping[str, Any]) -> None:
        """Add the values at these paths (None means absent); values from a description are not overwritten."""
        self._paths.update({path: covered[path] for path in covered if not (self.described and self.covers(path))})

    @property
    def noted(self) -> dict[str, Any]:
        """The covered paths and their values, of an entity that was not described as a whole."""
        return self._paths

    def complete(self, members: Mapping[str, Any], lacks: frozenset[str] = frozenset()) -> None:
        """Set all members; earlier values are kept only for members that the call ``lacks``, that is, never returns."""
        kept = {path: self._paths[path] for path in lacks if path in self._paths}
        self._paths = kept | dict(members)
        self._lacks = lacks


@cache
def _steps(path: str) -> tuple[str, list[str]]:
    root, *steps = path.split(".")
    return root, steps


class Page(NamedTuple):
    """One page of a listing."""

    items: list[dict[str, Any]]
    next: str | None
    """The token of the next page; None on the last page."""


class Edge(NamedTuple):
    """An association as a walk returns it: its ends and its type."""

    source: str
    destination: str
    type: str | None


class Step(NamedTuple):
    """One page of a walk: vertices with their types, and associations."""

    vertices: list[tuple[str, str | None]]
    edges: list[Edge]
    next: str | None
