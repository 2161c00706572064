"""Fair semaphores: free slots go to the waiting requests in turn, however many calls each has waiting."""

import asyncio
from collections import deque
from collections.abc import Hashable


class Slots:
    """A semaphore that serves owners round-robin, and the waiters of one owner in order of arrival."""

    def __init__(self, number: int) -> None:
        """Create this many slots, all free."""
        self._free = number
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """The waiters by owner; the owner whose turn is next comes first."""

    def one(self, owner: Hashable) -> "Held":
        """Return a context manager that holds one slot."""
        return Held(owner, self)

    def take_free(self) -> bool:
        """Take a slot if one is free; return whether it was."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def take(self, owner: Hashable) -> None:
        """Wait for a slot."""
        slot = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self.give()  # it was granted just as the wait was cancelled
            raise

    def give(self) -> None:
        """Release a slot, or add one: pass it to the next waiter in turn, or keep it free."""
        while self._waiting:
            owner = next(iter(self._waiting))
            waiting = self._waiting.pop(owner)
            slot = waiting.popleft()
            if waiting:
                self._waiting[owner] = waiting  # after all other owners
            if not slot.done():
                slot.set_result(None)
                return
        self._free += 1


class Held:
    """A context manager that holds one slot of each of several semaphores, taken in this order."""

    __slots__ = ("_owner", "_wanted")

    def __init__(self, owner: Hashable, *wanted: Slots) -> None:
        """Remember the semaphores; slots are taken on entry."""
        self._owner = owner
        self._wanted = wanted

    async def __aenter__(self) -> None:
        """Take the slots."""
        taken = 0
        try:
            for slots in self._wanted:
                if not slots.take_free():
                    await slots.take(self._owner)
                taken += 1
        except asyncio.CancelledError:
            self._give(taken)
            raise

    async def __aexit__(self, *_: object) -> None:
        """Release the slots."""
        self._give(len(self._wanted))

    def _give(self, taken: int) -> None:
        for slots in self._wanted[:taken]:
            slots.give()
