"""Connections to AWS: HTTP/1.1, kept open, one request at a time on each.

aiobotocore lets its HTTP client be replaced (``http_session_cls``). Its own is aiohttp, whose support for all of HTTP
costs a call more than signing it does. botocore needs little: send these headers and bytes, and return those that come
back. Failures raise the same errors, since it is by these that botocore decides what to try again.
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
"""How long an unused connection is good for; AWS closes it after 20."""

LONGEST_BODY = 64 * 1024 * 1024
LONGEST_HEAD = 1024 * 1024
"""Bytes of an answer, many times those of AWS's longest: something else is speaking, which may never end. All but the
body counts as the head, including trailers and 1xx responses.
"""


def connections(**options: Any) -> Any:
    """Make the connections of one client, as its ``http_session_cls``; through a proxy, aiohttp's."""
    if options["proxies"]:
        return AIOHTTPSession(**options)
    return Connections(options["verify"], options["client_cert"], *options["timeout"])


class Connections:
    """A pool of as many connections as there are requests in flight, which its user limits."""

    def __init__(
        self,
        verify: bool | str,  # noqa: FBT001 - botocore's word
        client_cert: str | tuple[str, str] | None,
        connect_seconds: float,
        read_seconds: float,
    ) -> None:
        """Read certificates now, rather than for the first request."""
        self._trusting = _trusting(verify, client_cert)
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        self._idle: dict[str, list[_Connection]] = {}
        self._open: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        """Open none yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all."""
        await self.close()

    async def close(self) -> None:
        """Close all; requests in flight fail."""
        for connection in tuple(self._open):
            connection.close()
        await asyncio.sleep(0)  # for the loop to do so

    async def send(self, request: AWSPreparedRequest) -> "Answer":
        """Send a request, which names its host, and return its answer, all of it."""
        url = request.url
        connection = self._unused(url) or await self._connected(url)
        try:
            return await connection.ask(_written(request), self._read_seconds)
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except (OSError, httptools.HttpParserError) as error:
            raise ConnectionClosedError(endpoint_url=url, error=error, request=request) from error
        finally:
            # Also when the request was cancelled, and its answer may still come.
            if connection.reusable:
                connection.used_at = time.monotonic()
                self._idle.setdefault(url, []).append(connection)
            else:
                connection.close()

    def _unused(self, url: str) -> "_Connection | None":
        """Take the connection that was used last, which the server is the least likely to be closing."""
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
                    ssl=self._trusting if secure else None,
                )
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        return connection


@cache
def _trusting(verify: bool | str, client_cert: str | tuple[str, str] | None) -> ssl.SSLContext:  # noqa: FBT001
    """Make a TLS context of trusted and own certificates; it takes tens of milliseconds, and serves all clients."""
    context = ssl.create_default_context(cafile=get_cert_path(verify) if verify else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if client_cert:
        context.load_cert_chain(*([client_cert] if isinstance(client_cert, str) else client_cert))
    return context


def _written(request: AWSPreparedRequest) -> bytes:
    """Serialize a request."""
    parts = urlsplit(request.url)
    lines = [f"{request.method} {parts.path or '/'}{'?' * bool(parts.query)}{parts.query} HTTP/1.1"]
    for name, value in request.headers.items():
        lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    lines.append("Accept: */*\r\nAccept-Encoding: identity\r\n\r\n")
    return "\r\n".join(lines).encode() + (request.body or b"")


class Answer:
    """An answer as botocore expects it, with plain headers instead of an object for each."""

    __slots__ = ("_body", "headers", "status_code")

    def __init__(self, status_code: int, headers: dict[str, str], body: bytes) -> None:
        """Have headers by their names in lower case."""
        self.status_code = status_code
        self.headers = headers
        self._body = body

    @property
    async def content(self) -> bytes:
        """The body."""
        return self._body


class _Connection(asyncio.Protocol):
    """A connection with one request in flight at most."""

    def __init__(self, others: "set[_Connection]") -> None:
        self._open = others
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answer.cancel()  # nobody waits yet
        self._timer: asyncio.TimerHandle | None = None
        self._seconds = 0.0
        self._until_closed = False
        self.reusable = False
        self.used_at = 0.0

    def ask(self, written: bytes, seconds: float) -> asyncio.Future[Answer]:
        """Send a request and return a future of its answer, in which no pause may be longer than ``seconds``."""
        self.reusable = self._until_closed = False
        self._head = self._size = 0
        self._answer = self._loop.create_future()
        self._seconds = seconds
        self._wait()
        self._transport.write(written)
        return self._answer

    def close(self) -> None:
        """Drop it, whatever is under way."""
        self.reusable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # a stream's transport writes
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._answer.done():
            self.close()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
        self._head += len(data)
        if self._head > LONGEST_HEAD:
            self._fail(ConnectionError("a head too long for AWS"))
        if not self._answer.done():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._open.discard(self)
        if self._until_closed and not exc:
            self.on_message_complete()
        self._fail(exc or ConnectionResetError("The connection was closed before all of the answer was there."))

    def on_message_begin(self) -> None:
        """Begin an answer."""
        if self._answer.done():
            raise ValueError("one answer too many")
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Find out what will end the answer."""
        self._until_closed = self._headers.keys().isdisjoint({"content-length", "transfer-encoding"})

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        self._body.append(part)
        self._size += len(part)
        self._head -= len(part)
        if self._size > LONGEST_BODY:
            raise ValueError("an answer too long for AWS")

    def on_message_complete(self) -> None:
        """Hand over the answer, unless it is a 1xx response."""
        status = self._parser.get_status_code()
        if status < HTTPStatus.OK or self._answer.done():
            return
        self.reusable = self._parser.should_keep_alive()
        self._stop_waiting()
        self._answer.set_result(Answer(status, self._headers, b"".join(self._body)))

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self._loop.call_later(self._seconds, self._fail, TimeoutError("no answer"))

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _fail(self, error: Exception) -> None:
        self.reusable = False
        self._stop_waiting()
        if not self._answer.done():
            self._answer.set_exception(error)
