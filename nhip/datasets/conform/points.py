"""Projected coordinates (VN-2000): every distinct x and y becomes a longitude and a latitude."""

from __future__ import annotations

from typing import Any, NamedTuple

from nhip.datasets.check.judge import insert
from nhip.datasets.conform.expected import FEW, Expected, read_expected, tell_elsewhere
from nhip.datasets.conform.extras import Extra, Joined
from nhip.datasets.conform.mapping import batches, write_table
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.engine import CELL, literal
from nhip.kernel.geo import VIETNAM, Kind, inside, read_point, vn2000_array
from nhip.kernel.values.cleaning import blank, clean
from nhip.kernel.values.meridians import ZONES, meridians

NORTH, EAST = (720_000, 2_620_000), (100_000, 900_000)
"""Metres that a northing and an easting in Vietnam lie between."""

MOST = 0.9
"""Share of the pairs that have to agree before a column is taken to hold eastings where northings were meant."""
_ASKED = 2_000
"""So many pairs that are not canonical are read to learn the order."""
_HALF = "half"
"""Instead of a rule: one of the two texts says in words that it is empty; the note is its place, 0 or 1."""


class _Way(NamedTuple):
    """How the points of one table are read."""

    kind: Kind
    crs: str
    province: str
    box: Expected


def add_points(room: Room, plan: Plan, province: str, box: Expected = None) -> list[Extra]:
    """For columns x and y the table of their points, joined as `longitude` and `latitude`; writes what was found.

    By Vietnamese custom x is the northing; where nine of ten pairs are plainly the other way round, as GIS programs
    export them, that is how the table is read, and only the others are told as swapped.
    """
    beside = {column.field.kind: column for column in reversed(plan.columns) if column.field.kind in ("x", "y")}
    if len(beside) < 2:
        return []
    a, b = beside["x"], beside["y"]
    crs = a.field.crs or b.field.crs
    table, distinct = room.table("point", a.at), _distinct(room, plan, a, b)
    way = _Way(_order(room, distinct, crs, province), crs, province, box)
    if box and _lies_elsewhere(room, distinct, (a, b), way):
        way = way._replace(box=None)
    room.con.execute(
        f"CREATE TABLE {table} (k0 VARCHAR, k1 VARCHAR, lon DOUBLE, lat DOUBLE, rule VARCHAR, severity VARCHAR, note VARCHAR)"
    )
    with room.con.cursor() as writer:
        for batch in batches(room.con, f"FROM {distinct}"):
            write_table(writer, table, _points(batch, way))
    alias = f"g{a.at}"
    on = f"{alias}.k0 = {CELL}.{a.text} AND {alias}.k1 = {CELL}.{b.text}"
    extra = Extra((Joined(table, alias, on),), (("longitude", f"{alias}.lon"), ("latitude", f"{alias}.lat")))
    _tell(room, plan, (a, b), extra)
    if way.kind == "en":
        _tell_axes(room, a, b)
    return [extra]


def _distinct(room: Room, plan: Plan, a: Column, b: Column) -> str:
    """A table of the distinct pairs: two texts, and the two numbers where both are canonical."""
    name = room.table("xy", a.at)
    both = f"{a.text} IS NOT NULL AND {b.text} IS NOT NULL"
    typed = f"CASE WHEN {both} THEN {{}} END"
    values = [typed.format(column.form.typed(column.text)) for column in (a, b)]
    room.con.execute(
        f"CREATE TABLE {name} AS SELECT DISTINCT {a.text} AS k0, {b.text} AS k1, {values[0]} AS n0, {values[1]} AS n1 "
        f"FROM {plan.delivered()} WHERE {both}"
    )
    return name


def _order(room: Room, distinct: str, crs: str, province: str) -> Kind:
    """`en` where nearly all pairs are plainly easting and northing, else `xy`."""
    north, east = ((f"(n{place} BETWEEN {{}} AND {{}})") for place in (0, 1))
    first = f"{north.format(*NORTH)} AND {east.format(*EAST)}"
    second = f"{north.format(*EAST)} AND {east.format(*NORTH)}"
    row = room.con.execute(
        f"SELECT count(*) FILTER ({first} AND NOT ({second})), count(*) FILTER ({second} AND NOT ({first})) FROM {distinct}"
    ).fetchone()
    straight, turned = row or (0, 0)
    rest = f"SELECT k0, k1 FROM {distinct} WHERE n0 IS NULL OR n1 IS NULL ORDER BY ALL LIMIT {_ASKED}"
    for a, b in room.con.execute(rest).fetchall():
        point = read_point(a, b, kind="xy", crs=crs, province=province)
        turned += point.rule == "point.swapped"
        straight += point.rule == "" and point.lon is not None
    return "en" if turned and turned >= MOST * (straight + turned) else "xy"


