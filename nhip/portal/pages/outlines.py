"""What a sketch draws of geometries: single places as points, lines and the edges of areas as few corners as the eye needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from nhip.portal.rows.shapes import read_geometry

At = tuple[float, float]
MOST_CORNERS = 1_500
"""Corners of all lines together, and points, so that the page stays small."""
_FINE = 300
"""The drawing is so many dots wide; what is smaller than one is left out."""


class Outlines(msgspec.Struct, frozen=True):
    """Longitudes and latitudes: of points, and of lines, each from corner to corner."""

    points: list[At]
    lines: list[list[At]]


def outlines_of(cells: Iterable[object]) -> Outlines:
    """What to draw of cells with WKT or GeoJSON; what is empty, unreadable, curved or nowhere on Earth is left out."""
    found = [made for cell in cells if cell is not None and (made := read_geometry(str(cell))) and _lies_on_earth(made)]
    if not found:
        return Outlines([], [])
    west, south, east, north = shapely.total_bounds(found)
    tolerance = max(east - west, north - south) / _FINE
    points: list[At] = []
    lines: list[list[At]] = []
    drawn = 0
    for geometry in found:
        for part in _parts(geometry.simplify(tolerance)):
            corners = [(float(x), float(y)) for x, y, *_rest in part.coords]
            if len(corners) == 1 and len(points) < MOST_CORNERS:
                points += corners
            elif len(corners) > 1 and drawn + len(corners) <= MOST_CORNERS:
                lines.append(corners)
                drawn += len(corners)
    return Outlines(points, lines)


def _lies_on_earth(geometry: BaseGeometry) -> bool:
    if geometry.is_empty or not np.isfinite(shapely.get_coordinates(geometry)).all():
        return False
    west, south, east, north = geometry.bounds
    return bool(-180 <= west <= east <= 180 and -90 <= south <= north <= 90)


def _parts(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    """Points, lines and rings of a geometry, however it is put together."""
    left = [geometry]
    while left:
        one = left.pop()
        if one.geom_type == "Polygon":
            yield one.exterior
            yield from one.interiors
        elif hasattr(one, "geoms"):
            left += reversed(one.geoms)
        else:
            yield one
