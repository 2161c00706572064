"""Pages of other origins: which may send requests and open WebSockets."""

from pathlib import Path

import httpx
import pytest
from conftest import listening
from sign_in import REFUSED, ask, code, execute, open_socket
from websockets.exceptions import InvalidStatus

from gateway.http.origins import allowed_origins
from gateway.local.server import LocalServer
from gateway.settings import Settings

PAGE = "https://portal.example.com"


def preflight(gateway: str, origin: str = PAGE, header: str = "content-type") -> httpx.Response:
    headers = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": header}
    return httpx.options(f"http://{gateway}/graphql", headers=headers)


def test_listed_origins_are_allowed(server: LocalServer) -> None:
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


def test_preflight_allows_the_used_headers(server: LocalServer) -> None:
    read = "authorization,content-type,cache-control,x-api-key,x-gateway-extensions,x-request-id"
    traces = "baggage,traceparent,tracestate"
    named = "apollographql-client-name,apollographql-client-version,apollo-require-preflight"
    others = "graphql-client-name,graphql-client-version"
    with listening(Settings(local_url=server.url, cache_url="off", cors_origins=(PAGE,))) as gateway:
        for header in (read, traces, named, others):
            assert preflight(gateway, header=header).status_code == 200
        assert preflight(gateway, header="x-else").status_code == 400


def test_no_origin_is_allowed_by_default(gateway: str) -> None:
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
        shown = set(response.headers["access-control-expose-headers"].split(", "))
        assert shown == {"retry-after", "www-authenticate", "x-request-id"}


@pytest.mark.parametrize(
    "written", ["https://a.example.com, https://b.example.com,", '\n["https://a.example.com", "https://b.example.com"]']
)
def test_origins_are_read_either_way(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", written)
    assert allowed_origins(Settings()) == ("https://a.example.com", "https://b.example.com")


def test_insecure_gateway_allows_any_origin() -> None:
    assert allowed_origins(Settings(cors_origins="*", insecure=True)) == ("*",)


def test_origin_may_be_an_address() -> None:
    assert allowed_origins(Settings(cors_origins="http://[::1]:5173")) == ("http://[::1]:5173",)


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1:1"])
async def test_foreign_page_opens_no_socket(gateway: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(gateway, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_known_pages_open_sockets(gateway: str, server: LocalServer) -> None:
    async with open_socket(gateway, origin=f"http://{gateway}") as socket:
        assert await execute(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
    allowed = "https://portal.example.com"
    with listening(Settings(local_url=server.url, cache_url="off", cors_origins=(allowed,))) as other:
        async with open_socket(other, origin=allowed) as socket:
            assert await execute(socket, "{ __typename }") == {"data": {"__typename": "Query"}}
