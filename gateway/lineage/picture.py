"""The data that an export writes: vertices, edges and coverage of a graph."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.aws.kinds import Kind
from gateway.lineage.coverage import Coverage
from gateway.lineage.graph import ShownEdge
from gateway.lineage.types import type_of
from gateway.records import Record


class Vertex(NamedTuple):
    """A vertex with its record."""

    arn: str
    kind: Kind
    depth: int
    record: Record

    @property
    def name(self) -> str | None:
        """Its name, if loaded."""
        name: str | None = self.record.read(self.kind.name_path)
        return name

    @property
    def type(self) -> str | None:
        """Its type, if any."""
        return type_of(self.record, self.kind)

    @property
    def source_uri(self) -> str | None:
        """The URI or ARN of what it represents, if loaded."""
        uri: str | None = self.record.read(self.kind.source_path)
        return uri

    @property
    def label(self) -> str:
        """The text to display: its name or else its source or else the end of its ARN."""
        return self.name or self.source_uri or self.arn.rpartition("/")[2]


class Picture(NamedTuple):
    """The filtered result of a walk."""

    vertices: Sequence[Vertex]
    edges: Sequence[ShownEdge]
    coverage: Coverage
