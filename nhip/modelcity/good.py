"""Good tables: what each delivery of a dataset would hold if nobody ever made a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from zlib import crc32

import numpy as np

from nhip.kernel.text import fold
from nhip.modelcity.model import Column, DatasetSpec, Draw, Table

_GROWTH = 0.03
_CHANGE = 0.03
_STEADY_KINDS = {"latitude", "longitude", "x", "y"}


def stream(seed: int, *names: object) -> np.random.Generator:
    """A stream of random numbers that depends on nothing but the seed and the names."""
    return np.random.default_rng([seed, *(crc32(str(name).encode()) for name in names)])


def base(spec: DatasetSpec, keys: Mapping[str, Table], seed: int, as_of: date) -> Table:
    """Every row that any delivery holds, natural duplicates left out, in the order of the keys."""
    rows = spec.rows + int(spec.rows * _GROWTH) * (spec.deliveries - 1)
    table: Table = {}
    rng = stream(seed, spec.slug)
    for column in spec.columns:
        table[column.name] = column.make(Draw(rng=rng, rows=rows, as_of=as_of, table=table, keys=keys))
    return _distinct(spec, table)


def _distinct(spec: DatasetSpec, table: Table) -> Table:
    doomed: set[int] = set()
    for names in spec.same:
        seen: set[str] = set()
        for row, values in enumerate(zip(*(table[name] for name in names), strict=True)):
            mark = fold("\x1f".join(map(str, values)))
            if mark in seen:
                doomed.add(row)
            seen.add(mark)
    return take(table, [row for row in range(height(table)) if row not in doomed]) if doomed else table


def height(table: Table) -> int:
    """Number of rows."""
    return len(next(iter(table.values()), []))


def take(table: Table, rows: list[int]) -> Table:
    """Those rows, in that order."""
    return {name: [values[row] for row in rows] for name, values in table.items()}


def delivery(spec: DatasetSpec, table: Table, number: int, seed: int, steady: bool) -> Table:
    """What delivery `number` (from 1) would hold: older ones have fewer new rows, some that went, some older numbers.
    `steady`: others refer to this dataset, so that no row ever goes."""
    rows = height(table)
    held = list(range(rows - int(spec.rows * _GROWTH) * (spec.deliveries - number)))
    if number > 1 and not steady:
        held = [row for row in held if row % 67 != number]
    last = number == spec.deliveries
    if last and spec.dirt.shrink < 1:
        held = held[: int(len(held) * spec.dirt.shrink)]
    now = take(table, held)
    return now if last else _older(spec, now, stream(seed, spec.slug, number))


def _older(spec: DatasetSpec, table: Table, rng: np.random.Generator) -> Table:
    ruled = {word for rule in spec.rules for word in rule.holds.split('"')}
    for column in spec.columns:
        if _may_change(column) and column.name not in ruled:
            values = table[column.name]
            chosen = np.flatnonzero(rng.random(len(values)) < _CHANGE).tolist()
            for row, other in zip(chosen, chosen[1:] + chosen[:1], strict=True):
                values[row], values[other] = values[other], values[row]
    return table


def _may_change(column: Column) -> bool:
    return column.type in ("integer", "number") and not column.key and column.kind not in _STEADY_KINDS


def delivered_on(spec: DatasetSpec, number: int, as_of: date) -> date:
    """The day of delivery `number`; the last one is within its cadence unless the dataset is stale."""
    late = spec.dirt.stale * spec.cadence if spec.dirt.stale else min(spec.cadence * 0.3, 20)
    return as_of - timedelta(days=round(late + spec.cadence * (spec.deliveries - number)))
