"""The gateway's connections to AWS: whatever happens on a socket becomes a response or a botocore exception."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from endpoint import CLOSE, ECHO, SILENCE, Endpoint, Last, answer, endpoint, listening, make_certificate

from gateway.app import opened
from gateway.aws.calls import Tally
from gateway.aws.connections import LONGEST_BODY, LONGEST_HEAD, Connections
from gateway.aws.places import HOME
from gateway.settings import Settings


def connections(
    verify: bool | str = True,  # noqa: FBT001, FBT002
    connect: float = 30,
    read: float = 30,
) -> Connections:
    return Connections(verify, connect, read)


def asking(url: str, body: bytes = b"{}") -> AWSPreparedRequest:
    return AWSRequest("POST", f"{url}/", {"Host": "sagemaker", "X-Amz-Target": "SageMaker.A"}, body).prepare()


async def sent(by: Connections, url: str, body: bytes = b"{}") -> bytes:
    content: bytes = await (await by.send(asking(url, body))).content
    return content


async def until_called(aws: Endpoint) -> None:
    while not aws.requests:  # noqa: ASYNC110 - the endpoint has nothing to wait for
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
async def aws() -> AsyncIterator[Endpoint]:
    async with endpoint() as made:
        yield made


@pytest.fixture
async def ours() -> AsyncIterator[Connections]:
    async with connections() as made:
        yield made


CHUNKS = b'4\r\n{"a"\r\n3;x=y\r\n: 1\r\n1\r\n}\r\n0\r\nTrailer: 1\r\n\r\n'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS


@pytest.mark.parametrize(
    ("said", "body", "kept"),
    [
        (answer(b"{}"), b"{}", True),
        (answer(b"{}" * LONGEST_HEAD), b"{}" * LONGEST_HEAD, True),
        (answer(b"{}", 503), b"{}", True),
        (answer(b""), b"", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (CHUNKED, b'{"a": 1}', True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"{}"), b"{}", True),
        (answer(b"{}", Connection="close"), b"{}", False),
        (answer(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"), b"{}", False),
        (answer(b"{}") + answer(b"another"), b"{}", False),
        (answer(b"{}") + b"more", b"{}", False),
        (Last(b"HTTP/1.1 200 OK\r\n\r\n{}"), b"{}", False),
    ],
    ids=[
        "plain",
        "large",
        "error",
        "empty",
        "none",
        "chunks",
        "continue",
        "closing",
        "old",
        "two",
        "more",
        "until closed",
    ],
)
async def test_answers_are_read(ours: Connections, aws: Endpoint, said: bytes, body: bytes, kept: bool) -> None:  # noqa: FBT001
    aws.respond_with(said)
    assert await sent(ours, aws.url) == body
    assert await sent(ours, aws.url) == body
    assert aws.connections == (1 if kept else 2)


async def test_idle_connections_are_not_reused(
    ours: Connections, aws: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.aws.connections._IDLE_SECONDS", 0.0)
    aws.respond_with(answer(b"{}"))
    for number in range(1, 4):
        assert await sent(ours, aws.url) == b"{}"
        assert (aws.connections, len(ours._open)) == (number, 1)  # noqa: SLF001 - the endpoint cannot count open ones


async def test_closed_connections_are_not_reused(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(Last(answer(b"{}")))
    for number in range(1, 3):
        assert await sent(ours, aws.url) == b"{}"
        assert aws.connections == number
        while ours._open:  # noqa: ASYNC110, SLF001 - until the end of the connection has arrived
            await asyncio.sleep(0)


async def test_unasked_answers_end_the_connection(ours: Connections) -> None:
    late = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(answer(b"{}"))
        await late.wait()
        writer.write(answer(b"", 408))
        await reader.read()
        writer.close()

    async with listening(serve) as url, asyncio.timeout(60):
        assert await sent(ours, url) == b"{}"
        late.set()
        while ours._open:  # noqa: ASYNC110, SLF001 - until the answer has arrived
            await asyncio.sleep(0)


async def test_answers_are_not_repeated(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(b"HTTP/1.1 204 No Content\r\n\r\n", CLOSE)
    assert await sent(ours, aws.url) == b""
    with pytest.raises(ConnectionClosedError):
        await sent(ours, aws.url)


async def test_answers_are_measured_one_by_one(
    ours: Connections, aws: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("LONGEST_HEAD", "LONGEST_BODY"):
        monkeypatch.setattr(f"gateway.aws.connections.{limit}", 100)
    aws.respond_with(answer(b"1" * 60))
    for _ in range(5):
        assert await sent(ours, aws.url) == b"1" * 60
    assert aws.connections == 1


async def test_requests_are_written(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(answer(b"{}"))
    request = asking(aws.url, b'{"a": "\xc3\x9f"}')
    request.headers["Authorization"] = b"signed"
    await ours.send(request)
    [asked] = aws.requests
    assert asked.line == "POST / HTTP/1.1"
    assert asked.body == b'{"a": "\xc3\x9f"}'
    assert asked.headers == {
        "host": "sagemaker",
        "x-amz-target": "SageMaker.A",
        "content-length": "11",
        "authorization": "signed",
        "accept": "*/*",
        "accept-encoding": "identity",
    }


async def test_header_names_are_lower_case(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(answer(b"{}", 429, X_Amzn_RequestId="größe"))
    answered = await ours.send(asking(aws.url))
    assert answered.status_code == 429
    assert answered.headers["x-amzn-requestid"].encode("latin-1").decode() == "größe"


async def test_concurrent_calls_get_own_answers(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(ECHO)
    bodies = [str(number).encode() for number in range(200)]
    assert await asyncio.gather(*(sent(ours, aws.url, body) for body in bodies)) == bodies
    assert await asyncio.gather(*(sent(ours, aws.url, body) for body in bodies[:20])) == bodies[:20]
    assert aws.connections == 200


@pytest.mark.parametrize(
    "said",
    [
        CLOSE,
        Last(answer(b"{}")[:-1]),
        Last(answer(b"{}")[:20]),
        Last(CHUNKED[:-4]),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n",
        b"\0" * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (LONGEST_BODY + 1),
        b"HTTP/1.1 200 OK\r\nName: " + b"x" * LONGEST_HEAD,
        b"HTTP/1.1 200 OK\r\n" + b"Name: x\r\n" * (LONGEST_HEAD // 9),
        CHUNKED[:-2] + b"Name: x\r\n" * (LONGEST_HEAD // 9),
        b"HTTP/1.1 100 Continue\r\n\r\n" * (LONGEST_HEAD // 25 + 1),
    ],
    ids=[
        *("nothing", "body", "head", "chunk", "other", "length", "lengths", "chunks", "noise"),
        *("endless body", "endless header", "endless headers", "endless trailers", "endless heads"),
    ],
)
async def test_broken_answers_raise_botocores_errors(ours: Connections, aws: Endpoint, said: bytes) -> None:
    aws.respond_with(said, answer(b"{}"))
    with pytest.raises(ConnectionClosedError):
        await ours.send(asking(aws.url))
    assert await sent(ours, aws.url) == b"{}"
    assert aws.connections == 2


@pytest.mark.parametrize("said", [SILENCE, answer(b"{}")[:20], answer(b"{}")[:-1]], ids=["nothing", "head", "body"])
async def test_missing_answers_raise_timeouts(aws: Endpoint, said: bytes) -> None:
    aws.respond_with(said)
    async with connections(read=0.05) as ours:
        with pytest.raises(ReadTimeoutError):
            await ours.send(asking(aws.url))
        await asyncio.sleep(0)  # the event loop closes the connection in its next iteration
        assert not ours._open  # noqa: SLF001 - the endpoint cannot count open ones
    assert len(aws.requests) == 1


async def test_slow_answers_are_awaited() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        for part in (answer(b"{}")[:20], answer(b"{}")[20:-1], b"}"):
            await asyncio.sleep(0.5)
            writer.write(part)
        writer.close()

    async with listening(serve) as url, connections(read=1) as ours:
        assert await sent(ours, url) == b"{}"


async def test_idle_connections_have_no_timeout(aws: Endpoint) -> None:
    aws.respond_with(answer(b"{}"))
    async with connections(read=0.5) as ours:
        assert await sent(ours, aws.url) == b"{}"
        await asyncio.sleep(0.6)
        assert await sent(ours, aws.url) == b"{}"
    assert aws.connections == 1


async def test_reset_is_no_end(ours: Connections) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n{")  # a body that ends with the connection
        await asyncio.sleep(0.1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    async with listening(serve) as url:
        with pytest.raises(ConnectionClosedError):
            await ours.send(asking(url))


async def test_failed_connects_raise_timeouts(aws: Endpoint) -> None:
    async with connections(connect=0.05, read=3600) as ours, asyncio.timeout(60):
        with pytest.raises(ConnectTimeoutError):
            await ours.send(asking(aws.url.replace("http:", "https:")))  # the endpoint speaks no TLS, and waits


async def test_refused_connects_raise_errors(ours: Connections) -> None:
    async with endpoint() as gone:
        pass
    with pytest.raises(EndpointConnectionError):
        await ours.send(asking(gone.url))


async def test_cancellation_leaves_others_answers(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(answer(b"warm"))
    assert await sent(ours, aws.url) == b"warm"
    aws.respond_with(SILENCE)
    leaving = asyncio.create_task(ours.send(asking(aws.url)))
    await until_called(aws)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    aws.respond_with(ECHO)
    assert await sent(ours, aws.url, b"mine") == b"mine"
    assert aws.connections == 1


async def test_closing_ends_waiting_calls(ours: Connections, aws: Endpoint) -> None:
    aws.respond_with(SILENCE)
    waiting = asyncio.create_task(ours.send(asking(aws.url)))
    await until_called(aws)
    await ours.close()
    with pytest.raises(ConnectionClosedError):
        await waiting


async def test_stopped_gateway_closes_its_connections() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(answer(b'{"Tags": []}'))
        await reader.read()
        closed.set()
        writer.close()

    async with listening(serve) as url, asyncio.timeout(60):
        async with opened(Settings(local_url=url, cache_url="off")) as backend:
            assert await backend.calls("ListTags", HOME, {"ResourceArn": "arn"}, Tally())
        await closed.wait()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
async def secure(certificate: str) -> AsyncIterator[Endpoint]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with endpoint(context) as made:
        made.url = made.url.replace("127.0.0.1", "localhost")
        made.respond_with(ECHO)
        yield made


async def test_trusted_certificate_is_accepted(secure: Endpoint, certificate: str) -> None:
    async with connections(certificate) as ours:
        assert await sent(ours, secure.url, b"1" * 100_000) == b"1" * 100_000


async def test_verification_can_be_disabled(secure: Endpoint) -> None:
    async with connections(verify=False) as ours:
        assert await sent(ours, secure.url.replace("localhost", "127.0.0.1")) == b"{}"


async def test_unknown_certificate_is_refused(ours: Connections, secure: Endpoint) -> None:
    with pytest.raises(SSLError, match="self-signed"):
        await ours.send(asking(secure.url))


async def test_other_host_name_is_refused(secure: Endpoint, certificate: str) -> None:
    async with connections(certificate) as ours:
        with pytest.raises(SSLError, match="not valid for"):
            await ours.send(asking(secure.url.replace("localhost", "127.0.0.1")))


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), ("none", "no certificate")])
def test_missing_certificates_name_their_file(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "bundle.pem"
    if content:
        file.write_text(content)
    with pytest.raises(OSError, match=f"no trusted certificates in {file}: .*{why}"):
        connections(str(file))
