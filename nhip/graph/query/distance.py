"""Distances between geometries on the sphere, in metres; right at high latitudes, where a degree of longitude is short.

Around a point, the azimuthal equidistant projection keeps every distance from that point. So the distance from a point to any
geometry is planar there; between two extended geometries the nearest points are found by going to and fro.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

EARTH_RADIUS = 6_371_008.8
"""Mean radius (IUGG), metres."""
METRES_PER_DEGREE = EARTH_RADIUS * math.pi / 180
_SEGMENT_DEGREES = 0.25
"""Longer edges are divided: GeoJSON's edges are straight in degrees, not on the sphere."""
_SEGMENTS = 2000
"""About so many are added at most, however long all edges are together."""
_ROUNDS = 3


def distance_between(one: BaseGeometry, other: BaseGeometry) -> float:
    """The shortest distance between two geometries in degrees, in metres; 0 where they meet."""
    if isinstance(one, Point) and isinstance(other, Point):
        return point_distance(one.x, one.y, other.x, other.y)
    if shapely.intersects(one, other):
        return 0.0
    if isinstance(one, Point):
        return _from_point(one, _divided(other))[0]
    if isinstance(other, Point):
        return _from_point(other, _divided(one))[0]
    return _to_and_fro(_divided(one), _divided(other))


def point_distance(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """The great-circle distance of two points in degrees, in metres (haversine)."""
    north1, north2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((north2 - north1) / 2) ** 2
    half += math.cos(north1) * math.cos(north2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(half)))


def reach_of(box: tuple[float, float, float, float], metres: float) -> tuple[float, float, float, float]:
    """The box (west, south, east, north) in degrees around everything within `metres` of `box`; the whole belt past a pole."""
    west, south, east, north = box
    rise = metres / METRES_PER_DEGREE * 1.001
    south, north = south - rise, north + rise
    if south <= -90 or north >= 90 or rise >= 90:
        return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
    widest = math.radians(max(abs(south), abs(north)))
    ratio = math.sin(math.radians(rise)) / math.cos(widest)
    spread = 180.0 if ratio >= 1 else math.degrees(math.asin(ratio))
    if west - spread < -180 or east + spread > 180:
        return -180.0, south, 180.0, north
    return west - spread, south, east + spread, north


def _divided(geometry: BaseGeometry) -> BaseGeometry:
    west, south, east, north = geometry.bounds
    if max(east - west, north - south) <= _SEGMENT_DEGREES:
        return geometry
    return shapely.segmentize(geometry, max(_SEGMENT_DEGREES, geometry.length / _SEGMENTS))


def _to_and_fro(one: BaseGeometry, other: BaseGeometry) -> float:
    here = shapely.get_point(shapely.shortest_line(one, other), 0)
    best = math.inf
    for _round in range(_ROUNDS):
        distance, there = _from_point(here, other)
        best = min(best, distance)
        distance, here = _from_point(there, one)
        best = min(best, distance)
    return best


def _from_point(point: Point, target: BaseGeometry) -> tuple[float, Point]:
    """The distance from a point to a geometry, and that geometry's nearest point in degrees."""
    centre = (math.radians(point.x), math.radians(point.y))
    flat = shapely.transform(target, lambda xy: _flatten(xy, centre))
    nearest = shapely.get_point(shapely.shortest_line(Point(0, 0), flat), -1)
    distance = math.hypot(nearest.x, nearest.y)
    return distance, _unflatten(nearest.x, nearest.y, centre)


def _flatten(degrees: NDArray[np.float64], centre: tuple[float, float]) -> NDArray[np.float64]:
    """Azimuthal equidistant coordinates in metres around `centre` (radians)."""
    lon, lat = np.radians(degrees[:, 0]) - centre[0], np.radians(degrees[:, 1])
    sin0, cos0 = math.sin(centre[1]), math.cos(centre[1])
    east = np.cos(lat) * np.sin(lon)
    north = cos0 * np.sin(lat) - sin0 * np.cos(lat) * np.cos(lon)
    up = sin0 * np.sin(lat) + cos0 * np.cos(lat) * np.cos(lon)
    across = np.hypot(east, north)
    scale: Any = np.where(across > 0, np.arctan2(across, up) / np.where(across > 0, across, 1.0), 1.0) * EARTH_RADIUS
    return np.column_stack((east * scale, north * scale))


def _unflatten(x: float, y: float, centre: tuple[float, float]) -> Point:
    distance = math.hypot(x, y)
    angle = distance / EARTH_RADIUS
    if distance == 0:
        return Point(math.degrees(centre[0]), math.degrees(centre[1]))
    sin0, cos0 = math.sin(centre[1]), math.cos(centre[1])
    lat = math.asin(max(-1.0, min(1.0, math.cos(angle) * sin0 + y / distance * math.sin(angle) * cos0)))
    lon = centre[0] + math.atan2(x * math.sin(angle), distance * cos0 * math.cos(angle) - y * sin0 * math.sin(angle))
    return Point(math.degrees(lon), math.degrees(lat))
