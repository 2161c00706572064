"""The AWS JSON 1.1 protocol: maps a target and a body to an operation, and encodes its response or error."""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
from botocore.model import Shape

from gateway import arn as arns
from gateway.local import (
    associations,
    entities,
    experiments,
    groups,
    identity,
    model,
    query_lineage,
    registry,
    search,
    tags,
    validation,
)
from gateway.local.errors import AwsError, DeniedError, InternalError, SerializationError, UnknownOperationError
from gateway.local.kinds import KINDS
from gateway.local.service import Handler, Service, artifact_arn

_PREFIX = "SageMaker."
_MEDIA_TYPE = "application/x-amz-json-1.1"

_log = logging.getLogger(__name__)

OPERATIONS: dict[str, Handler] = (
    entities.OPERATIONS
    | associations.OPERATIONS
    | experiments.OPERATIONS
    | groups.OPERATIONS
    | query_lineage.OPERATIONS
    | registry.OPERATIONS
    | search.OPERATIONS
    | tags.OPERATIONS
)
"""The handler of every supported operation, by its name."""


def operation(target: str) -> str:
    """The operation's name in an ``X-Amz-Target`` header; the whole header if it lacks SageMaker's prefix."""
    return target.removeprefix(_PREFIX)


def request(body: bytes) -> dict[str, Any]:
    """Parse a body into an unvalidated request; an empty body is an empty request.

    Raises:
        SerializationError: the body is not a JSON object.
    """
    try:
        value = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise SerializationError("The request's body is not JSON") from error
    if not isinstance(value, dict):
        raise SerializationError("The request's body is not a JSON object")
    return value


def answer(service: Service, target: str, given: dict[str, Any]) -> bytes:
    """Execute the operation of a target with a request, and return the body of the response.

    Raises:
        AwsError: the operation fails or is unknown.
    """
    if not target.startswith(_PREFIX):
        raise UnknownOperationError(f"Unknown target: {target[:256]!r}")
    try:
        return orjson.dumps(call(service, operation(target), given))
    except AwsError:
        raise
    except Exception as error:
        _log.exception("%s failed", target)
        raise InternalError("An internal error occurred") from error


def call(service: Service, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Validate a request, authorize it and execute its operation in a transaction; return the response.

    Raises:
        AwsError: the operation fails or is unknown.
    """
    handler = OPERATIONS.get(name)
    if handler is None or name in service.behaviour.unknown:
        raise UnknownOperationError(f"Unknown operation: {name[:256]!r}")
    request = validation.read_request(name, given)
    _authorize(service, name, request)
    with service.store.transaction():
        result = handler(service, request)
    response: dict[str, Any] = encode(model.response_shape(name), result)
    return response


def _authorize(service: Service, name: str, request: dict[str, Any]) -> None:
    if not service.behaviour.deny:
        return
    denied = service.behaviour.denies(name, list(_resources(service, name, request)))
    if denied is not None:
        user = service.user["IamIdentity"]["Arn"]
        raise DeniedError(f"User: {user} is not authorized to perform: sagemaker:{name} on resource: {denied}")


def _resources(service: Service, operation: str, request: dict[str, Any]) -> Iterator[str]:
    """The ARNs and names of the resources that a request refers to."""
    if operation in {"CreateArtifact", "DeleteArtifact"} and "Source" in request:
        yield artifact_arn(service, request["Source"])
    for member, value in request.items():
        kind = KINDS.get(member.removesuffix("Name"))
        if kind and not value.startswith("arn:"):
            found = identity.find(service, kind, value)
            yield found.arn if found else service.arn(kind.resource, value)
            if found and found.name:
                yield found.name
        given = value if member.endswith("Arns") else [value] if member.endswith(("Arn", "Name")) else []
        for one in given:
            yield one
            if arn := arns.parse(one):
                yield arn.id


def encode(shape: Shape, value: Any) -> Any:
    """Drop the members that the value's shape does not have, and those that are None."""
    if shape.type_name == "structure":
        members = shape.members
        return {
            name: encode(members[name], given) for name, given in value.items() if given is not None and name in members
        }
    if shape.type_name == "list":
        return [encode(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: encode(shape.value, item) for key, item in value.items()}
    return value


def headers(error: AwsError | None = None) -> dict[str, str]:
    """The headers of a response, or of an error response."""
    common = {"content-type": _MEDIA_TYPE, "x-amzn-requestid": str(uuid4())}
    return common | ({"x-amzn-errortype": error.code} if error else {})


def refusal(error: AwsError) -> bytes:
    """The body of an error response. Errors that the API model defines have ``Message``, all others ``message``."""
    modelled = error.code in model.service_model().shape_names
    return orjson.dumps({"__type": error.code, "Message" if modelled else "message": str(error)})
