"""GeoJSON geometries (RFC 7946) as NGSI-LD allows them: ETSI GS CIM 009 v1.9.1, 4.7; positions are WGS 84, longitude first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any

import numpy as np
import orjson
import shapely
from shapely import make_valid
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from nhip.graph.document.faults import Fault
from nhip.kernel.i18n import _

_SLIVER = 0.01
"""Part of a polygon's area."""
_MOST_MENDED, _MOST_CROSSINGS = 20_000, 200
"""Positions and crossings of a polygon that is mended."""
_FEW_RINGS, _MOST_NESTED, _NEIGHBOURS = 200, 100_000, 12
"""Rings that need no look, pairs of rings that may meet, and besides for each: itself, what it lies in, those around it."""
_BOXES = 50
_PAIRS = 200_000
"""So many pairs of edges are compared at once."""
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


def read_geometry(given: Any) -> dict[str, Any]:
    """The geometry in a GeoProperty's value: an object, or its JSON text. Raises Fault."""
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            raise Fault(_("this is no GeoJSON geometry")) from None
    if not isinstance(given, dict):
        raise Fault(_("this is no GeoJSON geometry"))
    check = _CHECKS.get(kind) if isinstance(kind := given.get("type"), str) else None
    if check is None or "coordinates" not in given:
        raise Fault(_("this is no GeoJSON geometry, or one of a kind that NGSI-LD does not know"))
    check(given["coordinates"])
    if kind in ("Polygon", "MultiPolygon"):
        _check_polygons(given)
    return given


def _check_polygons(given: dict[str, Any]) -> None:
    try:
        polygon = shape(given)
    except (ShapelyError, ValueError):
        raise Fault(_("this is no GeoJSON geometry")) from None
    if _is_nest(polygon):
        raise Fault(_("too many rings of the polygon lie inside each other"))
    if not _is_sound(polygon):
        raise Fault(_("the polygon crosses itself, or its holes are not inside it"))


def is_geometry(given: Any) -> bool:
    """Whether an object means to be a geometry, valid or not."""
    if not isinstance(given, dict) or "coordinates" not in given:
        return False
    return isinstance(kind := given.get("type"), str) and kind in _CHECKS


def bbox(geometry: dict[str, Any]) -> Box:
    """The box around a valid geometry."""
    if geometry["type"] == "Point":
        east, north = geometry["coordinates"][:2]
        return east, north, east, north
    easts: list[float] = []
    norths: list[float] = []
    for line in _lines(geometry["coordinates"]):
        longitudes, latitudes = [position[0] for position in line], [position[1] for position in line]
        easts += min(longitudes), max(longitudes)
        norths += min(latitudes), max(latitudes)
    return min(easts), min(norths), max(easts), max(norths)


def _lines(coordinates: Any) -> Iterator[Any]:
    """Every list of positions in nested coordinates."""
    if isinstance(coordinates[0][0], list):
        for part in coordinates:
            yield from _lines(part)
    else:
        yield coordinates


def _position(given: Any) -> None:
    if not isinstance(given, list) or not 2 <= len(given) <= 3:
        raise Fault(_("a position is an array of longitude, latitude and perhaps height"))
    for number in given:
        if type(number) not in (int, float) or not isfinite(number):
            raise Fault(_("a position holds numbers only"))
    if not (-180 <= given[0] <= 180 and -90 <= given[1] <= 90):
        raise Fault(_("longitude lies between -180 and 180, latitude between -90 and 90"))


def _line(given: Any) -> None:
    if not isinstance(given, list) or len(given) < 2:
        raise Fault(_("a line has two positions at least"))
    for position in given:
        _position(position)


def _polygon(given: Any) -> None:
    if not isinstance(given, list) or not given:
        raise Fault(_("a polygon has one ring at least"))
    for ring in given:
        _line(ring)
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise Fault(_("a ring has four positions at least, and the last is the first again"))


def _several(check: Callable[[Any], None]) -> Callable[[Any], None]:
    def checked(given: Any) -> None:
        if not isinstance(given, list) or not given:
            raise Fault(_("a geometry of several parts is an array with one part at least"))
        for part in given:
            check(part)

    return checked


def _is_nest(polygon: BaseGeometry) -> bool:
    """Whether so many boxes of rings lie inside each other that GEOS would compare them for minutes."""
    rings = shapely.get_rings(shapely.get_parts(polygon))
    if len(rings) <= _FEW_RINGS:
        return False
    boxes = shapely.box(*shapely.bounds(rings).T)
    tree, met = shapely.STRtree(boxes), 0
    for start in range(0, len(boxes), _BOXES):
        met += tree.query(boxes[start : start + _BOXES]).shape[1]
        if met > _MOST_NESTED + _NEIGHBOURS * len(boxes):
            return True
    return False


def _is_sound(polygon: BaseGeometry) -> bool:
    """Slivers of self-crossing are let through: rounded positions make them, and queries read what is enclosed."""
    try:
        if all(part.is_valid for part in shapely.get_parts(polygon)) and polygon.is_valid:
            return True  # a part by itself is soon found to be none, where the whole may take long
        enclosed, made = polygon.area, mended(polygon)
        return bool(enclosed and made is not None and abs(made.area - enclosed) < _SLIVER * enclosed)
    except (ShapelyError, ValueError):
        return False


def mended(geometry: BaseGeometry) -> BaseGeometry | None:
    """An invalid geometry as what it encloses; None where it crosses itself so often that finding out would take too long.

    GEOS takes a second for a thousand crossings and minutes for a hundred thousand, which a few hundred positions have.
    """
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        return make_valid(geometry)
    return None if _is_tangle(geometry) else make_valid(geometry, method="structure", keep_collapsed=False)


def _is_tangle(polygon: BaseGeometry) -> bool:
    if shapely.get_num_coordinates(polygon) > _MOST_MENDED:
        return True
    points, rings = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(polygon)), return_index=True)
    edges = shapely.linestrings(np.stack((points[:-1], points[1:]), axis=1)[rings[:-1] == rings[1:]])
    tree, step, met = shapely.STRtree(edges), max(1, _PAIRS // len(edges)), 0
    for start in range(0, len(edges), step):
        some = edges[start : start + step]
        met += tree.query(some, predicate="intersects").shape[1] - 3 * len(some)  # itself and its neighbours
        if met > 2 * _MOST_CROSSINGS:
            return True
    return False


_CHECKS: dict[Any, Callable[[Any], None]] = {
    "Point": _position,
    "MultiPoint": _several(_position),
    "LineString": _line,
    "MultiLineString": _several(_line),
    "Polygon": _polygon,
    "MultiPolygon": _several(_polygon),
}
