"""Creates the authenticator that the settings choose, and refuses settings that are incomplete or unsafe."""

from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from gateway.http.callers import Anyone, Authenticator
from gateway.http.jwks import key_source
from gateway.http.keys import Keys
from gateway.http.tokens import Tokens
from gateway.settings import Settings

Setting = TypeVar("Setting")

_UNLESS = "or GATEWAY_INSECURE=true if something in front of the gateway sees to that"


def authenticator(settings: Settings) -> Authenticator:
    """Create the authenticator; ValueError, with a one-line message, for incomplete or unsafe settings."""
    check_exposure(settings)
    if settings.auth == "api-key":
        return Keys(_required("GATEWAY_API_KEYS", settings.api_keys))
    if settings.auth == "jwt":
        issuer = _required("GATEWAY_JWT_ISSUER", settings.jwt_issuer)
        audience = _required("GATEWAY_JWT_AUDIENCE", settings.jwt_audience)
        keys = key_source(_required("GATEWAY_JWT_JWKS", settings.jwt_jwks))
        return Tokens(keys, issuer, audience, settings.jwt_leeway_seconds)
    return Anyone()


def check_exposure(settings: Settings) -> None:
    """Raise ValueError for settings that let in unauthenticated callers, unless GATEWAY_INSECURE allows that."""
    if settings.insecure:
        return
    if settings.auth == "none" and not _is_loopback(settings.host):
        raise ValueError(
            f"GATEWAY_AUTH=none would answer whoever reaches {settings.host or 'this machine'}: set GATEWAY_AUTH to "
            f"api-key or jwt, {_UNLESS}"
        )
    if settings.auth == "none" and settings.profile == "production":
        raise ValueError(f"GATEWAY_PROFILE=production takes no GATEWAY_AUTH=none: set it to api-key or jwt, {_UNLESS}")
    if settings.auth == "jwt" and _is_plain_http(settings.jwt_jwks or ""):
        raise ValueError(f"GATEWAY_JWT_JWKS: keys that come by plain http can be exchanged: use https, {_UNLESS}")


def _required(name: str, setting: Setting | None) -> Setting:
    if not setting:
        raise ValueError(f"{name} is not set, and GATEWAY_AUTH needs it")
    return setting


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_plain_http(location: str) -> bool:
    parts = urlsplit(location)
    return parts.scheme == "http" and not _is_loopback(parts.hostname or "")
