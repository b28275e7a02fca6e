"""From the coordinate system that a file declares (.prj, GeoPackage) to longitude and latitude in WGS 84.

What does not fit its declaration (degrees under a system of metres, a place outside Vietnam under a VN-2000 zone) stays as it is:
conform judges it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nhip.kernel.geo import VIETNAM, vn2000_array
from nhip.kernel.values.meridians import ZONES, central_meridian

_DIGITS: Final = 8
"""Decimals of a degree that are kept: a millimetre."""
Turn = Callable[[Any], Any]
"""An array of shapely geometries in degrees, those that could not be turned as they were."""


def to_degrees(declared: str | None) -> tuple[Turn | None, str]:
    """How to turn geometries of the system `declared` (WKT or `EPSG:n`), and its name; None where they are in WGS 84 already or
    nobody knows."""
    if not declared or declared.upper() in ("EPSG:4326", "OGC:CRS84"):
        return None, ""
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError, ProjError

    try:
        crs = CRS.from_user_input(declared)
    except CRSError:
        return None, ""
    if not crs.is_projected:
        return None, ""
    if zone := _zone(crs):
        return _turn(lambda x, y: vn2000_array(x, y, zone), VIETNAM), str(crs.name)
    try:
        known = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except ProjError:
        return None, ""
    return _turn(known.transform, (-180.0, -90.0, 180.0, 90.0)), str(crs.name)


def _zone(crs: Any) -> int | None:
    """The VN-2000 zone by its central meridian and scale: `.prj` files name it in many ways."""
    base = f"{crs.geodetic_crs.name if crs.geodetic_crs else ''} {crs.name}".lower().replace("-", "").replace("_", "")
    if "vn2000" not in base and "vietnam2000" not in base:
        return None
    told = {one.name: one.value for one in crs.coordinate_operation.params} if crs.coordinate_operation else {}
    meridian, scale = told.get("Longitude of natural origin"), told.get("Scale factor at natural origin")
    if meridian is None or scale is None or told.get("False easting") != 500_000:
        return None
    fits = (
        code
        for code in ZONES
        if abs(central_meridian(code)[0] - meridian) < 1e-6 and abs(central_meridian(code)[1] - scale) < 1e-9
    )
    return next(fits, None)


def _turn(turn: Callable[[Any, Any], tuple[Any, Any]], box: tuple[float, float, float, float]) -> Turn:
    import numpy as np
    import shapely

    def move(points: Any) -> Any:
        x, y = turn(points[:, 0], points[:, 1])
        x, y = np.round(x, _DIGITS), np.round(y, _DIGITS)
        return np.column_stack([x, y, *([points[:, 2]] if points.shape[1] > 2 else [])])

    def turned(shapes: Any) -> Any:
        flat = np.array([shape is not None and not shape.has_z for shape in shapes], bool)
        done = shapes.copy()
        for chosen, deep in ((flat, False), (~flat, True)):
            if chosen.any():
                done[chosen] = shapely.transform(shapes[chosen], move, include_z=deep)
        left, bottom, right, top = shapely.bounds(done).T
        inside = (left >= box[0]) & (bottom >= box[1]) & (right <= box[2]) & (top <= box[3])
        west, south, east, north = shapely.bounds(shapes).T
        degrees = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
        return np.where(inside & ~degrees, done, shapes)

    return turned
