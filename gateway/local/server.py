"""The service over HTTP: an ASGI application, a server of it in a thread, and one in the foreground."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Never, Self, TypedDict, TypeVar, Unpack

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.local import protocol
from gateway.local.behaviour import Behaviour, Fault
from gateway.local.errors import AwsError, InternalError, ThrottledError, TooLargeError, UnavailableError
from gateway.local.service import Service
from gateway.local.store import Store

_LONGEST_BODY = 4 * 1024 * 1024  # bytes of one AWS request
_REMEMBERED = 100_000  # requests
_FAULTS = {Fault.INTERNAL: InternalError, Fault.UNAVAILABLE: UnavailableError}
Result = TypeVar("Result")

_DROP = "lineage_gateway.drop"


class Options(TypedDict, total=False):
    """How to set up a service; each has the default of an empty, well-behaved one in memory."""

    store: str | Path | None
    load: Iterable[str | Path]
    demo: bool
    account: str
    region: str
    quotas: bool
    latency_ms: float
    throttle_tps: float | None
    fault_rate: float
    deny: Sequence[str]


class Local:
    """The endpoints of one service, and the record of what was asked of it."""

    def __init__(self, service: Service) -> None:
        """Serve ``service``, of which nothing has been asked yet."""
        self.service = service
        self.calls: Counter[str] = Counter()
        self.requests: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_REMEMBERED)
        self.loop: asyncio.AbstractEventLoop

    def clear(self) -> None:
        """Forget what the account holds and what was asked."""
        self.service.clear()
        self.calls.clear()
        self.requests.clear()

    async def aws(self, http: Request) -> Response:
        """One request of the AWS JSON 1.1 protocol."""
        try:
            return Response(await self._aws(http), headers=protocol.headers())
        except AwsError as error:
            return Response(protocol.refusal(error), error.status, protocol.headers(error))

    async def _aws(self, http: Request) -> bytes:
        target = http.headers.get("x-amz-target", "")
        asked, malformed = {}, None
        try:
            asked = protocol.request(await _body(http))
        except AwsError as error:
            malformed = error
        operation = protocol.operation(target)
        self.calls[operation] += 1
        self.requests.append((operation, asked))
        behaviour = self.service.behaviour
        throttled, fault = behaviour.throttles(), behaviour.fault()
        if behaviour.latency_ms:
            await asyncio.sleep(behaviour.latency_ms / 1000)
        if throttled:
            raise ThrottledError("Rate exceeded")
        if fault is Fault.DROPPED:
            await _drop(http)
        elif fault:
            raise _FAULTS[fault]("The service was told to fail")
        if malformed:
            raise malformed
        return protocol.answer(self.service, target, asked)

    async def health(self, _http: Request) -> Response:
        """Whether the service answers."""
        return JSONResponse({"status": "ok"})


async def _body(http: Request) -> bytes:
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise TooLargeError(f"The request's body is longer than {_LONGEST_BODY} bytes")
    return bytes(body)


async def _drop(http: Request) -> None:
    http.scope["extensions"][_DROP]["now"]()
    while (await http.receive())["type"] != "http.disconnect":
        pass


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way for the application to hang up without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_DROP: {"now": self.transport.abort}}


def create_local_app(**options: Unpack[Options]) -> Starlette:
    """The service as an ASGI application, its ``Local`` in ``state.local``; it closes the store when it ends.

    Raises:
        StoreError: the store's file cannot be used.
    """
    store = options.get("store")
    account, region = options.get("account", "123456789012"), options.get("region", "us-east-1")
    service = Service(
        Store(str(store) if store else None, account, region), account, region, options.get("quotas", True)
    )
    service.behaviour = Behaviour(
        options.get("latency_ms", 0),
        options.get("throttle_tps"),
        options.get("fault_rate", 0.0),
        options.get("deny", ()),
    )
    local = Local(service)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        local.loop = asyncio.get_running_loop()
        yield
        service.store.close()

    routes = [Route("/", local.aws, methods=["POST"]), Route("/_local/health", local.health)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.local = local
    return app


class _Server(uvicorn.Server):
    """uvicorn's server, telling when it has started."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()


def _configured(app: Starlette, grace_seconds: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(grace_seconds)),
    )


class LocalServer:
    """The service on a thread and an event loop of its own, reachable over HTTP only; a context manager.

    ``port`` 0 takes a free one; the other options are those of ``create_local_app``.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[Options]) -> None:
        """Keep what it takes to start; nothing runs before ``start``."""
        self._address = (host, port)
        self._options = options
        self.url = ""

    def start(self) -> Self:
        """Serve; returns when requests are taken.

        Raises:
            OSError: the port cannot be had.
            StoreError: the store's file cannot be used.
        """
        app = create_local_app(**self._options)
        self._local = local = app.state.local
        try:
            listener = socket.create_server(self._address)
        except OSError:
            local.service.store.close()
            raise
        self.url = _url(listener)
        self.calls, self.requests, self.behaviour = local.calls, local.requests, local.service.behaviour
        started = threading.Event()
        self._server = _Server(_configured(app, grace_seconds=1), started.set)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="lineage-local", daemon=True)
        self._thread.start()
        started.wait()
        return self

    def stop(self) -> None:
        """Finish the requests under way, close the store and free the port."""
        self._server.should_exit = True
        self._thread.join()

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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(
    *, host: str, port: int, grace_seconds: float, announce: Callable[[str], None], **options: Unpack[Options]
) -> None:
    """Serve in the foreground until Ctrl-C or SIGTERM; ``announce`` is told the URL once requests are taken.

    Requests under way then have ``grace_seconds`` to finish.

    Raises:
        OSError: the port cannot be had.
        StoreError: the store's file cannot be used.
    """
    with _stopping_quietly(), socket.create_server((host, port)) as listener:
        app = create_local_app(**options)
        url = _url(listener)
        _Server(_configured(app, grace_seconds), lambda: announce(url)).run([listener])


@contextlib.contextmanager
def _stopping_quietly() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> Never:
        raise SystemExit(0)

    # uvicorn raises the signal again after its own shutdown; by default that ends in a traceback or a status of 143.
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except SystemExit as end:
        if end.code:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
