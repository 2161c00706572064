"""One operation of one caller: whether it may be asked, and its answer, whichever transport it came by."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, aclosing
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import HTTPConnection

from gateway import observability
from gateway.errors import (
    Forbidden,
    GatewayError,
    Throttled,
    TooCostly,
)
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
    """Read what JSON or a query string holds; Refusal when it is no request."""
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
    """Who sends a request, and what the request says besides its operation."""

    connection: HTTPConnection
    """How it arrived; its `app.state` holds what lives as long as the process."""
    fresh: bool
    """Whether the answer must not come from the cache."""
    caller: Caller
    deliberate: bool
    """Whether no foreign page can have forged the request, so that it may change something."""


class Operations:
    """Answers operations by the executor, each with loaders of its own, to callers who may ask them."""

    def __init__(self, executor: Executor, authenticator: Authenticator, documents: Documents, quota: Quota) -> None:
        """Answer callers whom ``authenticator`` knows, by ``executor``, what ``documents`` and ``quota`` allow."""
        self._executor = executor
        self._authenticator = authenticator
        self._documents = documents
        self._quota = quota

    async def sender(self, connection: HTTPConnection, parameters: Mapping[str, Any] | None = None) -> Sender:
        """Read who asks and how; Refusal when the gateway does not know the caller.

        ``parameters`` are those that a WebSocket was opened with. Credentials in them take precedence over its headers'
        and, unlike these, can only come from somebody who has them.
        """
        shown = Credentials.read(parameters or {})
        try:
            caller = await self._authenticator.caller(shown or Credentials.read(connection.headers))
        except GatewayError as error:
            raise Refusal.of(error) from None
        if self._authenticator.signs_in:
            observability.called_by(caller.name)
        fresh = "no-cache" in connection.headers.get("cache-control", "").lower()
        deliberate = connection.scope.get("method") == "POST" or bool(shown and self._authenticator.signs_in)
        return Sender(connection, fresh, caller, deliberate)

    def subscribes(self, asked: GraphQLRequest) -> bool:
        """Whether an operation has more than one answer; one that may not be asked has none."""
        try:
            return self._executor.is_subscription(self._with_document(asked))
        except GatewayError:
            return False

    async def answer(self, asked: GraphQLRequest, sender: Sender) -> Outcome:
        """Answer once; Refusal when it may not be asked."""
        with observability.operation() as operation:
            asked, sender = self._allowed(asked, sender)
            outcome = await self._answered(asked, sender)
            operation.answered(outcome.answer)
            return outcome

    async def _answered(self, asked: GraphQLRequest, sender: Sender) -> Outcome:
        cost = await self._spend(asked, sender)
        loaders = _loaders(sender)
        try:
            outcome = await self._executor.run(asked, loaders)
            return extended(outcome, _wanted(asked, sender), cost, self._quota.most, loaders)
        finally:
            await loaders.end()

    async def stream(self, asked: GraphQLRequest, sender: Sender) -> AsyncGenerator[Outcome, None]:
        """Answer once, or for a subscription until it ends; Refusal, before any answer, when it may not be asked."""
        with ExitStack() as undo:
            operation = undo.enter_context(observability.operation())
            try:
                outcomes = await self._begun(asked, sender)
            except Refusal as refused:
                if refused.status is not HTTPStatus.OK:
                    raise
                outcomes = refused_once(refused)
            return _observed(outcomes, operation, undo.pop_all())

    async def _begun(self, asked: GraphQLRequest, sender: Sender) -> AsyncGenerator[Outcome, None]:
        asked, sender = self._allowed(asked, sender)
        cost = await self._spend(asked, sender)
        return self._streamed(asked, _wanted(asked, sender), cost, _loaders(sender))

    async def _streamed(
        self, asked: GraphQLRequest, names: frozenset[str], cost: int | None, loaders: Loaders
    ) -> AsyncGenerator[Outcome, None]:
        try:
            async with aclosing(self._executor.stream(asked, loaders)) as outcomes:
                async for outcome in outcomes:
                    yield extended(outcome, names, cost, self._quota.most, loaders)
        finally:
            await loaders.end()

    async def _spend(self, asked: GraphQLRequest, sender: Sender) -> int | None:
        """Return what the operation may cost, after taking it from its caller's bucket; Refusal when that fails."""
        if operation := self._executor.operation(asked):
            observability.operates(operation.operation.value, operation.name.value if operation.name else None)
        cost = self._executor.cost(asked)
        observability.costs(cost)
        try:
            await self._quota.take(cost, self._share(sender), sender.connection.app.state.backend.rates)
        except Throttled as error:
            headers = {"Retry-After": str(error.retry_after)}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers=headers, **error.extensions) from None
        except TooCostly as error:
            raise Refusal(HTTPStatus.OK, str(error), **error.extensions) from None
        return cost

    def _share(self, sender: Sender) -> str:
        """Return who pays for an operation: the caller or, where nobody signs in, its address."""
        client = sender.connection.client
        return sender.caller.name if self._authenticator.signs_in or not client else client.host

    def _allowed(self, asked: GraphQLRequest, sender: Sender) -> tuple[GraphQLRequest, Sender]:
        """Find the document, and check that this caller may ask it in this way; Refusal when not."""
        try:
            _need(sender.caller, Role.READ, "This needs the role `read`.")
            request = self._with_document(asked)
            mutates = self._executor.is_mutation(request)
            if mutates:
                _check_may_write(sender)
            if self._executor.tells_schema(request.query):
                _need(sender.caller, Role.SCHEMA, "Reading the schema needs the role `schema` here.")
        except GatewayError as error:
            raise Refusal.of(error) from None
        # What is to be changed is looked at as it is now.
        return request, sender._replace(fresh=sender.fresh or mutates)

    def _with_document(self, asked: GraphQLRequest) -> GraphQLRequest:
        text = self._documents.text(asked.query, asked.document_id, asked.extensions.get("persistedQuery"))
        return asked._replace(query=text)


async def _observed(
    outcomes: AsyncGenerator[Outcome, None], operation: observability.Request, until: ExitStack
) -> AsyncGenerator[Outcome, None]:
    with until:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                operation.answered(outcome.answer)
                yield outcome


def _wanted(asked: GraphQLRequest, sender: Sender) -> frozenset[str]:
    return wanted(asked.extensions, sender.connection.headers)


def _loaders(sender: Sender) -> Loaders:
    loaders: Loaders = sender.connection.app.state.backend.loaders(fresh=sender.fresh)
    return loaders


def _check_may_write(sender: Sender) -> None:
    if not sender.deliberate:
        # A link, an image or a foreign page must not change anything.
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "A mutation must be sent by POST.", headers={"Allow": "POST"})
    _need(sender.caller, Role.WRITE, "A mutation needs the role `write`.")


def _need(caller: Caller, role: Role, message: str) -> None:
    if not caller.may(role):
        raise Forbidden(message)
