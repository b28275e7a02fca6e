"""Intervals of tables lose nothing: what patterns say of their texts, and marks in the order of what they stand for."""

from __future__ import annotations

from itertools import combinations

import pytest
import re2
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nhip.graph.query.comparing import moment
from nhip.graph.query.finds import beginning, literal_part
from nhip.graph.query.patterns import compile_pattern
from nhip.graph.query.values import Index, mark, read_index, rows_of

_AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PIECES = st.sampled_from(
    ["a", "b", "ab", "ế", "e\u0301", " ", ".", ".*", ".+?", "\\.", "?", "*", "+", "{2}", "|", "[ab]", "\\d", "^", "$"]
)
_TEXTS = st.text(alphabet="abế.\u03012 e", max_size=8)


@_AT_LEISURE
@given(st.lists(_PIECES, max_size=6).map("".join), st.lists(_TEXTS, min_size=20, max_size=20))
def test_what_a_pattern_finds_has_its_beginning_and_its_part(pattern: str, texts: list[str]) -> None:
    try:
        search = compile_pattern(pattern).search
    except re2.error:
        assume(False)
    for text in texts:
        if search(text) is not None:
            assert text.startswith(beginning(pattern)) and literal_part(pattern) in text


@pytest.mark.parametrize(
    ("pattern", "start", "part"),
    [
        ("^75B-", "75B-", "75B-"),
        ("^Trường", "Trường", "Trường"),
        ("^ab?", "a", ""),
        ("75B", "", "75B"),
        ("^.*quận 1.*$", "", "quận 1"),
        ("(?i)abc", "", ""),
        ("ab|cd", "", ""),
        ("^a\\.b", "a.b", "a.b"),
        ("[ab]cde", "", ""),
    ],
)
def test_beginnings_and_parts(pattern: str, start: str, part: str) -> None:
    assert (beginning(pattern), literal_part(pattern)) == (start, part)


_TIMES = st.one_of(
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.times(timezones=st.just(None)).map(lambda at: at.isoformat()),
    st.times().map(lambda at: f"{at:%H:%M:%S}+07:00"),
)


@_AT_LEISURE
@given(st.lists(_TIMES, min_size=2, max_size=6))
def test_times_are_in_the_order_of_their_marks(texts: list[str]) -> None:
    for one, other in combinations(texts, 2):
        left, right = moment(one), moment(other)
        if left and right and left[0] == right[0]:
            assert (left[1] < right[1]) == (mark(one) < mark(other))
            assert (left[1] == right[1]) == (mark(one) == mark(other))


@_AT_LEISURE
@given(
    st.lists(
        st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXTS, _TIMES),
        min_size=2,
    )
)
def test_equal_values_have_equal_marks(values: list[bool | int | float | str]) -> None:
    for one, other in combinations(values, 2):
        alike = isinstance(one, bool) == isinstance(other, bool) and one == other
        if mark(one) != "o" and not (isinstance(one, str) and moment(one)):
            assert alike == (mark(one) == mark(other))


def test_a_table_is_known_by_its_name() -> None:
    for one in (
        Index(("urn:a",)),
        Index(("urn:a", "observedAt"), marks=True),
        Index(("urn:a", "urn:b"), ("c", "ü d"), marks=True),
    ):
        assert read_index(one.text) == one
    assert Index(("urn:a",)).text == "urn:a"
    assert not Index(("urn:a",), ("\0",)).nameable and not Index(("urn:a",), ("k" * 3000,)).nameable


def test_rows_of_lists_are_told_apart() -> None:
    instances = [{"type": "Property", "value": [1, "a", True]}, {"type": "Property", "value": 2, "datasetId": "urn:d"}]
    assert rows_of(Index(("urn:a",)), 7, instances) == ({(-7, 1.0), (7, 2.0)}, {(-7, "a")})
    assert rows_of(Index(("urn:a",), marks=True), 7, instances) == (
        set(),
        {(-7, "n1"), (-7, "xa"), (-7, "b1"), (7, "n2")},
    )
