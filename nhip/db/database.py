"""The pool and the only place that commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from nhip.db.errors import DatabaseRefuses
from nhip.errors import DatabaseAway
from nhip.kernel.i18n import _

Connection = AsyncConnection[TupleRow]


class LastWork(Protocol):
    """Work that a transaction gathers and does as the last thing before it commits."""

    async def __call__(self, tx: Connection, /) -> None:
        """Send it, without waiting for answers: the commit goes with it, so that no lock waits for our round trip."""

    def refused(self, error: psycopg.Error, /) -> Exception | None:
        """What to raise if it was this work that the database refused; nothing is committed then."""


Work = TypeVar("Work", bound=LastWork)
Works = dict[type[LastWork], LastWork]
_last_work: WeakKeyDictionary[Connection, Works] = WeakKeyDictionary()


def last_work(tx: Connection, kind: type[Work]) -> Work:
    """The transaction's own `kind`, made when first asked for, called just before it commits, forgotten when it fails."""
    works = _last_work.get(tx)
    if works is None:
        raise RuntimeError("this connection is not inside Database.tx()")
    found = works.setdefault(kind, kind())
    assert isinstance(found, kind)
    return found


@asynccontextmanager
async def _sent_together(connection: Connection, works: Works) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """From the call of what it gives to the end of the block, statements are sent without waiting; errors come at the end."""
    async with AsyncExitStack() as pipeline:

        async def begin() -> None:
            await pipeline.enter_async_context(connection.pipeline())

        yield begin
        try:
            await pipeline.aclose()
        except psycopg.Error as error:
            await connection.rollback()
            raise next(filter(None, (work.refused(error) for work in works.values())), error) from error


class Database:
    """Connections to PostgreSQL. One request or one job is one `tx()`; nothing else commits."""

    def __init__(self, url: str, *, size: int = 10, wait_s: float = 10) -> None:
        self.url = url
        self._wait = wait_s
        self._apart: Database | None = None
        self._parting = asyncio.Lock()
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=wait_s,
            kwargs={"autocommit": True, "prepare_threshold": 3, "connect_timeout": 5},
            check=AsyncConnectionPool.check_connection,
            reconnect_timeout=15,
        )

    async def open(self) -> None:
        """Connect; raises DatabaseAway when the server does not answer in time."""
        await self._pool.open()
        try:
            await self._pool.wait(timeout=self._wait)
        except PoolTimeout as error:
            await self._pool.close()
            raise DatabaseAway(what=_("no answer")) from error

    async def close(self) -> None:
        """Give the connections back."""
        if self._apart is not None:
            await self._apart.close()
        await self._pool.close()

    async def apart(self) -> Database:
        """One connection beside the pool, closed with it: for work that holders of all the others may be waiting for."""
        async with self._parting:
            if self._apart is None:
                made = Database(self.url, size=1, wait_s=self._wait)
                await made.open()
                self._apart = made
        return self._apart

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode for reading."""
        async with self._borrow() as connection:
            yield connection

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction: committed at the end of the block, rolled back by any exception."""
        async with self._borrow() as connection, AsyncExitStack() as cleaning:
            works = _last_work[connection] = {}
            cleaning.callback(_last_work.pop, connection)
            async with _sent_together(connection, works) as together, connection.transaction():
                yield connection
                if works:
                    await together()
                for work in works.values():
                    await work(connection)

    @asynccontextmanager
    async def _borrow(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise DatabaseAway(what=type(error).__name__) from error
        except psycopg.errors.ReadOnlySqlTransaction as error:
            raise DatabaseRefuses(what=_("it may only be read")) from error

    async def ready(self) -> bool:
        """Whether a query is answered now."""
        try:
            async with self.read() as connection:
                await connection.execute("select 1")
        except DatabaseAway:
            return False
        return True
