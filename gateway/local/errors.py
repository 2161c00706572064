"""What the service answers when it refuses.

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

Operations raise them; the protocol writes them out.
"""

from typing import ClassVar


class AwsError(Exception):
    """An answer other than success; the exception's text is the message on the wire."""

    code: ClassVar[str]
    status: ClassVar[int] = 400


class ValidationError(AwsError):
    """The request is well formed and asks for what cannot be."""

    code = "ValidationException"


class SerializationError(AwsError):
    """The request's body is not JSON, or a member has the wrong type."""

    code = "SerializationException"


class UnknownOperationError(AwsError):
    """SageMaker has no such operation, or this service does not carry it out."""

    code = "UnknownOperationException"


class NotFoundError(AwsError):
    """What the request names does not exist."""

    code = "ResourceNotFound"


class LimitError(AwsError):
    """The account has as many as its quota allows."""

    code = "ResourceLimitExceeded"


class DeniedError(AwsError):
    """A deny pattern covers what the request names."""

    code = "AccessDeniedException"


class ThrottledError(AwsError):
    """More requests a second than the service was told to serve."""

    code = "ThrottlingException"


class TooLargeError(AwsError):
    """The request's body is longer than the service reads."""

    code = "RequestEntityTooLargeException"
    status = 413


class InternalError(AwsError):
    """A defect of the service, or one it was told to simulate."""

    code = "InternalFailure"
    status = 500


class UnavailableError(AwsError):
    """A simulated outage."""

    code = "ServiceUnavailable"
    status = 503
