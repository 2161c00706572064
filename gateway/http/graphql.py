"""GraphQL over HTTP: reads requests by GET and POST, and writes responses in the media type that the client accepts."""

from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.errors import NotFound
from gateway.http.accept import Accept
from gateway.http.disconnects import cancelled_on_disconnect
from gateway.http.operations import Operations, read_request
from gateway.http.refusals import Refusal
from gateway.http.subscriptions import EVENT_STREAM, event_stream
from gateway.schema.execution import GraphQLRequest

_SAFE = ("GET", "HEAD")

HTML = "text/html"
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


class GraphQLEndpoint:
    """The ASGI endpoint for GraphQL requests by GET and POST; a browser that asks for HTML gets GraphiQL."""

    def __init__(self, operations: Operations, max_bytes: int, graphiql: Response | None) -> None:
        """Execute requests with ``operations``; refuse longer bodies and, without ``graphiql``, GET."""
        self._operations = operations
        self._max_bytes = max_bytes
        self._methods = (*_SAFE, "POST") if graphiql else ("POST",)
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request; raises ClientDisconnect if the client has disconnected."""
        request = Request(scope, receive)
        accept = Accept(request.headers)
        if self._graphiql and request.method in _SAFE and accept.prefers(HTML, JSON):
            response = self._graphiql
        else:
            response = await self._response(request, accept)
        await response(scope, receive, send)

    async def _response(self, request: Request, accept: Accept) -> Response:
        headers: dict[str, str] = {}
        media_type = GRAPHQL_JSON if accept.prefers(GRAPHQL_JSON, JSON) else JSON
        try:
            self._check_method(request, accept)
            sender = await self._operations.sender(request)
            operation = await _read(request, self._max_bytes)
            if self._streams(operation, accept):
                return event_stream(await self._operations.stream(operation, sender))
            async with cancelled_on_disconnect(request.receive):
                answer, executed = await self._operations.answer(operation, sender)
            status = HTTPStatus.OK
        except Refusal as refused:
            answer, executed, status, headers = refused.answer, False, refused.status, refused.headers
        if status is HTTPStatus.OK and not executed and media_type != JSON:
            # Clients that accept application/json expect 200 even for a document that is invalid.
            status = HTTPStatus.BAD_REQUEST
        return Response(orjson.dumps(answer), status, headers, f"{media_type}; charset=utf-8")

    def _streams(self, operation: GraphQLRequest, accept: Accept) -> bool:
        """Whether to respond with an event stream.

        A subscription needs only a client that accepts it; any other operation, one that prefers it to JSON.
        """
        if not accept.names(EVENT_STREAM):
            return False
        plain = any(accept.prefers(media_type, EVENT_STREAM) for media_type in (GRAPHQL_JSON, JSON))
        return not plain or self._operations.subscribes(operation)

    def _check_method(self, request: Request, accept: Accept) -> None:
        if request.method in self._methods:
            return
        if request.method in _SAFE and accept.names(HTML):
            raise Refusal(HTTPStatus.NOT_FOUND, "There is no GraphiQL here.", NotFound.code)
        allowed = {"Allow": ", ".join(self._methods)}
        methods = "GET and POST" if self._graphiql else "POST"
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"GraphQL accepts {methods}.", headers=allowed)


async def without_slash(request: Request) -> Response:
    """Redirect to the endpoint by a relative URL, which is right behind a proxy with any host and path."""
    query = request.url.query
    return RedirectResponse(f"../graphql?{query}" if query else "../graphql")


async def _read(request: Request, max_bytes: int) -> GraphQLRequest:
    if request.method in _SAFE:
        given: Any = {name: text for name, text in request.query_params.items() if text}
        given |= {name: _json(given[name]) for name in given.keys() & {"variables", "extensions"}}
    else:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be {JSON}.")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must not be compressed.")
        given = _json(await _body(request, max_bytes))
    return read_request(given)


async def _body(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than {max_bytes:,} bytes.")
    return bytes(body)


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "The request is not valid JSON.") from None
