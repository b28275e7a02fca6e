"""Where the points of a dataset are expected: the box of its province, and points that are judged by it but never moved."""

from __future__ import annotations

from nhip.datasets.conform.plan import Column, Room
from nhip.kernel.geo import Box, Kind, Point, inside, read_point
from nhip.places.resolver import Resolver

MARGIN = 0.23
"""Degrees around the centres of a province's communes, about 25 km: communes are wide, and agencies work across the border."""

FEW = 5
"""With fewer points nothing is concluded from where most of them lie."""

Expected = Box | None


def province_box(resolver: Resolver | None, province: str) -> Expected:
    """The box around the communes of a province, islands included; None without a register, province or centres.

    A province of before July 2025 is looked up by the communes that its ground belongs to now.
    """
    if resolver is None or not province:
        return None
    register = resolver.register
    codes = {province} if any(register.children(province)) else set(register.present(province))
    units = [unit for code in codes for unit in register.children(code)]
    lons = [unit.lon for unit in units if unit.lon is not None]
    lats = [unit.lat for unit in units if unit.lat is not None]
    if not lons or not lats:
        return None
    return min(lons) - MARGIN, min(lats) - MARGIN, max(lons) + MARGIN, max(lats) + MARGIN


def read_expected(a: str, b: str, *, kind: Kind, crs: str = "", province: str = "", box: Expected = None) -> Point:
    """`read_point`, and a warning where the point lies outside `box`.

    The box settles which of a merged province's zones is meant; to a zone that nobody declared no point is moved.
    """
    point = read_point(a, b, kind=kind, crs=crs, province=province)
    if box is None:
        return point
    if point.rule == "point.meridianUnknown":
        settled = read_point(a, b, kind=kind, crs=crs, province=province, expected_box=box)
        return point if settled.rule.startswith("point.meridian") else settled
    return unexpected(point, box)


def unexpected(point: Point, box: Box) -> Point:
    """The point with the warning `point.unexpected` if it lies outside the box and no worse was found."""
    if point.lon is None or point.lat is None or point.severity != "mended" or inside(point.lon, point.lat, box):
        return point
    return point._replace(rule="point.unexpected", severity="warning")


def tell_elsewhere(room: Room, columns: tuple[Column, Column], away: int, known: int) -> None:
    """One warning for a table whose points mostly lie outside the box of its province."""
    names = ", ".join(column.field.name for column in columns)
    values = [columns[0].field.name, f"{names}: {away}/{known}"]
    room.con.execute(
        f"INSERT INTO {room.table('findings')} VALUES (0, ?, 'point.unexpected', 'warning', ?, '')", values
    )
