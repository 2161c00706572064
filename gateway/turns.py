"""Cooperative scheduling on the event loop: long work is done in short turns, so that small requests are not delayed.

The event loop runs all ready callbacks before it polls its sockets again. If each of twenty requests had a slice of
long work ready, all other requests would wait for twenty slices. Therefore only one slice runs per turn, and the loop
runs a few iterations (rounds) before the next turn. The request with the least work goes first, and among equals the
one that came first: if they alternated, all of them would finish, and hold their results in memory, at the very end.
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
"""The length of lists up to which no turn is needed: that of a page from AWS."""

SLICE = 50
"""The number of items of a longer list per turn, which takes a millisecond or two."""

STEPS = 7
"""The number of steps per turn; a step is one short piece of work, such as sending an AWS call."""

FEW = 20
"""The number of steps that a request takes before it has to wait for turns."""

ROUNDS = 8
"""Event loop iterations between two turns; a short request needs about twenty from its first byte to its last."""

Rank = tuple[int, ...]
"""A priority in the queue, lowest first: the request's amount of work, its number, and an order among its waits."""

_AFTER_ALL = 2
"""The last part of the rank of `respite`: after a request's steps, whose ranks have 0 or 1 there."""

_requests = count()


class Turns:
    """The turns of one request."""

    def __init__(self) -> None:
        """Start without a rank: the first work that has to wait determines the request's rank for good."""
        self._rank: tuple[int, int] | None = None
        self.under_way = 0
        """The number of lists being processed slice by slice, not counting those that are waiting for AWS."""

    async def turn(self, items: int) -> None:
        """Wait for a turn to process a slice of a list with this many items; a short list needs none."""
        if items > LONG:
            await self._wait(items, STEPS)

    async def step(self, taken: int, *, leads_on: bool = False) -> None:
        """Wait for a turn to take a step; a request that has ``taken`` only a few needs none.

        A step that ``leads_on``, because other steps depend on it, goes before the request's steps that do not.
        """
        if taken > FEW:
            await self._wait(taken, 1, later=not leads_on)

    async def respite(self) -> None:
        """Wait until no step of the request is waiting for a turn; for work that no step depends on."""
        await self._queue.turn((*self._ranked(1), _AFTER_ALL), 0, at_once=False)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Exclude a list from ``under_way`` while its processing waits for AWS."""
        self.under_way -= 1
        try:
            yield
        finally:
            self.under_way += 1

    async def _wait(self, work: int, steps: int, *, later: bool = False) -> None:
        await self._queue.turn((*self._ranked(work), later), steps)

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
        """Yield items in slices, each in its own turn, or all at once if they are few."""
        step = SLICE if len(items) > LONG else LONG
        self.under_way += 1
        try:
            for first in range(0, len(items), step):
                await self.turn(len(items))
                yield items[first : first + step]
        finally:
            self.under_way -= 1


class _Queue:
    """The queue for the turns of one event loop."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Rank, int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._left = STEPS
        """The number of steps that the current turn still has room for."""
        self._goes_on = False
        """Whether the next turn has been scheduled."""

    async def turn(self, rank: Rank, steps: int, *, at_once: bool = True) -> None:
        """Wait for a turn with room for these steps; with ``at_once``, no wait if there is room and nobody waits."""
        loop = asyncio.get_running_loop()
        self._go_on(loop)
        if at_once and self._left > 0 and not self._waiting:
            self._left -= steps
            return
        turn = loop.create_future()
        heappush(self._waiting, (rank, next(self._numbers), steps, turn))
        await turn

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._goes_on:
            self._goes_on = True
            loop.call_soon(self._next, loop, ROUNDS)

    def _next(self, loop: asyncio.AbstractEventLoop, rounds: int) -> None:
        """After this many rounds, give the turn to the first in the queue, and schedule the next turn."""
        if rounds:
            loop.call_soon(self._next, loop, rounds - 1)
            return
        self._left, self._goes_on = STEPS, False
        while self._waiting and self._left > 0:
            *_, steps, turn = heappop(self._waiting)
            if not turn.done():  # the request may have been cancelled
                turn.set_result(None)
                self._left -= steps
                self._go_on(loop)


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()
