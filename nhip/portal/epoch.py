"""The number of the public catalogue's state: as long as it stands, every public answer made under it is true.

It grows with each transaction that changes what the public is told, at its commit (migration 0007).
"""

from __future__ import annotations

import asyncio

from nhip.db import Database

_NUMBER = "select number from portal.epoch"


class Epoch:
    """Reads the number. Many who ask at once share one query, but only one that began after they asked."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._reading: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def now(self) -> int:
        """The number as of a moment after this call. Raises DatabaseAway."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._reading))
        return await asyncio.shield(self._next)

    async def _after(self, before: asyncio.Task[int] | None) -> int:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._reading, self._next = self._next, None  # from here on, whoever asks needs a query that has not begun
        async with self._db.read() as tx:
            row = await (await tx.execute(_NUMBER)).fetchone()
        assert row is not None, "the table has one row"
        return int(row[0])
