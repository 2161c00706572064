"""Subscriptions over WebSocket (graphql-transport-ws) and as server-sent events.

Strawberry implements the WebSocket protocol, and sse-starlette the event stream; ``Operations`` executes operations.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

import orjson
from sse_starlette import EventSourceResponse
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gateway.errors import Throttled
from gateway.http.operations import Operations, read_request
from gateway.http.refusals import Refusal, refused_once
from gateway.schema.execution import GraphQLRequest, Outcome, refusal

EVENT_STREAM = "text/event-stream"

_MAX_OPERATIONS = 100
_MAX_REASON_BYTES = 123
"""Maximum size of the reason in a close frame (RFC 6455)."""


def event_stream(outcomes: AsyncGenerator[Outcome, None]) -> Response:
    """Send responses as events of the GraphQL over SSE protocol, in its mode of one connection per operation."""

    async def events() -> AsyncIterator[bytes]:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                yield b"event: next\ndata: %b\n\n" % orjson.dumps(outcome.answer)
        yield b"event: complete\ndata: \n\n"

    # Of the three line endings that the format allows, some clients, such as urql, support only this one.
    return EventSourceResponse(events(), ping=15, sep="\n")


class _Connection:
    """A WebSocket, and the payload with which its client opened the connection."""

    def __init__(self, socket: HTTPConnection) -> None:
        self.socket = socket
        self.connection_params: dict[str, Any] = {}
        """The payload of connection_init, which strawberry puts here."""


class _Handler(BaseGraphQLTransportWSHandler[_Connection, None]):
    """Strawberry's protocol handler, extended to pass the whole payload of a subscribe message on."""

    async def handle_message(self, message: Any) -> None:
        """Handle a message without its null members; close the connection if it is malformed."""
        members = message.items() if isinstance(message, dict) else ()
        given = {name: value for name, value in members if value is not None}
        if isinstance(given.get("id", ""), str) and isinstance(given.get("payload", {}), dict):
            await super().handle_message(cast("Message", given))
        else:
            await self.handle_invalid_message("Failed to parse message")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation with the whole payload; strawberry reads no extensions, and no hashes instead of queries.

        The parsed request takes the place of the query, which strawberry passes to ``_Schema.stream`` unread.
        """
        try:
            request = read_request(message["payload"])
        except Refusal as malformed:
            await self.handle_invalid_message(str(malformed))
            return
        if message["id"] not in self.operations and len(self.operations) >= _MAX_OPERATIONS:
            refused = refusal(f"A WebSocket may have at most {_MAX_OPERATIONS} operations at once.", Throttled.code)
            await self.send_message({"id": message["id"], "type": "error", "payload": refused["errors"]})
            return
        parsed: Any = {**message, "payload": {"query": request}}
        await super().handle_subscribe(parsed)

    async def handle_task_exception(self, error: Exception) -> None:
        """Log the exception, unless the client has disconnected."""
        if self.websocket.ws.application_state is not WebSocketState.DISCONNECTED:  # type: ignore[attr-defined] # ours is
            await super().handle_task_exception(error)


class _Socket(ASGIWebSocketAdapter):
    """Strawberry's adapter, which here truncates close reasons to the size that WebSocket allows."""

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        await super().close(code, reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore"))


class WebSocketEndpoint(GraphQL[_Connection, None]):
    """Executes operations over WebSocket, for pages of this and of allowed origins, and for other programs."""

    graphql_transport_ws_handler_class = _Handler
    websocket_adapter_class = _Socket

    def __init__(self, operations: Operations, origins: Sequence[str]) -> None:
        """Execute with ``operations``; accept pages of ``origins`` besides this one."""
        self._operations = operations
        super().__init__(
            _Schema(operations),  # type: ignore[arg-type]
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            allowed_origins=origins,
        )

    def decode_json(self, data: str | bytes) -> object:
        """Parse a message; orjson reports too deep nesting as invalid JSON, which closes the connection."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Serialize a message with orjson, because its long lists are serialized already."""
        return orjson.dumps(data).decode()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> _Connection:  # noqa: ARG002
        """Return the context of a connection's operations."""
        return _Connection(request)

    async def on_ws_connect(self, context: _Connection) -> Any:
        """Authenticate the client; if that fails, close the connection with code 4403."""
        try:
            await self._operations.sender(context.socket, context.connection_params)
        except Refusal as refused:
            raise ConnectionRejectionError from refused
        return await super().on_ws_connect(context)


class _Schema:
    """Replaces strawberry's schema with ``Operations`` in strawberry's protocol handler."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def stream(
        self, query: GraphQLRequest, *, context_value: _Connection, **_: Any
    ) -> AsyncGenerator[ExecutionResult | PreExecutionError, None]:
        """Start an operation; ``query`` is the client's whole request (see ``_Handler.handle_subscribe``).

        The credentials are checked for each operation, because they may have expired or been revoked.
        """
        try:
            sender = await self._operations.sender(context_value.socket, context_value.connection_params)
            return _results(await self._operations.stream(query, sender))
        except Refusal as refused:
            return _results(refused_once(refused))


async def _results(
    outcomes: AsyncGenerator[Outcome, None],
) -> AsyncGenerator[ExecutionResult | PreExecutionError, None]:
    async with aclosing(outcomes):
        async for answer, executed in outcomes:
            errors: Any = [_FormattedError(error) for error in answer.get("errors", ())]
            if executed:
                yield ExecutionResult(data=answer["data"], errors=errors, extensions=answer.get("extensions"))
            else:
                yield PreExecutionError(data=None, errors=errors)


class _FormattedError:
    """Stands in for a GraphQLError; the gateway has formatted it already."""

    original_error = None

    def __init__(self, formatted: dict[str, Any]) -> None:
        self.formatted = formatted
