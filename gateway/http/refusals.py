"""Requests that are not executed, and how they are answered: by a status, and by an error that says why."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any

from gateway.errors import (
    BadUserInput,
    Forbidden,
    GatewayError,
    Unauthenticated,
    UnknownCredentials,
    UnknownDocument,
    UpstreamUnavailable,
)
from gateway.schema.execution import Outcome, refusal


class Refusal(Exception):  # noqa: N818 - an answer rather than an error
    """A request that is not executed, and the status to answer it with."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: str = BadUserInput.code,
        headers: dict[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        """Say why, to programs by a code and ``extensions``."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.answer = refusal(message, code, **extensions)

    @classmethod
    def of(cls, error: GatewayError) -> "Refusal":
        """Refuse for an error that came before anything was executed."""
        status, headers = next((status, headers) for kind, status, headers in _STATUSES if isinstance(error, kind))
        return cls(status, str(error), error.code, headers)


_CHALLENGE = 'Bearer realm="lineage-gateway"'
"""How to sign in (RFC 6750), which takes a parameter; its error tells a client to get another token."""

# OK is for clients that take plain JSON or events, as for any answer that GraphQL itself gives; to others it is 400.
_STATUSES: tuple[tuple[type[GatewayError], HTTPStatus, dict[str, str]], ...] = (
    (UnknownCredentials, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": _CHALLENGE}),
    (Forbidden, HTTPStatus.FORBIDDEN, {}),
    (UnknownDocument, HTTPStatus.OK, {}),
    (BadUserInput, HTTPStatus.BAD_REQUEST, {}),
    (UpstreamUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "10"}),
    (GatewayError, HTTPStatus.INTERNAL_SERVER_ERROR, {}),
)


async def refused_once(refused: Refusal) -> AsyncGenerator[Outcome, None]:
    """Yield a refusal as the only answer."""
    yield Outcome(refused.answer, executed=False)
