"""Deliveries of changes: a whole delivery and the changes after it, folded into one whole table from their raw bytes."""

from __future__ import annotations

import uuid
from pathlib import Path

import duckdb
import msgspec

from nhip.datasets.engine import ident, literal
from nhip.datasets.model import ROW, DecodedTable
from nhip.datasets.records import DeliveryRecord
from nhip.datasets.store import get_delivery
from nhip.db import Connection


async def list_chain(tx: Connection, delivery: DeliveryRecord) -> list[DeliveryRecord]:
    """The whole delivery that `delivery` rests on, the changes since, and itself; oldest first."""
    chain, seen = [delivery], {delivery.id}
    base: uuid.UUID | None = delivery.base_id
    while base is not None and base not in seen:
        chain.append(await get_delivery(tx, base))
        seen.add(base)
        base = chain[-1].base_id
    return chain[::-1]


def fold_changes(
    con: duckdb.DuckDBPyConnection, tables: list[DecodedTable], key: list[str], target: Path
) -> DecodedTable:
    """One table from a whole one and the changes after it: a later row replaces the earlier ones with its `key`; without a
    key rows are only added. Rows are numbered anew, as they stand in no one file."""
    parts = " union all by name ".join(f"select *, {n} as _part from {t.relation}" for n, t in enumerate(tables))
    latest = ""
    if key:
        parted = ", ".join(ident(column) for column in key)
        latest = f"qualify row_number() over (partition by {parted} order by _part desc, {ROW} desc) = 1"
    con.execute(
        f"copy (select row_number() over (order by _part, {ROW}) + 1 as {ROW}, * exclude ({ROW}, _part) "
        f"from (select * from ({parts}) {latest}) order by 1) to {literal(str(target))} (format parquet)"
    )
    counted = con.execute("select count(*) from read_parquet(?)", [str(target)]).fetchone()
    columns = {column.name: column for table in tables for column in table.columns}
    return msgspec.structs.replace(
        tables[-1],
        relation=f"read_parquet({literal(str(target))})",
        rows=int(counted[0]) if counted else 0,
        columns=list(columns.values()),
    )
