"""The types of vertices, some of which AWS spells in two ways."""

# QueryLineage's word for what every other call names with the prefix.
_JOBS = {f"{job}Job": f"SageMaker{job}Job" for job in ("Training", "Processing", "Transform")}

TWO_SPELLINGS = frozenset(_JOBS.values())
"""The types that QueryLineage spells otherwise."""


def canonical_type(name: str | None) -> str | None:
    """Spell a type as most calls do: QueryLineage's TrainingJob is SageMakerTrainingJob elsewhere."""
    return _JOBS.get(name, name) if name else None
