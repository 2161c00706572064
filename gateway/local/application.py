"""The local service as an ASGI application: the AWS endpoint at ``/``, and its own endpoints under ``/_local``."""

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
"""The ASGI extension whose ``now`` drops the connection; under a server without it, the response is a 503 instead."""

_UNKNOWN = "unknown"
"""Name under which calls of unknown operations are counted, since clients can make up any number of names."""
_COUNTED = {*protocol.OPERATIONS, *sts.OPERATIONS}
_MAX_BODY_BYTES = 4 * 1024 * 1024  # of an AWS request
_MAX_RECORDED = 100_000  # requests
_FAULTS = {Fault.INTERNAL: InternalError, Fault.UNAVAILABLE: UnavailableError, Fault.DROPPED: UnavailableError}


class Options(TypedDict, total=False):
    """Options of a service. By default, it is empty, in memory, and simulates no faults.

    ``store`` is the SQLite file to store everything in, which belongs to one ``account`` and ``region``. ``load`` lists
    files to import, and ``demo`` loads the demo account. ``quotas=False`` lifts the limits on manually created
    entities, and ``record`` keeps the last 100,000 requests whole. The other options are those of ``Behaviour``.
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
    """The endpoints of one service, and the record of its requests."""

    def __init__(self, service: Service, *, record: bool = False) -> None:
        """Serve ``service``; count its requests and, with ``record``, keep them."""
        self.service = service
        self.calls: Counter[str] = Counter()
        self.requests: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_MAX_RECORDED if record else 0)
        self.loop: asyncio.AbstractEventLoop

    def clear(self) -> None:
        """Delete everything in the account, and the record of requests."""
        with self.service.store.transaction():
            self.service.store.clear()
            prepare(self.service)
        self.service.walks.clear()
        self.service.searches.clear()
        self.calls.clear()
        self.requests.clear()

    async def aws(self, http: Request) -> Response:
        """Handle one request of the AWS JSON 1.1 protocol, or of the STS query protocol."""
        if http.headers.get("content-type", "").startswith(sts.MEDIA_TYPE) and "x-amz-target" not in http.headers:
            return await self._sts(http)
        try:
            return Response(await self._aws(http), headers=protocol.headers())
        except AwsError as error:
            return Response(protocol.refusal(error), error.status, protocol.headers(error))

    async def _aws(self, http: Request) -> bytes:
        target = http.headers.get("x-amz-target", "")
        request, malformed = {}, None
        try:
            request = protocol.request(await _body(http))
        except AwsError as error:
            malformed = error
        self._count(protocol.operation(target), request)
        await self._misbehave(http)
        sts.check(self.service, http.headers.get("authorization", ""))
        if malformed:
            raise malformed
        return protocol.answer(self.service, target, request)

    async def _sts(self, http: Request) -> Response:
        try:
            request = sts.request(await _body(http))
            self._count(request.get("Action", ""), dict(request))
            return Response(sts.answer(self.service, request), media_type="text/xml")
        except AwsError as error:
            return Response(sts.refusal(error), error.status, media_type="text/xml")

    def _count(self, operation: str, request: dict[str, Any]) -> None:
        self.calls[operation if operation in _COUNTED else _UNKNOWN] += 1
        self.requests.append((operation, request))

    async def _misbehave(self, http: Request) -> None:
        behaviour = self.service.behaviour
        throttled, fault = behaviour.throttles(), behaviour.fault()
        if behaviour.latency_ms:
            await asyncio.sleep(behaviour.latency_ms / 1000)
        if throttled:
            raise ThrottledError("Rate exceeded")
        drop = http.scope.get("extensions", {}).get(DROP)
        if fault is Fault.DROPPED and drop:
            drop["now"]()
            raise ClientDisconnect
        if fault:
            raise _FAULTS[fault]("The service was told to fail")

    async def load(self, http: Request) -> Response:
        """Import the JSON lines in the body (see ``transfer``)."""
        lines = (await http.body()).splitlines()
        try:
            return JSONResponse({"imported": transfer.load(self.service, lines)})
        except transfer.BadLineError as error:
            details = {"code": "BAD_LINE", "line": error.line, "message": error.message}
            return JSONResponse({"error": details}, 400)
        except sqlite3.Error as error:
            return JSONResponse({"error": {"code": "STORE_FAILED", "message": f"Nothing was kept: {error}"}}, 500)

    async def export(self, _http: Request) -> Response:
        """Export everything as JSON lines that can be imported again."""
        return Response(b"".join(transfer.export(self.service)), media_type="application/jsonl")

    async def health(self, _http: Request) -> Response:
        """Report that the service runs."""
        return JSONResponse({"status": "ok"})


async def _body(http: Request) -> bytes:
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise TooLargeError(f"The request's body is longer than {_MAX_BODY_BYTES} bytes")
    return bytes(body)


async def _dropped(_http: Request, _error: Exception) -> Response:
    return Response()  # never sent, because the connection is closed


def create_local_app(**options: Unpack[Options]) -> Starlette:
    """Create the ASGI application; its ``state.local`` is its ``Local``, and its lifespan closes the store at the end.

    Raises:
        StoreError: the store's file cannot be used.
        BadLineError: a file to import has an invalid line.
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
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={ClientDisconnect: _dropped})
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
        service.behaviour = behaviour  # set last, so that filling the store is not throttled or denied
    except BaseException:
        store.close()
        raise
    return service


def _fill(service: Service, options: Options) -> None:
    with service.store.transaction():
        if not service.store.entity(service.lineage_group):
            prepare(service)
    if options.get("demo"):
        from gateway.local import demo  # noqa: PLC0415 - large, and rarely needed

        demo.seed(service)
    for path in options.get("load", ()):
        with Path(path).open("rb") as lines:
            try:
                transfer.load(service, lines)
            except transfer.BadLineError as error:
                raise transfer.BadLineError(error.line, error.message, path) from error
