"""Latitude and longitude are read together, so that swapped ones are found and mended with a record."""

from __future__ import annotations

from typing import NamedTuple

from nhip.datasets.conform.mapping import batches, write_table
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.kernel.geo import VIETNAM, Point, read_point
from nhip.kernel.values.coordinates import parse_latitude, parse_longitude
from nhip.kernel.values.model import Parsed

_CELL = "value_{0} VARCHAR, rule_{0} VARCHAR, severity_{0} VARCHAR, suggestion_{0} VARCHAR, failed_{0} BOOLEAN"
PAIR_COLUMNS = f"raw_a VARCHAR, raw_b VARCHAR, {_CELL.format('a')}, {_CELL.format('b')}"


class Pair(NamedTuple):
    """`a` is the column of latitudes, `b` of longitudes."""

    a: Column
    b: Column

    @property
    def columns(self) -> tuple[Column, Column]:
        return self.a, self.b

    @property
    def suspect(self) -> str:
        """Condition that a readable point does not lie in Vietnam (mainland, islands, Hoàng Sa and Trường Sa)."""
        west, south, east, north = VIETNAM
        inside = f"{self.a.value} BETWEEN {south} AND {north} AND {self.b.value} BETWEEN {west} AND {east}"
        return f"NOT coalesce({inside}, true)"

    def table(self, room: Room) -> str:
        """The table of the texts that were read as points."""
        return room.table("pair", self.a.at)

    def on(self, row: str, alias: str) -> str:
        """The condition that joins a row with that table."""
        texts = zip(("raw_a", "raw_b"), self.columns, strict=True)
        return " AND ".join(f"{alias}.{raw} IS NOT DISTINCT FROM {row}.{column.text}" for raw, column in texts)


def find_pairs(plan: Plan) -> list[Pair]:
    """The first latitude and longitude of the contract, if both are there and are numbers."""
    found = {}
    for column in reversed(plan.columns):
        if column.field.kind in ("latitude", "longitude") and column.field.type == "number" and not column.field.format:
            found[column.field.kind] = column
    return [Pair(found["latitude"], found["longitude"])] if len(found) == 2 else []


def map_pairs(room: Room, plan: Plan, pairs: list[Pair]) -> None:
    """Make the table of each pair: every distinct pair of texts that is not two canonical degrees in Vietnam."""
    for pair in pairs:
        room.con.execute(f"CREATE TABLE {pair.table(room)} ({PAIR_COLUMNS})")
        typed = [f"{column.form.typed(column.text)} AS {column.value}" for column in pair.columns]
        unread = " OR ".join(f"{column.value} IS NULL AND {column.text} IS NOT NULL" for column in pair.columns)
        query = (
            f"SELECT DISTINCT {pair.a.text}, {pair.b.text} FROM (SELECT *, {', '.join(typed)} FROM {room.table('bad')}) "
            f"WHERE {unread} OR {pair.suspect}"
        )
        with room.con.cursor() as writer:
            for batch in batches(room.con, query):
                rows = [(a, b, *_read(a, b, plan.contract.province)) for a, b in batch]
                write_table(writer, pair.table(room), rows)


Cell = tuple[str | None, str, str, str, bool]


def _read(a: str | None, b: str | None, province: str) -> tuple[str | bool | None, ...]:
    """Columns of PAIR_COLUMNS after the texts."""
    alone = (parse_latitude(a) if a else Parsed(None), parse_longitude(b) if b else Parsed(None))
    if not a or not b:
        return (*_cell(alone[0]), *_cell(alone[1]))
    point = read_point(a, b, kind="latlon", province=province)
    if point.lon is None or point.lat is None:
        return _unread(a, b, point, alone)
    found = (_degrees(a, point.lat), _degrees(b, point.lon))
    if point.severity == "mended":
        return tuple(
            part for text, value in zip((a, b), found, strict=True) for part in _mended(text, value, point.rule)
        )
    first = Parsed(found[0], point.rule, point.severity, point.note)
    return (*_cell(first), *_mended(b, found[1], "coordinate.form"))


def _unread(a: str, b: str, point: Point, alone: tuple[Parsed, Parsed]) -> tuple[str | bool | None, ...]:
    """No point: the cell that is at fault by itself is told, else the two together, once."""
    if point.severity == "mended":
        blank = Parsed(None, point.rule)
        return (*_cell(blank), *_cell(blank))
    if any(parsed.value is None for parsed in alone):
        return (*_cell(alone[0]), *_cell(alone[1]))
    told = Parsed(None, point.rule, point.severity, point.note)
    return (*_cell(told), None, "", "mended", "", True)


def _degrees(text: str, value: float) -> str:
    try:
        return text if float(text) == value else repr(value)
    except ValueError:
        return repr(value)


def _mended(text: str, value: str, rule: str) -> Cell:
    return _cell(Parsed(value, rule if text != value else ""))


def _cell(parsed: Parsed) -> Cell:
    suggestion = parsed.suggestion or (parsed.value or "" if parsed.rule else "")
    return parsed.value, parsed.rule, parsed.severity, suggestion, parsed.value is None and parsed.severity != "mended"
