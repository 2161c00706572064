"""Security headers of every answer.

Strict-Transport-Security is not among them: the gateway speaks plain HTTP, and whoever ends TLS before it knows whether
all of the host does.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Keeps other sites from loading an answer as an image or a script; what CORS allows is not affected.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""An answer's own headers of these names take precedence."""

_RAW = [(name.lower().encode(), value.encode()) for name, value in SECURE.items()]


class SecureHeaders:
    """Middleware that adds them."""

    def __init__(self, app: ASGIApp) -> None:
        """Add them to the answers of ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def adding(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _RAW if one[0] not in said)]
            await send(message)

        await self._app(scope, receive, adding)
