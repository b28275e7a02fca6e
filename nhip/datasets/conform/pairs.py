"""Latitude and longitude are read together, so that swapped ones are found and mended with a record."""

from __future__ import annotations

from typing import NamedTuple

from nhip.datasets.check.marks import marked
from nhip.datasets.conform.expected import FEW, Expected, read_expected, tell_elsewhere
from nhip.datasets.conform.mapping import batches, severity_of, write_table
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.kernel.geo import VIETNAM, Box, Point, inside, read_point
from nhip.kernel.values.coordinates import VIETNAM_RANGE, Axis, parse_latitude, parse_longitude
from nhip.kernel.values.model import Parsed

_CELL = "value_{0} VARCHAR, rule_{0} VARCHAR, severity_{0} VARCHAR, suggestion_{0} VARCHAR, failed_{0} BOOLEAN"
PAIR_COLUMNS = f"raw_a VARCHAR, raw_b VARCHAR, {_CELL.format('a')}, {_CELL.format('b')}"


_AXES: tuple[Axis, Axis] = ("latitude", "longitude")
SAMPLE = 500
"""Rows from the beginning that tell whether a dataset lies in its province at all."""


class Pair(NamedTuple):
    """`a` is the column of latitudes, `b` of longitudes; `box` is where the points are expected, None for all of Vietnam."""

    a: Column
    b: Column
    box: Expected = None

    @property
    def columns(self) -> tuple[Column, Column]:
        return self.a, self.b

    @property
    def suspect(self) -> str:
        """Condition that a point is half, or does not lie where it is expected, or not in Vietnam (islands, Hoàng Sa and
        Trường Sa included)."""
        west, south, east, north = self.box or VIETNAM
        here = f"{self.a.value} BETWEEN {south} AND {north} AND {self.b.value} BETWEEN {west} AND {east}"
        return f"NOT coalesce({here}, true) OR ({self.a.text} IS NULL) <> ({self.b.text} IS NULL)"

    def table(self, room: Room) -> str:
        """The table of the texts that were read as points."""
        return room.table("pair", self.a.at)

    def on(self, row: str, alias: str) -> str:
        """The condition that joins a row with that table."""
        texts = zip(("raw_a", "raw_b"), self.columns, strict=True)
        return " AND ".join(f"{alias}.{raw} IS NOT DISTINCT FROM {row}.{column.text}" for raw, column in texts)


def find_pairs(room: Room, plan: Plan, box: Expected = None) -> list[Pair]:
    """The first latitude and longitude of the contract, if both are there and are numbers.

    Where most of the first rows lie outside the box of the province, the dataset is about another place: then each point is
    held against Vietnam only, and one finding says so.
    """
    found = {}
    for column in reversed(plan.columns):
        if column.field.kind in ("latitude", "longitude") and column.field.type == "number" and not column.field.format:
            found[column.field.kind] = column
    if len(found) < 2:
        return []
    pair = Pair(found["latitude"], found["longitude"], box)
    return [pair._replace(box=None) if box and _lies_elsewhere(room, plan, pair, box) else pair]


def _lies_elsewhere(room: Room, plan: Plan, pair: Pair, box: Box) -> bool:
    """Whether most points of the first rows lie outside the box, told then in one finding."""
    cells = f"{pair.a.text}, {pair.b.text}"
    rows = room.con.execute(f"SELECT {cells} FROM {plan.delivered()} LIMIT {SAMPLE}").fetchall()
    points = [read_point(a, b, province=plan.contract.province) for a, b in rows if a and b]
    known = [(p.lon, p.lat) for p in points if p.lon is not None and p.lat is not None and p.severity == "mended"]
    away = sum(not inside(*where, box) for where in known)
    if len(known) < FEW or 2 * away <= len(known):
        return False
    tell_elsewhere(room, pair.columns, away, len(known))
    return True


