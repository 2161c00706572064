"""The cache as one request uses it: it looks things up there, and at its end puts what it learnt there for others."""

import asyncio
from collections.abc import Iterable
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
    """An entity as a call returned it."""

    key: str
    members: dict[str, Any]
    lacks: frozenset[str] | None
    """Members that the call leaves out; None where it told only some paths, which are then the ``members``."""

    @classmethod
    def of(cls, told: tuple[str, dict[str, Any], list[str] | None]) -> "Entity":
        """Make one from its form in the cache."""
        key, members, lacks = told
        return cls(key, members, lacks if lacks is None else frozenset(lacks))

    def kept(self) -> tuple[str, dict[str, Any], list[str] | None]:
        """Return its form in the cache."""
        return self.key, self.members, self.lacks if self.lacks is None else sorted(self.lacks)


class RequestCache:
    """The cache as one request sees it."""

    def __init__(self, cache: Cache, turns: Turns, *, fresh: bool) -> None:
        """Take nothing from the cache if the answer is to be ``fresh``."""
        self._cache = cache
        self._turns = turns
        self._fresh = fresh
        self.hits = 0
        """How many answers the cache gave."""
        self.forget()

    def forget(self) -> None:
        """Look everything up anew, and do not keep what was learnt before."""
        self._versions: dict[str, int | None] = {}
        self._new: dict[Key, Entry] = {}
        self._found = DataLoader(self._look_up)

    async def entity(self, place: Place, kind: Kind, wanted: str) -> Entity | None:
        """Return what the cache knows of an entity, by its key or its name."""
        told = await self._take(_entity_key(place, kind, wanted))
        return Entity.of(told) if told else None

    async def entities(self, wanted: Iterable[tuple[Place, Kind, str]]) -> list[Entity]:
        """Return those of many entities, given by their keys, of which the cache knows anything."""
        if not self._cache.keeps("record"):
            return []
        keys = [_entity_key(*one) for one in wanted]
        told = [found.value for found in await self._look_up(keys) if found.value is not None]
        self._count("record", len(told), len(keys))
        return [Entity.of(one) for one in told]

    def learn_entity(self, place: Place, kind: Kind, wanted: str, entity: Entity) -> None:
        """Note what a call told of an entity that exists."""
        value = entity.kept()
        self._note(_entity_key(place, kind, entity.key), value)
        if wanted != entity.key:
            self._note(_entity_key(place, kind, wanted), value)

    def learn_missing(self, place: Place, kind: Kind, wanted: str) -> None:
        """Note that there is no such entity, which is not cached, but asked again."""
        for key in {wanted, _id(wanted)}:
            self._note_or_clear(_entity_key(place, kind, key), None)

    async def associations(self, place: Place, parameters: Iterable[tuple[str, Any]]) -> list[dict[str, Any]] | None:
        """Return the summaries of all associations that fit, if the cache knows them."""
        summaries: list[dict[str, Any]] | None = await self._take(_associations_key(place, parameters))
        return summaries

    def learn_associations(
        self, place: Place, parameters: Iterable[tuple[str, Any]], summaries: list[dict[str, Any]]
    ) -> None:
        """Note the summaries of all associations that fit; if there are none, that is not cached, but asked again."""
        self._note_or_clear(_associations_key(place, parameters), summaries)

    async def walk(self, place: Place, *shape: Any) -> Step | None:
        """Return all that QueryLineage finds by these arguments, if the cache knows it."""
        told = await self._take(_walk_key(place, shape))
        return Step([(arn, type) for arn, type in told[0]], [Edge(*edge) for edge in told[1]], None) if told else None

    def learn_walk(self, place: Place, *shape: Any, found: Step) -> None:
        """Note all that QueryLineage found; if that is no association, it is not cached, but asked again."""
        self._note_or_clear(_walk_key(place, shape), (found.vertices, found.edges) if found.edges else None)

    async def keep(self) -> None:
        """Put what was noted into the cache."""
        new, self._new = list(self._new.values()), {}
        async for some in self._turns.slices(new):
            await self._cache.put(some)

    async def evict(self, touched: Iterable[tuple[Place, str]]) -> None:
        """Invalidate what the cache knows of these entities, by their places and keys or names, and of their graphs."""
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
            # The earliest version seen: what is asked afterwards may be of any later one.
            self._versions.setdefault(key.subject, one.version)
        return found

    def _note_or_clear(self, key: Key, value: Any) -> None:
        """Note a value or, if there is none, clear the entry that a ``fresh`` request has not looked at."""
        if value or self._fresh:
            self._note(key, value or None)

    def _note(self, key: Key, value: Any) -> None:
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
    """Name an entity by its id, which is also its unique name if it has one, so that both lead to it."""
    return f"entity:{place.text}:{id.lower()}"


def _id(wanted: str) -> str:
    parsed = arns.parse(unpinned(wanted))
    return parsed.id if parsed else unpinned(wanted)
