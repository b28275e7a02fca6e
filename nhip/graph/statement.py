"""One statement that writes everything of a group at once, so that it costs one round trip and commits by itself.

Columns travel as texts, joined by a sign that is in none of them: the driver takes ten times as long to write an array as Python
to join one, and PostgreSQL splits it in no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from nhip.db.sql import load
from nhip.graph.errors import BadRequestData
from nhip.kernel.i18n import _

queries = load(__file__, "writing.sql")
_OWN = re.compile(r"\$p(\d+)::(\w+)\[\]")
_FIRST = 5
"""$1 is the tenant, $2 the instant, $3 which tables of values are known, $4 the sign between the values of a column."""
_SAME_TABLES = "$3 = (select coalesce(sum(2 * turn + ready::int), 0) from graph.indexed)"
_EXPECTED_NEW = frozenset({"insert_entities", "got_entity_type", "got_first_geo", "got_attr_ref"})
_ON_CONFLICT = re.compile(r"^on conflict .*$", re.MULTILINE)
"""Looking for a conflict first costs each of these rows a search: without locks they are inserted, and whether another process
came first is told by the error (UniqueViolationError), after which everything is done again carefully."""
_SIGNS = "\x01\x02\x03\x04\x05\x06\x0e\x0f"


class Statement:
    """Gathers parts of writing.sql with their rows. Nothing is written if one of them touches fewer rows than it should, or if
    tables of values were asked for or completed meanwhile: asyncpg.SerializationError then, or where it is not `careful`
    UniqueViolationError."""

    def __init__(self, tenant: int, at: datetime, turns: int, *, careful: bool = False) -> None:
        self._careful = careful
        self._names: list[str] = []
        self._fixed = (tenant, at, turns)
        self._columns: list[tuple[str, Sequence[Any]]] = []

    def add(self, part: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """A part and its rows."""
        columns = list(zip(*rows, strict=True))
        if columns:
            self.add_columns(part, columns)

    def add_columns(self, part: str, columns: Sequence[Sequence[Any]]) -> None:
        """A part and the columns of its rows, of which there is one at least."""
        self._names.append(part)
        self._columns += zip(_kinds(part), columns, strict=True)

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def text(self) -> str:
        """The SQL."""
        return _composed(tuple(self._names), self._careful)

    @property
    def values(self) -> list[Any]:
        """The values for it. Raises BadRequestData for texts that hold all signs."""
        for sign in _SIGNS:
            texts = [_joined(kind, column, sign) for kind, column in self._columns]
            counts = sum(len(column) for kind, column in self._columns if kind == "text")
            if (
                sum(text.count(sign) for (kind, _c), text in zip(self._columns, texts, strict=True) if kind == "text")
                == counts
            ):
                return [*self._fixed, sign, *texts]
        raise BadRequestData(what=_("a name or value cannot be stored"))


def _joined(kind: str, column: Sequence[Any], sign: str) -> str:
    if kind == "text":
        return sign + sign.join(column)
    if kind == "json":
        return sign.encode().join([one or b"" for one in column]).decode()
    empty = column.count(None)
    if empty == len(column):
        return sign * (empty - 1)
    if kind == "timestamptz":
        return sign.join([one if type(one) is str else "" if one is None else one.isoformat() for one in column])
    # as JSON numbers are written in no time
    text = orjson.dumps(column)[1:-1].decode().replace(",", sign)
    return text.replace("null", "") if empty else text


@lru_cache(maxsize=200)
def _kinds(part: str) -> tuple[str, ...]:
    """The types of a part's columns, in their order."""
    found = {int(number): kind for number, kind in _OWN.findall(getattr(queries, part))}
    return tuple(found[number] for number in sorted(found))


@lru_cache(maxsize=1000)
def _composed(names: tuple[str, ...], careful: bool) -> str:
    parts = []
    sure = ["$1::int is not null", "$2::timestamptz is not null", _SAME_TABLES]
    taken = _FIRST
    for name in names:
        body = getattr(queries, name)
        if not careful and name in _EXPECTED_NEW:
            body = _ON_CONFLICT.sub("", body)
        own = _OWN.sub(lambda found, base=taken: _split(base + int(found[1]) - 1, found[2]), body)  # type: ignore[misc]
        parts.append(f"{name} as ({own})")
        if body.endswith("returning 1"):
            sure.append(f"cardinality({_split(taken, 'text')}) = (select count(*) from {name})")
        taken += len(_kinds(name))
    return f"with {', '.join(parts)} select graph.sure({' and '.join(sure)})"


def _split(place: int, kind: str) -> str:
    """SQL that makes an array of a joined column again. A text may be empty, so their column begins with the sign."""
    if kind == "text":
        return f"(string_to_array(${place}::text, $4::text))[2:]"
    array = f"string_to_array(${place}::text, $4::text, '')"
    return array if kind == "json" else f"{array}::{kind}[]"
