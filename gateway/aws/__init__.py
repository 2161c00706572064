"""Access to SageMaker: clients, calls, and the API of each kind of entity."""
