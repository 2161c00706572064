"""What callers may spend: so much on one operation, and so much over time."""

import math

from gateway.errors import Throttled, TooCostly
from gateway.rates import Rates
from gateway.settings import Settings


class Quota:
    """What an operator allows, in the units in which operations are estimated."""

    def __init__(self, settings: Settings) -> None:
        """Take the limits from the settings."""
        self._per_second = settings.rate_cost_per_second
        self._burst = settings.rate_cost_burst
        # More than a bucket holds could never be taken from it, however long a caller waits.
        self.most = min(settings.max_cost, self._burst) if self._per_second else settings.max_cost
        """What one operation may cost."""

    async def take(self, cost: int | None, caller: str, rates: Rates) -> None:
        """Take an operation's cost from its caller's bucket, or 1 if it will not be executed.

        Raises TooCostly if the operation may not cost as much, Throttled if the caller must wait.
        """
        allowed = cost is not None and cost <= self.most
        if self._per_second:
            taken = max(1, cost) if cost is not None and allowed else 1
            seconds = await rates.take(f"cost:{caller}", self._per_second, self._burst, taken)
            if seconds:
                raise Throttled(
                    "The gateway limits what each caller may ask at a time, and this one is at its limit; "
                    "try again later.",
                    max(1, math.ceil(seconds)),
                )
        if cost is not None and not allowed:
            raise TooCostly(cost, self.most)
