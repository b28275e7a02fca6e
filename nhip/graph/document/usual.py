"""What most attributes are: values that stay as they were sent. All else is read with care (`members.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.graph.contexts.iris import is_uri
from nhip.graph.document.times import is_instant
from nhip.graph.model import NULL

_SCALARS = frozenset({str, int, float, bool})
_NUMERIC = frozenset({int, float})
_CARE = -1


def _of_property(given: dict[str, Any]) -> int:
    value = given.get("value")
    if type(value) not in _SCALARS or value == NULL:
        return _CARE
    left = len(given) - 2
    if left and "unitCode" in given:
        unit = given["unitCode"]
        if type(unit) is not str or unit in ("", NULL):
            return _CARE
        left -= 1
    return _observed(given, left) if left else 0


def _of_geo_property(given: dict[str, Any]) -> int:
    if not _is_point(given.get("value")):
        return _CARE
    left = len(given) - 2
    return _observed(given, left) if left else 0


def _of_relationship(given: dict[str, Any]) -> int:
    target = given.get("object")
    if type(target) is not str or target == NULL or not is_uri(target):
        return _CARE
    left = len(given) - 2
    return _observed(given, left) if left else 0


def _observed(given: dict[str, Any], left: int) -> int:
    """What is left besides observedAt; members that have to be read apart are among it no more."""
    if not _APART.isdisjoint(given):
        return _CARE
    if "observedAt" not in given:
        return left
    return left - 1 if is_instant(given["observedAt"]) else _CARE


def _is_point(given: Any) -> bool:
    if type(given) is not dict or len(given) != 2 or given.get("type") != "Point":
        return False
    position = given.get("coordinates")
    if type(position) is not list or len(position) != 2:
        return False
    east, north = position
    return type(east) in _NUMERIC and type(north) in _NUMERIC and -180 <= east <= 180 and -90 <= north <= 90


_APART = frozenset(
    {
        "@type",
        "datasetId",
        "createdAt",
        "modifiedAt",
        "deletedAt",
        "expiresAt",
        "instanceId",
        "valueType",
        "objectType",
    }
)
LEFT: dict[str, Callable[[dict[str, Any]], int]] = {
    "Property": _of_property,
    "GeoProperty": _of_geo_property,
    "Relationship": _of_relationship,
}
"""Type of an attribute, under `type` -> how many members there are besides the usual ones, which stay as they are: 0 (all may
stay), more (perhaps sub-attributes), or -1 (read all with care)."""
