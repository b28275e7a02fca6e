"""The forms in which agencies deliver good values: dates, numbers, prices, yes and no, degrees."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zlib import crc32

from nhip.modelcity.model import Column, DatasetSpec

_EPOCH = date(1899, 12, 30)


def canonical(value: Any) -> str | None:
    """A good value as the text that Nhịp should store: ISO dates, decimal points, `true` and `false`."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def vietnamese(value: float) -> str:
    """`1.234,5`: points between thousands, a comma before decimals."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.6f}".rstrip("0")
    text = text + "0" if text.endswith(".") else text
    return text.translate({ord(","): ".", ord("."): ","})


def price(value: int) -> str:
    """`20.000 VND`, or `Miễn phí` for nothing."""
    return f"{vietnamese(value)} VND" if value else "Miễn phí"


def degrees(value: float, axis: str) -> str:
    """`16°28'12.345"N`; `axis` is the letter behind it."""
    minutes, seconds = divmod(round(value * 3600, 3), 60)
    return f"{int(minutes) // 60}°{int(minutes) % 60:02d}'{seconds:06.3f}\"{axis}"


FORMS: dict[str, Callable[[Any], Any]] = {
    "native": lambda value: value,
    "iso": lambda value: value.isoformat(),
    "dmy": lambda value: f"{value.day:02d}/{value.month:02d}/{value.year}",
    "dash": lambda value: f"{value.day}-{value.month}-{value.year}",
    "short": lambda value: f"{value.day}/{value.month}/{value.year}",
    "serial": lambda value: (value - _EPOCH).days,
    "moment": lambda value: value.isoformat(sep=" "),
    "vn": vietnamese,
    "vnd": price,
    "yes": lambda value: "Có" if value else "Không",
    "digit": lambda value: 1 if value else 0,
    "dms": lambda value: degrees(value, "N"),
    "nfd": lambda value: unicodedata.normalize("NFD", value),
}

TOLD = {
    "vn": "number.form",
    "vnd": "number.money",
    "serial": "date.serial",
    "dms": "coordinate.form",
    "nfd": "text.nfd",
}
"""Forms of whole columns that count as planted faults, cell by cell; plain dd/mm/yyyy and Có/Không do not."""

_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "text": {"date": ("dmy", "iso", "dash"), "boolean": ("yes", "digit"), "timestamp": ("moment",)},
    "sheet": {"date": ("dmy", "native"), "boolean": ("yes",), "timestamp": ("moment",)},
    "json": {"date": ("iso", "dmy"), "boolean": ("native", "yes"), "timestamp": ("moment",)},
    "typed": {"date": ("native",), "boolean": ("native",), "timestamp": ("native",)},
    "geo": {"date": ("iso", "dmy"), "boolean": ("yes",), "timestamp": ("moment",)},
}
_FAMILY = {
    "csv": "text", "tsv": "text", "xlsx": "sheet", "xls": "sheet", "ods": "sheet", "json": "json", "ndjson": "json",
    "geojson": "json", "kml": "geo", "gpkg": "geo", "shp": "geo", "dbf": "geo", "parquet": "typed",
}  # fmt: skip


def family(spec: DatasetSpec) -> str:
    """text, sheet, json, geo or typed; database tables are typed."""
    return _FAMILY.get(spec.way.format, "typed")


def form_of(spec: DatasetSpec, column: Column) -> str:
    """The form of a whole column: its own, else one that such files usually have, the same for one dataset for ever."""
    own = spec.dirt.forms
    for name in (column.name, column.kind, column.type):
        if name and name in own:
            return own[name]
    options = _CHOICES[family(spec)].get(column.type, ("native",))
    if column.type == "date" and not column.order:
        return "iso"
    return options[crc32(spec.slug.encode()) % len(options)]


def delivered(column: Column, values: list[Any], form: str) -> list[Any]:
    """The column's values in that form; empty cells stay None."""
    if form == "native":
        return list(values)
    if form == "dms" and column.kind == "longitude":
        return [None if value is None else degrees(value, "E") for value in values]
    make = FORMS[form]
    return [None if value is None else make(value) for value in values]
