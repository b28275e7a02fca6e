"""Vector files through GDAL: KML, KMZ, GPKG, Shapefile, DBF. Text is taken as its raw bytes where the format has legacy ones;
geometries in a declared system of metres become degrees."""

from __future__ import annotations

import math
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np

from nhip.formats import kml
from nhip.formats.errors import BrokenFile, NothingInside, PlainDatabase
from nhip.formats.excel import number_text
from nhip.formats.geometry import from_wkbs
from nhip.formats.model import Note, Record, Records
from nhip.formats.projection import to_degrees
from nhip.formats.text import shown_bytes
from nhip.kernel.i18n import _

_BATCH: Final = 50_000
_KML_CLUTTER: Final = frozenset(
    ["timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet"]
)
"""Columns that GDAL adds to every KML layer; kept only if something is in them beyond their defaults."""
_DEFAULTS: Final = frozenset([None, "-1", "0", ""])
_SUFFIX: Final = {"kml": ".kml", "kmz": ".kmz", "gpkg": ".gpkg", "dbf": ".dbf", "shapefile": ".shp"}


class _Layer:
    """A layer while it is read. `letters` is False where the format has Unicode."""

    def __init__(self, path: Path, name: str, kind: str, filename: str, names: dict[str, str]) -> None:
        self.path, self.name, self.kind, self.filename, self.names = path, name, kind, filename, names
        self.legacy = kind in ("dbf", "shapefile")
        self.strange = False
        """Whether any text of it was no UTF-8."""
        told = _quietly(lambda pyogrio: pyogrio.read_info(path, layer=name, encoding=self._encoding), kind, filename)
        self.turn, self.system = to_degrees(told["crs"])
        self.columns = [self._name(field) for field in told["fields"]]

    @property
    def _encoding(self) -> str | None:
        return "ISO-8859-1" if self.legacy else None

    def rows(self) -> Iterator[Record]:
        """All features, read in batches."""
        skip = 0
        while True:
            batch = self._batch(skip)
            yield from batch
            skip += len(batch)
            if len(batch) < _BATCH:
                return

    def _batch(self, skip: int) -> list[Record]:
        meta, fids, shapes, data = _quietly(
            lambda pyogrio: pyogrio.raw.read(
                self.path,
                layer=self.name,
                encoding=self._encoding,
                skip_features=skip,
                max_features=_BATCH,
                return_fids=True,
            ),
            self.kind,
            self.filename,
        )
        columns = [self._column(values) for values in data]
        names = [self._name(field) for field in meta["fields"]]
        if self.kind in ("kml", "kmz"):
            kept = [i for i, n in enumerate(names) if n not in _KML_CLUTTER or not _DEFAULTS.issuperset(columns[i])]
            names, columns = [names[i] for i in kept], [columns[i] for i in kept]
        first = 1 if self.legacy else 0
        found = None if shapes is None else from_wkbs(shapes, self.turn)
        return [
            _record(int(fid) + first if first else skip + place + 1, names, columns, place, found)
            for place, fid in enumerate(fids)
        ]

    def _name(self, field: Any) -> str:
        name = str(field)
        return self._shown(name) if self.legacy else self.names.get(name, name)

    def _shown(self, text: str) -> str:
        if not text.isascii():
            try:
                return text.encode("latin-1").decode("utf-8")
            except UnicodeError:
                self.strange = True
        return shown_bytes(text)

    def _column(self, values: Any) -> list[str | None]:
        """A numpy column as text cells."""
        if values.dtype.kind == "M":
            return [_moment(value) for value in np.datetime_as_string(values, unit="s")]
        if values.dtype.kind == "f":
            return [number_text(float(value)) for value in values]
        if values.dtype.kind in "iu":
            return [str(value) for value in values.tolist()]
        if values.dtype.kind == "b":
            return ["true" if value else "false" for value in values.tolist()]
        return [self._cell(value) for value in values.tolist()]

    def _cell(self, value: Any) -> str | None:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, bytes):
            return value.hex() or None
        text = str(value).replace("\0", "")
        return (self._shown(text) if self.legacy else text) or None


def open_vector(path: Path, kind: str, work: Path, filename: str) -> tuple[list[Records], list[Note]]:
    """Every layer of a vector file, and what to tell of it. GDAL goes by the suffix, so a file under another name is linked
    under the right one. Raises BrokenFile, NothingInside, PlainDatabase."""
    if kind == "gpkg":
        _require_geopackage(path, filename)
    names: dict[str, str] = {}
    named = path
    if kind in ("kml", "kmz"):
        named, names = kml.readable(path, kind, work, filename)
    elif path.suffix.lower() != _SUFFIX[kind]:
        named = work / f"input{_SUFFIX[kind]}"
        named.unlink(missing_ok=True)
        named.symlink_to(path.resolve())
    found = _quietly(lambda pyogrio: pyogrio.list_layers(named)[:, 0], kind, filename)
    layers = [_Layer(named, str(name), kind, filename, names) for name in found]
    if not layers:
        raise NothingInside(file=filename)
    only = Path(filename).stem if len(layers) == 1 else ""
    return [_records(layer, only or layer.name) for layer in layers], [
        _turned(layer, only or layer.name) for layer in layers if layer.turn is not None
    ]


def _records(layer: _Layer, name: str) -> Records:
    columns = [] if layer.kind in ("kml", "kmz") else layer.columns
    strange = (lambda: layer.strange) if layer.legacy else None
    return Records(name=name, rows=layer.rows, from_bytes=layer.legacy, columns=columns, strange=strange)


def _turned(layer: _Layer, name: str) -> Note:
    message = _("The coordinates of {layer} are in {system}; they were turned into longitude and latitude (WGS 84).")
    return Note(
        code="geometry.system", message=message, table=name, values={"layer": name, "system": layer.system}, mended=True
    )


def _quietly(ask: Callable[[Any], Any], kind: str, filename: str) -> Any:
    """An answer of GDAL; what it warns of on the way is for programmers. Raises BrokenFile."""
    import pyogrio  # only here: a CSV file need not wait for GDAL
    import pyogrio.raw

    pyogrio.set_gdal_config_options(
        {"SHAPE_RESTORE_SHX": "YES"}
    )  # the index of a shapefile tells nothing that is not in it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ask(pyogrio)
    except (RuntimeError, ValueError, OSError) as error:
        raise BrokenFile(file=filename, format=kind.upper(), what=_("its content cannot be read")) from error


def _require_geopackage(path: Path, filename: str) -> None:
    """Raises PlainDatabase for a database of another kind."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)) as db:
            found = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'gpkg_contents'").fetchone()
    except sqlite3.Error:  # damaged: GDAL's word counts
        return
    if not found[0]:
        raise PlainDatabase(file=filename)


def _record(number: int, names: list[str], columns: list[list[str | None]], place: int, shapes: Any) -> Record:
    cells = {name: column[place] for name, column in zip(names, columns, strict=True)}
    if shapes is None:
        return number, cells, ""
    shape, fault = shapes[place]
    return number, {**cells, **shape}, fault


def _moment(text: Any) -> str | None:
    if text == "NaT":
        return None
    day, _sep, hour = str(text).partition("T")
    return day if hour in ("", "00:00:00") else f"{day} {hour}"
