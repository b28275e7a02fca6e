"""Charts: well-formed SVG, a text alternative with the numbers, gaps as gaps, nothing unescaped."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.web import charts
from nhip.web.i18n import speaking

values = st.lists(st.none() | st.floats(-1e9, 1e9, allow_nan=False), max_size=40)
NASTY = '<script>"&'


def _days(numbers):
    return [(date(2026, 1, 1) + timedelta(days=n), value) for n, value in enumerate(numbers)]


@settings(deadline=None)  # the first one reads the catalogue
@given(values)
def test_every_chart_is_well_formed(numbers) -> None:
    for drawn in (
        charts.sparkline(numbers, NASTY),
        charts.series(_days(numbers), NASTY, "µg/m³", target=5),
        charts.bars([(NASTY, value) for value in numbers], NASTY),
        charts.multiples([(NASTY, numbers), ("b", [])], NASTY),
    ):
        tree = ET.fromstring(drawn)
        assert tree.get("aria-label", "").startswith(NASTY)
        assert "<script" not in drawn
        assert "style=" not in drawn
        assert "nan" not in drawn and "inf" not in drawn


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_histograms_are_well_formed(counts) -> None:
    tree = ET.fromstring(charts.histogram(counts, list(range(len(counts) + 1)), "Diện tích", "m²"))
    assert len(tree.findall("rect")) == len(counts)


def test_the_text_alternative_holds_the_numbers() -> None:
    with speaking("vi"):
        told = ET.fromstring(charts.sparkline([88, None, 1234.5], "đúng", "dòng")).get("aria-label")
    assert told == "đúng: 2 giá trị, thấp nhất 88 dòng, cao nhất 1.234,5 dòng, mới nhất 1.234,5 dòng"


def test_a_gap_breaks_the_line() -> None:
    assert charts.sparkline([1, 2, None, 3, 4], "x").count("M") == 2


def test_a_pause_is_a_gap_too() -> None:
    begin = datetime(2026, 11, 22, tzinfo=UTC)
    steady = [(begin + timedelta(minutes=n), n % 5) for n in range(60)]
    assert charts.series(steady, "x").count("M") == 1
    paused = [(begin - timedelta(hours=16), 3), *steady]
    drawn = charts.series(paused, "x")
    assert drawn.count("M") == 2 and "h0" in drawn, "what was measured once is a dot, not a line over the night"
    sparse = [(begin + timedelta(days=n * n), n) for n in range(6)]
    assert charts.series(sparse, "x").count("M") == 1, "of a few values nobody knows what is usual"


def test_bars_begin_at_zero() -> None:
    tree = ET.fromstring(charts.bars([("a", 100), ("b", 50), ("c", None)], "x"))
    widths = [float(rect.get("width", "").rstrip("%")) for rect in tree.findall("rect")]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert widths[2] == 0


def test_a_series_begins_at_zero_unless_told_otherwise() -> None:
    points = _days([100.0, 110.0])

    def lowest_point(drawn: str) -> float:
        path = ET.fromstring(drawn).find("svg/path[@class='line']")
        assert path is not None
        return max(float(pair.split()[1]) for pair in path.get("d", "").replace("M", "L").split("L")[1:])

    assert lowest_point(charts.series(points, "x")) < lowest_point(charts.series(points, "x", zero=False))


def test_a_line_within_a_day_tells_the_time_of_day_and_every_line_its_reach() -> None:
    start = datetime(2026, 11, 22, 7, 43, tzinfo=UTC)
    with speaking("vi"):
        hours = charts.series([(start, 0.5), (start + timedelta(minutes=4), 1.25)], "Mực nước", "m", zero=False)
        without = start.replace(tzinfo=None)
        naive = charts.series([(without, 1), (without + timedelta(hours=2), 2)], "Mực nước")
        days = charts.series([(start, 1), (start + timedelta(days=9), 2)], "Mực nước")
    assert "14:43\u00a022/11/2026" in hours and "14:47" in hours and "0,5 m" in hours and "1,25 m" in hours
    assert "07:43\u00a022/11/2026" in naive and "09:43" in naive
    assert "14:43" not in days and "22/11/2026" in days and "01/12/2026" in days
