"""Callers who sign in with API keys: the key file, and what each key permits."""

import hashlib
import os
import time
from pathlib import Path

import httpx
import pytest
import sign_in
from conftest import listening
from sign_in import FORBIDDEN, READ, REFUSED, WRITE, WRITTEN, ask, code

from gateway.app import create_app
from gateway.http.callers import Role
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.settings import Settings

keyed, keys = sign_in.keyed, sign_in.keys

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
        (
            "".join(f'[[keys]]\nname = "{name}"\nroles = ["read"]\nsha256 = "{"0" * 64}"\n' for name in "ab"),
            "same sha256",
        ),
    ],
)
def test_broken_key_file_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=why) as refused:
        create_app(Settings(auth="api-key", api_keys=file))
    assert "\n" not in str(refused.value)
    assert KEY not in str(refused.value)


def test_either_header_accepts_keys(keyed: str, keys: dict[str, str]) -> None:
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
    shown = any("lgk_wrong" in value for value in headers.values())
    challenge = 'Bearer realm="lineage-gateway"' + ', error="invalid_token"' * shown
    assert response.headers["www-authenticate"] == challenge


def test_hash_is_no_key(keyed: str, keys: dict[str, str]) -> None:
    assert code(ask(keyed, x_api_key=hashlib.sha256(keys["read"].encode()).hexdigest())) == REFUSED


def test_mutation_needs_write_role(keyed: str, keys: dict[str, str], service: LocalServer) -> None:
    assert code(ask(keyed, WRITE, x_api_key=keys["read"])) == FORBIDDEN
    assert not service.calls
    assert ask(keyed, WRITE, x_api_key=keys["write"]).json() == WRITTEN
    assert "errors" not in ask(keyed, READ, x_api_key=keys["write"]).json()


def test_get_accepts_a_key(keyed: str, keys: dict[str, str]) -> None:
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


def test_replaced_key_file_is_reloaded(server: LocalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (old, entry), (new, other) = new_key("old", [Role.READ]), new_key("new", [Role.READ])
    file = tmp_path / "keys.toml"
    file.write_text(entry)
    written = file.stat().st_mtime_ns
    with listening(Settings(local_url=server.url, cache_url="off", auth="api-key", api_keys=file)) as gateway:
        assert ask(gateway, x_api_key=old).status_code == 200
        file.write_text(f"{other} half a line")
        time.sleep(1.2)
        assert ask(gateway, x_api_key=old).status_code == 200
        time.sleep(1.2)
        assert ask(gateway, x_api_key=old).status_code == 200
        assert caplog.text.count("the previous content stays in effect") == 1
        copy = tmp_path / "copy.toml"
        copy.write_text(other)
        os.utime(copy, ns=(written, written))  # as a mounted secret may have the same time again
        copy.replace(file)
        assert answers_within(10, gateway, new, 200)
        assert code(ask(gateway, x_api_key=old)) == REFUSED
        file.unlink()
        time.sleep(1.2)
        assert ask(gateway, x_api_key=new).status_code == 200
        file.write_text("keys = []")
        assert answers_within(10, gateway, new, 401)
