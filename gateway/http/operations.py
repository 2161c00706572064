"""One operation of one caller: whether it may be asked, and its answer, whichever transport it came by."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import HTTPConnection

from gateway import observability
from gateway.errors import BadUserInput
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
    ) -> None:
        """Say why, to programs by a code."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.answer = refusal(message, code)


class Operations:
    """Answers operations by the executor, each with loaders of its own."""

    def __init__(self, executor: Executor) -> None:
        """Answer by ``executor``."""
        self._executor = executor

    async def answer(self, asked: Asked, asking: Asking) -> Outcome:
        """Answer once; Refusal when it may not be asked."""
        with observability.operation() as operation:
            self._check(asked, asking)
            loaders = _loaders(asking)
            try:
                outcome = await self._executor.run(*asked[:3], loaders)
            finally:
                await loaders.end()
            operation.answered(outcome.answer)
            return outcome

    async def stream(self, asked: Asked, asking: Asking) -> AsyncGenerator[Outcome, None]:
        """Answer as often as there is something to say; Refusal, before anything is said, when it may not be asked."""
        with ExitStack() as undo:
            operation = undo.enter_context(observability.operation())
            self._check(asked, asking)
            return _observed(self._streamed(asked, _loaders(asking)), operation, undo.pop_all())

    async def _streamed(self, asked: Asked, loaders: Loaders) -> AsyncGenerator[Outcome, None]:
        try:
            async with aclosing(self._executor.stream(*asked[:3], loaders)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        finally:
            await loaders.end()

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


def asking_of(connection: HTTPConnection) -> Asking:
    """Read what a request says of itself."""
    fresh = "no-cache" in connection.headers.get("cache-control", "").lower()
    return Asking(connection, connection.scope.get("method", "WEBSOCKET"), fresh)
