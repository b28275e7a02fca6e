"""Which pictures a release allows: rows by kind, a measure over time, how a measure is spread; each one question to the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from nhip.datasets.engine import ident
from nhip.portal.model import OpenColumn

MOST = 3
BARS = 10
KINDS = (2, 60)
"""Fewest and most different values of a column whose values are kinds of something."""
FEWEST_ROWS = 5
BINS = 12
EDGE = 0.005
"""Share of the values at each end that a spread leaves out, so that a slip of the pen does not flatten the rest."""
STEPS = ((3 * 86_400, "hour"), (400 * 86_400, "day"), (math.inf, "month"))
"""A measure over up to so many seconds is averaged by the hour, the day, the month."""
_PLACES = ("latitude", "longitude", "x", "y")


class Filled(msgspec.Struct, frozen=True):
    """How many cells of a column are filled, and about how many different values they have."""

    cells: int
    distinct: int


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of `column`. bars: (name, rows), the rest as `rest`; line: (moment, mean of `column` by `step`, or rows where
    `counted`); spread: numbers of rows between neighbouring `edges`."""

    kind: Literal["bars", "line", "spread"]
    column: OpenColumn
    names: list[tuple[str, int]] = []
    rest: int = 0
    line: list[tuple[datetime, float]] = []
    step: str = ""
    counted: bool = False
    rows: int = 0
    """Rows with a value, of which a spread leaves the ends out."""
    counts: list[int] = []
    edges: list[float] = []


class Plan(msgspec.Struct, frozen=True):
    """A picture to paint: `over` is the time of a line, which counts rows where `column` is itself the time."""

    kind: Literal["bars", "line", "spread"]
    column: OpenColumn
    over: OpenColumn | None = None


class Asks(Protocol):
    """Who answers questions to the release's table."""

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        ...


def choose(columns: Sequence[OpenColumn], filled: Mapping[str, Filled], rows: int) -> list[Plan]:
    """Columns of kinds (the first that says something is drawn), a measure or the rows over time, another measure's spread."""
    if rows < FEWEST_ROWS:
        return []
    known = [c for c in columns if c.name in filled and "__" not in c.name and c.act not in ("mask", "group")]
    kinds = [Plan("bars", c) for c in known if _is_kind(c, filled[c.name], rows)][:MOST]
    times = [c for c in known if c.type in ("date", "timestamp") and filled[c.name].distinct >= 3]
    measures = [c for c in known if _is_measure(c) and filled[c.name].distinct > BINS]
    lines = []
    if times:
        over_time = [m for m in measures if filled[times[0].name].distinct >= FEWEST_ROWS]
        lines = [Plan("line", over_time[0] if over_time else times[0], times[0])]
    told = {plan.column.name for plan in lines}
    spreads = [Plan("spread", m) for m in measures if m.name not in told][:1]
    return [*kinds, *lines, *spreads]


def _is_kind(column: OpenColumn, filled: Filled, rows: int) -> bool:
    few = KINDS[0] <= filled.distinct <= min(KINDS[1], rows / 2) and filled.cells >= rows / 2
    return few and column.type in ("text", "boolean")


def _is_measure(column: OpenColumn) -> bool:
    return column.kind not in _PLACES and (column.type == "number" or (column.type == "integer" and bool(column.unit)))


async def paint_all(asks: Asks, source: str, plans: Sequence[Plan]) -> list[Plot]:
    """The pictures of `plans`, one of each kind."""
    painted: dict[str, Plot] = {}
    for plan in plans:
        if plan.kind not in painted and (plot := await paint(asks, source, plan)) is not None:
            painted[plan.kind] = plot
    return list(painted.values())


async def paint(asks: Asks, source: str, plan: Plan) -> Plot | None:
    """The picture of a plan; None where the values say nothing after all."""
    painters = {"bars": _bars, "line": _line, "spread": _spread}
    return await painters[plan.kind](asks, source, plan)


async def _bars(asks: Asks, source: str, plan: Plan) -> Plot | None:
    cell = ident(plan.column.name)
    rows = await asks.fetch(
        f"select cast({cell} as varchar), count(*), (select count({cell}) from {source}) from {source}"
        f" where {cell} is not null group by 1 order by 2 desc, 1 limit {BARS}"
    )
    names = [(str(value), int(count)) for value, count, _all in rows]
    if len(names) < 2 or names[0][1] == names[-1][1]:
        return None  # as many rows of each: a list of codes, no kinds
    return Plot(
        kind="bars", column=plan.column, names=names, rest=int(rows[0][2]) - sum(count for _name, count in names)
    )


async def _line(asks: Asks, source: str, plan: Plan) -> Plot | None:
    assert plan.over is not None
    at, counted = ident(plan.over.name), plan.over.name == plan.column.name
    sane = f"{at} between timestamp '1900-01-01' and timestamp '2100-01-01'"
    ((seconds,),) = await asks.fetch(f"select epoch(max({at})) - epoch(min({at})) from {source} where {sane}")
    if not seconds:
        return None
    step = next(name for longest, name in STEPS if seconds <= longest)
    value = "count(*)" if counted else f"avg({ident(plan.column.name)})"
    rows = await asks.fetch(
        f"select cast(date_trunc('{step}', {at}) as timestamp), {value} from {source} where {sane} group by 1 order by 1"
    )
    line = [(moment, float(number)) for moment, number in rows if number is not None]
    if len(line) < 3:
        return None
    return Plot(kind="line", column=plan.column, line=line, step=step, counted=counted)


async def _spread(asks: Asks, source: str, plan: Plan) -> Plot | None:
    cell = f"cast({ident(plan.column.name)} as double)"
    bounds = ", ".join(f"quantile_disc({cell}, {share}) filter (where isfinite({cell}))" for share in (EDGE, 1 - EDGE))
    ((low, high, filled),) = await asks.fetch(f"select {bounds}, count({cell}) from {source}")
    if low is None or high - low <= max(1e-9 * max(abs(low), abs(high)), 1e-300):
        return None
    step = nice((high - low) / BINS)
    first = math.floor(low / step)
    place = f"cast(floor({cell} / cast({step!r} as double)) as bigint)"
    rows = await asks.fetch(
        f"select {place}, count(*) from {source} where {cell} between {low!r} and {high!r} group by 1 order by 1"
    )
    counts = [0] * (math.floor(high / step) - first + 1)
    for nth, count in rows:
        counts[int(nth) - first] = int(count)
    digits = 1 - math.floor(math.log10(step))
    edges = [round((first + place) * step, digits) for place in range(len(counts) + 1)]
    return Plot(kind="spread", column=plan.column, counts=counts, edges=edges, rows=int(filled))


def nice(step: float) -> float:
    """The next larger of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-12))
