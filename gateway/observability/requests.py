"""The current request: who asked, how it went, and what it took."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from gateway.errors import GatewayError, Throttled, UpstreamUnavailable
from gateway.observability.instruments import Instruments

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_log = logging.getLogger("gateway.http")
_aws_log = logging.getLogger("gateway.aws")

_OK = "ok"
_PARTIAL = "partial"
_CANCELLED = "cancelled"
_LONGEST = 100  # characters of a name that others chose
_LONGEST_PATH = 200
_SILENT = {UpstreamUnavailable.code, GatewayError.code, _CANCELLED}
"""Outcomes that do not mean that AWS answered."""


@dataclass(slots=True)
class Request:
    """An HTTP request, a WebSocket, or an operation on one."""

    WEBSOCKET: ClassVar = "WEBSOCKET"
    """The method of a WebSocket, which has none."""
    OTHER: ClassVar = "other"
    """The route of a request that matches none."""

    instruments: Instruments
    id: str = ""
    method: str = ""
    path: str = ""
    route: str = OTHER
    """The route's path, of which there are few."""
    quiet: bool = False
    """Whether it is logged at DEBUG unless it fails."""
    parent: "Context | None" = None
    """The caller's span."""
    status: int | None = None
    caller: str | None = None
    operation: str | None = None
    type: str | None = None
    outcome: str | None = None
    cost: float | None = None
    aws_calls: int = 0
    aws_error: str | None = None
    """Why AWS failed, the first time that it did."""
    span: "Span | None" = None
    began: float = field(default_factory=time.perf_counter)

    def answered(self, answer: dict[str, Any]) -> None:
        """Note how an operation went by an answer to it; of several answers, one with errors decides."""
        errors = answer.get("errors")
        if errors:
            self.outcome = _PARTIAL if answer.get("data") is not None else errors[0]["extensions"]["code"]

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.perf_counter() - self.began

    @property
    def marks(self) -> dict[str, Any]:
        """The fields of every log line that is written on its behalf."""
        traced = self.span.get_span_context() if self.span else None
        trace = f"{traced.trace_id:032x}" if traced and traced.is_valid else None  # not if OTEL_SDK_DISABLED is true
        return _known(request_id=self.id or None, trace_id=trace, caller=self.caller, operation=self.operation)

    @property
    def line(self) -> dict[str, Any]:
        """The fields of the log line that is written at its end."""
        return _known(
            method=self.method,
            path=self.path[:_LONGEST_PATH],
            status=self.status,
            ms=round(self.seconds * 1000, 1),
            type=self.type,
            outcome=self.outcome,
            cost=self.cost,
            aws_calls=self.aws_calls if self.outcome else None,
            aws_error=self.aws_error,
        )


_current: ContextVar[Request | None] = ContextVar("request", default=None)
_UNSEEN = Instruments()
"""Counts what is done outside of requests, such as at start-up; nobody reads it."""


def current() -> Request:
    """Return the current request."""
    return _current.get() or Request(_UNSEEN)


@contextmanager
def serving(request: Request) -> Iterator[None]:
    """Serve a request: count it, time it, and write its log line."""
    before = _current.set(request)
    metrics = request.instruments.metrics
    socket = request.method == Request.WEBSOCKET
    try:
        with (metrics.websockets if socket else metrics.http_in_flight).track_inprogress():
            yield
    finally:
        metrics.http_requests.labels(request.method, request.route, str(request.status)).inc()
        if not socket:
            metrics.http_seconds.labels(request.method, request.route).observe(request.seconds)
        quiet = request.quiet and request.status is not None and request.status < HTTPStatus.BAD_REQUEST
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": request.line})
        _current.reset(before)


@contextmanager
def operation() -> Iterator[Request]:
    """Carry out an operation: count it, time it, and trace it.

    A WebSocket has many, side by side: each is a request of its own, and its log line is written here.
    """
    request = current()
    alone = request.method == Request.WEBSOCKET
    if alone:
        request = replace(request, status=None, aws_calls=0, aws_error=None, began=time.perf_counter())
        _current.set(request)  # for good: each has a task of its own
    metrics, spans = request.instruments.metrics, request.instruments.spans
    request.outcome = _OK
    request.span = spans.operation(request.parent) if spans else None
    try:
        yield request
    except BaseException as error:
        if request.outcome in {_OK, _PARTIAL}:  # a caller that has been told of an error may well leave
            request.outcome = _outcome(error)
        raise
    finally:
        kind = request.type or "unknown"
        metrics.operations.labels(kind, request.outcome).inc()
        metrics.operation_seconds.labels(kind).observe(request.seconds)
        if spans and request.span:
            spans.end_operation(request.span, request.type, request.operation, request.outcome)
        if alone:
            _log.info("operation", extra={"fields": request.line})


def operates(type: str, name: str | None) -> None:
    """Note which operation of a document is executed; its name is the client's choice."""
    request = current()
    request.type, request.operation = type, name[:_LONGEST] if name else None


def called_by(name: str) -> None:
    """Note the caller, by the name that the operator knows."""
    current().caller = name[:_LONGEST]


def costs(cost: float | None) -> None:
    """Note the estimated cost of an operation."""
    current().cost = cost


@contextmanager
def aws_call(operation: str, region: str) -> Iterator[None]:
    """Make an AWS call: count it, time it, and trace it; the error that it raises tells how it went."""
    request = current()
    instruments, began, outcome = request.instruments, time.perf_counter(), _OK
    metrics, spans = instruments.metrics, instruments.spans
    span = spans.aws_call(request.span, operation, region) if spans and request.span else None
    request.aws_calls += 1
    metrics.aws_in_flight += 1
    try:
        yield
    except BaseException as error:
        outcome = _outcome(error)
        raise
    finally:
        metrics.aws_in_flight -= 1
        seconds = time.perf_counter() - began
        metrics.of(metrics.aws_calls, operation, outcome).inc()
        metrics.of(metrics.aws_seconds, operation).observe(seconds)
        if outcome not in _SILENT:
            instruments.heard(outcome)
        if spans and span:
            spans.end(span, outcome)
        if _aws_log.isEnabledFor(logging.DEBUG):
            fields = {"aws_operation": operation, "region": region, "outcome": outcome, "ms": round(seconds * 1000, 1)}
            _aws_log.debug("AWS call", extra={"fields": fields})


def aws_failed(why: str) -> None:
    """Note why AWS failed, by a short name."""
    request = current()
    request.aws_error = request.aws_error or why[:_LONGEST]


def throttled(operation: str) -> None:
    """Count that AWS refused an attempt of a call as too fast."""
    instruments = current().instruments
    instruments.metrics.aws_throttles.labels(operation).inc()
    instruments.heard(Throttled.code)


def paced(operation: str, seconds: float) -> None:
    """Count the time that a call waited so as not to be throttled."""
    current().instruments.metrics.aws_pace_seconds.labels(operation).inc(seconds)


def cache_looked_up(kind: str, *, hits: int, misses: int) -> None:
    """Count lookups in the cache, by their few kinds."""
    metrics = current().instruments.metrics
    for result, count in {"hit": hits, "miss": misses}.items():
        if count:
            metrics.of(metrics.cache_lookups, kind, result).inc(count)


def _outcome(error: BaseException) -> str:
    """Return the outcome that an error means: its code, if it is one of ours."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return _CANCELLED
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else GatewayError.code


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
