"""What one request has learnt of AWS, and how it learns more: a file for each way of asking, nothing asked twice."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping
from typing import Any, TypeVar

from gateway import arn as arns
from gateway.aws.budget import Budget
from gateway.aws.places import HOME, Place
from gateway.cache import Cache
from gateway.errors import Forbidden, GatewayError
from gateway.loaders.asking import Asking
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

_letting_go: set[asyncio.Task[None]] = set()


class Loaders:
    """The loaders of one request and what they have learnt."""

    def __init__(self, calls: Budget, cache: Cache, *, fresh: bool = False) -> None:
        """Ask the cache, unless the answer is to be ``fresh``, and then AWS through ``calls``."""
        self._calls = calls
        self.turns = calls.tally.turns
        """The turns in which its long work is done."""
        self._cache = RequestCache(cache, self.turns, fresh=fresh)
        self._asking = Asking(calls)
        self.known = Known(calls, self._cache)
        self.entities = Entities(self.known, self._asking)
        self.associations = Associations(self.known, self._asking)
        self.lineage = Lineage(self.known, self._asking, self.associations)
        self.listings = Listings(self.known, self._asking)
        self.belongings = Belongings(self.known, self._asking, self.entities, self.listings)
        self.shown: dict[str, Any] = {}
        """The objects that show entities, by their keys, as an answer may show one many times."""
        self.errors: list[tuple[GatewayError, list[str | int]]] = []
        """Errors to report beside the data of the fields at these paths."""

    def forget(self) -> None:
        """Discard all that was learnt, as it may no longer be true."""
        self.shown = {}
        for part in (self._cache, self._asking, self.known, self.entities, self.lineage, self.belongings):
            part.forget()

    @property
    def calls_made(self) -> int:
        """How many calls the request has made so far."""
        return self._calls.made

    @property
    def aws(self) -> dict[str, Any]:
        """What the request has asked of AWS so far, as `extensions` show it."""
        return self._calls.report() | {"cached": self._cache.hits}

    def count_shown(self) -> None:
        """Count an entity that the answer shows; BudgetExceeded when it shows as many as it may."""
        self._calls.count_shown()

    def because(self, operation: str, reason: str) -> None:
        """Note why an operation is called, for the `extensions` that tell what an answer took."""
        self._asking.because(operation, reason)

    def add_error(self, error: GatewayError, path: list[str | int]) -> None:
        """Report an error beside the data of the field at ``path``, from which something is missing."""
        self.errors.append((error, path))

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of ``make``, which is called once a request for each key."""
        return await self._asking.once(key, make)

    async def write(self, operation: str, place: Place = HOME, **parameters: Any) -> dict[str, Any]:
        """Change something, and forget what was known before; even a call that failed may have changed it.

        The write is finished, and the cache told of it, even if the caller stops waiting.
        """
        return await asyncio.shield(self._written(operation, place, parameters))

    async def _written(self, operation: str, place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._calls(operation, place, **parameters)
        finally:
            self.forget()
            self._calls.stop_joining(place)
            await self._cache.evict([(place, ""), *self._touched(place, parameters)])

    def _touched(self, place: Place, parameters: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
        """Yield the entities that a write is about, by their ARNs or names, and where they are asked for."""
        for name, value in parameters.items():
            if name.endswith(("Arn", "Name")) and isinstance(value, str):
                yield place, value
                if arns.parse(value):
                    with contextlib.suppress(Forbidden):
                        yield self.known.place_of(value), value

    async def keep(self) -> None:
        """Put into the cache what has been learnt so far."""
        await self._cache.keep()

    async def end(self) -> None:
        """Cancel what is still under way, as nobody waits for it, and put into the cache what is worth keeping."""
        self._calls.end()
        await self.known.keep_summed()
        await self._cache.keep()
        records = self.known.records
        self.forget()  # the loaders refer to this object, so its records would live until cycles are collected
        if len(records) > LONG:
            letting_go = asyncio.create_task(self._let_go(records))  # nobody has to wait for it
            _letting_go.add(letting_go)
            letting_go.add_done_callback(_letting_go.discard)

    async def _let_go(self, records: dict[str, Record]) -> None:
        """Free thousands of records slice by slice: all at once would block the event loop."""
        async for some in self.turns.slices(list(records)):
            for key in some:
                del records[key]
