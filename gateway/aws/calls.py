"""The one place that awaits AWS: how many calls at once, how long each took, and what its errors mean."""

import asyncio
import logging
import time
from typing import Any

from botocore import xform_name
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from gateway.aws.kinds import LINEAGE
from gateway.errors import (
    BadUserInput,
    BudgetExceeded,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    GatewayError,
    NotFound,
    Throttled,
    Unsupported,
    UpstreamUnavailable,
)

_log = logging.getLogger("gateway.aws")

_NOT_FOUND = {"ResourceNotFound", "ResourceNotFoundException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_UNKNOWN = {"UnknownOperationException", "UnsupportedOperation", "InvalidAction"}
_INVALID = {"ValidationException", "SerializationException", "InvalidParameterValue"}
_THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}
_CONFLICTING = {"ConflictException", "ResourceInUse", "ResourceInUseException"}
_FULL = {"ResourceLimitExceeded"}

_READS = ("BatchDescribe", "Describe", "List", "Query", "Search")
_DELETES = {f"Delete{kind.name}" for kind in LINEAGE}

# Where SageMaker has lineage but not QueryLineage.
_WITHOUT_QUERY_LINEAGE = {
    "af-south-1",
    "ap-northeast-3",
    "ap-southeast-3",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
}


class Calls:
    """Calls to SageMaker through one client, at most ``limit`` of them in flight."""

    def __init__(self, client: Any, limit: int) -> None:
        """Use an open aioboto3 SageMaker client."""
        self._client = client
        self._slots = asyncio.Semaphore(limit)
        self.lacks = frozenset({"QueryLineage"} if client.meta.region_name in _WITHOUT_QUERY_LINEAGE else ())
        """Operations that SageMaker is known not to have in this region."""

    async def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one call by its AWS name, such as ``DescribeArtifact``; any failure comes out as a GatewayError."""
        method = getattr(self._client, xform_name(operation))
        async with self._slots:
            began = time.monotonic()
            outcome = "ok"
            try:
                answer: dict[str, Any] = await method(**parameters)
            except (ClientError, BotoCoreError, TimeoutError, OSError) as error:
                failure = _translated(operation, error)
                outcome = failure.code
                raise failure from error
            finally:
                _log.debug("%s %s %.1f ms", operation, outcome, (time.monotonic() - began) * 1000)
        return answer


class Budget:
    """One request's share of the calls: so many at most, within so many seconds."""

    def __init__(self, calls: Calls, most: int, seconds: float) -> None:
        """Begin now."""
        self._calls = calls
        self._most = most
        self._until = time.monotonic() + seconds
        self.made = 0
        """How many calls the request has made."""
        self.lacks = set(calls.lacks)
        """Operations that SageMaker does not have here, as far as the request knows."""

    async def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make a call, or raise BudgetExceeded or DeadlineExceeded."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("The request's time is up.")
        if self.made >= self._most:
            raise BudgetExceeded(f"The request may make {self._most} calls to AWS and has made them.")
        self.made += 1
        try:
            async with asyncio.timeout(left):
                return await self._calls(operation, **parameters)
        except TimeoutError:
            raise DeadlineExceeded(f"The request's time is up.{_doubt(operation)}") from None
        except Unsupported:
            self.lacks.add(operation)
            raise


def _translated(operation: str, error: Exception) -> GatewayError:
    """Say what a failed call means to the client, without what AWS said about roles and accounts."""
    if isinstance(error, ClientError):
        return _answered(operation, error)
    if isinstance(error, ParamValidationError):
        return BadUserInput(f"{operation} does not take these arguments: {error.kwargs['report']}")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return UpstreamUnavailable("The gateway has no AWS credentials.")
    return UpstreamUnavailable(f"{operation} could not be reached or did not answer in time.{_doubt(operation)}")


def _answered(operation: str, error: ClientError) -> GatewayError:  # noqa: PLR0911 - a line for each meaning
    code, said = (error.response.get("Error", {}).get(member, "") for member in ("Code", "Message"))
    if code in _NOT_FOUND:
        return NotFound(f"{operation} found nothing by that name. {said}{_repeated(operation, error)}")
    if code in _DENIED:
        return Forbidden(f"AWS denies the gateway {operation} here.")
    if code in _THROTTLED:
        return Throttled(f"AWS is throttling {operation}; try again later.")
    if code in _UNKNOWN:
        return Unsupported(f"SageMaker does not have {operation} in this region.")
    if code in _CONFLICTING or (code in _INVALID and _meets_state(operation, said)):
        return Conflict(f"{operation} was refused: {said}{_repeated(operation, error)}")
    if code in _FULL:
        return Conflict(f"{operation} was refused, for the account may have no more of these: {said}")
    if code in _INVALID:
        return BadUserInput(f"{operation} was refused: {said}")
    return UpstreamUnavailable(f"{operation} failed at AWS.{_doubt(operation)}")


def _meets_state(operation: str, said: str) -> bool:
    """Tell the two meanings of a ValidationException apart: whether not the arguments are at fault, but what is there.

    What is to be created exists; what is to be deleted is held on to, for the gateway has checked the rest.
    """
    return "already exist" in said or (operation in _DELETES and "constraint" not in said)


def _doubt(operation: str) -> str:
    """Say of a write without an answer that nobody knows what became of it."""
    return "" if operation.startswith(_READS) else " It may have been carried out all the same."


def _repeated(operation: str, error: ClientError) -> str:
    """Say of a write that was tried again that an earlier try may be the reason why this one was refused."""
    retries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    if operation.startswith(_READS) or not retries:
        return ""
    return f" This was try {retries + 1}; if the answer to an earlier one was lost, that one may have done it."
