"""JSON, NDJSON and GeoJSON, and the JSON envelopes of the portals of Huế and Đà Nẵng."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from nhip.modelcity.model import Column, DatasetSpec, Table


def records(headers: list[str], table: Table) -> Iterator[dict[str, Any]]:
    """Each row as an object; empty cells are null."""
    for row in zip(*table.values(), strict=True):
        yield {name: _plain(value) for name, value in zip(headers, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def write_json(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """An array of objects."""
    rows = list(records(headers, table))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1))
    return list(range(1, len(rows) + 1))


def write_ndjson(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """One object a line."""
    rows = list(records(headers, table))
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return list(range(1, len(rows) + 1))


def write_geojson(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """A FeatureCollection (RFC 7946). The coordinates that the agency keeps as attributes stay attributes too."""
    features = [
        {"type": "Feature", "properties": row, "geometry": geometry}
        for row, geometry in zip(records(headers, table), geometries(spec.columns, table), strict=True)
    ]
    path.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "name": spec.slug, "features": features}))
    return list(range(1, len(features) + 1))


def geometries(columns: tuple[Column, ...], table: Table) -> Iterator[dict[str, Any] | None]:
    """The points that the delivered coordinates make; None where they make none."""
    names = {column.kind: column.name for column in columns}
    for latitude, longitude in zip(table[names["latitude"]], table[names["longitude"]], strict=True):
        if isinstance(latitude, float) and isinstance(longitude, float):
            yield {"type": "Point", "coordinates": [longitude, latitude]}
        else:
            yield None
