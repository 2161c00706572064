"""Adaptive client-side rate limits: AWS does not publish its limits, so they are inferred from its throttling.

To keep the first throttled calls few, a pace begins with a limited number of calls in flight, which grows by one for
each successful call. Until AWS throttles, there is no other limit. Then the rate is set below the observed one, and
grows again as long as it is used: by half per second until it is throttled again, and from then on slowly, but again by
half once AWS has not throttled for so long that its limit must be far higher.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable

from gateway.aws.slots import Slots
from gateway.rates import Rates

_FIRST = 50
"""The initial limit of calls in flight: half as many as botocore's retry quota allows it to retry at once."""
_SLOWEST = 1.0
"""The minimum rate, in calls per second."""
_FASTEST = 2_000.0
"""The maximum rate, in calls per second; above it there is no limit."""
_GIVE_WAY = 0.85
"""The factor by which throttling lowers the rate."""
_SEEK = 0.5
_PROBE = 0.03
"""The relative growth of the rate per second: after the first throttling, and after any further one."""
_FORGET_SECONDS = 30.0
"""How long after the last throttling the rate grows fast again: longer than it grows slowly from half the limit."""
_IN_USE = 0.7
"""The share of the rate that must be used for it to grow."""
_QUIET_SECONDS = 1.0
"""How long the rate stays constant after it was lowered."""
_BURST_SECONDS = 0.05
"""The size of bursts, as the seconds in which their calls are allowed at the current rate."""


class Pace:
    """The rate limit of one operation in one place."""

    def __init__(self, key: str, rates: Rates, most: int) -> None:
        """Share the limit with all users of this key in ``rates``; allow at most ``most`` calls in flight."""
        self.slots = Slots(min(_FIRST, most))
        """The slots for calls in flight."""
        self._further = max(0, most - _FIRST)
        self._key = key
        self._rates = rates
        self._turn = Slots(1)
        self._taken: deque[float] = deque()
        self._lowered_at = 0.0
        self._growth = _SEEK
        self.rate: float | None = None
        """The current limit in calls per second; None if there is no limit."""

    async def wait(self, owner: Hashable) -> float:
        """Wait until a call may be made, alternating fairly between owners; return the seconds waited."""
        if self.rate is None:
            return 0.0
        began = time.monotonic()
        async with self._turn.one(owner):
            await self._go()
        return time.monotonic() - began

    async def wait_again(self) -> float:
        """Wait until a call may be retried, with priority over calls that wait for their first attempt."""
        if self.rate is None:
            return 0.0
        began = time.monotonic()
        await self._go()
        return time.monotonic() - began

    async def _go(self) -> None:
        # There is nothing to wait for but time, and the rate may change in the meantime.
        while self.rate and (seconds := await self._take(self.rate)):  # noqa: ASYNC110
            await asyncio.sleep(seconds)

    async def _take(self, rate: float) -> float:
        return await self._rates.take(self._key, rate, max(1, int(rate * _BURST_SECONDS)))

    def refused(self, sent_at: float) -> None:
        """Record that AWS throttled a call that was sent at this time."""
        now = time.monotonic()
        if sent_at < self._lowered_at or now - self._lowered_at < _QUIET_SECONDS:
            return  # the lower rate has not taken effect yet
        observed = float(len(self._recent(now)))
        self._growth = _SEEK if self.rate is None else _PROBE
        base = observed if self.rate is None else min(self.rate, max(observed, self.rate / 2))
        self.rate = max(_SLOWEST, base * _GIVE_WAY)
        self._lowered_at = now

    def took(self) -> None:
        """Record that AWS did not throttle a call."""
        if self._further:
            self._further -= 1
            self.slots.give()
        now = time.monotonic()
        recent = self._recent(now)
        recent.append(now)
        # A rate that is not used does not show how much AWS allows.
        if self.rate is None or len(recent) <= self.rate * _IN_USE:
            return
        quiet = now - self._lowered_at
        if quiet > _QUIET_SECONDS:
            # Per call, hence by this fraction of the rate per second.
            self.rate += self._growth if quiet < _FORGET_SECONDS else _SEEK
            if self.rate > _FASTEST:
                self.rate = None

    def _recent(self, now: float) -> deque[float]:
        """Return the times within the last second at which AWS accepted a call."""
        while self._taken and self._taken[0] < now - 1:
            self._taken.popleft()
        return self._taken
