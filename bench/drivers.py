"""asyncpg beside psycopg on the graph's two statements: reading 32 entities, writing a group of 32 changes with their history.

    .venv/bin/python -m bench.drivers

Microseconds of our processor time per entity, both on one connection with prepared statements, on a database of its own.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg

from bench.graph_many import _stored
from bench.results import WORK, record
from nhip.db import Database
from nhip.db.embedded import EmbeddedServer
from nhip.db.migrate import migrate
from nhip.graph import reader
from nhip.graph.links import Link
from nhip.graph.service import Graph
from nhip.graph.statement import Statement

TOGETHER, ROUNDS, ENTITIES = 32, 400, 3200
Ask = Callable[[str, list[Any]], Awaitable[Any]]


async def measured(ask: Ask, requests: list[tuple[str, list[Any]]]) -> float:
    """Microseconds per entity."""
    for text, values in requests[:20]:
        await ask(text, values)
    started = time.process_time()
    for text, values in requests[20:]:
        await ask(text, values)
    return round((time.process_time() - started) / (len(requests) - 20) / TOGETHER * 1e6, 1)


def reads() -> list[tuple[str, list[Any]]]:
    """Entities by id."""
    asked = []
    for n in range(ROUNDS):
        ids = [f"urn:ngsi-ld:Vehicle:{(n * TOGETHER + k) % ENTITIES:07d}" for k in range(TOGETHER)]
        asked.append((reader.queries.get, [1, ids]))
    return asked


def writes(rounds: int, ver: int, shape: int) -> list[tuple[str, list[Any]]]:
    """New documents for entities, with a row of history each."""
    asked = []
    for n in range(rounds):
        statement = Statement(1, datetime.now(UTC), 0)
        numbers = [(n * TOGETHER + k) % ENTITIES for k in range(TOGETHER)]
        version = ver + n * TOGETHER // ENTITIES
        docs = [orjson.dumps(_stored(number).doc) for number in numbers]
        ids = [f"urn:ngsi-ld:Vehicle:{number:07d}" for number in numbers]
        statement.add(
            "update_entities",
            [
                (id, version, number, shape, None, doc, b"{}")
                for id, number, doc in zip(ids, numbers, docs, strict=True)
            ],
        )
        rows = [(number, 1, 0, "2026-11-22T00:00:00Z", 5.0, docs[0][:90], None, number) for number in numbers]
        statement.add("insert_history", rows)
        asked.append((statement.text, statement.values))
    return asked


async def compare(url: str) -> dict[str, dict[str, float]]:
    """Both drivers, one after the other."""
    graph = Graph(url)
    await graph.open()
    await asyncio.gather(*(graph.write(1, [_stored(n)]) for n in range(ENTITIES)))
    shape = (await graph.fetch("select id from graph.shape limit 1"))[0][0]
    await graph.close()
    link = Link(url, generic_plans=True)

    async def by_asyncpg(text: str, values: list[Any]) -> Any:
        return await link.fetch(text, *values)

    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=0)
    cursor = psycopg.AsyncRawCursor(connection)

    async def by_psycopg(text: str, values: list[Any]) -> Any:
        await cursor.execute(text, values, binary=True)
        return await cursor.fetchall()

    figures = {
        "reading": {"asyncpg": await measured(by_asyncpg, reads()), "psycopg": await measured(by_psycopg, reads())}
    }
    first = await measured(by_asyncpg, writes(ROUNDS, 1, shape))
    second = await measured(by_psycopg, writes(ROUNDS, 1 + ROUNDS * TOGETHER // ENTITIES, shape))
    figures["writing"] = {"asyncpg": first, "psycopg": second}
    await link.close()
    await connection.close()
    return figures


async def run() -> None:
    """Prepare, compare, record."""
    folder = WORK / "drivers"
    shutil.rmtree(folder, ignore_errors=True)
    server = EmbeddedServer(folder)
    url = server.start()
    try:
        db = Database(url, size=1)
        await db.open()
        await migrate(db, ["nhip.graph"])
        await db.close()
        record("graph-drivers", {"rows": ENTITIES, **await compare(url)})
    finally:
        server.stop()


if __name__ == "__main__":
    asyncio.run(run())
