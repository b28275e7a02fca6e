"""What counts as an instant that may stay as it was given."""

from __future__ import annotations

from typing import Any

import pytest

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
    ],
)
def test_what_no_source_makes_an_instant_of(given: Any) -> None:
    """Sources that tell no times at all, or anything in their place, among it what cannot be remembered."""
    assert not is_instant(given)
