"""How fast AWS lets an operation be called in one place, which it never says: learnt from what it refuses.

So that the first refusals are few, it begins with some calls in flight, and has one more for each that AWS takes. Until
AWS throttles, nothing else is held back. Then the rate falls below what it was seen to take, and rises again as long
as it is made use of: by half in a second until it is throttled again, and from then on slowly.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable

from gateway.aws.slots import Slots
from gateway.rates import Rates

_FIRST = 50
"""Calls in flight to begin with: half as many as botocore tries again at once."""
_SLOWEST = 1.0
"""Calls a second below which the rate never falls."""
_FASTEST = 2_000.0
"""Calls a second above which nothing is held back."""
_GIVE_WAY = 0.85
"""The factor by which the rate is lowered when AWS throttles."""
_SEEK = 0.5
_PROBE = 0.03
"""How much the rate grows in a second: before its limit has been met, and after."""
_IN_USE = 0.7
"""How much of the rate must be used for it to grow."""
_QUIET_SECONDS = 1.0
"""How long the rate stays as it is after it was lowered."""
_BURST_SECONDS = 0.05
"""How much of a second's calls may be made at once."""


class Pace:
    """The pace of one operation in one place."""

    def __init__(self, key: str, rates: Rates, most: int) -> None:
        """Share the pace with all that take from the same ``rates`` by this key; allow ``most`` calls in flight."""
        self.slots = Slots(min(_FIRST, most))
        """Calls in flight."""
        self._further = max(0, most - _FIRST)
        self._key = key
        self._rates = rates
        self._turn = Slots(1)
        self._taken: deque[float] = deque()
        self._lowered_at = 0.0
        self._growth = _SEEK
        self.rate: float | None = None
        """Calls a second; None while nothing is held back."""

    async def wait(self, owner: Hashable) -> float:
        """Wait until a call may be made, in turns with other owners' calls; return the seconds that took."""
        if self.rate is None:
            return 0.0
        began = time.monotonic()
        async with self._turn.one(owner):
            await self._go()
        return time.monotonic() - began

    async def wait_again(self) -> float:
        """Wait until a call may be made once more, before those who wait for their first."""
        if self.rate is None:
            return 0.0
        began = time.monotonic()
        await self._go()
        return time.monotonic() - began

    async def _go(self) -> None:
        # Time is what this waits for, and the rate may change meanwhile.
        while self.rate and (wait := await self._take(self.rate)):  # noqa: ASYNC110
            await asyncio.sleep(wait)

    async def _take(self, rate: float) -> float:
        return await self._rates.take(self._key, rate, max(1, int(rate * _BURST_SECONDS)))

    def refused(self, sent_at: float) -> None:
        """Learn that AWS throttled a call that was sent at this moment."""
        now = time.monotonic()
        if sent_at < self._lowered_at or now - self._lowered_at < _QUIET_SECONDS:
            return  # the lower rate has yet to show what it does
        seen = float(len(self._recent(now)))
        self._growth = _SEEK if self.rate is None else _PROBE
        taken = seen if self.rate is None else min(self.rate, max(seen, self.rate / 2))
        self.rate = max(_SLOWEST, taken * _GIVE_WAY)
        self._lowered_at = now

    def took(self) -> None:
        """Learn that AWS took a call."""
        if self._further:
            self._further -= 1
            self.slots.give()
        now = time.monotonic()
        recent = self._recent(now)
        recent.append(now)
        # A rate that is not made use of says nothing of what AWS would take.
        used = self.rate is not None and len(recent) > self.rate * _IN_USE
        if self.rate is not None and used and now - self._lowered_at > _QUIET_SECONDS:
            self.rate += self._growth  # so many a second at this rate make the growth of a second
            if self.rate > _FASTEST:
                self.rate = None

    def _recent(self, now: float) -> deque[float]:
        """Return the moments of the last second at which AWS took a call."""
        while self._taken and self._taken[0] < now - 1:
            self._taken.popleft()
        return self._taken
