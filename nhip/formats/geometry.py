"""Geometry as cells: WKT, longitude and latitude for points, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import shapely

from nhip.kernel.i18n import _

UNREADABLE: Final = _("The geometry cannot be read.")
NOT_FINITE: Final = _("The geometry has coordinates that are no numbers.")


def from_geojson(value: Any) -> tuple[dict[str, str | None], str]:
    """Cells of a GeoJSON geometry object (its numbers may be text), and the reason why it is invalid ("" when it is not)."""
    if value is None:
        return {"geometry": None}, ""
    text = json.dumps(_with_numbers(value))
    try:
        shape = shapely.from_geojson(text)
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return {"geometry": None}, UNREADABLE
    return cells(shape)


def _with_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_numbers(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    return [_number(item) if isinstance(item, str) else _with_numbers(item) for item in value]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def from_wkbs(data: Any, turn: Callable[[Any], Any] | None = None) -> list[tuple[dict[str, str | None], str]]:
    """Cells of WKB geometries (None for no geometry), turned into another system, and the reasons why they are invalid."""
    shapes = shapely.from_wkb(data, on_invalid="ignore")
    lost = [one is not None and shape is None for one, shape in zip(data, shapes, strict=True)]
    if turn is not None:
        shapes = turn(shapes)
    return [
        ({"geometry": None}, UNREADABLE) if gone else cells(shape) for gone, shape in zip(lost, shapes, strict=True)
    ]


def cells(shape: Any) -> tuple[dict[str, str | None], str]:
    """Cells of a shapely geometry: `geometry` (WKT, at most 15 digits), for points also `longitude` and `latitude`."""
    if shape is None or shape.is_empty:
        return {"geometry": None}, ""
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return {"geometry": None}, NOT_FINITE
    found: dict[str, str | None] = {"geometry": shapely.to_wkt(shape, rounding_precision=-1, trim=True)}
    if shape.geom_type == "Point":
        found |= {"longitude": f"{shape.x:.15g}", "latitude": f"{shape.y:.15g}"}
    return found, "" if shapely.is_valid(shape) else str(shapely.is_valid_reason(shape))
