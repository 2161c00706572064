"""Fair semaphores: a free slot goes to the waiting requests in turn, however many calls each has waiting."""

import asyncio
from collections import deque
from collections.abc import Hashable


class Slots:
    """A semaphore that serves its waiters round-robin by owner, and an owner's in the order they came."""

    def __init__(self, number: int) -> None:
        """Have so many slots, all of them free."""
        self._free = number
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Those who wait, by owner; the owner whose turn is next comes first."""

    def one(self, owner: Hashable) -> "Held":
        """Have one for as long as the context lasts."""
        return Held(owner, self)

    def take_free(self) -> bool:
        """Take one if that takes no waiting."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def take(self, owner: Hashable) -> None:
        """Wait for one."""
        slot = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self.give()  # granted just as the wait was cancelled
            raise

    def give(self) -> None:
        """Hand a slot, one given back or a further one, to the next in turn, or keep it free."""
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


class Held:
    """One slot of each of several semaphores, taken in their order, for as long as the context lasts."""

    __slots__ = ("_owner", "_wanted")

    def __init__(self, owner: Hashable, *wanted: Slots) -> None:
        """Have taken none."""
        self._owner = owner
        self._wanted = wanted

    async def __aenter__(self) -> None:
        """Take them."""
        had = 0
        try:
            for slots in self._wanted:
                if not slots.take_free():
                    await slots.take(self._owner)
                had += 1
        except asyncio.CancelledError:
            self._give(had)
            raise

    async def __aexit__(self, *_: object) -> None:
        """Give them back."""
        self._give(len(self._wanted))

    def _give(self, had: int) -> None:
        for slots in self._wanted[:had]:
            slots.give()
