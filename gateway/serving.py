"""Runs an ASGI application with uvicorn until Ctrl-C or SIGTERM, and stops it without a traceback.

Subclasses of uvicorn's protocols add the limits that it lacks: on the size of headers and trailers, and on the time to
wait for a client that neither sends nor reads.
"""

import asyncio
import gc
import logging
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

_MAX_HEAD_BYTES = 65_536
"""Maximum size of a request line with its headers. A head that arrives in one read may be a few times as long."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_FRAMING = {b"content-length", b"transfer-encoding"}

_PATIENCE_SECONDS = 60
"""Minimum timeout for a client that neither sends the rest of a request nor reads the rest of a response."""

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


class _Connection:
    """Mixin that reports clients of a dual-stack socket by their IPv4 addresses, without the prefix ``::ffff:``."""

    client: tuple[str, int] | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the connection."""
        super().connection_made(transport)  # type: ignore[misc] # uvicorn's protocols have it
        if self.client:
            self.client = (self.client[0].removeprefix("::ffff:"), self.client[1])


class _Unsent:
    """Mixin that aborts a connection whose client stops reading. Closing it would wait until everything is sent."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    config: uvicorn.Config
    _check: asyncio.TimerHandle | None = None

    @property
    def patience(self) -> float:
        """Timeout for the client, in seconds."""
        return max(self.config.timeout_keep_alive, _PATIENCE_SECONDS)

    def pause_writing(self) -> None:
        """Stop writing, because the write buffer is full, and start the timeout."""
        super().pause_writing()  # type: ignore[misc] # uvicorn's protocols have it
        self.watch_unsent()

    def resume_writing(self) -> None:
        """Resume writing, and cancel the timeout."""
        self._stop_watching()
        super().resume_writing()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, and cancel the timeout."""
        self._stop_watching()
        super().connection_lost(exc)  # type: ignore[misc]

    def watch_unsent(self) -> None:
        """Start the timeout: abort the connection if the write buffer has not shrunk by then."""
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
    """uvicorn's HTTP protocol, with limits on headers, on trailers, and on the time to wait for a client."""

    _head_bytes = 0
    """Bytes received since the parser last reached the end of headers, a part of a body, or the end of a message."""
    _advanced = False
    """Whether the parser has reached one of these in the data being parsed."""
    _body_at: int | None = None
    """Offset in the received data of a body that the parser skipped because of an Upgrade header."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Open the connection, and start the timeout for its first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, and cancel the keep-alive timeout."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # uvicorn leaves it running if the client has reset the connection

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, because nothing more was received."""
        super().timeout_keep_alive_handler()
        self.watch_unsent()

    def on_response_complete(self) -> None:
        """Wait for the next request, or close the connection."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.watch_unsent()

    def data_received(self, data: bytes) -> None:
        """Parse received data; restart the timeout if the connection now waits for the client."""
        self._receive(data)
        if self._is_waiting():
            self._wait()

    def _wait(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.patience, self.timeout_keep_alive_handler)

    def _is_waiting(self) -> bool:
        """Whether the connection waits for the client to send a request or the rest of one."""
        if self not in self.connections or self.transport.is_closing() or self.pipeline:
            return False  # a connection that became a WebSocket is not in `connections`
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _receive(self, data: bytes) -> None:
        self._advanced = False
        super().data_received(data)
        if self._body_at is not None:
            self._read_body(data[self._body_at :])
            return
        self._head_bytes = 0 if self._advanced else self._head_bytes + len(data)
        if self._head_bytes > _MAX_HEAD_BYTES:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Continue with HTTP/1.1 without a warning: clients that offer HTTP/2, such as Java's own, accept that."""
        upgrade = sys.exception()  # httptools.HttpParserUpgrade, whose argument is the offset
        self._body_at = upgrade.args[0] if upgrade else None

    def _read_body(self, rest: bytes) -> None:
        """Parse the skipped body and what follows it, with a new parser. The request's task has not run yet."""
        self._body_at = None
        self.cycle.more_body = True
        self.cycle.message_event.clear()
        self.parser = httptools.HttpRequestParser(_Repeated(self))
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = [b"%s: %s\r\n" % (name, value) for name, value in self.headers if name in _FRAMING]
        self._receive(b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n", rest]))

    def on_headers_complete(self) -> None:
        """Handle the headers; refuse several Host headers, of which a proxy in front may have used another one."""
        self._advanced = True
        if sum(name == b"host" for name, _ in self.headers) > 1:
            raise ValueError("more than one Host")  # uvicorn responds with 400, as to any malformed request
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Handle a part of the body."""
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Handle the end of the request."""
        self._advanced = True
        super().on_message_complete()


class _Repeated:
    """Callbacks for a parser: forwards them to the protocol, except those for the first head, which it has had."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._in_first_head = True
        self.on_body, self.on_message_complete = protocol.on_body, protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self._in_first_head:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._in_first_head:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_first_head:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._in_first_head:
            self._protocol.on_headers_complete()
        self._in_first_head = False


class WebSocketProtocol(_Connection, _Unsent, WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, with timeouts for clients that do not read.

    It does not log an error when a handshake is refused with a body.
    """

    _pong = b""
    """A pong that is not sent before the client reads."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, and close the parser: it is a reference cycle that would keep the compressor's 40 KB."""
        super().connection_lost(exc)
        self.conn.parser.close()

    def handle_ping(self) -> None:
        """Send a pong; while the client does not read, only for the latest ping, as RFC 6455 (5.5.3) allows."""
        self._pong = b"".join(self.conn.data_to_send()) or self._pong
        if self.writable.is_set():
            self._send_pong()

    def resume_writing(self) -> None:
        """Resume writing, first the pending pong."""
        super().resume_writing()
        self._send_pong()

    def _send_pong(self) -> None:
        pong, self._pong = self._pong, b""
        if pong and not self.transport.is_closing():
            self.transport.write(pong)

    def keepalive_timeout(self) -> None:
        """Close the connection to a client that does not answer pings; abort it if the client does not read either."""
        super().keepalive_timeout()
        self.watch_unsent()

    async def send(self, message: Any) -> None:
        """Send a message; a refusal with a body completes the handshake, so that uvicorn does not log an error."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True


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
