"""What the members of most attributes hold: values that stay as they are. All else is read with care (`members.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.graph.contexts.iris import is_uri
from nhip.graph.document.times import is_instant
from nhip.graph.model import NULL

Check = Callable[[Any], bool]
_SCALARS = frozenset({str, int, float, bool})
_NUMERIC = frozenset({int, float})


def _is_scalar(given: Any) -> bool:
    return type(given) in _SCALARS and given != NULL


def _is_text(given: Any) -> bool:
    return type(given) is str and given not in ("", NULL)


def _is_object(given: Any) -> bool:
    return type(given) is str and given != NULL and is_uri(given)


def _is_point(given: Any) -> bool:
    if type(given) is not dict or len(given) != 2 or given.get("type") != "Point":
        return False
    position = given.get("coordinates")
    if type(position) is not list or len(position) != 2:
        return False
    east, north = position
    return type(east) in _NUMERIC and type(north) in _NUMERIC and -180 <= east <= 180 and -90 <= north <= 90


def _is_any(_given: Any) -> bool:
    return True


USUAL: dict[str, dict[str, Check]] = {
    "Property": {"type": _is_any, "value": _is_scalar, "observedAt": is_instant, "unitCode": _is_text},
    "GeoProperty": {"type": _is_any, "value": _is_point, "observedAt": is_instant},
    "Relationship": {"type": _is_any, "object": _is_object, "observedAt": is_instant},
}
"""Attribute type -> member -> whether what it holds may stay as it is. A member that is not named here is a sub-attribute, or
something particular."""
