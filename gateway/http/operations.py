"""Executes GraphQL operations for callers, independently of the transport: authentication, authorization, quota."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, aclosing
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import HTTPConnection

from gateway import observability
from gateway.errors import Forbidden, GatewayError
from gateway.http.callers import Authenticator, Caller, Credentials, Role
from gateway.http.documents import Documents
from gateway.http.extensions import extended, wanted
from gateway.http.quota import Quota
from gateway.http.refusals import Refusal, refused_once
from gateway.loaders import Loaders
from gateway.schema.execution import Executor, GraphQLRequest, Outcome

_PARAMETERS = (
    ("query", str, "a GraphQL document"),
    ("variables", dict, "an object"),
    ("operationName", str, "a string"),
    ("extensions", dict, "an object"),
    ("documentId", str, "a string"),
)


def read_request(given: Any) -> GraphQLRequest:
    """Read a request from decoded JSON or a query string; Refusal if it is malformed."""
    if not isinstance(given, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "The request must be a JSON object with a `query`.")
    for name, kind, what in _PARAMETERS:
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"`{name}` must be {what}.")
    query, extensions, id = given.get("query") or "", given.get("extensions") or {}, given.get("documentId")
    if not query and not id and extensions.get("persistedQuery") is None:
        raise Refusal(HTTPStatus.BAD_REQUEST, "`query` must be a GraphQL document.")
    return GraphQLRequest(query, given.get("variables"), given.get("operationName") or None, extensions, id)


class Sender(NamedTuple):
    """The caller of a request, and how the request was sent."""

    connection: HTTPConnection
    """The HTTP request or WebSocket; its `app.state` holds the resources shared by all requests."""
    fresh: bool
    """Whether to bypass the cache."""
    caller: Caller
    deliberate: bool
    """Whether the request cannot be forged by a page of another site (CSRF), so that it may send mutations."""


class Operations:
    """Authenticates callers, checks what they may do, and executes their operations, each with its own loaders."""

    def __init__(self, executor: Executor, authenticator: Authenticator, documents: Documents, quota: Quota) -> None:
        """Execute with ``executor`` what ``authenticator``, ``documents`` and ``quota`` allow."""
        self._executor = executor
        self._authenticator = authenticator
        self._documents = documents
        self._quota = quota

    async def sender(self, connection: HTTPConnection, parameters: Mapping[str, Any] | None = None) -> Sender:
        """Authenticate the caller and read the request's headers; Refusal if the credentials are missing or invalid.

        ``parameters`` is the payload of a WebSocket's connection_init. Credentials in it take precedence over those in
        the headers and prove that the client has them, whereas a browser may add headers by itself.
        """
        given = Credentials.read(parameters or {})
        try:
            caller = await self._authenticator.caller(given or Credentials.read(connection.headers))
        except GatewayError as error:
            raise Refusal.of(error) from None
        if self._authenticator.signs_in:
            observability.called_by(caller.name)
        fresh = "no-cache" in connection.headers.get("cache-control", "").lower()
        deliberate = connection.scope.get("method") == "POST" or bool(given and self._authenticator.signs_in)
        return Sender(connection, fresh, caller, deliberate)

    def subscribes(self, request: GraphQLRequest) -> bool:
        """Whether the operation is a subscription; False if its document is refused."""
        try:
            return self._executor.is_subscription(self._with_document(request))
        except GatewayError:
            return False

    async def answer(self, request: GraphQLRequest, sender: Sender) -> Outcome:
        """Execute an operation and return its response; Refusal if it is not allowed."""
        with observability.operation() as operation:
            request, sender = self._allowed(request, sender)
            outcome = await self._run(request, sender)
            operation.answered(outcome.answer)
            return outcome

    async def _run(self, request: GraphQLRequest, sender: Sender) -> Outcome:
        cost = await self._spend(request, sender)
        if reason := self._executor.unanswerable(request):
            raise Refusal(HTTPStatus.BAD_REQUEST, reason)
        loaders = _loaders(sender)
        try:
            outcome = await self._executor.run(request, loaders)
            return extended(outcome, _wanted(request, sender), cost, self._quota.max_cost, loaders)
        finally:
            await loaders.end()

    async def stream(self, request: GraphQLRequest, sender: Sender) -> AsyncGenerator[Outcome, None]:
        """Execute an operation and return its responses: one, or those of a subscription until it ends.

        Raises Refusal before the first response if the operation is not allowed. A refusal with status 200 is yielded
        as the only response instead.
        """
        with ExitStack() as undo:
            operation = undo.enter_context(observability.operation())
            try:
                outcomes = await self._start(request, sender)
            except Refusal as refused:
                if refused.status is not HTTPStatus.OK:
                    raise
                outcomes = refused_once(refused)
            return _observed(outcomes, operation, undo.pop_all())

    async def _start(self, request: GraphQLRequest, sender: Sender) -> AsyncGenerator[Outcome, None]:
        request, sender = self._allowed(request, sender)
        cost = await self._spend(request, sender)
        return self._streamed(request, _wanted(request, sender), cost, _loaders(sender))

    async def _streamed(
        self, request: GraphQLRequest, names: frozenset[str], cost: int | None, loaders: Loaders
    ) -> AsyncGenerator[Outcome, None]:
        try:
            async with aclosing(self._executor.stream(request, loaders)) as outcomes:
                async for outcome in outcomes:
                    yield extended(outcome, names, cost, self._quota.max_cost, loaders)
        finally:
            await loaders.end()

    async def _spend(self, request: GraphQLRequest, sender: Sender) -> int | None:
        """Take the operation's estimated cost from its caller's token bucket, and return it; None for an invalid one.

        Raises Refusal if the caller exceeds the rate limit, or if the operation is too costly.
        """
        if operation := self._executor.operation(request):
            observability.operates(operation.operation.value, operation.name.value if operation.name else None)
        cost = self._executor.cost(request)
        observability.costs(cost)
        try:
            await self._quota.take(cost, self._bucket(sender), sender.connection.app.state.backend.rates)
        except GatewayError as error:
            raise Refusal.of(error) from None
        return cost

    def _bucket(self, sender: Sender) -> str:
        """Return whose token bucket pays for an operation: the caller's or, without authentication, the address's."""
        client = sender.connection.client
        return sender.caller.name if self._authenticator.signs_in or not client else client.host

    def _allowed(self, request: GraphQLRequest, sender: Sender) -> tuple[GraphQLRequest, Sender]:
        """Look up the document and check the caller's roles; return both arguments completed.

        The request has its document's text, and the sender of a mutation bypasses the cache. Raises Refusal if the
        operation is not allowed.
        """
        try:
            _require(sender.caller, Role.READ, "This needs the role `read`.")
            request = self._with_document(request)
            mutates = self._executor.is_mutation(request)
            if mutates:
                _check_may_write(sender)
            if self._executor.tells_schema(request.query):
                _require(sender.caller, Role.SCHEMA, "Reading the schema needs the role `schema` here.")
        except GatewayError as error:
            raise Refusal.of(error) from None
        # A mutation must see the current state, not a cached one.
        return request, sender._replace(fresh=sender.fresh or mutates)

    def _with_document(self, request: GraphQLRequest) -> GraphQLRequest:
        text = self._documents.text(request.query, request.document_id, request.extensions.get("persistedQuery"))
        return request._replace(query=text)


async def _observed(
    outcomes: AsyncGenerator[Outcome, None], operation: observability.Request, until: ExitStack
) -> AsyncGenerator[Outcome, None]:
    with until:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                operation.answered(outcome.answer)
                yield outcome


def _wanted(request: GraphQLRequest, sender: Sender) -> frozenset[str]:
    return wanted(request.extensions, sender.connection.headers)


def _loaders(sender: Sender) -> Loaders:
    loaders: Loaders = sender.connection.app.state.backend.loaders(fresh=sender.fresh)
    return loaders


def _check_may_write(sender: Sender) -> None:
    if not sender.deliberate:
        # A link, an image or a page of another site must not change anything.
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "A mutation must be sent by POST.", headers={"Allow": "POST"})
    _require(sender.caller, Role.WRITE, "A mutation needs the role `write`.")


def _require(caller: Caller, role: Role, message: str) -> None:
    if not caller.may(role):
        raise Forbidden(message)
