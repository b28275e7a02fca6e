"""Looking after jobs: why one failed, running it again, cancelling one that waits."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import msgspec
from procrastinate import JobContext
from procrastinate.middleware import AsyncCallNext

from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import Jsonb, execute, fetch_all
from nhip.db.sql import load
from nhip.errors import DatabaseAway, NhipError, NotFound
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note

queries = load(__file__, "care.sql")
KEPT = timedelta(days=90)
"""Failed jobs and their reasons are forgotten after this."""
UNFORESEEN = _("An error that nobody foresaw: {kind}. The log of the worker holds its trace.")


class JobGone(NotFound):
    """This job is no longer in that state: it was run, cancelled or forgotten meanwhile."""


class Job(msgspec.Struct, frozen=True):
    """A job with the reason of its last failure (marked text over `values`, None when it never failed)."""

    id: int
    queue: str
    task: str
    args: dict[str, Any]
    state: str
    attempts: int
    scheduled_at: datetime | None
    at: datetime | None
    template: str | None
    values: dict[str, Any] | None
    ours: bool | None


class LastRun(msgspec.Struct, frozen=True):
    """How the last run of a task went."""

    task: str
    ended_at: datetime
    seconds: float
    good: bool


class _Count(msgspec.Struct):
    state: str
    n: int


async def watched(call_next: AsyncCallNext, context: JobContext, _worker: Any) -> Any:
    """Worker middleware: notes how each run ended, and why one failed."""
    installation: Installation = context.additional_context["installation"]
    started = time.monotonic()
    failure: Exception | None = None
    try:
        return await call_next()
    except Exception as error:
        failure = error
        raise
    finally:
        await _note_end(installation, context, time.monotonic() - started, failure)


async def _note_end(installation: Installation, context: JobContext, seconds: float, failure: Exception | None) -> None:
    job, task = context.job, context.job.task_name
    try:
        async with installation.db.tx() as tx:
            if failure is not None:
                await execute(
                    tx, queries.insert_failure, id=new_id(), job_id=job.id, task=task, now=now(), **_told(failure)
                )
                await execute(tx, queries.forget_failures, before=now() - KEPT)
            await execute(tx, queries.put_last_run, task=task, now=now(), seconds=seconds, good=failure is None)
    except DatabaseAway:
        return  # then the job's own end is not noted either; it is taken up again


def _told(failure: Exception) -> dict[str, Any]:
    """What may be shown: the words of our errors; of others only the kind, as their text may hold data or secrets."""
    if isinstance(failure, NhipError):
        return {"template": failure.template(), "values": Jsonb(_plain(failure.values)), "ours": True}
    return {"template": UNFORESEEN, "values": Jsonb({"kind": type(failure).__name__}), "ours": False}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: v if isinstance(v, str | int | float | bool) or v is None else str(v) for name, v in values.items()}


async def list_jobs(tx: Connection, *states: str, limit: int = 200) -> list[Job]:
    """Jobs in one of `states` (`todo`, `doing`, `failed`, `cancelled`), the newest first."""
    return await fetch_all(tx, Job, queries.list_jobs, states=list(states), limit=limit)


async def count_jobs(tx: Connection) -> dict[str, int]:
    """How many jobs are in each state."""
    return {row.state: row.n for row in await fetch_all(tx, _Count, queries.count_jobs)}


async def list_last_runs(tx: Connection) -> list[LastRun]:
    """How the last run of each task went."""
    return await fetch_all(tx, LastRun, queries.list_last_runs)


async def count_workers(tx: Connection) -> int:
    """How many workers live."""
    row = await (await tx.execute(queries.count_workers)).fetchone()
    return int(row[0]) if row else 0


async def retry_job(tx: Connection, job_id: int) -> None:
    """Run a failed job again. Raises JobGone."""
    if await execute(tx, queries.retry_job, id=job_id) == 0:
        raise JobGone(what=str(job_id))
    await note(tx, Event(kind="job.retried", what=f"job:{job_id}"))


async def cancel_job(tx: Connection, job_id: int) -> None:
    """Do not do a job that waits. Raises JobGone."""
    if await execute(tx, queries.cancel_job, id=job_id) == 0:
        raise JobGone(what=str(job_id))
    await note(tx, Event(kind="job.cancelled", what=f"job:{job_id}"))
