"""Whether two values are the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.alike import same

_scalars = st.sampled_from([0, 1, 0.0, 1.0, True, False, None, "1", "", 2.5])
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "a:b"]), inner, max_size=2),
    max_leaves=4,
)


@given(_values, _values)
def test_values_are_the_same_when_their_json_is(one: Any, other: Any) -> None:
    def text(value: Any) -> bytes:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)

    assert same(one, other) == (text(one) == text(other))


@pytest.mark.parametrize("other", [1.0, True])
def test_numbers_are_told_apart_deep_inside(other: Any) -> None:
    def point(first: Any) -> Any:
        return {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [first, 2]}, "a:b": [{"value": first}]}

    assert same(point(1), point(1))
    assert not same(point(1), point(other))
