"""Points in Vietnam: degrees or VN-2000 metres in, WGS 84 longitude and latitude out, with what was found on the way.

VN-2000 to WGS 84 is the seven-parameter transformation of Decision 05/2007/QD-BTNMT as EPSG registers it (VN-2000 to WGS 84 (2),
stated accuracy 1 m).
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from nhip.errors import BadInput
from nhip.kernel.values.coordinates import parse_latitude, parse_longitude, split_pair
from nhip.kernel.values.meridians import MERIDIANS, ZONES, central_meridian, meridians
from nhip.kernel.values.model import Judgement, Parsed
from nhip.kernel.values.numbers import parse_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyproj import Transformer

    Floats = NDArray[np.float64]

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

Kind = Literal["latlon", "xy", "en", "metres"]
"""Order of the two texts: latitude and longitude; x north and y east as Vietnamese surveyors write; east and north as GIS
programs do; or metres in any order."""

VIETNAM: Box = (102.0, 6.5, 118.0, 23.6)
"""Mainland, islands, Hoàng Sa and Trường Sa."""

_TO_WGS84 = "x=-191.90441429 y=-39.30318279 z=-111.45032835 rx=-0.00928836 ry=0.01975479 rz=-0.00427372 s=0.252906278"
_NORTHINGS = (720_000.0, 2_620_000.0)
_EASTINGS = (100_000.0, 900_000.0)
_TRANSFORMERS = threading.local()


class UnknownZone(BadInput):
    """There is no VN-2000 zone EPSG:{epsg}. The zones are 5896 to 5899, 9205 to 9218, and 3405 and 3406 for UTM."""


class Point(NamedTuple):
    """A place in WGS 84, or None twice when it cannot be known. `note` holds data: the zone used, or the likely text."""

    lon: float | None
    lat: float | None
    rule: str = ""
    severity: Judgement = "mended"
    note: str = ""


def _pipeline(epsg: int) -> str:
    """The PROJ pipeline of a zone. Written out, for left alone PROJ is 0.8 m off in the Mekong delta in some zones."""
    if epsg not in ZONES:
        raise UnknownZone(epsg=epsg)
    meridian, scale = central_meridian(epsg)
    return (
        f"proj=pipeline step inv proj=tmerc lat_0=0 lon_0={meridian} k={scale} x_0=500000 y_0=0 ellps=WGS84 "
        f"step proj=push v_3 step proj=cart ellps=WGS84 step proj=helmert {_TO_WGS84} convention=coordinate_frame "
        "step inv proj=cart ellps=WGS84 step proj=pop v_3 step proj=unitconvert xy_in=rad xy_out=deg"
    )


def _transformer(epsg: int) -> Transformer:
    """One a thread, as PROJ contexts may not be shared. PROJ is loaded when first needed: most tables have no metres."""
    from pyproj import Transformer

    cache = cast("dict[int, Transformer]", _TRANSFORMERS.__dict__)
    if epsg not in cache:
        cache[epsg] = Transformer.from_pipeline(_pipeline(epsg))
    return cache[epsg]


def vn2000_array(x: Floats, y: Floats, epsg: int) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of eastings `x` and northings `y` in metres, arrays of one shape; raises UnknownZone.

    What cannot be transformed becomes inf.
    """
    import numpy as np

    lon, lat = _transformer(epsg).transform(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    return np.asarray(lon), np.asarray(lat)


def vn2000_to_wgs84(x: float, y: float, epsg: int) -> tuple[float, float]:
    """Longitude and latitude of easting `x` and northing `y` in metres; raises UnknownZone."""
    lon, lat = _transformer(epsg).transform(x, y)
    return float(lon), float(lat)


def wgs84_to_vn2000(lon: float, lat: float, epsg: int) -> tuple[float, float]:
    """Easting and northing in metres of a longitude and latitude; raises UnknownZone."""
    x, y = _transformer(epsg).transform(lon, lat, direction="INVERSE")
    return float(x), float(y)


def inside(lon: float, lat: float, box: Box = VIETNAM) -> bool:
    """Whether a point lies in a box, edges included."""
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two points on a sphere of 6,371,008.8 m (haversine; within 0.6 % of the ellipsoid)."""
    lat1, lat2, half_lon = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1) / 2
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, h)))


def read_point(
    a: str, b: str = "", *, kind: Kind = "latlon", crs: str = "", province: str = "", expected_box: Box | None = None
) -> Point:
    """Read the two texts of a point, or one text that holds both.

    `crs` is `EPSG:n`, or `VN-2000` (also empty, for metres) for the zones of `province`. `expected_box` is where the point
    should be: it settles the zone of merged provinces and finds wrong meridians. Rules: those of coordinates and
    numbers, `value.blank`, and the `point.` rules of `values/rules.py`.
    Raises UnknownZone for an EPSG code that is none of VN-2000.
    """
    if not b.strip() and (pair := split_pair(a)):
        a, b = pair
    if not a.strip() and not b.strip():
        return Point(None, None, "value.blank")
    if not a.strip() or not b.strip():
        return Point(None, None, "point.incomplete", "error")
    if kind == "latlon":
        return _degrees(a, b, province, expected_box)
    return _metres(a, b, kind, _zones(crs, province), expected_box)


def _zones(crs: str, province: str) -> tuple[int, ...]:
    code = crs.upper().removeprefix("EPSG:")
    if not code.isdecimal():
        return meridians(province)
    if int(code) not in ZONES:
        raise UnknownZone(epsg=code)
    return (int(code),)


def _degrees(a: str, b: str, province: str, box: Box | None) -> Point:
    """Two texts that should be latitude and longitude."""
    lat, lon = parse_latitude(a), parse_longitude(b)
    if lat.value and lon.value:
        return _placed(float(lon.value), float(lat.value), box)
    turned_lat, turned_lon = parse_latitude(b), parse_longitude(a)
    if turned_lat.value and turned_lon.value:
        return _placed(float(turned_lon.value), float(turned_lat.value), box, "point.swapped")
    if _metre(a) is not None and _metre(b) is not None:
        point = _metres(a, b, "metres", meridians(province), box)
        return point if point.rule else point._replace(rule="point.metres")
    return _unread(lat, lon)


def _unread(first: Parsed, second: Parsed) -> Point:
    """No point: the worse of two answers, with what the texts would probably be."""
    bad = next(
        (parsed for parsed in (first, second) if parsed.severity == "error"), first if first.value is None else second
    )
    likely = [parsed.value or parsed.suggestion for parsed in (first, second)]
    return Point(None, None, bad.rule, bad.severity, ", ".join(likely) if all(likely) else "")


def _placed(lon: float, lat: float, box: Box | None, rule: str = "", note: str = "") -> Point:
    """A point of degrees after the checks that need no more than the numbers."""
    if lon == 0 or lat == 0:
        return Point(None, None, "point.zero", "error")
    if not inside(lon, lat) and inside(lat, lon):
        lon, lat, rule = lat, lon, "point.swapped"
    if not inside(lon, lat):
        return Point(lon, lat, "point.outside", "error", note)
    if box is not None and not inside(lon, lat, box):
        return Point(lon, lat, "point.unexpected", "warning", note)
    return Point(lon, lat, rule, "mended", note)


def _metre(text: str) -> float | None:
    """A number that can be a northing or easting; `563.123` is 563123 then."""
    for decimal in (".", ","):
        value = parse_number(text, unit="m", decimal=decimal).value
        if value is not None and (_between(float(value), _NORTHINGS) or _between(float(value), _EASTINGS)):
            return float(value)
    return None


def _between(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _metres(a: str, b: str, kind: Kind, zones: tuple[int, ...], box: Box | None) -> Point:
    """Two texts that should be metres of a VN-2000 zone."""
    first, second = _metre(a), _metre(b)
    if first is None or second is None:
        return _not_metres(a, b, box)
    north_first = _between(first, _NORTHINGS) and _between(second, _EASTINGS)
    east_first = _between(second, _NORTHINGS) and _between(first, _EASTINGS)
    if not (north_first or east_first) or (north_first and east_first and kind == "metres"):
        return Point(None, None, "point.range", "error")
    if north_first and east_first:
        north_first, east_first = kind == "xy", kind == "en"
    east, north = (second, first) if north_first else (first, second)
    swapped = (kind == "xy" and not north_first) or (kind == "en" and north_first)
    point = _in_zone(east, north, zones, box)
    return point._replace(rule="point.swapped") if swapped and not point.rule else point


def _not_metres(a: str, b: str, box: Box | None) -> Point:
    """Degrees in columns of metres are recognised by where they lie; anything else is no point."""
    first, second = parse_latitude(a), parse_longitude(b)
    if not (first.value and second.value):
        first, second = parse_latitude(b), parse_longitude(a)
    if first.value and second.value:
        point = _placed(float(second.value), float(first.value), box)
        if point.rule in ("", "point.swapped"):
            return point._replace(rule="point.degrees")
        return point if point.rule in ("point.zero", "point.unexpected") else Point(None, None, "point.range", "error")
    numbers = [parse_number(text, unit="m", decimal=".") for text in (a, b)]
    if all(number.value is not None for number in numbers):
        return Point(None, None, "point.range", "error")
    return _unread(*numbers)


def _in_zone(east: float, north: float, zones: tuple[int, ...], box: Box | None) -> Point:
    """The point in the zone that is declared or that the expected place proves."""
    places = {epsg: vn2000_to_wgs84(east, north, epsg) for epsg in zones}
    fitting = [epsg for epsg, place in places.items() if box is None or inside(*place, box)]
    if len(fitting) == 1:
        return _placed(*places[fitting[0]], box, note=f"EPSG:{fitting[0]}")
    if fitting or not zones:
        return Point(None, None, "point.meridianUnknown", "error", " ".join(f"EPSG:{epsg}" for epsg in fitting))
    others = {epsg: vn2000_to_wgs84(east, north, epsg) for epsg in MERIDIANS.values() if epsg not in places}
    proven = [epsg for epsg, place in others.items() if box is not None and inside(*place, box)]
    if len(proven) == 1:
        return Point(*others[proven[0]], "point.meridian", "warning", f"EPSG:{proven[0]}")
    if proven or len(zones) > 1:
        return Point(None, None, "point.meridian", "error", " ".join(f"EPSG:{epsg}" for epsg in proven))
    return _placed(*places[zones[0]], box, note=f"EPSG:{zones[0]}")
