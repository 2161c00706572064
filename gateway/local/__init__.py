"""A local, SageMaker-compatible lineage service. The gateway calls it only over HTTP, by its endpoint URL."""
