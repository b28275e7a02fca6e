"""Kill what writes the graph, and PostgreSQL, again and again; nothing that was acknowledged may be lost.

    .venv/bin/python -m tests.graph.store.killing --process 200 --database 100

A writer changes entities without pause and notes each acknowledged value in a file, outside of all it could lose. In the end
each noted value has to be in the history once, and no entity may be older than the last one noted for it. Syncs to disk as in
service.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from pathlib import Path

import orjson
import psycopg

from nhip.db import Database
from nhip.db.embedded import EmbeddedServer
from nhip.db.errors import EmbeddedServerFailed
from nhip.errors import DatabaseAway
from nhip.graph.errors import Busy
from nhip.graph.model import Operation
from nhip.graph.service import Graph
from nhip.parts import prepare_database

COUNT = "https://example.org/count"
THINGS = 24
GENERATION = 1_000_000
"""Counts of one life of the writer are apart from those of the next by this."""


def change(thing: int, count: int) -> Operation:
    doc = {
        "id": f"urn:ngsi-ld:Thing:{thing}",
        "type": ["https://example.org/Thing"],
        COUNT: [{"type": "Property", "value": count}],
    }
    return Operation(name=random.choice(["upsert-update", "upsert-replace"]), id=doc["id"], doc=doc)


async def write(url: str, noted: Path, generation: int) -> None:
    """Write until killed."""
    graph = Graph(url)
    await graph.open()
    log = os.open(noted, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def work(thing: int) -> None:
        count = generation * GENERATION
        while True:
            count += 1
            try:
                outcomes = await graph.write(1, [change(thing, count)])
            except (DatabaseAway, Busy):
                continue
            assert outcomes[0].error is None
            os.write(log, f"{thing} {count}\n".encode())

    await asyncio.gather(*map(work, range(THINGS)))


def start(url: str, noted: Path, generation: int) -> int:
    """A writer in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(write(url, noted, generation))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return pid


def acknowledged(noted: Path) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for line in noted.read_text().splitlines() if noted.exists() else ():
        thing, count = line.split()
        found[int(thing)].append(int(count))
    return found


def check(url: str, noted: Path) -> int:
    """How many acknowledged values were found; raises AssertionError naming the first that was lost."""
    noted_before = acknowledged(noted)  # first, as a living writer goes on meanwhile
    with psycopg.connect(url) as connection:
        rows = connection.execute("select id, doc from graph.entity where tenant = 1").fetchall()
        kept = connection.execute(
            "select e.id, a.num from graph.attr_inst a join graph.entity e on e.eno = a.eno where a.num is not null"
        ).fetchall()
    now = {id: orjson.loads(doc)[COUNT][0]["value"] for id, doc in rows}
    history: dict[str, list[int]] = defaultdict(list)
    for id, num in kept:
        history[id].append(int(num))
    total = 0
    for thing, counts in noted_before.items():
        id = f"urn:ngsi-ld:Thing:{thing}"
        assert now.get(id, -1) >= max(counts), f"{id} went back from {max(counts)} to {now.get(id)}"
        assert len(history[id]) == len(set(history[id])), f"{id} has a value twice"
        lost = set(counts) - set(history[id])
        assert not lost, f"{id} lost {sorted(lost)[:5]}"
        total += len(counts)
    return total


def wait_for_more(noted: Path, pid: int) -> None:
    """Until the writer has noted some values more than there are."""
    before = noted.stat().st_size if noted.exists() else 0
    end = time.monotonic() + 180
    while not noted.exists() or noted.stat().st_size < before + 400:
        assert os.waitpid(pid, os.WNOHANG) == (0, 0), "the writer ended by itself"
        assert time.monotonic() < end, "nothing is written"
        time.sleep(random.uniform(0.002, 0.02))


def kill_writer(url: str, noted: Path, times: int) -> None:
    for generation in range(1, times + 1):
        pid = start(url, noted, generation)
        wait_for_more(noted, pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if generation % 10 == 0 or generation == times:
            print(f"writer killed {generation} times, {check(url, noted)} acknowledged values there", flush=True)


def kill_database(server: EmbeddedServer, url: str, noted: Path, times: int) -> None:
    pid = start(url, noted, 100_000)
    try:
        for time_ in range(1, times + 1):
            wait_for_more(noted, pid)
            postmaster = server.pid()
            assert postmaster is not None
            os.kill(postmaster, signal.SIGKILL)
            os.waitpid(postmaster, 0)
            restart(server)
            if time_ % 10 == 0 or time_ == times:
                print(f"database killed {time_} times, {check(url, noted)} acknowledged values there", flush=True)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def adopt_orphans() -> None:
    """Make the server a child of ours when pg_ctl leaves it (PR_SET_CHILD_SUBREAPER), so that a killed one goes at once; as a
    zombie it would keep the next from starting."""
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0):
        raise OSError("this kernel lets nobody adopt orphans")


def restart(server: EmbeddedServer) -> None:
    """Start again; its old processes may still hold the shared memory for a moment."""
    end = time.monotonic() + 180
    while True:
        try:
            server.start()
            return
        except EmbeddedServerFailed:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


async def prepare(url: str) -> None:
    db = Database(url, size=2)
    await db.open()
    await prepare_database(db)
    await db.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--process", type=int, default=200, help="how often to kill the writer")
    parser.add_argument("--database", type=int, default=100, help="how often to kill PostgreSQL")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nhip-kill-") as folder:
        adopt_orphans()
        server = EmbeddedServer(Path(folder) / "pg")
        url = server.start()
        try:
            asyncio.run(prepare(url))
            noted = Path(folder) / "acknowledged"
            kill_writer(url, noted, asked.process)
            kill_database(server, url, noted, asked.database)
        finally:
            server.stop()
    print("nothing was lost")
    sys.exit(0)


if __name__ == "__main__":
    main()
