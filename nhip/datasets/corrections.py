"""Cells that an officer put right: kept apart from the raw bytes and laid over them each time they are worked through.

On its own delivery a correction applies by row. On later deliveries it applies where the same key still carries the same wrong
text, so that an officer mends a fault once, until the agency mends it at the source.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from pathlib import Path

import duckdb
import msgspec

from nhip.datasets.deliveries import work_again
from nhip.datasets.engine import ident, literal
from nhip.datasets.findings import list_delivered_rows
from nhip.datasets.happened import happened
from nhip.datasets.model import ROW
from nhip.datasets.personal import Sight
from nhip.datasets.records import Correction, Dataset, DeliveryRecord, Version
from nhip.datasets.store import get_delivery, queries
from nhip.db.installation import Installation
from nhip.db.query import Jsonb, execute
from nhip.errors import BadInput
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import now


class CellFix(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer asks: in `row` of a delivery, `column` (contract's name) shall read `now` instead of `was`."""

    row: int
    column: str
    was: str | None
    now: str | None


async def correct(
    installation: Installation,
    dataset: Dataset,
    delivery_id: uuid.UUID,
    fixes: list[CellFix],
    *,
    who: str,
    keys: dict[int, dict[str, str]] | None = None,
    later: bool = True,
) -> DeliveryRecord:
    """Record `fixes` and work the delivery through again. `keys` gives the delivered key texts by row, where known; a correction
    of a key column stays with its delivery."""
    if not fixes:
        raise BadInput(what=_("no cell was changed"))
    async with installation.db.tx() as tx:
        delivery = await get_delivery(tx, delivery_id)
        for fix in fixes:
            # a mended key names another row by tomorrow: such a correction stays with its own delivery
            key = {} if fix.column in (keys or {}).get(fix.row, {}) else (keys or {}).get(fix.row)
            cell = {"row_no": fix.row, "column_name": fix.column, "was": fix.was, "now": fix.now}
            ids = {"id": new_id(), "dataset_id": dataset.id, "delivery_id": delivery.id}
            made = {"made_at": now(), "made_by": who, "key": Jsonb(key) if key else None}
            await execute(tx, queries.insert_correction, **ids, **cell, **made)
        cells = [[fix.row, fix.column] for fix in fixes[:100]]
        told = {"delivery": str(delivery.id), "count": len(fixes), "cells": cells}
        await happened(tx, "correction.made", f"dataset:{dataset.name}", **told)
    again = await work_again(installation, dataset, later=later)
    assert again is not None
    return again


async def undo(installation: Installation, dataset: Dataset, correction_id: uuid.UUID, *, later: bool = True) -> None:
    """Take a correction back and work the last delivery through again."""
    async with installation.db.tx() as tx:
        if await execute(tx, queries.undo_correction, id=correction_id, dataset_id=dataset.id, now=now()):
            await happened(tx, "correction.undone", f"dataset:{dataset.name}", correction=str(correction_id))
    await work_again(installation, dataset, later=later)


async def list_keys(installation: Installation, version: Version, rows: list[int]) -> dict[int, dict[str, str]]:
    """The delivered key texts of `rows` that have a fault, by row; rows with an empty key part are left out."""
    names: dict[str, str] = version.manifest.get("delivered", {})
    key = {column: names[column] for column in version.manifest.get("key", []) if column in names}
    if not key:
        return {}
    data = await list_delivered_rows(installation, version, Sight(dataset="", internal=True), rows)
    found = {}
    for row, cells in data.rows:
        by_name = dict(zip(data.columns, cells, strict=True))
        parts = {column: text for column, name in key.items() if (text := by_name.get(name))}
        if len(parts) == len(key):
            found[row] = parts
    return found


def overlay(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    delivered: dict[str, str],
    corrections: list[Correction],
    delivery_id: uuid.UUID,
) -> str:
    """`relation` with the corrections laid over it, as a FROM item. `delivered` maps contract columns to delivered ones."""
    fixes: dict[tuple[int, str], str | None] = {}
    for correction in corrections:
        column = delivered.get(correction.column_name)
        if column is None:
            continue
        for row in _rows(con, relation, delivered, correction, column, delivery_id):
            fixes[row, column] = correction.now
    return _with_fixes(con, relation, fixes) if fixes else relation


def without_corrected(con: duckdb.DuckDBPyConnection, findings: Path, target: Path) -> Path:
    """What decoding found wrong, but for the cells that `overlay` has just corrected: letters that were lost there are back."""
    con.execute(
        f"copy (select f.* from read_parquet({literal(str(findings))}) f anti join correction_cell c "
        f'on c.{ROW} = f."row" and c.c = f."column" and f.severity <> \'mended\') to {literal(str(target))} (format parquet)'
    )
    return target


def _rows(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    delivered: dict[str, str],
    correction: Correction,
    column: str,
    delivery_id: uuid.UUID,
) -> list[int]:
    if correction.delivery_id == delivery_id:
        return [correction.row_no]
    key = {delivered[k]: v for k, v in (correction.key or {}).items() if k in delivered}
    if not key or len(key) != len(correction.key or {}):
        return []
    tests = " and ".join(f"{ident(k)} is not distinct from ?" for k in [*key, column])
    same_key = " and ".join(f"{ident(k)} is not distinct from ?" for k in key)
    twins = con.execute(f"select count(*) from {relation} where {same_key}", list(key.values())).fetchone()
    if twins != (1,):  # a key that is not unique does not say which row was meant
        return []
    found = con.execute(f"select {ROW} from {relation} where {tests}", [*key.values(), correction.was]).fetchall()
    return [row for (row,) in found]


def _with_fixes(con: duckdb.DuckDBPyConnection, relation: str, fixes: dict[tuple[int, str], str | None]) -> str:
    con.execute(f"create or replace temp table correction_cell ({ROW} bigint, c varchar, v varchar)")
    con.executemany("insert into correction_cell values (?, ?, ?)", [[r, c, v or None] for (r, c), v in fixes.items()])
    con.execute(
        f"create or replace temp table correction_row as select {ROW}, map(list(c), list(v)) as m from correction_cell "
        "group by 1"
    )
    by_column: dict[str, list[int]] = defaultdict(list)
    for row, column in fixes:
        by_column[column].append(row)
    cells = ", ".join(
        f"case when map_contains(f.m, {literal(c)}) then f.m[{literal(c)}] else t.{ident(c)} end as {ident(c)}"
        for c in by_column
    )
    return f"(select t.* replace ({cells}) from {relation} t left join correction_row f on f.{ROW} = t.{ROW})"
