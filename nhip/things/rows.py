"""Rows of a version for things: read from its Parquet file by batches; of observations the latest of each thing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.model import ROW
from nhip.settings import Settings
from nhip.things.model import Mapping

BATCH = 500
MOST_TOLD = 1000
_WRONG = "severity in ('error', 'fatal') and \"row\" > 0"
Row = dict[str, Any]


def present(settings: Settings, path: Path) -> list[str]:
    """The columns of a version's file."""
    with session(settings, threads=1) as con:
        return [row[0] for row in con.execute(f"describe from read_parquet({literal(str(path))})").fetchall()]


class Doubt(NamedTuple):
    """A cell that the check of the version found wrong."""

    row: int
    column: str


def doubts(settings: Settings, findings: Path, columns: Sequence[str]) -> list[Doubt]:
    """The cells of `columns` that the check found wrong, in the order of the rows; at most MOST_TOLD."""
    listed = ", ".join(map(literal, columns))
    query = (
        f'select "row", "column" from read_parquet({literal(str(findings))}) where {_WRONG} and "column" in ({listed})'
        f" group by all order by all limit {MOST_TOLD}"
    )
    with session(settings, threads=1) as con:
        return [Doubt(int(row[0]), str(row[1])) for row in con.execute(query).fetchall()]


async def iter_rows(
    settings: Settings, path: Path, findings: Path, mapping: Mapping, columns: Sequence[str]
) -> AsyncIterator[list[Row]]:
    """Rows in the order of the file with `columns` alone and `_row`, in batches. What the check found wrong is left out: cells
    are empty, rows whose identifier or time is in doubt are not there."""
    names = [ROW, *columns]
    must = f"[{literal(mapping.id)}, {literal(mapping.observed or mapping.id)}]"
    wrong = (
        f'select "row", list("column") as wrong from read_parquet({literal(str(findings))}) where {_WRONG} group by 1'
    )
    cells = [
        f"case when coalesce(list_contains(f.wrong, {literal(n)}), false) then null else r.{ident(n)} end as {ident(n)}"
        for n in columns
    ]
    query = (
        f'select r.{ROW}, {", ".join(cells)} from read_parquet({literal(str(path))}) r left join ({wrong}) f on f."row" = r.{ROW}'
        f" where not coalesce(list_has_any(f.wrong, {must}), false)"
    )
    if mapping.observed in columns:
        order = f"order by r.{ident(mapping.observed)} desc nulls last, r.{ROW} desc"
        query += f" qualify row_number() over (partition by r.{ident(mapping.id)} {order}) = 1"
    with session(settings, threads=1) as con:
        found = await asyncio.to_thread(con.execute, f"{query} order by r.{ROW}")
        while batch := await asyncio.to_thread(found.fetchmany, BATCH):
            yield [dict(zip(names, row, strict=True)) for row in batch]
