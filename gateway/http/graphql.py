"""GraphQL over HTTP: what a request asks, and how its answer goes back."""

from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
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
    """Answers GraphQL requests by GET and POST; a browser that asks for HTML gets GraphiQL."""

    def __init__(self, operations: Operations, most_bytes: int, graphiql: Response | None) -> None:
        """Answer by ``operations``; refuse bodies of more bytes and, where there is no ``graphiql``, GET."""
        self._operations = operations
        self._most_bytes = most_bytes
        self._methods = (*_SAFE, "POST") if graphiql else ("POST",)
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        accept = Accept(request.headers)
        if self._graphiql and request.method in _SAFE and accept.prefers(HTML, JSON):
            response = self._graphiql
        else:
            try:
                response = await self._response(request, accept)
            except ClientDisconnect:
                return
        await response(scope, receive, send)

    async def _response(self, request: Request, accept: Accept) -> Response:
        headers: dict[str, str] = {}
        media_type = GRAPHQL_JSON if accept.prefers(GRAPHQL_JSON, JSON) else JSON
        try:
            self._check_method(request, accept)
            sender = await self._operations.sender(request)
            asked = await _asked(request, self._most_bytes)
            if self._streams(asked, accept):
                return event_stream(await self._operations.stream(asked, sender))
            async with cancelled_on_disconnect(request.receive):
                answer, executed = await self._operations.answer(asked, sender)
            status = HTTPStatus.OK
        except Refusal as refused:
            answer, executed, status, headers = refused.answer, False, refused.status, refused.headers
        if status is HTTPStatus.OK and not executed and media_type != JSON:
            # Clients that take plain JSON expect 200 for whatever GraphQL itself has answered.
            status = HTTPStatus.BAD_REQUEST
        return Response(orjson.dumps(answer), status, headers, f"{media_type}; charset=utf-8")

    def _streams(self, asked: GraphQLRequest, accept: Accept) -> bool:
        """Whether to answer by events: a subscription if they are accepted, anything else if preferred to JSON."""
        if not accept.names(EVENT_STREAM):
            return False
        plain = any(accept.prefers(media_type, EVENT_STREAM) for media_type in (GRAPHQL_JSON, JSON))
        return not plain or self._operations.subscribes(asked)

    def _check_method(self, request: Request, accept: Accept) -> None:
        if request.method in self._methods:
            return
        if request.method in _SAFE and accept.names(HTML):
            raise Refusal(HTTPStatus.NOT_FOUND, "There is no GraphiQL here.", NotFound.code)
        allowed = {"Allow": ", ".join(self._methods)}
        takes = "GET and POST" if self._graphiql else "POST"
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"GraphQL accepts {takes}.", headers=allowed)


async def without_slash(request: Request) -> Response:
    """Redirect to the endpoint, relatively, so that it is right behind any host and path of a proxy."""
    query = request.url.query
    return RedirectResponse(f"../graphql?{query}" if query else "../graphql")


async def _asked(request: Request, most_bytes: int) -> GraphQLRequest:
    if request.method in _SAFE:
        given: Any = {name: text for name, text in request.query_params.items() if text}
        given |= {name: _json(given[name]) for name in given.keys() & {"variables", "extensions"}}
    else:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be {JSON}.")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must not be compressed.")
        given = _json(await _body(request, most_bytes))
    return read_request(given)


async def _body(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than {most_bytes:,} bytes.")
    return bytes(body)


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "The request is not valid JSON.") from None
