"""Every request has an id, and gets a response even if the gateway fails."""

import httpx
import pytest
from websockets.asyncio.client import connect

from gateway.app import create_app
from gateway.http.headers import SECURE
from gateway.local.server import LocalServer
from gateway.settings import Settings


async def test_valid_request_id_is_kept(http: httpx.AsyncClient) -> None:
    response = await http.get("/healthz", headers={"x-request-id": "Router-7.a_b"})
    assert response.headers.get_list("x-request-id") == ["Router-7.a_b"]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "a\x7fb", "é"])
async def test_other_request_id_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    headers = {"x-request-id": given.encode()}
    made = {(await http.get("/healthz", headers=headers)).headers["x-request-id"] for _ in range(2)}
    assert all(len(one) == 32 and int(one, 16) for one in made)
    assert len(made) == 2


async def test_websocket_has_a_request_id(gateway: str) -> None:
    protocols = ["graphql-transport-ws"]
    headers = {"x-request-id": "socket-1"}
    async with connect(f"ws://{gateway}/graphql", subprotocols=protocols, additional_headers=headers) as socket:  # type: ignore[arg-type]
        assert socket.response
        assert socket.response.headers.get_all("x-request-id") == ["socket-1"]


async def test_internal_error_is_json(server: LocalServer) -> None:
    app = create_app(Settings(local_url=server.url))
    async with app.router.lifespan_context(app):
        del app.state.backend
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
            response = await client.post("/graphql", json={"query": "{ __typename }"})
    message = "The gateway failed; its log says why."
    assert response.status_code == 500
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "INTERNAL"}}]}
    assert {"x-request-id", *map(str.lower, SECURE)} <= response.headers.keys()
