"""Headers that every response has, whatever its route and status."""

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.http.headers import SECURE

QUERY = {"query": "{ __typename }"}


@pytest.mark.parametrize("path", ["/graphql", "/healthz", "/readyz", "/metrics", "/nothing", "/assets/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_every_response_has_security_headers(http: httpx.AsyncClient, method: str, path: str) -> None:
    response = await http.request(method, path, json=QUERY)
    assert {name: response.headers.get_list(name) for name in SECURE} == {name: [SECURE[name]] for name in SECURE}


async def test_event_stream_has_security_headers(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", json=QUERY, headers={"accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert SECURE.items() <= {name: response.headers[name] for name in SECURE}.items()


@pytest.mark.parametrize(("path", "origin"), [("/nothing", None), ("/graphql", "https://elsewhere.example")])
async def test_refused_websocket_has_security_headers(
    gateway: str, caplog: pytest.LogCaptureFixture, path: str, origin: str | None
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{gateway}{path}", origin=origin):  # type: ignore[arg-type]
            pass
    response = refused.value.response
    assert (response.status_code, response.headers.get_all("x-request-id") != []) == (403, True)
    assert {name: response.headers.get_all(name) for name in SECURE} == {name: [SECURE[name]] for name in SECURE}
    assert orjson.loads(response.body)["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_server_is_not_named(gateway: str) -> None:
    async with httpx.AsyncClient() as client:
        assert "server" not in (await client.get(f"http://{gateway}/healthz")).headers
