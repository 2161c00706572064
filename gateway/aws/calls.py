"""The only module that awaits AWS: limits concurrency and rates of calls, and shares reads between requests."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import orjson
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from gateway import arn as arns
from gateway import observability
from gateway.arn import Arn
from gateway.aws.attempts import UnreadableAnswerError, Watch
from gateway.aws.failures import THROTTLED, attempts, cause, translated, unprepared
from gateway.aws.kinds import DEFAULT_GROUP, READS
from gateway.aws.pace import Pace
from gateway.aws.places import HOME, Place
from gateway.aws.pool import Pool
from gateway.aws.required import has_required
from gateway.aws.slots import Held, Slots
from gateway.errors import Forbidden, GatewayError, NotFound, Throttled, Unsupported, UpstreamUnavailable
from gateway.rates import Rates
from gateway.settings import Settings
from gateway.turns import Turns

_log = logging.getLogger("gateway.aws")

_LEADS_ON = "QueryLineage"
"""The operation that others depend on: the next page of a walk, and then the calls that describe its vertices."""

_LONG_ANSWER = 4_000
"""The size of a response in bytes above which parsing it takes long enough to wait for a turn."""

_LEARN_SECONDS = 2.0
"""How long start-up waits for the id of the gateway's own account."""
_LEARN_AGAIN_SECONDS = 5.0

# Regions where SageMaker has lineage but not QueryLineage.
_WITHOUT_QUERY_LINEAGE = {
    "af-south-1",
    "ap-northeast-3",
    "ap-southeast-3",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
}


@dataclass(slots=True, eq=False)
class Tally:
    """The statistics of one request's calls, and the slots that limit how many are in flight."""

    slots: Slots = field(default_factory=lambda: Slots(1))
    turns: Turns = field(default_factory=Turns)
    """The request's turns on the event loop, in which long work is done."""
    made: Counter[str] = field(default_factory=Counter)
    """The number of calls by operation."""
    joined: int = 0
    """The number of reads that were shared because another caller had them in flight."""
    throttled: int = 0
    """The number of attempts that AWS throttled."""
    reasons: set[str] = field(default_factory=set)
    """Why the calls were made, as texts of operation and reason."""
    waited: float = 0.0
    """The total seconds for which calls were delayed to avoid throttling."""


@dataclass(slots=True)
class _Call:
    """The state of a call, for its attempts."""

    tally: Tally
    paced: bool
    """Whether the next attempt has already waited for the pace."""
    sent_at: float = 0.0


_current: ContextVar[_Call] = ContextVar("call")


@dataclass(slots=True, eq=False)
class _Flight:
    """A read in flight, and the futures that wait for its response."""

    key: tuple[Place, str, bytes]
    """Place, operation and parameters."""
    task: asyncio.Task[dict[str, Any]]
    waiting: set[asyncio.Future[dict[str, Any]]] = field(default_factory=set)


