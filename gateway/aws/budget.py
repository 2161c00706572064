"""The limits of one request: AWS calls and seconds; after the request has ended, no more calls are made."""

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
    """The limits of a request, and what it has used of them."""

    def __init__(self, calls: Calls, settings: Settings, *, fresh: bool) -> None:
        """Start the deadline now, with the limits in the settings."""
        self._calls = calls
        self._most = settings.max_aws_calls
        self.fresh = fresh
        """Whether the request must get what is current, so that it joins no calls in flight."""
        self._began = time.monotonic()
        self._until = self._began + settings.deadline_seconds
        self._lacking: set[tuple[str, Place]] = set()
        self._under_way: set[asyncio.Future[dict[str, Any]]] = set()
        """The reads in flight; writes are not among them, as they are finished even if the caller disconnects."""
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False
        self.tally = Tally(Slots(settings.max_concurrent_calls_per_request))

    @property
    def made(self) -> int:
        """The number of calls that the request has made."""
        return self.tally.made.total()

    def report(self) -> dict[str, Any]:
        """Return the statistics of the request's AWS calls so far, for the response's `extensions`."""
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
        """Whether SageMaker does not have an operation in a place, as far as the request knows."""
        return (operation, place) in self._lacking or self._calls.lacks(operation, place)

    def rate(self, operation: str, place: Place) -> float | None:
        """Return the calls per second that AWS allows for an operation in a place; None if not throttled."""
        return self._calls.pace(operation, place).rate

    def place_of(self, arn: str) -> Place:
        """Return the place to query for the entity with this ARN; raises Forbidden if the gateway may not access it."""
        parsed = arns.parse(arn)
        return self._calls.pool.place_of(parsed) if parsed else HOME

    def learn_identity(self, place: Place, arn: str) -> None:
        """Remember the ARN of an entity that the account of a place owns; ignores what is no ARN."""
        if parsed := arns.parse(arn):
            self._calls.learn_identity(place, parsed)

    def expected(self, place: Place, resource: str, name: str) -> str | None:
        """Return the ARN that a place's entity with this name has, if it exists; None if that is not known.

        SageMaker writes some ARNs in lower case whatever the name, so none are expected of names with capitals.
        """
        own = self._calls.known_identity(place)
        return own._replace(resource=resource, id=name).text if own and name == name.lower() else None

    async def place_named(self, account: str | None, region: str | None) -> Place:
        """Return the place of an account and a region; raises Forbidden if the gateway may not access it."""
        pool, place = self._calls.pool, HOME
        if account and pool.is_separate(account):
            place = Place(account)
        elif account and account != (pool.home_account or (await self._calls.identity(HOME, self)).account):
            raise Forbidden(f"The gateway is not configured for the account {account[:20]}.")
        if not region:
            return place
        if not pool.is_fixed(place):
            return place._replace(region=pool.checked_region(region))
        if (await self._calls.identity(place, self)).region != region:
            raise Forbidden(f"The gateway does not reach the region {region[:40]!r} in this account.")
        return place

    async def __call__(self, operation: str, place: Place = HOME, **parameters: Any) -> dict[str, Any]:
        """Make a call; raises BudgetExceeded or DeadlineExceeded if the limits do not allow it."""
        seconds_left = self._until - time.monotonic()
        if seconds_left <= 0:
            raise DeadlineExceeded("The request ran out of time.")
        if self.made >= self._most:
            raise BudgetExceeded(f"The request has made all {self._most} AWS calls that it may make.")
        if self._ended:
            raise UpstreamUnavailable("Nobody is waiting for this call any more.")
        try:
            if operation.startswith(READS):
                return await self._read(operation, place, parameters)
            async with asyncio.timeout(seconds_left):
                return await self._calls(operation, place, parameters, self.tally)
        except TimeoutError:
            raise DeadlineExceeded(f"The request ran out of time.{doubt(operation)}") from None
        except Unsupported:
            self._lacking.add((operation, place))
            raise

    async def _read(self, operation: str, place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._calls.read(operation, place, parameters, self.tally, join=not self.fresh)
        self._under_way.add(answer)
        if not self._timer:  # one timer for all reads, since one per call would be thousands
            loop, seconds_left = asyncio.get_running_loop(), self._until - time.monotonic()
            self._timer = loop.call_later(seconds_left, self._run_out)
        try:
            found = await answer
        finally:
            self._under_way.discard(answer)
        await self.tally.turns.step(self.tally.joined)  # so that not all requests that share it continue at once
        return found

    def _run_out(self) -> None:
        """Fail the reads in flight, and make no more calls."""
        self._until = self._began  # a timer may be a little early, and does not run again for what is called then
        self._fail(DeadlineExceeded("The request ran out of time."))

    def _fail(self, error: GatewayError) -> None:
        """Make every read in flight fail with this error."""
        for answer in self._under_way:
            if not answer.done():
                answer.set_exception(error)

    def stop_joining(self, place: Place) -> None:
        """Prevent further joining of the reads in flight in a place."""
        self._calls.stop_joining(place)

    def end(self) -> None:
        """Cancel the reads in flight, and make no more calls: the response is complete, or the caller disconnected."""
        self._ended = True
        if self._timer:
            self._timer.cancel()
        self._fail(UpstreamUnavailable("Nobody is waiting for this call any more."))
