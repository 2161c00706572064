"""Callers who sign in with an issuer's tokens: which are accepted, and where the issuer's keys come from."""

import asyncio
import base64
import hmac
import socket
import ssl
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
import sign_in
from conftest import listening, running
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from endpoint import Last, answer, endpoint, make_certificate
from issuer import AUDIENCE, ISSUER, Issuer, issuing
from sign_in import FORBIDDEN, REFUSED, WRITE, WRITTEN, ask_with_token, code, new_token_gateway, token_settings

from gateway.app import create_app
from gateway.errors import UpstreamUnavailable
from gateway.http.callers import Credentials
from gateway.http.jwks import UrlKeys
from gateway.http.tokens import Tokens
from gateway.local.server import LocalServer

issuer, tokened = sign_in.issuer, sign_in.tokened


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"kid": "ec-1"},
        {"scope": "openid lineage:read"},
        {"scope": None, "scp": ["lineage:read"]},
        {"scope": None, "scp": "lineage:read other"},
        {"scope": "lineage:write"},
        {"aud": ["other", AUDIENCE]},
        {"exp": timedelta(seconds=-10)},  # clock skew of up to half a minute is allowed
        {"sub": None},
    ],
)
def test_valid_token_is_accepted(tokened: str, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert "errors" not in ask_with_token(tokened, issuer.token(**claims)).json()


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": timedelta(seconds=-60)}, "expired"),
        ({"exp": None}, "not valid here"),
        ({"exp": "soon"}, "not valid here"),
        ({"nbf": timedelta(seconds=600)}, "not valid yet"),
        ({"iat": timedelta(seconds=600)}, "not valid yet"),
        ({"aud": "other"}, "not valid here"),
        ({"aud": None}, "not valid here"),
        ({"iss": "https://other.example.com/"}, "not valid here"),
        ({"iss": None}, "not valid here"),
        ({"sub": 5}, "not valid here"),
        ({"key": rsa.generate_private_key(65537, 2048)}, "not valid here"),
    ],
)
def test_invalid_token_is_refused(tokened: str, issuer: Issuer, claims: dict[str, Any], why: str) -> None:
    response = ask_with_token(tokened, issuer.token(**claims))
    assert code(response) == REFUSED
    assert response.headers["www-authenticate"].endswith(', error="invalid_token"')
    assert why in response.json()["errors"][0]["message"]


def unsigned(issuer: Issuer) -> str:
    _, payload, _ = issuer.token().split(".")
    return f"{encoded({'alg': 'none', 'kid': 'rsa-1'})}.{payload}."


