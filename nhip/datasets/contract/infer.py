"""Drafts a contract from a delivered table. It is a draft: an officer looks at what is not sure and at what no data can tell
(cadence, licence, owner)."""

from __future__ import annotations

from pathlib import PurePath

import duckdb
import msgspec

from nhip.datasets.contract.keys import find_duplicates, find_key
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.profile import ColumnProfile, profile
from nhip.datasets.model import DecodedTable
from nhip.kernel.ids import slug
from nhip.kernel.text import canonical

_NOT_NEGATIVE = {"money", "quantity"}
_BOUNDS: dict[str, tuple[float, float]] = {"latitude": (7, 24), "longitude": (102, 118)}
_ENOUGH_ROWS = 30


class Inferred(msgspec.Struct, frozen=True, kw_only=True):
    """A drafted contract with what it was drafted from; `profiles` are in the order of `contract.fields`."""

    contract: Contract
    profiles: list[ColumnProfile]


def infer(con: duckdb.DuckDBPyConnection, table: DecodedTable, *, dataset: str, filename: str) -> Inferred:
    """Draft a contract named `dataset` (empty: from `filename`) for `table`."""
    profiles = profile(con, table)
    key = find_key(con, table.relation, profiles)
    name = dataset or slug(PurePath(filename).stem)
    contract = Contract(
        id=name,
        version="0.1.0",
        dataset=name,
        status="draft",
        title=canonical(PurePath(filename).stem.replace("_", " ").replace("-", " ")),
        fields=tuple(_field(column, key) for column in profiles),
        duplicate_keys=find_duplicates(con, table.relation, profiles),
        classification="personal" if any(column.pii for column in profiles) else "",
    )
    return Inferred(contract=contract, profiles=profiles)


def _field(column: ColumnProfile, key: tuple[str, ...]) -> Field:
    position = key.index(column.field) + 1 if column.field in key else 0
    minimum, maximum = _limits(column)
    full = column.nulls == 0 and column.rows >= _ENOUGH_ROWS
    return Field(
        name=column.field,
        type=column.type,
        kind=column.kind,
        delivered=(column.name,),
        title=column.title,
        required=bool(position) or full,
        unique=key == (column.field,),
        primary_key=position,
        pattern=column.pattern,
        enum=column.enum,
        minimum=minimum,
        maximum=maximum,
        order=column.order,
        unit=column.unit,
        crs=column.crs,
        classification="personal" if column.pii else "",
    )


def _limits(column: ColumnProfile) -> tuple[float | None, float | None]:
    """Limits that follow from the meaning; what one delivery happens to hold is no limit for the next."""
    if column.kind in _BOUNDS:
        return _BOUNDS[column.kind]
    lowest = column.minimum
    counted = column.kind in _NOT_NEGATIVE or "count" in column.hints
    if counted and column.type in ("integer", "number") and isinstance(lowest, int | float) and lowest >= 0:
        percent = column.unit == "%" and isinstance(column.maximum, int | float) and column.maximum <= 100
        return 0.0, 100.0 if percent else None
    return None, None
