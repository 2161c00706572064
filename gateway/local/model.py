"""SageMaker's API model as botocore ships it: the oracle of every shape the service takes and gives."""

import functools

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape


@functools.cache
def service_model() -> ServiceModel:
    """The model of SageMaker, read once: it is two megabytes of JSON."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model("sagemaker", "service-2"), "sagemaker")


@functools.cache
def shape(name: str) -> Shape:
    """The shape of this name."""
    return service_model().shape_for(name)


@functools.cache
def operation(name: str) -> OperationModel:
    """The model of one operation.

    Raises:
        botocore.model.OperationNotFoundError: SageMaker has no operation of this name.
    """
    return service_model().operation_model(name)


@functools.cache
def request_shape(name: str) -> Shape:
    """The structure that the operation takes."""
    return operation(name).input_shape


@functools.cache
def members(name: str) -> dict[str, Shape]:
    """The shapes of the members that the operation's answer may have."""
    shape = response_shape(name)
    found: dict[str, Shape] = shape.members if shape else {}
    return found


@functools.cache
def response_shape(name: str) -> Shape | None:
    """The structure that the operation gives; None when its answer is empty."""
    return operation(name).output_shape
