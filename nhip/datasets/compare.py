"""Two datasets that speak of the same things: which values they hold in common, and where those differ. DuckDB only, no database.

Things are the same when their keys are: a foreign key of a contract (ODCS `relationships`) says which columns these are. Columns
are the same when they have the same name and type in both contracts, are about the thing and not about the single row (one value
for each key in 95 of 100 keys that stand in several rows), and agree in at least half of the cells that both have: columns that
mostly differ share a name and no meaning. Personal data are not compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import msgspec

from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.profile import PERSONAL
from nhip.datasets.engine import ident, literal
from nhip.datasets.model import ROW

ABOUT: Final = 0.95
"""Share of the keys in several rows that must have one value, so that a column speaks of the thing and not of the row."""
ALIKE: Final = 0.5
"""Share of the compared cells that must agree, so that two columns mean the same."""
_OPEN: Final = ("public", "internal")
_NEAR: Final = {"latitude": 1e-4, "longitude": 1e-4}
"""Degrees (about 11 m) that two measurements of one place may differ by."""


class Link(NamedTuple):
    """`columns` of one dataset hold the same key as `to_columns` of the other."""

    columns: tuple[str, ...]
    to_columns: tuple[str, ...]


class Side(NamedTuple):
    """A version in force: its Parquet file and its contract."""

    path: Path
    contract: Contract


class ColumnResult(msgspec.Struct, frozen=True, kw_only=True):
    """A column that was compared; `alike` is false where so much differs that the two have only their name in common."""

    column: str
    compared: int
    conflicts: int
    alike: bool = True


def is_personal(field: Field) -> bool:
    """Whether a column holds data of persons, which are neither compared nor used to name a row."""
    return field.classification not in _OPEN if field.classification else field.kind in PERSONAL


def compare(con: duckdb.DuckDBPyConnection, mine: Side, other: Side, link: Link, target: Path) -> list[ColumnResult]:
    """Hold the columns of `mine` against those of `other`, and write every cell that differs to `target` (Parquet: row, key,
    column, value, other_row, other_value). Columns about which nothing can be said are left out."""
    results, branches = [], []
    for field in _common(con, mine, other, link):
        if not (_about_the_key(con, mine, link.columns, field) and _about_the_key(con, other, link.to_columns, field)):
            continue
        joined = _joined(con, mine, other, link, field)
        row = con.execute(f"SELECT count(*), count(*) FILTER (differs) FROM ({joined})").fetchone()
        compared, conflicts = (int(row[0]), int(row[1])) if row else (0, 0)
        if not compared:
            continue
        alike = conflicts <= compared * (1 - ALIKE)
        results.append(ColumnResult(column=field.name, compared=compared, conflicts=conflicts, alike=alike))
        if alike and conflicts:
            branches.append(f"SELECT * EXCLUDE (differs) FROM ({joined}) WHERE differs")
    if branches:
        rows = " UNION ALL ".join(branches)
        con.execute(
            f'COPY (FROM ({rows}) ORDER BY "row", "column") TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)'
        )
    return results


def _source(side: Side) -> str:
    return f"read_parquet({literal(str(side.path))})"


def _types(con: duckdb.DuckDBPyConnection, side: Side) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {_source(side)}").fetchall()}


def _common(con: duckdb.DuckDBPyConnection, mine: Side, other: Side, link: Link) -> list[Field]:
    """The columns of `mine` that the other contract has too, keys and personal data aside."""
    theirs = {field.name: field for field in other.contract.fields}
    types, other_types = _types(con, mine), _types(con, other)
    keys = {*link.columns, *link.to_columns, *mine.contract.key, *other.contract.key}
    return [
        field
        for field in mine.contract.fields
        if field.name in theirs
        and field.name not in keys
        and types.get(field.name, "") == other_types.get(field.name)
        and not is_personal(field)
        and not is_personal(theirs[field.name])
    ]


def _compared(con: duckdb.DuckDBPyConnection, sides: tuple[Side, Side], field: Field) -> str:
    """The column whose values are held against each other: of a place its code, where both have one."""
    unit = f"{field.name}__unit"
    return unit if all(unit in _types(con, side) for side in sides) else field.name


def _key(columns: tuple[str, ...]) -> str:
    """SQL of the key as one text; NULL where a part is empty."""
    return " || ' · ' || ".join(f"CAST({ident(column)} AS VARCHAR)" for column in columns)


def _about_the_key(con: duckdb.DuckDBPyConnection, side: Side, columns: tuple[str, ...], field: Field) -> bool:
    row = con.execute(
        f"SELECT count(*), count(*) FILTER (n <= 1) FROM (SELECT count(DISTINCT {ident(field.name)}) AS n "
        f"FROM {_source(side)} WHERE {_key(columns)} IS NOT NULL GROUP BY {_key(columns)} HAVING count(*) > 1)"
    ).fetchone()
    several, single = (int(row[0]), int(row[1])) if row else (0, 0)
    return single >= several * ABOUT


def _joined(con: duckdb.DuckDBPyConnection, mine: Side, other: Side, link: Link, field: Field) -> str:
    """A row for each cell of `mine` that the other dataset has a single value for."""
    value, held = ident(field.name), ident(_compared(con, (mine, other), field))
    hidden = any(f.name in link.columns and is_personal(f) for f in mine.contract.fields)
    shown_key = "''" if hidden else "o.key"
    theirs = (
        f"SELECT {_key(link.to_columns)} AS key, min({ROW}) AS other_row, min({held}) AS held, min({value}) AS shown "
        f"FROM {_source(other)} WHERE {held} IS NOT NULL AND {_key(link.to_columns)} IS NOT NULL "
        f"GROUP BY 1 HAVING count(DISTINCT {held}) = 1"
    )
    return (
        f'SELECT m.{ROW} AS "row", {shown_key} AS key, {literal(field.name)} AS "column", CAST(m.{value} AS VARCHAR) AS value, '
        f"o.other_row AS other_row, CAST(o.shown AS VARCHAR) AS other_value, "
        f"{_differs(_types(con, mine).get(field.name, ''), field, f'm.{held}', 'o.held')} AS differs "
        f"FROM (SELECT *, {_key(link.columns)} AS _key FROM {_source(mine)}) m JOIN ({theirs}) o ON o.key = m._key "
        f"WHERE m.{held} IS NOT NULL"
    )


def _differs(type: str, field: Field, a: str, b: str) -> str:
    if type in ("DOUBLE", "FLOAT") or type.startswith("DECIMAL"):
        near = _NEAR.get(field.kind)
        allowed = str(near) if near else f"1e-9 * greatest(abs({a}), abs({b}))"
        return f"abs({a} - {b}) > {allowed}"
    if type == "VARCHAR":
        return " <> ".join(f"lower(trim(regexp_replace({side}, '\\s+', ' ', 'g')))" for side in (a, b))
    return f"{a} <> {b}"
