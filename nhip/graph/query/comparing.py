"""How a target value compares with a literal of q (CIM 009, 4.9): types must be alike; times are compared as times."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from nhip.graph.query.model import Term, Value
from nhip.graph.query.patterns import compile_pattern

Test = Callable[[Any], bool]
"""Whether one target value (of an attribute, a key inside it, or one language) meets a condition."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TIME_LENGTH = 40
Moment = tuple[str, Any]


def moment(text: str) -> Moment | None:
    """(`dateTime` | `date` | `time`, value to compare) of an ISO 8601 text; None for any other. No zone means UTC."""
    return _moment(text) if 8 <= len(text) <= _TIME_LENGTH and text[:2].isdigit() else None


@lru_cache(maxsize=8192)
def _moment(text: str) -> Moment | None:
    try:
        if text[2] == ":":
            time = dt.time.fromisoformat(text)
            return "time", (time if time.tzinfo else time.replace(tzinfo=dt.UTC))
        if len(text) == 10:
            return "date", dt.date.fromisoformat(text)
        when = dt.datetime.fromisoformat(text)
        return "dateTime", (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def plain(value: Any) -> Any:
    """The value itself, without JSON-LD's typed wrapping (`{"@type": "DateTime", "@value": …}`)."""
    return value["@value"] if isinstance(value, dict) and "@value" in value else value


def test_of(term: Term) -> Test:
    """The test of a term's operator and literals; `exists` and `absent` hold for any target value."""
    if term.operator in {"exists", "absent"}:
        return lambda target: True
    if term.operator in {"~=", "!~="}:
        return _pattern_test(term.values[0].value, wanted=term.operator == "~=")
    if term.operator in _ORDER:
        return _order_test(term.values[0], _ORDER[term.operator])
    equal = _range_test(term.values) if term.range else _list_test(term.values)
    if term.operator == "==":
        return equal
    return lambda target: not equal(target)


def _pattern_test(pattern: str, wanted: bool) -> Test:
    search = compile_pattern(pattern).search

    def test(target: Any) -> bool:
        return isinstance(target, str) and (search(target) is not None) is wanted

    return test


def _order_test(value: Value, compare: Callable[[Any, Any], bool]) -> Test:
    literal = value.value
    if value.kind == "number":

        def number(target: Any) -> bool:
            target = plain(target)
            return isinstance(target, int | float) and not isinstance(target, bool) and compare(target, literal)

        return number
    when = moment(literal)
    if when is None:

        def word(target: Any) -> bool:
            target = target if type(target) is str else plain(target)
            return isinstance(target, str) and compare(target, literal)

        return word

    def text(target: Any) -> bool:
        target = plain(target)
        if not isinstance(target, str):
            return False
        if (other := moment(target)) is not None:
            return other[0] == when[0] and compare(other[1], when[1])
        return compare(target, literal)

    return text


def _range_test(values: tuple[Value, ...]) -> Test:
    low, high = _order_test(values[0], operator.ge), _order_test(values[1], operator.le)

    def test(target: Any) -> bool:
        return (
            any(low(one) and high(one) for one in target) if isinstance(target, list) else low(target) and high(target)
        )

    return test


def _list_test(values: tuple[Value, ...]) -> Test:
    tests = [_equal_test(value) for value in values]
    if len(tests) == 1:
        single = tests[0]
        return lambda target: any(map(single, target)) if isinstance(target, list) else single(target)

    def test(target: Any) -> bool:
        elements = target if isinstance(target, list) else [target]
        return any(equal(one) for one in elements for equal in tests)

    return test


def _equal_test(value: Value) -> Test:
    literal = value.value
    if value.kind == "number":
        return lambda target: _same_number(plain(target), literal)
    if value.kind == "boolean":
        return lambda target: plain(target) is literal
    when = moment(literal)
    if when is None:
        return lambda target: bool(plain(target) == literal)
    return lambda target: _same_text(plain(target), literal, when)


def _same_number(target: Any, literal: float) -> bool:
    return not isinstance(target, bool) and isinstance(target, int | float) and target == literal


def _same_text(target: Any, literal: str, when: Moment) -> bool:
    return isinstance(target, str) and (target == literal or moment(target) == when)
