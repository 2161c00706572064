"""Callers: who they are, what they may do, and the credentials that they show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

_LONGEST = 16_384
"""Characters of a key or a token at most: more than any issuer's, and little work to refuse."""


class Role(StrEnum):
    """What a caller may do."""

    READ = "read"
    WRITE = "write"
    """Ask mutations, and whatever READ may."""
    SCHEMA = "schema"
    """Ask for the schema under the production profile, as a federation router's build does."""


class Caller(NamedTuple):
    """Somebody whom the gateway knows."""

    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether the caller has a role, or one that includes it."""
        return role in self.roles or (role is Role.READ and Role.WRITE in self.roles)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows, never to be seen in a log."""

    bearer: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Credentials":
        """Read a request's headers, or the payload of a WebSocket's connection_init, by names in any case."""
        by_name = {name.lower().replace("-", ""): value for name, value in said.items() if _is_credible(value)}
        scheme, _, token = by_name.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else None
        return cls(bearer or None, by_name.get("xapikey") or by_name.get("apikey"))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.bearer or self.api_key)


def _is_credible(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isascii()


class Authenticator:
    """Knows callers by their credentials."""

    signs_in: ClassVar[bool] = True
    """Whether it asks for credentials at all."""

    async def caller(self, credentials: Credentials) -> Caller:
        """Return the caller with these credentials; Unauthenticated when they are nobody's."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Release what it holds."""


class Anyone(Authenticator):
    """Accepts anyone, for everything except what the production profile hides."""

    signs_in = False

    async def caller(self, credentials: Credentials) -> Caller:  # noqa: ARG002
        """Return the one caller that there is."""
        return Caller("anonymous", frozenset({Role.WRITE}))
