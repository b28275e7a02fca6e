"""Access to the register: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.text import sort_key
from nhip.kernel.time import now
from nhip.privacy.clocks import review_of
from nhip.privacy.processing.model import Edition, Entry, Processing

queries = load(__file__)


class _Row(msgspec.Struct, frozen=True):
    id: uuid.UUID
    name: str
    no: int
    entry: dict[str, Any]
    changed_at: datetime
    changed_by: str
    made_at: datetime
    ended_at: datetime | None
    controller_name: str
    controller_name_en: str


class _EditionRow(msgspec.Struct, frozen=True):
    no: int
    entry: dict[str, Any]
    note: str
    made_at: datetime
    made_by: str


async def insert_processing(tx: Connection, processing_id: uuid.UUID, name: str, entry: Entry) -> None:
    """A new processing, without its edition yet."""
    what = {"id": processing_id, "name": name, "datasets": list(entry.datasets), "sort": sort_key(entry.title)}
    await execute(tx, queries.insert_processing, now=now(), **what)


async def insert_edition(
    tx: Connection, processing_id: uuid.UUID, no: int, entry: Entry, *, who: str, note: str
) -> None:
    """What it says from now on."""
    values = {"id": processing_id, "no": no, "entry": Jsonb(msgspec.to_builtins(entry)), "note": note, "made_by": who}
    await execute(tx, queries.insert_edition, now=now(), **values)


async def lock_processing(tx: Connection, processing_id: uuid.UUID) -> int | None:
    """Hold a processing until `tx` ends; gives the number of its edition, None when it has ended."""
    row = await (await tx.execute(queries.lock_processing, {"id": processing_id})).fetchone()
    return int(row[0]) if row else None


async def point_processing(tx: Connection, processing_id: uuid.UUID, no: int, entry: Entry) -> None:
    """Put an edition in force."""
    what = {"id": processing_id, "no": no, "datasets": list(entry.datasets), "sort": sort_key(entry.title)}
    await execute(tx, queries.point_processing, **what)


async def end_processing(tx: Connection, processing_id: uuid.UUID) -> bool:
    """It is done no more; whether it was until now."""
    return await execute(tx, queries.end_processing, id=processing_id, now=now()) > 0


async def list_processings(tx: Connection, dataset: str | None = None, *, ended: bool = False) -> list[Processing]:
    """Processings in Vietnamese order, of one dataset or all; those that ended only when asked for."""
    return [_read(row) for row in await fetch_all(tx, _Row, queries.list_processings, dataset=dataset, ended=ended)]


async def find_processing(tx: Connection, name: str) -> Processing | None:
    """A processing by its name."""
    row = await fetch_one(tx, _Row, queries.find_processing, name=name)
    return _read(row) if row else None


async def list_editions(tx: Connection, processing_id: uuid.UUID) -> list[Edition]:
    """Everything that a processing ever said, newest first."""
    rows = await fetch_all(tx, _EditionRow, queries.list_editions, id=processing_id)
    return [Edition(r.no, msgspec.convert(r.entry, Entry), r.note, r.made_at, r.made_by) for r in rows]


def _read(row: _Row) -> Processing:
    entry = msgspec.convert(row.entry, Entry)
    beside = {name: value for name, value in msgspec.structs.asdict(row).items() if name != "entry"}
    return Processing(**msgspec.structs.asdict(entry), **beside, review_on=review_of(entry.assessed_on))
