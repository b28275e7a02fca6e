"""Telling other processes that something changed: PostgreSQL NOTIFY, sent with the transaction that changed it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import psycopg

from nhip.db.database import Connection

CHANNEL = "nhip_live"
_PAUSE_S = 2.0
log = logging.getLogger(__name__)


async def announce(tx: Connection, topic: str) -> None:
    """Tell every listener about `topic` when the transaction commits."""
    await tx.execute("select pg_notify(%s, %s)", (CHANNEL, topic))


async def listen(url: str) -> AsyncIterator[str]:
    """Topics as they are announced. Ends with psycopg.OperationalError when the connection is lost."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(f"listen {CHANNEL}")
        async for notice in connection.notifies():
            yield notice.payload


async def relay(url: str, publish: Callable[[str], None], everything: str) -> None:
    """Pass topics on until cancelled. After a lost connection everything counts as changed, as some may have been missed."""
    while True:
        try:
            async for topic in listen(url):
                publish(topic)
        except (psycopg.OperationalError, OSError):
            log.warning("the database went away; listening again in %s s", _PAUSE_S)
        await asyncio.sleep(_PAUSE_S)
        publish(everything)
