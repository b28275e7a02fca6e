"""Search in the catalogue: Vietnamese with and without diacritics, beginnings of words, typing slips; facets with counts.

Every answer is made from `portal.entry`. Order: words in the title before words elsewhere, with
their diacritics before without, as one phrase and near the beginning before far from it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from nhip.datasets.health import NAMES
from nhip.db import Connection
from nhip.db.query import fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.text import fold, nfc, sort_key, squash
from nhip.portal.model import Entry

queries = load(__file__, "search.sql")
Sort = Literal["best", "newest", "title", "rows"]
FACETS = ("agency", "theme", "format", "licence", "virtue", "year", "place")
MARKS = {"agency": "a:", "theme": "t:", "licence": "l:", "year": "y:", "virtue": "v:", "format": "", "place": ""}
"""What stands before a facet's value in the index."""
GOOD = 90.0
"""A dataset has a virtue from this score on (migrations 0002 and 0010 say the same)."""
SIZE = 20
MOST_PAGES = 100
MOST = 2_000
"""As many hits are counted; beyond, the page says "more than"."""
MOST_ENDINGS = 12
"""A beginning that so many words have at most is looked up as those words, which the index finds faster."""
FEW = 3
"""With fewer hits than this, datasets with words that look alike are offered, too."""
LONGEST = 200
_WORD = re.compile(r"[^\W_]+")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched for; the address of the page says all of it."""

    q: str = ""
    agency: list[str] = []
    theme: list[str] = []
    format: list[str] = []
    licence: list[str] = []
    virtue: list[str] = []
    year: list[int] = []
    place: list[str] = []
    sort: Sort = "best"
    page: int = 1


class Count(msgspec.Struct, frozen=True):
    """A value of a facet, and how many of the hits have it."""

    value: str
    number: int


class Result(msgspec.Struct, frozen=True):
    """A page of hits. `more`: there are more than `total`. `near`: none held all words; these look alike."""

    entries: list[Entry]
    total: int
    more: bool
    facets: dict[str, list[Count]]
    near: bool = False


class Agency(msgspec.Struct, frozen=True):
    """An agency that has open data."""

    code: str
    title: str
    title_en: str
    datasets: int
    rows: int
    modified: datetime


class Theme(msgspec.Struct, frozen=True):
    """A theme that has open data."""

    code: str
    datasets: int


class Numbers(msgspec.Struct, frozen=True):
    """What is open altogether."""

    datasets: int
    agencies: int
    rows: int
    bytes: int
    modified: datetime | None


class Address(msgspec.Struct, frozen=True):
    """A line of the sitemap."""

    name: str
    modified: datetime


def read_wanted(pairs: Iterable[tuple[str, str]]) -> Wanted:
    """The search of an address's parameters; what is not understood is left out, as a search page never fails."""
    told: dict[str, list[str]] = {}
    for name, typed in pairs:
        value = squash(nfc(typed.replace("\0", "")))[:LONGEST]
        if value:
            told.setdefault(name, []).append(value)
    lists = {name: told.get(name, [])[:20] for name in FACETS if name != "year"}
    years = [int(year) for year in told.get("year", []) if year.isascii() and year.isdecimal() and len(year) == 4]
    sort = told.get("sort", ["best"])[-1]
    page = told.get("page", ["1"])[-1]
    return Wanted(
        q=told.get("q", [""])[-1],
        **lists,
        year=years[:20],
        sort=sort if sort in get_args(Sort) else "best",  # type: ignore[arg-type]
        page=min(MOST_PAGES, max(1, int(page))) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )


async def search(tx: Connection, wanted: Wanted) -> Result:
    """The page of hits that is wanted, with facets of all hits."""
    values = _values(wanted)
    if wanted.q:
        if values["phrase"] is None:
            return Result([], 0, False, {})
        values["query"] = await _query(tx, str(values["phrase"]).split())
    rows = await _looked_up(tx, values)
    hits: list[tuple[int, str]] = []
    counted: dict[str, Counter[str]] = {name: Counter() for name in (*FACETS, "total")}
    for what, told, number in rows:
        if what == "hit":
            hits.append((number, told[0]))
        else:
            for value in _good_names(int(told[0])) if what == "virtue" else told:
                counted[what][value] += number
    total = counted.pop("total").total()
    facets = {name: _sorted(counts) for name, counts in counted.items()}
    found = await list_entries(tx, [value for _place, value in sorted(hits)])
    near = False
    if total < FEW and wanted.q and wanted.page == 1 and not _narrowed(wanted):
        alike = [e for e in await _near(tx, str(values["phrase"])) if e.dataset_id not in {f.dataset_id for f in found}]
        near = bool(alike)
        found = [*found, *alike]
    return Result(found, min(total, MOST), total > MOST, facets, near)


