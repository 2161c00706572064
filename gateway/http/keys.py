"""API keys: long random strings. A file holds their hashes, with the callers' names and roles."""

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
"""Prefix of every key, so that secret scanners recognize leaked keys."""


class _Strict(BaseModel):
    # An operator may have put a key in place of its hash, so error messages must not repeat the input.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Entry(_Strict):
    name: str = Field(min_length=1)
    roles: frozenset[Role] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class _File(_Strict):
    keys: tuple[_Entry, ...]


class Keys(Authenticator):
    """Authenticates callers by the keys in a file."""

    def __init__(self, path: Path) -> None:
        """Read the file; ValueError if it is unreadable or invalid."""
        self._file = Watched("GATEWAY_API_KEYS", path, _entries)

    async def caller(self, credentials: Credentials) -> Caller:
        """Return the caller with this key; Unauthenticated if there is none, UnknownCredentials if it is not known."""
        key = credentials.api_key or credentials.bearer
        if not key:
            raise Unauthenticated("Send a key: `Authorization: Bearer <key>` or `X-Api-Key: <key>`.")
        hashed = _hash(key)
        # All entries are compared, so that the time this takes reveals nothing about them.
        found = [entry for entry in self._file.value if hmac.compare_digest(entry.sha256, hashed)]
        if not found:
            raise UnknownCredentials("The key is not known.")
        return Caller(found[0].name, found[0].roles)


def new_key(name: str, roles: Collection[Role]) -> tuple[str, str]:
    """Create a key; return it, and its entry for the key file, which does not reveal it."""
    if not name or not name.isprintable():
        raise ValueError("a key's name is one or more printable characters")
    key = _PREFIX + secrets.token_urlsafe(32)
    fields = {"name": name, "roles": sorted(set(roles)), "sha256": _hash(key)}
    lines = [f"{field} = {orjson.dumps(value).decode()}" for field, value in fields.items()]
    return key, "\n".join(["[[keys]]", *lines, ""])


def _hash(key: str) -> str:
    # A key holds 256 random bits, so no slower hash than SHA-256 is needed against guessing.
    return hashlib.sha256(key.encode()).hexdigest()


def _entries(text: bytes) -> tuple[_Entry, ...]:
    try:
        entries = _File.model_validate(tomllib.loads(text.decode())).keys
    except ValidationError as error:
        raise ValueError("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    for field in ("name", "sha256"):
        if len({getattr(entry, field) for entry in entries}) < len(entries):
            raise ValueError(f"two keys have the same {field}")
    return entries
