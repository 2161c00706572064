"""Serves the local service over HTTP: in a background thread, or in the foreground."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar, Unpack

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import serving
from gateway.local import transfer
from gateway.local.application import DROP, Local, Options, create_local_app
from gateway.protocols import Protocol

Result = TypeVar("Result")


class LocalServer:
    """A context manager that runs the service in its own thread and event loop, reachable over HTTP only.

    ``port`` 0 picks a free port; the other options are those of ``create_local_app``. While the service runs, ``url``
    is its URL, ``calls`` counts requests by operation (``unknown`` for unknown ones), ``requests`` holds them in the
    order of arrival unless ``record`` is false, and ``behaviour`` can be changed.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[Options]) -> None:
        """Store the options; nothing runs before ``start``."""
        self._address = (host, port)
        self._options: Options = {"record": True, **options}
        self.url = ""

    def start(self) -> Self:
        """Start the service, and return when it accepts requests.

        Raises:
            OSError: the port is not available, or a file to import cannot be read.
            StoreError: the store's file cannot be used.
            BadLineError: a file to import has an invalid line.
        """
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(serving.listen(*self._address))
            app = create_local_app(**self._options)
            undo.pop_all()
        self.url = serving.url_of(listener)
        self._local: Local = app.state.local
        self.calls, self.requests = self._local.calls, self._local.requests
        self.behaviour = self._local.service.behaviour
        started = threading.Event()
        self._server = serving.Server(_ProgramsOnly(app, self._address[0]), 1, started.set, **_OPTIONS)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="lineage-local", daemon=True)
        self._thread.start()
        started.wait()
        return self

    def stop(self) -> None:
        """Finish the requests in flight, close the store and free the port."""
        self._server.should_exit = True
        self._thread.join()

    def load(self, lines: Iterable[str | bytes]) -> dict[str, int]:
        """Import JSON lines (see ``transfer``), and return how many were imported, by kind.

        Raises:
            BadLineError: a line is invalid; then nothing is imported.
        """
        return self._run_in_loop(lambda: transfer.load(self._local.service, lines))

    def clear(self) -> None:
        """Delete everything in the account, and reset ``calls`` and ``requests``."""
        self._run_in_loop(self._local.clear)

    def _run_in_loop(self, work: Callable[[], Result]) -> Result:
        async def run() -> Result:
            return work()

        # Only the service's own thread may use the store.
        return asyncio.run_coroutine_threadsafe(run(), self._local.loop).result()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def serve(
    *, host: str, port: int, grace_seconds: float, announce: Callable[[str], None], **options: Unpack[Options]
) -> None:
    """Serve in the foreground until Ctrl-C or SIGTERM; ``announce`` is called with the URL once requests are accepted.

    Requests in flight have ``grace_seconds`` to finish when the service stops.

    Raises:
        OSError: the port is not available, or a file to import cannot be read.
        StoreError: the store's file cannot be used.
        BadLineError: a file to import has an invalid line.
    """
    with serving.listen(host, port) as listener:
        url = serving.url_of(listener)
        app = create_local_app(**options)
        server = serving.Server(_ProgramsOnly(app, host), grace_seconds, lambda: announce(url), **_OPTIONS)
        serving.run(server, listener)


class _ProgramsOnly:
    """Middleware that refuses requests from web pages.

    A page can send requests to this machine, or make its own domain resolve to it (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = serving.names_of(host) if host in _LOOPBACK else None
        """The allowed values of the Host header; None, for any, if other machines can reach the service."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it if a page sent it."""
        is_from_page = scope["type"] == "http" and self._is_from_page(scope)
        await (_REFUSAL if is_from_page else self._app)(scope, receive, send)

    def _is_from_page(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        is_rebound = self._names is not None and "host" in headers and not serving.is_for(scope, self._names)
        return "origin" in headers or is_rebound


class _Protocol(Protocol):
    """The HTTP protocol, with an ASGI extension by which the application closes a connection without a response."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"now": self._drop}}

    def _drop(self) -> None:
        self.cycle.disconnected = True
        self.transport.abort()


_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REFUSAL = PlainTextResponse("The local service answers no web pages, and only to this machine's own names.", 403)

_OPTIONS: dict[str, Any] = {"http": _Protocol, "ws": "none", "lifespan": "on"}
