"""Leaving alone for a moment what has just failed, so that its failing costs no more than a moment."""

import time

REDIS_SECONDS = 0.25
"""How long Redis may take to answer, since the gateway can do without what it asks there."""

PAUSE_SECONDS = 1.0
"""How long something that failed is left alone, unless there is more to it."""


class Breaker:
    """Whether something is worth trying."""

    def __init__(self) -> None:
        """Expect that it works."""
        self._until = 0.0

    @property
    def closed(self) -> bool:
        """Whether to try it: it has not failed a moment ago."""
        return time.monotonic() >= self._until

    def failed(self, seconds: float = PAUSE_SECONDS) -> None:
        """Note that it failed just now, and is to be left alone for so long."""
        self._until = max(self._until, time.monotonic() + seconds)
