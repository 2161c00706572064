"""The public keys of a token issuer (a JSON Web Key Set), from a file or from its URL."""

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
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
"""Allowed algorithms by key type: asymmetric only, so that those who can verify a token cannot create one."""
ALGORITHMS = tuple(name for names in _ALGORITHMS.values() for name in names)

_FRESH_SECONDS = 300.0
"""Age at which keys are fetched again in the background."""
_PAUSE_SECONDS = 10.0
"""Minimum time between two fetches for unknown key ids, and after a failed fetch."""
_FETCH_SECONDS = 5.0
_MAX_BYTES = 1_000_000

_Keys = list[PyJWK]


class KeySource:
    """A source of public keys."""

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key with this id for this algorithm, or None; UpstreamUnavailable if there are no keys at all."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Release its resources."""


def key_source(location: str) -> KeySource:
    """Open a URL or a file; ValueError if the URL is not http or https, or if the file cannot be read."""
    if "://" not in location:
        return FileKeys(Path(location))
    if not location.lower().startswith(("https://", "http://")):
        raise ValueError(f"GATEWAY_JWT_JWKS: {location} is neither an https URL nor a file")
    return UrlKeys(location)


class FileKeys(KeySource):
    """Keys from a file, which is reloaded when it changes."""

    def __init__(self, path: Path) -> None:
        """Read the file; ValueError if it is unreadable or invalid."""
        self._file = Watched("GATEWAY_JWT_JWKS", path, _parsed)

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key with this id for this algorithm, or None."""
        return _pick(self._file.value, kid, algorithm)


class UrlKeys(KeySource):
    """Keys from a URL; the last fetched ones stay in use while it cannot be reached."""

    def __init__(self, url: str) -> None:
        """Use ``url``, which is fetched when a key is first needed."""
        self._url = url
        self._keys: _Keys = []
        self._fresh_until = 0.0
        self._paused_until = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key with this id for this algorithm, or None; fetch the keys again if it may be a new one."""
        now = time.monotonic()
        found = _pick(self._keys, kid, algorithm)
        if found is None and (self._fetching or now >= self._paused_until):
            if self._keys:
                # Anybody can make up key ids; not each of them may cause a request to the issuer.
                self._paused_until = now + _PAUSE_SECONDS
            await asyncio.shield(self._fetch())
            found = _pick(self._keys, kid, algorithm)
        elif now >= self._fresh_until:
            self._fetch()
        if not self._keys:
            raise UpstreamUnavailable("The issuer's keys are not available at the moment.")
        return found

    async def aclose(self) -> None:
        """Cancel the fetch in progress."""
        if self._fetching:
            self._fetching.cancel()
            with suppress(asyncio.CancelledError):
                await self._fetching

    def _fetch(self) -> asyncio.Task[None]:
        """Start a fetch, or return the task of the one in progress."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched())
        return self._fetching

    async def _fetched(self) -> None:
        try:
            self._keys = _parsed(await _get(self._url))
            self._fresh_until = time.monotonic() + _FRESH_SECONDS
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._fresh_until = self._paused_until = time.monotonic() + _PAUSE_SECONDS
            kept = "; the previous keys stay in use" if self._keys else ""
            host = urlsplit(self._url).hostname  # not the whole URL, which may contain a password
            _log.error("GATEWAY_JWT_JWKS: no keys from %s: %s%s", host, _reason(error), kept)
        finally:
            self._fetching = None


def _reason(error: Exception) -> str:
    """Return why a fetch failed; without the URL, which an error about the response repeats."""
    if isinstance(error, aiohttp.ClientResponseError):  # aiohttp's own status, if the response is malformed
        return f"{type(error).__name__} {error.status} {error.message!r}"
    return str(error) or type(error).__name__


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
            if len(body) > _MAX_BYTES:
                raise ValueError(f"longer than {_MAX_BYTES:,} bytes")
        return bytes(body)


def _parsed(text: bytes) -> _Keys:
    given = orjson.loads(text)
    listed = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JSON Web Key Set")  # noqa: TRY004 - an invalid file, not a wrong type in the program
    keys = [key for each in listed if isinstance(each, dict) for key in _usable(each)]
    if not keys:
        raise ValueError("no key in it is one that tokens can be checked with")
    return keys


def _usable(jwk: dict[str, Any]) -> list[PyJWK]:
    """Return a key for each algorithm that the JWK allows; none if it is not for signatures."""
    allowed = _ALGORITHMS.get(str(jwk.get("kty")), ())
    if jwk.get("use", "sig") != "sig":
        return []
    made = []
    for algorithm in allowed:
        if jwk.get("alg", algorithm) == algorithm:
            with suppress(Exception):  # one invalid key must not make the others unusable
                made.append(PyJWK(jwk, algorithm))
    return made


def _pick(keys: _Keys, kid: str | None, algorithm: str) -> PyJWK | None:
    """Return the key for this id and algorithm, or None. A token may omit the id if only one key fits."""
    fitting = [key for key in keys if key.algorithm_name == algorithm and kid in (None, key.key_id)]
    return fitting[0] if len(fitting) == 1 else None
