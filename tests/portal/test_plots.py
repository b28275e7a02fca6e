"""Which pictures a release allows, and that they count what is there: held against plain Python over the same rows."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.portal.model import OpenColumn
from nhip.portal.pages.plots import BARS, BINS, Filled, Plan, choose, nice, paint, paint_all

SPECIES = OpenColumn(name="loai", type="text")
HEIGHT = OpenColumn(name="cao", type="number", unit="m")
AT = OpenColumn(name="luc", type="timestamp")
LATITUDE = OpenColumn(name="vi_do", type="number", kind="latitude")
START = datetime(2024, 3, 1)  # noqa: DTZ001 - DuckDB's timestamps have no zone either
YEAR = OpenColumn(name="nam", type="integer")


class Table:
    """A table in memory that is asked as a release is."""

    def __init__(self, **columns: list[Any]) -> None:
        self.con = duckdb.connect()
        kinds = {"loai": "varchar", "cao": "double", "luc": "timestamp"}
        self.con.execute(f"create table t ({', '.join(f'{name} {kinds[name]}' for name in columns)})")
        self.con.executemany(
            f"insert into t values ({', '.join('?' * len(columns))})", list(zip(*columns.values(), strict=True))
        )

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


def many(**distinct: int) -> dict[str, Filled]:
    return {name: Filled(1_000, number) for name, number in distinct.items()}


def test_kinds_a_measure_over_time_and_the_spread_of_another() -> None:
    other = OpenColumn(name="rong", type="number")
    plans = choose([SPECIES, HEIGHT, AT, other], many(loai=30, cao=400, luc=900, rong=500), 1_000)
    assert [(plan.kind, plan.column.name) for plan in plans] == [("bars", "loai"), ("line", "cao"), ("spread", "rong")]


@pytest.mark.parametrize(
    ("column", "distinct"),
    [(SPECIES, 990), (SPECIES, 1), (LATITUDE, 800), (YEAR, 40), (OpenColumn(name="loai__unit", type="text"), 20),
     (OpenColumn(name="loai", type="text", act="mask"), 5)],
    ids=["a key", "one kind", "a place", "numbers without a unit", "a derived column", "masked"],
)  # fmt: skip
def test_what_says_nothing_is_not_drawn(column: OpenColumn, distinct: int) -> None:
    assert choose([column], many(**{column.name: distinct}), 1_000) == []


def test_few_rows_are_read_rather_than_drawn() -> None:
    assert choose([SPECIES], {"loai": Filled(4, 2)}, 4) == []


async def test_bars_are_the_most_common_and_the_rest() -> None:
    names = [f"loài {n % 14}" for n in range(100)] + [None]
    plot = await paint(Table(loai=names), "t", Plan("bars", SPECIES))
    assert plot is not None and len(plot.names) == BARS
    counted = Counter(name for name in names if name)
    assert dict(plot.names).items() <= counted.items()
    assert sum(count for _name, count in plot.names) + plot.rest == 100


@pytest.mark.parametrize(("days", "step"), [(1, "hour"), (90, "day"), (1_000, "month")])
async def test_a_measure_over_time_is_averaged_by_a_step_that_fits(days: int, step: str) -> None:
    at = [START + timedelta(days=days) * n / 200 for n in range(200)]
    heights = [float(n % 7) for n in range(200)]
    plot = await paint(Table(luc=at, cao=heights), "t", Plan("line", HEIGHT, AT))
    assert plot is not None and plot.step == step and not plot.counted
    cut = {"hour": "%Y%m%d%H", "day": "%Y%m%d", "month": "%Y%m"}[step]
    first_group = [h for t, h in zip(at, heights, strict=True) if t.strftime(cut) == at[0].strftime(cut)]
    assert plot.line[0][1] == pytest.approx(statistics.mean(first_group))


async def test_a_time_alone_counts_rows() -> None:
    at = [START + timedelta(days=n // 2) for n in range(60)]
    plot = await paint(Table(luc=at), "t", Plan("line", AT, AT))
    assert plot is not None and plot.counted and [number for _at, number in plot.line] == [2.0] * 30


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=50))
async def test_the_spread_counts_every_value_once(values: list[float]) -> None:
    plot = await paint(Table(cao=values), "t", Plan("spread", HEIGHT))
    if plot is None:
        assert max(values) - min(values) <= max(1e-9 * max(map(abs, values)), 1e-300)
        return
    assert sum(plot.counts) == len(values) and len(plot.edges) == len(plot.counts) + 1
    step = plot.edges[1] - plot.edges[0]
    assert plot.edges[0] - step / 1e3 <= min(values) and max(values) <= plot.edges[-1] + step / 1e3
    assert len(plot.counts) <= BINS + 2


async def test_infinite_values_are_left_out_of_the_spread() -> None:
    plot = await paint(Table(cao=[1.0, 2.0, 30.0, math.inf, math.nan]), "t", Plan("spread", HEIGHT))
    assert plot is not None and sum(plot.counts) == 3


async def test_a_slip_of_the_pen_does_not_flatten_the_spread() -> None:
    plot = await paint(Table(cao=[*(n / 50 for n in range(1_000)), 1e6]), "t", Plan("spread", HEIGHT))
    assert plot is not None and plot.edges[-1] <= 21 and sum(plot.counts) < plot.rows == 1_001


async def test_a_list_of_codes_gives_way_to_kinds() -> None:
    codes, table = OpenColumn(name="cao", type="text"), Table(loai=["a", "a", "b"] * 4, cao=[1.0, 2.0, 3.0] * 4)
    plots = await paint_all(table, "t", [Plan("bars", codes), Plan("bars", SPECIES)])
    assert [plot.names for plot in plots] == [[("a", 8), ("b", 4)]]


@given(st.floats(1e-9, 1e12))
def test_steps_are_one_two_five(step: float) -> None:
    larger = nice(step)
    assert step * (1 - 1e-9) <= larger < step * 2.5 * (1 + 1e-9)
    assert any(
        math.isclose(larger / 10 ** math.floor(math.log10(larger * (1 + 1e-12))), factor) for factor in (1, 2, 5)
    )
