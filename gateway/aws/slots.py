"""A number of slots that requests share: each gets the next free one in its turn, however many calls it has waiting."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Slots:
    """A semaphore whose waiters are served one of each owner at a time, and an owner's in the order they came."""

    def __init__(self, number: int) -> None:
        """Have so many slots, all of them free."""
        self._free = number
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Those who wait, by owner; whose turn is next comes first."""

    def widen(self) -> None:
        """Have one more."""
        self._give()

    @asynccontextmanager
    async def one(self, owner: Hashable) -> AsyncIterator[None]:
        """Have one for as long as the context lasts."""
        await self._take(owner)
        try:
            yield
        finally:
            self._give()

    async def _take(self, owner: Hashable) -> None:
        if self._free:
            self._free -= 1
            return
        slot = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self._give()  # it came too late
            raise

    def _give(self) -> None:
        """Hand a slot to the next in turn, or keep it free."""
        while self._waiting:
            owner = next(iter(self._waiting))
            waiting = self._waiting.pop(owner)
            slot = waiting.popleft()
            if waiting:
                self._waiting[owner] = waiting  # behind all others
            if not slot.done():
                slot.set_result(None)
                return
        self._free += 1
