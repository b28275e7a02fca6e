"""Columns that belong to the file format and not to the agency: every GeoJSON, KML, GeoPackage and Shapefile has a geometry,
and programs write an `id`, a `Name`, a `description` beside it whether the agency fills them or not.

Where they say nothing that the contract's columns do not say (empty, a running number, the same text or point again), nobody
has to agree on them, and they are no finding. Where they do (names that stand nowhere else, areas without a column for them)
they stay `column.unknown`, as anything that would be lost.
"""

from __future__ import annotations

from typing import Final

import duckdb
import msgspec

from nhip.datasets.conform.columns import match_columns
from nhip.datasets.contract.model import Contract
from nhip.datasets.engine import ident
from nhip.datasets.model import ROW, DecodedTable

MAPS: Final = frozenset(["geojson", "kml", "kmz", "gpkg", "shapefile"])
_REPEATS: Final = frozenset(["id", "fid", "name", "description"])
_POINT: Final = frozenset(["longitude", "latitude"])
_POSITIONS: Final = ({"latitude", "longitude"}, {"x", "y"}, {"geometry"})


def without_own(con: duckdb.DuckDBPyConnection, table: DecodedTable, contract: Contract, format: str) -> DecodedTable:
    """`table` without the columns that only its format added; the rows themselves stay as they are.

    Raises OtherColumns, NameTaken.
    """
    if format not in MAPS:
        return table
    matched = match_columns(contract, [column.name for column in table.columns])
    known = [source for source in matched.sources if source is not None]
    kinds = {f.kind for f, source in zip(contract.fields, matched.sources, strict=True) if source is not None}
    located = any(needed <= kinds for needed in _POSITIONS)
    own = {name for name in matched.unknown if _is_own(con, table, name, known, located=located)}
    columns = [column for column in table.columns if column.name not in own]
    return msgspec.structs.replace(table, columns=columns) if own else table


def _is_own(con: duckdb.DuckDBPyConnection, table: DecodedTable, name: str, known: list[str], *, located: bool) -> bool:
    plain = name.lower()
    if plain in _POINT:  # what the reader took from the geometry; `geometry` itself is told where nobody knows it
        return True
    if plain == "geometry":
        return _holds(con, table, f"{ident(name)} IS NULL" + (f" OR {ident(name)} LIKE 'POINT%'" if located else ""))
    if plain not in _REPEATS:
        return False
    others = ", ".join(ident(source) for source in known)
    repeats = f"{ident(name)} IS NULL OR list_contains([{others}], {ident(name)})"
    return _holds(con, table, repeats) or (plain in ("id", "fid") and _is_running(con, table, name))


def _holds(con: duckdb.DuckDBPyConnection, table: DecodedTable, test: str) -> bool:
    found = con.execute(f"SELECT coalesce(bool_and({test}), true) FROM {table.relation}").fetchone()
    return bool(found and found[0])


def _is_running(con: duckdb.DuckDBPyConnection, table: DecodedTable, name: str) -> bool:
    """Whether the ids count the rows (`7`, `truong.7`, `fid-7`), as programs number what has no id of its own."""
    number = f"try_cast(regexp_extract({ident(name)}, '([0-9]{{1,12}})$', 1) AS BIGINT)"
    steps = f"SELECT {ident(name)} AS id, {number} - row_number() OVER (ORDER BY {ROW}) AS step FROM {table.relation}"
    found = con.execute(
        f"SELECT count(DISTINCT step) = 1 AND count(step) = count(*) "
        f"AND count(DISTINCT regexp_replace(id, '[0-9]+$', '')) = 1 FROM ({steps})"
    ).fetchone()
    return bool(found and found[0])
