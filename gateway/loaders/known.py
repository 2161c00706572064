"""The entities that a request has loaded: their records, their places, and their entries in the cache."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.aws.batches import Batch
from gateway.aws.budget import Budget
from gateway.aws.kinds import Kind, kind_at, unpinned
from gateway.aws.places import Place
from gateway.errors import Forbidden
from gateway.loaders.request_cache import Entity, RequestCache
from gateway.records import Record

_UNLISTED = Place("unlisted")
"""Where the cache has the entities that the gateway may not access, apart from those of replicas that may."""


class Known:
    """The records of one request."""

    def __init__(self, calls: Budget, cache: RequestCache) -> None:
        """Start without records; ``cache`` has those of earlier requests, and ``calls`` maps ARNs to places."""
        self._calls = calls
        self._turns = calls.tally.turns
        self.cache = cache
        self.forget()

    def forget(self) -> None:
        """Discard all records."""
        self.records: dict[str, Record] = {}
        """The records by the entities' keys."""
        self._places: dict[str, Place] = {}
        self._named: dict[tuple[Place, Kind, str], str] = {}
        """The entities' keys by place, kind and name."""
        self._summed: dict[str, None] = {}
        """The keys of the entities to cache as far as summaries have covered them, in order."""

    def record(self, key: str) -> Record:
        """Return the record of an entity: one object per key, to which later calls add."""
        record = self.records.get(key)
        if record is None:
            record = self.records[key] = Record()
        return record

    def place_of(self, key: str) -> Place:
        """Return the place to query for an entity; raises Forbidden if the gateway may not access it."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._calls.place_of(unpinned(key))
        return place

    def place_or_none(self, key: str) -> Place | None:
        """Return the place to query for an entity; None if the gateway may not access it."""
        try:
            return self.place_of(key)
        except Forbidden:
            return None

    async def place_named(self, account: str | None, region: str | None) -> Place:
        """Return the place of an account and a region; raises Forbidden if the gateway may not access it."""
        return await self._calls.place_named(account, region)

    def placed(self, keys: Iterable[str]) -> Iterator[tuple[Place, Kind, str]]:
        """Yield entities with their places and kinds, skipping those that the gateway may not access."""
        for key in keys:
            kind, place = kind_at(key), self.place_or_none(key)
            if kind and place is not None:
                yield place, kind, key

    def named(self, place: Place, kind: Kind, name: str) -> str | None:
        """Return the key of the entity with this name, if it has been loaded."""
        return self._named.get((place, kind, name))

    def note_name(self, place: Place, kind: Kind, key: str) -> None:
        """Record the name of an entity for ``named``, if its record has one."""
        name = self.record(key).read(kind.name_path)
        if name and key == unpinned(key):
            self._named[place, kind, name] = key

    def learn_batch(
        self, kind: Kind, batch: Batch, answer: Mapping[str, Any], *, named: bool = False
    ) -> list[dict[str, Any]]:
        """Add the entities in a batch's response to the records, also by name if ``named``; return their members."""
        found = batch.found(answer)
        for members in found:
            key = kind.key(members)
            self.record(key).complete(members, batch.lacks)
            place, wanted = self.place_or_none(key), members[kind.name_path] if named else key
            if place is not None:
                self.cache.learn_entity(place, kind, wanted, Entity(key, members, batch.lacks))
                if named:
                    self.note_name(place, kind, key)
        return found

    async def recall(self, keys: Sequence[str]) -> set[str]:
        """Add what the cache has of many entities to their records, and return the keys with a cache hit."""
        known = set()
        async for some in self._turns.slices(keys):
            for entity in await self.cache.entities(self._cached(some)):
                self.recalled(entity)
                known.add(entity.key)
        return known

    def recalled(self, entity: Entity) -> None:
        """Add a cached entity to its record, without overwriting what AWS has returned since."""
        record = self.record(entity.key)
        if entity.lacks is None:
            record.note({path: value for path, value in entity.members.items() if not record.covers(path)})
        elif not record.described:
            record.complete(entity.members, entity.lacks)

    def remember(self, keys: Iterable[str]) -> None:
        """Cache what summaries cover of these entities at the end of the request; descriptions are cached anyway."""
        self._summed.update(dict.fromkeys(keys))

    async def keep_summed(self) -> None:
        """Queue the entities given to ``remember`` for the cache, as far as summaries have covered them."""
        async for some in self._turns.slices(list(self._summed)):
            for place, kind, key in self._cached(some):
                record = self.record(key)
                if record.noted and not record.described:
                    self.cache.learn_entity(place, kind, key, Entity(key, record.noted, None))

    def _cached(self, keys: Iterable[str]) -> Iterator[tuple[Place, Kind, str]]:
        """Yield entities with their kinds and the places by which the cache knows them.

        Of an entity that the gateway may not access, there is only what other accounts' summaries say.
        """
        for key in keys:
            if kind := kind_at(key):
                yield self.place_or_none(key) or _UNLISTED, kind, key
