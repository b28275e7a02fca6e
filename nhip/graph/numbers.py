"""Numbers that a writing process takes from PostgreSQL by the block: lives, instances; and its slot of the counters."""

from __future__ import annotations

from typing import Any, Protocol

from nhip.db.sql import load
from nhip.graph.links import Link

queries = load(__file__)
_ENOS, _IIDS, _SLOTS = 1000, 10_000, 256


class Source(Protocol):
    """Where numbers come from."""

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Rows of a query."""


class Blocks:
    """Numbers by the block. What is taken and not used is lost, as the numbers of any sequence are."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._enos: list[int] = []
        self._iids: list[int] = []

    async def prepare(self, enos: int, iids: int) -> None:
        """Have at least so many numbers at hand, until whoever asked waits for something."""
        while len(self._enos) < enos:
            first = (await self._source.fetch(queries.next_eno))[0][0]
            self._enos[:0] = range(first + _ENOS - 1, first - 1, -1)
        while len(self._iids) < iids:
            first = (await self._source.fetch(queries.next_iid))[0][0]
            self._iids[:0] = range(first + _IIDS - 1, first - 1, -1)

    def eno(self) -> int:
        """The number of a new life."""
        return self._enos.pop()

    def iids(self, count: int) -> list[int]:
        """Numbers of new instances in the history, rising."""
        taken = self._iids[: -count - 1 : -1]
        del self._iids[-count:]
        return taken


class Numbers(Blocks):
    """Those of a connection that writes: whoever writes by it has them of its own, as a link does one thing at a time."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.link = link
        self._slot = 0
        self._slot_of = 0

    async def slot(self) -> int:
        """The slot of the counters that is ours as long as this connection lives."""
        if self._slot_of != self.link.generation:
            for slot in range(_SLOTS):
                if (await self.link.fetch(queries.take_slot, slot))[0][0]:
                    break
            self._slot, self._slot_of = slot, self.link.generation
        return self._slot
