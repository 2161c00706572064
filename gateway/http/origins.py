"""Which origins' pages may ask from a browser: none but those that the settings allow."""

import re
from collections.abc import Collection, Sequence
from http import HTTPStatus

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import serving
from gateway.errors import Forbidden
from gateway.schema.execution import refusal
from gateway.settings import Settings

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*]+")
_HEADERS = ("authorization", "cache-control", "content-type", "x-api-key", "x-gateway-extensions", "x-request-id")
_TRACE = ("baggage", "traceparent", "tracestate")
"""What traced pages send with every request."""
_EXPOSED = ("retry-after", "www-authenticate", "x-request-id")


def allowed_origins(settings: Settings) -> tuple[str, ...]:
    """Return the origins that are allowed; ValueError when one is not an origin."""
    origins = tuple(origin.lower() for origin in settings.cors_origins or ())
    for origin in origins:
        if origin == "*" and not settings.insecure:
            raise ValueError(
                "GATEWAY_CORS_ORIGINS: * lets every page ask from its visitors' browsers: name the origins, or set "
                "GATEWAY_INSECURE=true"
            )
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"GATEWAY_CORS_ORIGINS: {origin} is no origin; one looks like https://portal.example.com")
    return origins


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Make the middleware that lets these origins' pages ask; none where there are no origins.

    Credentials are never cookies here, so a page can send only those that it was given itself.
    """
    if not origins:
        return []
    methods = ("GET", "POST")
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=(*_HEADERS, *_TRACE),
            expose_headers=_EXPOSED,
        )
    ]


def own_hosts(settings: Settings) -> frozenset[str] | None:
    """Return the names of this machine, if requests must name one of them as their host; None where any will do.

    Where nobody signs in because only this machine gets here, a page could have its own name point here, and would
    then be of this origin to any browser (DNS rebinding).
    """
    if settings.auth != "none" or settings.insecure:
        return None
    return serving.names_of(settings.host)


class Hosts:
    """Middleware that refuses requests to other hosts."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """Let ``app`` answer what is for one of these."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, unless it is refused."""
        is_meant = scope["type"] == "lifespan" or serving.is_for(scope, self._hosts)
        await (self._app if is_meant else _ELSEWHERE)(scope, receive, send)


_ELSEWHERE = JSONResponse(
    refusal(
        "Without sign-in, the gateway answers only to this machine's own names, such as localhost. GATEWAY_AUTH turns "
        "sign-in on; GATEWAY_INSECURE=true allows any name.",
        Forbidden.code,
    ),
    HTTPStatus.MISDIRECTED_REQUEST,
)
