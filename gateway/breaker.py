"""A circuit breaker: leaves alone for a moment what has just failed, so that failing costs no more than that."""

import time
from typing import Any

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError

_REDIS_SECONDS = 0.25
"""How long Redis may take to answer; the gateway can do without."""

REDIS: dict[str, Any] = {
    "socket_timeout": _REDIS_SECONDS,
    "socket_connect_timeout": _REDIS_SECONDS,
    # An idle connection may have been closed, and one from before a failover leads to what is now a replica.
    "retry": Retry(NoBackoff(), 1),
    "retry_on_error": [ReadOnlyError],
}
"""Options of connections to Redis."""

PAUSE_SECONDS = 1.0
"""How long something that failed is left alone, unless told otherwise."""


class Breaker:
    """Whether something is worth trying."""

    def __init__(self) -> None:
        """Expect that it works."""
        self._until = 0.0

    @property
    def closed(self) -> bool:
        """Whether to try it, as it has not just failed."""
        return time.monotonic() >= self._until

    def failed(self, seconds: float = PAUSE_SECONDS) -> None:
        """Note that it failed just now, and is to be left alone for so long."""
        self._until = max(self._until, time.monotonic() + seconds)
