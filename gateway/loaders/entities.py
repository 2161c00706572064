"""Loads entities by Describe, or in batches of all entities that a level of the response needs."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from aiodataloader import DataLoader

from gateway import arn as arns
from gateway.aws.batches import Batch
from gateway.aws.kinds import ACTION, ARTIFACT, EXPERIMENT, KINDS, MODEL_PACKAGE, TRIAL, Kind, unpinned
from gateway.aws.places import HOME, Place
from gateway.errors import BadUserInput, Forbidden, NotFound, Unsupported
from gateway.loaders.asking import Asking, says_missing, unlogged
from gateway.loaders.known import Known
from gateway.loaders.request_cache import Entity
from gateway.records import Record

_ROUNDS = 8
"""Event loop iterations to wait until a level's batch is complete: at least as many as there are between the arrival of
a page and the first resolver of its items that needs more (graphql-core completes a list in three).
"""


class Entities:
    """Describes entities."""

    def __init__(self, known: Known, asking: Asking) -> None:
        """Add the entities to the records in ``known``."""
        self._known = known
        self._asking = asking
        self._turns = asking.calls.tally.turns
        self.forget()

    def forget(self) -> None:
        """Forget the calls so far, so that entities are described again."""
        self._batches = {kind: DataLoader(partial(self._load_many, kind)) for kind in KINDS if kind.batch}
        self._named = {kind: DataLoader(partial(self._find_many, kind)) for kind in (EXPERIMENT, TRIAL)}
        self._describing: dict[asyncio.Task[str | None], tuple[Kind, str]] = {}
        self._expected: dict[str, str] = {}
        """The names by which to describe the entities with certain keys, which may turn out to be others'."""
        self._loading: dict[asyncio.Task[None], list[str]] = {}
        """The batches in flight, with the keys or names of the entities in them."""

    async def describe(self, kind: Kind, key: str, path: str = "") -> Record:
        """Load an entity, as a whole or by a cheaper call that covers ``path``, and return its record."""
        if not await self.recall(kind, key, path):
            await self.load(kind, key, path)
        return self._known.record(key)

    async def recall(self, kind: Kind, key: str, path: str = "") -> bool:
        """Return whether the record of an entity covers ``path``, after adding what the cache has of the entity."""
        record, place = self._known.record(key), self._known.place_of(key)
        if record.described and record.covers(path):
            return True
        if cached := await self._known.cache.entity(place, kind, key):
            self._known.recalled(cached)
            return record.covers(path)
        return False

    async def load(self, kind: Kind, key: str, path: str = "") -> None:
        """Load an entity like ``describe``, unless its record covers ``path``, bypassing the cache."""
        record = self._known.record(key)
        if record.described and record.covers(path):
            return
        if kind.batch and kind.batch.takes(key) and path.partition(".")[0] not in kind.batch.lacks:
            await self._level(kind, for_pages=bool(path))  # what is only checked for existence is on no page
            await asyncio.shield(unlogged(self._batches[kind].load((key, True))))
            if not record.described:
                await asyncio.shield(self._described(kind, key, self._known.place_of(key)))
        else:
            await asyncio.shield(self.ask(kind, key, path))

    def ask(self, kind: Kind, key: str, path: str = "") -> asyncio.Task[str | None]:
        """Return the task that describes one entity, bypassing the cache; await it through a shield."""
        self._asking.because(
            kind.describe, f"the only call that returns {path}" if path else "to check whether it exists"
        )
        return self._described(kind, key, self._known.place_of(key))

    async def load_many(self, kind: Kind, keys: Iterable[str], needs: Collection[str]) -> None:
        """Load the paths that are needed of several entities by batches, skipping those the gateway may not access.

        Those that the batches did not return are described, unless Describe returns none of the paths.
        """
        describe = not kind.describe_lacks.issuperset(needs)
        wanted = [(key, place) for place, _, key in self._known.placed(keys)]
        failures = await self._load_many(kind, [(key, describe) for key, _ in wanted])
        rest = [one for one, failure in zip(wanted, failures, strict=True) if describe and not failure]
        described = (self._described(kind, *one) for one in rest if not self._known.record(one[0]).described)
        await asyncio.gather(*map(asyncio.shield, described), return_exceptions=True)

    async def find(self, kind: Kind, name: str, place: Place = HOME, *, together: bool = False) -> str | None:
        """Return the key of the entity with this name, describing it if necessary; None if there is none.

        Names that several items of a response may have are found ``together``, in batches.
        """
        if key := self._known.named(place, kind, name):
            return key
        if cached := await self._known.cache.entity(place, kind, name):
            self._known.recalled(cached)
            return cached.key
        if not together:
            return await self.load_named(kind, name, place)
        await self._level(kind)
        found: str | None = await asyncio.shield(unlogged(self._named[kind].load((place, name))))
        return found

    async def load_named(self, kind: Kind, name: str, place: Place = HOME) -> str | None:
        """Return the key of the entity with this name like ``find``, bypassing the cache."""
        wanted = self.expected(kind, name, place) or name
        record = self._known.record(wanted)
        if record.described and not record.missing:
            return wanted
        self._expected[wanted] = name
        return await asyncio.shield(self._described(kind, wanted, place))

    def expected(self, kind: Kind, name: str, place: Place = HOME) -> str | None:
        """Return the key that the entity with this name has, if it exists; None if that is not known."""
        key = self._asking.calls.expected(place, kind.resource, name)
        return key if key and self._known.place_or_none(key) == place else None

    async def batch_covers(self, kind: Kind, key: str, path: str) -> bool:
        """Whether the record covers a path that only batches return, after loading the batch if several need it."""
        if path not in kind.describe_lacks:
            return False
        record = self._known.record(key)
        self._known.place_of(key)  # raises Forbidden for this entity alone, rather than for the whole batch
        if not record.covers(path):
            await self._level(kind)
        if not record.covers(path):
            await asyncio.shield(unlogged(self._batches[kind].load((key, False))))
        return record.covers(path)

    def _described(self, kind: Kind, wanted: str, place: Place) -> asyncio.Task[str | None]:
        described = self._asking.begin((kind, wanted, place), partial(self._load, kind, wanted, place))
        if not described.done() and described not in self._describing:
            self._describing[described] = kind, wanted
            described.add_done_callback(lambda done: self._describing.pop(done, None))
        return described

    async def _load(self, kind: Kind, wanted: str, place: Place) -> str | None:
        asked = self._expected.get(wanted, wanted)
        answer = await self._answer(kind, asked, place)
        # By name, AWS returns the entity of the account of the call, which may have a different ARN.
        if answer is None or (arns.parse(asked) and not kind.by_arn and answer[kind.arn].lower() != asked.lower()):
            self._missing(kind, wanted, place)
            return None
        found = asked if arns.parse(asked) else answer[kind.arn] + asked.removeprefix(unpinned(asked))
        self._known.record(found).complete(answer, kind.describe_lacks)
        self._known.cache.learn_entity(place, kind, asked, Entity(found, answer, kind.describe_lacks))
        self._known.note_name(place, kind, found)
        if found != asked:
            self._asking.calls.learn_identity(place, found)
        if wanted not in {asked, found}:
            self._missing(kind, wanted, place)
        return found

    def _missing(self, kind: Kind, key: str, place: Place) -> None:
        record = self._known.record(key)
        record.complete({})
        record.missing = True
        self._known.cache.learn_missing(place, kind, key)

    async def _answer(self, kind: Kind, wanted: str, place: Place) -> dict[str, Any] | None:
        known_name = self._known.record(wanted).read(kind.name_path)
        try:
            return await self._asking.calls(kind.describe, place, **kind.asks(wanted, known_name))
        except (NotFound, BadUserInput) as error:
            if says_missing(error, kind.missing):
                return None
            raise

    async def _find_many(self, kind: Kind, wanted: list[tuple[Place, str]]) -> list[Any]:
        """Find entities by their names in batches, and describe those that the batches did not return."""
        several: dict[Place, dict[str, None]] = defaultdict(dict)
        for place, name in wanted:
            if not self._known.named(place, kind, name):
                several[place][name] = None
        failed = await self._load_batches(kind, kind.batch, several) if kind.batch else {}

        async def found(place: Place, name: str) -> str | None:
            if key := self._known.named(place, kind, name):
                return key
            if error := failed.get((place, name)):
                raise error
            return await self.load_named(kind, name, place)

        return await asyncio.gather(*(found(*one) for one in wanted), return_exceptions=True)

    async def _load_many(self, kind: Kind, wanted: list[tuple[str, bool]]) -> list[Any]:
        """Load entities by batches, if there are several in a place; return the errors of failed batches.

        Batches that are under way, as for entities that are still being looked up, may return some of them.
        """
        keys = {key for key, _ in wanted}
        under_way = [batch for batch, some in self._loading.items() if not keys.isdisjoint(some)]
        if under_way:
            await asyncio.wait(under_way)
        several: dict[Place, dict[str, None]] = defaultdict(dict)
        for key, describe in wanted:
            if self._unknown(kind, key, describe):
                several[self._known.place_of(key)][key] = None
        failures = await self._load_batches(kind, kind.batch, several) if kind.batch else {}
        failed = {key: error for (_, key), error in failures.items()}
        return [failed.get(key) for key, _ in wanted]

    async def _load_batches(
        self, kind: Kind, batch: Batch, several: Mapping[Place, Collection[str]]
    ) -> dict[tuple[Place, str], BaseException]:
        """Load batches, and return the errors of failed ones by place and key or name; others are not affected."""
        hundreds = [(place, some) for place, keys in several.items() if len(keys) > 1 for some in batch.parted(keys)]
        if hundreds:
            self._asking.because(batch.operation, f"several of kind {kind.name}, up to 100 per call")
        loading = [asyncio.create_task(self._load_batch(kind, batch, place, some)) for place, some in hundreds]
        for task, (_, some) in zip(loading, hundreds, strict=True):
            self._loading[task] = some
            task.add_done_callback(self._loading.pop)
        outcomes = zip(hundreds, await asyncio.gather(*loading, return_exceptions=True), strict=True)
        return {(place, key): error for (place, some), error in outcomes if error for key in some}

    def _unknown(self, kind: Kind, key: str, describe: bool) -> bool:  # noqa: FBT001 - as the loader's keys have it
        """Whether the entity still needs the batch; not if a Describe for members that the batch lacks is in flight."""
        record = self._known.record(key)
        if describe:
            return not (record.described or (kind, key) in self._describing.values())
        return not all(record.covers(path) for path in kind.describe_lacks)

    async def _load_batch(self, kind: Kind, batch: Batch, place: Place, keys: Sequence[str]) -> None:
        try:
            calls = (self._asking.calls(batch.operation, place, **call) for call in batch.calls(keys))
            answers = await asyncio.gather(*calls)
        except (Forbidden, BadUserInput, Unsupported):
            # A single entity may have caused this; described one by one, the others can still be loaded.
            return
        for answer in answers:
            self._known.learn_batch(kind, batch, answer, named=kind in self._named)

    async def _level(self, kind: Kind, *, for_pages: bool = True) -> None:
        """Wait for the calls in flight that may find more of a kind, so that one batch serves a whole level."""
        # An artifact or an action may have a model package as its source.
        before = {ARTIFACT, ACTION} if kind is MODEL_PACKAGE else set()
        under_way: list[asyncio.Task[Any]] = []
        if for_pages:
            under_way += (page for page, found in self._asking.pages.items() if not found.isdisjoint({kind, *before}))
            under_way += (task for task, (described, _) in self._describing.items() if described in before)
        if under_way:
            await asyncio.wait(under_way)
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        while self._turns.under_way:  # noqa: ASYNC110 - it takes only milliseconds
            await asyncio.sleep(0)
