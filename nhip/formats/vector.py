"""Vector files through GDAL: KML, KMZ, GPKG, Shapefile, DBF. Text is taken as its raw bytes where the format has legacy ones."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from nhip.formats.errors import BrokenFile, NothingInside
from nhip.formats.excel import number_text
from nhip.formats.geometry import from_wkb
from nhip.formats.model import Record, Records
from nhip.formats.text import shown_bytes
from nhip.kernel.i18n import _

_BATCH: Final = 50_000
_KML_CLUTTER: Final = frozenset(
    ["timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet"]
)
"""Columns that GDAL adds to every KML layer; kept only if something is in them beyond their defaults."""
_DEFAULTS: Final = frozenset([None, "-1", "0", ""])
_UNSAFE: Final = re.compile(rb"<!DOCTYPE|<!ENTITY|<OGRVRT|<VRTDataset", re.IGNORECASE)
_SUFFIX: Final = {"kml": ".kml", "kmz": ".kmz", "gpkg": ".gpkg", "dbf": ".dbf", "shapefile": ".shp"}


def open_vector(path: Path, kind: str, work: Path, filename: str) -> list[Records]:
    """Every layer of a vector file. GDAL goes by the suffix, so a file under another name is linked under the right one."""
    import pyogrio  # only here and below: a CSV file need not wait for GDAL

    if kind == "kml":
        _refuse_unsafe(path, filename)
    named = path
    if path.suffix.lower() != _SUFFIX[kind]:
        named = work / f"input{_SUFFIX[kind]}"
        named.unlink(missing_ok=True)
        named.symlink_to(path.resolve())
    try:
        layers = [str(name) for name in pyogrio.list_layers(named)[:, 0]]
    except (RuntimeError, ValueError, OSError) as error:
        raise BrokenFile(file=filename, format=kind.upper(), what=_("its content cannot be read")) from error
    if not layers:
        raise NothingInside(file=filename)
    legacy = kind in ("dbf", "shapefile")
    only = Path(filename).stem if len(layers) == 1 else ""
    return [_layer(named, layer, only or layer, kind, legacy, filename) for layer in layers]


def _refuse_unsafe(path: Path, filename: str) -> None:
    with path.open("rb") as file:
        if _UNSAFE.search(file.read(1 << 20)):
            raise BrokenFile(file=filename, format="KML", what=_("it declares entities or points to other files"))


def _layer(path: Path, layer: str, name: str, kind: str, legacy: bool, filename: str) -> Records:
    def rows() -> Iterator[Record]:
        skip = 0
        while True:
            batch = _batch(path, layer, kind, legacy, skip, filename)
            yield from batch
            skip += len(batch)
            if len(batch) < _BATCH:
                return

    return Records(name=name, rows=rows, from_bytes=legacy)


def _batch(path: Path, layer: str, kind: str, legacy: bool, skip: int, filename: str) -> list[Record]:
    import pyogrio.raw

    encoding = "ISO-8859-1" if legacy else None
    try:
        meta, fids, shapes, data = pyogrio.raw.read(
            path, layer=layer, encoding=encoding, skip_features=skip, max_features=_BATCH, return_fids=True
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise BrokenFile(file=filename, format=kind.upper(), what=_("its content cannot be read")) from error
    columns = [_column(values, legacy) for values in data]
    names = [shown_bytes(str(field)) if legacy else str(field) for field in meta["fields"]]
    if kind in ("kml", "kmz"):
        kept = [i for i, n in enumerate(names) if n not in _KML_CLUTTER or not _DEFAULTS.issuperset(columns[i])]
        names, columns = [names[i] for i in kept], [columns[i] for i in kept]
    first = 1 if kind in ("dbf", "shapefile") else 0
    return [
        _record(int(fid) + first if first else skip + place + 1, names, columns, place, shapes)
        for place, fid in enumerate(fids)
    ]


def _record(number: int, names: list[str], columns: list[list[str | None]], place: int, shapes: Any) -> Record:
    cells = {name: column[place] for name, column in zip(names, columns, strict=True)}
    if shapes is None:
        return number, cells, ""
    shape, fault = from_wkb(shapes[place])
    return number, {**cells, **shape}, fault


def _column(values: Any, legacy: bool) -> list[str | None]:
    """A numpy column as text cells."""
    if values.dtype.kind == "M":
        return [_moment(value) for value in np.datetime_as_string(values, unit="s")]
    if values.dtype.kind == "f":
        return [number_text(float(value)) for value in values]
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in values.tolist()]
    return [_cell(value, legacy) for value in values.tolist()]


def _moment(text: Any) -> str | None:
    if text == "NaT":
        return None
    day, _sep, hour = str(text).partition("T")
    return day if hour in ("", "00:00:00") else f"{day} {hour}"


def _cell(value: Any, legacy: bool) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bytes):
        return value.hex() or None
    text = str(value).replace("\0", "")
    return (shown_bytes(text) if legacy else text) or None
