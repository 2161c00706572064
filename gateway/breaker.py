"""A circuit breaker: skips calls to a service for a moment after a failure, to avoid the cost of more failures."""

import time
from typing import Any

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError

_REDIS_SECONDS = 0.25
"""The timeout of Redis in seconds, a short one, since the gateway works without Redis too."""

REDIS: dict[str, Any] = {
    "socket_timeout": _REDIS_SECONDS,
    "socket_connect_timeout": _REDIS_SECONDS,
    # An idle connection may have been closed, and one from before a failover may lead to what is now a replica.
    "retry": Retry(NoBackoff(), 1),
    "retry_on_error": [ReadOnlyError],
}
"""Options for connections to Redis."""

PAUSE_SECONDS = 1.0
"""The default time in seconds for which the breaker opens after a failure."""


class Breaker:
    """A circuit breaker for one service."""

    def __init__(self) -> None:
        """Start closed."""
        self._until = 0.0

    @property
    def closed(self) -> bool:
        """Whether to call the service, as it has not just failed."""
        return time.monotonic() >= self._until

    def failed(self, seconds: float = PAUSE_SECONDS) -> None:
        """Open the breaker for this many seconds, after a failure."""
        self._until = max(self._until, time.monotonic() + seconds)
