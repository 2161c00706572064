"""Subscriptions over WebSocket (graphql-transport-ws) and as server-sent events.

Strawberry speaks the WebSocket protocol and sse-starlette the event stream; what is said comes from the operations.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gateway.http.operations import Asked, Asking, Operations, Refusal, asking_of
from gateway.schema.execution import Outcome

EVENT_STREAM = "text/event-stream"


def event_stream(outcomes: AsyncGenerator[Outcome, None]) -> Response:
    """Send answers as the events of the GraphQL over SSE protocol, a connection for each operation."""

    async def events() -> AsyncIterator[ServerSentEvent]:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                yield ServerSentEvent(orjson.dumps(outcome.answer).decode(), event="next")
        yield ServerSentEvent("", event="complete")

    return EventSourceResponse(events(), ping=15)


class WebSocketEndpoint(GraphQL[None, None]):
    """Answers operations over WebSocket."""

    def __init__(self, operations: Operations) -> None:
        """Answer by ``operations``."""
        super().__init__(_Answers(operations), subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,))  # type: ignore[arg-type]

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:  # noqa: ARG002
        """Give the connection's operations what it says of itself."""
        return asking_of(request)


class _Answers:
    """The operations, in the place of the schema that strawberry's protocol asks for its results."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def stream(
        self,
        query: str,
        *,
        variable_values: dict[str, Any] | None,
        context_value: Asking,
        operation_name: str | None,
        **_: Any,
    ) -> AsyncGenerator[ExecutionResult | PreExecutionError, None]:
        """Begin an operation."""
        asked = Asked(query, variable_values, operation_name, {})
        try:
            return _results(await self._operations.stream(asked, context_value))
        except Refusal as refused:
            return _results(_refused(refused))


async def _refused(refused: Refusal) -> AsyncGenerator[Outcome, None]:
    yield Outcome(refused.answer, executed=False)


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
    """An error that has been put in the shape of the wire already."""

    original_error = None

    def __init__(self, formatted: dict[str, Any]) -> None:
        self.formatted = formatted
