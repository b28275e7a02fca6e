"""What a backup asks the database."""

from __future__ import annotations

import msgspec

from nhip.db import Connection
from nhip.db.query import fetch_all, fetch_one
from nhip.db.sql import load

queries = load(__file__)


class Moment(msgspec.Struct, frozen=True):
    """What the database is at the moment of the backup."""

    postgres: str
    migrations: int
    events: int
    chain: str


class _Name(msgspec.Struct):
    name: str


async def begin_snapshot(tx: Connection) -> str:
    """Hold the transaction at one moment; gives the name under which pg_dump sees the same."""
    await tx.execute(queries.begin)
    row = await (await tx.execute(queries.export_snapshot)).fetchone()
    assert row
    return str(row[0])


async def describe(tx: Connection) -> Moment:
    """Versions and counts of the moment."""
    found = await fetch_one(tx, Moment, queries.describe)
    assert found
    return found


async def list_named_objects(tx: Connection) -> set[str]:
    """Objects that versions name."""
    return {row.name for row in await fetch_all(tx, _Name, queries.list_named_objects)}


async def is_empty(tx: Connection) -> bool:
    """Whether nothing of ours is in the database."""
    row = await (await tx.execute(queries.is_empty)).fetchone()
    return bool(row and row[0])
