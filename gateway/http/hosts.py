"""Restricts the Host header: without authentication, requests may name only this machine (see ``own_hosts``)."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import serving
from gateway.errors import Forbidden
from gateway.schema.execution import refusal
from gateway.settings import Settings


def own_hosts(settings: Settings) -> frozenset[str] | None:
    """Return the names of this machine, one of which the Host header must then name; None if any host is allowed.

    Without authentication, only programs on this machine can reach the gateway. But a web page could make its own
    domain resolve to this machine, so that browsers treat the gateway as part of the page's origin (DNS rebinding).
    """
    if settings.auth != "none" or settings.insecure:
        return None
    return serving.names_of(settings.host)


class Hosts:
    """Middleware that refuses requests to other hosts."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """Pass requests for one of ``hosts`` to ``app``."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        is_allowed = scope["type"] == "lifespan" or serving.is_for(scope, self._hosts)
        await (self._app if is_allowed else _MISDIRECTED)(scope, receive, send)


_MISDIRECTED = JSONResponse(
    refusal(
        "Without sign-in, the gateway answers only to this machine's own names, such as localhost. GATEWAY_AUTH turns "
        "sign-in on; GATEWAY_INSECURE=true allows any name.",
        Forbidden.code,
    ),
    HTTPStatus.MISDIRECTED_REQUEST,
)
