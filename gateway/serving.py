"""Runs an ASGI application with uvicorn until Ctrl-C or SIGTERM, and stops it without a traceback."""

import asyncio
import gc
import logging
import re
import signal
import socket
from collections.abc import Callable, Collection
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.protocols import Protocol, WebSocketProtocol
from gateway.settings import IDLE_SECONDS

_BACKLOG = 2048

_PORT = re.compile(r":[0-9]*$")

# Thresholds for gc.set_threshold.
_YOUNG = 5_000
"""Allocations before the youngest generation is collected, which takes a millisecond or two."""
_MIDDLE = 10
"""Collections of the youngest generation before the middle one is collected. That frees refused documents, which are
reference cycles: left to a full collection, they would grow to a gigabyte, and freeing them would block for seconds.
"""
_ALL = 100
"""Collections of the middle generation before a full collection."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; OSError if it cannot, for example because the port is taken.

    Call this first, so that nothing has to be torn down when it fails.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        raise OSError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error


def url_of(listener: socket.socket) -> str:
    """Return the http URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def names_of(host: str) -> frozenset[str]:
    """Return the host names by which clients on this machine reach a server that listens on ``host``."""
    return frozenset({"localhost", "127.0.0.1", "[::1]", host, f"[{host}]"})


def is_for(scope: Scope, names: Collection[str]) -> bool:
    """Whether the Host header of a request is one of these names, with or without a port."""
    return _PORT.sub("", Headers(scope=scope).get("host", "")).lower() in names


class Server(uvicorn.Server):
    """A uvicorn server that calls a function when it is ready."""

    alone = False
    """Whether the process runs nothing else, so that its garbage collector may be tuned."""
    _failure: Exception | None = None
    """The exception with which the application failed to start."""

    def __init__(self, app: Any, grace_seconds: float, ready: Callable[[], None], **options: Any) -> None:
        """Configure a server for ``app``.

        ``ready`` is called once requests are accepted. Requests in flight have ``grace_seconds``, but at least a
        second, to finish when the server stops. ``options`` are passed to ``uvicorn.Config``.
        """
        self._app = app
        self._ready = ready
        grace = max(1, round(grace_seconds))
        given: dict[str, Any] = {
            "timeout_graceful_shutdown": grace,
            "timeout_keep_alive": IDLE_SECONDS,
            "http": Protocol,
            "ws": WebSocketProtocol,
            "log_config": None,
            "access_log": False,
            "server_header": False,
        } | options
        super().__init__(uvicorn.Config(self._serve_one, interface="asgi3", **given))

    async def _serve_one(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.should_exit:
                raise
            # The grace period is over; uvicorn now responds with 500 to requests that have no response yet.

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            # `startup` raises the error; if uvicorn were sent its message, it would log a traceback.
            await send({"type": message["type"]})

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if self.started:
                raise
            self._failure = error

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; run the lifespan's shutdown even after a second signal, which ends the grace period at once."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and call ``ready``; raises the exception with which the application failed to start."""
        try:
            await super().startup(sockets)
        except SystemExit:
            if self._failure:
                raise self._failure from None
            raise
        if self.started:
            if self.alone:
                # Objects made at startup stay: traversing them would block for a tenth of a second per collection.
                gc.collect()
                gc.freeze()
                # Reference counting frees a long response once it is sent; collections took a seventh of its CPU time.
                gc.set_threshold(_YOUNG, _MIDDLE, _ALL)
            self._ready()


def run(server: Server, listener: socket.socket) -> None:
    """Serve in the main thread until Ctrl-C or SIGTERM. Requests in flight then have the grace period to finish."""
    server.alone = True
    # uvicorn logs an error for each response that is cut off because the server stops: a stream, on each deployment.
    logging.getLogger("uvicorn.error").addFilter(
        lambda record: not (server.should_exit and record.getMessage().startswith("ASGI callable returned without"))
    )

    def leave(*_: object) -> None:
        # uvicorn stops gracefully on either signal, and afterwards raises each one that it received again.
        if not server.started:
            raise _Leave(0)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run([listener])
    except _Leave:
        pass
    finally:
        listener.close()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Leave(SystemExit):
    """A signal to stop arrived before the server had started."""
