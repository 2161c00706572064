"""Vertex types: AWS spells some of them in two ways."""

from gateway.aws.kinds import Kind
from gateway.records import Record

# The spelling of QueryLineage, and the prefixed one of every other call.
_JOBS = {f"{job}Job": f"SageMaker{job}Job" for job in ("Training", "Processing", "Transform")}

TWO_SPELLINGS = frozenset(_JOBS.values())
"""The types that QueryLineage spells differently, in the spelling of the other calls."""


def canonical_type(name: str | None) -> str | None:
    """Return a type in the spelling of most calls: QueryLineage's TrainingJob is SageMakerTrainingJob elsewhere."""
    return _JOBS.get(name, name) if name else None


def type_of(record: Record, kind: Kind) -> str | None:
    """Return the type of a vertex of this kind, as far as it is loaded; None if it has none."""
    return canonical_type(record.read(kind.type_path))
