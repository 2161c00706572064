"""SageMaker's API model from botocore, which defines the shapes of all requests and responses."""

import functools

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape


@functools.cache
def service_model() -> ServiceModel:
    """The API model of SageMaker; cached, because it is two megabytes of JSON."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model("sagemaker", "service-2"), "sagemaker")


@functools.cache
def shape(name: str) -> Shape:
    """The shape with this name."""
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
    """The structure of the operation's request."""
    return operation(name).input_shape


@functools.cache
def members(name: str) -> dict[str, Shape]:
    """The shapes of the members of the operation's response, by name."""
    found: dict[str, Shape] = response_shape(name).members
    return found


@functools.cache
def response_shape(name: str) -> Shape:
    """The structure of the operation's response; each that is supported has one, if only an empty one."""
    return operation(name).output_shape
