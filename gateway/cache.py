"""The cache of AWS responses across requests, in this process or in a Redis that replicas share.

An entry's key contains everything that determines the response; its lifetime depends on its kind. The entry also
contains the *version* of its subject (an entity, or the graph of an account and region) as it was before the call to
AWS. Every write to the subject sets a new version, so a response that was in flight during the write counts as
outdated.
"""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from cachetools import LRUCache, TLRUCache
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from gateway.breaker import PAUSE_SECONDS, REDIS, Breaker
from gateway.settings import Settings

_log = logging.getLogger("gateway.cache")

_LONGEST_CALL_SECONDS = 600
"""The assumed maximum duration of an AWS call, unless the request deadline is longer."""
_PREFIX = "lineage-gateway:2:"
"""The prefix of keys in Redis; its number is incremented whenever the format of entries changes."""
_VERSION = f"{_PREFIX}version:"
_VERSION_BITS = 63
"""The size of a version in bits, which MessagePack encodes as an integer."""


class Key(NamedTuple):
    """The key of an entry."""

    kind: str
    """`record`, `associations` or `walk`; determines which lifetime in the settings applies."""
    shape: tuple[Any, ...]
    """Everything that determines the response; first the place."""
    subject: str
    """What the entry is about; a change to the subject invalidates the entry."""


class Lookup(NamedTuple):
    """The result of a lookup, with the version for an entry that is put later."""

    value: Any
    """The entry's value; None on a cache miss."""
    version: int | None
    """The subject's current version, to pass with a new entry; None if nothing can be cached now."""


class Entry(NamedTuple):
    """A serialized entry."""

    key: str
    value: bytes
    seconds: float


class _Store(Protocol):
    """A store of entries and versions: maps keys to bytes."""

    async def get(self, keys: Sequence[str]) -> list[bytes | None]: ...
    async def set(self, entries: Sequence[Entry]) -> None: ...
    async def ping(self) -> None: ...
    async def aclose(self) -> None: ...


class Cache:
    """The cache. Its failures only make requests slower; they are never raised."""

    def __init__(self, settings: Settings) -> None:
        """Create the store and lifetimes from the settings."""
        self._seconds = {
            "record": settings.cache_record_seconds,
            "associations": settings.cache_associations_seconds,
            "walk": settings.cache_walk_seconds,
        }
        # An expired version counts as 0 again, so it must outlive every entry older than itself.
        self._version_seconds = max(self._seconds.values()) + max(_LONGEST_CALL_SECONDS, settings.deadline_seconds)
        self._breaker = Breaker()
        self._store = _store(settings)
        self._seen: LRUCache[str, int] = LRUCache(_MAX_VERSIONS)
        """The versions by subject that this process has set or looked up."""

    async def aclose(self) -> None:
        """Disconnect from Redis; the connection is only made when first needed."""
        if self._store:
            await self._store.aclose()

    def keeps(self, kind: str) -> bool:
        """Whether entries of a kind are cached at all."""
        return self._store is not None and self._seconds[kind] > 0

    async def state(self) -> str:
        """Return the state of the cache: `ok`, `off`, `denied` if nothing can be written, or `unreachable`."""
        if self._store is None:
            return "off"
        try:
            await self._store.ping()
        except ResponseError:
            return "denied"
        except (RedisError, OSError):
            return "unreachable"
        return "ok"

    async def get(self, keys: Sequence[Key]) -> list[Lookup]:
        """Look up entries in one batch."""
        values = await self._get([text for key in keys for text in (_entry(key), _version(key.subject))])
        return [_found(*pair) for pair in zip(values[::2], values[1::2], strict=True)] if values else _nothing(keys)

    async def versions(self, keys: Sequence[Key]) -> list[Lookup]:
        """Look up only the versions of the entries' subjects."""
        values = await self._get([_version(key.subject) for key in keys])
        return [_found(None, version) for version in values] if values else _nothing(keys)

    def is_new(self, subject: str, version: int) -> bool:
        """Whether a version is seen for the first time: another process has written to its subject."""
        before = self._seen.get(subject)
        self._seen[subject] = version
        return before != version

    async def _get(self, texts: list[str]) -> list[bytes | None] | None:
        if not (self._store and self._breaker.closed):
            return None
        try:
            return await self._store.get(texts)
        except Exception as error:  # noqa: BLE001 - invalid responses make the client raise arbitrary errors
            self._failed(error)
            return None

    def entry(self, key: Key, value: Any, version: int) -> Entry:
        """Serialize an entry; ``version`` is that of its subject before the call to AWS."""
        return Entry(_entry(key), _ENCODER.encode((version, value)), self._seconds[key.kind])

    async def put(self, entries: Sequence[Entry]) -> None:
        """Write entries in one batch."""
        if not (self._store and self._breaker.closed):
            return
        try:
            await self._store.set(entries)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)

    async def evict(self, *subjects: str) -> None:
        """Invalidate all entries about these subjects, including those whose calls are in flight.

        If this fails, this process does not use the cache until all present entries have expired.
        """
        if not self._store:
            return
        # Random, because a counter would restart at 0 on expiry and repeat earlier versions.
        version = secrets.randbits(_VERSION_BITS)
        self._seen.update(dict.fromkeys(subjects, version))
        text = b"%d" % version
        try:
            await self._store.set([Entry(_version(subject), text, self._version_seconds) for subject in subjects])
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error, max(self._seconds.values()))

    def _failed(self, error: Exception, seconds: float = PAUSE_SECONDS) -> None:
        self._breaker.failed(seconds)
        _log.warning("The cache does not respond; continuing without it: %s", type(error).__name__)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder()


