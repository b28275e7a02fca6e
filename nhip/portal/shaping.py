"""What is done to a table as a whole after its columns: rows of small groups are left out, or rows are counted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nhip.datasets.engine import ident
from nhip.portal.errors import ColumnUnknown
from nhip.portal.model import OpenColumn, Shaping

ROWS = "so_dong"
MEASURES = {"sum": ("__tong", "tổng", "total"), "mean": ("__trung_binh", "trung bình", "mean")}
"""What is made of a column -> the end of its name, and its words in both languages."""


def require_columns(shaping: Shaping, columns: Sequence[OpenColumn]) -> None:
    """Raises ColumnUnknown when rows are counted by, or measured in, a column that is not open."""
    names = {column.name for column in columns}
    for name in (*shaping.by, *shaping.measures):
        if name not in names:
            raise ColumnUnknown(column=name)


def weight_of(shaping: Shaping) -> str:
    """The column that says how many rows a row stands for; empty where rows are listed."""
    if not shaping.by:
        return ""
    name = ROWS
    while name in shaping.by:
        name += "_"
    return name


def shaped(table: str, shaping: Shaping, columns: Sequence[OpenColumn], quasi: Sequence[str], row: str) -> str:
    """The SQL of `table` after shaping. `columns` are those of the treated table, which has `row` to order by; `quasi`: the
    columns that make the groups of which small ones are left out."""
    if shaping.by:
        return _counted(table, shaping, columns)
    listed = ", ".join(ident(column.name) for column in columns) or "1 as nothing"
    small = ""
    if shaping.fewest > 1 and quasi:
        keys = ", ".join(map(ident, quasi))
        small = f" qualify count(*) over (partition by {keys}) >= {int(shaping.fewest)}"
    return f"select {listed} from (select * from {table}{small}) order by {row}"


def _counted(table: str, shaping: Shaping, columns: Sequence[OpenColumn]) -> str:
    types = {column.name: column.type for column in columns}
    keys = ", ".join(map(ident, shaping.by))
    made = [f"count(*) as {ident(weight_of(shaping))}"]
    for name, measure in shaping.measures.items():
        kind = "bigint" if types[name] == "integer" and measure == "sum" else "double"
        function = "sum" if measure == "sum" else "avg"
        made.append(f"cast({function}({ident(name)}) as {kind}) as {ident(name + MEASURES[measure][0])}")
    small = f" having count(*) >= {int(shaping.fewest)}" if shaping.fewest > 1 else ""
    return f"select {keys}, {', '.join(made)} from {table} group by {keys}{small} order by {keys}"


def shaped_columns(shaping: Shaping, columns: Sequence[OpenColumn]) -> list[OpenColumn]:
    """The columns after shaping."""
    if not shaping.by:
        return list(columns)
    by = {column.name: column for column in columns}
    rows = OpenColumn(name=weight_of(shaping), type="integer", title="Số dòng", title_en="Number of rows")
    return [*(by[name] for name in shaping.by), rows, *(_measured(by[n], m) for n, m in shaping.measures.items())]


def _measured(column: OpenColumn, measure: str) -> OpenColumn:
    end, words, words_en = MEASURES[measure]
    whole = column.type == "integer" and measure == "sum"
    return msgspec.structs.replace(
        column,
        name=column.name + end,
        type="integer" if whole else "number",
        title=f"{column.title or column.name} ({words})",
        title_en=f"{column.title_en or column.title or column.name} ({words_en})",
        kind="",
    )
