"""KML written here; GeoPackage, zipped Shapefile and DBF by GDAL (pyogrio)."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from pyogrio import set_gdal_config_options
from pyogrio.raw import write as write_layer

from nhip.modelcity.forms import canonical
from nhip.modelcity.model import DatasetSpec, Table
from nhip.modelcity.writers.records import geometries

_MADE = "2026-01-01"
"""Date that GDAL writes into its files, so that the same city has the same bytes."""


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
    rows = len(next(iter(table.values())))
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / f"{spec.slug}.{spec.way.format}"
        set_gdal_config_options({"OGR_CURRENT_DATE": f"{_MADE}T00:00:00Z"})
        try:
            write_layer(str(made), **_layer(spec, headers, table))
        finally:
            set_gdal_config_options({"OGR_CURRENT_DATE": None})
        if spec.way.format == "shp":
            _zip(path, Path(name))
        else:
            shutil.copyfile(made, path)
    return list(range(1, rows + 1))


def _layer(spec: DatasetSpec, headers: list[str], table: Table) -> dict[str, Any]:
    fields = [_array(values, column.type) for values, column in zip(table.values(), spec.columns, strict=True)]
    layer: dict[str, Any] = {"field_data": fields, "fields": headers, "geometry": None, "geometry_type": None}
    if spec.way.format != "dbf":
        points = np.array([_wkb(point) for point in geometries(spec.columns, table)], dtype=object)
        layer |= {"geometry": points, "geometry_type": "Point", "crs": "EPSG:4326"}
    if spec.way.format == "gpkg":
        return layer | {"driver": "GPKG", "layer": spec.slug}
    return layer | {"driver": "ESRI Shapefile", "encoding": "UTF-8", "DBF_DATE_LAST_UPDATE": _MADE}


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
