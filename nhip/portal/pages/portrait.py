"""What a release looks like: its first rows, how full its columns are, a chart and a sketch map where the columns allow.

Made once a release and kept while it is asked for; a release never changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from nhip.datasets.engine import ident
from nhip.portal.model import OpenColumn, Release
from nhip.portal.rows.errors import NotAnswerable, TakesTooLong
from nhip.portal.rows.shapes import find_shape
from nhip.portal.rows.warm import Warm

ROWS = 20
MOST_COLUMNS = 60
COUNTED_ROWS = 500_000
"""Above, columns are not counted while somebody waits for the page."""
POINTS = 400
KEPT = 500


class Filled(msgspec.Struct, frozen=True):
    """How many cells of a column are filled, and about how many different values they have."""

    cells: int
    distinct: int


class Chart(msgspec.Struct, frozen=True):
    """Rows by the values of `column`: bars by name, or a line over years."""

    column: OpenColumn
    kind: str
    items: list[tuple[str, int]]


class Portrait(msgspec.Struct, frozen=True):
    """What a page shows of a release. `points` are longitude and latitude of at most 400 rows, `box` their bounds."""

    rows: list[tuple[Any, ...]]
    filled: dict[str, Filled]
    chart: Chart | None
    points: list[tuple[float, float]]


class Portraits:
    """Portraits by digest; the one unused for the longest is forgotten."""

    def __init__(self, warm: Warm) -> None:
        self._warm = warm
        self._kept: OrderedDict[str, Portrait] = OrderedDict()

    async def get(self, release: Release) -> Portrait:
        """The portrait of a release; parts that cannot be made in time are left out."""
        key = f"{release.digest}-{release.no}"
        found = self._kept.get(key)
        if found is None:
            found = await _painted(self._warm, release)
            self._kept[key] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found


async def _painted(warm: Warm, release: Release) -> Portrait:
    source = warm.source(release)
    shown = ", ".join(ident(column.name) for column in release.columns[:MOST_COLUMNS])
    rows = await warm.fetch(f"select {shown} from {source} limit {ROWS}")
    try:
        filled = await _filled(warm, source, release)
        return Portrait(rows, filled, await _chart(warm, source, release, filled), await _points(warm, source, release))
    except (TakesTooLong, NotAnswerable):
        return Portrait(rows, {}, None, [])


async def _filled(warm: Warm, source: str, release: Release) -> dict[str, Filled]:
    if not 0 < release.row_count <= COUNTED_ROWS:
        return {}
    columns = release.columns[:MOST_COLUMNS]
    counts = ", ".join(f"count({ident(c.name)}), approx_count_distinct({ident(c.name)})" for c in columns)
    (row,) = await warm.fetch(f"select {counts} from {source}")
    return {column.name: Filled(row[2 * n], row[2 * n + 1]) for n, column in enumerate(columns)}


async def _chart(warm: Warm, source: str, release: Release, filled: dict[str, Filled]) -> Chart | None:
    chosen = choose(release.columns, filled, release.row_count)
    if chosen is None:
        return None
    column, kind = chosen
    cell = ident(column.name)
    if kind == "years":
        rows = await warm.fetch(
            f"select year({cell}), count(*) from {source} where {cell} is not null group by 1 order by 1"
        )
        items = [(str(value), int(count)) for value, count in rows if 1900 <= value <= 2100]
        return Chart(column, kind, items) if 3 <= len(items) <= 120 else None
    rows = await warm.fetch(
        f"select cast({cell} as varchar), count(*) from {source} where {cell} is not null group by 1 order by 2 desc, 1 limit 10"
    )
    return Chart(column, kind, [(str(value), int(count)) for value, count in rows]) if len(rows) >= 2 else None


def choose(columns: Sequence[OpenColumn], filled: dict[str, Filled], rows: int) -> tuple[OpenColumn, str] | None:
    """The column that a chart is made of: few kinds of something, else a date by years; None where neither says anything."""
    if rows < 5:
        return None
    for column in columns:
        kept = filled.get(column.name)
        few = kept is not None and 2 <= kept.distinct <= 10 and kept.cells >= rows / 2
        if few and column.type in ("text", "boolean") and column.act != "mask":
            return column, "bars"
    for column in columns:
        if column.type in ("date", "timestamp") and column.name in filled:
            return column, "years"
    return None


async def _points(warm: Warm, source: str, release: Release) -> list[tuple[float, float]]:
    shape = find_shape(release.columns)
    if shape is None or shape.geometry:
        return []
    x, y = (f"try_cast({ident(name)} as double)" for name in shape.names)
    step = max(1, release.row_count // POINTS)
    rows = await warm.fetch(
        f"select {x}, {y} from {source} where file_row_number % {step} = 0"
        f" and {x} between -180 and 180 and {y} between -90 and 90 limit {POINTS}"
    )
    return [(float(a), float(b)) for a, b in rows]


def years(chart: Chart) -> list[tuple[date, int]]:
    """The items of a chart over years as points of a line."""
    return [(date(int(year), 1, 1), count) for year, count in chart.items]
