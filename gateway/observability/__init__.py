"""What a gateway tells of its work: counts for Prometheus, a line for each request, spans for OpenTelemetry.

Whatever is done for a caller is done within a ``Request``, which is found by a context variable. So that anyone may
count without being handed anything, the functions here count for the request at hand and for the gateway that has it;
several gateways in one process keep their counts apart.

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