async def _looked_up(tx: Connection, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    if not values["query"]:
        return await (await tx.execute(queries.search, values, prepare=False)).fetchall()
    async with tx.transaction():
        await tx.execute(queries.use_indexes)
        return await (await tx.execute(queries.search, values, prepare=False)).fetchall()


async def _query(tx: Connection, typed: list[str]) -> str:
    """What to look up for beginnings of words: the whole words that begin so, where they are few."""
    asked = {"typed": typed, "most": MOST_ENDINGS + 1}
    found = {row[0]: row[1] for row in await (await tx.execute(queries.list_endings, asked)).fetchall()}
    return " & ".join(_either(word, found[word]) for word in typed)


def _either(typed: str, words: list[str]) -> str:
    if not 0 < len(words) <= MOST_ENDINGS:
        return f"'{typed}':*"
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in words)
    return "(" + " | ".join(f"'{word}'" for word in quoted) + ")"


def _good_names(bits: int) -> list[str]:
    """The virtues of the bits that the database keeps."""
    return [name for place, name in enumerate(NAMES) if bits >> place & 1]


def _sorted(counts: Counter[str]) -> list[Count]:
    return [Count(value, number) for value, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def _values(wanted: Wanted) -> dict[str, Any]:
    typed = _WORD.findall(wanted.q.lower())[:12]
    words = [fold(word) for word in typed]
    accented = [f"%{word}%" for word in typed if word != fold(word)]
    asked = {name: getattr(wanted, name) for name in FACETS} | {"virtue": [v for v in wanted.virtue if v in NAMES]}
    return {
        **{name: [f"{MARKS[name]}{value}" for value in values] or None for name, values in asked.items()},
        "query": None,
        "phrase": " ".join(words) or None,
        "accented": accented,
        "sort": wanted.sort if wanted.sort != "best" or words else "newest",
        "offset": (wanted.page - 1) * SIZE,
        "size": SIZE,
        "most": MOST,
    }


def _narrowed(wanted: Wanted) -> bool:
    return any(getattr(wanted, name) for name in FACETS)


async def _near(tx: Connection, phrase: str) -> list[Entry]:
    async with tx.transaction():
        await tx.execute(queries.set_nearness)
        rows = await (await tx.execute(queries.list_near, {"phrase": phrase, "most": 10}, prepare=False)).fetchall()
    return await list_entries(tx, [str(row[0]) for row in rows])


async def list_entries(tx: Connection, ids: Sequence[str]) -> list[Entry]:
    """Entries in the order of `ids`; those that are gone meanwhile are left out."""
    if not ids:
        return []
    by_id = {str(entry.dataset_id): entry for entry in await _entries(tx, queries.list_entries, ids=list(ids))}
    return [by_id[one] for one in ids if one in by_id]


async def list_newest(tx: Connection, most: int = 5) -> list[Entry]:
    """The entries changed last."""
    return await _entries(tx, queries.list_newest, most=most)


async def _entries(tx: Connection, query: Any, **values: Any) -> list[Entry]:
    cursor = await tx.execute(query, values)
    names = [column.name for column in cursor.description or ()]
    return [msgspec.convert(dict(zip(names, row, strict=True)), Entry) for row in await cursor.fetchall()]


async def list_agencies(tx: Connection) -> list[Agency]:
    """Agencies that have open data, in the order of the Vietnamese dictionary."""
    return sorted(await fetch_all(tx, Agency, queries.list_agencies), key=lambda agency: sort_key(agency.title))


async def list_themes(tx: Connection) -> list[Theme]:
    """Themes that have open data, the largest first."""
    return await fetch_all(tx, Theme, queries.list_themes)


async def get_numbers(tx: Connection) -> Numbers:
    """What is open altogether."""
    found = await fetch_one(tx, Numbers, queries.get_numbers)
    assert found is not None, "an aggregate without groups has one row"
    return found


async def list_addresses(tx: Connection, after: str = "", most: int = 10_000) -> list[Address]:
    """Names of open datasets after a name, in their order."""
    return await fetch_all(tx, Address, queries.list_addresses, after=after, most=most)
