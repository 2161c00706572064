"""Vertex types: AWS spells some of them in two ways."""

# The spelling of QueryLineage, and the prefixed one of every other call.
_JOBS = {f"{job}Job": f"SageMaker{job}Job" for job in ("Training", "Processing", "Transform")}

TWO_SPELLINGS = frozenset(_JOBS.values())
"""The types that QueryLineage spells differently, in the spelling of the other calls."""


def canonical_type(name: str | None) -> str | None:
    """Return a type in the spelling of most calls: QueryLineage's TrainingJob is SageMakerTrainingJob elsewhere."""
    return _JOBS.get(name, name) if name else None
