"""One request's share: so many calls and entities at most, so many seconds, and none once the caller has gone."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from gateway import arn as arns
from gateway.aws.calls import Calls, Tally
from gateway.aws.failures import doubt
from gateway.aws.kinds import READS
from gateway.aws.places import HOME, Place
from gateway.aws.slots import Slots
from gateway.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    Forbidden,
    GatewayError,
    Unsupported,
    UpstreamUnavailable,
)
from gateway.settings import Settings


class Budget:
    """What a request may spend and has spent."""

    def __init__(self, calls: Calls, settings: Settings, *, fresh: bool = False) -> None:
        """Begin now, with what the settings allow; ``fresh`` joins no call that began before."""
        self._calls = calls
        self._most_shown = settings.max_entities
        self._shown = 0
        self._most = settings.max_aws_calls
        self._fresh = fresh
        self._began = time.monotonic()
        self._until = self._began + settings.deadline_seconds
        self._lacking: set[tuple[str, Place]] = set()
        self._under_way: set[asyncio.Future[dict[str, Any]]] = set()
        """Only reads: a write is finished even when the caller has gone."""
        self._alarm: asyncio.TimerHandle | None = None
        self._ended = False
        self.tally = Tally(Slots(settings.max_concurrent_calls_per_request))

    @property
    def made(self) -> int:
        """How many calls the request has made."""
        return self.tally.made.total()

    def count_shown(self) -> None:
        """Count an entity that the answer shows; BudgetExceeded when it shows as many as it may.

        Hops that lead to the same vertices by many ways need few calls, however large the answer grows.
        """
        self._shown += 1
        if self._shown > self._most_shown:
            raise BudgetExceeded(f"An answer may show at most {self._most_shown:,} entities, and there are more.")

    def report(self) -> dict[str, Any]:
        """Return what the request has asked of AWS so far, as `extensions` report it."""
        return {
            "calls": dict(sorted(self.tally.made.items())),
            "total": self.made,
            "joined": self.tally.joined,
            "throttled": self.tally.throttled,
            "plan": sorted(self.tally.reasons),
            "waitedMilliseconds": round(self.tally.waited * 1000),
            "milliseconds": round((time.monotonic() - self._began) * 1000),
        }

    def lacks(self, operation: str, place: Place) -> bool:
        """Whether SageMaker does not have an operation there, as far as the request knows."""
        return (operation, place) in self._lacking or self._calls.lacks(operation, place)

    def rate(self, operation: str, place: Place) -> float | None:
        """Tell how many calls a second AWS takes there; None while it has refused none."""
        return self._calls.rate(operation, place)

    def place_of(self, arn: str) -> Place:
        """Tell where the entity with this ARN is asked for; Forbidden where the gateway may not."""
        parsed = arns.parse(arn)
        return self._calls.pool.place_of(parsed) if parsed else HOME

    async def place_named(self, account: str | None, region: str | None) -> Place:
        """Return the place of an account and a region; Forbidden where the gateway may not ask there."""
        pool, place = self._calls.pool, HOME
        if account and pool.is_separate(account):
            place = Place(account)
        elif account and account != (pool.home_account or (await self._calls.identity(HOME, self.tally)).account):
            raise Forbidden(f"The gateway is not configured for the account {account[:20]}.")
        if not region:
            return place
        if not pool.is_fixed(place):
            return place._replace(region=pool.checked_region(region))
        if (await self._calls.identity(place, self.tally)).region != region:
            raise Forbidden(f"The gateway does not reach the region {region[:40]!r} in this account.")
        return place

    async def __call__(self, operation: str, place: Place = HOME, **parameters: Any) -> dict[str, Any]:
        """Make a call, or raise BudgetExceeded or DeadlineExceeded."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("The request ran out of time.")
        if self.made >= self._most:
            raise BudgetExceeded(f"The request has made all {self._most} AWS calls that it may make.")
        if self._ended:
            raise UpstreamUnavailable("Nobody is waiting for this call any more.")
        try:
            if operation.startswith(READS):
                return await self._read(operation, place, parameters)
            async with asyncio.timeout(left):
                return await self._calls(operation, place, parameters, self.tally)
        except TimeoutError:
            raise DeadlineExceeded(f"The request ran out of time.{doubt(operation)}") from None
        except Unsupported:
            self._lacking.add((operation, place))
            raise

    async def _read(self, operation: str, place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._calls.read(operation, place, parameters, self.tally, join=not self._fresh)
        self._under_way.add(answer)
        if not self._alarm:  # one for all of them, since a timer for each call would be thousands
            loop, left = asyncio.get_running_loop(), self._until - time.monotonic()
            self._alarm = loop.call_later(left, self._fail, DeadlineExceeded("The request ran out of time."))
        try:
            found = await answer
        finally:
            self._under_way.discard(answer)
        await self.tally.turns.step(self.tally.joined)  # so that not all who share it go on at once
        return found

    def _fail(self, error: GatewayError) -> None:
        """End every read under way with this error."""
        for answer in self._under_way:
            if not answer.done():
                answer.set_exception(error)

    def stop_joining(self, place: Place) -> None:
        """Let nobody else join the reads under way in a place."""
        self._calls.stop_joining(place)

    def end(self) -> None:
        """Cancel the reads under way, and make no more calls: the caller has the answer, or has gone."""
        self._ended = True
        if self._alarm:
            self._alarm.cancel()
        self._fail(UpstreamUnavailable("Nobody is waiting for this call any more."))
