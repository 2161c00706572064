"""Spans for OpenTelemetry: one for each operation and one for each AWS call, none for fields.

OpenTelemetry is an optional dependency, imported only if tracing is on. It is configured by its own environment
variables (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_TRACES_SAMPLER`` and others).
"""

import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_HEADER_LOGGERS = ("opentelemetry.baggage.propagation", "opentelemetry.trace.span", "opentelemetry.util.re")
"""Loggers whose warnings quote headers: those of callers, and those in OTEL_EXPORTER_OTLP_HEADERS."""
_LAST_SECONDS = 3.0
"""Timeout for exporting the last spans when the gateway stops."""
_NO_ERRORS = {"ok", "cancelled"}
"""Outcomes that are not errors; a client may disconnect at any time."""


class Spans:
    """Creates spans and exports them by OTLP over HTTP.

    Parent spans are passed explicitly. OpenTelemetry's current span would be lost in an event stream, whose steps run
    in different contexts.
    """

    def __init__(self) -> None:
        """Set up OpenTelemetry; ValueError if the extra is not installed."""
        try:
            from opentelemetry import propagate, trace  # noqa: PLC0415 - an extra
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ValueError("GATEWAY_TRACING needs OpenTelemetry: install lineage-gateway[otel].") from error
        for name in _HEADER_LOGGERS:
            logging.getLogger(name).setLevel(logging.ERROR)
        named = Resource.create({SERVICE_NAME: "lineage-gateway"}).merge(OTELResourceDetector().detect())
        self.provider = TracerProvider(resource=named, shutdown_on_exit=False)
        """Public, so that further span processors can be added."""
        if os.environ.get("OTEL_TRACES_EXPORTER") != "none":
            self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self.provider.get_tracer("lineage-gateway")
        self._extract = propagate.extract
        self._below = trace.set_span_in_context
        self._kind = trace.SpanKind
        self._error = trace.Status(trace.StatusCode.ERROR)

    def parent(self, headers: Mapping[str, str]) -> "Context":
        """Return the caller's trace context from the headers; an empty one if they have none."""
        return self._extract(headers)

    def operation(self, parent: "Context | None") -> "Span":
        """Start the span of an operation whose type and name are not known yet."""
        return self._tracer.start_span("GraphQL Operation", parent, self._kind.SERVER)

    def end_operation(self, span: "Span", type: str | None, name: str | None, outcome: str) -> None:
        """End the span of an operation; its name is only an attribute, because the client chooses it."""
        if type:
            span.update_name(type)
            span.set_attribute("graphql.operation.type", type)
        if name:
            span.set_attribute("graphql.operation.name", name)
        self.end(span, outcome)

    def aws_call(self, below: "Span", operation: str, region: str) -> "Span":
        """Start the span of an AWS call."""
        attributes = {
            "rpc.system": "aws-api",
            "rpc.service": "SageMaker",
            "rpc.method": operation,
            "cloud.region": region,
        }
        return self._tracer.start_span(
            f"SageMaker.{operation}", self._below(below), self._kind.CLIENT, attributes=attributes
        )

    def end(self, span: "Span", outcome: str) -> None:
        """End a span."""
        if outcome not in _NO_ERRORS:
            span.set_attribute("error.type", outcome)
            span.set_status(self._error)
        span.end()

    def close(self) -> None:
        """Export the remaining spans, waiting at most ``_LAST_SECONDS`` if the receiver does not respond."""
        sending = threading.Thread(target=self.provider.shutdown, daemon=True)
        sending.start()
        sending.join(_LAST_SECONDS)
