"""What callers may do over each transport, tested against a gateway on a socket."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
import sign_in
from issuer import Issuer
from sign_in import (
    READ,
    REFUSED,
    SUBSCRIBE,
    WRITE,
    WRITTEN,
    ask,
    ask_with_token,
    code,
    execute,
    new_token_gateway,
    open_socket,
)
from websockets.exceptions import ConnectionClosed

from gateway.app import create_app
from gateway.http.callers import Credentials
from gateway.local.server import LocalServer
from gateway.settings import Settings

keyed, keys = sign_in.keyed, sign_in.keys
issuer, tokened = sign_in.issuer, sign_in.tokened


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example.com", "", "127.0.0.1.example.com"])  # noqa: S104
def test_open_address_needs_sign_in(host: str) -> None:
    with pytest.raises(ValueError, match="GATEWAY_AUTH=none"):
        create_app(Settings(host=host))
    assert create_app(Settings(host=host, insecure=True))
    tokens = {"jwt_issuer": "i", "jwt_audience": "a", "jwt_jwks": "https://issuer.example.com/"}
    assert create_app(Settings(host=host, auth="jwt", **tokens))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_needs_no_sign_in(host: str) -> None:
    assert create_app(Settings(host=host))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"auth": "api-key"}, "GATEWAY_API_KEYS is not set"),
        ({"auth": "api-key", "api_keys": "missing.toml"}, "missing.toml: No such file"),
        ({"auth": "jwt"}, "GATEWAY_JWT_ISSUER is not set"),
        ({"auth": "jwt", "jwt_issuer": "i"}, "GATEWAY_JWT_AUDIENCE is not set"),
        ({"auth": "jwt", "jwt_issuer": "i", "jwt_audience": "a"}, "GATEWAY_JWT_JWKS is not set"),
        ({"auth": "jwt", "jwt_issuer": "i", "jwt_audience": "a", "jwt_jwks": "no.json"}, "no.json: No such file"),
        ({"auth": "jwt", "jwt_jwks": "http://issuer.example.com/"}, "plain http"),
        (
            {"auth": "jwt", "jwt_issuer": "i", "jwt_audience": "a", "jwt_jwks": "htps://issuer.example.com/"},
            "neither an https URL nor a file",
        ),
        ({"cors_origins": "*"}, "lets every page ask"),
        ({"cors_origins": "portal.example.com"}, "is no origin"),
        ({"cors_origins": "https://portal.example.com/"}, "is no origin"),
        ({"cors_origins": "null"}, "is no origin"),
    ],
)
def test_invalid_settings_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        create_app(Settings(**given))
    assert "\n" not in str(refused.value)


def test_refused_url_shows_no_password() -> None:
    with pytest.raises(ValueError, match="percent-encoded") as refused:
        Settings(cache_url="redis://:s3cr3t/x@cache.example.com:6379")
    assert "s3cr3t" not in str(refused.value)


def test_credentials_hide_their_secrets() -> None:
    shown = Credentials.read({"Authorization": "Bearer secret", "X-Api-Key": "secret"})
    assert shown == Credentials("secret", "secret")
    assert "secret" not in repr(shown)


@pytest.mark.parametrize(
    "name", ["Authorization", "authorization", "AUTHORIZATION", "x-api-key", "X-Api-Key", "apiKey"]
)
async def test_socket_opens_with_key(keyed: str, keys: dict[str, str], name: str) -> None:
    scheme = "Bearer " if name.lower() == "authorization" else ""
    async with open_socket(keyed, {name: f"{scheme}{keys['read']}"}) as socket:
        assert await execute(socket, "{ __typename }") == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("payload", [None, {}, {"Authorization": "Bearer wrong"}, {"apiKey": 5}, {"apiKey": None}])
async def test_socket_without_key_is_closed(keyed: str, payload: Any) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        async with open_socket(keyed, payload):
            pass
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "Forbidden")  # type: ignore[union-attr]


async def test_socket_takes_token(tokened: str, issuer: Issuer) -> None:
    async with open_socket(tokened, {"Authorization": f"Bearer {issuer.token()}"}) as socket:
        assert await execute(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
        assert await execute(socket, WRITE) == "FORBIDDEN"
    async with open_socket(tokened, {"Authorization": f"Bearer {issuer.token(scope=None)}"}) as socket:
        assert await execute(socket, SUBSCRIBE) == "FORBIDDEN"


async def test_signed_in_socket_may_write(keyed: str, keys: dict[str, str], service: LocalServer) -> None:  # noqa: ARG001
    async with open_socket(keyed, {"apiKey": keys["write"]}, additional_headers={"X-Api-Key": keys["read"]}) as socket:
        assert await execute(socket, WRITE) == WRITTEN


async def test_handshake_key_only_reads(keyed: str, keys: dict[str, str], calls: Any) -> None:
    async with open_socket(keyed, additional_headers={"X-Api-Key": keys["write"]}) as socket:
        assert await execute(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
        assert await execute(socket, WRITE) == "BAD_USER_INPUT"
    assert not calls


async def test_unchecked_key_cannot_write(gateway: str, calls: Any) -> None:
    async with open_socket(gateway, {"apiKey": "whatever"}) as socket:
        assert await execute(socket, WRITE) == "BAD_USER_INPUT"
    assert not calls


async def test_expired_token_ends_socket_access(server: LocalServer) -> None:
    with new_token_gateway(server, jwt_leeway_seconds=0) as (issuer, gateway):
        token = issuer.token(exp=timedelta(seconds=3))
        async with open_socket(gateway, {"Authorization": f"Bearer {token}"}) as socket:
            assert await execute(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
            await asyncio.sleep(4)
            assert await execute(socket, "{ __typename }") == "UNAUTHENTICATED"


async def test_invalid_message_closes_socket(gateway: str) -> None:
    unknown = f'{{"type": "{"x" * 200}"}}'  # longer than the reason of a close frame may be
    for text in ("[]", "5", "[" * 100_000, '{"type": "subscribe", "id": [], "payload": {}}', unknown):
        async with open_socket(gateway) as socket:
            await socket.send(text)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


def test_events_need_a_key(keyed: str, keys: dict[str, str]) -> None:
    assert code(ask(keyed, SUBSCRIBE, "text/event-stream")) == REFUSED
    response = ask(keyed, SUBSCRIBE, "text/event-stream", x_api_key=keys["read"])
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "event: next" in response.text


async def test_secrets_are_in_no_log(
    keyed: str, tokened: str, issuer: Issuer, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # as configured: libraries log headers and frames at lower levels
    caplog.set_level(logging.DEBUG, "gateway")
    token, expired = issuer.token(), issuer.token(exp=1)
    answers = [
        ask(keyed, x_api_key=keys["read"]).text,
        ask(keyed, WRITE, x_api_key=keys["read"]).text,
        ask(keyed, x_api_key="lgk_wrong-but-secret").text,
        ask_with_token(tokened, token).text,
        ask_with_token(tokened, expired).text,
    ]
    async with open_socket(keyed, {"apiKey": keys["read"]}) as socket:
        answers.append(str(await execute(socket, WRITE)))
    async with open_socket(keyed, additional_headers={"X-Api-Key": keys["read"]}) as socket:
        answers.append(str(await execute(socket, READ)))
    with pytest.raises(ConnectionClosed):
        async with open_socket(tokened, {"Authorization": f"Bearer {expired}"}):
            pass
    seen = caplog.text + "".join(answers)
    for secret in (keys["read"], "lgk_wrong-but-secret", token, expired):
        # Not even a part of a secret may appear.
        assert secret[:20] not in seen
        assert secret[-20:] not in seen
