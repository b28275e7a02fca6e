"""From a question to its answer."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nhip.portal.model import Entry, OpenColumn, Release
from nhip.portal.rows.cursors import read_cursor, values_of, write_cursor
from nhip.portal.rows.errors import CursorForeign
from nhip.portal.rows.model import Ask
from nhip.portal.rows.parse import Columns, asked_release
from nhip.portal.rows.shapes import find_shape, geometry_of
from nhip.portal.rows.sql import count_sql, group_names, groups_sql, rows_sql
from nhip.portal.rows.warm import Warm


class Found(msgspec.Struct, frozen=True):
    """Rows with the names of their cells; `after` is the cursor of what follows, empty at the end; `total` where it is known."""

    names: list[str]
    rows: list[tuple[Any, ...]]
    after: str
    total: int | None


def release_no(pairs: Sequence[tuple[str, str]], columns: Columns) -> int | None:
    """The release that a question is about: the one it names, else the one its cursor began with. Raises CursorForeign."""
    told = dict(pairs)
    begun = read_cursor(told["_after"]).release if told.get("_after") else None
    asked = asked_release(pairs, columns)
    if begun is not None and asked not in (None, begun):
        raise CursorForeign
    return begun if begun is not None else asked


async def find_rows(warm: Warm, entry: Entry, release: Release, ask: Ask) -> Found:
    """Answer a question. Raises CursorForeign, ColumnNotThere, NotAnswerable, TakesTooLong."""
    source = warm.source(release)
    found = await (_groups(warm, source, release, ask) if ask.grouped else _rows(warm, source, entry, release, ask))
    if ask.total:
        counted = await warm.fetch(*msgspec.structs.astuple(count_sql(source, ask)))
        return msgspec.structs.replace(found, total=int(counted[0][0]))
    cheap = not ask.filters and not ask.grouped
    return msgspec.structs.replace(found, total=release.row_count if cheap else None)


async def _rows(warm: Warm, source: str, entry: Entry, release: Release, ask: Ask) -> Found:
    columns = Columns(entry.name, release.columns)
    steps = [columns.get(step.column) for step in ask.order]
    after, place = None, 0
    if ask.after:
        cursor = read_cursor(ask.after)
        after, place = values_of(cursor, ask, steps), cursor.place
    names = ask.select or [column.name for column in release.columns]
    sql = rows_sql(source, names, ask, after, place)
    rows = await warm.fetch(sql.text, sql.values)
    width = len(names)
    follows = ""
    if len(rows) > ask.size:
        last = rows[ask.size - 1]
        follows = write_cursor(release.no, ask, last[width:-1], last[-1])
    return Found(list(names), [row[:width] for row in rows[: ask.size]], follows, None)


async def _groups(warm: Warm, source: str, release: Release, ask: Ask) -> Found:
    offset = 0
    if ask.after:
        cursor = read_cursor(ask.after)
        values_of(cursor, ask, [])
        offset = cursor.place
    sql = groups_sql(source, ask, offset)
    rows = await warm.fetch(sql.text, sql.values)
    more = len(rows) > ask.size
    follows = write_cursor(release.no, ask, [], offset + ask.size) if more else ""
    return Found(group_names(ask), rows[: ask.size], follows, None)


def as_json(value: Any) -> Any:
    """A cell as JSON has it: exact decimals as numbers, whole numbers beyond 64 bits as text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value if value is None or isinstance(value, str | float | int) else _other(value)


def _other(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def as_records(found: Found) -> list[dict[str, Any]]:
    """Rows by the names of their cells."""
    return [{name: as_json(cell) for name, cell in zip(found.names, row, strict=True)} for row in found.rows]


def as_features(found: Found, columns: Sequence[OpenColumn]) -> list[dict[str, Any]]:
    """Rows as GeoJSON features; without columns that say where, their geometry is null."""
    shape = find_shape(columns)
    known = shape is not None and all(name in found.names for name in shape.names)
    features = []
    for record, row in zip(as_records(found), found.rows, strict=True):
        geometry = None
        if shape is not None and known:
            geometry = geometry_of(shape, [row[found.names.index(name)] for name in shape.names])
        told = {name: cell for name, cell in record.items() if shape is None or name != shape.geometry}
        features.append({"type": "Feature", "geometry": geometry, "properties": told})
    return features
