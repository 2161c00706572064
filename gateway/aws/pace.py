"""How fast AWS lets an operation be called in one place, which it never says: learnt from what it refuses.

Until AWS throttles, nothing is held back. Then the rate falls below what it was seen to take, and rises again: doubling
within a second until it is throttled again, and from then on slowly.
"""

import asyncio
import time
from collections import deque

from gateway.rates import Rates

_SLOWEST = 1.0
"""Calls a second at which no more is given way."""
_FASTEST = 2_000.0
"""Calls a second from which on nothing is held back."""
_GIVE_WAY = 0.85
"""What is left of the rate when AWS throttles."""
_SEEK = 1.0
_PROBE = 0.03
"""How much the rate grows in a second: before its limit has been met, and after."""
_QUIET_SECONDS = 1.0
"""How long the rate stays after it was lowered."""
_BURST_SECONDS = 0.05
"""How much of a second's calls may be made at once."""


class Pace:
    """The pace of one operation in one place."""

    def __init__(self, key: str, rates: Rates) -> None:
        """Share the pace with whoever takes from the same ``rates`` by the same key."""
        self._key = key
        self._rates = rates
        self._turn = asyncio.Lock()
        self._taken: deque[float] = deque()
        self._lowered_at = 0.0
        self._growth = _SEEK
        self.rate: float | None = None
        """Calls a second; None while nothing is held back."""

    async def wait(self) -> float:
        """Wait until a call may be made; how many seconds that took."""
        if self.rate is None:
            return 0.0
        began = time.monotonic()
        async with self._turn:  # one at a time asks, so that those who came first go first
            # Time is what this waits for, and the rate may change meanwhile.
            while self.rate and (wait := await self._take(self.rate)):  # noqa: ASYNC110
                await asyncio.sleep(wait)
        return time.monotonic() - began

    async def _take(self, rate: float) -> float:
        return await self._rates.take(self._key, rate, max(1, int(rate * _BURST_SECONDS)))

    def refused(self, sent_at: float) -> None:
        """Learn that AWS throttled a call that was sent at this moment."""
        if sent_at < self._lowered_at:
            return  # it was on its way when the rate was lowered
        now = time.monotonic()
        seen = float(len(self._recent(now)))
        self._growth = _SEEK if self.rate is None else _PROBE
        self.rate = max(_SLOWEST, _GIVE_WAY * (seen if self.rate is None else min(self.rate, max(seen, self.rate / 2))))
        self._lowered_at = now

    def took(self) -> None:
        """Learn that AWS took a call."""
        now = time.monotonic()
        self._recent(now).append(now)
        if self.rate is not None and now - self._lowered_at > _QUIET_SECONDS:
            self.rate += self._growth  # so many a second at this rate make the growth of a second
            if self.rate > _FASTEST:
                self.rate = None

    def _recent(self, now: float) -> deque[float]:
        """Return the moments of the last second at which AWS took a call."""
        while self._taken and self._taken[0] < now - 1:
            self._taken.popleft()
        return self._taken
