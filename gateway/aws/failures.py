"""What a failed call means to the client, without what AWS says of roles and accounts."""

from http import HTTPStatus

from botocore.exceptions import ClientError, CredentialRetrievalError, NoCredentialsError, PartialCredentialsError

from gateway.aws.attempts import UnreadableAnswerError
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

_DELETES = {f"Delete{kind.name}" for kind in LINEAGE}


def translated(operation: str, error: Exception) -> GatewayError:
    """Say what a failed call means to the client, without what AWS said about roles and accounts."""
    if isinstance(error, ClientError):
        return _answered(error.operation_name, error)  # which may be how credentials are got
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return UpstreamUnavailable("The gateway has no AWS credentials.")
    if isinstance(error, CredentialRetrievalError):
        return UpstreamUnavailable("The gateway could not get its AWS credentials.")
    if isinstance(error, UnreadableAnswerError):
        return UpstreamUnavailable(f"The answer to {operation} could not be read.{doubt(operation)}")
    return UpstreamUnavailable(f"AWS could not be reached or did not answer {operation} in time.{doubt(operation)}")


def _answered(operation: str, error: ClientError) -> GatewayError:  # noqa: PLR0911 - a line for each meaning
    told = error.response.get("Error", {})
    code, said = told.get("Code"), str(told.get("Message") or "AWS gave no reason.")
    if code in _NOT_FOUND:
        return NotFound(f"{operation} found nothing by that name. {said}{_repeated(operation, error)}")
    if code in _DENIED:
        return Forbidden(f"AWS denies the gateway {operation} here.")
    if code in THROTTLED:
        return Throttled(f"AWS is throttling {operation}; try again later.")
    if code in _UNKNOWN:
        return Unsupported(f"SageMaker does not have {operation} in this region.")
    if code in _CONFLICTING or (code in _INVALID and _meets_state(operation, said)):
        return Conflict(f"{operation} was refused: {said}{_repeated(operation, error)}")
    if code in _FULL:
        return Conflict(f"{operation} was refused because the account may have no more of these: {said}")
    if code in _INVALID:
        return BadUserInput(f"{operation} was refused: {said}")
    failed = error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
    return UpstreamUnavailable(
        f"{operation} failed at AWS.{doubt(operation) if failed else _repeated(operation, error)}"
    )


def _meets_state(operation: str, said: str) -> bool:
    """Whether a ValidationException is about what there is, rather than about the arguments.

    Either what is to be created exists, or what is to be deleted is in use: the gateway has checked everything else.
    """
    return "already exist" in said or (operation in _DELETES and "constraint" not in said)


def doubt(operation: str) -> str:
    """Say of a write without an answer that nobody knows what became of it."""
    return "" if operation.startswith(READS) else " It may still have been carried out."


def _repeated(operation: str, error: ClientError) -> str:
    """Say of a write that was tried again that an earlier attempt may be the reason why this one was refused."""
    made = attempts(error)
    if operation.startswith(READS) or made == 1:
        return ""
    return f" This was try {made}; an earlier one whose answer was lost may have succeeded."


def cause(error: BaseException) -> str:
    """Name what failed, for the log: by AWS's code, or by the types of the error and of its cause."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code"))
    return ": ".join(type(one).__name__ for one in (error, error.__cause__) if one)


def attempts(error: BaseException | None) -> int:
    """Return how often botocore tried a call, which is less than it may when many calls have failed at once."""
    response = error.response if isinstance(error, ClientError) else {}
    retries: int = response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    return retries + 1
