"""Callers, their roles, their credentials, and the interface of authenticators."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

_MAX_LENGTH = 16_384
"""Maximum length of a key or a token in characters: longer than any issuer's, and cheap to check."""


class Role(StrEnum):
    """What a caller may do."""

    READ = "read"
    WRITE = "write"
    """May send mutations, and everything that READ may."""
    SCHEMA = "schema"
    """May read the schema under the production profile, as the build of a federation router does."""


class Caller(NamedTuple):
    """An authenticated caller, or the anonymous one."""

    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether the caller has a role, or one that includes it."""
        return role in self.roles or (role is Role.READ and Role.WRITE in self.roles)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials that a client sends; never logged."""

    bearer: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Credentials":
        """Read a request's headers, or the payload of a WebSocket's connection_init; names are case-insensitive."""
        by_name = {name.lower().replace("-", ""): value for name, value in given.items() if _is_valid(value)}
        scheme, _, token = by_name.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else None
        return cls(bearer or None, by_name.get("xapikey") or by_name.get("apikey"))

    def __bool__(self) -> bool:
        """Whether there are any credentials."""
        return bool(self.bearer or self.api_key)


def _is_valid(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_LENGTH and value.isascii()


class Authenticator:
    """Finds callers by their credentials."""

    signs_in: ClassVar[bool] = True
    """Whether callers need credentials at all."""

    async def caller(self, credentials: Credentials) -> Caller:
        """Return the caller with these credentials; Unauthenticated if they are missing or invalid."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Release its resources."""


class Anyone(Authenticator):
    """Accepts everyone, with READ and WRITE but not SCHEMA."""

    signs_in = False

    async def caller(self, credentials: Credentials) -> Caller:  # noqa: ARG002
        """Return the anonymous caller."""
        return Caller("anonymous", frozenset({Role.WRITE}))
