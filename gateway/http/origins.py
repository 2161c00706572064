"""CORS: the origins whose pages may send requests from a browser, besides the gateway's own."""

import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from gateway.settings import Settings

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[^\s/?#@*:\[\]]+)(:[0-9]+)?")
_HEADERS = ("authorization", "cache-control", "content-type", "x-api-key", "x-gateway-extensions", "x-request-id")
_TRACE = ("baggage", "traceparent", "tracestate")
"""Headers that pages instrumented with OpenTelemetry send with every request."""
_CLIENT = (
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "graphql-client-name",
    "graphql-client-version",
)
"""Headers in which the clients of Apollo and The Guild name their application: a preflight that lists one must pass."""
_EXPOSED = ("retry-after", "www-authenticate", "x-request-id")


def allowed_origins(settings: Settings) -> tuple[str, ...]:
    """Return the allowed origins in lower case; ValueError if one is malformed, or `*` without GATEWAY_INSECURE."""
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
    """Return the CORS middleware for these origins, or an empty list if there are none.

    The gateway uses no cookies, so a page can send only credentials that it has itself.
    """
    if not origins:
        return []
    methods = ("GET", "POST")
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=(*_HEADERS, *_TRACE, *_CLIENT),
            expose_headers=_EXPOSED,
        )
    ]
