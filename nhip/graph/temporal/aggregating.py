"""Aggregated temporal values (CIM 009, 4.5.19): numbers by PostgreSQL, everything else here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson

from nhip.graph.errors import TooManyResults
from nhip.graph.model import VALUE_MEMBER
from nhip.graph.pieces import pieces
from nhip.graph.query.stores import Store
from nhip.graph.temporal.model import Aggregation, Evolution, Sighting, Span, Window, written
from nhip.graph.temporal.reading import MAX_ROWS, SCOPE, Reading, read_sightings, text_of

MAX_PERIODS = 50_000
_EVERYTHING = timedelta(days=365_000)
_LAST = datetime.max.replace(tzinfo=UTC)
_METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")
_DEFAULT = "Property"
Series = dict[str, list[dict[str, Any]]]
Cell = tuple[int, int, int]
"""Life, attribute, dataset."""


async def aggregate(graph: Store, pairs: list[tuple[int, int]], reading: Reading, aggregation: Aggregation) -> Series:
    """Attribute -> one object for each dataset, with a list of [value, start, end] for each method.

    Periods begin where the window does, without a beginning at the entity's first instance. Raises TooManyResults.
    """
    bounds = await _bounds(graph, pairs, reading)
    if not bounds:
        return {}
    first, last = min(row["first"] for row in bounds), max(row["last"] for row in bounds)
    origin = reading.window.since or first
    end = reading.window.until or last
    if any(row["others"] for row in bounds):
        cells = await _by_hand(graph, pairs, reading, aggregation.span, origin)
    else:
        try:
            cells = await _by_database(graph, pairs, reading, aggregation.span, origin, last)
        except asyncpg.NumericValueOutOfRangeError:
            # of numbers so large PostgreSQL would tell nothing, not even the least
            cells = await _by_hand(graph, pairs, reading, aggregation.span, origin)
    names = await graph.codes.names({code for cell in cells for code in cell[1:] if code})
    found: Series = {}
    for (_eno, attribute, dataset), (kind, periods) in sorted(cells.items()):
        made: dict[str, Any] = {"type": kind}
        if dataset:
            made["datasetId"] = names[dataset]
        for method in aggregation.methods:
            values: list[list[Any]] = []
            async for some in pieces(periods, _PERIODS):
                values += [
                    [told[method], *_ends(at, end, aggregation.span)]
                    for at, told in some
                    if told.get(method) is not None
                ]
            if values:
                made[method] = values
        found.setdefault(names[attribute], []).append(made)
    return found


def _ends(start: datetime, end: datetime, span: Span) -> tuple[str, str]:
    return written(start), written(end if not (span.months or span.seconds) else after(start, span))


def after(start: datetime, span: Span, periods: int = 1) -> datetime:
    """The beginning of a later period."""
    if not span.months:
        try:
            return start + timedelta(seconds=span.seconds * periods)
        except OverflowError:
            return _LAST
    month = start.year * 12 + start.month - 1 + span.months * periods
    day = start.day
    while True:
        try:
            return start.replace(year=month // 12, month=month % 12 + 1, day=day)
        except ValueError:
            day -= 1
            if day < 28:
                return _LAST


async def _bounds(graph: Store, pairs: list[tuple[int, int]], reading: Reading) -> list[Any]:
    if not pairs:
        return []
    window = reading.window
    text = text_of("bounds", Window(window.property, window.relation), await graph.codes.find(SCOPE))
    enos, attributes = zip(*pairs, strict=True)
    rows: list[Any] = await graph.fetch(text, enos, attributes, window.since, window.until, reading.datasets)
    return rows


_PERIODS = 250
"""So many are worked on before others get their turn."""
Cells = dict[Cell, tuple[str, list[tuple[datetime, dict[str, Any]]]]]


async def _by_database(
    graph: Store, pairs: list[tuple[int, int]], reading: Reading, span: Span, origin: datetime, last: datetime
) -> Cells:
    window = reading.window
    enos, attributes = zip(*pairs, strict=True)
    values: list[Any] = [enos, attributes, window.since, window.until]
    starts = list(_starts(origin, span, last)) if span.months else []
    if span.months:
        period = "width_bucket(i.{time}, $5::timestamptz[])"
        values += [starts, reading.datasets, MAX_PERIODS + 1]
    else:
        period = "date_bin($5::interval, i.{time}, $8::timestamptz)"
        length = timedelta(seconds=span.seconds) if span.seconds else _EVERYTHING
        values += [length, reading.datasets, MAX_PERIODS + 1, origin]
    window = Window(window.property, window.relation)
    rows = await graph.fetch(text_of("aggregate", window, await graph.codes.find(SCOPE), period=period), *values)
    if len(rows) > MAX_PERIODS:
        raise TooManyResults(what=str(MAX_PERIODS))
    cells: Cells = {}
    async for some in pieces(rows, _PERIODS):
        for row in some:
            told = dict(zip(_METHODS, list(row)[4:], strict=True))
            at = starts[row[3] - 1] if starts else row[3]
            cells.setdefault((row[0], row[1], row[2]), (_DEFAULT, []))[1].append((at, told))
    return cells


def _starts(origin: datetime, span: Span, last: datetime) -> Iterator[datetime]:
    """Where the periods begin, up to the one of the last instant. Raises TooManyResults."""
    for number in range(MAX_PERIODS):
        start = after(origin, span, number) if number else origin
        if start > last or start == datetime.max.replace(tzinfo=UTC):
            return
        yield start
    raise TooManyResults(what=str(MAX_PERIODS))


async def _by_hand(graph: Store, pairs: list[tuple[int, int]], reading: Reading, span: Span, origin: datetime) -> Cells:
    rows = await read_sightings(graph, pairs, Reading(reading.window, reading.datasets, most=MAX_ROWS + 1))
    groups: dict[Cell, dict[int, list[Any]]] = {}
    kinds: dict[Cell, str] = {}
    for row in rows:
        if row["val"] is None:
            continue
        cell = (row["eno"], row["attr"], row["ds"])
        instance = orjson.loads(row["val"])
        kinds[cell] = instance["type"]
        value = instance.get(VALUE_MEMBER[instance["type"]])
        groups.setdefault(cell, {}).setdefault(period_of(row["seen"], origin, span), []).append(value)
    return {
        cell: (
            kinds[cell],
            [(after(origin, span, n) if n else origin, numbers(group)) for n, group in sorted(some.items())],
        )
        for cell, some in groups.items()
    }


def period_of(at: datetime, origin: datetime, span: Span) -> int:
    """The number of the period that an instant lies in."""
    if span.seconds:
        return math.floor((at - origin).total_seconds() / span.seconds)
    if not span.months:
        return 0
    guess = ((at.year - origin.year) * 12 + at.month - origin.month) // span.months
    return guess - 1 if after(origin, span, guess) > at else guess


def numbers(values: list[Any]) -> dict[str, Any]:
    """All methods over the values of a period, as far as their types allow: the size of arrays, true as 1, the order of texts.
    What is too large for a number of JSON is left out."""
    found: dict[str, Any] = {"totalCount": len(values), "distinctCount": len({orjson.dumps(one) for one in values})}
    if all(isinstance(one, str) for one in values):
        return found | {"min": min(values), "max": max(values)}
    sized = list(_measures(values))
    if len(sized) < len(values):
        return found
    total = _sum(sized)
    mean = total / len(sized)
    worked_out = {
        "sum": total,
        "avg": mean,
        "min": min(sized),
        "max": max(sized),
        "stddev": math.sqrt(_sum((one - mean) * (one - mean) for one in sized) / len(sized)),
        "sumsq": _sum(one * one for one in sized),
    }
    return found | {name: value for name, value in worked_out.items() if math.isfinite(value)}


def _sum(values: Iterable[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def aggregate_told(evolution: Evolution, window: Window, aggregation: Aggregation) -> Series:
    """The same over sightings at hand, those of several brokers."""
    times = [sighting.at for series in evolution.series.values() for sighting in series]
    if not times:
        return {}
    origin, end = window.since or min(times), window.until or max(times)
    found: Series = {}
    for name, series in evolution.series.items():
        datasets: dict[str | None, list[Sighting]] = {}
        for sighting in series if name != SCOPE else ():
            if "deletedAt" not in sighting.instance:
                datasets.setdefault(sighting.dataset, []).append(sighting)
        for dataset, some in datasets.items():
            groups: dict[int, list[Any]] = {}
            for one in some:
                value = one.instance.get(VALUE_MEMBER[one.instance["type"]])
                groups.setdefault(period_of(one.at, origin, aggregation.span), []).append(value)
            made: dict[str, Any] = {"type": some[-1].instance["type"]}
            if dataset is not None:
                made["datasetId"] = dataset
            told = [(after(origin, aggregation.span, n), numbers(group)) for n, group in sorted(groups.items())]
            for method in aggregation.methods:
                if values := [(at, one[method]) for at, one in told if one.get(method) is not None]:
                    made[method] = [[value, *_ends(at, end, aggregation.span)] for at, value in values]
            found.setdefault(name, []).append(made)
    return found


def _measures(values: list[Any]) -> Iterator[float]:
    for value in values:
        if isinstance(value, list):
            yield float(len(value))
        elif isinstance(value, int | float):
            yield float(value)
