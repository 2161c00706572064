"""GraphQL over HTTP: what a request asks, and how its answer goes back."""

from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from strawberry.http.ides import get_graphql_ide_html

from gateway.http.subscriptions import EVENT_STREAM, event_stream
from gateway.schema.execution import Executor, refusal

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


class _Asked(NamedTuple):
    """The parameters of a request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class _Refusal(Exception):  # noqa: N818 - an answer rather than an error
    """A request that asks nothing of GraphQL, and the status to answer it with."""

    def __init__(self, status: HTTPStatus, message: str, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Allow": allow} if allow else {}


class GraphQLEndpoint:
    """Answers GraphQL requests by GET and POST; a browser that asks for HTML gets GraphiQL."""

    def __init__(self, executor: Executor, most_bytes: int) -> None:
        """Answer by ``executor``; refuse bodies of more bytes."""
        self._executor = executor
        self._most_bytes = most_bytes
        self._graphiql = get_graphql_ide_html(graphql_ide="graphiql")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        accepts = request.headers.get("accept", "*/*")
        if request.method == "GET" and "text/html" in accepts:
            response: Response = HTMLResponse(self._graphiql)
        else:
            response = await self._response(request, GRAPHQL_JSON if GRAPHQL_JSON in accepts else JSON)
        await response(scope, receive, send)

    async def _response(self, request: Request, media_type: str) -> Response:
        headers: dict[str, str] = {}
        try:
            asked = await _asked(request, self._most_bytes)
            self._check(request.method, asked)
            if EVENT_STREAM in request.headers.get("accept", ""):
                return event_stream(self._executor.stream(*asked, request.app.state.new_loaders()))
            answer, executed = await self._executor.run(*asked, request.app.state.new_loaders())
            # Clients that take plain JSON expect 200 for whatever GraphQL itself has answered.
            status = HTTPStatus.OK if executed or media_type == JSON else HTTPStatus.BAD_REQUEST
        except _Refusal as refused:
            answer, status, headers = refusal(str(refused)), refused.status, refused.headers
        return Response(orjson.dumps(answer), status, headers, f"{media_type}; charset=utf-8")

    def _check(self, method: str, asked: _Asked) -> None:
        """Refuse what may not be asked by this method: a link or an image must not change anything."""
        if method == "GET" and self._executor.is_mutation(asked.query, asked.operation_name):
            raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "A mutation takes POST.", allow="POST")


async def _asked(request: Request, most_bytes: int) -> _Asked:
    if request.method == "GET":
        given: Any = dict(request.query_params)
        given |= {name: _json(given[name]) for name in ("variables", "extensions") if given.get(name)}
    elif request.method == "POST":
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be {JSON}.")
        given = _json(await _body(request, most_bytes))
    else:
        raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL takes GET and POST.", allow="GET, POST")
    return _checked(given)


async def _body(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than {most_bytes:,} bytes.")
    return bytes(body)


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "The request is not valid JSON.") from None


def _checked(given: Any) -> _Asked:
    if not isinstance(given, dict):
        raise _Refusal(HTTPStatus.BAD_REQUEST, "The request must be a JSON object with a `query`.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "`query` must be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise _Refusal(HTTPStatus.BAD_REQUEST, "`variables` must be an object.")
    if not isinstance(name, str | None):
        raise _Refusal(HTTPStatus.BAD_REQUEST, "`operationName` must be a string.")
    if not isinstance(given.get("extensions"), dict | None):
        raise _Refusal(HTTPStatus.BAD_REQUEST, "`extensions` must be an object.")
    return _Asked(query, variables, name or None)
