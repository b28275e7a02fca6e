"""What counts as an instant that may stay as it was given."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nhip.graph.document.times import is_instant


@pytest.mark.parametrize("given", ["2026-11-22T08:00:00Z", "2026-11-22T08:00:00.123456789Z"])
def test_what_stays_as_it_was_given(given: str) -> None:
    assert is_instant(given)


@pytest.mark.parametrize(
    "given",
    [
        None,
        1,
        True,
        [],
        {},
        ["2026-11-22T08:00:00Z"],
        "",
        "2026-11-22",
        "2026-13-22T08:00:00Z",
        "2026-11-22T08:00:00,5Z",
        "2026-11-22T08:00:00.Z",
        "2026-11-22T08:00:00.5+Z",
        "2026-11-22T08:00:00.1234567890Z",
        "2026-11-22T24:00:00Z",
        "2026-W47-7T08:00:00Z",
        "2026-11-22T08:00:0\u0661Z",
        "2026-11-22T08:00:00.\u0661Z",
    ],
)
def test_what_no_source_makes_an_instant_of(given: Any) -> None:
    """Sources that tell no times at all, or anything in their place, among it what cannot be remembered."""
    assert not is_instant(given)


_WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)


@given(st.integers(0, 24), st.characters() | st.sampled_from("0123456789TZ:-+., W"), st.sampled_from(["", ".123"]))
def test_no_sign_stands_for_another(place: int, sign: str, part: str) -> None:
    """An instant with one sign changed is one only where it is written as one still."""
    right = f"2026-11-22T08:00:00{part}Z"
    text = right[:place] + sign + right[place + 1 :]
    if is_instant(text):
        assert _WRITTEN.fullmatch(text) is not None


_DIGITS = st.integers(0, 99).map("{:02d}".format)


@given(
    st.sampled_from(["0000", "1900", "2024", "2026", "9999"]), *[_DIGITS] * 5, st.sampled_from(["", ".5", ".123456789"])
)
@example("2024", "02", "29", "00", "00", "00", "")
@example("2026", "02", "29", "00", "00", "00", "")
def test_the_calendar_decides(year: str, month: str, day: str, hour: str, minute: str, second: str, part: str) -> None:
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        assert not is_instant(f"{text}{part}Z")
    else:
        assert is_instant(f"{text}{part}Z")
