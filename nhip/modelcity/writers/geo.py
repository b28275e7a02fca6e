"""KML written here; GeoPackage, zipped Shapefile and DBF by GDAL (pyogrio)."""

from __future__ import annotations

import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from pyogrio.raw import write as write_layer

from nhip.modelcity.forms import canonical
from nhip.modelcity.model import DatasetSpec, Table
from nhip.modelcity.writers.records import geometries


def write_kml(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """A Placemark a row with ExtendedData (OGC KML 2.3)."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>']
    lines.append(f"<name>{escape(spec.title)}</name>")
    rows = zip(zip(*table.values(), strict=True), geometries(spec.columns, table), strict=True)
    for row, geometry in rows:
        data = "".join(
            f"<Data name={quoteattr(name)}><value>{escape(str(canonical(value)))}</value></Data>"
            for name, value in zip(headers, row, strict=True)
            if value is not None
        )
        point = "{},{}".format(*geometry["coordinates"]) if geometry else ""
        place = f"<Point><coordinates>{point}</coordinates></Point>" if point else ""
        lines.append(f"<Placemark><ExtendedData>{data}</ExtendedData>{place}</Placemark>")
    path.write_text("\n".join([*lines, "</Document></kml>"]), encoding="utf-8")
    return list(range(1, len(lines) - 2))


def write_gdal(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """GPKG, a zip with one Shapefile, or a DBF without geometry, by the dataset's format."""
    form = spec.way.format
    rows = len(next(iter(table.values())))
    fields = [_array(values, spec.columns[place].type) for place, values in enumerate(table.values())]
    points = None if form == "dbf" else np.array([_wkb(g) for g in geometries(spec.columns, table)], dtype=object)
    shared: dict[str, Any] = {"field_data": fields, "fields": headers, "geometry": points, "encoding": "UTF-8"}
    shared |= {
        "geometry_type": "Point" if points is not None else None,
        "crs": "EPSG:4326" if points is not None else None,
    }
    if form == "gpkg":
        write_layer(
            str(path),
            driver="GPKG",
            layer=spec.slug,
            encoding=None,
            **{k: v for k, v in shared.items() if k != "encoding"},
        )
        return list(range(1, rows + 1))
    with tempfile.TemporaryDirectory() as name:
        shape = Path(name) / f"{spec.slug}.{form}"
        write_layer(str(shape), driver="ESRI Shapefile", **shared)
        if form == "dbf":
            path.write_bytes(shape.read_bytes())
        else:
            _zip(path, Path(name))
    return list(range(1, rows + 1))


def _zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for part in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(part.name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, part.read_bytes())


def _array(values: list[Any], kind: str) -> np.ndarray[Any, Any]:
    """Numbers where every cell is one, else text."""
    if kind == "integer" and all(type(value) is int for value in values):
        return np.array(values, dtype=np.int64)
    if kind == "number" and all(isinstance(value, int | float) for value in values):
        return np.array(values, dtype=np.float64)
    return np.array([canonical(value) for value in values], dtype=object)


def _wkb(geometry: dict[str, Any] | None) -> bytes | None:
    return struct.pack("<BIdd", 1, 1, *geometry["coordinates"]) if geometry else None
