"""The cache as one request uses it: lookups during the request, and writes at its end."""

import asyncio
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from aiodataloader import DataLoader

from gateway import arn as arns
from gateway import observability
from gateway.aws.kinds import Kind, unpinned
from gateway.aws.places import Place
from gateway.cache import Cache, Entry, Key, Lookup
from gateway.records import Edge, Step
from gateway.turns import Turns


class Entity(NamedTuple):
    """An entity as a call returned it, and as it is cached."""

    key: str
    members: dict[str, Any]
    lacks: frozenset[str] | None
    """The members that the call does not return; None if it returned only paths, which are then the ``members``."""

    @classmethod
    def of(cls, cached: tuple[str, dict[str, Any], list[str] | None]) -> "Entity":
        """Deserialize an entity from the cache."""
        key, members, lacks = cached
        return cls(key, members, lacks if lacks is None else frozenset(lacks))

    def kept(self) -> tuple[str, dict[str, Any], list[str] | None]:
        """Serialize it for the cache."""
        return self.key, self.members, self.lacks if self.lacks is None else sorted(self.lacks)


class RequestCache:
    """The cache as one request sees it."""

    def __init__(self, cache: Cache, turns: Turns, stop_joining: Callable[[Place], None], *, fresh: bool) -> None:
        """``fresh`` disables cache hits; results are cached all the same.

        ``stop_joining`` is called with a place in which another replica has written, as the reads that are in flight
        there may be from before.
        """
        self._cache = cache
        self._turns = turns
        self._stop_joining = stop_joining
        self._fresh = fresh
        self.hits = 0
        """The number of cache hits."""
        self.forget()

    def forget(self) -> None:
        """Repeat all lookups from now on, and discard what was to be cached."""
        self._versions: dict[str, int | None] = {}
        self._new: dict[Key, Entry] = {}
        self._found = DataLoader(self._look_up)

    async def entity(self, place: Place, kind: Kind, wanted: str) -> Entity | None:
        """Return the cached entity with this key or name, if any."""
        cached = await self._take(_entity_key(place, kind, wanted))
        return Entity.of(cached) if cached else None

    async def entities(self, wanted: Iterable[tuple[Place, Kind, str]]) -> list[Entity]:
        """Return the cached ones of many entities, given by their keys."""
        if not self._cache.keeps("record"):
            return []
        keys = [_entity_key(*one) for one in wanted]
        cached = [found.value for found in await self._look_up(keys) if found.value is not None]
        self._count("record", len(cached), len(keys))
        return [Entity.of(one) for one in cached]

    def learn_entity(self, place: Place, kind: Kind, wanted: str, entity: Entity) -> None:
        """Queue an entity that a call returned."""
        value = entity.kept()
        self._queue(_entity_key(place, kind, entity.key), value)
        if wanted != entity.key:
            self._queue(_entity_key(place, kind, wanted), value)

    def learn_missing(self, place: Place, kind: Kind, wanted: str) -> None:
        """Queue nothing for an entity that does not exist, except that ``fresh`` requests clear an outdated entry."""
        for key in {wanted, _id(wanted)}:
            self._queue_or_clear(_entity_key(place, kind, key), None)

    async def associations(self, place: Place, parameters: Iterable[tuple[str, Any]]) -> list[dict[str, Any]] | None:
        """Return the cached summaries of all associations that match the parameters, if any."""
        summaries: list[dict[str, Any]] | None = await self._take(_associations_key(place, parameters))
        return summaries

    def learn_associations(
        self, place: Place, parameters: Iterable[tuple[str, Any]], summaries: list[dict[str, Any]]
    ) -> None:
        """Queue the summaries of all associations that match the parameters; an empty result is not cached."""
        self._queue_or_clear(_associations_key(place, parameters), summaries)

    async def walk(self, place: Place, *shape: Any) -> Step | None:
        """Return the cached result of a whole QueryLineage with these arguments, if any."""
        cached = await self._take(_walk_key(place, shape))
        if cached is None:
            return None
        vertices, edges = cached
        return Step([(arn, type) for arn, type in vertices], [Edge(*edge) for edge in edges], None)

    def learn_walk(self, place: Place, *shape: Any, found: Step) -> None:
        """Queue the result of a whole QueryLineage; a result without associations is not cached."""
        self._queue_or_clear(_walk_key(place, shape), (found.vertices, found.edges) if found.edges else None)

    async def keep(self) -> None:
        """Put what was queued into the cache."""
        new, self._new = list(self._new.values()), {}
        async for some in self._turns.slices(new):
            await self._cache.put(some)

    async def evict(self, touched: Iterable[tuple[Place, str]]) -> None:
        """Invalidate the entries about these entities, given by places and keys or names, and about their graphs."""
        subjects = {subject for place, key in touched for subject in (_graph(place), _subject(place, _id(key)))}
        await self._cache.evict(*sorted(subjects))

    async def _take(self, key: Key) -> Any:
        if not self._cache.keeps(key.kind):
            return None
        found: Lookup = await asyncio.shield(self._found.load(key))
        self._count(key.kind, int(found.value is not None), 1)
        return found.value

    def _count(self, kind: str, hits: int, lookups: int) -> None:
        self.hits += hits
        observability.cache_looked_up(kind, hits=hits, misses=lookups - hits)

    async def _look_up(self, keys: list[Key]) -> list[Lookup]:
        found = await (self._cache.versions(keys) if self._fresh else self._cache.get(keys))
        for key, one in zip(keys, found, strict=True):
            # Keep the first version seen: a result that is loaded afterwards may belong to it or to any later one.
            self._versions.setdefault(key.subject, one.version)
            if one.version and self._cache.is_new(key.subject, one.version):
                self._stop_joining(key.shape[0])
        return found

    def _queue_or_clear(self, key: Key, value: Any) -> None:
        """Queue a value or, if there is none, clear the entry, which a ``fresh`` request has not looked up."""
        if value or self._fresh:
            self._queue(key, value or None)

    def _queue(self, key: Key, value: Any) -> None:
        version = self._versions.get(key.subject)
        if self._cache.keeps(key.kind) and version is not None:
            self._new[key] = self._cache.entry(key, value, version)


@lru_cache(maxsize=16_384)
def _entity_key(place: Place, kind: Kind, wanted: str) -> Key:
    return Key("record", (place, kind.name, wanted), _subject(place, _id(wanted)))


def _associations_key(place: Place, parameters: Iterable[tuple[str, Any]]) -> Key:
    return Key("associations", (place, *parameters), _graph(place))


def _walk_key(place: Place, shape: tuple[Any, ...]) -> Key:
    return Key("walk", (place, *shape), _graph(place))


def _graph(place: Place) -> str:
    return f"graph:{place.text}"


def _subject(place: Place, id: str) -> str:
    """Return the cache subject of an entity: its id is also its unique name, if it has one, so both find it."""
    return f"entity:{place.text}:{id.lower()}"


def _id(wanted: str) -> str:
    parsed = arns.parse(unpinned(wanted))
    return parsed.id if parsed else unpinned(wanted)
