"""What a treatment takes away: distinct values before and after, and a few rows as they would be open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import duckdb
import msgspec

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.personal import MASK
from nhip.datasets.records import Version
from nhip.db.installation import Installation
from nhip.portal.model import ActName
from nhip.portal.releases import OpenTable

SAMPLE, WIDEST, LONGEST = 3, 200, 60
"""Rows shown, columns compared, characters of a cell."""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """One column: distinct values (HyperLogLog, about 2 % off) before and after; examples of open cells."""

    column: str
    act: ActName
    before: int
    after: int
    examples: list[str] = []


async def losses_of(
    installation: Installation, version: Version, table: OpenTable, hidden: Collection[str]
) -> list[Loss]:
    """Compare a treated table, whose file is still there, with its version; columns in `hidden` show no cell."""
    return await asyncio.to_thread(_losses, installation, version, table, hidden)


def _losses(installation: Installation, version: Version, table: OpenTable, hidden: Collection[str]) -> list[Loss]:
    names = list(table.acts)[:WIDEST]
    kept = [name for name in names if table.acts[name].act != "drop"]
    with session(installation.settings) as con:
        before = _distinct(con, literal(str(installation.objects.path(version.object))), names)
        after = _distinct(con, literal(str(table.file)), kept)
        rows = _rows(con, literal(str(table.file)), kept)
    suspected = {*hidden, *(s.column for s in table.report.suspicions)}
    return [
        Loss(
            column=name,
            act=table.acts[name].act,
            before=before[name],
            after=after.get(name, 0),
            examples=[MASK if name in suspected else text for text in rows.get(name, [])],
        )
        for name in names
    ]


def _distinct(con: duckdb.DuckDBPyConnection, file: str, names: list[str]) -> dict[str, int]:
    if not names:
        return {}
    counted = ", ".join(f"approx_count_distinct({ident(name)})" for name in names)
    row = con.execute(f"select {counted} from read_parquet({file})").fetchone() or ()
    return dict(zip(names, row, strict=True))


def _rows(con: duckdb.DuckDBPyConnection, file: str, names: list[str]) -> dict[str, list[str]]:
    if not names:
        return {}
    cells = ", ".join(f"left(cast({ident(name)} as varchar), {LONGEST})" for name in names)
    rows = con.execute(f"select {cells} from read_parquet({file}) limit {SAMPLE}").fetchall()
    return {name: [str(row[i]) for row in rows if row[i] is not None] for i, name in enumerate(names)}
