"""Authentication by JSON Web Tokens: verifies a token and reads the caller's name and roles from its claims."""

from typing import Any

import jwt
from jwt.exceptions import ExpiredSignatureError, ImmatureSignatureError, PyJWTError

from gateway.errors import Unauthenticated, UnknownCredentials
from gateway.http.callers import Authenticator, Caller, Credentials, Role
from gateway.http.jwks import ALGORITHMS, KeySource

_SCOPES = {f"lineage:{role}": role for role in Role}


class Tokens(Authenticator):
    """Authenticates callers by the tokens of one issuer."""

    def __init__(self, keys: KeySource, issuer: str, audience: str, leeway_seconds: float) -> None:
        """Accept tokens that ``issuer`` issued for ``audience`` and signed with one of ``keys``."""
        self._keys = keys
        self._checks: dict[str, Any] = {"issuer": issuer, "audience": audience, "leeway": leeway_seconds}

    async def caller(self, credentials: Credentials) -> Caller:
        """Return the token's subject, with the roles that its scopes name (`lineage:read` and so on).

        Raises:
            Unauthenticated: there is no token.
            UnknownCredentials: the token is invalid here.
            UpstreamUnavailable: the issuer's keys cannot be loaded.
        """
        if not credentials.bearer:
            raise Unauthenticated("Send a token: `Authorization: Bearer <token>`.")
        try:
            claims = await self._claims(credentials.bearer)
        except ExpiredSignatureError:
            raise UnknownCredentials("The token has expired.") from None
        except ImmatureSignatureError:
            raise UnknownCredentials("The token is not valid yet.") from None
        except PyJWTError:
            # The response does not say which check failed, which would only help to forge tokens.
            raise UnknownCredentials("The token is not valid here.") from None
        return Caller(_name(claims), frozenset(_SCOPES[scope] for scope in _scopes(claims) if scope in _SCOPES))

    async def aclose(self) -> None:
        """Release the keys."""
        await self._keys.aclose()

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        key = await self._keys.find(header.get("kid"), algorithm) if algorithm in ALGORITHMS else None
        if key is None:
            raise UnknownCredentials("The token is not valid here.")
        options: Any = {"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True}
        return jwt.decode(token, key, algorithms=ALGORITHMS, options=options, **self._checks)


def _name(claims: dict[str, Any]) -> str:
    """Return the subject or, if the token has none, the client's id."""
    names = [claims.get(claim) for claim in ("sub", "client_id", "azp")]
    return next((name for name in names if isinstance(name, str) and name), "unnamed")


def _scopes(claims: dict[str, Any]) -> set[str]:
    """Collect the scopes, which issuers write as one string or as a list, in `scope` or `scp`."""
    found: set[str] = set()
    for given in (claims.get("scope"), claims.get("scp")):
        words = given.split() if isinstance(given, str) else given
        found |= {word for word in words if isinstance(word, str)} if isinstance(words, list) else set()
    return found
