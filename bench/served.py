"""A catalogue of 10,000 datasets served as in production: harvested by our own connector, read by 200 people at once."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import httpx
import psutil
import psycopg

from bench.portal import QUERIES, fill
from nhip.datasets.catalogue import put_agency
from nhip.datasets.harvested import count_harvested
from nhip.datasets.records import Source
from nhip.datasets.sources import put_source, run
from nhip.datasets.store import get_source
from nhip.db.database import Connection, Database
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.db.objects import Objects
from nhip.parts import prepare_database
from nhip.security.service import set_administrator_password
from nhip.settings import Settings

READERS, SECONDS = 200, 15.0
_RELEASES = """
insert into portal.release (dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at)
select dataset_id, 1, 'open/small', md5(name), 500, 10000, columns, '{"open": true}', as_of, modified from portal.entry
"""
_ASKED = """
insert into portal.answer (dataset_id, asked_at, answers) select dataset_id, now() + interval '1 day', '{}' from portal.entry
"""
_LOOKED = "insert into portal.extent (dataset_id, digest, units) select dataset_id, md5(name), '{}' from portal.entry"
"""What Nhịp does once with each new dataset in the background is done already: only harvest and reading are measured."""
_ROWS = ", ".join(f"'Chữ ' || (i % {7 * n + 3}) as cot_{n}" for n in range(12))


async def _database(server: EmbeddedServer, name: str) -> Database:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')
        connection.execute(f'create database "{name}"')
    db = Database(server.url(name), size=4)
    await db.open()
    await prepare_database(db)
    return db


async def _catalogue(tx: Connection, count: int) -> None:
    await fill(tx, count)
    await tx.execute("alter table portal.release drop constraint release_dataset_id_fkey")
    for made in (_RELEASES, _ASKED, _LOOKED):
        await tx.execute(made)
    await set_administrator_password(tx)


@contextmanager
def served(database_url: str, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The web part of `nhip up` over a database, as a process of its own: its address and itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"DATA_DIR": str(folder), "DATABASE_URL": database_url, "PORT": str(port), "MEMORY_MB": "300"}
    told |= {"REQUESTS_PER_MINUTE": "0", "HEAVY_PER_MINUTE": "0"}
    environ = os.environ | {f"NHIP_{name}": value for name, value in told.items()}
    process = subprocess.Popen([sys.executable, "-m", "nhip.serve", "web"], env=environ, start_new_session=True)
    try:
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/health")
                break
            except httpx.TransportError:
                assert time.monotonic() < until, "the server did not begin"
                time.sleep(0.1)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _cpu(*processes: psutil.Process) -> float:
    """CPU seconds of processes and those that they started."""
    found = {p.pid: p for one in processes for p in (one, *one.children(recursive=True))}
    return sum(sum(p.cpu_times()[:2]) for p in found.values())


async def measure_harvest(ours: Installation, url: str, remote: Database, server: psutil.Process) -> dict[str, Any]:
    """All of it, again with nothing new, and again after ten changed and ten went. Seconds of wall and of CPU, both sides."""
    said = {"url": url, "content": "catalogue"}
    async with ours.db.tx() as tx:
        await put_agency(tx, "000.00.10.H57", "Sở Xây dựng")
        source = await put_source(tx, ours, name="xa", kind="ckan", agency_code="000.00.10.H57", settings=said)
    found: dict[str, Any] = {}
    for name in ("first", "second", "third"):
        if name == "third":
            async with remote.tx() as tx:
                await tx.execute("delete from portal.entry where name in (select name from portal.entry limit 10)")
                changed = "select name from portal.entry order by name limit 10"
                await tx.execute(
                    f"update portal.entry set title = title || ' mới', modified = now() where name in ({changed})"
                )
        found |= await _harvest(ours, source, name, server)
    return found


async def _harvest(ours: Installation, source: Source, name: str, server: psutil.Process) -> dict[str, Any]:
    me = psutil.Process()
    began, cpu, theirs = time.perf_counter(), sum(me.cpu_times()[:2]), _cpu(server)
    async with ours.db.read() as tx:
        source = await get_source(tx, source.name)
    ended = await run(ours, source, later=False)
    assert not ended.problem, ended.problem
    async with ours.db.read() as tx:
        count = await count_harvested(tx, source)
    return {
        f"{name}_s": round(time.perf_counter() - began, 1),
        f"{name}_cpu_s": round(sum(me.cpu_times()[:2]) - cpu, 1),
        f"{name}_server_cpu_s": round(_cpu(server) - theirs, 1),
        f"{name}_datasets": count.number - count.gone,
        f"{name}_gone": count.gone,
    }


def _pages(count: int) -> list[str]:
    """What people and programs read: mostly datasets, few of them often."""
    chance = random.Random(46)
    names = [f"bo-{min(count - 1, int(chance.paretovariate(0.6)))}" for _ in range(400)]
    pages = [f"/dataset/{name}" for name in names]
    pages += [f"/datasets?q={quote(query)}" for query in QUERIES for _ in range(8)]
    pages += ["/"] * 60 + ["/agencies"] * 20
    pages += [f"/dataset/{name}/rows?_size=20" for name in names[:60]]
    pages += [f"/api/3/action/package_show?id={name}" for name in names[:60]]
    chance.shuffle(pages)
    return pages


async def measure_readers(url: str, pages: list[str], server: psutil.Process, pause_s: float) -> dict[str, Any]:
    """200 readers for 15 seconds, each with a connection of its own; `pause_s` between an answer and the next question."""
    taken: list[float] = []
    wrong: list[str] = []
    host, port = url.removeprefix("http://").split(":")
    until, cpu = time.perf_counter() + SECONDS, _cpu(server)

    async def reader(number: int) -> None:
        chance = random.Random(number)
        reading, writing = await asyncio.open_connection(host, int(port))
        await asyncio.sleep(chance.random() * min(1.0, pause_s))
        while time.perf_counter() < until:
            page, began = chance.choice(pages), time.perf_counter()
            headers = (
                f"Host: {host}:{port}\r\nAccept: text/html,*/*\r\nAccept-Encoding: gzip\r\nAccept-Language: vi\r\n"
            )
            writing.write(f"GET {page} HTTP/1.1\r\n{headers}\r\n".encode())
            status = await _answer(reading)
            taken.append((time.perf_counter() - began) * 1000)
            if status != 200:
                wrong.append(f"{status} {page}")
            await asyncio.sleep(pause_s)
        writing.close()

    await asyncio.gather(*(reader(number) for number in range(READERS)))
    taken.sort()
    assert not wrong, wrong[:5]
    return {
        "readers": READERS,
        "pause_s": pause_s,
        "answers": len(taken),
        "per_s": round(len(taken) / SECONDS),
        "p50_ms": round(taken[len(taken) // 2], 1),
        "p95_ms": round(taken[int(len(taken) * 0.95)], 1),
        "server_cpu_ms_each": round((_cpu(server) - cpu) / len(taken) * 1000, 2),
    }


async def _answer(reading: asyncio.StreamReader) -> int:
    head = (await reading.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    if length:
        await reading.readexactly(int(length))
    else:
        while size := int(await reading.readline() or b"0", 16):
            await reading.readexactly(size + 2)
        await reading.readline()
    return int(head.split(b" ", 2)[1])


async def measure_pages(url: str, pages: list[str], server: psutil.Process) -> dict[str, float]:
    """One reader, each dataset page for the first time: milliseconds until the whole page is there, and of CPU."""
    taken, cpu = [], _cpu(server)
    async with httpx.AsyncClient(base_url=url, headers={"Accept": "text/html", "Accept-Encoding": "gzip"}) as client:
        for page in pages:
            began = time.perf_counter()
            answer = await client.get(page)
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, page
    taken.sort()
    found = {"p50_ms": taken[len(taken) // 2], "p95_ms": taken[int(len(taken) * 0.95)], "bytes": len(answer.content)}
    found["server_cpu_ms_each"] = (_cpu(server) - cpu) / len(pages) * 1000
    return {name: round(value, 1) for name, value in found.items()}


async def measure(server: EmbeddedServer, folder: Path, count: int) -> dict[str, dict[str, Any]]:
    """Harvest, cold pages, readers with and without a pause."""
    theirs, own = await _database(server, "bench_served"), await _database(server, "bench_harvest")
    async with theirs.tx() as tx:
        await _catalogue(tx, count)
    async with theirs.read() as tx:
        await tx.execute("vacuum analyze portal.entry")
    (folder / "served/objects/open").mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select {_ROWS} from range(500) t(i)) to '{folder}/served/objects/open/small' (format parquet)"
        )
    settings = Settings(data_dir=folder / "ours", outgoing_private="127.0.0.0/8")
    ours = Installation(settings, own, Objects(folder / "ours" / "objects"))
    found: dict[str, dict[str, Any]] = {}
    with served(theirs.url, folder / "served") as (url, process):
        found["portal_harvest"] = {"datasets": count, **await measure_harvest(ours, url, theirs, process)}
        names = [f"/dataset/bo-{number}" for number in range(count // 2, count // 2 + 100)]
        await measure_pages(url, names[:5], process)
        found["portal_page_cold"] = await measure_pages(url, names[5:], process)
        async with theirs.read() as tx:
            open_ones = {row[0] for row in await (await tx.execute("select name from portal.entry")).fetchall()}
        pages = [
            page for page in _pages(count) if not page.startswith(("/dataset/", "/api")) or _name(page) in open_ones
        ]
        found["portal_readers"] = await measure_readers(url, pages, process, 0.0)
        found["portal_readers_pausing"] = await measure_readers(url, pages, process, 1.0)
    await theirs.close()
    await own.close()
    return found


def _name(page: str) -> str:
    return page.partition("id=")[2] or page.split("/")[2]
