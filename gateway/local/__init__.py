"""A SageMaker-compatible lineage service of its own; the gateway reaches it only through its endpoint URL."""
