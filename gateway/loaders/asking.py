"""What a request is asking of AWS, and why: each thing is asked once, however many wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from functools import partial
from typing import Any, Self, TypeVar

from gateway.aws.budget import Budget
from gateway.errors import GatewayError, NotFound
from gateway.records import Page

T = TypeVar("T")


class Asking:
    """The calls that one request has begun, each shared by all its fields that need the answer."""

    def __init__(self, calls: Budget) -> None:
        """Ask by ``calls``."""
        self.calls = calls
        self.forget()

    def forget(self) -> None:
        """Ask everything anew, as at the beginning."""
        self._begun: dict[Hashable, asyncio.Task[Any]] = {}
        self.pages: set[asyncio.Task[Page]] = set()
        """Pages under way."""

    def because(self, operation: str, reason: str) -> None:
        """Note why an operation is called, for the `extensions` that tell what an answer took."""
        self.calls.tally.reasons.add(f"{operation}: {reason}")

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of ``make``, which is called once a request for each key."""
        return await asyncio.shield(self.begin(key, make))

    def begin(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Return the task of ``make``, begun once for each key; await it behind a shield, as others may wait too."""
        if key not in self._begun:
            self._begun[key] = asyncio.create_task(make())
            self._begun[key].add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody may wait
        return self._begun[key]

    def page(self, load: Callable[..., Coroutine[Any, Any, Page]], *arguments: Any) -> asyncio.Task[Page]:
        """Return the task that loads a page by these arguments, begun once a request; await it behind a shield."""
        page = self.begin((load, *arguments), partial(load, *arguments))
        if not page.done():
            self.pages.add(page)
            page.add_done_callback(self.pages.discard)
        return page


class Pages:
    """Iterates over the pages of a listing, each asked for when the iteration comes to it."""

    def __init__(self, load: Callable[[str | None], Awaitable[Page]]) -> None:
        """Ask by ``load`` for the page that begins at a token, which is None for the first."""
        self._load = load
        self._next: str | None = None
        self._ended = False

    def __aiter__(self) -> Self:
        """Return itself: it can be iterated over once."""
        return self

    async def __anext__(self) -> Page:
        """Return the next page."""
        if self._ended:
            raise StopAsyncIteration
        page = await self._load(self._next)
        self._next, self._ended = page.next, not page.next
        return page


def paged(token: str | None, size: int | None = None) -> dict[str, Any]:
    """Make the parameters that ask for the page which begins at ``token``, of ``size`` items."""
    return ({"NextToken": token} if token else {}) | ({"MaxResults": size} if size else {})


def frozen(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Make a hashable key of parameters."""
    return tuple(sorted(parameters.items()))


def says_missing(error: GatewayError, words: str) -> bool:
    """Whether a failed call says that what it was about does not exist, rather than that its arguments are wrong."""
    return isinstance(error, NotFound) or bool(words and words in str(error))
