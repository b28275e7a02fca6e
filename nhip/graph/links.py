"""Connections of the graph to PostgreSQL (asyncpg; why not psycopg here: docs/decisions, figures of bench/graph.py)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from nhip.db.errors import DatabaseRefuses
from nhip.db.silence import notice_silence
from nhip.errors import DatabaseAway
from nhip.kernel.i18n import _
from nhip.kernel.time import monotonic

LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg raises when a connection ends in the middle of an answer
)
"""How it shows that the server went away, takes nobody in, or that this connection ended."""
_WHY: tuple[tuple[type[asyncpg.PostgresError], str], ...] = (
    (asyncpg.DiskFullError, _("its disk is full")),
    (asyncpg.OutOfMemoryError, _("it has no memory left")),
    (asyncpg.InsufficientResourcesError, _("it has reached a bound of its own")),
    (asyncpg.PostgresSystemError, _("its disk fails")),
    (asyncpg.InsufficientPrivilegeError, _("it has not the right to do that")),
    (asyncpg.ReadOnlySQLTransactionError, _("it may only be read")),
    (asyncpg.LockNotAvailableError, _("others hold the same rows for too long")),
)
REFUSED = tuple(kind for kind, _text in _WHY)
"""How it shows that the server is there and cannot do it now."""
_SETTINGS = {
    "jit": "off",
    "timezone": "UTC",
    "application_name": "nhip graph",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",  # a process that was stopped keeps nobody waiting with its locks
}
_GENERIC = {"plan_cache_mode": "force_generic_plan"}
_EARLY = {"enable_bitmapscan": "off"}
"""A search takes the first rows that come; a bitmap is made of all that there are before it gives one."""
_PAUSES_S = (0.1, 0.3, 0.6, 1.0, 2.0)
_LONGEST_S = 8.0
_AWAY_S = 3.0
"""Who asks so soon after the server was found away is told at once, lest a queue of those who wait for it grows."""


def _refusal(error: asyncpg.PostgresError) -> DatabaseRefuses:
    return DatabaseRefuses(what=next(text for kind, text in _WHY if isinstance(error, kind)))


class Link:
    """One connection that is used by one task at a time; made when first needed and again after it was lost."""

    def __init__(self, url: str, *, generic_plans: bool) -> None:
        self.url = url
        self._settings = {**_SETTINGS, **(_GENERIC if generic_plans else _EARLY)}
        self._connection: asyncpg.Connection | None = None
        self._statements: dict[str, asyncpg.prepared_stmt.PreparedStatement] = {}
        self._away_at = float("-inf")
        self.generation = 0
        """How many times it was connected."""

    async def connection(self) -> asyncpg.Connection:
        """The live connection. Raises DatabaseAway when the server cannot be reached within some seconds."""
        if self._connection is None or self._connection.is_closed():
            self._statements = {}
            self._connection = await self._connect()
            self.generation += 1
        return self._connection

    async def _connect(self) -> asyncpg.Connection:
        began = monotonic()
        pauses = _PAUSES_S if began - self._away_at > _AWAY_S else ()
        for pause in (*pauses, None):
            try:
                made = await asyncpg.connect(self.url, timeout=5, server_settings=self._settings)
            except LOST as error:
                if pause is None or monotonic() - began > _LONGEST_S:
                    self._away_at = monotonic()
                    raise DatabaseAway(what=type(error).__name__) from error
                await asyncio.sleep(pause)
            except REFUSED as error:
                raise _refusal(error) from error
            else:
                notice_silence(made)
                return made
        raise AssertionError

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """All rows of a query, prepared once. Raises DatabaseAway when the connection is lost meanwhile."""
        try:
            statement = self._statements.get(query)
            if statement is None or self._connection is None or self._connection.is_closed():
                connection = await self.connection()
                statement = self._statements[query] = await connection.prepare(query)
            rows: list[asyncpg.Record] = await statement.fetch(*values)
            return rows
        except LOST as error:
            await self.drop()
            raise DatabaseAway(what=_("the connection was lost")) from error
        except REFUSED as error:
            await self.drop()  # another server may be the one that can
            raise _refusal(error) from error

    async def drop(self) -> None:
        """Forget the connection; the next use makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def close(self) -> None:
        """Close it for good."""
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=5)


class Links:
    """A few links that are lent one at a time, to who waits longest."""

    def __init__(self, url: str, size: int, *, generic_plans: bool) -> None:
        self._all = [Link(url, generic_plans=generic_plans) for _ in range(size)]
        self._free = list(self._all)
        self._waiting: deque[asyncio.Future[Link]] = deque()

    async def _take(self) -> Link:
        if self._free:
            return self._free.pop()
        turn: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give(turn.result())
            raise

    def _give(self, link: Link) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(link)
                return
        self._free.append(link)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Link]:
        """A link for the block."""
        link = await self._take()
        try:
            yield link
        finally:
            self._give(link)

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """All rows of a query on the next free link."""
        link = await self._take()
        try:
            return await link.fetch(query, *values)
        finally:
            self._give(link)

    async def close(self) -> None:
        """Close all."""
        for link in self._all:
            await link.close()
