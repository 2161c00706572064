"""GraphQL over Amazon SageMaker ML Lineage Tracking."""
