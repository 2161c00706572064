"""Running an ASGI application until Ctrl-C or SIGTERM, and stopping it without a traceback."""

import asyncio
import gc
import re
import signal
import socket
import sys
from collections.abc import Callable, Collection
from typing import Any

import httptools
import uvicorn
from starlette.datastructures import Headers
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.settings import IDLE_SECONDS

_BACKLOG = 2048

_MOST_HEADING = 65_536
"""Bytes of a request line and headers; those that arrive at once may be a few times as long."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_FRAMING = {b"content-length", b"transfer-encoding"}

_PATIENCE_SECONDS = 60
"""How long, at least, to wait for a client that neither sends the rest of a request nor reads the rest of an answer."""

_PORT = re.compile(r":[0-9]*$")

_YOUNG = 5_000
"""Allocations before the garbage collector's youngest generation is collected, which takes a millisecond or two."""
_MIDDLE = 10
"""Collections of the youngest generation before the middle one is collected. That frees refused documents, which are
reference cycles: kept for a full collection they would be a gigabyte, and freeing them would block for seconds.
"""
_ALL = 100
"""Collections of the middle generation before a full one."""


def listen(host: str, port: int) -> socket.socket:
    """Bind an address, before anything is built that would have to be torn down; OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        raise OSError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error


def url_of(listener: socket.socket) -> str:
    """Return the http URL of an address."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def names_of(host: str) -> frozenset[str]:
    """Return the names by which clients may ask this machine, if it listens on this address of its own."""
    return frozenset({"localhost", "127.0.0.1", "[::1]", host, f"[{host}]"})


def is_for(scope: Scope, names: Collection[str]) -> bool:
    """Whether a request is for one of these names."""
    return _PORT.sub("", Headers(scope=scope).get("host", "")).lower() in names


class _Connection:
    """Knows clients by their IPv4 addresses where these have come by a socket for IPv6 too."""

    client: tuple[str, int] | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)  # type: ignore[misc] # uvicorn's protocols have it
        if self.client:
            self.client = (self.client[0].removeprefix("::ffff:"), self.client[1])


