"""The ledger: what appending costs a transaction, and how quickly everything is verified.

    .venv/bin/python -m bench ledger [--quick]

On an embedded server of its own that syncs to disk as it does in service. Appending is counted in microseconds per event: by the
clock, and in processor time of ours and of the database's. Verification is `nhip ledger verify --json` as anybody would run it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psutil

from bench.results import WORK, measure, record
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation, opened
from nhip.kernel.actor import Actor, act_as
from nhip.ledger.heads import sign_head
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.ledger.service import record as record_events
from nhip.parts import prepare_database
from nhip.settings import Settings

FOLDER = WORK / "ledger"
BATCH = 1000
CALLERS = 100


def event(n: int) -> Event:
    """An event as the records pages note it: one person in every third, a purpose, a few facts."""
    people = (n.to_bytes(32, "big"),) if n % 3 == 0 else ()
    why = "Luật 91/2025, điều 20: thủ tục 1.004.222"
    return Event(kind="personal.read", what=f"dataset:ho-so-{n % 50}", why=why, data={"rows": n % 9}, subjects=people)


class Cost:
    """Clock and processor time of a stretch of work, ours and the database server's."""

    def __init__(self, server: EmbeddedServer) -> None:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        self._server = psutil.Process(pid)

    def _server_cpu(self) -> float:
        times = [process.cpu_times() for process in [self._server, *self._server.children()]]
        return float(sum(t.user + t.system for t in times))

    async def of(self, work: Callable[[], Awaitable[None]], count: int) -> dict[str, float]:
        """Microseconds for each of the `count` events that `work` appends."""
        clock, ours, theirs = time.perf_counter(), time.process_time(), self._server_cpu()
        await work()
        spent = {
            "us": time.perf_counter() - clock,
            "cpu_us": time.process_time() - ours,
            "database_cpu_us": self._server_cpu() - theirs,
        }
        return {name: round(seconds / count * 1e6, 1) for name, seconds in spent.items()}


async def append(installation: Installation, rounds: int) -> None:
    """Batches, single notes and shared commits."""
    assert installation.server is not None
    db, cost = installation.db, Cost(installation.server)

    async def transactions(count: int, notes: int) -> None:
        for _ in range(count):
            async with db.tx() as tx:
                await tx.execute("select 1")
                for n in range(notes):
                    await note(tx, event(n))

    async def callers() -> None:
        for _ in range(rounds):
            await asyncio.gather(*(record_events(db, event(n)) for n in range(CALLERS)))

    await transactions(20, 1)
    batches = await cost.of(lambda: transactions(rounds, BATCH), rounds * BATCH)
    record("ledger append", {"rows": rounds * BATCH, "batch": BATCH, **batches})
    shared = await cost.of(callers, rounds * CALLERS)
    record("ledger record", {"rows": rounds * CALLERS, "callers": CALLERS, **shared})
    without = await cost.of(lambda: transactions(rounds * 10, 0), rounds * 10)
    single = await cost.of(lambda: transactions(rounds * 10, 1), rounds * 10)
    added = {f"adds_{name}": round(single[name] - without[name], 1) for name in single}
    record("ledger note", {"rows": rounds * 10, **single, **added})


async def fill(settings: Settings, rows: int) -> None:
    """A ledger of `rows` events under a head for every 50,000, after the measures of appending."""
    async with opened(settings) as installation:
        await prepare_database(installation.db)
        await append(installation, 20 if rows < 1_000_000 else 100)
        count = 0
        while count < rows:
            async with installation.db.tx() as tx:
                for n in range(count, count + 2000):
                    await note(tx, event(n))
            count += 2000
            if count % 50_000 == 0:
                await sign_head(installation.db, settings)


def verify(settings: Settings) -> None:
    """The whole ledger, twice; the quicker run counts, as the machine has other work too."""
    command = [sys.executable, "-m", "nhip", "--data-dir", str(settings.data_dir), "ledger", "verify", "--json"]
    runs = []
    for _ in range(2):
        took = measure(command)
        report = json.loads(took.output)
        if took.code or not report["ok"]:
            raise SystemExit(f"the ledger does not verify: {report['faults'][:3]}")
        runs.append((report["rows_per_s"], report, took))
    rate, report, took = max(runs, key=lambda run: run[0])
    figures: dict[str, Any] = {"rows": report["events"], "heads": report["heads"], "rows_per_s": rate}
    per_cpu = round(report["events"] / report["cpu_s"])
    spent = {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "peak_mb": took.peak_mb}
    record("ledger verify", {**figures, "rows_per_cpu_s": per_cpu, **spent})


def run(rows: int) -> None:
    """Everything, on a fresh installation that is removed afterwards."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    settings = Settings(data_dir=FOLDER.resolve())
    with act_as(Actor(uuid.uuid4(), "Nguyễn Thị Hương", "so-gtvt", "session", "10.1.2.3")):
        asyncio.run(fill(settings, rows))
    os.environ.pop("NHIP_DATABASE_URL", None)
    verify(settings)
    shutil.rmtree(FOLDER)
