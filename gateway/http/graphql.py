"""GraphQL over HTTP: strawberry's ASGI view with this gateway's loaders, error codes and encoder."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from gateway import schema
from gateway.loaders import Loaders


class GraphQLEndpoint(GraphQL[Loaders, None]):
    """Answers GraphQL requests; a browser that asks for HTML gets GraphiQL."""

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Loaders:  # noqa: ARG002
        """Give each request loaders of its own."""
        return Loaders(request.app.state.calls)

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:  # noqa: ARG002
        """Put the result in the shape of the wire."""
        answer: Any = schema.response(result)
        return answer  # type: ignore[no-any-return]

    def encode_json(self, data: object) -> bytes:
        """Encode an answer."""
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        """Decode a request's body."""
        return orjson.loads(data)
