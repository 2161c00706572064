"""Metrics for Prometheus, a log line for each request, and spans for OpenTelemetry.

Whatever is done for a caller is done within a ``Request``, which a context variable holds. The functions here count for
the current request and its gateway, so that nothing has to be passed around; several gateways in one process keep their
counts apart.

Nothing here is ever told a token, a document or a variable's value.
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
