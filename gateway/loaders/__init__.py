"""The loaders of one request: they load data from AWS, one file per access pattern, and never load the same twice."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping
from typing import Any, TypeVar

from gateway import arn as arns
from gateway.aws.budget import Budget
from gateway.aws.places import HOME, Place
from gateway.cache import Cache
from gateway.errors import BudgetExceeded, GatewayError
from gateway.loaders.asking import Asking, unlogged
from gateway.loaders.associations import Associations
from gateway.loaders.belongings import Belongings
from gateway.loaders.entities import Entities
from gateway.loaders.known import Known
from gateway.loaders.lineage import Lineage
from gateway.loaders.listings import Listings
from gateway.loaders.request_cache import RequestCache
from gateway.records import Record
from gateway.turns import LONG

T = TypeVar("T")

_freeing: set[asyncio.Task[None]] = set()


class Loaders:
    """The loaders of one request and what they have loaded."""

    def __init__(self, calls: Budget, cache: Cache, max_entities: int) -> None:
        """Load from the cache, unless the request is fresh, and else from AWS through ``calls``.

        The response may show at most ``max_entities``.
        """
        self._calls = calls
        self.turns = calls.tally.turns
        """The request's turns on the event loop, in which long work is done."""
        self._cache = RequestCache(cache, self.turns, calls.stop_joining, fresh=calls.fresh)
        self._asking = Asking(calls)
        self.known = Known(calls, self._cache)
        self.entities = Entities(self.known, self._asking)
        self.associations = Associations(self.known, self._asking)
        self.lineage = Lineage(self.known, self._asking, self.associations)
        self.listings = Listings(self.known, self._asking)
        self.belongings = Belongings(self.known, self._asking, self.entities, self.listings)
        self.shown: dict[str, Any] = {}
        """The GraphQL objects of entities by key, since a response may contain the same entity many times."""
        self._shown_count = 0
        self._max_entities = max_entities
        self.errors: list[tuple[GatewayError, Any]] = []
        """Errors to report in addition to the data of fields, each with the `info` of the field's resolver."""
        self.lookups: dict[asyncio.Task[Any], str] = {}
        """The lookups in flight of entities whose fields are already being resolved, with the entities' keys."""

    def forget(self) -> None:
        """Discard everything loaded so far, as it may be outdated."""
        self.shown = {}
        for part in (self._cache, self._asking, self.known, self.entities, self.lineage, self.belongings):
            part.forget()

    @property
    def calls_made(self) -> int:
        """The number of AWS calls that the request has made so far."""
        return self._calls.made

    @property
    def aws(self) -> dict[str, Any]:
        """The statistics of the request's AWS calls so far, as in the response's `extensions`."""
        return self._calls.report() | {"cached": self._cache.hits}

    def count_shown(self) -> None:
        """Count an entity in the response; raises BudgetExceeded if there are more than allowed.

        The limit of calls is not enough: hops that reach the same vertices on many paths need few calls, however large
        the response becomes.
        """
        self._shown_count += 1
        if self._shown_count > self._max_entities:
            raise BudgetExceeded(f"An answer may show at most {self._max_entities:,} entities, and there are more.")

    def because(self, operation: str, reason: str) -> None:
        """Record why an operation is called, for the plan in the response's `extensions`."""
        self._asking.because(operation, reason)

    def add_error(self, error: GatewayError, info: Any) -> None:
        """Report an error in addition to the data of a field, which is incomplete, by the ``info`` of its resolver."""
        self.errors.append((error, info))

    def retract(self, at: list[str | int]) -> None:
        """Report no errors of fields below a path in the response, as the object there is not shown."""
        self.errors = [(error, info) for error, info in self.errors if info.path.as_list()[: len(at)] != at]

    def look_up(self, key: str, lookup: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start the lookup of an entity; it is among the ``lookups`` until it is done."""
        task = unlogged(asyncio.create_task(lookup))
        self.lookups[task] = key
        task.add_done_callback(self.lookups.pop)
        return task

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of ``make``, which is called once per request and key."""
        return await self._asking.once(key, make)

    async def write(self, operation: str, place: Place = HOME, **parameters: Any) -> dict[str, Any]:
        """Make a write, and discard everything loaded before; even a failed write may have changed something.

        The write and the cache invalidation are finished even if the caller is cancelled.
        """
        return await asyncio.shield(unlogged(asyncio.create_task(self._written(operation, place, parameters))))

    async def _written(self, operation: str, place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
        named = dict(parameters)
        try:
            answer = await self._calls(operation, place, **parameters)
            named |= answer  # an artifact that is created, or deleted by its source, is named only here
            return answer
        finally:
            self.forget()
            touched = [(place, ""), *self._touched(place, named)]
            for where in {where for where, _ in touched}:
                self._calls.stop_joining(where)
            await self._cache.evict(touched)

    def _touched(self, place: Place, named: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
        """Yield the entities that a write may change, as places and ARNs or names."""
        for name, value in named.items():
            if name.endswith(("Arn", "Name")) and isinstance(value, str):
                yield place, value
                if arns.parse(value) and (own := self.known.place_or_none(value)) is not None:
                    yield own, value
                    # The gateway's own account is two places if it is configured with a role.
                    yield own._replace(account=""), value

    async def keep(self) -> None:
        """Put what has been loaded so far into the cache."""
        await self._cache.keep()

    async def end(self) -> None:
        """Cancel the calls in flight, which nobody waits for any more, and put what was loaded into the cache."""
        self._calls.end()
        await self.known.keep_summed()
        await self._cache.keep()
        records = self.known.records
        self.forget()  # reference cycles would keep the records alive until the next garbage collection
        if len(records) > LONG:
            freeing = asyncio.create_task(self._free(records))  # in the background
            _freeing.add(freeing)
            freeing.add_done_callback(_freeing.discard)

    async def _free(self, records: dict[str, Record]) -> None:
        """Free thousands of records slice by slice: freeing all at once would block the event loop."""
        async for some in self.turns.slices(list(records)):
            for key in some:
                del records[key]
