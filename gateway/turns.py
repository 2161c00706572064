"""Long work in short turns, so that who asks for little does not wait for those who ask for much.

The event loop does all that is ready before it looks at its sockets again. If each of twenty requests had a slice of
long work ready, everybody else would wait for twenty slices at a time; so one slice is worked on, and then the loop
goes round a few times. Of several requests the one with the least to do goes first, and of equals the one that came
first: were they to take turn about, all would be done, and hold what they have made, at the very end.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

LONG = 100
"""Items that are worked on in one go: a page of them."""

SLICE = 50
"""Items of more than these that are worked on in one turn, which takes a millisecond or two."""

STEPS = 6
"""Steps of a kind that comes singly, such as sending an AWS call or reading its answer, that are done in one turn."""

FEW = 20
"""Steps that a request takes without waiting for its turn."""

ROUNDS = 8
"""Rounds of the event loop between two turns; a short request needs a score of them from its first byte to its last."""

Rank = tuple[int, ...]

_AFTER_ALL = 2
"""Where in a request's order, which the steps that lead on begin, that comes for which nothing waits."""

_requests = count()


class Turns:
    """The turns of one request."""

    def __init__(self) -> None:
        """Have had none."""
        self._rank: tuple[int, int] | None = None
        self.under_way = 0
        """How much long work has been begun and not finished."""

    async def turn(self, items: int) -> None:
        """Wait for the turn to work on some of so many items; a few of them need none."""
        if items > LONG:
            await self._wait(items, 1)

    async def step(self, taken: int, *, leads_on: bool = False) -> None:
        """Wait for the turn to take a step, when so many have been taken; the first few need none.

        One that leads on to others goes before those of the same request that do not.
        """
        if taken > FEW:
            await self._wait(taken, 1 / STEPS, later=not leads_on)

    async def respite(self) -> None:
        """Wait until no step of the request waits for its turn: there is time for what nothing waits for."""
        await self._queue.turn((*self._ranked(1), _AFTER_ALL), 0, at_once=False)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Be in the midst of long work, but waiting for AWS."""
        self.under_way -= 1
        try:
            yield
        finally:
            self.under_way += 1

    async def _wait(self, work: int, share: float, *, later: bool = False) -> None:
        await self._queue.turn((*self._ranked(work), later), share)

    @cached_property
    def _queue(self) -> "_Queue":
        loop = asyncio.get_running_loop()
        if loop not in _queues:
            _queues[loop] = _Queue()
        return _queues[loop]

    def _ranked(self, work: int) -> tuple[int, int]:
        self._rank = self._rank or (work, next(_requests))
        return self._rank

    async def slices(self, items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
        """Give items slice by slice, each in its turn, or all at once if they are few."""
        step = SLICE if len(items) > LONG else LONG
        self.under_way += 1
        try:
            for first in range(0, len(items), step):
                await self.turn(len(items))
                yield items[first : first + step]
        finally:
            self.under_way -= 1


class _Queue:
    """Who waits for a turn on one event loop."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Rank, int, float, asyncio.Future[None]]] = []
        self._numbers = count()
        self._left = 1.0
        """What is left of the turn that is being had."""
        self._goes_on = False

    async def turn(self, rank: Rank, share: float, *, at_once: bool = True) -> None:
        """Wait for a share of a turn, which may be had ``at_once`` when nobody else wants it."""
        loop = asyncio.get_running_loop()
        self._go_on(loop)
        if at_once and self._left > 0 and not self._waiting:
            self._left -= share
            return
        turn = loop.create_future()
        heappush(self._waiting, (rank, next(self._numbers), share, turn))
        await turn

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._goes_on:
            self._goes_on = True
            loop.call_soon(self._next, loop, ROUNDS)

    def _next(self, loop: asyncio.AbstractEventLoop, rounds: int) -> None:
        """Let the first go on after so many rounds, and look again when it has worked."""
        if rounds:
            loop.call_soon(self._next, loop, rounds - 1)
            return
        self._left, self._goes_on = 1.0, False
        while self._waiting and self._left > 0:
            *_, share, turn = heappop(self._waiting)
            if not turn.done():  # the request may have been called off
                turn.set_result(None)
                self._left -= share
                self._go_on(loop)


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()
