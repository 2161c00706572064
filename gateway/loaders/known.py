"""What a request knows of entities: a record of each, where it is asked for, and what the cache has kept of it."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.aws.batches import Batch
from gateway.aws.budget import Budget
from gateway.aws.kinds import Kind, kind_at, unpinned
from gateway.aws.places import Place
from gateway.errors import Forbidden
from gateway.loaders.request_cache import Entity, RequestCache
from gateway.records import Record


class Known:
    """The records of one request."""

    def __init__(self, calls: Budget, cache: RequestCache) -> None:
        """Begin with no records; ``cache`` knows some from before, and ``calls`` where they are asked for."""
        self._calls = calls
        self._turns = calls.tally.turns
        self.cache = cache
        self.forget()

    def forget(self) -> None:
        """Discard all records."""
        self.records: dict[str, Record] = {}
        """By the keys of the entities."""
        self._places: dict[str, Place] = {}
        self._named: dict[tuple[Place, Kind, str], str] = {}
        self._summed: dict[str, None] = {}

    def record(self, key: str) -> Record:
        """Return what is known of an entity so far: one record a key, which grows."""
        record = self.records.get(key)
        if record is None:
            record = self.records[key] = Record()
        return record

    def place_of(self, key: str) -> Place:
        """Tell where an entity is asked for; Forbidden where the gateway may not."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._calls.place_of(unpinned(key))
        return place

    async def place_named(self, account: str | None, region: str | None) -> Place:
        """Return the place of an account and a region; Forbidden where the gateway may not ask there."""
        return await self._calls.place_named(account, region)

    def placed(self, keys: Iterable[str]) -> Iterator[tuple[Place, Kind, str]]:
        """Yield entities with their places and kinds, leaving out those that the gateway may not ask for."""
        for key in keys:
            if kind := kind_at(key):
                with contextlib.suppress(Forbidden):
                    yield self.place_of(key), kind, key

    def named(self, place: Place, kind: Kind, name: str) -> str | None:
        """Return the key of the entity of that name, if it has been learnt."""
        return self._named.get((place, kind, name))

    def note_name(self, place: Place, kind: Kind, key: str) -> None:
        """Note by which name an entity can be found, if its record has one."""
        name = self.record(key).read(kind.name_path) if kind.name_path else None
        if name and key == unpinned(key):
            self._named[place, kind, name] = key

    def learn_batch(self, kind: Kind, batch: Batch, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Learn the entities of a batch's answer, and return their members."""
        found = batch.found(answer)
        for members in found:
            key = kind.key(members)
            self.record(key).complete(members, batch.lacks)
            with contextlib.suppress(Forbidden):
                self.cache.learn_entity(self.place_of(key), kind, key, Entity(key, members, batch.lacks))
        return found

    async def recall(self, keys: Sequence[str]) -> set[str]:
        """Learn what the cache knows of many entities, and return those of which it knows anything."""
        known = set()
        async for some in self._turns.slices(keys):
            for entity in await self.cache.entities(self.placed(some)):
                self.recalled(entity)
                known.add(entity.key)
        return known

    def recalled(self, entity: Entity) -> None:
        """Learn what the cache knows of an entity, unless AWS has told more of it since."""
        record = self.record(entity.key)
        if entity.lacks is None:
            record.note({path: value for path, value in entity.members.items() if not record.covers(path)})
        elif not record.described:
            record.complete(entity.members, entity.lacks)

    def remember(self, keys: Iterable[str]) -> None:
        """Have what summaries tell of entities cached at the end; descriptions are cached as they come."""
        self._summed.update(dict.fromkeys(keys))

    async def keep_summed(self) -> None:
        """Note for the cache what summaries have told of the entities to be remembered."""
        async for some in self._turns.slices(list(self._summed)):
            for place, kind, key in self.placed(some):
                record = self.record(key)
                if record.noted and not record.described:
                    self.cache.learn_entity(place, kind, key, Entity(key, record.noted, None))
