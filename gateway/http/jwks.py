"""The public keys of a token issuer (a JSON Web Key Set), from a file or from its URL."""

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import orjson
from jwt import PyJWK

from gateway.errors import UpstreamUnavailable
from gateway.http.files import Watched

_log = logging.getLogger("gateway.http")

_ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""What keys of a kind may sign with: asymmetric only, so that no one who can check a token can make one."""
ALGORITHMS = tuple(name for names in _ALGORITHMS.values() for name in names)

_FRESH_SECONDS = 300.0
"""How long fetched keys are used before they are fetched again in the background."""
_PAUSE_SECONDS = 10.0
"""How long no unknown key causes a fetch after the last one that did, or after a failed fetch."""
_FETCH_SECONDS = 5.0
_LARGEST = 1_000_000  # bytes

_Keys = list[PyJWK]


class KeySource(Protocol):
    """Where public keys come from."""

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key of this id for this algorithm; UpstreamUnavailable when there are no keys."""

    async def aclose(self) -> None:
        """Release what it holds."""


def key_source(place: str) -> KeySource:
    """Open a URL or a file; ValueError when it is no http URL, or the file cannot be read."""
    if "://" not in place:
        return FileKeys(Path(place))
    if not place.lower().startswith(("https://", "http://")):
        raise ValueError(f"GATEWAY_JWT_JWKS: {place} is neither an https URL nor a file")
    return UrlKeys(place)


class FileKeys:
    """Keys of a file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read the file; ValueError when it cannot be."""
        self._file = Watched("GATEWAY_JWT_JWKS", path, _parsed)

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key of this id for this algorithm."""
        return _pick(self._file.value, kid, algorithm)

    async def aclose(self) -> None:
        """Do nothing: the file is closed already."""


class UrlKeys:
    """Keys of a URL, kept while it cannot be reached."""

    def __init__(self, url: str) -> None:
        """Fetch from ``url``, when a key is first asked for."""
        self._url = url
        self._keys: _Keys = []
        self._fresh_until = 0.0
        self._paused_until = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key of this id for this algorithm, fetching keys where it may be a new one."""
        now = time.monotonic()
        found = _pick(self._keys, kid, algorithm)
        if found is None and (self._fetching or now >= self._paused_until):
            if self._keys:
                # Anybody can invent ids; the issuer must not be asked for each.
                self._paused_until = now + _PAUSE_SECONDS
            await asyncio.shield(self._fetch())
            found = _pick(self._keys, kid, algorithm)
        elif now >= self._fresh_until:
            self._fetch()
        if not self._keys:
            raise UpstreamUnavailable("The issuer's keys are not available at the moment.")
        return found

    async def aclose(self) -> None:
        """Stop fetching."""
        if self._fetching:
            self._fetching.cancel()
            with suppress(asyncio.CancelledError):
                await self._fetching

    def _fetch(self) -> asyncio.Task[None]:
        """Begin a fetch, or join the one under way."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched())
        return self._fetching

    async def _fetched(self) -> None:
        try:
            self._keys = _parsed(await _get(self._url))
            self._fresh_until = time.monotonic() + _FRESH_SECONDS
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._fresh_until = self._paused_until = time.monotonic() + _PAUSE_SECONDS
            held = "; those of before hold" if self._keys else ""
            host = urlsplit(self._url).hostname  # not the whole, which may have a password
            _log.error("GATEWAY_JWT_JWKS: no keys from %s: %s%s", host, error or type(error).__name__, held)
        finally:
            self._fetching = None


async def _get(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
        session.get(url, raise_for_status=True) as response,
    ):
        if url.lower().startswith("https:") and any(one.url.scheme != "https" for one in (*response.history, response)):
            raise ValueError("it redirects to plain http, by which keys can be exchanged")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > _LARGEST:
                raise ValueError(f"longer than {_LARGEST:,} bytes")
        return bytes(body)


def _parsed(text: bytes) -> _Keys:
    given = orjson.loads(text)
    listed = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JSON Web Key Set")  # noqa: TRY004 - the file's fault, not the program's
    keys = [key for each in listed if isinstance(each, dict) for key in _usable(each)]
    if not keys:
        raise ValueError("no key in it is one that tokens can be checked with")
    return keys


def _usable(jwk: dict[str, Any]) -> list[PyJWK]:
    """Make a key for each algorithm that it may be used with; none if it is not for signatures."""
    allowed = _ALGORITHMS.get(str(jwk.get("kty")), ())
    if jwk.get("use", "sig") != "sig":
        return []
    made = []
    for algorithm in allowed:
        if jwk.get("alg", algorithm) == algorithm:
            with suppress(Exception):  # one odd key must not spoil the others
                made.append(PyJWK(jwk, algorithm))
    return made


def _pick(keys: _Keys, kid: str | None, algorithm: str) -> PyJWK | None:
    """Choose by id, which a token may leave out where only one key fits."""
    fit = [key for key in keys if key.algorithm_name == algorithm and kid in (None, key.key_id)]
    return fit[0] if len(fit) == 1 else None
