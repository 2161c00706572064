"""HTTP connections to AWS: HTTP/1.1 with keep-alive, one request at a time per connection.

aiobotocore's HTTP client is replaceable (``http_session_cls``). By default it is aiohttp, whose complete HTTP support
costs more per call than the signature does. botocore needs little: send these headers and bytes, and return those of
the response. Failures raise the same errors as with aiohttp, since botocore decides by these what to retry.
"""

import asyncio
import ssl
import time
from functools import cache
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import httptools
from aiobotocore.httpsession import AIOHTTPSession
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path

_IDLE_SECONDS = 12.0
"""How long an idle connection is reused; AWS closes it after 20 seconds."""

LONGEST_BODY = 64 * 1024 * 1024
LONGEST_HEAD = 1024 * 1024
"""The maximum size of a response in bytes, many times that of AWS's longest responses: a longer one comes from another
server, and may never end. Everything except the body counts as the head, including trailers and 1xx responses.
"""


def connections(**options: Any) -> Any:
    """Create the connections of one client, for its ``http_session_cls``; if there is a proxy, those of aiohttp."""
    if options["proxies"]:
        return AIOHTTPSession(**options)
    return Connections(options["verify"], *options["timeout"])


class Connections:
    """A connection pool without a limit of its own: its user limits the number of requests in flight."""

    def __init__(
        self,
        verify: bool | str,  # noqa: FBT001 - botocore's argument
        connect_seconds: float,
        read_seconds: float,
    ) -> None:
        """Load the certificates now, rather than on the first request."""
        self._tls_context = _tls_context(verify)
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        self._idle: dict[str, list[_Connection]] = {}
        self._open: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        """Return the pool; connections are opened on demand."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self.close()

    async def close(self) -> None:
        """Close all connections; requests in flight fail."""
        for connection in tuple(self._open):
            connection.close()
        await asyncio.sleep(0)  # the event loop closes them in its next iteration

    async def send(self, request: AWSPreparedRequest) -> "Answer":
        """Send a request, which has a Host header, and return its complete response."""
        url = request.url
        connection = self._unused(url) or await self._connected(url)
        try:
            return await connection.ask(_serialized(request), self._read_seconds)
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except (OSError, httptools.HttpParserError) as error:
            raise ConnectionClosedError(endpoint_url=url, error=error, request=request) from error
        finally:
            # Close it also if the request was cancelled, as its response may still arrive.
            if connection.reusable:
                connection.used_at = time.monotonic()
                self._idle.setdefault(url, []).append(connection)
            else:
                connection.close()

    def _unused(self, url: str) -> "_Connection | None":
        """Take the most recently used idle connection, which the server is least likely to be closing."""
        idle = self._idle.get(url)
        while idle:
            connection = idle.pop()
            if connection.reusable and time.monotonic() - connection.used_at < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connected(self, url: str) -> "_Connection":
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self._open),
                    parts.hostname or "",
                    parts.port or (443 if secure else 80),
                    ssl=self._tls_context if secure else None,
                )
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        return connection


@cache
def _tls_context(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001
    """Create a TLS context with trusted certificates; shared, as it takes tens of milliseconds to create."""
    trusted = get_cert_path(verify) if verify else None
    try:
        context = ssl.create_default_context(cafile=trusted)
    except OSError as error:  # it does not name the file
        raise OSError(error.errno, f"no trusted certificates in {trusted}: {error.strerror}") from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _serialized(request: AWSPreparedRequest) -> bytes:
    """Serialize a request."""
    parts = urlsplit(request.url)
    lines = [f"{request.method} {parts.path or '/'}{'?' * bool(parts.query)}{parts.query} HTTP/1.1"]
    for name, value in request.headers.items():
        lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    lines.append("Accept: */*\r\nAccept-Encoding: identity\r\n\r\n")
    return "\r\n".join(lines).encode() + (request.body or b"")


class Answer:
    """A response as botocore expects it, with a dict of headers instead of an object for each."""

    __slots__ = ("_body", "headers", "status_code")

    def __init__(self, status_code: int, headers: dict[str, str], body: bytes) -> None:
        """``headers`` has lower-case names."""
        self.status_code = status_code
        self.headers = headers
        self._body = body

    @property
    async def content(self) -> bytes:
        """The body; awaitable, as botocore expects."""
        return self._body


class _Connection(asyncio.Protocol):
    """A connection with at most one request in flight."""

    def __init__(self, connections: "set[_Connection]") -> None:
        self._open = connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answer.cancel()  # there is no request yet
        self._timer: asyncio.TimerHandle | None = None
        self._seconds = 0.0
        self._until_closed = False
        self.reusable = False
        self.used_at = 0.0

    def ask(self, written: bytes, seconds: float) -> asyncio.Future[Answer]:
        """Send a request and return a future of its response; it fails after ``seconds`` without any data."""
        self.reusable = self._until_closed = False
        self._head = self._size = 0
        self._answer = self._loop.create_future()
        self._seconds = seconds
        self._restart_timer()
        self._transport.write(written)
        return self._answer

    def close(self) -> None:
        """Abort the connection, even with a request in flight."""
        self.reusable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport; called by asyncio."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # a stream's transport writes
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; called by asyncio."""
        if self._answer.done():
            self.close()  # data without a request
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
        self._head += len(data)
        if self._head > LONGEST_HEAD:
            self._fail(ConnectionError("a head too long for AWS"))
        if not self._answer.done():
            self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Complete a response that ends with the connection, or fail; called by asyncio."""
        self._open.discard(self)
        if self._until_closed and not exc:
            self.on_message_complete()
        self._fail(exc or ConnectionResetError("The connection was closed before all of the answer was there."))

    def on_message_begin(self) -> None:
        """Reset the response; called by the parser, as are the methods below."""
        if self._answer.done():
            raise ValueError("one answer too many")
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Find out whether the end of the connection ends the response."""
        self._until_closed = self._headers.keys().isdisjoint({"content-length", "transfer-encoding"})

    def on_body(self, part: bytes) -> None:
        """Add a part of the body."""
        self._body.append(part)
        self._size += len(part)
        self._head -= len(part)
        if self._size > LONGEST_BODY:
            raise ValueError("an answer too long for AWS")

    def on_message_complete(self) -> None:
        """Set the result, unless it is a 1xx response."""
        status = self._parser.get_status_code()
        if status < HTTPStatus.OK or self._answer.done():
            return
        self.reusable = self._parser.should_keep_alive()
        self._stop_timer()
        self._answer.set_result(Answer(status, self._headers, b"".join(self._body)))

    def _restart_timer(self) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(self._seconds, self._fail, TimeoutError("no answer"))

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _fail(self, error: Exception) -> None:
        self.reusable = False
        self._stop_timer()
        if not self._answer.done():
            self._answer.set_exception(error)
