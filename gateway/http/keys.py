"""API keys: long random strings, whose names, roles and hashes are in a file."""

import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Collection
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import Unauthenticated, UnknownCredentials
from gateway.http.callers import Authenticator, Caller, Credentials, Role
from gateway.http.files import Watched

_PREFIX = "lgk_"
"""Begins every key, so that scanners for leaked secrets recognize it."""


class _Strict(BaseModel):
    # Somebody may have put a key where its hash belongs: no message may repeat it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Entry(_Strict):
    name: str = Field(min_length=1)
    roles: frozenset[Role] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class _File(_Strict):
    keys: tuple[_Entry, ...]


class Keys(Authenticator):
    """Knows callers by the keys of a file."""

    def __init__(self, path: Path) -> None:
        """Read the file; ValueError when it cannot be."""
        self._file = Watched("GATEWAY_API_KEYS", path, _entries)

    async def caller(self, credentials: Credentials) -> Caller:
        """Return whose key it is."""
        key = credentials.api_key or credentials.bearer
        if not key:
            raise Unauthenticated("Send a key: `Authorization: Bearer <key>` or `X-Api-Key: <key>`.")
        shown = _hash(key)
        # All are compared, so that the time this takes tells nothing.
        found = [entry for entry in self._file.value if hmac.compare_digest(entry.sha256, shown)]
        if not found:
            raise UnknownCredentials("The key is not known.")
        return Caller(found[0].name, found[0].roles)


def new_key(name: str, roles: Collection[Role]) -> tuple[str, str]:
    """Make a key; return it, and the entry for the file, which does not reveal it."""
    if not name or not name.isprintable():
        raise ValueError("a key's name is one or more printable characters")
    key = _PREFIX + secrets.token_urlsafe(32)
    fields = {"name": name, "roles": sorted(set(roles)), "sha256": _hash(key)}
    lines = [f"{field} = {orjson.dumps(value).decode()}" for field, value in fields.items()]
    return key, "\n".join(["[[keys]]", *lines, ""])


def _hash(key: str) -> str:
    # A key holds 256 random bits: nothing slower than SHA-256 is needed to keep it from being guessed.
    return hashlib.sha256(key.encode()).hexdigest()


def _entries(text: bytes) -> tuple[_Entry, ...]:
    try:
        entries = _File.model_validate(tomllib.loads(text.decode())).keys
    except ValidationError as error:
        raise ValueError("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    for what in ("name", "sha256"):
        if len({getattr(entry, what) for entry in entries}) < len(entries):
            raise ValueError(f"two keys have the same {what}")
    return entries
