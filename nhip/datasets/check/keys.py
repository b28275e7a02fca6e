"""Rules across rows: unique columns, the primary key, business duplicates, references to other datasets.

As in frictionless, the repeats after the first are the faults, in file order, and empty cells repeat nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nhip.datasets.check.judge import finding, insert
from nhip.datasets.check.suggest import folded
from nhip.datasets.conform.mapping import severity_of
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.model import Reference
from nhip.datasets.engine import ident, literal


def kept_columns(plan: Plan, references: Mapping[str, Path]) -> list[Column]:
    """Columns of which every row's value is needed."""
    names = {column.field.name for column in plan.columns if column.field.unique} | set(plan.contract.key)
    names |= {name for keys in plan.contract.duplicate_keys for name in keys}
    names |= {name for ref in plan.contract.references if ref.to_dataset in references for name in ref.columns}
    return [column for column in plan.columns if column.field.name in names]


def find_key_faults(room: Room, plan: Plan, kept: list[Column], references: Mapping[str, Path]) -> None:
    """Write the findings of rules across rows."""
    if not kept:
        return
    _make_keys(room, kept)
    branches = [*_unique(room, plan), *_primary_key(room, plan), *_duplicates(room, plan)]
    for reference in plan.contract.references:
        path = references.get(reference.to_dataset)
        columns = plan.columns_named(reference.columns)
        if path and columns:
            branches.append(_reference(room, columns, reference, path))
    insert(room, branches)


def _make_keys(room: Room, kept: list[Column]) -> None:
    """The view `keys`: `_row`, text and value of the kept columns of every row."""
    clean = "".join(f", {column.text}, {column.form.sure(column.text)} AS {column.value}" for column in kept)
    judged = "".join(f", {column.text}, {column.value}" for column in kept)
    room.con.execute(
        f"CREATE VIEW {room.table('keys')} AS SELECT _row{clean} FROM {room.table('kept')} WHERE NOT suspect "
        f"UNION ALL SELECT _row{judged} FROM {room.table('judged')}"
    )


def _repeats(room: Room, columns: list[Column], keys: list[str], select: str) -> str:
    """Rows whose `keys` (SQL, none NULL) stood in an earlier row, which is `first`.

    Numbers are sorted faster than texts, so that hashes tell first which few rows may be repeats.
    """
    named = ", ".join(f"{key} AS k{place}" for place, key in enumerate(keys))
    names = ", ".join(f"k{place}" for place in range(len(keys)))
    there = " AND ".join(f"k{place} IS NOT NULL" for place in range(len(keys)))
    joined = " AND ".join(f"r.k{place} = d.k{place}" for place in range(len(keys)))
    texts = ", ".join(column.text for column in columns)
    rows = f"(SELECT _row, {texts}, {named} FROM {room.table('keys')})"
    often = _hashed_often(room, f"SELECT hash({names}) AS hashed FROM {rows} WHERE {there}")
    likely = f"SELECT * FROM {rows} WHERE {there} AND hash({names}) IN (SELECT hashed FROM {often})"
    doubled = f"(SELECT {names}, min(_row) AS first FROM likely GROUP BY {names} HAVING count(*) > 1)"
    found = f"SELECT r.*, first FROM likely r JOIN {doubled} d ON {joined} WHERE _row > first"
    return f"SELECT {select} FROM (WITH likely AS MATERIALIZED ({likely}) {found})"


def _hashed_often(room: Room, hashes: str) -> str:
    """A table of what the query `hashes` gives more than once (`hashed`). A sort goes to disk in runs, so that memory does not
    follow the number of rows, as that of groups would."""
    every, often = room.table("hashes"), room.fresh_table("often")
    room.con.execute(f"CREATE TABLE {every} AS {hashes} ORDER BY hashed")
    pairs = f"SELECT hashed, hashed = lag(hashed) OVER () AS again FROM {every}"
    room.con.execute(f"CREATE TABLE {often} AS SELECT hashed FROM ({pairs}) WHERE again")
    room.con.execute(f"DROP TABLE {every}")
    return often


def _shown(columns: list[Column]) -> str:
    return " || '; ' || ".join(f"coalesce({column.text}, '')" for column in columns)


def _unique(room: Room, plan: Plan) -> list[str]:
    branches = []
    for column in plan.columns:
        if column.field.unique and plan.contract.key != (column.field.name,):
            severity = severity_of(column.field, "unique", "error", key=False)
            select = finding(column.field.name, "unique", severity, column.text)
            branches.append(_repeats(room, [column], [column.value], select))
    return branches


def _primary_key(room: Room, plan: Plan) -> list[str]:
    columns = plan.columns_named(plan.contract.key)
    if not columns:
        return []
    name = columns[0].field.name if len(columns) == 1 else ""
    select = finding(name, "primaryKey", "fatal", _shown(columns), "'= ' || first")
    return [_repeats(room, columns, [column.value for column in columns], select)]


def _duplicates(room: Room, plan: Plan) -> list[str]:
    branches = []
    for names in plan.contract.duplicate_keys:
        columns = plan.columns_named(names)
        if columns:
            keys = [folded(f"CAST({column.value} AS VARCHAR)") for column in columns]
            select = finding("", "duplicate", "warning", _shown(columns), "'= ' || first")
            branches.append(_repeats(room, columns, keys, select))
    return branches


def _reference(room: Room, columns: list[Column], reference: Reference, path: Path) -> str:
    """Rows whose values are not among those of the other dataset; a key with an empty part refers to nothing."""
    name = columns[0].field.name if len(columns) == 1 else ""
    there = " AND ".join(f"{column.value} IS NOT NULL" for column in columns)
    same = " AND ".join(
        f"CAST({column.value} AS VARCHAR) = CAST(o.{ident(to)} AS VARCHAR)"
        for column, to in zip(columns, reference.to_columns, strict=True)
    )
    select = finding(name, "reference", "error", _shown(columns))
    other = f"read_parquet({literal(str(path))})"
    return f"SELECT {select} FROM {room.table('keys')} k WHERE {there} AND NOT EXISTS (SELECT 1 FROM {other} o WHERE {same})"
