"""The errors of the local service.

    AwsError                    code and HTTP status, as the client sees them
    ├── ValidationError         ValidationException 400
    ├── SerializationError      SerializationException 400
    ├── UnknownOperationError   UnknownOperationException 400
    ├── NotFoundError           ResourceNotFound 400
    ├── LimitError              ResourceLimitExceeded 400
    ├── DeniedError             AccessDeniedException 400
    ├── ThrottledError          ThrottlingException 400
    ├── TooLargeError           RequestEntityTooLargeException 413
    ├── InternalError           InternalFailure 500
    └── UnavailableError        ServiceUnavailable 503

Operations raise them, and the protocol modules encode them.
"""

from typing import ClassVar


class AwsError(Exception):
    """Base class of error responses; the exception's text is the message that the client gets."""

    code: ClassVar[str]
    status: ClassVar[int] = 400


class ValidationError(AwsError):
    """The request is well formed but invalid."""

    code = "ValidationException"


class SerializationError(AwsError):
    """The request's body is not JSON, or a member has the wrong type."""

    code = "SerializationException"


class UnknownOperationError(AwsError):
    """SageMaker has no such operation, or this service does not support it."""

    code = "UnknownOperationException"


class NotFoundError(AwsError):
    """The resource does not exist."""

    code = "ResourceNotFound"


class LimitError(AwsError):
    """The account has reached a quota."""

    code = "ResourceLimitExceeded"

    def __init__(self, quota: int, what: str) -> None:
        """Set the message, in SageMaker's words; ``what`` is limited, such as ``Contexts``."""
        limit = f"Total number of {what.lower()} allowed, excluding those automatically created by SageMaker"
        super().__init__(
            f"The account-level service limit '{limit}' is {quota} {what}, with current utilization of {quota} {what}"
            f" and a request delta of 1 {what}. Please contact AWS support to request an increase for this limit."
        )


class DeniedError(AwsError):
    """A deny pattern matches a resource of the request, or its credentials are for another account."""

    code = "AccessDeniedException"


class ThrottledError(AwsError):
    """The request exceeds the simulated rate limit."""

    code = "ThrottlingException"


class TooLargeError(AwsError):
    """The request's body is too long."""

    code = "RequestEntityTooLargeException"
    status = 413


class InternalError(AwsError):
    """An unexpected exception in the service, or a simulated one."""

    code = "InternalFailure"
    status = 500


class UnavailableError(AwsError):
    """A simulated outage of the service."""

    code = "ServiceUnavailable"
    status = 503
