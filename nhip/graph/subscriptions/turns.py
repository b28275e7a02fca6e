"""So many things at once, shared between owners: whoever has many under way leaves room for whoever has few."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar, TypeVarTuple, Unpack
from weakref import WeakValueDictionary

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Turns:
    """`most` turns. An owner gets one while it has fewer than are left: one alone has half of all, a second a quarter, and so on,
    so that there is one left for who comes next. Of those who wait the owners take turns."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._held: Counter[Hashable] = Counter()
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, owner: Hashable) -> AsyncIterator[None]:
        """A turn of the owner's for as long as the block lasts."""
        await self.take(owner)
        try:
            yield
        finally:
            self.give_back(owner)

    async def take(self, owner: Hashable) -> None:
        """Wait for a turn; whoever has it gives it back."""
        if owner not in self._waiting and self._may(owner):
            self._grant(owner)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back(owner)  # it came while nobody waited for it any more
            else:
                self._leave(owner, turn)
            raise

    def give_back(self, owner: Hashable) -> None:
        """A turn is over."""
        self._free += 1
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        self._call()

    def _may(self, owner: Hashable) -> bool:
        return self._held[owner] < self._free

    def _grant(self, owner: Hashable) -> None:
        self._free -= 1
        self._held[owner] += 1

    def _leave(self, owner: Hashable, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(owner, deque())
        if turn in waiting:
            waiting.remove(turn)
            if not waiting:
                del self._waiting[owner]

    def _call(self) -> None:
        """Give the turns that may be given, each owner one after the other."""
        while next_one := next(filter(self._may, self._waiting), None):
            waiting = self._waiting.pop(next_one)
            turn = waiting.popleft()
            if waiting:
                self._waiting[next_one] = waiting
            if not turn.done():
                self._grant(next_one)
                turn.set_result(None)


class Threads:
    """Threads for others' machines alone (receivers, sources, peers), shared between owners: a name that nobody resolves, a
    handshake that does not end, keep neither other work of the process waiting nor what is told and asked for others."""

    def __init__(self, most: int = 32) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="receivers")
        self._turns = Turns(most)
        self._at_one = max(1, most // 4)
        self._rooms: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    async def run(
        self, owner: Hashable, function: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments
    ) -> Result:
        """What the function gives. The owner's turn lasts until the thread is free, even if nobody waits for it any more."""
        return await self._run(owner, _nothing, function, *arguments)

    async def run_at(
        self, owner: Hashable, place: str, function: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments
    ) -> Result:
        """As `run`; a place (a machine, a name) that does not answer leaves half of the owner's threads for its other ones."""
        room = self._rooms.get((owner, place))
        if room is None:
            room = self._rooms[owner, place] = asyncio.Semaphore(self._at_one)
        await room.acquire()
        return await self._run(owner, room.release, function, *arguments)

    async def _run(
        self,
        owner: Hashable,
        leave: Callable[[], None],
        function: Callable[[Unpack[Arguments]], Result],
        *arguments: *Arguments,
    ) -> Result:
        loop = asyncio.get_running_loop()
        try:
            await self._turns.take(owner)
        except BaseException:
            leave()
            raise
        work = self._pool.submit(function, *arguments)

        def free() -> None:
            self._turns.give_back(owner)
            leave()

        def over(_work: object) -> None:
            with suppress(RuntimeError):  # the process ends
                loop.call_soon_threadsafe(free)

        work.add_done_callback(over)
        return await asyncio.wrap_future(work)

    def close(self) -> None:
        """No more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _nothing() -> None:
    """No place to leave."""
