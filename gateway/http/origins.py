"""Which pages of other origins may ask from a browser: none but those that the settings allow."""

import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from gateway.settings import Settings

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*]+")
_HEADERS = ("authorization", "cache-control", "content-type", "x-api-key", "x-gateway-extensions", "x-request-id")
_EXPOSED = ("retry-after", "www-authenticate", "x-request-id")


def allowed_origins(settings: Settings) -> tuple[str, ...]:
    """Return the origins that are allowed; ValueError when one of them is none."""
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
    """Make the middleware that lets their pages ask; nothing where there are none.

    Credentials are no cookies here, so that a page can send only what it was given itself.
    """
    if not origins:
        return []
    methods = ("GET", "POST")
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=_HEADERS,
            expose_headers=_EXPOSED,
        )
    ]


def of_this_machine(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Answer only requests to this machine's own names, where nobody signs in because nobody else gets here.

    A page can have its own name point here, and would then be of this origin to any browser (DNS rebinding).
    """
    if settings.auth != "none" or settings.insecure:
        return app
    return TrustedHostMiddleware(app, ("localhost", "127.0.0.1", "[::1]", settings.host), www_redirect=False)
