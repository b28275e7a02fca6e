"""Importer of boundaries: GeoJSON (RFC 7946), plain or gzipped, one feature a commune, its `id` or `code` the NSO code."""

from __future__ import annotations

import gzip
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import shapely

from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.places.errors import NotBoundaries, TooLarge
from nhip.places.imported import Fault
from nhip.places.register import Register

MAX_BYTES = 1024 * 1024 * 1024
MAX_FEATURES = 50_000
CODE_NAMES = ("code", "Code", "ma_xa", "maxa", "MA_XA", "ward_code", "id")
VIETNAM = (100.0, 5.0, 120.0, 24.5)
"""West, south, east, north of land and islands, degrees."""

NO_UNIT = _("no unit in the register has this code on that day")
NO_AREA = _("the feature has no polygon")
OUTSIDE = _("the polygon is not in Vietnam; longitude and latitude may be swapped")
MENDED = _("the polygon crossed itself and was mended")


class _Feature(msgspec.Struct):
    geometry: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    id: str | int | float | None = None


class _Collection(msgspec.Struct):
    features: list[_Feature]


def read(path: Path, register: Register, as_of: date | None = None) -> tuple[dict[str, bytes], list[Fault]]:
    """Polygons as WKB by uid of the commune that has the code on `as_of` (today when None), and what is wrong with others.

    Raises NotATable when the file is no GeoJSON. Features of provinces and districts are passed over.
    """
    features = _decode(path).features
    if len(features) > MAX_FEATURES:
        raise TooLarge(path=path, what="features", limit=MAX_FEATURES)
    day = as_of or today()
    shapes: dict[str, bytes] = {}
    faults: list[Fault] = []
    for number, feature in enumerate(features, start=1):
        code = _code(feature)
        if len(code) in {2, 3}:
            continue
        unit = register.find_unit(code, day)
        if unit is None:
            faults.append(Fault(row=number, what=NO_UNIT, value=code))
            continue
        shape, fault = _polygon(feature.geometry)
        if fault:
            faults.append(Fault(row=number, what=fault, value=code))
        if shape is not None:
            shapes[unit.uid] = shapely.to_wkb(shape)
    return shapes, faults


def _decode(path: Path) -> _Collection:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise TooLarge(path=path, what="MB", limit=MAX_BYTES // 2**20)
        return msgspec.json.decode(data, type=_Collection)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotBoundaries(path=path, why=error) from error


def _code(feature: _Feature) -> str:
    properties = feature.properties or {}
    value = next((properties[name] for name in CODE_NAMES if properties.get(name)), feature.id)
    text = str(value if value is not None else "").strip()
    return text.zfill(5) if text.isdigit() and len(text) == 4 else text


def _polygon(geometry: dict[str, Any] | None) -> tuple[Any, str]:
    """The polygon and what is wrong with it; no polygon when it cannot be used."""
    if not geometry or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        return None, NO_AREA
    try:
        shape = shapely.geometry.shape(geometry)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError):
        return None, NO_AREA
    fault = ""
    if not shape.is_valid:
        shape, fault = shapely.make_valid(shape), MENDED
    if shape.is_empty or shape.area == 0:
        return None, NO_AREA
    west, south, east, north = shape.bounds
    if west < VIETNAM[0] or south < VIETNAM[1] or east > VIETNAM[2] or north > VIETNAM[3]:
        return None, OUTSIDE
    return shape, fault
