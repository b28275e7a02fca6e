"""Rules over one cell, compiled to SQL conditions that are true for a fault. NULL cells break none of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nhip.datasets.check.errors import LimitUnreadable
from nhip.datasets.check.pattern import compiled
from nhip.datasets.contract.expression import SQL_TYPE, engine
from nhip.datasets.contract.model import Field
from nhip.datasets.engine import CELL, literal
from nhip.datasets.model import Severity

SHORT_ENUM = 40
"""Up to so many values an enum is a list in the condition; longer ones are joined as a table (linear lists are slow)."""

EMAIL = r"[^\s@<>()\[\],;:\"]+@[^\s@.<>()\[\],;:\"]+(?:\.[^\s@.<>()\[\],;:\"]+)+"
UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
URI = r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+"
TEXT_FORMATS = {"email": EMAIL, "uuid": UUID, "uri": URI, "url": URI}
"""ODCS formats of text that are checked; others only describe."""


class CellRule(NamedTuple):
    """`broken` is an SQL condition with CELL for the typed value. With `among`, a value outside these (as text) is broken
    instead."""

    rule: str
    severity: Severity
    broken: str = ""
    among: tuple[str, ...] = ()

    def on(self, value: str) -> str:
        """The condition for the SQL expression `value`."""
        return self.broken.replace(CELL, value)


def cell_rules(field: Field) -> list[CellRule]:
    """Rules of `field` other than required and type, in the order in which they are reported.

    Raises PatternUnusable, LimitUnreadable.
    """
    found = [*_limits(field), *_lengths(field), *_words(field)]
    return [CellRule(rule, field.severity.get(rule, "error"), *rest) for rule, *rest in found]


def _limits(field: Field) -> Iterator[tuple[str, str]]:
    limits = (
        ("minimum", "<", field.minimum),
        ("maximum", ">", field.maximum),
        ("exclusiveMinimum", "<=", field.exclusive_minimum),
        ("exclusiveMaximum", ">=", field.exclusive_maximum),
    )
    for rule, sign, limit in limits:
        if limit is not None and field.type not in ("string", "boolean"):
            yield rule, f"{CELL} {sign} {constant(field, rule, limit)}"
    if field.multiple_of and field.type in ("integer", "number"):
        step = constant(field, "multipleOf", field.multiple_of, "DOUBLE")
        yield "multipleOf", f"abs({CELL} / {step} - round({CELL} / {step})) > 1e-9"


def _lengths(field: Field) -> Iterator[tuple[str, str]]:
    if field.type == "string":
        if field.min_length is not None:
            least = int(field.min_length)  # bytes are counted at once, letters one by one
            yield "minLength", f"strlen({CELL}) < {4 * least} AND length({CELL}) < {least}"
        if field.max_length is not None:
            most = int(field.max_length)
            yield "maxLength", f"strlen({CELL}) > {most} AND length({CELL}) > {most}"


def _words(field: Field) -> Iterator[tuple[str, str] | tuple[str, str, tuple[str, ...]]]:
    if field.type == "string" and field.pattern:
        yield "pattern", f"NOT regexp_full_match({CELL}, {literal(compiled(field.name, field.pattern))})"
    if field.type == "string" and field.format in TEXT_FORMATS:
        yield "format", f"NOT regexp_full_match({CELL}, {literal(TEXT_FORMATS[field.format])})"
    if field.enum and len(field.enum) <= SHORT_ENUM:
        yield "enum", f"{CELL} NOT IN ({', '.join(constant(field, 'enum', value) for value in field.enum)})"
    elif field.enum:
        yield "enum", "", tuple(field.enum)


def constant(field: Field, rule: str, value: float | str, sql_type: str = "") -> str:
    """`value` as an SQL constant of the field's type. Raises LimitUnreadable."""
    sql_type = sql_type or SQL_TYPE[field.type]
    text = repr(value) if isinstance(value, float) else str(value)
    if field.type == "integer" and isinstance(value, float):
        sql_type = "DOUBLE"  # 0.5 is a fair limit for whole numbers
    with engine() as con:
        row = con.execute(f"SELECT TRY_CAST(? AS {sql_type}) IS NOT NULL", [text]).fetchone()
    if not row or not row[0]:
        raise LimitUnreadable(rule=rule, column=field.name, value=text, type=sql_type.lower())
    return literal(text) if sql_type == "VARCHAR" else f"CAST({literal(text)} AS {sql_type})"
