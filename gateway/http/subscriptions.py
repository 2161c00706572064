"""Subscriptions over WebSocket (graphql-transport-ws) and as server-sent events.

Strawberry implements the WebSocket protocol and sse-starlette the event stream; the operations give the answers.
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

_MOST_OPERATIONS = 100
_LONGEST_REASON = 123
"""Bytes of a reason, in RFC 6455's frames."""


def event_stream(outcomes: AsyncGenerator[Outcome, None]) -> Response:
    """Send answers as the events of the GraphQL over SSE protocol, a connection for each operation."""

    async def events() -> AsyncIterator[bytes]:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                yield b"event: next\ndata: %b\n\n" % orjson.dumps(outcome.answer)
        yield b"event: complete\ndata: \n\n"

    # Of the three line endings that are allowed, some clients, such as urql, know only this one.
    return EventSourceResponse(events(), ping=15, sep="\n")


class _Opened:
    """A WebSocket, and what its client said when it opened it."""

    def __init__(self, socket: HTTPConnection) -> None:
        self.socket = socket
        self.connection_params: dict[str, Any] = {}
        """Strawberry puts the payload of connection_init here."""


class _Handler(BaseGraphQLTransportWSHandler[_Opened, None]):
    """Strawberry's protocol, with all that a subscribe message holds for the operations to read."""

    async def handle_message(self, message: Any) -> None:
        """Close the connection on a message that is malformed; null members count as absent."""
        members = message.items() if isinstance(message, dict) else ()
        said = {name: value for name, value in members if value is not None}
        if isinstance(said.get("id", ""), str) and isinstance(said.get("payload", {}), dict):
            await super().handle_message(cast("Message", said))
        else:
            await self.handle_invalid_message("Failed to parse message")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Pass the whole payload on, which may have more than strawberry reads: extensions, and hashes for queries."""
        try:
            asked = read_request(message["payload"])
        except Refusal as refused:
            await self.handle_invalid_message(str(refused))
            return
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if is_new and len(self.operations) >= _MOST_OPERATIONS:
            said = refusal(f"A WebSocket may have at most {_MOST_OPERATIONS} operations at once.", Throttled.code)
            await self.send_message({"id": message["id"], "type": "error", "payload": said["errors"]})
            return
        whole: Any = {**message, "payload": {"query": asked}}
        await super().handle_subscribe(whole)

    async def handle_task_exception(self, error: Exception) -> None:
        """Log it, unless the client has just left."""
        if self.websocket.ws.application_state is not WebSocketState.DISCONNECTED:  # type: ignore[attr-defined] # ours is
            await super().handle_task_exception(error)


class _Socket(ASGIWebSocketAdapter):
    """Strawberry's adapter, which cuts the reasons for closing to the length that WebSocket allows."""

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        await super().close(code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))


class WebSocketEndpoint(GraphQL[_Opened, None]):
    """Answers operations over WebSocket, for pages of this and of allowed origins, and for other programs."""

    graphql_transport_ws_handler_class = _Handler
    websocket_adapter_class = _Socket

    def __init__(self, operations: Operations, origins: Sequence[str] = ()) -> None:
        """Answer by ``operations``."""
        self._operations = operations
        super().__init__(
            _Answers(operations),  # type: ignore[arg-type]
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            allowed_origins=origins,
        )

    def decode_json(self, data: str | bytes) -> object:
        """Parse a message; orjson takes too deep a nesting for invalid JSON, which closes the connection."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Serialize a message, whose long lists are JSON already."""
        return orjson.dumps(data).decode()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> _Opened:  # noqa: ARG002
        """Return the context of a connection's operations."""
        return _Opened(request)

    async def on_ws_connect(self, context: _Opened) -> Any:
        """Close the connection, with 4403, if the client is not known."""
        try:
            await self._operations.sender(context.socket, context.connection_params)
        except Refusal as refused:
            raise ConnectionRejectionError from refused
        return await super().on_ws_connect(context)


class _Answers:
    """Stands in for strawberry's schema, so that the operations answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def stream(
        self, query: GraphQLRequest, *, context_value: _Opened, **_: Any
    ) -> AsyncGenerator[ExecutionResult | PreExecutionError, None]:
        """Begin an operation; ``query`` is the whole of the client's request.

        The credentials are checked for each operation anew, as they may have expired or been withdrawn.
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
            errors: Any = [_Shown(error) for error in answer.get("errors", ())] or None
            if executed:
                yield ExecutionResult(data=answer["data"], errors=errors, extensions=answer.get("extensions"))
            else:
                yield PreExecutionError(data=None, errors=errors)


class _Shown:
    """An error that is formatted already."""

    original_error = None

    def __init__(self, formatted: dict[str, Any]) -> None:
        self.formatted = formatted
