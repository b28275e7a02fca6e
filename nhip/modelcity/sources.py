"""What a source of Nhịp needs to reach each dataset of the city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhip.modelcity.deliver import Place, database_name
from nhip.modelcity.model import DatasetSpec
from nhip.modelcity.writers.tables import ORDER


def source_of(spec: DatasetSpec, place: Place) -> Mapping[str, Any]:
    """`{"kind": ..., "settings": {...}}` for the connector of that kind; `{portal}` stands for the fake portal's address."""
    channel = spec.way.channel
    if channel == "drop":
        path = place.folder / "drop" / spec.agency / spec.slug
        return {"kind": "folder", "settings": {"path": str(path), "pattern": "*", "settle_seconds": 0}}
    if channel in ("sqlite", "postgres"):
        kind, table = database_name(spec, place)
        columns = ", ".join(f'"{column.name}"' for column in spec.columns)
        name = f'"{spec.way.format}"."{table}"' if kind == "postgres" else f'"{table}"'
        return {
            "kind": "sql",
            "settings": {"database": kind, "query": f"SELECT {columns} FROM {name} ORDER BY {ORDER}"},
        }
    return {"kind": channel, "settings": {"url": "{portal}", "dataset": spec.slug}}
