"""An HTTP endpoint that sends exactly the bytes that a test gives it, and records the requests."""

import asyncio
import datetime as dt
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Request(NamedTuple):
    """A request: its first line, its headers by lower-case name, and its body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Last(bytes):
    """A response after which the connection is closed."""


CLOSE = Last()
SILENCE = b""
ECHO = b"echo"
"""In place of a response: send back the request's body."""


class Endpoint:
    """Sends its responses in order and then repeats the last one; ``connections`` counts the connections made."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.connections = 0
        self._answers: deque[bytes] = deque()

    def respond_with(self, *answers: bytes) -> Self:
        """Send these responses from now on, and clear the recorded requests and the count of connections."""
        self._answers, self.requests, self.connections = deque(answers), [], 0
        return self

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            response = b""
            while not isinstance(response, Last):
                response = await self._read(reader)
                writer.write(answer(self.requests[-1].body) if response is ECHO else response)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Request(line, headers, body))
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve connections on a free port; yield the URL."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http{'s' if tls else ''}://{host}:{port}"
    finally:
        server.close()


@asynccontextmanager
async def endpoint(tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    """Run an endpoint on a free port."""
    made = Endpoint()
    async with listening(made.serve, tls) as made.url:
        yield made


def answer(body: bytes, status: int = 200, **headers: str) -> bytes:
    """Return the bytes of a response as SageMaker sends it."""
    above = {"Content-Type": "application/x-amz-json-1.1", "Content-Length": str(len(body))}
    above |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in above.items())
    return f"HTTP/1.1 {status} Of Course\r\n{lines}\r\n".encode() + body


def make_certificate(folder: Path) -> str:
    """Write a self-signed certificate for localhost and its key to one file; return the file's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "localhost.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return str(file)
