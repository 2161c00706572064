"""Rate limits, which replicas share where there is a Redis, and each keeps on its own where there is none."""

from datetime import timedelta
from functools import lru_cache

from throttled.asyncio import BaseStore, MemoryStore, RateLimiterRegistry, RedisStore, rate_limiter
from throttled.asyncio.rate_limiter import BaseRateLimiter

from gateway.breaker import REDIS, Breaker

_MOST_RATES = 1_000
"""Limiters that are kept; a pace that is being learnt goes through many rates."""
_MOST_KEYS = 100_000
"""Keys that are remembered in this process."""


class Rates:
    """Token buckets by their keys."""

    def __init__(self, redis_url: str | None = None) -> None:
        """Keep the buckets in this process, or in Redis; while that is away, in this process."""
        self._memory = MemoryStore(options={"MAX_SIZE": _MOST_KEYS})
        self._redis = RedisStore(redis_url, options={"CONNECTION_POOL_KWARGS": REDIS}) if redis_url else None
        self._breaker = Breaker()
        self._limiters = lru_cache(_MOST_RATES)(_limiter)

    async def take(self, key: str, per_second: float, burst: int, cost: int = 1) -> float:
        """Take ``cost`` from a bucket that holds ``burst`` and fills at ``per_second``.

        Returns 0 if it was taken, and otherwise the seconds until it could be. A cost above ``burst`` can never be.
        """
        if self._redis and self._breaker.closed:
            try:
                return await self._take(self._redis, key, per_second, burst, cost)
            except Exception:  # noqa: BLE001 - whatever it fails with, even that it is not Redis
                self._breaker.failed()
        return await self._take(self._memory, key, per_second, burst, cost)

    async def _take(self, store: BaseStore, key: str, per_second: float, burst: int, cost: int) -> float:
        result = await self._limiters(store, max(1, round(per_second * 3600)), burst).limit(key, cost)
        return float(result.state.retry_after) if result.limited else 0.0

    async def aclose(self) -> None:
        """Disconnect from Redis."""
        if self._redis:
            client = self._redis._backend.get_client()  # noqa: SLF001 - the store has no close
            await client.aclose(close_connection_pool=True)  # type: ignore[attr-defined]


def _limiter(store: BaseStore, per_hour: int, burst: int) -> BaseRateLimiter:
    quota = rate_limiter.per_duration(timedelta(hours=1), per_hour, burst)
    return RateLimiterRegistry.get("gcra")(quota, store, key_prefix="lineage-gateway")
