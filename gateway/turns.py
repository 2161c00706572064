"""Cooperative scheduling on the event loop: long work is done in short turns, so that it does not delay small requests.

The event loop runs every callback that is ready before it polls its sockets again. If each of twenty requests had a
slice of long work ready, all others would wait for twenty slices; so one slice is worked on, and then the loop runs a
few rounds before the next. The request with the least work goes first, and of equals the one that came first: if they
alternated, all of them would finish, and hold their results in memory, at the very end.
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
"""Items that are worked on without waiting for a turn: as many as a page of AWS's has."""

SLICE = 50
"""Items of a longer list that are worked on in one turn, which takes a millisecond or two."""

STEPS = 6
"""Steps that are done in one turn; a step is short work that comes singly, such as sending an AWS call."""

FEW = 20
"""Steps that a request takes before it has to wait for turns."""

ROUNDS = 8
"""Rounds of the event loop between two turns; a short request needs about twenty from its first byte to its last."""

Rank = tuple[int, ...]
"""A place in the queue, lowest first: the request's work, its number, and an order among its own waits."""

_AFTER_ALL = 2
"""The last part of the rank of `respite`: behind a request's steps, which have 0 or 1 there."""

_requests = count()


class Turns:
    """The turns of one request."""

    def __init__(self) -> None:
        """Begin without a rank: the first work that has to wait gives the request its rank for good."""
        self._rank: tuple[int, int] | None = None
        self.under_way = 0
        """How many lists are being worked on slice by slice, not counting those that wait for AWS meanwhile."""

    async def turn(self, items: int) -> None:
        """Wait for a turn to work on a slice of a list of so many items; a short list needs none."""
        if items > LONG:
            await self._wait(items, 1)

    async def step(self, taken: int, *, leads_on: bool = False) -> None:
        """Wait for a turn to take a step; the first few that a request has ``taken`` need none.

        A step that ``leads_on``, because others depend on it, goes before those of the same request that do not.
        """
        if taken > FEW:
            await self._wait(taken, 1 / STEPS, later=not leads_on)

    async def respite(self) -> None:
        """Wait until none of the request's steps waits for a turn: the time for work that no step depends on."""
        await self._queue.turn((*self._ranked(1), _AFTER_ALL), 0, at_once=False)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Do not count long work as under way while it waits for AWS."""
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
        """Yield items slice by slice, each in a turn of its own, or all at once if they are few."""
        step = SLICE if len(items) > LONG else LONG
        self.under_way += 1
        try:
            for first in range(0, len(items), step):
                await self.turn(len(items))
                yield items[first : first + step]
        finally:
            self.under_way -= 1


class _Queue:
    """The queue for turns of one event loop."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Rank, int, float, asyncio.Future[None]]] = []
        self._numbers = count()
        self._left = 1.0
        """The share of the current turn that is still free."""
        self._goes_on = False
        """Whether the next turn has been scheduled."""

    async def turn(self, rank: Rank, share: float, *, at_once: bool = True) -> None:
        """Wait for a share of a turn; without waiting, if ``at_once`` allows it and nobody else is in the queue."""
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
        """After so many rounds, give the turn to the first in the queue, and schedule the next turn."""
        if rounds:
            loop.call_soon(self._next, loop, rounds - 1)
            return
        self._left, self._goes_on = 1.0, False
        while self._waiting and self._left > 0:
            *_, share, turn = heappop(self._waiting)
            if not turn.done():  # the request may have been cancelled
                turn.set_result(None)
                self._left -= share
                self._go_on(loop)


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()
