"""The history's partitions: weeks are made ahead, and dropped when their time is over (setting graph_history_days)."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from psycopg.sql import SQL, Identifier

from nhip.db import Database
from nhip.db.query import execute
from nhip.db.sql import load
from nhip.errors import NhipError
from nhip.graph.links import Links
from nhip.graph.writer import Writer
from nhip.kernel.time import now

queries = load(__file__, "keeping.sql")
log = logging.getLogger(__name__)
_SWEEP_S = 1.0


async def make_weeks(db: Database) -> int:
    """Have partitions for two months; how many were made."""
    async with db.tx() as tx:
        row = await (await tx.execute(queries.make_weeks)).fetchone()
    return int(row[0]) if row else 0


async def forget(db: Database, days: int) -> int:
    """Drop history that is older than `days`; 0 keeps all. How many weeks went whole."""
    if not days:
        return 0
    before = now() - timedelta(days=days)
    async with db.read() as connection:
        weeks = await (await connection.execute(queries.list_weeks)).fetchall()
    over = [name for name, ends in weeks if ends <= before]
    for name in over:
        async with db.tx() as tx:
            await tx.execute("set local lock_timeout = '5s'")
            await tx.execute(SQL("drop table graph.{}").format(Identifier(name)))
    for query in (queries.forget_other, queries.forget_lives):
        while await _delete(db, query, before):
            pass
    return len(over)


async def _delete(db: Database, query: object, before: object) -> int:
    async with db.tx() as tx:
        return await execute(tx, query, before=before)  # type: ignore[arg-type]


async def sweep(links: Links, writer: Writer) -> int:
    """Take away what has expired (4.5.0, transient entities); how many entities had anything that did."""
    done = 0
    while rows := await links.fetch(queries.list_due, now()):
        by_tenant: dict[int, list[str]] = {}
        for tenant, id in rows:
            by_tenant.setdefault(tenant, []).append(id)
        for tenant, ids in by_tenant.items():
            done += await writer.sweep(tenant, ids)
    return done


async def keep_sweeping(links: Links, writer: Writer) -> None:
    """Sweep each second until cancelled. Readers hide what has expired until then."""
    while True:
        await asyncio.sleep(_SWEEP_S)
        try:
            await sweep(links, writer)
        except NhipError as error:
            log.warning("expired entities could not be taken away: %s", error)
        except Exception:
            log.exception("expired entities could not be taken away")
