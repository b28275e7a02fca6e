"""Where a row lies: its latitude and longitude, or its geometry as WKT or GeoJSON — as GeoJSON (RFC 7946)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from nhip.datasets.engine import ident
from nhip.portal.model import OpenColumn


class Shape(msgspec.Struct, frozen=True):
    """Which columns say where: `geometry`, or `longitude` and `latitude`."""

    geometry: str = ""
    longitude: str = ""
    latitude: str = ""

    @property
    def names(self) -> list[str]:
        """The columns, in the order that `geometry_of` takes their values."""
        return [self.geometry] if self.geometry else [self.longitude, self.latitude]


def find_shape(columns: Sequence[OpenColumn]) -> Shape | None:
    """Where the rows of a release lie; None where no column says it."""
    kinds = {
        column.kind: column.name for column in reversed(columns) if column.act == "keep" or column.kind != "geometry"
    }
    if "geometry" in kinds:
        return Shape(geometry=kinds["geometry"])
    if "latitude" in kinds and "longitude" in kinds:
        return Shape(longitude=kinds["longitude"], latitude=kinds["latitude"])
    return None


FAR = 5
"""A place further from the middle of all than this many times the width that nine in ten of them take is a wrong place."""
_LEAST_DEGREES = 0.05


def placed(source: str, shape: Shape) -> str:
    """SQL of the rows of a table of DuckDB that say their longitude `x` and latitude `y`, with their number `n` in the file.

    `near` is false where a row lies so far from the others that its coordinates must be wrong: one such row would make a map
    of a city one of half the country.
    """
    x, y = (f"try_cast({ident(name)} as double)" for name in shape.names)
    on_earth = f"{x} between -180 and 180 and {y} between -90 and 90"
    said = f"select {x} as x, {y} as y, file_row_number as n from {source} where {on_earth}"
    edges = "select quantile_disc(x, [0.05, 0.95]) as xs, quantile_disc(y, [0.05, 0.95]) as ys from said"
    near = " and ".join(
        f"abs({at} - ({at}s[1] + {at}s[2]) / 2) <= {FAR} * greatest({at}s[2] - {at}s[1], {_LEAST_DEGREES})"
        for at in "xy"
    )
    return f"(with said as ({said}), edges as ({edges}) select x, y, n, {near} as near from said, edges)"


def near(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points without those that `placed` would call far, for a few that are at hand already."""

    def reach(values: list[float]) -> tuple[float, float]:
        low, high = (values[max(math.ceil(share * len(values)) - 1, 0)] for share in (0.05, 0.95))
        return (low + high) / 2, FAR * max(high - low, _LEAST_DEGREES)

    if not points:
        return []
    (x, wide), (y, high) = reach(sorted(x for x, _y in points)), reach(sorted(y for _x, y in points))
    return [at for at in points if abs(at[0] - x) <= wide and abs(at[1] - y) <= high]


def geometry_of(shape: Shape, cells: Sequence[Any]) -> dict[str, Any] | None:
    """The GeoJSON geometry of a row from the cells of `shape.names`; None for an empty or unreadable one."""
    if any(cell is None for cell in cells):
        return None
    return _geometry(str(cells[0])) if shape.geometry else _point(cells[0], cells[1])


def _point(longitude: Any, latitude: Any) -> dict[str, Any] | None:
    try:
        x, y = float(longitude), float(latitude)
    except (TypeError, ValueError):
        return None
    if not (math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90):
        return None
    return {"type": "Point", "coordinates": [x, y]}


def read_geometry(text: str) -> BaseGeometry | None:
    """A geometry from WKT or GeoJSON; None for what is neither, for curves, and where a coordinate is no number."""
    try:
        with np.errstate(invalid="ignore"):
            found: BaseGeometry = (
                shapely.from_geojson(text) if text.lstrip().startswith("{") else shapely.from_wkt(text)
            )
    except (shapely.errors.ShapelyError, ValueError, NotImplementedError):  # the last: a curve
        return None
    return found if np.isfinite(shapely.get_coordinates(found)).all() else None


def _geometry(text: str) -> dict[str, Any] | None:
    found = read_geometry(text)
    if found is None:
        return None
    made: dict[str, Any] = json.loads(shapely.to_geojson(found))
    return made
