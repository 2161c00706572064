"""What an export shows of a graph."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.aws.kinds import Kind
from gateway.lineage.coverage import Coverage
from gateway.lineage.graph import ShownEdge
from gateway.lineage.types import canonical_type
from gateway.records import Record


class Vertex(NamedTuple):
    """A vertex, with what is known of it."""

    arn: str
    kind: Kind
    depth: int
    record: Record

    @property
    def name(self) -> str | None:
        """Its name, if that is known."""
        name: str | None = self.record.read(self.kind.name_path)
        return name

    @property
    def type(self) -> str | None:
        """Its type, if it has one."""
        return canonical_type(self.record.read(self.kind.type_path))

    @property
    def source_uri(self) -> str | None:
        """Where the thing itself lives, if that is known."""
        uri: str | None = self.record.read(self.kind.source_path)
        return uri

    @property
    def label(self) -> str:
        """What to call it: its name, or its source when it has none, or the end of its ARN."""
        return self.name or self.source_uri or self.arn.rpartition("/")[2]


class Picture(NamedTuple):
    """A graph as a walk found it and a filter shows it."""

    vertices: Sequence[Vertex]
    edges: Sequence[ShownEdge]
    coverage: Coverage
