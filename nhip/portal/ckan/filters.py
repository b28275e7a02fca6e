"""`filters` of CKAN 2.12 and `q` as conditions for DuckDB: values are parameters, names are quoted and known columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nhip.datasets.engine import ident
from nhip.errors import BadInput
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.portal.ckan.errors import ColumnMissing, Invalid
from nhip.portal.model import OpenColumn
from nhip.portal.rows.sql import PLACE
from nhip.portal.rows.values import read_value

MOST_CONDITIONS = 100
MOST_DEPTH = 10
ROW_NUMBER = OpenColumn(name="_id", type="integer")
"""CKAN's own column: the place of a row in the release, from 1."""
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_WORD = re.compile(r"[^\W_]+")


class Where:
    """Conditions on the rows of a release: `text` is SQL, `values` its parameters. Raises Invalid, which names the parameter."""

    def __init__(self, columns: Mapping[str, OpenColumn]) -> None:
        self.columns = columns
        self.parts: list[str] = []
        self.values: list[Any] = []
        self._count = 0

    @property
    def text(self) -> str:
        """` where …`, or nothing."""
        return f" where {' and '.join(self.parts)}" if self.parts else ""

    def add_filters(self, filters: Any) -> None:
        """A dictionary: all of it; a list of dictionaries: one of them."""
        if filters:
            self.parts.append(self._group(filters, 0))

    def _group(self, filters: Any, depth: int) -> str:
        if depth > MOST_DEPTH:
            raise Invalid(field="filters", why=_("Nested too deeply"))
        if isinstance(filters, list):
            return _joined(" or ", [self._group(one, depth + 1) for one in filters], "false")
        if not isinstance(filters, dict):
            raise Invalid(field="filters", why=_("Must be a dictionary or a list of dictionaries"))
        return _joined(" and ", [self._member(name, value, depth) for name, value in filters.items()], "true")

    def _member(self, name: str, value: Any, depth: int) -> str:
        if name in ("$or", "$and"):
            if not isinstance(value, list):
                raise Invalid(field="filters", why=_("Must be a list of dictionaries"))
            parts = [self._group(one, depth + 1) for one in value]
            return _joined(" or " if name == "$or" else " and ", parts, "false" if name == "$or" else "true")
        column = known(self.columns, name, "filters")
        if isinstance(value, list):
            return _joined(" or ", [self._condition(column, one) for one in value], "false")
        return self._condition(column, value)

    def _condition(self, column: OpenColumn, value: Any) -> str:
        if isinstance(value, dict):
            return _joined(" and ", [self._compared(column, sign, one) for sign, one in value.items()], "true")
        return self._compared(column, "eq", value)

    def _compared(self, column: OpenColumn, sign: str, value: Any) -> str:
        self._count += 1
        if self._count > MOST_CONDITIONS:
            raise Invalid(field="filters", why=_("More than 100 conditions"))
        if sign == "eq" and value is None:
            return f"{name_in_sql(column)} is null"
        if sign == "in" and isinstance(value, list):
            return _joined(" or ", [self._compared(column, "eq", one) for one in value], "false")
        if (sign != "eq" and sign not in _SIGNS) or value is None or isinstance(value, list | dict):
            raise Invalid(field="filters", why=_("Known comparisons: eq, in, gt, gte, lt, lte"))
        self.values.append(_read(column, value))
        return f"{name_in_sql(column)} {_SIGNS.get(sign, '=')} ?"

    def add_words(self, q: Any) -> None:
        """A text: each word begins a word of the row; a dictionary: of that column. Case and diacritics do not matter."""
        if isinstance(q, dict):
            for name, words in list(q.items())[:20]:
                self._words(str(words), [known(self.columns, name, "q")])
        elif q is not None and q != "":
            self._words(str(q), [column for column in self.columns.values() if column is not ROW_NUMBER])

    def _words(self, text: str, columns: list[OpenColumn]) -> None:
        words = [fold(word) for word in _WORD.findall(text[:1_000])][:10]
        cells = ", ".join(f"cast({name_in_sql(column)} as varchar)" for column in columns)
        row = f"strip_accents(replace(lower(concat_ws(' ', {cells})), 'đ', 'd'))"
        for word in words:
            self.parts.append(f"regexp_matches({row}, ?)")
            self.values.append(rf"(^|[^\pL\pN]){re.escape(word)}")
        if not words:
            self.parts.append("false")


def known(columns: Mapping[str, OpenColumn], name: str, parameter: str) -> OpenColumn:
    """A column by its name. Raises Invalid."""
    try:
        return columns[name]
    except KeyError:
        raise ColumnMissing(field=parameter, column=name[:100]) from None


def name_in_sql(column: OpenColumn) -> str:
    """What DuckDB calls a column."""
    return f"({PLACE} + 1)" if column is ROW_NUMBER else ident(column.name)


def _joined(by: str, parts: list[str], without: str) -> str:
    return f"({by.join(parts)})" if parts else without


def _read(column: OpenColumn, value: Any) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return read_value(column, text)
    except BadInput:
        raise Invalid(field="filters", why=_("A value does not fit the type of its column")) from None
