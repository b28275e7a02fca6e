"""Rows of a version for things: read from its Parquet file by batches; of observations the latest of each thing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.model import ROW
from nhip.settings import Settings
from nhip.things.model import Mapping

BATCH = 500
Row = dict[str, Any]


def present(settings: Settings, path: Path) -> list[str]:
    """The columns of a version's file."""
    with session(settings, threads=1) as con:
        return [row[0] for row in con.execute(f"describe from read_parquet({literal(str(path))})").fetchall()]


async def iter_rows(
    settings: Settings, path: Path, mapping: Mapping, columns: Sequence[str]
) -> AsyncIterator[list[Row]]:
    """Rows in the order of the file with `columns` alone and `_row`, in batches."""
    names = [ROW, *columns]
    query = f"select {', '.join(map(ident, names))} from read_parquet({literal(str(path))})"
    if mapping.observed in columns:
        order = f"order by {ident(mapping.observed)} desc nulls last, {ROW} desc"
        query += f" qualify row_number() over (partition by {ident(mapping.id)} {order}) = 1"
    with session(settings, threads=1) as con:
        found = await asyncio.to_thread(con.execute, f"{query} order by {ROW}")
        while batch := await asyncio.to_thread(found.fetchmany, BATCH):
            yield [dict(zip(names, row, strict=True)) for row in batch]
