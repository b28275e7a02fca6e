"""What columns tell together that none tells alone: names beside births or homes, plates of owners, codes of people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb

from nhip.datasets.contract.headers import read_header
from nhip.datasets.engine import ident, literal
from nhip.kernel.time import today
from nhip.portal.gate.people import is_birth, is_establishment, is_residence, title_of
from nhip.portal.gate.recognisers import PERSON_NAME
from nhip.portal.model import OpenColumn, Suspicion

HOUSE = r"^\s*(?:(?i:số nhà|số|nhà|kiệt|hẻm|ngõ|ngách|lô|thửa)[ .:]*)*[0-9]{1,4}[A-Za-z]?(?:[/\-][0-9]+[A-Za-z]?)*[ ,]"
"""An address that begins with the number of a house."""
FIRST_LIVING = 1900
"""Whoever was born before is history."""
_NAMES_SHARE, _SAMPLE = 0.6, 20_000
_NAMED_AFTER_PEOPLE = re.compile(
    r"\b(?:đường|phố|tuyến|trường|chợ|cầu|trạm|điểm|nút|di tích|công viên|bến|giải|quỹ"
    r"|duong|pho|tuyen|truong|cho|cau|tram|diem)\b"
)
"""Things in Vietnam that bear names of people."""


def names_of(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[OpenColumn]) -> list[OpenColumn]:
    """Columns of text that hold names of people: by their kind, by their title, or because most cells of a sample look so."""
    texts = [c for c in columns if c.type == "text" and c.act in ("keep", "group") and c.kind in ("", "person_name")]
    said = [c for c in texts if c.kind == "person_name" or "person_name" in read_header(title_of(c)).hints]
    silent = [c for c in texts if c not in said and not _NAMED_AFTER_PEOPLE.search(title_of(c))]
    if not silent:
        return said
    cells = ", ".join(f"{{'place': {place}, 'cell': {ident(c.name)}}}" for place, c in enumerate(silent))
    sample = f"select unnest([{cells}]) as one from {table} using sample reservoir({_SAMPLE} rows) repeatable (7)"
    share = f"avg(regexp_full_match(one.cell, {literal(PERSON_NAME)})::int)"
    rows = con.execute(f"select one.place from ({sample}) group by 1 having {share} >= {_NAMES_SHARE}").fetchall()
    like = [silent[int(row[0])] for row in rows]
    return [c for c in texts if c in said or c in like]


def together(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[OpenColumn]) -> Iterator[Suspicion]:
    """What the columns of `table` tell together."""
    names = names_of(con, table, columns)
    births = [c for c in columns if is_birth(c) and c.act not in ("mask", "unit")]
    homes = [c for c in columns if c.type == "text" and is_residence(c) and c.act == "keep"]
    places = [c for c in columns if c not in homes and _is_address(c) and c.act == "keep"]
    for name in names:
        if name.kind != "person_name":
            yield Suspicion(
                column=name.name, what="person_name", cells=_count(con, table, f"{ident(name.name)} is not null")
            )
        for birth in births:
            yield from _found(con, table, name, birth.name, "name_birth_row", _is_living(birth))
        what = "contact_person" if any(map(is_establishment, columns)) else "name_address"
        for place in places:
            yield from _found(con, table, name, place.name, what, _is_house(place))
    for home in homes:
        if cells := _count(con, table, _is_house(home)):
            yield Suspicion(column=home.name, what="residence", cells=cells)


def codes_of(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[OpenColumn], keys: Sequence[str]
) -> list[str]:
    """Columns of codes that are different in every row; `keys`: the contract's primary key."""
    likely = [c for c in columns if c.act == "keep" and c.type in ("text", "integer") and _is_code(c, keys)]
    found = []
    for column in likely:
        cell = ident(column.name)
        row = con.execute(f"select count({cell}), count(distinct {cell}) from {table}").fetchone()
        if row and row[0] > 1 and row[0] == row[1]:
            found.append(column.name)
    return found


def _is_code(column: OpenColumn, keys: Sequence[str]) -> bool:
    hints = read_header(title_of(column)).hints
    return column.name in keys or column.kind == "code" or ("code" in hints and column.kind == "")


def _is_address(column: OpenColumn) -> bool:
    return column.type == "text" and (column.kind == "address" or "address" in read_header(title_of(column)).hints)


def _is_house(column: OpenColumn) -> str:
    return f"regexp_matches({ident(column.name)}, {literal(HOUSE)})"


def _is_living(birth: OpenColumn) -> str:
    cell = ident(birth.name)
    if birth.type in ("date", "timestamp"):
        return f"year({cell}) >= {FIRST_LIVING}"
    year = (
        f"try_cast(regexp_extract(cast({cell} as varchar), '(?:^|[^0-9])((?:19|20)[0-9]{{2}})(?:[^0-9]|$)', 1) as int)"
    )
    return f"{year} between {FIRST_LIVING} and {today().year}"


def _found(
    con: duckdb.DuckDBPyConnection, table: str, name: OpenColumn, other: str, what: str, test: str
) -> Iterator[Suspicion]:
    if cells := _count(con, table, f"{ident(name.name)} is not null and {test}"):
        yield Suspicion(column=f"{name.name} + {other}", what=what, cells=cells)


def _count(con: duckdb.DuckDBPyConnection, table: str, test: str) -> int:
    row = con.execute(f"select count(*) from {table} where {test}").fetchone()
    return int(row[0]) if row else 0
