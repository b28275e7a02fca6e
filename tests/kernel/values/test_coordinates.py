"""Latitudes, longitudes and pairs, case by case."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.values.coordinates import parse_latitude, parse_longitude, split_pair
from nhip.kernel.values.model import Parsed


def _form(value):
    return Parsed(value, "coordinate.form")


def _error(rule, suggestion=""):
    return Parsed(None, f"coordinate.{rule}", "error", suggestion)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16.463713", Parsed("16.463713")),
        ("16.468", Parsed("16.468")),
        ("0", Parsed("0")),
        ("16,463713", _form("16.463713")),
        ("16.463713°", _form("16.463713")),
        ("vĩ độ: 16,46", _form("16.46")),
        ("16°28'5.3\"N", _form("16.46813889")),
        ("16º28’05″", _form("16.46805556")),
        ("16 28 05", _form("16.46805556")),
        ("16:28:05", _form("16.46805556")),
        ("16°28.088'", _form("16.46813333")),
        ("16d28m5.3s", _form("16.46813889")),
        ("16d 28m 5,3s N", _form("16.46813889")),
        ("16d28m5.3sB", _form("16.46813889")),
        ("VĐ: 16,4637", _form("16.4637")),
        ("16 độ 28 phút 5,3 giây Bắc", _form("16.46813889")),
        ("N16°28'", _form("16.46666667")),
        ("16°28'B", _form("16.46666667")),
        ("-16,5", _form("-16.5")),
        ("16.5 S", _form("-16.5")),
        ("107°35'E", _error("swapped")),
        ("91", _error("range")),
        ("16°61'", _error("range")),
        ("16.463.713", _error("point", "16.463713")),
        ("16463713", _error("point", "16.463713")),
        ("10763713", _error("point", "10.763713")),
        ("16.46, 107.59", _error("pair", "16.46")),
        ("16 28", _error("unreadable")),
        ("Huế", _error("unreadable")),
        ("N/A", Parsed(None, "value.blank")),
    ],
)
def test_latitudes(text, expected):
    assert parse_latitude(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("107.590123", Parsed("107.590123")),
        ("107°35'24\"Đ", _form("107.59")),
        ("107°35'24\" Đông", _form("107.59")),
        ("107.590.123", _error("point", "107.590123")),
        ("16°28'N", _error("swapped")),
        ("181", _error("range")),
    ],
)
def test_longitudes(text, expected):
    assert parse_longitude(text) == expected


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("16.46, 107.59", ("16.46", "107.59")),
        ("16.46,107.59", ("16.46", "107.59")),
        ("(16.46;107.59)", ("16.46", "107.59")),
        ("16,46 107,59", ("16,46", "107,59")),
        ("16,46; 107,59", ("16,46", "107,59")),
        ("107°35'Đ, 16°28'B", ("107°35'd", "16°28'b")),
        ("N16°28' E107°35'", ("n16°28'", "e107°35'")),
        ("16°28'05\" 107°35'02\"", ("16°28'05\"", "107°35'02\"")),
        ("16.46", None),
        ("16°28'05\"", None),
        ("1,2,3", None),
    ],
)
def test_pairs(text, pair):
    assert split_pair(text) == pair


@settings(deadline=None)
@given(st.integers(0, 89), st.integers(0, 59), st.integers(0, 5999))
def test_degrees_minutes_seconds(degrees, minutes, hundredths):
    """Every way of writing the same angle is the same number."""
    seconds = hundredths / 100
    expected = degrees + minutes / 60 + seconds / 3600
    forms = (
        f"{degrees}°{minutes}'{seconds:.2f}\"",
        f"{degrees} {minutes:02d} {seconds:05.2f}",
        f"{degrees}° {minutes}′ {seconds:.2f}″ N".replace(".", ","),
        f"{degrees} độ {minutes} phút {seconds:.2f} giây",
    )
    for text in forms:
        value = parse_latitude(text).value
        assert value is not None, text
        assert float(value) == pytest.approx(expected, abs=1e-8)
