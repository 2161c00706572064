"""A number of slots that requests share: each gets the next free one in its turn, however many calls it has waiting."""

import asyncio
from collections import deque
from collections.abc import Hashable


class Slots:
    """A semaphore whose waiters are served one of each owner at a time, and an owner's in the order they came."""

    def __init__(self, number: int) -> None:
        """Have so many slots, all of them free."""
        self._free = number
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Those who wait, by owner; whose turn is next comes first."""

    def widen(self) -> None:
        """Have one more."""
        self.give()

    def one(self, owner: Hashable) -> "_Slot":
        """Have one for as long as the context lasts."""
        return _Slot(self, owner)

    async def take(self, owner: Hashable) -> None:
        """Wait for one."""
        if self._free:
            self._free -= 1
            return
        slot = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self.give()  # it came too late
            raise

    def give(self) -> None:
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


class _Slot:
    """A slot while it is had."""

    __slots__ = ("_owner", "_slots")

    def __init__(self, slots: Slots, owner: Hashable) -> None:
        self._slots = slots
        self._owner = owner

    async def __aenter__(self) -> None:
        await self._slots.take(self._owner)

    async def __aexit__(self, *_: object) -> None:
        self._slots.give()
