"""The deduplicated AWS calls of one request: each is made once, however many fields wait for its result."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping
from functools import partial
from typing import Any, Self, TypeVar

from gateway.aws.budget import Budget
from gateway.aws.kinds import Kind
from gateway.errors import GatewayError, NotFound
from gateway.records import Page

T = TypeVar("T")
F = TypeVar("F", bound=asyncio.Future[Any])


class Asking:
    """The calls that one request has started, each shared by all its fields that need the result."""

    def __init__(self, calls: Budget) -> None:
        """Make the calls through ``calls``."""
        self.calls = calls
        self.forget()

    def forget(self) -> None:
        """Forget the calls so far, so that the same calls are made again."""
        self._begun: dict[Hashable, asyncio.Task[Any]] = {}
        self.pages: dict[asyncio.Task[Page], set[Kind]] = {}
        """The pages in flight, with the kinds of entities that they may find."""

    def because(self, operation: str, reason: str) -> None:
        """Record why an operation is called, for the plan in the response's `extensions`."""
        self.calls.tally.reasons.add(f"{operation}: {reason}")

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of ``make``, which is called once per request and key."""
        return await asyncio.shield(self.begin(key, make))

    def begin(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Return the task of ``make``, started once per key; await it through a shield, as others may await it too."""
        if key not in self._begun:
            self._begun[key] = unlogged(asyncio.create_task(make()))
        return self._begun[key]

    async def page(
        self, load: Callable[..., Coroutine[Any, Any, Page]], *arguments: Any, finds: Iterable[Kind]
    ) -> Page:
        """Return the page that ``load`` returns for these arguments, which is loaded once per request.

        ``finds`` are the kinds of entities that it may find.
        """
        page = self.begin((load, *arguments), partial(load, *arguments))
        if not page.done():
            self.pages.setdefault(page, set()).update(finds)
            page.add_done_callback(lambda done: self.pages.pop(done, None))
        return await asyncio.shield(page)


class Pages:
    """An asynchronous iterator over the pages of a listing; each page is loaded when the iteration reaches it."""

    def __init__(self, load: Callable[[str | None], Awaitable[Page]]) -> None:
        """``load`` loads the page that begins at a token, which is None for the first page."""
        self._load = load
        self._next: str | None = None
        self._ended = False

    def __aiter__(self) -> Self:
        """Return the iterator itself, which can be used once."""
        return self

    async def __anext__(self) -> Page:
        """Return the next page."""
        if self._ended:
            raise StopAsyncIteration
        page = await self._load(self._next)
        self._next, self._ended = page.next, not page.next
        return page


def unlogged(future: F) -> F:
    """Return the future itself, whose exception asyncio no longer logs if everybody has stopped waiting for it."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


def paged(token: str | None, size: int | None = None) -> dict[str, Any]:
    """Return the parameters for the page that begins at ``token``, with up to ``size`` items."""
    return ({"NextToken": token} if token else {}) | ({"MaxResults": size} if size else {})


def frozen(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return parameters as a hashable key."""
    return tuple(sorted(parameters.items()))


def says_missing(error: GatewayError, words: str) -> bool:
    """Whether an error means that the entity does not exist, rather than that the arguments are invalid.

    ``words`` are part of the message of the validation errors with that meaning; empty if there are none.
    """
    return isinstance(error, NotFound) or bool(words and words in str(error))
