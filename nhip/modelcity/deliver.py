"""Writes one delivery where its agency keeps it, and puts the row numbers that a person sees into its plants."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from nhip.kernel.time import VIETNAM, now
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.contracts import headers
from nhip.modelcity.forms import canonical
from nhip.modelcity.good import height
from nhip.modelcity.model import DatasetSpec, Delivered, Plant, Table
from nhip.modelcity.writers.geo import write_gdal, write_kml
from nhip.modelcity.writers.grid import Grid, lay_out
from nhip.modelcity.writers.records import write_geojson, write_json, write_ndjson
from nhip.modelcity.writers.sheets import write_ods, write_xls, write_xlsx
from nhip.modelcity.writers.tables import write_parquet, write_postgres, write_sqlite
from nhip.modelcity.writers.text import write_delimited

Writer = Callable[[Path, DatasetSpec, list[str], Table], list[int]]
_WRITERS: dict[str, Writer] = {
    "csv": write_delimited, "tsv": write_delimited, "json": write_json, "ndjson": write_ndjson, "geojson": write_geojson,
    "kml": write_kml, "gpkg": write_gdal, "shp": write_gdal, "dbf": write_gdal, "parquet": write_parquet,
}  # fmt: skip
_SHEETS: dict[str, Callable[[Path, Grid, str, bool], None]] = {"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods}
_AGENCY = {agency.slug: agency.title for agency in AGENCIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a city is written."""

    folder: Path
    database_url: str | None


def database_name(spec: DatasetSpec, place: Place) -> tuple[str, str]:
    """Kind of database (sqlite where no PostgreSQL was given) and name of the table."""
    kind = "postgres" if spec.way.channel == "postgres" and place.database_url else "sqlite"
    return kind, spec.slug.replace("-", "_")


def deliver(place: Place, spec: DatasetSpec, table: Table, plants: list[Plant], number: int, on: date) -> Delivered:
    """Write the table; afterwards `row` and `twin` of its plants are row numbers from 1 and layout plants are added."""
    if spec.way.channel in ("sqlite", "postgres"):
        return _to_database(place, spec, table, plants, number, on)
    path = _path(place, spec, on)
    path.parent.mkdir(parents=True, exist_ok=True)
    last = number == spec.deliveries
    table = _without(table, spec.dirt.dropped if last else ())
    unknown = {*spec.dirt.renamed, *spec.dirt.dropped} if last else set()
    plants[:] = [p for p in plants if p.column not in unknown]
    titles = [title for title, c in zip(headers(spec, last), spec.columns, strict=True) if c.name in table]
    if spec.way.format in _SHEETS:
        rows = _to_sheet(path, spec, titles, table, plants, number)
    else:
        rows = _WRITERS[spec.way.format](path, spec, titles, table)
    _number(plants, rows)
    # never later than now: a file from the future would count as still being written
    moment = min(datetime.combine(on, time(8, 30), VIETNAM), now() - timedelta(minutes=1)).timestamp()
    os.utime(path, (moment, moment))
    return Delivered(number=number, on=on, rows=height(table), path=path)


def _without(table: Table, names: tuple[str, ...]) -> Table:
    return {name: values for name, values in table.items() if name not in names}


def _path(place: Place, spec: DatasetSpec, on: date) -> Path:
    extension = "zip" if spec.way.format == "shp" else spec.way.format
    if spec.way.channel == "drop":
        return place.folder / "drop" / spec.agency / spec.slug / f"{on.isoformat()}_{spec.slug}.{extension}"
    return place.folder / "portal" / spec.way.channel / f"{spec.slug}.{extension}"


def _number(plants: list[Plant], rows: list[int]) -> None:
    """Places in the table become row numbers; plants of the whole table carry -1 until here."""
    for plant in plants:
        if not plant.kind.startswith("layout."):
            plant.twin = rows[plant.twin] if plant.twin or plant.kind in _WITH_TWIN else 0
            plant.row = rows[plant.row] if plant.row >= 0 else 0


_WITH_TWIN = ("duplicate.exact", "duplicate.business", "primaryKey")


def _to_sheet(
    path: Path, spec: DatasetSpec, titles: list[str], table: Table, plants: list[Plant], number: int
) -> list[int]:
    grid = lay_out(spec, titles, table, _AGENCY[spec.agency])
    hidden = "hidden" in spec.dirt.layout
    _SHEETS[spec.way.format](path, grid, "Danh sách", hidden)
    told = partial(Plant, dataset=spec.slug, delivery=number)
    spoilt = {(plant.row, plant.column) for plant in plants}
    for row, column, good in grid.covered:
        name = spec.columns[column].name
        if (row, name) not in spoilt:
            plants.append(told(kind="layout.merged", row=grid.data_rows[row], column=name, right=canonical(good)))
    plants += [told(kind=kind, row=row, value=text) for kind, row, text in grid.extras]
    if hidden:
        plants.append(told(kind="layout.hidden", value="_tam"))
    return grid.data_rows


def _to_database(
    place: Place, spec: DatasetSpec, table: Table, plants: list[Plant], number: int, on: date
) -> Delivered:
    kind, name = database_name(spec, place)
    if kind == "postgres":
        assert place.database_url is not None
        rows = write_postgres(place.database_url, spec.way.format, name, spec, table)
        path = None
    else:
        path = place.folder / "sqlite" / f"{spec.way.format}.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = write_sqlite(path, name, spec, table)
    _number(plants, rows)
    return Delivered(number=number, on=on, rows=len(rows), path=path, table=name)
