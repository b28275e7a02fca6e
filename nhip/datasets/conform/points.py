"""Projected coordinates (VN-2000): every distinct x and y becomes a longitude and a latitude."""

from __future__ import annotations

from typing import Any

import numpy as np

from nhip.datasets.check.judge import insert
from nhip.datasets.conform.extras import Extra, Joined
from nhip.datasets.conform.mapping import batches, write_table
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.engine import CELL, literal
from nhip.kernel.geo import VIETNAM, read_point, vn2000_array
from nhip.kernel.values.meridians import ZONES, meridians

NORTH, EAST = (720_000, 2_620_000), (100_000, 900_000)
"""Metres that a northing and an easting in Vietnam lie between."""


def add_points(room: Room, plan: Plan, province: str) -> list[Extra]:
    """For columns x and y the table of their points, joined as `longitude` and `latitude`; writes what was found."""
    beside = {column.field.kind: column for column in reversed(plan.columns) if column.field.kind in ("x", "y")}
    if len(beside) < 2:
        return []
    a, b = beside["x"], beside["y"]
    crs = a.field.crs or b.field.crs
    table = room.table("point", a.at)
    room.con.execute(
        f"CREATE TABLE {table} (k0 VARCHAR, k1 VARCHAR, lon DOUBLE, lat DOUBLE, rule VARCHAR, severity VARCHAR, note VARCHAR)"
    )
    both = f"{a.text} IS NOT NULL AND {b.text} IS NOT NULL"
    typed = f"CASE WHEN {both} THEN {{}} END"
    values = ", ".join(typed.format(column.form.typed(column.text)) for column in (a, b))
    distinct = f"SELECT DISTINCT {a.text}, {b.text}, {values} FROM {plan.delivered()} WHERE {both}"
    with room.con.cursor() as writer:
        for batch in batches(room.con, distinct):
            write_table(writer, table, _points(batch, crs, province))
    alias = f"g{a.at}"
    on = f"{alias}.k0 = {CELL}.{a.text} AND {alias}.k1 = {CELL}.{b.text}"
    extra = Extra((Joined(table, alias, on),), (("longitude", f"{alias}.lon"), ("latitude", f"{alias}.lat")))
    _tell(room, plan, (a, b), extra)
    return [extra]


def _points(batch: list[Any], crs: str, province: str) -> list[tuple[Any, ...]]:
    """Rows of the table of points: most in one call of PROJ, the odd ones one by one."""
    quick = _transformed(batch, crs, province)
    rows: list[tuple[Any, ...]] = []
    for (a, b, _, _), place in zip(batch, quick, strict=True):
        if place is not None:
            rows.append((a, b, place[0], place[1], "", "mended", ""))
            continue
        point = read_point(a, b, kind="xy", crs=crs, province=province)
        rows.append((a, b, point.lon, point.lat, point.rule, point.severity, point.note))
    return rows


def _transformed(batch: list[Any], crs: str, province: str) -> list[tuple[float, float] | None]:
    """Longitude and latitude of the pairs that are plainly northing and easting of one known zone; None for the others."""
    code = crs.upper().removeprefix("EPSG:")
    zones = (int(code),) if code.isdecimal() and int(code) in ZONES else meridians(province)
    if len(zones) != 1:
        return [None] * len(batch)
    north, east = (np.array([row[place] for row in batch], dtype=np.float64) for place in (2, 3))
    lon, lat = vn2000_array(east, north, zones[0])
    west, south, right, top = VIETNAM
    plain = (north > NORTH[0]) & (north < NORTH[1]) & (east > EAST[0]) & (east < EAST[1])
    plain &= (lon >= west) & (lon <= right) & (lat >= south) & (lat <= top)
    return [(float(x), float(y)) if good else None for x, y, good in zip(lon, lat, plain, strict=True)]


def _tell(room: Room, plan: Plan, columns: tuple[Column, Column], extra: Extra) -> None:
    texts = " || '; ' || ".join(f"r.{column.text}" for column in columns)
    alias = extra.tables[0].alias
    insert(
        room,
        [
            f"SELECT r._row, {literal(columns[0].field.name)}, {alias}.rule, {alias}.severity, {texts}, {alias}.note "
            f"FROM {plan.delivered()} r {extra.join('r')} WHERE {alias}.rule <> ''"
        ],
    )
