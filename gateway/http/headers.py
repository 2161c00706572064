"""Security headers for every response.

Strict-Transport-Security is not among them: the gateway serves plain HTTP, and only the proxy that terminates TLS can
know whether the whole host uses it.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Keeps other sites from loading a response as an image or a script; does not affect what CORS allows.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Default headers; a response's own headers of these names take precedence."""

_RAW = [(name.lower().encode(), value.encode()) for name, value in SECURE.items()]


class SecureHeaders:
    """Middleware that adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Add the headers to the responses of ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def adding(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in _RAW if header[0] not in own)]
            await send(message)

        await self._app(scope, receive, adding)
