"""The instruments that observe one gateway."""

import asyncio
import time

from gateway.observability.metrics import Metrics
from gateway.observability.traces import Spans


class Instruments:
    """The metrics and the spans of a gateway, and how AWS answered last."""

    def __init__(self, *, tracing: bool = False) -> None:
        """Begin at zero; ValueError when ``tracing`` needs an extra that is not installed."""
        self.metrics = Metrics()
        self.spans = Spans() if tracing else None
        self._aws_answered = float("-inf")
        self._aws_said = ""

    def heard(self, outcome: str) -> None:
        """Note that AWS answered something."""
        self._aws_answered, self._aws_said = time.monotonic(), outcome

    def heard_since(self, began: float) -> str | None:
        """Return how AWS answered last, if it has since then, by ``time.monotonic``."""
        return self._aws_said if self._aws_answered >= began else None

    async def aclose(self) -> None:
        """Send what has not been sent."""
        if self.spans:
            await asyncio.to_thread(self.spans.close)
