"""Which origins' pages may ask from a browser: none but those that the settings allow."""

import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

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
