"""How a row finds what the parsers made of its cell: one interface over single values and pairs."""

from __future__ import annotations

from typing import NamedTuple

from nhip.datasets.conform.pairs import Pair
from nhip.datasets.conform.plan import Column, Room


class Lookup(NamedTuple):
    """`join` brings the table in; the others are SQL over it."""

    join: str
    hit: str
    value: str
    rule: str
    severity: str
    suggestion: str
    failed: str


class Lookups:
    """The lookups of an assessment: `mapped` columns have a table of their own, `pairs` share one."""

    def __init__(self, room: Room, mapped: list[Column], pairs: list[Pair]) -> None:
        self._room = room
        self._mapped = {column.at for column in mapped}
        self._pairs = {
            column.at: (pair, side) for pair in pairs for side, column in zip("ab", pair.columns, strict=True)
        }

    def find(self, column: Column, row: str) -> Lookup | None:
        """The lookup of `column` for the FROM item `row`; None where every text is canonical."""
        if column.at in self._pairs:
            pair, side = self._pairs[column.at]
            alias = f"p{pair.a.at}"
            join = f"JOIN {pair.table(self._room)} {alias} ON {pair.on(row, alias)}"
            return _lookup(join, alias, f"_{side}", hit=f"coalesce({alias}.raw_a, {alias}.raw_b) IS NOT NULL")
        if column.at in self._mapped:
            alias = f"m{column.at}"
            join = f"JOIN {self._room.table('map', column.at)} {alias} ON {alias}.raw = {row}.{column.text}"
            return _lookup(join, alias, "", hit=f"{alias}.raw IS NOT NULL")
        return None

    def value(self, column: Column, row: str) -> str:
        """SQL of the column's typed value over `row` left joined with its lookup: what the parser made of it, and where there was
        nothing to parse the text is canonical."""
        sure = column.form.sure(f"{row}.{column.text}")
        lookup = self.find(column, row)
        if lookup is None:
            return sure
        return f"CASE WHEN {lookup.hit} THEN TRY_CAST({lookup.value} AS {column.form.type}) ELSE {sure} END"


def _lookup(join: str, alias: str, end: str, *, hit: str) -> Lookup:
    parts = (f"{alias}.{part}{end}" for part in ("value", "rule", "severity", "suggestion", "failed"))
    return Lookup(join, hit, *parts)
