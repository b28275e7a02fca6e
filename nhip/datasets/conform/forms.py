"""The form of one column: the SQL that reads canonical text at full speed, and the parser for every other text.

Most cells of most files are canonical already. They are cast by DuckDB and never seen by Python; the rest goes through a parser
once a distinct value (`mapping.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from nhip.datasets.check.personal import with_personal
from nhip.datasets.conform.dateform import DEFAULTS, date_form, iso
from nhip.datasets.conform.text import SUSPECT, SUSPECT_NAME, parse_name, parse_text
from nhip.datasets.contract.expression import SQL_TYPE
from nhip.datasets.contract.model import Field
from nhip.datasets.engine import CELL, literal
from nhip.kernel.time import VIETNAM
from nhip.kernel.values.fastpath import CANONICAL
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.registry import canonical_sql, form_name, parser_for

Parser = Callable[[str], Parsed]
Sql = Callable[[str], str]

ISO_YEARS = "BETWEEN DATE '1800-01-01' AND DATE '2200-12-31'"
"""The years of `fastpath.DATE`."""
ISO_SHAPE = "GLOB '????-??-?[0-9]'"
"""What a text that DuckDB casts to a date lacks to be ISO 8601: it also reads `15-3-19`, as the year 15, and blanks around."""
ISO_DATE = f"{CELL} {ISO_SHAPE} AND TRY_CAST({CELL} AS DATE) {ISO_YEARS}"
"""True exactly where `fastpath.DATE` matches, at a third of the cost."""

SHORT_LIST = 40
"""So many values of an enum are compared before the regex."""

UNTOUCHED = {"geometry"}
"""Kinds of text that are stored as delivered."""


class Reading(NamedTuple):
    """How a column is known to be written: its decimal mark, its order of day and month, serial numbers for dates."""

    decimal: str = ""
    order: str = ""
    serial: bool = False


class Form(NamedTuple):
    """How the cells of a column are read.

    `canonical(sql)` is the condition that the text in the SQL expression `sql` is canonical; `sure(sql)` the value of a text
    that is known to be, `tried(sql)` the same without an error for others. `parse` reads the others; None when there are none.
    `shape` names the canonical form where a quicker test than its condition is known (`check/quick.py`).
    """

    type: str
    canonical: Sql
    sure: Sql
    tried: Sql
    parse: Parser | None
    shape: str = ""

    def typed(self, sql: str) -> str:
        """The value of the canonical text in the SQL expression `sql`, NULL where the text is not canonical."""
        return f"CASE WHEN {self.canonical(sql)} THEN {self.sure(sql)} END" if self.parse else self.sure(sql)


def form_of(field: Field, reading: Reading, *, as_delivered: bool) -> Form:
    """The form of `field`. Strict (only the exact form counts) with `as_delivered` or a `format` in the contract.

    Raises FormatUnknown for a date format that cannot be used.
    """
    sql_type = SQL_TYPE[field.type]
    if field.type == "string":
        return _string(field, reading, as_delivered)
    if as_delivered or field.format:
        return _strict(field, reading)
    parse = _lenient(field, reading)
    if field.type == "date":
        return _form("DATE", ISO_DATE, parse, shape="date")
    condition = canonical_sql(CELL, field.type, field.kind, decimal=reading.decimal)
    return _form(sql_type, condition, parse, shape=form_name(field.type, field.kind, reading.decimal))


def _lenient(field: Field, reading: Reading) -> Parser:
    order = field.order or reading.order
    return parser_for(
        field.type, field.kind, unit=field.unit, order=order, decimal=reading.decimal, serial=reading.serial
    )


def _form(sql_type: str, condition: str, parse: Parser | None, *, value: str = "", shape: str = "") -> Form:
    """A form whose canonical texts meet `condition` and are then cast, or read by `value`; CELL in both is the column."""
    is_text = sql_type == "VARCHAR"
    sure = value or (CELL if is_text else f"CAST({CELL} AS {sql_type})")
    tried = value or (CELL if is_text else f"TRY_CAST({CELL} AS {sql_type})")
    return Form(sql_type, _over(condition), _over(sure), _over(tried), parse, shape)


def _over(template: str) -> Sql:
    return lambda column: template.replace(CELL, column)


def _matches(regex: str) -> str:
    return f"regexp_full_match({CELL}, {literal(regex)})"


def _string(field: Field, reading: Reading, as_delivered: bool) -> Form:
    if as_delivered or field.kind in UNTOUCHED:
        return _form("VARCHAR", "true", None)
    if field.kind in CANONICAL:
        return _form("VARCHAR", canonical_sql(CELL, "string", field.kind), parser_for("string", field.kind))
    suspect, parse = (SUSPECT_NAME, parse_name) if field.kind == "person_name" else (SUSPECT, parse_text)
    plain = f"NOT regexp_matches({CELL}, {literal(with_personal(field, suspect))})"
    known = [literal(value) for value in field.enum[:SHORT_LIST] if parse(value).value == value]
    if known:  # most cells are one of a few words: a list is faster than the regex
        plain = f"CASE WHEN {CELL} IN ({', '.join(known)}) THEN true ELSE {plain} END"
    return _form("VARCHAR", plain, parse)


_PLAIN_NUMBER = r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?"


def _strict(field: Field, reading: Reading) -> Form:
    if field.type in ("date", "time", "timestamp"):
        return _strict_moment(field, reading)
    lenient = _lenient(field, reading)
    sql_type = SQL_TYPE[field.type]
    if field.type == "boolean":
        known = {text: word for word in ("true", "false") for text in (word, word.title(), word.upper())}
        known |= {"1": "true", "0": "false"}
        parse = _fallback(known.get, "boolean.form", lenient)
        return _form(sql_type, f"{CELL} IN ('true', 'false')", parse)
    if field.type == "integer":
        parse = _fallback(_read_integer, "number.form", lenient)
        return _form(sql_type, _matches(CANONICAL["integer"]), parse, shape="integer")
    parse = _fallback(_read_number, "number.form", lenient)
    return _form(sql_type, _matches(_PLAIN_NUMBER), parse, shape="number.point")


def _strict_moment(field: Field, reading: Reading) -> Form:
    lenient = _lenient(field, reading)
    sql_type = SQL_TYPE[field.type]
    format = field.format or DEFAULTS.get(field.type, "")
    if not format:
        parse = _fallback(_read_iso, "date.form", lenient)
        return _form(sql_type, _matches(CANONICAL["timestamp"]), parse)
    form = date_form(field.name, format)
    parse = _fallback(lambda text: form.read(text, field.type), "date.form", lenient)
    if form.strptime == "%Y-%m-%d" and field.type == "date":
        return _form(sql_type, ISO_DATE, parse, shape="date")
    value = f"CAST(try_strptime({CELL}, {literal(form.strptime)}) AS {sql_type})"
    return _form(sql_type, f"{_matches(form.exact)} AND {value} IS NOT NULL", parse, value=value)


def _fallback(read: Callable[[str], str | None], rule: str, lenient: Parser) -> Parser:
    """A strict parser: what `read` takes is kept, `rule` naming the small freedom; the rest is a fault of type, with what
    `lenient` would have made of it as the suggestion."""

    def parse(text: str) -> Parsed:
        value = read(text)
        if value is not None:
            return Parsed(value, "" if value == text else rule)
        guess = lenient(text)
        return Parsed(None, "type", "error", guess.value or guess.suggestion)

    return parse


MOST_DIGITS = 400
"""Longer texts are not tried as numbers."""


def _read_integer(text: str) -> str | None:
    """What Python's `int` reads, within 64 bits."""
    try:
        number = int(text) if len(text) < MOST_DIGITS else None
    except ValueError:
        return None
    return str(number) if number is not None and -(2**63) <= number < 2**63 else None


def _read_number(text: str) -> str | None:
    """What Python's `Decimal` reads, without NaN and infinities."""
    try:
        number = Decimal(text.strip()) if len(text) < MOST_DIGITS else None
    except InvalidOperation:
        return None
    return str(number) if number is not None and number.is_finite() else None


def _read_iso(text: str) -> str | None:
    """ISO 8601 date and time with seconds; an offset is converted to the time in Vietnam."""
    if len(text) < 19 or text[16] != ":":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return iso(moment.astimezone(VIETNAM) if moment.tzinfo else moment, "timestamp")


TYPED = {"parquet", "gpkg", "shapefile", "dbf", "sqlite"}
"""Formats (as decode names them) whose numbers are numbers, written out with a decimal point. In JSON and spreadsheets numbers
stand as text too often (`"20.000"`): there the column has to prove its decimal mark."""
SPREADSHEETS = {"xlsx", "xls", "ods", "spreadsheetml", "csv", "tsv"}
"""Formats in which a date may have become its serial number."""


def reading_of(format: str) -> Reading:
    """What a file's format says of its columns."""
    return Reading(decimal="." if format in TYPED else "", serial=format in SPREADSHEETS)
