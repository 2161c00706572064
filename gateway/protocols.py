"""uvicorn's protocols with the limits that they lack: on headers, on trailers, and on the time to wait for a client."""

import asyncio
import sys
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_MAX_HEAD_BYTES = 65_536
"""Maximum size of a request line with its headers. A head that arrives in one read may be a few times as long."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_FRAMING = {b"content-length", b"transfer-encoding"}

_PATIENCE_SECONDS = 60
"""Minimum timeout for a client that neither sends the rest of a request nor reads the rest of a response."""


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
        if self not in self.connections or self.pipeline:
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
