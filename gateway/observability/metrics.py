"""Metrics for Prometheus. Every label has few values; names that clients choose are never label values."""

from typing import Any, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

M = TypeVar("M", Counter, Histogram)

_PREFIX = "lineage_gateway"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

disable_created_metrics()  # type: ignore[no-untyped-call] # creation times are of no use here, and double the output


class Metrics:
    """The metrics of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        """Register all metrics, at zero."""
        self.registry = CollectorRegistry()
        self._labelled: dict[tuple[Any, ...], Any] = {}
        ProcessCollector(registry=self.registry)
        self.http_requests = self._counter(
            "http_requests",
            "Requests answered, by method, route (`other` for none) and status; a WebSocket counts when it closes.",
            ["method", "route", "status"],
        )
        self.http_seconds = self._histogram(
            "http_request_duration_seconds", "Time from a request to the end of its response.", ["method", "route"]
        )
        self.http_in_flight = self._gauge("http_requests_in_flight", "Requests being answered.")
        self.websockets = self._gauge("websocket_connections", "Open WebSockets.")
        self.operations = self._counter(
            "operations",
            "Completed GraphQL operations, by type and outcome: `ok`, `partial` (data and errors), `cancelled`, or the "
            "code of the error that was returned instead of data.",
            ["type", "outcome"],
        )
        self.operation_seconds = self._histogram(
            "operation_duration_seconds", "Time from the start of an operation to its last response.", ["type"]
        )
        self.aws_calls = self._counter(
            "aws_calls", "AWS calls, by operation and outcome: `ok`, `cancelled` or a code.", ["operation", "outcome"]
        )
        self.aws_seconds = self._histogram(
            "aws_call_duration_seconds", "Duration of AWS calls, including botocore's retries.", ["operation"]
        )
        self.aws_in_flight = 0
        in_flight = self._gauge("aws_calls_in_flight", "AWS calls that have not been answered yet.")
        in_flight.set_function(lambda: self.aws_in_flight)
        self.aws_throttles = self._counter("aws_throttles", "Times that AWS throttled a call.", ["operation"])
        self.aws_pace_seconds = self._counter(
            "aws_pace_seconds", "Time that AWS calls were held back to avoid throttling.", ["operation"]
        )
        self.cache_lookups = self._counter(
            "cache_lookups",
            "Cache lookups, by kind and result: `hit`, or `miss` if AWS is called.",
            ["kind", "result"],
        )

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their media type: OpenMetrics if ``accept`` allows it, or else Prometheus text."""
        try:
            encode, media_type = choose_encoder(accept)
        except TypeError:  # the library cannot compare a version that is in quotes, or no number
            encode, media_type = choose_encoder("")
        return encode(self.registry), media_type

    def of(self, metric: M, *labels: str) -> M:
        """Return the metric with these label values; cached, because this is called thousands of times a second."""
        labelled: M | None = self._labelled.get((metric, *labels))
        if labelled is None:
            labelled = self._labelled[metric, *labels] = metric.labels(*labels)
        return labelled

    def _counter(self, name: str, description: str, labels: list[str]) -> Counter:
        return Counter(name, description, labels, namespace=_PREFIX, registry=self.registry)

    def _histogram(self, name: str, description: str, labels: list[str]) -> Histogram:
        return Histogram(name, description, labels, namespace=_PREFIX, buckets=_SECONDS, registry=self.registry)

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, namespace=_PREFIX, registry=self.registry)
