"""The opaque `_after`: which release, which order, the values of the last row given, and its place."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from nhip.portal.model import OpenColumn
from nhip.portal.rows.errors import CursorForeign, ValueUnreadable
from nhip.portal.rows.model import Ask
from nhip.portal.rows.values import read_value


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where to go on. `values` are those of the order's columns in the last row; `place` its number in the file or group."""

    release: int
    order: str
    values: list[str | int | float | bool | None]
    place: int


def order_mark(ask: Ask) -> str:
    """Tells whether a cursor was made for the same order and groups."""
    told = msgspec.json.encode([ask.order, ask.groups, ask.aggregates])
    return hashlib.sha256(told).hexdigest()[:8]


def write_cursor(release: int, ask: Ask, values: Sequence[Any], place: int) -> str:
    """The text of a cursor."""
    cursor = Cursor(release, order_mark(ask), [_plain(value) for value in values], place)
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """A cursor from its text. Raises CursorForeign for whatever we did not write."""
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise CursorForeign from None
    if not 0 <= found.place < 2**62 or not 0 <= found.release < 2**31:
        raise CursorForeign
    return found


def values_of(cursor: Cursor, ask: Ask, columns: Sequence[OpenColumn]) -> list[Any]:
    """The values of the cursor as values of the order's `columns`. Raises CursorForeign."""
    if cursor.order != order_mark(ask) or len(cursor.values) != len(columns):
        raise CursorForeign
    try:
        return [_again(column, value) for column, value in zip(columns, cursor.values, strict=True)]
    except ValueUnreadable:
        raise CursorForeign from None


def _again(column: OpenColumn, value: str | int | float | bool | None) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if column.type == "number" and isinstance(value, float):
        return value
    return read_value(column, value if isinstance(value, str) else str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