def map_pairs(room: Room, plan: Plan, pairs: list[Pair]) -> None:
    """Make the table of each pair: every distinct pair of texts that is not two canonical degrees where they are expected."""
    for pair in pairs:
        room.con.execute(f"CREATE TABLE {pair.table(room)} ({PAIR_COLUMNS})")
        typed = [f"{column.form.typed(column.text)} AS {column.value}" for column in pair.columns]
        unread = " OR ".join(f"{column.value} IS NULL AND {column.text} IS NOT NULL" for column in pair.columns)
        query = (
            f"SELECT DISTINCT {pair.a.text}, {pair.b.text} FROM (SELECT *, {', '.join(typed)} FROM {room.table('bad')} b "
            f"WHERE {marked(pair.a, 'b')}) WHERE {unread} OR {pair.suspect}"
        )
        with room.con.cursor() as writer:
            for batch in batches(room.con, query):
                rows = [(a, b, *_row(a, b, pair, plan.contract.province)) for a, b in batch]
                write_table(writer, pair.table(room), rows)


Both = tuple[Parsed, Parsed]


def _row(a: str | None, b: str | None, pair: Pair, province: str) -> tuple[str | bool | None, ...]:
    """Columns of PAIR_COLUMNS after the texts."""
    read = _read(a, b, pair, province)
    cells = zip(pair.columns, (a, b), read, strict=True)
    return tuple(part for column, text, parsed in cells for part in _cell(column, text, parsed))


def _read(a: str | None, b: str | None, pair: Pair, province: str) -> Both:
    """What each of the two cells holds, in canonical form."""
    alone = (parse_latitude(a) if a else Parsed(None), parse_longitude(b) if b else Parsed(None))
    if not a or not b or any(_is_empty(parsed) for parsed in alone):
        return _half(alone, pair)
    point = read_expected(a, b, kind="latlon", province=province, box=pair.box)
    if point.lon is None or point.lat is None:
        return _unread(point, alone)
    found = (_degrees(a, point.lat), _degrees(b, point.lon))
    mended = point.severity == "mended"
    rule = point.rule if mended and point.rule else "coordinate.form"
    first, second = (Parsed(value, "" if value == text else rule) for text, value in zip((a, b), found, strict=True))
    return (first if mended else Parsed(found[0], point.rule, point.severity, point.note)), second


def _is_empty(parsed: Parsed) -> bool:
    """No cell, or one that says in words that it is empty."""
    return parsed.value is None and parsed.severity == "mended"


def _half(alone: Both, pair: Pair) -> Both:
    """A point that lacks one coordinate: told at the empty cell, unless `required` tells it already. A lone value that fits
    only the other column is told instead."""
    told = list(alone)
    for place, column in enumerate(pair.columns):
        other = alone[1 - place].value
        if not _is_empty(alone[place]) or other is None:
            continue
        own, turned = VIETNAM_RANGE[_AXES[1 - place]], VIETNAM_RANGE[_AXES[place]]
        if turned[0] <= float(other) < turned[1] and not own[0] <= float(other) < own[1]:
            told[1 - place] = Parsed(None, "coordinate.swapped", "error")
        elif not column.required:
            told[place] = Parsed(None, "point.incomplete", "error")
    return told[0], told[1]


def _unread(point: Point, alone: Both) -> Both:
    """No point: the cell that is at fault by itself is told, else the two together, once."""
    if any(parsed.value is None for parsed in alone):
        return alone
    return Parsed(None, point.rule, point.severity, point.note), Parsed(None, "", "error")


def _degrees(text: str, value: float) -> str:
    try:
        return text if float(text) == value else repr(value)
    except ValueError:
        return repr(value)


def _cell(column: Column, text: str | None, parsed: Parsed) -> tuple[str | bool | None, ...]:
    value = parsed.value if parsed.rule and parsed.value != text else ""
    severity = severity_of(column.field, parsed.rule, parsed.severity, key=column.key)
    failed = parsed.value is None and parsed.severity != "mended"
    return parsed.value, parsed.rule, severity, parsed.suggestion or value or "", failed
