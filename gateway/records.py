"""What is made of AWS's answers: records of entities, pages of listings, and steps of a walk.

A *record* is what is known of one entity. It knows what it covers: a listing, an association summary, a batch and
Describe each cover some members of the Describe response, and some batches tell more than it. A covered member that is
absent is null; only an uncovered one costs a call.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

UNTOLD: Any = object()
"""Stands for a value that is not known."""


class Record:
    """What a request knows of one entity, by the member names of its Describe response."""

    __slots__ = ("_lacks", "_paths", "missing")

    def __init__(self) -> None:
        """Know nothing."""
        self._paths: dict[str, Any] = {}
        self._lacks: frozenset[str] | None = None
        self.missing = False
        """Whether AWS said that there is no such entity."""

    @property
    def described(self) -> bool:
        """Whether the whole entity was asked for, and was either described or found missing."""
        return self._lacks is not None

    def told(self, path: str) -> Any:
        """Return the value at ``path``, which is None where it is absent and UNTOLD where it is not covered."""
        value = self._paths.get(path, UNTOLD)
        return self._inside(path) if value is UNTOLD else value

    def _inside(self, path: str) -> Any:
        root, steps = _steps(path)
        value = self._paths.get(root, UNTOLD if self._lacks is None or root in self._lacks else None)
        for step in steps if value is not UNTOLD else ():
            value = value.get(step) if value else None
        return value

    def covers(self, path: str) -> bool:
        """Whether ``path`` is known, even if to be absent."""
        return self.told(path) is not UNTOLD

    def read(self, path: str) -> Any:
        """Return the value at ``path``; None where it is absent or not covered."""
        value = self.told(path)
        return None if value is UNTOLD else value

    def note(self, covered: Mapping[str, Any]) -> None:
        """Learn these paths, None being absent; what a description has told is not overwritten."""
        self._paths.update({path: covered[path] for path in covered if not (self.described and self.covers(path))})

    @property
    def noted(self) -> dict[str, Any]:
        """The known paths of an entity that was not described as a whole."""
        return self._paths

    def complete(self, members: Mapping[str, Any], lacks: frozenset[str] = frozenset()) -> None:
        """Learn all members; of those that the call ``lacks``, what was known before is kept."""
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
    """The token of the page after it; None on the last."""


class Edge(NamedTuple):
    """An association, as far as a walk tells of it."""

    source: str
    destination: str
    type: str | None


class Step(NamedTuple):
    """What one page of a walk tells: vertices with their types, and associations."""

    vertices: list[tuple[str, str | None]]
    edges: list[Edge]
    next: str | None
