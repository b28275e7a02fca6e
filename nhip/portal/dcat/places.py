"""Where the rows of a release are: the administrative units that they name, their bounds, the days that they tell of."""

from __future__ import annotations

from datetime import date
from functools import cache

import duckdb

from nhip.datasets.engine import ident, literal, session
from nhip.db.installation import Installation
from nhip.places.register import Register
from nhip.portal.dcat.model import Facts, Site
from nhip.portal.dcat.nodes import Iri, Node, Nodes, Typed, text
from nhip.portal.dcat.vocabulary import authority
from nhip.portal.model import OpenColumn, Release
from nhip.portal.rows.shapes import find_shape, placed

MOST_UNITS = 200
"""More are not told one by one: then the province covers them."""
NAMED_UNITS = 10
"""As many units are named in a description; with more the province is."""
_UNIT = "__unit"
"""The ending of the columns that conform adds beside columns of places: the code of the unit of today."""


def look_at(installation: Installation, release: Release) -> Facts:
    """Count where and when from the Parquet file of an open release; a slow step, for a thread."""
    path = installation.objects.path(release.object)
    source = f"read_parquet({literal(str(path))}, file_row_number = true)"
    with session(installation.settings) as con:
        units = _units(con, source, release.columns) or [installation.settings.province_code]
        west, south, east, north = _box(con, source, release.columns)
        begins, ends = _days(con, source, release.columns)
    return Facts(
        dataset_id=release.dataset_id, digest=release.digest, units=units,
        west=west, south=south, east=east, north=north, begins=begins, ends=ends,
    )  # fmt: skip


def _units(con: duckdb.DuckDBPyConnection, source: str, columns: list[OpenColumn]) -> list[str]:
    names = [ident(c.name) for c in columns if c.name.endswith(_UNIT) and c.act == "keep"]
    if not names:
        return []
    each = " union all ".join(f"select {name} as code from {source} where {name} is not null" for name in names)
    found = con.execute(f"select distinct code from ({each}) order by code limit {MOST_UNITS + 1}").fetchall()
    return [str(row[0]) for row in found] if len(found) <= MOST_UNITS else []


def _box(con: duckdb.DuckDBPyConnection, source: str, columns: list[OpenColumn]) -> tuple[float | None, ...]:
    shape = find_shape(columns)
    if shape is None or shape.geometry:
        return (None, None, None, None)
    bounds = f"select min(x), min(y), max(x), max(y) from {placed(source, shape)} where near"
    found = con.execute(bounds).fetchone()
    return tuple(found) if found else (None, None, None, None)


def _days(con: duckdb.DuckDBPyConnection, source: str, columns: list[OpenColumn]) -> tuple[date | None, ...]:
    """First and last day of the first column of moments. A column of days tells of a thing's life, not of the table's."""
    name = next((ident(c.name) for c in columns if c.type == "timestamp" and c.act == "keep"), None)
    if name is None:
        return (None, None)
    found = con.execute(f"select min(try_cast({name} as date)), max(try_cast({name} as date)) from {source}").fetchone()
    return tuple(found) if found else (None, None)


@cache
def _register() -> Register:
    return Register.load()


def name_of(code: str) -> str:
    """The full name of a unit of today; its code where the register does not know it."""
    found = _register().find_unit(code)
    return found.full_name if found else code


def units_of(site: Site, facts: Facts) -> list[str]:
    """The units that cover the rows: those that are named when they are few, else the province."""
    return facts.units if 0 < len(facts.units) <= NAMED_UNITS else [site.province] if site.province else []


def say_places(nodes: Nodes, made: Node, site: Site, facts: Facts) -> None:
    """Where the rows are: units, bounds, country."""
    for code in units_of(site, facts):
        unit = nodes.node(f"{site.root}/catalog#place-{code}", "dct:Location")
        unit.say("skos:prefLabel", text(name_of(code), "vi")).say("dct:identifier", text(code))
        made.say("dct:spatial", unit.iri)
    if facts.box:
        bounds = nodes.node(f"{made.id}#bounds", "dct:Location")
        made.say("dct:spatial", bounds.say("dcat:bbox", Typed(wkt(facts.box), "geo:wktLiteral")).iri)
    country = nodes.node(authority("country", "VNM"), "dct:Location")
    made.say("dct:spatial", country.say("skos:inScheme", Iri(authority("country"))).iri)


def wkt(box: tuple[float, float, float, float]) -> str:
    """Bounds as WKT, longitude before latitude (CRS84)."""
    west, south, east, north = box
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return f"POLYGON(({', '.join(f'{x:.6f} {y:.6f}' for x, y in corners)}))"
