"""The procrastinate app. Packages declare tasks on a `Blueprint` in their `jobs.py`; the composition root binds them here.

A job is enqueued on the caller's own transaction (`enqueue(tx, task, …)`), so the row and the job commit together.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.schema import SchemaManager
from procrastinate.tasks import Task

from nhip.db import Connection, Database
from nhip.db.installation import Installation
from nhip.db.sql import load
from nhip.errors import Conflict
from nhip.jobs.care import watched
from nhip.jobs.permissions import require

queries = load(__file__)
app = App(connector=PsycopgConnector())
_NUMBER = re.compile(r"^(\d\d)\.(\d\d)\.(\d\d)_(\d\d)")


class AlreadyWaiting(Conflict):
    """This waits to be done already ({what}); once is enough."""


async def enqueue(tx: Connection, task: Task[Any, Any, Any], *, lock: str | None = None, **arguments: Any) -> int:
    """Enqueue `task` in the caller's transaction; jobs with the same `lock` run one after the other. Gives the job's id.

    Raises AlreadyWaiting where such a job waits and one is enough, Forbidden when whoever asks holds none of the permissions
    that the job names (`nhip.kernel.needs`).
    """
    require(task)
    configured = task.configure(lock=lock, connection=tx)
    try:
        async with tx.transaction():
            return int(await configured.defer_async(**arguments))
    except AlreadyEnqueued as error:
        raise AlreadyWaiting(what=task.name) from error


async def install(db: Database) -> int:
    """Make the job tables, or bring them to the installed procrastinate's version; gives how many files ran."""
    async with db.tx() as tx:
        await tx.execute(queries.wait_turn)
        found = await (await tx.execute(queries.find_version)).fetchone()
        names = sorted(p.name for p in _migrations())
        if not (found and found[1]):
            await tx.execute(SchemaManager.get_schema())
            await tx.execute(queries.record_version, {"name": names[-1]})
            return 1
        pending = [p for p in sorted(_migrations()) if p.name > (found[0] or "")]
        for path in pending:
            await tx.execute(await asyncio.to_thread(path.read_text, encoding="utf-8"))
            await tx.execute(queries.record_version, {"name": path.name})
        return len(pending)


def _migrations() -> list[Any]:
    from pathlib import Path

    return [p for p in Path(SchemaManager.get_migrations_path()).glob("*.sql") if _NUMBER.match(p.name)]


async def run_worker(installation: Installation, *, concurrency: int, wait: bool = True) -> None:
    """Run jobs until cancelled (`wait`), or until none is left."""
    connector = PsycopgConnector(conninfo=installation.db.url, min_size=1, max_size=concurrency + 2)
    # replaced, not copied: periodic tasks stay bound to the one app
    with app.replace_connector(connector) as bound:
        async with bound.open_async():
            await bound.run_worker_async(
                concurrency=concurrency,
                wait=wait,
                install_signal_handlers=False,
                update_heartbeat_interval=3,
                stalled_worker_timeout=10,
                delete_jobs="successful",
                worker_middleware=[watched],
                additional_context={"installation": installation},
            )


async def retry_orphans(db: Database) -> int:
    """Give back jobs whose worker died (no heartbeat): they run again. Returns how many."""
    async with db.tx() as tx:
        cursor = await tx.execute(queries.retry_orphans)
        return cursor.rowcount
