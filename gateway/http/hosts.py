"""Which hosts a request may name: any, or where nobody signs in only this machine's own."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import serving
from gateway.errors import Forbidden
from gateway.schema.execution import refusal
from gateway.settings import Settings


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
