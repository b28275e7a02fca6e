"""The pool and the only place that commits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from nhip.errors import DatabaseAway
from nhip.kernel.i18n import _

Connection = AsyncConnection[TupleRow]


class Database:
    """Connections to PostgreSQL. One request or one job is one `tx()`; nothing else commits."""

    def __init__(self, url: str, *, size: int = 10, wait_s: float = 10) -> None:
        self.url = url
        self._wait = wait_s
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
        await self._pool.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode for reading."""
        async with self._borrow() as connection:
            yield connection

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction: committed at the end of the block, rolled back by any exception."""
        async with self._borrow() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def _borrow(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise DatabaseAway(what=type(error).__name__) from error

    async def ready(self) -> bool:
        """Whether a query is answered now."""
        try:
            async with self.read() as connection:
                await connection.execute("select 1")
        except DatabaseAway:
            return False
        return True