def _lies_elsewhere(room: Room, distinct: str, columns: tuple[Column, Column], way: _Way) -> bool:
    """Whether most pairs lie outside the box, told then in one finding."""
    sample = room.con.execute(f"SELECT * FROM {distinct} ORDER BY ALL LIMIT {_ASKED}").fetchall()
    points = [row for row in _points(sample, way._replace(box=None)) if row[2] is not None and row[5] == "mended"]
    away = sum(1 for row in points if way.box and not inside(row[2], row[3], way.box))
    if len(points) < FEW or 2 * away <= len(points):
        return False
    tell_elsewhere(room, columns, away, len(points))
    return True


def _points(batch: list[Any], way: _Way) -> list[tuple[Any, ...]]:
    """Rows of the table of points: most in one call of PROJ, the odd ones one by one."""
    quick = _transformed(batch, way)
    rows: list[tuple[Any, ...]] = []
    for (a, b, _, _), place in zip(batch, quick, strict=True):
        if place is not None:
            rows.append((a, b, place[0], place[1], "", "mended", ""))
            continue
        empty = [str(at) for at, text in enumerate((a, b)) if _is_blank(text)]
        if empty:
            rows.append((a, b, None, None, _HALF if len(empty) == 1 else "", "mended", empty[0]))
            continue
        point = read_expected(a, b, kind=way.kind, crs=way.crs, province=way.province, box=way.box)
        rows.append((a, b, point.lon, point.lat, point.rule, point.severity, point.note))
    return rows


def _is_blank(text: str) -> bool:
    """Whether a cell says in words that it is empty."""
    return blank(clean(text)) is not None


def _transformed(batch: list[Any], way: _Way) -> list[tuple[float, float] | None]:
    """Longitude and latitude of the pairs that are plainly northing and easting of one known zone, and lie where they are
    expected; None for the others."""
    import numpy as np

    code = way.crs.upper().removeprefix("EPSG:")
    zones = (int(code),) if code.isdecimal() and int(code) in ZONES else meridians(way.province)
    if len(zones) != 1:
        return [None] * len(batch)
    places = (2, 3) if way.kind == "xy" else (3, 2)
    north, east = (np.array([row[place] for row in batch], dtype=np.float64) for place in places)
    lon, lat = vn2000_array(east, north, zones[0])
    west, south, right, top = way.box or VIETNAM
    plain = (north > NORTH[0]) & (north < NORTH[1]) & (east > EAST[0]) & (east < EAST[1])
    plain &= (lon >= west) & (lon <= right) & (lat >= south) & (lat <= top)
    return [(float(x), float(y)) if good else None for x, y, good in zip(lon, lat, plain, strict=True)]


def _tell(room: Room, plan: Plan, columns: tuple[Column, Column], extra: Extra) -> None:
    """A finding for each row whose point is odd, at x; and for each that has half a point, at the empty cell."""
    texts = " || '; ' || ".join(f"r.{column.text}" for column in columns)
    alias = extra.tables[0].alias
    rows = f"FROM {plan.delivered()} r"
    shown = f"SELECT r._row, {literal(columns[0].field.name)}, {alias}.rule, {alias}.severity, {texts}, {alias}.note"
    branches = [f"{shown} {rows} {extra.join('r')} WHERE {alias}.rule NOT IN ('', '{_HALF}')"]
    for at, (empty, full) in enumerate((columns, columns[::-1])):
        if not empty.required:  # else `required` tells it
            in_words = f"coalesce({alias}.rule = '{_HALF}' AND {alias}.note = '{at}', false)"
            half = f"(r.{empty.text} IS NULL AND r.{full.text} IS NOT NULL) OR {in_words}"
            told = f"SELECT r._row, {literal(empty.field.name)}, 'point.incomplete', 'error', coalesce(r.{empty.text}, ''), ''"
            branches.append(f"{told} {rows} {extra.join('r')} WHERE {half}")
    insert(room, branches)


def _tell_axes(room: Room, a: Column, b: Column) -> None:
    """One record for the table: x and y were read as easting and northing."""
    names = [f"{a.field.name}, {b.field.name}", f"{b.field.name}, {a.field.name}"]
    room.con.execute(
        f"INSERT INTO {room.table('findings')} VALUES (0, ?, 'point.axes', 'mended', ?, ?)", [a.field.name, *names]
    )
