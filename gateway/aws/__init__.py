"""The way to SageMaker: clients, calls and what each kind of entity is there."""