def _nothing(keys: Sequence[Key]) -> list[Lookup]:
    return [Lookup(None, None)] * len(keys)


def _entry(key: Key) -> str:
    digest = hashlib.blake2b(_ENCODER.encode(key), digest_size=20).hexdigest()
    return f"{_PREFIX}{key.kind}:{digest}"


def _version(subject: str) -> str:
    return _VERSION + subject


def _found(entry: bytes | None, version: bytes | None) -> Lookup:
    try:
        current = int(version or 0)
    except ValueError:
        return Lookup(None, None)  # not written by a gateway
    try:
        version_at_call, value = _DECODER.decode(entry) if entry is not None else (current, None)
    except (ValueError, TypeError, RecursionError):
        return Lookup(None, current)  # not written by a gateway either; a new entry replaces it
    return Lookup(value if version_at_call == current else None, current)


def _store(settings: Settings) -> _Store | None:
    match settings.cache_url:
        case "off":
            return None
        case "memory":
            return _Memory(settings.cache_max_bytes)
        case url:
            return _Shared(url)


class _Memory:
    """Entries in this process."""

    def __init__(self, max_bytes: int) -> None:
        self._kept: TLRUCache[str, tuple[bytes, float]] = TLRUCache(
            max_bytes,
            ttu=lambda _, kept, now: now + kept[1],
            getsizeof=lambda kept: len(kept[0]) + _OVERHEAD,
        )
        self._versions: TLRUCache[str, tuple[bytes, float]] = TLRUCache(
            _MAX_VERSIONS, ttu=lambda _, version, now: now + version[1]
        )

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        found = [(self._versions if key.startswith(_VERSION) else self._kept).get(key) for key in keys]
        return [one[0] if one else None for one in found]

    async def set(self, entries: Sequence[Entry]) -> None:
        for key, value, seconds in entries:
            if key.startswith(_VERSION):
                self._versions[key] = (value, seconds)
            elif len(value) + _OVERHEAD <= self._kept.maxsize:
                self._kept[key] = (value, seconds)

    async def ping(self) -> None:
        pass

    async def aclose(self) -> None:
        self._kept.clear()
        self._versions.clear()


_MAX_VERSIONS = 100_000
"""The maximum number of versions in memory."""
_OVERHEAD = 500
"""The approximate memory of an entry in bytes, in addition to its value."""


class _Shared:
    """Entries in Redis."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, **REDIS)

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        values: Any = await self._redis.mget(keys)  # bytes, unless the client decodes them
        if not isinstance(values, list) or len(values) != len(keys):
            raise RedisError("no answer to what was asked")
        return values

    async def set(self, entries: Sequence[Entry]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key, value, seconds in entries:
                pipeline.set(key, value, px=round(seconds * 1000))
            await pipeline.execute()

    async def ping(self) -> None:
        # A write, since a read-only replica or a full Redis refuses only writes.
        await self._redis.set(f"{_PREFIX}ping", b"", px=1000)

    async def aclose(self) -> None:
        await self._redis.aclose()
