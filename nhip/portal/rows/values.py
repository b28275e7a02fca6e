"""Values in an address as values of a column: `2026-02-09`, `1.5`, `true`."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from nhip.portal.model import OpenColumn
from nhip.portal.rows.errors import ValueUnreadable

LONGEST = 1_000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def read_value(column: OpenColumn, text: str) -> Any:
    """`text` as the type of `column`. Raises ValueUnreadable, which names the column."""
    try:
        if len(text) > LONGEST or "\0" in text:
            raise ValueError
        return _READERS.get(column.type, str)(text)
    except (ValueError, KeyError, InvalidOperation, OverflowError):
        raise ValueUnreadable(column=column.name, kind=column.type) from None


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63 or "_" in text:
        raise ValueError
    return value


def _number(text: str) -> float | Decimal:
    if "_" in text or not math.isfinite(value := float(text)):
        raise ValueError
    exact = Decimal(text)
    return exact if len(exact.as_tuple().digits) <= 18 and "e" not in text.lower() else value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": _integer,
    "number": _number,
    "boolean": lambda text: _BOOLEANS[text.lower()],
    "date": date.fromisoformat,
    "timestamp": _moment,
    "time": time.fromisoformat,
}
