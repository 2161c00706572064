"""One operation of one caller: whether it may be asked, and its answer, whichever transport it came by."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import HTTPConnection

from gateway import observability
from gateway.errors import BadUserInput, Throttled, TooCostly
from gateway.http.extensions import extended, wanted
from gateway.http.spending import Spending
from gateway.loaders import Loaders
from gateway.schema.execution import Executor, Outcome, refusal


class Asked(NamedTuple):
    """The parameters of a request, as GraphQL over HTTP names them."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any]


class Asking(NamedTuple):
    """What a request says of itself beside its operation."""

    connection: HTTPConnection
    """Where it came by; its `app.state` holds what lives as long as the process."""
    method: str
    fresh: bool
    """Whether nothing that the gateway remembers may be in the answer."""


class Refusal(Exception):  # noqa: N818 - an answer rather than an error
    """A request of which nothing is executed, and the status to answer it with."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: str = BadUserInput.code,
        headers: dict[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        """Say why, to programs by a code and ``extensions``."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.answer = refusal(message, code, **extensions)


class Operations:
    """Answers operations by the executor, each with loaders of its own."""

    def __init__(self, executor: Executor, spending: Spending) -> None:
        """Answer by ``executor`` what ``spending`` allows."""
        self._executor = executor
        self._spending = spending

    async def answer(self, asked: Asked, asking: Asking) -> Outcome:
        """Answer once; Refusal when it may not be asked."""
        with observability.operation() as operation:
            self._check(asked, asking)
            outcome = await self._answered(asked, asking)
            operation.answered(outcome.answer)
            return outcome

    async def _answered(self, asked: Asked, asking: Asking) -> Outcome:
        try:
            cost = await self._spend(asked, asking)
        except TooCostly as error:
            return _unaffordable(error)
        loaders = _loaders(asking)
        try:
            outcome = await self._executor.run(*asked[:3], loaders)
            return extended(outcome, _wanted(asked, asking), cost, self._spending.most, loaders)
        finally:
            await loaders.end()

    async def stream(self, asked: Asked, asking: Asking) -> AsyncGenerator[Outcome, None]:
        """Answer as often as there is something to say; Refusal, before anything is said, when it may not be asked."""
        with ExitStack() as undo:
            operation = undo.enter_context(observability.operation())
            self._check(asked, asking)
            return _observed(await self._begun(asked, asking), operation, undo.pop_all())

    async def _begun(self, asked: Asked, asking: Asking) -> AsyncGenerator[Outcome, None]:
        try:
            cost = await self._spend(asked, asking)
        except TooCostly as error:
            return _once(_unaffordable(error))
        return self._streamed(asked, _wanted(asked, asking), cost, _loaders(asking))

    async def _streamed(
        self, asked: Asked, names: frozenset[str], cost: int | None, loaders: Loaders
    ) -> AsyncGenerator[Outcome, None]:
        try:
            async with aclosing(self._executor.stream(*asked[:3], loaders)) as outcomes:
                async for outcome in outcomes:
                    yield extended(outcome, names, cost, self._spending.most, loaders)
        finally:
            await loaders.end()

    async def _spend(self, asked: Asked, asking: Asking) -> int | None:
        """Return what the operation may cost, after taking it of what its caller may spend; TooCostly or Refusal."""
        cost = self._executor.cost(*asked[:3])
        observability.costs(cost)
        try:
            await self._spending.take(cost, _caller(asking), asking.connection.app.state.backend.rates)
        except Throttled as error:
            headers = {"Retry-After": str(error.retry_after)}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers=headers, **error.extensions) from None
        return cost

    def _check(self, asked: Asked, asking: Asking) -> None:
        """Refuse what may not be asked in this way: a link, an image or a foreign page must not change anything."""
        if asking.method != "POST" and self._executor.is_mutation(asked.query, asked.operation_name):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "A mutation takes POST.", headers={"Allow": "POST"})


def _loaders(asking: Asking) -> Loaders:
    loaders: Loaders = asking.connection.app.state.backend.loaders(fresh=asking.fresh)
    return loaders


async def _observed(
    outcomes: AsyncGenerator[Outcome, None], operation: observability.Request, until: ExitStack
) -> AsyncGenerator[Outcome, None]:
    with until:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                operation.answered(outcome.answer)
                yield outcome


def _caller(asking: Asking) -> str:
    """Tell whose share an operation is taken of."""
    client = asking.connection.client
    return client.host if client else ""


def _wanted(asked: Asked, asking: Asking) -> frozenset[str]:
    return wanted(asked.extensions, asking.connection.headers)


def _unaffordable(error: TooCostly) -> Outcome:
    return Outcome(refusal(str(error), **error.extensions), executed=False)


async def _once(outcome: Outcome) -> AsyncGenerator[Outcome, None]:
    yield outcome


def asking_of(connection: HTTPConnection) -> Asking:
    """Read what a request says of itself."""
    fresh = "no-cache" in connection.headers.get("cache-control", "").lower()
    return Asking(connection, connection.scope.get("method", "WEBSOCKET"), fresh)