class Calls:
    """Calls to SageMaker, at most ``settings.max_concurrent_calls`` of them in flight."""

    def __init__(self, settings: Settings, rates: Rates) -> None:
        """Clients are created when first needed; ``rates`` enforces the pace."""
        self.pool = Pool(settings, partial(_Watching, self))
        self._settings = settings
        self._slots = Slots(settings.max_concurrent_calls)
        self._rates = rates
        self._identities: dict[Place, Arn] = {}
        self._learning: asyncio.Task[None] | None = None
        self._paces: dict[tuple[str, Place], Pace] = {}
        self._flights: dict[tuple[Place, str, bytes], _Flight] = {}

    async def __aenter__(self) -> Self:
        """Create the home client; if accounts are configured, find out which one is the gateway's own."""
        await self.pool.__aenter__()
        if self._settings.accounts:
            self._learning = asyncio.create_task(self._learn_home())
            await asyncio.wait({self._learning}, timeout=_LEARN_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop finding out the home account, and close the clients."""
        if self._learning:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)
        await self.pool.__aexit__()

    async def _learn_home(self) -> None:
        """Find out which account the gateway's own credentials belong to, retrying until it succeeds.

        An account that is configured as ``{}`` may be it, or may only share its entities. If AWS denies the call or
        has nothing to return, the former is assumed.
        """
        while HOME not in self._identities:
            try:
                await self.identity(HOME, lambda name, place, **given: self(name, place, given, Tally()))
            except GatewayError as error:
                if self.pool.home_account and isinstance(error, Forbidden | NotFound | Unsupported):
                    return
                _log.warning("The account of the gateway's own credentials is not known yet: %s", error)
                await asyncio.sleep(_LEARN_AGAIN_SECONDS)

    async def identity(self, place: Place, call: Callable[..., Awaitable[dict[str, Any]]]) -> Arn:
        """Return an ARN of a place, which contains its account and region.

        ``call`` makes the call that this takes, at most one successful one per process.
        """
        if place not in self._identities:
            answer = await call("DescribeLineageGroup", place, LineageGroupName=DEFAULT_GROUP)
            found = arns.parse(answer["LineageGroupArn"])
            assert found  # noqa: S101
            self.learn_identity(place, found)
        return self._identities[place]

    def learn_identity(self, place: Place, arn: Arn) -> None:
        """Remember the ARN of an entity that the account of a place owns."""
        self._identities[place] = arn
        if place == HOME:
            self.pool.home_account = arn.account

    def known_identity(self, place: Place) -> Arn | None:
        """Return an ARN of a place like ``identity``, but only if that takes no call."""
        return self._identities.get(place)

    def lacks(self, operation: str, place: Place) -> bool:
        """Whether SageMaker is known not to have an operation in this region."""
        return operation == "QueryLineage" and self.pool.region(place) in _WITHOUT_QUERY_LINEAGE

    async def __call__(
        self, operation: str, place: Place, parameters: Mapping[str, Any], tally: Tally
    ) -> dict[str, Any]:
        """Make one call by its AWS name, such as ``DescribeArtifact``; any failure is raised as a GatewayError."""
        if operation.startswith(READS):
            return await self.read(operation, place, parameters, tally)
        tally.made[operation] += 1
        return await self._made(operation, place, parameters, tally)

    def read(
        self, operation: str, place: Place, parameters: Mapping[str, Any], tally: Tally, *, join: bool = True
    ) -> asyncio.Future[dict[str, Any]]:
        """Start a read and return a future of its response, which a caller that stops waiting cancels.

        If the same read is in flight, it is joined rather than made again, unless ``join`` is false. A read is
        cancelled when all futures of its response are cancelled.
        """
        key = (place, operation, orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS))
        flight = self._flights.get(key) if join else None
        if flight is None:
            tally.made[operation] += 1
            task = asyncio.create_task(self._made(operation, place, parameters, tally))
            flight = self._flights[key] = _Flight(key, task)
            task.add_done_callback(partial(self._landed, flight))
        else:
            tally.joined += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        flight.waiting.add(answer)
        answer.add_done_callback(partial(self._left, flight))
        return answer

    def stop_joining(self, place: Place) -> None:
        """Prevent further joining of the reads in flight in a place: their responses may be from before a write."""
        for key in [key for key in self._flights if key[0] == place]:
            del self._flights[key]

    def _landed(self, flight: _Flight, made: asyncio.Task[dict[str, Any]]) -> None:
        """Pass the response or error of a read to all futures that wait for it."""
        self._forget(flight)
        error = None if made.cancelled() else made.exception()
        for answer in flight.waiting:
            if answer.done():
                continue
            if made.cancelled():
                answer.cancel()
            elif error:
                answer.set_exception(error)
            else:
                answer.set_result(made.result())

    def _left(self, flight: _Flight, answer: asyncio.Future[dict[str, Any]]) -> None:
        """Cancel a read if no future waits for it any more."""
        flight.waiting.discard(answer)
        if not flight.waiting and not flight.task.done():
            self._forget(flight)
            flight.task.cancel()

    def _forget(self, flight: _Flight) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    async def _made(self, operation: str, place: Place, parameters: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
        client, pace = await self._client(place), self.pace(operation, place)
        attempts_left = self._settings.max_attempts
        while True:
            paced = pace.rate is not None
            # Wait before taking the slots, as other operations may be free to use them.
            _note_wait(operation, tally, await pace.wait(tally))
            await tally.turns.step(tally.made.total(), leads_on=operation == _LEADS_ON)
            async with Held(tally, pace.slots, tally.slots, self._slots):
                _current.set(_Call(tally, paced))
                try:
                    return await self._sent(client, operation, place, parameters)
                except Throttled as error:
                    attempts_left -= attempts(error.__cause__)
                    # A write's error contains the number of botocore's attempts, which more attempts would make wrong.
                    if attempts_left <= 0 or not operation.startswith(READS):
                        raise

    async def _sent(self, client: Any, operation: str, place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
        with observability.aws_call(operation, self.pool.region(place)):
            try:
                answer: dict[str, Any] = await getattr(client, xform_name(operation))(**parameters)
                if not has_required(operation, parameters, answer):
                    raise UnreadableAnswerError(operation=operation, error="it lacks what it is about")
            except (ClientError, BotoCoreError, OSError) as error:
                translated_error = translated(operation, error)
                if isinstance(translated_error, UpstreamUnavailable):
                    observability.aws_failed(cause(error))
                raise translated_error from error
        # Request id and headers are of no use from here on, and would be kept and cached with every description.
        del answer["ResponseMetadata"]
        return answer

    async def _client(self, place: Place) -> Any:
        try:
            return await self.pool.client(place)
        except (ClientError, BotoCoreError, OSError, ValueError) as error:  # ValueError: an invalid URL
            observability.aws_failed(cause(error))
            raise unprepared(error) from error

    def pace(self, operation: str, place: Place) -> Pace:
        """Return the pace of an operation in a place, the same object for the life of the process."""
        pace = self._paces.get((operation, place))
        if pace is None:
            pace = self._paces[operation, place] = Pace(
                f"aws:{place.text}:{operation}", self._rates, self._settings.max_concurrent_calls
            )
        return pace


class _Watching(Watch):
    """Applies the pace of a place to every attempt, including botocore's retries."""

    def __init__(self, calls: Calls, place: Place) -> None:
        self._calls = calls
        self._place = place

    async def sending(self, operation: str) -> None:
        """Wait for the pace, unless the call has waited for it already."""
        call = _current.get()
        if not call.paced:
            _note_wait(operation, call.tally, await self._calls.pace(operation, self._place).wait_again())
        call.paced = False
        call.sent_at = time.monotonic()

    async def reading(self, operation: str, size: int) -> None:
        """Wait for a turn to parse a long response; short ones are already limited by the turns of their requests."""
        if size > _LONG_ANSWER:
            tally = _current.get().tally
            await tally.turns.step(tally.made.total(), leads_on=operation == _LEADS_ON)

    def answered(self, operation: str, code: str | None) -> None:
        """Adjust the pace."""
        pace, call = self._calls.pace(operation, self._place), _current.get()
        if code in THROTTLED:
            observability.throttled(operation)
            call.tally.throttled += 1
            pace.refused(call.sent_at)
        else:
            pace.took()


def _note_wait(operation: str, tally: Tally, seconds: float) -> None:
    if seconds:
        observability.paced(operation, seconds)
        tally.waited += seconds
