"""What a release looks like: its first rows, how full its columns are, pictures and a sketch map where the columns allow.

Made once a release and kept while it is asked for; a release never changes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

import msgspec

from nhip.datasets.engine import ident
from nhip.portal.model import Release
from nhip.portal.pages.outlines import Outlines, outlines_of
from nhip.portal.pages.plots import Filled, Plot, choose, paint_all
from nhip.portal.rows.errors import NotAnswerable, TakesTooLong
from nhip.portal.rows.shapes import find_shape, placed
from nhip.portal.rows.warm import Warm

ROWS = 20
MOST_COLUMNS = 60
COUNTED_ROWS = 500_000
"""Above, columns are not counted while somebody waits for the page."""
POINTS = 400
LONGEST = 200_000
"""Characters of a geometry that is drawn; a longer one would be read while somebody waits for the page."""
_NOWHERE = Outlines([], [])
KEPT = 500


class Portrait(msgspec.Struct, frozen=True):
    """What a page shows of a release. `outlines` are where at most 400 rows lie, of which `places` rows say it; `far` others
    lie too far away to be right."""

    rows: list[tuple[Any, ...]]
    filled: dict[str, Filled]
    plots: list[Plot]
    outlines: Outlines
    places: int
    far: int = 0


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
        plots = await _plots(warm, source, release, filled)
        outlines, places, far = await _outlines(warm, source, release)
        return Portrait(rows, filled, plots, outlines, places, far)
    except (TakesTooLong, NotAnswerable):
        return Portrait(rows, {}, [], _NOWHERE, 0)


async def _filled(warm: Warm, source: str, release: Release) -> dict[str, Filled]:
    if not 0 < release.row_count <= COUNTED_ROWS:
        return {}
    columns = release.columns[:MOST_COLUMNS]
    counts = ", ".join(f"count({ident(c.name)}), approx_count_distinct({ident(c.name)})" for c in columns)
    (row,) = await warm.fetch(f"select {counts} from {source}")
    return {column.name: Filled(row[2 * n], row[2 * n + 1]) for n, column in enumerate(columns)}


async def _plots(warm: Warm, source: str, release: Release, filled: dict[str, Filled]) -> list[Plot]:
    plans = choose(release.columns, filled, release.row_count)
    return await paint_all(warm, source, plans)


async def _outlines(warm: Warm, source: str, release: Release) -> tuple[Outlines, int, int]:
    """Where rows lie, evenly taken from all of them, how many are drawn, and how many lie too far away."""
    shape = find_shape(release.columns)
    if shape is None:
        return _NOWHERE, 0, 0
    step = max(1, release.row_count // POINTS)
    if shape.geometry:
        cell = ident(shape.geometry)
        taken = f"file_row_number % {step} = 0 and {cell} is not null and length({cell}) <= {LONGEST}"
        cells = await warm.fetch(f"select {cell} from {source} where {taken} limit {POINTS}")
        return await asyncio.to_thread(outlines_of, [cell for (cell,) in cells]), len(cells), 0
    all_placed = placed(source, shape)
    rows = await warm.fetch(f"select x, y from {all_placed} where near and n % {step} = 0 order by n limit {POINTS}")
    ((far,),) = await warm.fetch(f"select count(*) from {all_placed} where not near")
    return Outlines([(float(a), float(b)) for a, b in rows], []), len(rows), far
