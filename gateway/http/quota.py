"""Limits on cost: that of one operation, and that of each caller's operations over time (a token bucket)."""

import math

from gateway.errors import Throttled, TooCostly
from gateway.rates import Rates
from gateway.settings import Settings


class Quota:
    """The operator's limits, in the units of the estimated cost of operations."""

    def __init__(self, settings: Settings) -> None:
        """Take the limits from the settings."""
        self._per_second = settings.rate_cost_per_second
        self._burst = settings.rate_cost_burst
        # A caller could never save up more than the bucket's capacity, however long it waited.
        self.max_cost = min(settings.max_cost, self._burst) if self._per_second else settings.max_cost
        """Maximum cost of one operation."""

    async def take(self, cost: int | None, caller: str, rates: Rates) -> None:
        """Take an operation's cost from its caller's token bucket, or 1 if it will not be executed.

        ``cost`` is None for an invalid document. Raises Throttled if the caller must wait, or else TooCostly if the
        operation exceeds the maximum.
        """
        if self._per_second:
            taken = 1 if cost is None or cost > self.max_cost else max(1, cost)
            seconds = await rates.take(f"cost:{caller}", self._per_second, self._burst, taken)
            if seconds:
                raise Throttled(
                    "The gateway limits what each caller may ask at a time, and this one is at its limit; "
                    "try again later.",
                    max(1, math.ceil(seconds)),
                )
        if cost is not None and cost > self.max_cost:
            raise TooCostly(cost, self.max_cost)