class _Unsent:
    """Aborts a connection whose client stops reading; closing it would wait until everything is sent."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    config: uvicorn.Config
    _check: asyncio.TimerHandle | None = None

    @property
    def patience(self) -> float:
        """How many seconds to wait for the client."""
        return max(self.config.timeout_keep_alive, _PATIENCE_SECONDS)

    def pause_writing(self) -> None:
        """Pause until the client has read some."""
        super().pause_writing()  # type: ignore[misc] # uvicorn's protocols have it
        self.watch_unsent()

    def resume_writing(self) -> None:
        """Resume writing."""
        self._stop_watching()
        super().resume_writing()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_watching()
        super().connection_lost(exc)  # type: ignore[misc]

    def watch_unsent(self) -> None:
        """Check later that the client has read on."""
        self._stop_watching()
        self._check = self.loop.call_later(self.patience, self._check_unsent, self.transport.get_write_buffer_size())

    def _check_unsent(self, before: int) -> None:
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self.watch_unsent()

    def _stop_watching(self) -> None:
        if self._check:
            self._check.cancel()


class Protocol(_Connection, _Unsent, HttpToolsProtocol):
    """uvicorn's protocol, with the limits that it lacks: on headers, on trailers, and on waiting for a client."""

    _heading = 0
    """Bytes since the end of some headers, a part of a body, or its end."""
    _advanced = False
    """Whether the data that is being parsed has come to one of these."""
    _body_at: int | None = None
    """Where, in the data received, a body begins that the parser skipped for another protocol."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # uvicorn lets it run out if the client has reset the connection

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, on which nothing more was received."""
        super().timeout_keep_alive_handler()
        self.watch_unsent()

    def on_response_complete(self) -> None:
        """Wait for the next request, or close."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.watch_unsent()

    def data_received(self, data: bytes) -> None:
        """Parse further data, unless it is too much."""
        self._receive(data)
        if self._is_waiting():
            self._wait()

    def _wait(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.patience, self.timeout_keep_alive_handler)

    def _is_waiting(self) -> bool:
        """Whether nothing can be done before the client sends more of a request."""
        if self not in self.connections or self.transport.is_closing() or self.pipeline:
            return False  # not in connections: it has become a WebSocket
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _receive(self, data: bytes) -> None:
        self._advanced = False
        super().data_received(data)
        if self._body_at is not None:
            self._read_body(data[self._body_at :])
            return
        self._heading = 0 if self._advanced else self._heading + len(data)
        if self._heading > _MOST_HEADING:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Stay with HTTP/1.1, which a client that offers HTTP/2, as Java's own does, takes as well."""
        refused = sys.exception()
        self._body_at = refused.args[0] if refused else None

    def _read_body(self, rest: bytes) -> None:
        """Parse the skipped body and what follows it; the request has not begun to be answered yet."""
        self._body_at = None
        self.cycle.more_body = True
        self.cycle.message_event.clear()
        self.parser = httptools.HttpRequestParser(_Repeated(self))
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = [b"%s: %s\r\n" % (name, value) for name, value in self.headers if name in _FRAMING]
        self._receive(b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n", rest]))

    def on_headers_complete(self) -> None:
        """Go on to the body, unless two hosts are named, of which a proxy in front may have believed the other."""
        self._advanced = True
        if sum(name == b"host" for name, _ in self.headers) > 1:
            raise ValueError("more than one Host")  # which is answered with 400, as any malformed request
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of it."""
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._advanced = True
        super().on_message_complete()


class _Repeated:
    """Passes on what a parser finds, except the first head, which repeats one that was parsed before."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._known = True
        self.on_body, self.on_message_complete = protocol.on_body, protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self._known:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._known:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._known:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._known:
            self._protocol.on_headers_complete()
        self._known = False


class WebSocketProtocol(_Connection, _Unsent, WebSocketsSansIOProtocol):
    """uvicorn's protocol, without its error log for a handshake that is refused with a body, and with such limits."""

    _pong = b""
    """An answer to a ping that waits for the client to read."""

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and with it the parser, which refers to itself and would keep the compressor's 40 KB."""
        super().connection_lost(exc)
        self.conn.parser.close()

    def handle_ping(self) -> None:
        """Answer it, or only the last of many while the client reads none, as RFC 6455 (5.5.3) allows."""
        self._pong = b"".join(self.conn.data_to_send()) or self._pong
        if self.writable.is_set():
            self._answer_ping()

    def resume_writing(self) -> None:
        """Resume writing, first the answer to a ping."""
        super().resume_writing()
        self._answer_ping()

    def _answer_ping(self) -> None:
        pong, self._pong = self._pong, b""
        if pong and not self.transport.is_closing():
            self.transport.write(pong)

    def keepalive_timeout(self) -> None:
        """Close the connection to a client that does not answer pings, and may not read either."""
        super().keepalive_timeout()
        self.watch_unsent()

    async def send(self, message: Any) -> None:
        """Send a message; a refusal completes the handshake."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready."""

    alone = False
    """Whether the process does nothing else."""
    _failure: Exception | None = None
    """Why the application does not start."""

    def __init__(self, app: Any, grace_seconds: float, ready: Callable[[], None], **options: Any) -> None:
        """Serve ``app``, call ``ready`` once it takes requests, and at the end wait ``grace_seconds`` for the last.

        Further options are those of ``uvicorn.Config``.
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
            # The grace period is over; uvicorn now answers what has no answer yet with status 500.

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            # The error is raised from `startup`; with its message, uvicorn would log a traceback.
            await send({"type": message["type"]})

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if self.started:
                raise
            self._failure = error

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, in good order even if told twice, which ends the grace period."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and call ``ready``; raises what keeps the application from starting."""
        try:
            await super().startup(sockets)
        except SystemExit:
            if self._failure:
                raise self._failure from None
            raise
        if self.started:
            if self.alone:
                # What start-up has made stays: collecting it again would block for a tenth of a second each time.
                gc.collect()
                gc.freeze()
                # Reference counts free a long answer once it is sent; collections took a seventh of its CPU.
                gc.set_threshold(_YOUNG, _MIDDLE, _ALL)
            self._ready()


def run(server: Server, listener: socket.socket) -> None:
    """Serve in the main thread until Ctrl-C or SIGTERM; requests in flight then have the grace period to finish."""
    server.alone = True

    def leave(*_: object) -> None:
        # uvicorn stops gracefully on either signal and then raises it again, as often as it came.
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
    """Told to stop before it has started."""
