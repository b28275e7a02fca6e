"""What a source of Nhịp needs to reach each dataset of the city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from nhip.modelcity.deliver import Place, database_name
from nhip.modelcity.model import DatasetSpec
from nhip.modelcity.writers.tables import ORDER

ACCOUNT = ("mohinh", "mat-khau-mau")
"""User and password of the Đà Nẵng style portal, which wants HTTP Basic."""

_WEB: dict[str, dict[str, Any]] = {
    "http": {"url": "{file}"},
    "ckan": {"url": "{portal}", "datasets": ["{dataset}"]},
    "dkan": {"url": "{portal}", "datasets": ["{dataset}"]},
    "dcat": {"url": "{portal}/catalog.ttl", "datasets": ["{dataset}"]},
    "danang": {"url": "{portal}", "datasets": ["{number}"], "auth": "basic", "username": ACCOUNT[0]},
    "hue": {"files": ["{portal}/Upload/{resource}.json"]},
}
"""Settings by kind. `nhip.modelcity.portal.Portals` fills in the places once the portals have addresses."""


def source_of(spec: DatasetSpec, place: Place) -> Mapping[str, Any]:
    """`kind`, `settings` and perhaps `secret` of the connector that reaches the dataset."""
    channel = spec.way.channel
    if channel == "drop":
        path = place.folder / "drop" / spec.agency / spec.slug
        return {"kind": "folder", "settings": {"path": str(path), "pattern": "*", "settle_seconds": 0}}
    if channel in ("sqlite", "postgres"):
        return _database(spec, place)
    source = {"kind": channel, "settings": _WEB[channel]}
    return source | {"secret": {"password": ACCOUNT[1]}} if channel == "danang" else source


def _database(spec: DatasetSpec, place: Place) -> dict[str, Any]:
    kind, table = database_name(spec, place)
    columns = ", ".join(f'"{column.name}"' for column in spec.columns)
    name = f'"{spec.way.format}"."{table}"' if kind == "postgres" else f'"{table}"'
    shared = {"query": f"SELECT {columns} FROM {name} ORDER BY {ORDER}", "filename": spec.slug}
    if kind == "sqlite":
        file = place.folder / "sqlite" / f"{spec.way.format}.db"
        return {"kind": "sql", "settings": {"engine": "sqlite", "database": str(file), **shared}}
    server = conninfo_to_dict(place.database_url or "")
    reached = {"host": server.get("host", ""), "port": int(server.get("port") or 0)}
    login = {"database": server.get("dbname", ""), "username": server.get("user", "")}
    secret = {"password": str(server["password"])} if server.get("password") else {}
    return {"kind": "sql", "settings": {"engine": "postgresql", **reached, **login, **shared}, "secret": secret}
