"""The service over HTTP: in a background thread, or alone in the foreground."""

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

Result = TypeVar("Result")


class LocalServer:
    """The service on a thread and an event loop of its own, reachable over HTTP only; a context manager.

    ``port`` 0 takes a free one; the other options are those of ``create_local_app``. While it runs, ``url`` is where,
    ``calls`` counts the requests by operation (those of none as ``unknown``), ``requests`` holds them in the order in
    which they came, unless ``record`` is false, and ``behaviour`` may be changed.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[Options]) -> None:
        """Keep what it takes to start; nothing runs before ``start``."""
        self._address = (host, port)
        self._options: Options = {"record": True, **options}
        self.url = ""

    def start(self) -> Self:
        """Serve; returns when requests are taken.

        Raises:
            OSError: the port cannot be had, or a file to import cannot be read.
            StoreError: the store's file cannot be used.
            BadLineError: a file to import has a wrong line.
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
        """Finish the requests under way, close the store and free the port."""
        self._server.should_exit = True
        self._thread.join()

    def load(self, lines: Iterable[str | bytes]) -> dict[str, int]:
        """Import the lines; gives how many of each kind.

        Raises:
            BadLineError: a line is wrong; nothing is imported then.
        """
        return self._within(lambda: transfer.load(self._local.service, lines))

    def clear(self) -> None:
        """Forget what the account holds and what was asked."""
        self._within(self._local.clear)

    def _within(self, work: Callable[[], Result]) -> Result:
        async def done() -> Result:
            return work()

        # The service's thread alone touches the store.
        return asyncio.run_coroutine_threadsafe(done(), self._local.loop).result()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def serve(
    *, host: str, port: int, grace_seconds: float, announce: Callable[[str], None], **options: Unpack[Options]
) -> None:
    """Serve in the foreground until Ctrl-C or SIGTERM; ``announce`` is told the URL once requests are taken.

    Requests under way then have ``grace_seconds`` to finish.

    Raises:
        OSError: the port cannot be had, or a file to import cannot be read.
        StoreError: the store's file cannot be used.
        BadLineError: a file to import has a wrong line.
    """
    with serving.listen(host, port) as listener:
        url = serving.url_of(listener)
        app = create_local_app(**options)
        server = serving.Server(_ProgramsOnly(app, host), grace_seconds, lambda: announce(url), **_OPTIONS)
        serving.run(server, listener)


class _ProgramsOnly:
    """Middleware that refuses web pages, which may send to this machine, or have their own names point here."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = serving.names_of(host) if host in _LOOPBACK else None
        """The host names that it answers to, if only this machine can reach it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, unless a page has made it."""
        is_of_page = scope["type"] == "http" and self._is_of_page(scope)
        await (_REFUSAL if is_of_page else self._app)(scope, receive, send)

    def _is_of_page(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        is_rebound = self._names is not None and "host" in headers and not serving.is_for(scope, self._names)
        return "origin" in headers or is_rebound


class _Protocol(serving.Protocol):
    """The protocol of servers, with a way for the application to hang up without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"now": self._drop}}

    def _drop(self) -> None:
        self.cycle.disconnected = True
        self.transport.abort()


_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REFUSAL = PlainTextResponse("The local service answers no web pages, and only to this machine's own names.", 403)

_OPTIONS: dict[str, Any] = {"http": _Protocol, "ws": "none", "lifespan": "on"}
