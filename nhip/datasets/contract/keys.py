"""Which columns tell rows apart: the primary key, and sets of columns that mean the same real thing."""

from __future__ import annotations

from itertools import combinations

import duckdb

from nhip.datasets.contract.profile import ColumnProfile
from nhip.datasets.engine import ident

NEARLY = 0.97
"""Part of the rows that must differ: a few doubles are faults to be found, not a proof against the key."""
_CANDIDATES = 8
_DENSE, _DENSE_COUNTED = 0.3, 0.05
"""Least part of all possible pairs that must occur; less where one column is a running number within the other."""
_ID_KINDS = {"code", "citizen_id", "tax_code", "plate", "health_insurance"}
_NO_KEY = {"ordinal", "measure", "money", "count"}


def find_key(con: duckdb.DuckDBPyConnection, relation: str, columns: list[ColumnProfile]) -> tuple[str, ...]:
    """Names (in the contract) of the key: one column that looks like an id and is filled and distinct, else a pair of columns
    that are together, else none."""
    if not columns or columns[0].rows < 2:
        return ()
    single = [column for column in columns if _looks_like_id(column) and _filled(column) and _distinct(column)]
    if single:
        return (max(single, key=_likeness).field,)
    parts = [column for column in columns if _may_be_part(column)]
    chosen = sorted(parts, key=lambda column: (-_likeness(column), -column.distinct))[:_CANDIDATES]
    ordered = [column for column in columns if column in chosen]
    pairs = [pair for pair in combinations(ordered, 2) if _telling(pair)]
    counted = _count_pairs(con, relation, pairs)
    whole = [pair for pair, count in zip(pairs, counted, strict=True) if count >= NEARLY * _least_filled(pair)]
    if not whole:
        return ()
    best = max(whole, key=lambda pair: (_likeness(pair[0]) + _likeness(pair[1]), -pair[0].distinct - pair[1].distinct))
    return tuple(column.field for column in best) if max(map(_likeness, best)) >= 2 else ()


def find_duplicates(
    con: duckdb.DuckDBPyConnection, relation: str, columns: list[ColumnProfile]
) -> tuple[tuple[str, ...], ...]:
    """A name together with an address, where nearly every row has its own: the same pair twice is the same thing twice."""
    names = [column for column in columns if "title" in column.hints and column.type == "string" and not column.enum]
    places = [column for column in columns if column.kind == "address"]
    if not names or not places or names[0].rows < 20:
        return ()
    pair = (names[0], places[0])
    count = _count_pairs(con, relation, [pair])[0]
    return ((pair[0].field, pair[1].field),) if count >= NEARLY * _least_filled(pair) else ()


def _telling(pair: tuple[ColumnProfile, ColumnProfile]) -> bool:
    """Whether it would say something that the pair is distinct: many values beside few rows are distinct by chance."""
    possible = pair[0].distinct * pair[1].distinct
    counted = any("sequence" in column.hints for column in pair)
    return NEARLY * pair[0].rows <= possible <= pair[0].rows / (_DENSE_COUNTED if counted else _DENSE)


def _least_filled(pair: tuple[ColumnProfile, ColumnProfile]) -> int:
    return min(column.rows - column.nulls for column in pair)


def _looks_like_id(column: ColumnProfile) -> bool:
    if "code" in column.hints:
        return column.kind not in ("money", "quantity")
    return column.kind in _ID_KINDS and not (_NO_KEY - {"count"}) & set(column.hints)


def _filled(column: ColumnProfile) -> bool:
    return column.nulls <= (1 - NEARLY) * column.rows


def _distinct(column: ColumnProfile) -> bool:
    return column.distinct >= NEARLY * (column.rows - column.nulls) > 0


def _may_be_part(column: ColumnProfile) -> bool:
    if (
        not _filled(column)
        or column.distinct < 2
        or ("code" not in column.hints and _NO_KEY & set(column.hints))
        or column.kind in ("money", "quantity", "geometry")
    ):
        return False
    return column.type in ("string", "integer", "date", "timestamp")


def _likeness(column: ColumnProfile) -> float:
    """How much a column looks like an id."""
    exact = not column.nulls and column.distinct == column.rows
    points = (
        2.0 * ("code" in column.hints) + 1.5 * (column.kind in _ID_KINDS) + 1.0 * exact + 0.5 * bool(column.pattern)
    )
    points += 1.0 * (column.distinct >= 0.995 * (column.rows - column.nulls))
    points += 4.5 * ("sequence" in column.hints)
    return points + 1.0 * (column.type in ("date", "timestamp") or "year" in column.hints)


def _count_pairs(
    con: duckdb.DuckDBPyConnection, relation: str, pairs: list[tuple[ColumnProfile, ColumnProfile]]
) -> list[int]:
    """Distinct filled pairs, all in one scan."""
    if not pairs:
        return []
    parts = [
        f"count(DISTINCT hash({ident(a.name)}, {ident(b.name)})) FILTER ({ident(a.name)} IS NOT NULL"
        f" AND {ident(b.name)} IS NOT NULL)"
        for a, b in pairs
    ]
    row = con.execute(f"SELECT {', '.join(parts)} FROM {relation}").fetchone()
    return list(row or ())
