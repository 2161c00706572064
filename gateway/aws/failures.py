"""Translation of failed AWS calls into the gateway's errors, without details of roles and accounts."""

from http import HTTPStatus

from botocore.exceptions import ClientError, CredentialRetrievalError, NoCredentialsError

from gateway.aws.attempts import IN_DOUBT, UnreadableAnswerError
from gateway.aws.kinds import LINEAGE, READS
from gateway.errors import (
    BadUserInput,
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    Throttled,
    Unsupported,
    UpstreamUnavailable,
)

_NOT_FOUND = {"ResourceNotFound", "ResourceNotFoundException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"}
_UNKNOWN = {"UnknownOperationException", "UnsupportedOperation", "InvalidAction"}
_INVALID = {"ValidationException", "SerializationException", "InvalidParameterValue"}
THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}
_CONFLICTING = {"ConflictException", "ResourceInUse", "ResourceInUseException"}
_FULL = {"ResourceLimitExceeded"}

_REFUSES_ARGUMENT = "failed to satisfy constraint"
"""Part of the message about an invalid argument, which also repeats the argument."""
_DELETES = {f"Delete{kind.name}" for kind in LINEAGE}


def translated(operation: str, error: Exception) -> GatewayError:
    """Return the error of a failed call as a GatewayError, without AWS's details of roles and accounts."""
    if isinstance(error, ClientError):
        return _answered(error.operation_name, error)  # may be a call that gets credentials, not ``operation``
    if isinstance(error, CredentialRetrievalError):
        return UpstreamUnavailable("The gateway could not get its AWS credentials.")
    if isinstance(error, UnreadableAnswerError):
        return UpstreamUnavailable(f"The answer to {operation} could not be read.{doubt(operation)}")
    return UpstreamUnavailable(f"AWS could not be reached or did not answer {operation} in time.{doubt(operation)}")


def unprepared(error: Exception) -> GatewayError:
    """Return the error of a call for which no client could be created."""
    if isinstance(error, NoCredentialsError):
        return UpstreamUnavailable("The gateway has no AWS credentials.")
    return UpstreamUnavailable("The gateway could not prepare to call AWS.")


def _answered(operation: str, error: ClientError) -> GatewayError:  # noqa: PLR0911 - a line for each meaning
    details = error.response.get("Error", {})
    code, message = details.get("Code"), str(details.get("Message") or "AWS gave no reason.")
    repeated = _repeated(operation, error)
    if code in _NOT_FOUND:
        return NotFound(f"{operation} found nothing by that name. {message}{repeated}")
    if code in _DENIED:
        return Forbidden(f"AWS denies the gateway {operation} here.{repeated}")
    if code in THROTTLED:
        return Throttled(f"AWS is throttling {operation}; try again later.{repeated}")
    if code in _UNKNOWN:
        return Unsupported(f"SageMaker does not have {operation} in this region.")
    if code in _CONFLICTING or (code in _INVALID and _meets_state(operation, message)):
        return Conflict(f"{operation} was refused: {message}{repeated}")
    if code in _FULL:
        return Conflict(f"{operation} was refused because the account may have no more of these: {message}{repeated}")
    if code in _INVALID:
        return BadUserInput(f"{operation} was refused: {message}{repeated}")
    failed = error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
    return UpstreamUnavailable(f"{operation} failed at AWS.{doubt(operation) if failed else repeated}")


def _meets_state(operation: str, message: str) -> bool:
    """Whether a ValidationException is caused by the current state, rather than by the arguments.

    Either the item to create exists, or the item to delete is in use: the gateway has checked everything else.
    """
    return _REFUSES_ARGUMENT not in message and ("already exist" in message or operation in _DELETES)


def doubt(operation: str) -> str:
    """Return the warning that a write without a response may have succeeded; empty for reads."""
    return "" if operation.startswith(READS) else " It may still have been carried out."


def _repeated(operation: str, error: ClientError) -> str:
    """Return the warning that an earlier attempt of a write may have succeeded; empty if none can have."""
    if operation.startswith(READS) or IN_DOUBT not in error.response.get("ResponseMetadata", {}):
        return ""
    return f" This was try {attempts(error)}; an earlier one whose answer was lost may have succeeded."


def cause(error: BaseException) -> str:
    """Return what failed, for the log: AWS's error code, or the types of the error and of its cause."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code"))
    return ": ".join(type(one).__name__ for one in (error, error.__cause__) if one)


def attempts(error: BaseException | None) -> int:
    """Return the number of botocore's attempts, which is less than the maximum if its retry quota is used up."""
    response = error.response if isinstance(error, ClientError) else {}
    retries: int = response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    return retries + 1
