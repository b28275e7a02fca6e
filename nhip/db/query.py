"""Rows as structs: the three ways to ask, used by every `store.py`."""

from __future__ import annotations

from typing import Any, LiteralString, TypeVar

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb, set_json_dumps, set_json_loads

from nhip.db.database import Connection

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
set_json_dumps(lambda value: _encoder.encode(value).decode())
set_json_loads(msgspec.json.decode)

__all__ = ["Jsonb", "execute", "fetch_all", "fetch_one"]


async def fetch_all(tx: Connection, kind: type[T], query: LiteralString, **values: Any) -> list[T]:
    """All rows of a named query, each as a `kind` (column names are its field names)."""
    async with tx.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


async def fetch_one(tx: Connection, kind: type[T], query: LiteralString, **values: Any) -> T | None:
    """The first row of a named query as a `kind`, or None."""
    async with tx.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()


async def execute(tx: Connection, query: LiteralString, **values: Any) -> int:
    """Run a named query; gives the number of rows it touched."""
    return (await tx.execute(query, values)).rowcount
