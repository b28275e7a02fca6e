"""Limits and valid values of a contract as comparable values of the column's type."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time

from nhip.datasets.contract.options import NUMERIC

Comparable = float | date | datetime | time
_BOOLEANS = {"true", "false"}
FORMAT_PARTS = ("yyyy", "MM", "dd", "HH", "mm", "ss", "SSS", "d", "M", "yy", "H", "XXX", "Z", "X")
_FORMAT = re.compile(r"(?:yyyy|yy|MM|M|dd|d|HH|H|mm|ss|SSS|XXX|X|Z|'[^']*'|[-/.,: T])+")


def comparable(kind: str, value: float | str) -> Comparable | None:
    """`value` as a number, date, timestamp or time; None if it is not one of the column's type."""
    try:
        if kind in NUMERIC:
            number = float(value)
            return number if math.isfinite(number) else None
        if kind == "date":
            return date.fromisoformat(str(value))
        if kind == "timestamp":
            return datetime.fromisoformat(str(value))
        if kind == "time":
            return time.fromisoformat(str(value))
    except (ValueError, OverflowError):
        return None
    return None


def fits(kind: str, value: str) -> bool:
    """Whether an enum value can be a value of the type at all."""
    if kind == "string":
        return True
    if kind == "boolean":
        return value in _BOOLEANS
    if kind == "integer":
        return re.fullmatch(r"-?[0-9]+", value) is not None
    return comparable(kind, value) is not None


def later(first: Comparable, second: Comparable) -> bool:
    """Whether `first` is above `second`; False where they cannot be compared (with and without a time zone)."""
    try:
        return first > second  # type: ignore[operator]
    except TypeError:
        return False


def format_is_known(text: str) -> bool:
    """Whether a date format is made of the parts that Nhịp reads (JDK letters: yyyy, MM, dd, HH, mm, ss)."""
    return _FORMAT.fullmatch(text) is not None
