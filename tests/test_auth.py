"""Who may ask what, over each transport, against a gateway on a socket."""

import asyncio
import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import orjson
import pytest
from conftest import listening, running
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from issuer import AUDIENCE, ISSUER, Issuer, issuing
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.app import create_app
from gateway.http.callers import Credentials, Role
from gateway.http.keys import new_key
from gateway.http.origins import allowed_origins
from gateway.local.server import LocalServer
from gateway.settings import Settings

READ = "{ artifacts { nodes { arn } } }"
WRITE = (
    'mutation { createContext(input: {name: "c", type: "T", source: {sourceUri: "s3://b/k"}}) { context { name } } }'
)
WRITTEN = {"data": {"createContext": {"context": {"name": "c"}}}}
SUBSCRIBE = 'subscription { lineage(start: ["arn:aws:sagemaker:us-east-1:123456789012:context/c"]) { visited } }'


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """A key for each role, and those two entries together."""
    made = {role.value: new_key(f"the-{role}", [role]) for role in (Role.READ, Role.WRITE)}
    return {role: key for role, (key, _) in made.items()} | {"file": "\n".join(entry for _, entry in made.values())}


@pytest.fixture(scope="module")
def keyed(server: LocalServer, keys: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway that takes API keys."""
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    file.write_text(keys["file"])
    with listening(
        Settings(local_url=server.url, cache_url="off", mutations=True, auth="api-key", api_keys=file)
    ) as url:
        yield url


def by_tokens(server: LocalServer, jwks: str, **more: Any) -> Settings:
    given: dict[str, Any] = {"auth": "jwt", "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks": jwks} | more
    return Settings(local_url=server.url, cache_url="off", mutations=True, **given)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as started:
        yield started


@pytest.fixture(scope="module")
def tokened(server: LocalServer, issuer: Issuer) -> Iterator[str]:
    """A gateway that takes tokens."""
    with listening(by_tokens(server, issuer.url)) as url:
        yield url


def ask(gateway: str, query: str = READ, accept: str = "application/json", **headers: str) -> httpx.Response:
    sent = {"accept": accept} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"http://{gateway}/graphql", json={"query": query}, headers=sent)


def bearing(gateway: str, token: str, query: str = READ) -> httpx.Response:
    return ask(gateway, query, authorization=f"Bearer {token}")


def code(response: httpx.Response) -> tuple[int, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


REFUSED = (401, "UNAUTHENTICATED")
FORBIDDEN = (403, "FORBIDDEN")


@asynccontextmanager
async def opened(gateway: str, payload: Any = None, **options: Any) -> Any:
    given: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"]} | options
    async with connect(f"ws://{gateway}/graphql", **given) as socket:
        message = {"type": "connection_init"} | ({} if payload is None else {"payload": payload})
        await socket.send(orjson.dumps(message).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        yield socket


async def said(socket: ClientConnection, query: str) -> Any:
    await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}).decode())
    message = orjson.loads(await socket.recv())
    if message["type"] == "next":
        assert orjson.loads(await socket.recv())["type"] == "complete"
        return message["payload"]
    return message["payload"][0]["extensions"]["code"]


# What is refused at start


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example.com", "", "127.0.0.1.example.com"])  # noqa: S104
def test_open_address_needs_sign_in(host: str) -> None:
    with pytest.raises(ValueError, match="GATEWAY_AUTH=none"):
        create_app(Settings(host=host))
    assert create_app(Settings(host=host, insecure=True))


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
def test_unfit_settings_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        create_app(Settings(**given))
    assert "\n" not in str(refused.value)


KEY = "lgk_not-a-hash-but-the-key-itself"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "keys: Field required"),
        ("keys = 5", "keys: Input should be a valid tuple"),
        ("[[keys]", "at line 1"),
        (f'[[keys]]\nname = "a"\nroles = ["read"]\nsha256 = "{KEY}"', "sha256"),
        (f'[[keys]]\nname = "a"\nroles = ["root"]\nsha256 = "{"0" * 64}"', "roles"),
        (f'[[keys]]\nname = "a"\nroles = []\nsha256 = "{"0" * 64}"', "roles"),
        (f'[[keys]]\nname = "a"\nroles = ["read"]\nsha256 = "{"0" * 64}"\nkey = "{KEY}"', "key: Extra"),
        (f'[[keys]]\nname = "a"\nroles = ["read"]\nsha256 = "{"0" * 64}"\n' * 2, "same name"),
    ],
)
def test_broken_key_file_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=why) as refused:
        create_app(Settings(auth="api-key", api_keys=file))
    assert "\n" not in str(refused.value)
    assert KEY not in str(refused.value)


# API keys


def test_keys_open_by_either_header(keyed: str, keys: dict[str, str]) -> None:
    for headers in ({"authorization": f"Bearer {keys['read']}"}, {"x_api_key": keys["read"]}):
        assert "errors" not in ask(keyed, **headers).json()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_api_key": "lgk_wrong"},
        {"x_api_key": "x" * 20_000},
        {"authorization": "Bearer"},
        {"authorization": "Bearer lgk_wrong"},
        {"authorization": "Basic dXNlcjpwYXNz"},
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "text/event-stream"])
def test_unknown_key_is_refused(keyed: str, headers: dict[str, str], accept: str) -> None:
    response = ask(keyed, accept=accept, **headers)
    assert code(response) == REFUSED
    assert response.headers["www-authenticate"] == "Bearer"


def test_hash_opens_nothing(keyed: str, keys: dict[str, str]) -> None:
    assert code(ask(keyed, x_api_key=hashlib.sha256(keys["read"].encode()).hexdigest())) == REFUSED


def test_mutation_needs_write_role(keyed: str, keys: dict[str, str], service: LocalServer) -> None:
    assert code(ask(keyed, WRITE, x_api_key=keys["read"])) == FORBIDDEN
    assert not service.calls
    assert ask(keyed, WRITE, x_api_key=keys["write"]).json() == WRITTEN
    assert "errors" not in ask(keyed, READ, x_api_key=keys["write"]).json()


def test_get_asks_with_key(keyed: str, keys: dict[str, str]) -> None:
    url, query = f"http://{keyed}/graphql", {"query": "{ __typename }"}
    assert code(httpx.get(url, params=query)) == REFUSED
    assert httpx.get(url, params=query, headers={"x-api-key": keys["read"]}).json() == {"data": {"__typename": "Query"}}


def test_page_and_health_need_no_key(keyed: str) -> None:
    assert httpx.get(f"http://{keyed}/healthz").status_code == 200
    assert httpx.get(f"http://{keyed}/graphql", headers={"accept": "text/html"}).status_code == 200


def answers_within(seconds: float, gateway: str, key: str, status: int) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ask(gateway, x_api_key=key).status_code == status:
            return True
        time.sleep(0.1)
    return False


def test_replaced_key_file_counts(server: LocalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (old, entry), (new, other) = new_key("old", [Role.READ]), new_key("new", [Role.READ])
    file = tmp_path / "keys.toml"
    file.write_text(entry)
    with listening(Settings(local_url=server.url, cache_url="off", auth="api-key", api_keys=file)) as gateway:
        assert ask(gateway, x_api_key=old).status_code == 200
        file.write_text(f"{other} half a line")
        time.sleep(1.2)
        assert ask(gateway, x_api_key=old).status_code == 200
        time.sleep(1.2)
        assert ask(gateway, x_api_key=old).status_code == 200
        assert caplog.text.count("what it said before holds") == 1
        file.write_text(other)
        assert answers_within(10, gateway, new, 200)
        assert code(ask(gateway, x_api_key=old)) == REFUSED
        file.unlink()
        time.sleep(1.2)
        assert ask(gateway, x_api_key=new).status_code == 200
        file.write_text("keys = []")
        assert answers_within(10, gateway, new, 401)


def test_credentials_do_not_show() -> None:
    shown = Credentials.read({"Authorization": "Bearer secret", "X-Api-Key": "secret"})
    assert shown == Credentials("secret", "secret")
    assert "secret" not in repr(shown)


# Tokens


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
        {"exp": timedelta(seconds=-10)},  # the clocks may be half a minute apart
        {"sub": None},
    ],
)
def test_valid_token_is_taken(tokened: str, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert "errors" not in bearing(tokened, issuer.token(**claims)).json()


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
def test_unfit_token_is_refused(tokened: str, issuer: Issuer, claims: dict[str, Any], why: str) -> None:
    response = bearing(tokened, issuer.token(**claims))
    assert code(response) == REFUSED
    assert why in response.json()["errors"][0]["message"]


def unsigned(issuer: Issuer) -> str:
    _, payload, _ = issuer.token().split(".")
    return f"{encoded({'alg': 'none', 'kid': 'rsa-1'})}.{payload}."


def symmetric(issuer: Issuer) -> str:
    """Signed by HS256 with the public key, as if that were a secret; no library makes one."""
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
    """Brings the key that it is signed with along."""
    key = rsa.generate_private_key(65537, 2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return jwt.encode(claims, key, "RS256", headers={"kid": "rsa-1", "jwk": jwk, "jku": "http://127.0.0.1:9/"})


@pytest.mark.parametrize("forge", [unsigned, symmetric, other_kid, changed, own_key])
def test_forged_token_is_refused(tokened: str, issuer: Issuer, forge: Any) -> None:
    assert code(bearing(tokened, forge(issuer), WRITE)) == REFUSED


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
    assert code(bearing(tokened, token)) == REFUSED


def test_scope_says_what_is_allowed(tokened: str, issuer: Issuer, service: LocalServer) -> None:  # noqa: ARG001
    assert code(bearing(tokened, issuer.token(scope=None))) == FORBIDDEN
    assert code(bearing(tokened, issuer.token(scope="read write"))) == FORBIDDEN
    assert code(bearing(tokened, issuer.token("lineage:read"), WRITE)) == FORBIDDEN
    assert bearing(tokened, issuer.token("lineage:write"), WRITE).json() == WRITTEN


@contextmanager
def fresh(server: LocalServer, **more: Any) -> Iterator[tuple[Issuer, str]]:
    with issuing() as issuer, listening(by_tokens(server, issuer.url, **more)) as gateway:
        yield issuer, gateway


def test_rotated_key_is_fetched(server: LocalServer) -> None:
    with fresh(server) as (issuer, gateway):
        assert bearing(gateway, issuer.token()).status_code == 200
        issuer.keys["rsa-2"] = rsa.generate_private_key(65537, 2048)
        assert bearing(gateway, issuer.token(kid="rsa-2")).status_code == 200
        assert issuer.asked == 2


def test_bogus_ids_ask_issuer_once(server: LocalServer) -> None:
    with fresh(server) as (issuer, gateway):
        assert bearing(gateway, issuer.token()).status_code == 200
        for number in range(50):
            forged = issuer.token(kid=f"bogus-{number}", key=issuer.keys["rsa-1"])
            assert code(bearing(gateway, forged)) == REFUSED
        assert bearing(gateway, issuer.token()).status_code == 200
        assert issuer.asked == 2


def test_issuer_away_keeps_its_keys(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    with fresh(server) as (issuer, gateway):
        assert bearing(gateway, issuer.token()).status_code == 200
        issuer.away = True
        assert code(bearing(gateway, issuer.token(kid="new", key=issuer.keys["rsa-1"]))) == REFUSED
        assert issuer.asked == 2
        assert bearing(gateway, issuer.token()).status_code == 200
    assert "those of before hold" in caplog.text


def test_issuer_never_there_is_unavailable(server: LocalServer) -> None:
    with fresh(server) as (issuer, gateway):
        issuer.away = True
        for _ in range(3):
            assert code(bearing(gateway, issuer.token())) == (503, "UPSTREAM_UNAVAILABLE")
        assert issuer.asked == 1


def test_returned_issuer_is_asked_again(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._PAUSE_SECONDS", 0.0)
    with fresh(server) as (issuer, gateway):
        issuer.away = True
        assert bearing(gateway, issuer.token()).status_code == 503
        issuer.away = False
        assert bearing(gateway, issuer.token()).status_code == 200


def test_withdrawn_key_is_forgotten(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.jwks._FRESH_SECONDS", 0.0)
    with fresh(server) as (issuer, gateway):
        token = issuer.token()
        assert bearing(gateway, token).status_code == 200
        del issuer.keys["rsa-1"]
        deadline = time.monotonic() + 10
        while bearing(gateway, token).status_code == 200:
            assert time.monotonic() < deadline
        assert code(bearing(gateway, token)) == REFUSED
        assert bearing(gateway, issuer.token(kid="ec-1")).status_code == 200


async def test_first_callers_share_a_fetch(server: LocalServer) -> None:
    with issuing() as issuer:
        async with running(by_tokens(server, issuer.url)) as client:
            headers = {"authorization": f"Bearer {issuer.token()}"}
            said = await asyncio.gather(
                *(client.post("/graphql", json={"query": "{ __typename }"}, headers=headers) for _ in range(20))
            )
        assert {response.status_code for response in said} == {200}
        assert issuer.asked == 1


def test_keys_come_from_a_file(server: LocalServer, tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    file.write_bytes(issuer.published())
    with listening(by_tokens(server, str(file))) as gateway:
        assert bearing(gateway, issuer.token()).status_code == 200
        token = issuer.token()
        issuer.keys["rsa-1"] = rsa.generate_private_key(65537, 2048)
        file.write_bytes(issuer.published())
        time.sleep(1.2)
        assert bearing(gateway, issuer.token()).status_code == 200
        assert code(bearing(gateway, token)) == REFUSED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": []}', '{"keys": [5, {"kty": "oct", "k": "c2VjcmV0"}]}'])
def test_unfit_key_set_is_refused(server: LocalServer, tmp_path: Path, text: str) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="GATEWAY_JWT_JWKS"):
        create_app(by_tokens(server, str(file)))


# WebSocket and events


@pytest.mark.parametrize(
    "name", ["Authorization", "authorization", "AUTHORIZATION", "x-api-key", "X-Api-Key", "apiKey"]
)
async def test_socket_opens_with_key(keyed: str, keys: dict[str, str], name: str) -> None:
    scheme = "Bearer " if name.lower() == "authorization" else ""
    async with opened(keyed, {name: f"{scheme}{keys['read']}"}) as socket:
        assert await said(socket, "{ __typename }") == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("payload", [None, {}, {"Authorization": "Bearer wrong"}, {"apiKey": 5}, {"apiKey": None}])
async def test_socket_without_key_is_closed(keyed: str, payload: Any) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        async with opened(keyed, payload):
            pass
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "Forbidden")  # type: ignore[union-attr]


async def test_socket_takes_token(tokened: str, issuer: Issuer) -> None:
    async with opened(tokened, {"Authorization": f"Bearer {issuer.token()}"}) as socket:
        assert await said(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
        assert await said(socket, WRITE) == "FORBIDDEN"
    async with opened(tokened, {"Authorization": f"Bearer {issuer.token(scope=None)}"}) as socket:
        assert await said(socket, SUBSCRIBE) == "FORBIDDEN"


async def test_signed_in_socket_may_write(keyed: str, keys: dict[str, str], service: LocalServer) -> None:  # noqa: ARG001
    async with opened(keyed, {"apiKey": keys["write"]}) as socket:
        assert await said(socket, WRITE) == WRITTEN


async def test_handshake_key_only_reads(keyed: str, keys: dict[str, str], calls: Any) -> None:
    async with opened(keyed, additional_headers={"X-Api-Key": keys["write"]}) as socket:
        assert await said(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
        assert await said(socket, WRITE) == "BAD_USER_INPUT"
    assert not calls


async def test_invented_key_writes_nothing(gateway: str, calls: Any) -> None:
    async with opened(gateway, {"apiKey": "whatever"}) as socket:
        assert await said(socket, WRITE) == "BAD_USER_INPUT"
    assert not calls


async def test_socket_outlives_no_token(server: LocalServer) -> None:
    with fresh(server, jwt_leeway_seconds=0) as (issuer, gateway):
        token = issuer.token(exp=timedelta(seconds=3))
        async with opened(gateway, {"Authorization": f"Bearer {token}"}) as socket:
            assert await said(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
            await asyncio.sleep(4)
            assert await said(socket, "{ __typename }") == "UNAUTHENTICATED"


async def test_unfit_message_closes_socket(gateway: str) -> None:
    unknown = f'{{"type": "{"x" * 200}"}}'  # a reason for closing is shorter
    for text in ("[]", "5", "[" * 100_000, '{"type": "subscribe", "id": [], "payload": {}}', unknown):
        async with opened(gateway) as socket:
            await socket.send(text)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1:1"])
async def test_foreign_page_opens_no_socket(gateway: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(gateway, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_known_pages_open_sockets(gateway: str, server: LocalServer) -> None:
    async with opened(gateway, origin=f"http://{gateway}") as socket:
        assert await said(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
    allowed = "https://portal.example.com"
    with listening(Settings(local_url=server.url, cache_url="off", cors_origins=(allowed,))) as other:
        async with opened(other, origin=allowed) as socket:
            assert await said(socket, "{ __typename }") == {"data": {"__typename": "Query"}}


def test_events_need_a_key(keyed: str, keys: dict[str, str]) -> None:
    assert code(ask(keyed, SUBSCRIBE, "text/event-stream")) == REFUSED
    response = ask(keyed, SUBSCRIBE, "text/event-stream", x_api_key=keys["read"])
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "event: next" in response.text


# Pages of other origins

PAGE = "https://portal.example.com"


def preflight(gateway: str, origin: str = PAGE, header: str = "content-type") -> httpx.Response:
    headers = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": header}
    return httpx.options(f"http://{gateway}/graphql", headers=headers)


def test_listed_origins_may_ask(server: LocalServer) -> None:
    settings = Settings(
        local_url=server.url, cache_url="off", cors_origins="https://other.example.com, https://Portal.example.com"
    )
    with listening(settings) as gateway:
        for header in ("content-type", "authorization", "x-api-key", "authorization,content-type"):
            assert preflight(gateway, header=header).headers["access-control-allow-origin"] == PAGE
        response = ask(gateway, origin=PAGE)
        assert response.headers["access-control-allow-origin"] == PAGE
        assert "access-control-allow-credentials" not in response.headers
        assert "origin" in response.headers["vary"].lower()
        for refused in (
            preflight(gateway, "https://evil.example.com"),
            ask(gateway, origin="https://evil.example.com"),
        ):
            assert "access-control-allow-origin" not in refused.headers


def test_no_origin_may_ask_by_default(gateway: str) -> None:
    for response in (preflight(gateway), ask(gateway, origin=PAGE)):
        assert not [name for name in response.headers if name.startswith("access-control-")]


def test_refusal_reaches_an_allowed_page(server: LocalServer, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text("keys = []")
    settings = Settings(local_url=server.url, cache_url="off", auth="api-key", api_keys=file, cors_origins=(PAGE,))
    with listening(settings) as gateway:
        assert preflight(gateway).status_code == 200
        response = ask(gateway, origin=PAGE)
        assert code(response) == REFUSED
        assert response.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    "written", ["https://a.example.com, https://b.example.com", '["https://a.example.com", "https://b.example.com"]']
)
def test_origins_are_read_either_way(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", written)
    assert allowed_origins(Settings()) == ("https://a.example.com", "https://b.example.com")


# Secrets


async def test_secrets_are_in_no_log(
    keyed: str, tokened: str, issuer: Issuer, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # as the log is configured: libraries write out headers and frames below
    caplog.set_level(logging.DEBUG, "gateway")
    token, expired = issuer.token(), issuer.token(exp=1)
    answers = [
        ask(keyed, x_api_key=keys["read"]).text,
        ask(keyed, WRITE, x_api_key=keys["read"]).text,
        ask(keyed, x_api_key="lgk_wrong-but-secret").text,
        bearing(tokened, token).text,
        bearing(tokened, expired).text,
    ]
    async with opened(keyed, {"apiKey": keys["read"]}) as socket:
        answers.append(str(await said(socket, WRITE)))
    async with opened(keyed, additional_headers={"X-Api-Key": keys["read"]}) as socket:
        answers.append(str(await said(socket, READ)))
    with pytest.raises(ConnectionClosed):
        async with opened(tokened, {"Authorization": f"Bearer {expired}"}):
            pass
    seen = caplog.text + "".join(answers)
    for secret in (keys["read"], "lgk_wrong-but-secret", token, expired):
        # A part of one would be too much.
        assert secret[:20] not in seen
        assert secret[-20:] not in seen
