"""The single door to the parsers: by the type and kind of a contract's column."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nhip.kernel.time import today
from nhip.kernel.values import fastpath
from nhip.kernel.values.booleans import parse_boolean
from nhip.kernel.values.clock import parse_time
from nhip.kernel.values.contacts import parse_email, parse_url
from nhip.kernel.values.coordinates import parse_latitude, parse_longitude
from nhip.kernel.values.dates import parse_date
from nhip.kernel.values.identity import parse_bank_account, parse_citizen_id, parse_health_insurance, parse_tax_code
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.moments import parse_timestamp
from nhip.kernel.values.numbers import parse_number, wanted
from nhip.kernel.values.phones import parse_phone
from nhip.kernel.values.plates import parse_plate

Parser = Callable[[str], Parsed]

_KINDS: dict[str, Parser] = {
    "phone": parse_phone,
    "plate": parse_plate,
    "citizen_id": parse_citizen_id,
    "tax_code": parse_tax_code,
    "health_insurance": parse_health_insurance,
    "bank_account": parse_bank_account,
    "email": parse_email,
    "url": parse_url,
    "latitude": parse_latitude,
    "longitude": parse_longitude,
}
_NUMERIC_KINDS = ("money", "quantity", "x", "y")
_DEFAULT_UNITS = {"money": "VND"}


def form_name(type: str, kind: str = "", decimal: str = "") -> str:
    """The key of `fastpath.CANONICAL` for a column; empty when every text of the column is as good as another."""
    if kind in _KINDS:
        return kind
    if type == "integer":
        return "integer"
    if type == "number" or kind in _NUMERIC_KINDS:
        return "number.point" if decimal == "." or kind in ("x", "y") else "number"
    return type if type in fastpath.CANONICAL else ""


def canonical_for(type: str, kind: str = "", *, decimal: str = "") -> str:
    """The RE2 pattern of the column's canonical form, for the whole text; empty when there is none."""
    name = form_name(type, kind, decimal)
    return fastpath.citizen_id_pattern(today().year) if name == "citizen_id" else fastpath.CANONICAL.get(name, "")


def canonical_sql(column: str, type: str, kind: str = "", *, decimal: str = "") -> str:
    """DuckDB condition that `column` (a quoted name) holds a canonical value: true exactly where a parser's rule is empty."""
    pattern = canonical_for(type, kind, decimal=decimal)
    if not pattern:
        return "true"
    matches = f"regexp_full_match({column}, {_quoted(pattern)})"
    if form_name(type, kind) != "tax_code":
        return matches
    citizen = f"regexp_full_match({column}, {_quoted(canonical_for('string', 'citizen_id'))})"
    return f"(({matches} AND {fastpath.tax_check_sql(column)}) OR {citizen})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def evidence_for(type: str) -> dict[str, str]:
    """RE2 patterns of values that prove how a column is written: decimal mark of numbers, order of dates."""
    family = {"timestamp": "date", "integer": "number"}.get(type, type)
    return dict(fastpath.EVIDENCE.get(family, {}))


def parser_for(
    type: str,
    kind: str = "",
    *,
    unit: str = "",
    order: str = "",
    decimal: str = "",
    serial: bool = False,
    epoch1904: bool = False,
    partial_dates: bool = False,
) -> Parser:
    """The parser of a column. A kind with a parser of its own wins; text without one is given back as it is.

    unit: of the stored number (kind `money`: VND unless said otherwise); raises UnknownUnit here, not at the first value.
    order: `dmy`, `mdy`, `ymd` or empty. decimal: `.`, `,` or empty. serial: numbers from Excel may be dates and times.
    partial_dates: a year or month alone stands for its first day.
    """
    if kind in _KINDS:
        return _KINDS[kind]
    if type in ("number", "integer") or (type == "string" and kind in _NUMERIC_KINDS):
        return _number_parser(type, kind, unit, decimal)
    if type in ("date", "timestamp"):
        options: dict[str, Any] = {"order": order, "serial": serial, "epoch1904": epoch1904, "partial": partial_dates}
        return partial(parse_date if type == "date" else parse_timestamp, **options)
    if type == "time":
        return partial(parse_time, serial=serial)
    return parse_boolean if type == "boolean" else Parsed


def _number_parser(type: str, kind: str, unit: str, decimal: str) -> Parser:
    unit = unit or _DEFAULT_UNITS.get(kind, "")
    decimal = "." if kind in ("x", "y") and not decimal else decimal
    wanted(unit, type == "integer", decimal)
    return partial(parse_number, unit=unit, integer=type == "integer", decimal=decimal)