def symmetric(issuer: Issuer) -> str:
    """Return a token signed by HS256 with the public key as the secret; libraries refuse to make one."""
    public = issuer.keys["rsa-1"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _, payload, _ = issuer.token().split(".")
    signed = f"{encoded({'alg': 'HS256', 'kid': 'rsa-1'})}.{payload}"
    return f"{signed}.{base64url(hmac.digest(pem, signed.encode(), 'sha256'))}"


def encoded(header: Any) -> str:
    return base64url(orjson.dumps(header))


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def other_kid(issuer: Issuer) -> str:
    return issuer.token(kid="ec-1", key=issuer.keys["rsa-1"])


def changed(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{issuer.token('lineage:write').split('.')[1]}.{signature}"


def own_key(issuer: Issuer) -> str:
    """Return a token whose header contains the key that it is signed with."""
    key = rsa.generate_private_key(65537, 2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return jwt.encode(claims, key, "RS256", headers={"kid": "rsa-1", "jwk": jwk, "jku": "http://127.0.0.1:9/"})


@pytest.mark.parametrize("forge", [unsigned, symmetric, other_kid, changed, own_key])
def test_forged_token_is_refused(tokened: str, issuer: Issuer, forge: Any) -> None:
    assert code(ask_with_token(tokened, forge(issuer), WRITE)) == REFUSED


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "..",
        f"{encoded({'alg': ['RS256']})}.e30.",
        f"{encoded({'alg': 'RS256', 'kid': 5})}.e30.",
        "[" * 900,
    ],
)
def test_no_token_is_refused(tokened: str, token: str) -> None:
    assert code(ask_with_token(tokened, token)) == REFUSED


def test_scope_says_what_is_allowed(tokened: str, issuer: Issuer, service: LocalServer) -> None:  # noqa: ARG001
    assert code(ask_with_token(tokened, issuer.token(scope=None))) == FORBIDDEN
    assert code(ask_with_token(tokened, issuer.token(scope="read write"))) == FORBIDDEN
    assert code(ask_with_token(tokened, issuer.token("lineage:read"), WRITE)) == FORBIDDEN
    assert ask_with_token(tokened, issuer.token("lineage:write"), WRITE).json() == WRITTEN


def test_rotated_key_is_fetched(server: LocalServer) -> None:
    with new_token_gateway(server) as (issuer, gateway):
        assert ask_with_token(gateway, issuer.token()).status_code == 200
        issuer.keys["rsa-2"] = rsa.generate_private_key(65537, 2048)
        assert ask_with_token(gateway, issuer.token(kid="rsa-2")).status_code == 200
        assert issuer.fetches == 2


def test_unknown_ids_fetch_keys_once(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._PAUSE_SECONDS", 3600.0)  # long enough for the slowest machine
    with new_token_gateway(server) as (issuer, gateway):
        assert ask_with_token(gateway, issuer.token()).status_code == 200
        for number in range(50):
            forged = issuer.token(kid=f"bogus-{number}", key=issuer.keys["rsa-1"])
            assert code(ask_with_token(gateway, forged)) == REFUSED
        assert ask_with_token(gateway, issuer.token()).status_code == 200
        assert issuer.fetches == 2


def test_unavailable_issuer_keeps_its_keys(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    with new_token_gateway(server) as (issuer, gateway):
        assert ask_with_token(gateway, issuer.token()).status_code == 200
        issuer.away = True
        assert code(ask_with_token(gateway, issuer.token(kid="new", key=issuer.keys["rsa-1"]))) == REFUSED
        assert issuer.fetches == 2
        assert ask_with_token(gateway, issuer.token()).status_code == 200
    assert "the previous keys stay in use" in caplog.text


def test_issuers_password_is_not_logged(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    with new_token_gateway(server) as (issuer, _):
        issuer.away = True
        secret = issuer.url.replace("//", "//gateway:s3cr3t@") + "?code=s3cr3t"
        with listening(token_settings(server, secret)) as gateway:
            assert code(ask_with_token(gateway, issuer.token())) == (503, "UPSTREAM_UNAVAILABLE")
    assert "GATEWAY_JWT_JWKS" in caplog.text
    assert "s3cr3t" not in caplog.text


async def test_malformed_response_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with endpoint() as issuer:
        issuer.respond_with(Last(b"-ERR no HTTP\r\n"))
        with pytest.raises(UpstreamUnavailable):
            await UrlKeys(issuer.url).find("rsa-1", "RS256")
    assert "-ERR no HTTP" in caplog.text


def test_silent_issuer_is_logged_as_timeout(
    server: LocalServer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.http.jwks._FETCH_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connects callers, but never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/jwks.json"
        with listening(token_settings(server, url)) as gateway:
            assert code(ask_with_token(gateway, issuer.token())) == (503, "UPSTREAM_UNAVAILABLE")
    assert "no keys from 127.0.0.1: TimeoutError" in caplog.text
    assert "previous keys" not in caplog.text


def test_unreachable_issuer_is_unavailable(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._PAUSE_SECONDS", 3600.0)
    with new_token_gateway(server) as (issuer, gateway):
        issuer.away = True
        for _ in range(3):
            refused = ask_with_token(gateway, issuer.token())
            assert code(refused) == (503, "UPSTREAM_UNAVAILABLE")
            assert refused.headers["retry-after"] == "10"
        assert issuer.fetches == 1


def test_recovered_issuer_is_fetched_again(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._PAUSE_SECONDS", 0.0)
    with new_token_gateway(server) as (issuer, gateway):
        issuer.away = True
        assert ask_with_token(gateway, issuer.token()).status_code == 503
        issuer.away = False
        assert ask_with_token(gateway, issuer.token()).status_code == 200


def test_withdrawn_key_is_forgotten(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._FRESH_SECONDS", 0.0)
    with new_token_gateway(server) as (issuer, gateway):
        token = issuer.token()
        assert ask_with_token(gateway, token).status_code == 200
        del issuer.keys["rsa-1"]
        deadline = time.monotonic() + 60
        while ask_with_token(gateway, token).status_code == 200:
            assert time.monotonic() < deadline
        assert code(ask_with_token(gateway, token)) == REFUSED
        assert ask_with_token(gateway, issuer.token(kid="ec-1")).status_code == 200


def test_issuer_may_not_redirect_insecurely(
    server: LocalServer,
    issuer: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=certificate))
    with issuing(certificate) as last, issuing() as detour:
        last.keys, detour.redirect = issuer.keys, last.url
        for elsewhere, status in (("", 200), (last.url, 200), (issuer.url, 503), (detour.url, 503)):
            with (
                issuing(certificate) as secure,
                listening(token_settings(server, secure.url.replace("https", "HTTPS"))) as gateway,
            ):
                secure.redirect, secure.keys = elsewhere, issuer.keys
                assert ask_with_token(gateway, issuer.token()).status_code == status
                assert secure.fetches == 1
    assert "redirects to plain http" in caplog.text


async def test_keys_are_fetched_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with endpoint() as proxy:
        proxy.respond_with(answer(Issuer().published()))
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert await UrlKeys("http://issuer.invalid/jwks.json").find("rsa-1", "RS256")
        assert [request.line for request in proxy.requests] == ["GET http://issuer.invalid/jwks.json HTTP/1.1"]


async def test_cancelled_caller_leaves_shared_fetch() -> None:
    with issuing() as issuer:
        keys = UrlKeys(issuer.url)
        leaving, staying = (asyncio.create_task(keys.find("rsa-1", "RS256")) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying
        assert issuer.fetches == 1


async def test_old_keys_are_used_during_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._FRESH_SECONDS", 0.0)
    with issuing() as issuer:
        keys = UrlKeys(issuer.url)
        assert await keys.find("rsa-1", "RS256")
        async with asyncio.timeout(0):
            assert await keys.find("rsa-1", "RS256")
        await keys.aclose()


async def test_closing_ends_a_fetch(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keys = UrlKeys(f"http://127.0.0.1:{silent.getsockname()[1]}/jwks.json")
        finding = asyncio.create_task(keys.find("rsa-1", "RS256"))
        await asyncio.sleep(0)
        await keys.aclose()
        with pytest.raises(asyncio.CancelledError):
            await finding
    assert not caplog.text


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({}, "alice"),
        ({"sub": None, "client_id": "job"}, "job"),
        ({"sub": "", "client_id": None, "azp": "page"}, "page"),
        ({"sub": None, "client_id": ["job"]}, "unnamed"),
    ],
)
async def test_name_comes_from_several_claims(issuer: Issuer, claims: dict[str, Any], name: str) -> None:
    tokens = Tokens(UrlKeys(issuer.url), ISSUER, AUDIENCE, 0)
    assert (await tokens.caller(Credentials(issuer.token(**claims)))).name == name


async def test_concurrent_callers_share_a_fetch(server: LocalServer) -> None:
    with issuing() as issuer:
        async with running(token_settings(server, issuer.url)) as client:
            for fetches, kid in enumerate(("rsa-1", "rsa-2"), 1):
                issuer.keys.setdefault(kid, rsa.generate_private_key(65537, 2048))
                headers = {"authorization": f"Bearer {issuer.token(kid=kid)}"}
                said = await asyncio.gather(
                    *(client.post("/graphql", json={"query": "{ __typename }"}, headers=headers) for _ in range(20))
                )
                assert {response.status_code for response in said} == {200}
                assert issuer.fetches == fetches


@pytest.mark.parametrize(
    ("purpose", "status"),
    [({"alg": "RS256"}, 200), ({"alg": "PS256"}, 401), ({"use": "sig"}, 200), ({"use": "enc"}, 401)],
)
def test_key_is_for_its_purpose(server: LocalServer, tmp_path: Path, purpose: dict[str, str], status: int) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    keys = orjson.loads(issuer.published())["keys"]
    file.write_bytes(orjson.dumps({"keys": [key | purpose if key["kty"] == "RSA" else key for key in keys]}))
    with listening(token_settings(server, str(file))) as gateway:
        assert ask_with_token(gateway, issuer.token()).status_code == status


def test_unusable_keys_are_skipped(server: LocalServer, tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    keys = orjson.loads(issuer.published())["keys"]
    file.write_bytes(orjson.dumps({"keys": [5, {}, {"kty": "RSA", "kid": "rsa-2", "n": "x"}, *keys]}))
    with listening(token_settings(server, str(file))) as gateway:
        assert ask_with_token(gateway, issuer.token()).status_code == 200


@pytest.mark.parametrize(("further", "status"), [({}, 200), ({"kid": "rsa-2"}, 401)], ids=["one", "two"])
def test_token_without_id_needs_a_single_key(
    server: LocalServer, tmp_path: Path, further: dict[str, str], status: int
) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    keys = orjson.loads(issuer.published())["keys"]
    file.write_bytes(orjson.dumps({"keys": keys + ([keys[0] | further] if further else [])}))
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    with listening(token_settings(server, str(file))) as gateway:
        assert ask_with_token(gateway, jwt.encode(claims, issuer.keys["rsa-1"], "RS256")).status_code == status


def test_too_long_a_key_set_is_refused(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._MAX_BYTES", 100)
    with new_token_gateway(server) as (issuer, gateway):
        assert code(ask_with_token(gateway, issuer.token())) == (503, "UPSTREAM_UNAVAILABLE")


def test_keys_come_from_a_file(server: LocalServer, tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    file.write_bytes(issuer.published())
    with listening(token_settings(server, str(file))) as gateway:
        assert ask_with_token(gateway, issuer.token()).status_code == 200
        token = issuer.token()
        issuer.keys["rsa-1"] = rsa.generate_private_key(65537, 2048)
        file.write_bytes(issuer.published())
        time.sleep(1.2)
        assert ask_with_token(gateway, issuer.token()).status_code == 200
        assert code(ask_with_token(gateway, token)) == REFUSED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": []}', '{"keys": [5, {"kty": "oct", "k": "c2VjcmV0"}]}'])
def test_invalid_key_set_is_refused(server: LocalServer, tmp_path: Path, text: str) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="GATEWAY_JWT_JWKS"):
        create_app(token_settings(server, str(file)))
