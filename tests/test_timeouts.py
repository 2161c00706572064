"""Timeouts for clients that stop sending or reading."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from conftest import listening
from websockets import ClientProtocol, Subprotocol
from websockets.uri import parse_uri

from gateway import protocols, serving
from gateway.local.server import LocalServer
from gateway.settings import Settings

POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = "{ artifacts { nodes { arn } } }"
"""A query that takes an AWS call."""
LONG = " ".join(["{", *(f"a{number}: _service {{ sdl }}" for number in range(50)), "}"])
"""A query whose response is larger than the buffers of a connection."""


@pytest.fixture(scope="module")
def impatient(server: LocalServer) -> Iterator[str]:
    """The URL, without the scheme, of a gateway whose timeouts are half a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "IDLE_SECONDS", 0)
        patch.setattr(protocols, "_PATIENCE_SECONDS", 0.5)
        with listening(Settings(local_url=server.url, cache_url="off")) as url:
            yield url


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """An event that is set when the gateway has closed a connection."""
    gone = threading.Event()
    end = protocols._Unsent.connection_lost  # noqa: SLF001

    def ending(self: protocols._Unsent, exc: Exception | None) -> None:
        end(self, exc)
        gone.set()

    monkeypatch.setattr(protocols._Unsent, "connection_lost", ending)  # noqa: SLF001
    return gone


def connected(url: str) -> socket.socket:
    """Open a connection to a gateway."""
    host, _, port = url.partition(":")
    return socket.create_connection((host, int(port)), 10)


@pytest.mark.parametrize("sent", [b"", b"POST /gra", POST % (9, b"") + b"{", POST % (2, b"") + b"{}POST /gra"])
def test_stalled_sender_is_disconnected(impatient: str, sent: bytes) -> None:
    with connected(impatient) as client:
        client.sendall(sent)
        while client.recv(10_000):
            pass


def test_later_request_may_not_stall(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "IDLE_SECONDS", 1)
    monkeypatch.setattr(protocols, "_PATIENCE_SECONDS", 0)
    with listening(Settings(local_url=server.url)) as url, connected(url) as client, suppress(ConnectionError):
        client.sendall(HEALTH)
        client.recv(10_000)
        client.sendall(HEALTH[:9])
        while client.recv(10_000):
            pass


def test_rest_of_request_has_idle_time(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "IDLE_SECONDS", 60)
    monkeypatch.setattr(protocols, "_PATIENCE_SECONDS", 0)
    with listening(Settings(local_url=server.url)) as url, connected(url) as client:
        client.sendall(HEALTH[:9])
        httpx.get(f"http://{url}/healthz")  # by its response, the gateway has read the beginning of the other request
        client.sendall(HEALTH[9:])
        assert client.recv(10_000).startswith(b"HTTP/1.1 200 ")


@pytest.fixture
def client(impatient: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection to a gateway whose timeouts, once it has accepted the connection, are zero."""
    monkeypatch.setattr(protocols, "_PATIENCE_SECONDS", 60)
    with connected(impatient) as client:
        httpx.get(f"http://{impatient}/healthz")  # by its response, the gateway has accepted both connections
        monkeypatch.setattr(protocols, "_PATIENCE_SECONDS", 0)
        yield client


@pytest.mark.parametrize("further", [b"", POST % (9, b"") + b"{"], ids=["one", "next begun"])
def test_waiting_client_is_not_disconnected(client: socket.socket, service: LocalServer, further: bytes) -> None:
    service.behaviour.latency_ms = 100
    body = json.dumps({"query": SLOW}).encode()
    client.sendall(POST % (len(body), b"") + body + further)
    assert client.recv(10_000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n", b"Accept: text/event-stream\r\n"])
def test_stalled_reader_is_disconnected(impatient: str, lost: threading.Event, header: bytes) -> None:
    body = json.dumps({"query": LONG}).encode()
    with connected(impatient) as client:
        client.sendall(POST % (len(body), header) + body)
        assert lost.wait(60)


@pytest.fixture
def protocol(impatient: str) -> ClientProtocol:
    """The protocol state of a WebSocket client."""
    return ClientProtocol(parse_uri(f"ws://{impatient}/graphql"), subprotocols=[Subprotocol("graphql-transport-ws")])


def opened(protocol: ClientProtocol, client: socket.socket) -> None:
    """Open a WebSocket and initialise the GraphQL protocol."""
    protocol.send_request(protocol.connect())
    client.sendall(b"".join(protocol.data_to_send()))
    protocol.receive_data(client.recv(10_000))
    protocol.send_text(b'{"type": "connection_init"}')
    client.sendall(b"".join(protocol.data_to_send()))
    protocol.receive_data(client.recv(10_000))


def test_stalled_websocket_reader_is_disconnected(
    impatient: str, lost: threading.Event, protocol: ClientProtocol, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(impatient) as client:
        opened(protocol, client)
        protocol.send_text(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": LONG}}).encode())
        protocol.send_text(b'{"type": "ping"}')  # while its pong waits, nothing else notices the end of the connection
        client.sendall(b"".join(protocol.data_to_send()))
        assert lost.wait(60)
    assert httpx.get(f"http://{impatient}/healthz").status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_waiting_websocket_is_not_disconnected(
    client: socket.socket, service: LocalServer, protocol: ClientProtocol
) -> None:
    service.behaviour.latency_ms = 100
    opened(protocol, client)
    protocol.send_text(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": SLOW}}).encode())
    client.sendall(b"".join(protocol.data_to_send()))
    assert b'"type":"next"' in client.recv(10_000)


def test_unread_pongs_do_not_pile_up(impatient: str, protocol: ClientProtocol, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocols, "_PATIENCE_SECONDS", 60)
    with connected(impatient) as client:
        opened(protocol, client)
        protocol.send_ping(b"x" * 125)
        ping = b"".join(protocol.data_to_send())
        for _ in range(300):
            client.sendall(ping * 1_000)
        protocol.send_text(b'{"type": "ping"}')
        client.sendall(b"".join(protocol.data_to_send()))
        read, received = 0, b" "
        while received and not received.endswith(b'{"type":"pong"}'):
            received = client.recv(1_000_000)
            read += len(received)
    assert received
    assert read < 150_000 * len(ping)
