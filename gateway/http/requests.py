"""Middleware for all requests and WebSockets: request ids, log lines, metrics, and a response if the gateway fails."""

import logging
import re
from collections.abc import Collection, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import Forbidden, GatewayError
from gateway.observability import Instruments, Request, serving
from gateway.schema.execution import refusal

_log = logging.getLogger("gateway.http")

_ID_HEADER = "X-Request-Id"

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
_NO_RESPONSE = 499
"""Status that is recorded if the client disconnects, or the gateway stops, before a response starts."""


_DENIAL = "websocket.http.response"
"""The ASGI extension for a response to a refused WebSocket; without it, the server sends an empty 403."""
_UNOPENED = JSONResponse(
    refusal("WebSockets are not accepted at this path, or not from pages of this origin.", Forbidden.code),
    HTTPStatus.FORBIDDEN,
)


class Requests:
    """Middleware that makes the request known to everything that runs within it, for logs, metrics and traces."""

    def __init__(
        self,
        app: ASGIApp,
        instruments: Instruments,
        routes: Sequence[Route | WebSocketRoute],
        quiet: Collection[str],
    ) -> None:
        """Record with ``instruments``, by the paths of ``routes``.

        Requests for a route in ``quiet`` are logged at DEBUG unless they fail.
        """
        self._app = app
        self._instruments = instruments
        self._routes = routes
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request = self._request(scope)
        with serving(request):
            await self._serve(request, scope, receive, _recording(request, scope, receive, send))

    def _request(self, scope: Scope) -> Request:
        headers, spans, route = Headers(scope=scope), self._instruments.spans, self._route(scope)
        given = headers.get(_ID_HEADER, "")
        method = scope.get("method", Request.WEBSOCKET)
        return Request(
            self._instruments,
            id=given if _ID.fullmatch(given) else uuid4().hex,
            method=method if method in {*_METHODS, Request.WEBSOCKET} else "other",
            path=scope["path"],
            route=route,
            quiet=route in self._quiet,
            parent=spans.parent(headers) if spans else None,
        )

    def _route(self, scope: Scope) -> str:
        # If the gateway is mounted in another application, the path begins with the mount point.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((route.path for route in self._routes if route.path_regex.match(path)), Request.OTHER)

    async def _serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            pass
        except Exception:
            if request.status is not None or scope["type"] != "http":
                raise  # the server logs it and closes the connection
            _log.exception("The gateway failed.")
            failure = refusal("The gateway failed; its log says why.", GatewayError.code)
            await JSONResponse(failure, HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, send)
        finally:
            request.status = request.status or _NO_RESPONSE


def _recording(request: Request, scope: Scope, receive: Receive, send: Send) -> Send:
    """Wrap ``send`` to record the response's status and to add the header with the request's id."""

    async def recording(message: Message) -> None:
        if message["type"] == "websocket.close" and request.status is None and _DENIAL in scope.get("extensions", {}):
            # Passing `recording` itself would make a reference cycle that keeps the request until a collection.
            await _UNOPENED(scope, receive, _recording(request, scope, receive, send))
            return
        status = _status(message)
        if status and request.status is None:
            request.status = status
            if message["type"] != "websocket.close":
                MutableHeaders(scope=message)[_ID_HEADER] = request.id
        await send(message)

    return recording


def _status(message: MutableMapping[str, Any]) -> int | None:
    """Return the status of a message that starts a response; None for other messages."""
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return HTTPStatus.SWITCHING_PROTOCOLS
        case "websocket.close":
            return HTTPStatus.FORBIDDEN
    return None
