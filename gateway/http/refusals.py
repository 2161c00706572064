"""Refusals: requests that are not executed, each with an HTTP status and a GraphQL error that says why."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any

from gateway.errors import (
    BadUserInput,
    Forbidden,
    GatewayError,
    Throttled,
    TooCostly,
    Unauthenticated,
    UnknownCredentials,
    UnknownDocument,
    UpstreamUnavailable,
)
from gateway.schema.execution import Outcome, refusal


class Refusal(Exception):  # noqa: N818 - a response rather than an error
    """Raised for a request that is not executed; holds the response's status, headers and body."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: str = BadUserInput.code,
        headers: dict[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        """Build the response; ``code`` and ``extensions`` go into the error's `extensions`."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.answer = refusal(message, code, **extensions)

    @classmethod
    def of(cls, error: GatewayError) -> "Refusal":
        """Convert an error that was raised before anything was executed; its class decides the status."""
        status, headers = next((status, headers) for kind, status, headers in _STATUSES if isinstance(error, kind))
        if isinstance(error, Throttled):
            headers = {"Retry-After": str(error.retry_after)}
        return cls(status, str(error), headers=headers, **error.extensions)


_CHALLENGE = 'Bearer realm="lineage-gateway"'
"""The WWW-Authenticate header (RFC 6750). With `error="invalid_token"`, it tells a client to get another token."""

# OK is for clients that accept application/json or an event stream, as for any GraphQL error; others get 400.
_STATUSES: tuple[tuple[type[GatewayError], HTTPStatus, dict[str, str]], ...] = (
    (UnknownCredentials, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": _CHALLENGE}),
    (Forbidden, HTTPStatus.FORBIDDEN, {}),
    (Throttled, HTTPStatus.TOO_MANY_REQUESTS, {}),
    (UnknownDocument, HTTPStatus.OK, {}),
    (TooCostly, HTTPStatus.OK, {}),
    (BadUserInput, HTTPStatus.BAD_REQUEST, {}),
    (UpstreamUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "10"}),
    (GatewayError, HTTPStatus.INTERNAL_SERVER_ERROR, {}),
)


async def refused_once(refused: Refusal) -> AsyncGenerator[Outcome, None]:
    """Yield a refusal as the only response."""
    yield Outcome(refused.answer, executed=False)
