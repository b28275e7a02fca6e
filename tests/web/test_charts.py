"""Charts: well-formed SVG, a text alternative with the numbers, gaps as gaps, nothing unescaped."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.web import charts
from nhip.web.i18n import speaking

values = st.lists(st.none() | st.floats(-1e9, 1e9, allow_nan=False), max_size=40)
NASTY = '<script>"&'


def _days(numbers):
    return [(date(2026, 1, 1) + timedelta(days=n), value) for n, value in enumerate(numbers)]


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
