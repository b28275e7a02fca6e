"""Drift: what changed against the version in force more than data of the same kind should.

Row count by the contract's limit; for each column the share of empty cells, the number of distinct values, the mean against the
spread, and the shares of categories by the population stability index (PSI; above 0.25 counts as a shift).
All are warnings over the table as a whole (row 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nhip.datasets.check.judge import insert
from nhip.datasets.conform.plan import Room
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.engine import ident, literal

LEAST_ROWS = 30
"""Fewer rows on either side say nothing about a distribution."""
NULL_SHARE = 0.10
"""Change of the share of empty cells that is told, in parts of one."""
DISTINCT_FACTOR = 2.0
MEAN_SPREADS = 0.5
"""Shift of the mean that is told, in standard deviations of the earlier version."""
STABILITY = 0.25
CATEGORIES = 50
"""Columns with at most so many distinct values earlier are compared by category."""

_NUMERIC = ("integer", "number")
_MOMENTS = ("date", "timestamp")


class _Shape(NamedTuple):
    rows: int
    empty: int
    distinct: int
    mean: float | None
    spread: float | None


def find_drift(room: Room, contract: Contract, previous: Path, current: Path) -> None:
    """Write warnings `drift.*` for what differs between the two versions' Parquet files."""
    old_names, new_names = _names(room, previous), _names(room, current)
    fields = [field for field in contract.fields if field.name in old_names and field.name in new_names]
    old, new = _shapes(room, previous, fields), _shapes(room, current, fields)
    told = list(_rows(contract, _count(room, previous), _count(room, current)))
    for field, before, after in zip(fields, old, new, strict=True):
        if before.rows >= LEAST_ROWS and after.rows >= LEAST_ROWS:
            told += _column(room, field, before, after, (previous, current))
    insert(
        room,
        [
            f"SELECT 0, {literal(column)}, {literal(rule)}, 'warning', {literal(value)}, {literal(was)}"
            for column, rule, value, was in told
        ],
    )


_Told = tuple[str, str, str, str]
"""Column, rule, what it is now, what it was."""


def _rows(contract: Contract, before: int, after: int) -> Iterator[_Told]:
    limit = contract.drift_rows_percent
    if limit is not None and before and abs(after - before) * 100 > limit * before:
        yield "", "drift.rows", str(after), str(before)


def _column(room: Room, field: Field, before: _Shape, after: _Shape, paths: tuple[Path, Path]) -> Iterator[_Told]:
    empty_before, empty_after = before.empty / before.rows, after.empty / after.rows
    if abs(empty_after - empty_before) > NULL_SHARE:
        yield field.name, "drift.empty", f"{empty_after:.3f}", f"{empty_before:.3f}"
    if field.enum or before.distinct <= CATEGORIES:
        index = _stability(room, field.name, *paths)
        if field.type not in (*_NUMERIC, *_MOMENTS) and index > STABILITY:
            yield field.name, "drift.categories", f"PSI {index:.2f}", f"< {STABILITY}"
    elif (
        not before.distinct / DISTINCT_FACTOR
        <= max(after.distinct, 1) * before.rows / after.rows
        <= before.distinct * 2
    ):
        yield field.name, "drift.distinct", str(after.distinct), str(before.distinct)
    if before.mean is not None and after.mean is not None and before.spread:
        shift = abs(after.mean - before.mean) / before.spread
        if field.type in _NUMERIC and shift > MEAN_SPREADS:
            yield field.name, "drift.mean", f"{after.mean:.6g}", f"{before.mean:.6g}"


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _names(room: Room, path: Path) -> set[str]:
    return {row[0] for row in room.con.execute(f"DESCRIBE SELECT * FROM {_file(path)}").fetchall()}


def _count(room: Room, path: Path) -> int:
    row = room.con.execute(f"SELECT count(*) FROM {_file(path)}").fetchone()
    return int(row[0]) if row else 0


def _shapes(room: Room, path: Path, fields: list[Field]) -> list[_Shape]:
    """One pass a file over all columns."""
    if not fields:
        return []
    parts = []
    for field in fields:
        name = ident(field.name)
        number = f"TRY_CAST({name} AS DOUBLE)" if field.type in _NUMERIC else "NULL::DOUBLE"
        parts.append(
            f"count(*), count(*) - count({name}), approx_count_distinct({name}), avg({number}), stddev_pop({number})"
        )
    row = room.con.execute(f"SELECT {', '.join(parts)} FROM {_file(path)}").fetchone()
    assert row is not None
    return [_Shape(*row[start : start + 5]) for start in range(0, len(row), 5)]


def _stability(room: Room, column: str, previous: Path, current: Path) -> float:
    """Population stability index of the shares of the column's values; a share of nothing counts as 1 in 10,000."""
    name = ident(column)

    def shares(path: Path) -> str:
        rows = f"SELECT CAST({name} AS VARCHAR) AS v, count(*) AS n FROM {_file(path)} GROUP BY 1"
        return f"(SELECT v, greatest(n / sum(n) OVER (), 1e-4) AS share FROM ({rows}))"

    row = room.con.execute(
        f"""SELECT coalesce(sum((b - a) * ln(b / a)), 0) FROM (
            SELECT coalesce(o.share, 1e-4) AS a, coalesce(n.share, 1e-4) AS b
            FROM {shares(previous)} o FULL JOIN {shares(current)} n ON o.v IS NOT DISTINCT FROM n.v)"""
    ).fetchone()
    return float(row[0]) if row else 0.0
