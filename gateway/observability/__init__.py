"""Metrics for Prometheus, a log line for each request, and spans for OpenTelemetry.

All work for a caller runs within a ``Request``, which a context variable holds. The functions here record for the
current request and its gateway, so that nothing has to be passed around. Several gateways in one process have separate
metrics.

Nothing here ever receives a token, a document or the value of a variable.
"""

from gateway.observability.instruments import Instruments
from gateway.observability.requests import (
    Request,
    aws_call,
    aws_failed,
    cache_looked_up,
    called_by,
    costs,
    operates,
    operation,
    paced,
    serving,
    throttled,
)

__all__ = [
    "Instruments",
    "Request",
    "aws_call",
    "aws_failed",
    "cache_looked_up",
    "called_by",
    "costs",
    "operates",
    "operation",
    "paced",
    "serving",
    "throttled",
]
