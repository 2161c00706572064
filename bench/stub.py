"""A SageMaker endpoint that sends cached responses of the local service after a fixed latency.

To count rounds, it can instead hold its responses back until no request has arrived for some time and its client waits,
and then send all of them at once. This makes a round, however slowly the client sends its requests.

It runs in a process of its own, so that only its client is measured. The local service computes each response once, as
part of the latency; afterwards it comes from a dictionary, which takes almost no time. The log records when each call
arrived and when it was answered, as sequence numbers. The number of rounds is the length of the longest chain of calls
in which each call arrives after the previous one was answered.
"""

import asyncio
import gc
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import httptools
import orjson
import uvloop

from gateway.local import protocol
from gateway.local.application import create_local_app
from gateway.local.errors import AwsError
from gateway.local.service import Service
from gateway.local.transfer import load

_LOOK_AGAIN_SECONDS = 0.02
"""The time after which a client that computes, or has just begun to wait, is looked at again."""


class Call(NamedTuple):
    """A call, and when it arrived and was answered, as sequence numbers."""

    operation: str
    came: int
    answered: int
    connection: int = 0
    """The id of the connection that it arrived on."""


class Log(NamedTuple):
    """The calls that arrived."""

    calls: list[Call]

    def count(self) -> Counter[str]:
        """Return the number of calls of each operation."""
        return Counter(call.operation for call in self.calls)

    def by_connection(self) -> list["Log"]:
        """Split the log by connection."""
        parts: dict[int, list[Call]] = {}
        for call in self.calls:
            parts.setdefault(call.connection, []).append(call)
        return [Log(calls) for calls in parts.values()]

    def rounds(self) -> int:
        """Return the length of the longest chain of calls in which each arrives after the previous one was answered."""
        length, until = 0, -1
        for call in sorted(self.calls, key=lambda call: call.answered):
            if call.came > until:
                length, until = length + 1, call.answered
        return length


class Stub:
    """A handle that controls the endpoint's process."""

    def __init__(self, url: str, pipe: Connection) -> None:
        """Create a handle that talks to the process through ``pipe``."""
        self.url = url
        self._pipe = pipe

    def begin(self, latency_ms: float = 0, *, quiet_ms: float = 0) -> None:
        """Clear the log; from now on respond after a latency, or once no call has arrived for ``quiet_ms``."""
        self._pipe.send((latency_ms / 1000, quiet_ms / 1000))
        self._pipe.recv()

    def log(self) -> Log:
        """Return the calls since the last `begin`."""
        self._pipe.send(None)
        return Log(self._pipe.recv())


@contextmanager
def stub(lines: Iterable[dict[str, Any]]) -> Iterator[Stub]:
    """Run an endpoint over an account into which these lines are imported."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(theirs, [orjson.dumps(line) for line in lines]), daemon=True)
    process.start()
    try:
        yield Stub(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def _run(pipe: Connection, lines: list[bytes]) -> None:
    service: Service = create_local_app().state.local.service
    load(service, lines)
    gc.freeze()  # a garbage collection would make the client wait
    gc.disable()
    uvloop.run(_serve(pipe, _Endpoint(service)))


async def _serve(pipe: Connection, endpoint: "_Endpoint") -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(endpoint), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    pipe.send(f"http://{host}:{port}")

    def command_arrived() -> None:
        command = pipe.recv()
        if command is None:
            pipe.send(endpoint.calls)
        else:
            endpoint.begin(*command)
            pipe.send(None)

    loop.add_reader(pipe.fileno(), command_arrived)
    os.set_blocking(pipe.fileno(), True)  # add_reader made it non-blocking, and a long log needs several writes
    await asyncio.Event().wait()


class _Endpoint:
    """The cached responses, and the log of calls."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._answers: dict[tuple[str, bytes], bytes] = {}
        self._events = self.began = 0
        self._held: list[Callable[[], None]] = []
        self._release: asyncio.TimerHandle | None = None
        self.begin(0, 0)

    def begin(self, latency: float, quiet: float) -> None:
        self.calls: list[Call] = []
        self.began = self._events
        self._latency, self._quiet = latency, quiet

    def later(self, answer: Callable[[], None], worked: float) -> None:
        """Send a response after what is left of the latency, or, with `quiet`, together with all that are held back."""
        loop = asyncio.get_running_loop()
        if not self._quiet:
            loop.call_later(max(0, self._latency - worked), answer)
            return
        self._held.append(answer)
        if self._release:
            self._release.cancel()
        self._release = loop.call_later(self._quiet, self._release_all)

    def _release_all(self, *, was_waiting: bool = False) -> None:
        """Send what is held back once the client waits for it, as seen twice: its last request may not be read yet."""
        waiting = not _is_computing(os.getppid())
        if not (waiting and was_waiting):
            again = partial(self._release_all, was_waiting=waiting)
            self._release = asyncio.get_running_loop().call_later(_LOOK_AGAIN_SECONDS, again)
            return
        held, self._held = self._held, []
        for answer in held:
            answer()

    def answer(self, target: str, body: bytes) -> bytes:
        known = self._answers.get((target, body))
        if known is None:
            known = self._answers[target, body] = _http(*self._worked_out(target, body))
        return known

    def _worked_out(self, target: str, body: bytes) -> tuple[int, bytes]:
        try:
            return 200, protocol.answer(self._service, target, protocol.request(body))
        except AwsError as error:
            return error.status, protocol.refusal(error)

    def event(self) -> int:
        self._events += 1
        return self._events


def _is_computing(process: int) -> bool:
    """Whether a thread of a process runs, or would if a processor were free; False if the system does not tell."""
    for thread in Path(f"/proc/{process}/task").glob("*/stat"):
        with suppress(OSError):  # it has ended
            if thread.read_text().rpartition(")")[2].split()[0] == "R":
                return True
    return False


def _http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """A connection, over which one request arrives after another."""

    def __init__(self, endpoint: _Endpoint) -> None:
        self._endpoint = endpoint
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body, self._target = bytearray(), ""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-amz-target":
            self._target = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        came, began = self._endpoint.event(), time.monotonic()
        answer = self._endpoint.answer(self._target, bytes(self._body))
        self._endpoint.later(partial(self._answer, self._target, came, answer), time.monotonic() - began)

    def _answer(self, target: str, came: int, answer: bytes) -> None:
        if came > self._endpoint.began:  # not a call from before `begin` that its client has abandoned
            operation, answered = target.rpartition(".")[2], self._endpoint.event()
            self._endpoint.calls.append(Call(operation, came, answered, id(self)))
        if not self._transport.is_closing():  # as it is when the client has disconnected
            self._transport.write(answer)  # type: ignore[attr-defined] # a socket's transport takes it
