"""Rate limits by token buckets, in Redis to share them between replicas, or else in this process."""

from datetime import timedelta
from functools import lru_cache

from throttled.asyncio import BaseStore, MemoryStore, RateLimiterRegistry, RedisStore, rate_limiter
from throttled.asyncio.rate_limiter import BaseRateLimiter

from gateway.breaker import REDIS, Breaker

_MAX_LIMITERS = 1_000
"""The maximum number of cached limiters; an adaptive pace goes through many rates."""
_MAX_KEYS = 100_000
"""The maximum number of buckets in this process."""


class Rates:
    """Token buckets by key."""

    def __init__(self, redis_url: str | None = None) -> None:
        """Keep the buckets in Redis if there is a URL; without one, or while Redis is unavailable, in this process."""
        self._memory = MemoryStore(options={"MAX_SIZE": _MAX_KEYS})
        self._redis = RedisStore(redis_url, options={"CONNECTION_POOL_KWARGS": REDIS}) if redis_url else None
        self._breaker = Breaker()
        self._limiters = lru_cache(_MAX_LIMITERS)(_limiter)

    async def take(self, key: str, per_second: float, burst: int, cost: int = 1) -> float:
        """Take ``cost`` tokens from a bucket that holds up to ``burst`` and refills at ``per_second``.

        Returns 0 if they were taken, otherwise the seconds until they could be. A cost above ``burst`` never can.
        """
        if self._redis and self._breaker.closed:
            try:
                return await self._take(self._redis, key, per_second, burst, cost)
            except Exception:  # noqa: BLE001 - any failure counts, even if the server is not a Redis
                self._breaker.failed()
        return await self._take(self._memory, key, per_second, burst, cost)

    async def _take(self, store: BaseStore, key: str, per_second: float, burst: int, cost: int) -> float:
        result = await self._limiters(store, max(1, round(per_second * 3600)), burst).limit(key, cost)
        return float(result.state.retry_after)  # 0 unless limited

    async def aclose(self) -> None:
        """Disconnect from Redis."""
        if self._redis:
            client = self._redis._backend.get_client()  # noqa: SLF001 - the store has no close
            await client.aclose(close_connection_pool=True)  # type: ignore[attr-defined]


def _limiter(store: BaseStore, per_hour: int, burst: int) -> BaseRateLimiter:
    quota = rate_limiter.per_duration(timedelta(hours=1), per_hour, burst)
    return RateLimiterRegistry.get("gcra")(quota, store, key_prefix="lineage-gateway")
