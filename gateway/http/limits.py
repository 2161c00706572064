"""Limits on the size of a document, which is measured in one pass before it is executed.

Each fragment is measured once, and the result is added for each spread, so that measuring takes time linear in the
length of the document, even if fragments are nested.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
)

from gateway.settings import Settings

_MAX_SCHEMA_ALIASES = 10
"""Each may repeat every type with the types of its fields, and introspection never gives way to other requests."""


class Measure(NamedTuple):
    """The size of a selection; a fragment counts each time it is spread."""

    depth: int = 0
    fields: int = 0
    """Fields of the selection itself, without nested ones."""
    aliases: int = 0
    directives: int = 0
    schema_aliases: int = 0
    """Aliases of and within ``__schema``."""

    def beside(self, other: "Measure") -> "Measure":
        """Return the measure of this selection and another one combined."""
        return Measure(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.schema_aliases + other.schema_aliases,
        )


class _Document:
    """A valid document being measured."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._measured: dict[str, Measure] = {}

    @cached_property
    def _fragments(self) -> dict[str, FragmentDefinitionNode]:
        nodes = self._document.definitions
        return {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}

    def operations(self) -> Iterator[Measure]:
        """Yield the measure of each operation."""
        for node in self._document.definitions:
            if isinstance(node, OperationDefinitionNode):
                yield self._measure(node)

    def _measure(self, node: Any) -> Measure:
        """Measure a definition or a selection: its directives, and everything that it selects."""
        whole = Measure(directives=len(node.directives or ()))
        if isinstance(node, FragmentSpreadNode):
            return whole.beside(self._fragment(node.name.value))
        for inner in node.selection_set.selections if node.selection_set else ():
            whole = whole.beside(self._measure(inner))
        if isinstance(node, FieldNode):
            aliases = whole.aliases + bool(node.alias)
            schema_aliases = aliases if node.name.value == "__schema" else whole.schema_aliases
            return Measure(whole.depth + 1, 1, aliases, whole.directives, schema_aliases)
        return whole

    def _fragment(self, name: str) -> Measure:
        if name not in self._measured:
            self._measured[name] = self._measure(self._fragments[name])
        return self._measured[name]


class Limits:
    """The operator's limits on documents."""

    def __init__(self, settings: Settings) -> None:
        """Take the limits from the settings."""
        self._limits = {
            "depth": ("levels of fields", settings.max_depth),
            "fields": ("root fields", settings.max_root_fields),
            "aliases": ("aliases", settings.max_aliases),
            "directives": ("directives", settings.max_directives),
            "schema_aliases": ("aliases in `__schema`", _MAX_SCHEMA_ALIASES),
        }

    def check(self, document: DocumentNode) -> list[GraphQLError]:
        """Return an error for each limit that a valid document exceeds; an empty list if it may be executed."""
        return [
            GraphQLError(f"The document has {found:,} {what}; {limit:,} are allowed.")
            for measure in _Document(document).operations()
            for name, (what, limit) in self._limits.items()
            if (found := getattr(measure, name)) > limit
        ]
