"""The service as an ASGI application: the AWS endpoint at ``/``, and its own endpoints under ``/_local``."""

import asyncio
import contextlib
import sqlite3
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.local import protocol, sts, transfer
from gateway.local.behaviour import Behaviour, Fault
from gateway.local.errors import AwsError, InternalError, ThrottledError, TooLargeError, UnavailableError
from gateway.local.identity import prepare
from gateway.local.service import Service
from gateway.local.store import Store

DROP = "lineage_gateway.drop"
"""The ASGI extension whose ``now`` hangs up on the client; under a server without it, 503 is the answer instead."""

_UNKNOWN = "unknown"
"""What calls of operations that the service does not have are counted as: clients may make up any number of names."""
_COUNTED = {*protocol.OPERATIONS, *sts.OPERATIONS}
_LONGEST_BODY = 4 * 1024 * 1024  # bytes of one AWS request
_REMEMBERED = 100_000  # requests
_FAULTS = {Fault.INTERNAL: InternalError, Fault.UNAVAILABLE: UnavailableError, Fault.DROPPED: UnavailableError}


class Options(TypedDict, total=False):
    """How to set up a service; without any it is empty, in memory and well behaved.

    ``store`` is a file to keep everything in, which knows its ``account`` and ``region``; ``load`` are files to import,
    ``demo`` fills in a made-up account.
    ``quotas=False`` lifts the limits on entities made by hand; ``record`` keeps the last 100,000 requests, whole. The
    rest is as in ``Behaviour``.
    """

    store: str | Path | None
    load: Iterable[str | Path]
    demo: bool
    account: str | None
    region: str | None
    quotas: bool
    record: bool
    latency_ms: float
    throttle_tps: float | None
    fault_rate: float
    deny: Sequence[str]


class Local:
    """The endpoints of one service, and what was asked of it."""

    def __init__(self, service: Service, *, record: bool = False) -> None:
        """Serve ``service``; count requests, and ``record`` them if told to."""
        self.service = service
        self.calls: Counter[str] = Counter()
        self.requests: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_REMEMBERED if record else 0)
        self.loop: asyncio.AbstractEventLoop

    def clear(self) -> None:
        """Forget what the account holds and what was asked."""
        with self.service.store.transaction():
            self.service.store.clear()
            prepare(self.service)
        self.service.walks.clear()
        self.service.searches.clear()
        self.calls.clear()
        self.requests.clear()

    async def aws(self, http: Request) -> Response:
        """One request of the AWS JSON 1.1 protocol, or of STS's."""
        if http.headers.get("content-type", "").startswith(sts.MEDIA_TYPE) and "x-amz-target" not in http.headers:
            return await self._sts(http)
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
        self._count(protocol.operation(target), asked)
        await self._misbehave(http)
        sts.check(self.service, http.headers.get("authorization", ""))
        if malformed:
            raise malformed
        return protocol.answer(self.service, target, asked)

    async def _sts(self, http: Request) -> Response:
        try:
            asked = sts.request(await _body(http))
            self._count(asked.get("Action", ""), dict(asked))
            return Response(sts.answer(self.service, asked), media_type="text/xml")
        except AwsError as error:
            return Response(sts.refusal(error), error.status, media_type="text/xml")

    def _count(self, operation: str, asked: dict[str, Any]) -> None:
        self.calls[operation if operation in _COUNTED else _UNKNOWN] += 1
        self.requests.append((operation, asked))

    async def _misbehave(self, http: Request) -> None:
        behaviour = self.service.behaviour
        throttled, fault = behaviour.throttles(), behaviour.fault()
        if behaviour.latency_ms:
            await asyncio.sleep(behaviour.latency_ms / 1000)
        if throttled:
            raise ThrottledError("Rate exceeded")
        hang_up = http.scope.get("extensions", {}).get(DROP)
        if fault is Fault.DROPPED and hang_up:
            hang_up["now"]()
            raise ClientDisconnect
        if fault:
            raise _FAULTS[fault]("The service was told to fail")

    async def load(self, http: Request) -> Response:
        """The import of the lines in the body."""
        lines = (await http.body()).splitlines()
        try:
            return JSONResponse({"imported": transfer.load(self.service, lines)})
        except transfer.BadLineError as error:
            said = {"code": "BAD_LINE", "line": error.line, "message": error.message}
            return JSONResponse({"error": said}, 400)
        except sqlite3.Error as error:
            return JSONResponse({"error": {"code": "STORE_FAILED", "message": f"Nothing was kept: {error}"}}, 500)

    async def export(self, _http: Request) -> Response:
        """Everything, as the import takes it."""
        return Response(b"".join(transfer.export(self.service)), media_type="application/jsonl")

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


async def _hung_up(_http: Request, _error: Exception) -> Response:
    return Response()  # reaches nobody


def create_local_app(**options: Unpack[Options]) -> Starlette:
    """The service as an ASGI application, its ``Local`` in ``state.local``; it closes the store when it ends.

    Raises:
        StoreError: the store's file cannot be used.
        BadLineError: a file to import has a wrong line.
        OSError: a file to import cannot be read.
    """
    service = _service(options)
    local = Local(service, record=options.get("record", False))

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        local.loop = asyncio.get_running_loop()
        yield
        service.store.close()

    routes = [
        Route("/", local.aws, methods=["POST"]),
        Route("/_local/import", local.load, methods=["POST"]),
        Route("/_local/export", local.export),
        Route("/_local/health", local.health),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={ClientDisconnect: _hung_up})
    app.state.local = local
    return app


def _service(options: Options) -> Service:
    behaviour = Behaviour(
        latency_ms=options.get("latency_ms", 0),
        throttle_tps=options.get("throttle_tps"),
        fault_rate=options.get("fault_rate", 0.0),
        deny=options.get("deny", ()),
    )
    path = options.get("store")
    store = Store(str(path) if path else None, options.get("account"), options.get("region"))
    try:
        service = Service(store, store.account, store.region, options.get("quotas", True))
        _fill(service, options)
        service.behaviour = behaviour  # which filling it is not subject to
    except BaseException:
        store.close()
        raise
    return service


def _fill(service: Service, options: Options) -> None:
    with service.store.transaction():
        if not service.store.entity(service.lineage_group):
            prepare(service)
    if options.get("demo"):
        from gateway.local import demo  # noqa: PLC0415 - few need its many lines

        demo.seed(service)
    for path in options.get("load", ()):
        with Path(path).open("rb") as lines:
            transfer.load(service, lines)
