"""Chooses between candidates by their centres, when one is decisively nearer than the rest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from math import cos, hypot, isfinite, radians

from nhip.places.register import Register

DECISIVE = 3.0
"""The second centre must be this many times as far as the nearest."""
REACH_KM = 6.0
"""A centre farther than this decides nothing."""


def decide(register: Register, codes: Iterable[str], point: tuple[float, float], day: date) -> str:
    """The code whose centre is decisively the nearest to `point` (longitude, latitude), or an empty string."""
    if not (all(map(isfinite, point)) and -180 <= point[0] <= 180 and -90 <= point[1] <= 90):
        return ""
    distances = []
    for code in codes:
        unit = register.find_unit(code, day)
        if unit is None or unit.lon is None or unit.lat is None:
            return ""
        distances.append((distance_km(point, (unit.lon, unit.lat)), code))
    distances.sort()
    if len(distances) < 2 or distances[0][0] > REACH_KM or distances[1][0] < DECISIVE * distances[0][0]:
        return ""
    return distances[0][1]


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance in kilometres between two points in degrees; exact to 1 % within a province."""
    return 111.2 * hypot((a[0] - b[0]) * cos(radians((a[1] + b[1]) / 2)), a[1] - b[1])
