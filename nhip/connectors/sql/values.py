"""Values of databases as canonical text: ISO 8601 dates and times, decimals digit for digit, bytes as `\\x` and hex."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec


def _decimal(value: decimal.Decimal) -> str:
    return format(value, "f") if value.is_finite() else str(value)


def _duration(value: timedelta) -> str:
    """As MySQL writes TIME: hours may pass 24 and be negative."""
    sign, total = ("-", -value) if value < timedelta() else ("", value)
    seconds = total.days * 86_400 + total.seconds
    fraction = f".{total.microseconds:06}" if total.microseconds else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


_TEXT: dict[type, Callable[[Any], str]] = {
    str: lambda value: value,
    int: str,
    bool: lambda value: "true" if value else "false",
    float: repr,
    decimal.Decimal: _decimal,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _duration,
    bytes: lambda value: "\\x" + value.hex(),
    bytearray: lambda value: "\\x" + value.hex(),
    memoryview: lambda value: "\\x" + value.hex(),
}


def canonical(value: Any) -> str | None:
    """`value` as text; None stays None."""
    if value is None:
        return None
    made = _TEXT.get(type(value))
    if made is not None:
        return made(value)
    if isinstance(value, list | dict | tuple):
        return msgspec.json.encode(value, enc_hook=canonical).decode()
    return str(value)


def row_line(names: Sequence[str], row: Sequence[Any]) -> bytes:
    """A row as one line of NDJSON with text and null only."""
    values = dict(zip(names, map(canonical, row), strict=True))
    try:
        return msgspec.json.encode(values) + b"\n"
    except UnicodeEncodeError:
        clean = {name: text and text.encode("utf-8", "replace").decode() for name, text in values.items()}
        return msgspec.json.encode(clean) + b"\n"


def distinct(names: Sequence[str]) -> list[str]:
    """Column names that differ: the second `id` of a join becomes `id_2`."""
    found: list[str] = []
    for place, name in enumerate(names):
        plain = name or f"column_{place + 1}"
        unique, number = plain, 2
        while unique in found:
            unique, number = f"{plain}_{number}", number + 1
        found.append(unique)
    return found


def remembered(value: Any) -> dict[str, str]:
    """A cursor value for the state: its type and its text."""
    kind = {int: "int", float: "float", decimal.Decimal: "decimal", datetime: "datetime", date: "date"}.get(
        type(value), "str"
    )
    return {"type": kind, "text": canonical(value) or ""}


def revived(kept: dict[str, str]) -> Any:
    """The value of `remembered`, of the type that the database gave."""
    makers: dict[str, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "decimal": decimal.Decimal,
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
    }
    return makers.get(kept["type"], str)(kept["text"])
