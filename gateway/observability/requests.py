"""The current request: records its caller, outcome, duration, cost and AWS calls, for its log line and the metrics."""

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
_MAX_NAME = 100  # characters of a name from outside, in the log
_MAX_PATH = 200
_NO_RESPONSE = {UpstreamUnavailable.code, GatewayError.code, _CANCELLED}
"""Outcomes of AWS calls that do not show that AWS responded."""


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
    """The path of the route, which unlike ``path`` has few values."""
    quiet: bool = False
    """Whether to log it at DEBUG unless it fails."""
    parent: "Context | None" = None
    """The caller's span context."""
    status: int | None = None
    caller: str | None = None
    operation: str | None = None
    type: str | None = None
    outcome: str | None = None
    cost: int | None = None
    aws_calls: int = 0
    aws_error: str | None = None
    """The reason for the first failure of AWS."""
    span: "Span | None" = None
    began: float = field(default_factory=time.perf_counter)

    def answered(self, answer: dict[str, Any]) -> None:
        """Record the outcome of an operation from a response; of several responses, the last one with errors counts."""
        errors = answer.get("errors")
        if errors:
            self.outcome = _PARTIAL if answer.get("data") is not None else errors[0]["extensions"]["code"]

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.began

    @property
    def marks(self) -> dict[str, Any]:
        """The fields of every log line that is written during the request."""
        traced = self.span.get_span_context() if self.span else None
        trace = f"{traced.trace_id:032x}" if traced and traced.is_valid else None  # not if OTEL_SDK_DISABLED is true
        return _not_none(request_id=self.id or None, trace_id=trace, caller=self.caller, operation=self.operation)

    @property
    def line(self) -> dict[str, Any]:
        """The fields of the log line that is written at the end of the request."""
        return _not_none(
            method=self.method,
            path=self.path[:_MAX_PATH],
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
"""For work outside of requests, for example at startup; its metrics are not served."""


def current() -> Request:
    """Return the current request, or a new one outside of requests."""
    return _current.get() or Request(_UNSEEN)


@contextmanager
def serving(request: Request) -> Iterator[None]:
    """Make a request the current one; at the end, record its metrics and write its log line."""
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
    """Record the metrics and the span of an operation, and yield its request.

    A WebSocket has many concurrent operations. Each has its own ``Request``, and its log line is written here.
    """
    request = current()
    alone = request.method == Request.WEBSOCKET
    if alone:
        request = replace(request, status=None, began=time.perf_counter())
        _current.set(request)  # never reset: each operation on a WebSocket has its own task
    metrics, spans = request.instruments.metrics, request.instruments.spans
    request.outcome = _OK
    request.span = spans.operation(request.parent) if spans else None
    try:
        yield request
    except BaseException as error:
        if request.outcome in {_OK, _PARTIAL}:  # a client may disconnect after a response with an error
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
    """Record the type and name of the operation that is executed; the client chooses the name."""
    request = current()
    request.type, request.operation = type, name[:_MAX_NAME] if name else None


def called_by(name: str) -> None:
    """Record the caller's name, which comes from its key or token."""
    current().caller = name[:_MAX_NAME]


def costs(cost: int | None) -> None:
    """Record the estimated cost of an operation."""
    current().cost = cost


@contextmanager
def aws_call(operation: str, region: str) -> Iterator[None]:
    """Record the metrics and the span of the AWS call in the ``with`` statement; an exception gives its outcome."""
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
        if outcome not in _NO_RESPONSE:
            instruments.heard(outcome)
        if spans and span:
            spans.end(span, outcome)
        if _aws_log.isEnabledFor(logging.DEBUG):
            fields = {"aws_operation": operation, "region": region, "outcome": outcome, "ms": round(seconds * 1000, 1)}
            _aws_log.debug("AWS call", extra={"fields": fields})


def aws_failed(why: str) -> None:
    """Record the reason why AWS failed, as a short name; only the first one is kept."""
    request = current()
    request.aws_error = request.aws_error or why[:_MAX_NAME]


def throttled(operation: str) -> None:
    """Count an attempt of an AWS call that was throttled."""
    instruments = current().instruments
    instruments.metrics.aws_throttles.labels(operation).inc()
    instruments.heard(Throttled.code)


def paced(operation: str, seconds: float) -> None:
    """Add the time that the rate limiter delayed an AWS call."""
    current().instruments.metrics.aws_pace_seconds.labels(operation).inc(seconds)


def cache_looked_up(kind: str, *, hits: int, misses: int) -> None:
    """Count cache hits and misses."""
    metrics = current().instruments.metrics
    for result, count in {"hit": hits, "miss": misses}.items():
        if count:
            metrics.of(metrics.cache_lookups, kind, result).inc(count)


def _outcome(error: BaseException) -> str:
    """Return the outcome for an exception: ``cancelled``, or its code if it is a GatewayError, or else INTERNAL."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return _CANCELLED
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else GatewayError.code


def _not_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
