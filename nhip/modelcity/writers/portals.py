"""The JSON envelopes of the portals of Huế and Đà Nẵng (shapes seen in code that calls them; docs/explain/model-city.md)."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nhip.modelcity.model import DatasetSpec, Table
from nhip.modelcity.writers.records import records


def write_hue(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """`code`, `message`, `data`, and `hienthi`, the dictionary of its fields."""
    rows = list(records(headers, table))
    titles = {column.name: column.title for column in spec.columns}
    path.write_bytes(msgspec.json.encode({"code": 200, "message": "Thành công", "data": rows, "hienthi": titles}))
    return list(range(1, len(rows) + 1))


def write_danang(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """All rows; the portal hands them out by `limit` and `offset`."""
    rows = list(records(headers, table))
    path.write_bytes(msgspec.json.encode(rows))
    return list(range(1, len(rows) + 1))
