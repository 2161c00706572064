"""The metrics and traces of one gateway."""

import asyncio
import time

from gateway.observability.metrics import Metrics
from gateway.observability.traces import Spans


class Instruments:
    """The metrics and spans of a gateway, and the latest outcome of an AWS call."""

    def __init__(self, *, tracing: bool = False) -> None:
        """Start with empty metrics; ValueError if ``tracing`` is on and its extra is not installed."""
        self.metrics = Metrics()
        self.spans = Spans() if tracing else None
        self._aws_answered = float("-inf")
        self._aws_outcome = ""

    def heard(self, outcome: str) -> None:
        """Record the outcome of an AWS call to which AWS has responded."""
        self._aws_answered, self._aws_outcome = time.monotonic(), outcome

    def heard_since(self, began: float) -> str | None:
        """Return the latest outcome of an AWS call, or None if AWS has not responded since ``began`` (monotonic)."""
        return self._aws_outcome if self._aws_answered >= began else None

    async def aclose(self) -> None:
        """Export the remaining spans."""
        if self.spans:
            await asyncio.to_thread(self.spans.close)
