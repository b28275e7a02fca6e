"""Search: with and without diacritics, beginnings of words, typing slips, facets, order; an address that says all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.db import Database
from nhip.db.database import Connection
from nhip.db.embedded import EmbeddedServer
from nhip.kernel.ids import new_id
from nhip.kernel.text import fold, sort_key
from nhip.portal import store
from nhip.portal.model import Entry, OpenColumn
from nhip.portal.search import Result, get_numbers, list_agencies, read_wanted, search

DAY = datetime(2026, 11, 22, tzinfo=UTC)
BASE = Entry(
    dataset_id=new_id(), name="", title="", title_en="", description="", agency_code="A1", agency_name="Sở Xây dựng",
    agency_name_en="Department of Construction", theme="Giao thông", keywords=[], formats=["csv", "json"], places=["46"],
    licence="cc-by-4.0", contact="", cadence="", release_no=1, row_count=10, bytes=10,
    columns=[OpenColumn(name="ma", type="text")],
    virtues={"live": 95.0, "clean": 50.0, "shared": None}, score=0, issued=DAY, modified=DAY, as_of=DAY,
)  # fmt: skip
MADE = {
    "tram-xe-buyt": {"title": "Trạm xe buýt", "title_en": "Bus stops", "formats": ["csv", "geojson"], "row_count": 900},
    "cho": {"title": "Chợ truyền thống", "theme": "Kinh tế", "agency_code": "A2", "agency_name": "Sở Công Thương"},
    "cho-o": {"title": "Chỗ ở cho sinh viên", "theme": "Giáo dục", "as_of": DAY.replace(year=2024)},
    "ho": {"title": "Hồ chứa nước", "description": "Mực nước ở gần chợ", "virtues": {"live": 10.0, "clean": 99.0}},
    "truong": {"title": "Trường học", "keywords": ["giáo dục", "tiểu học"], "licence": "cc0-1.0"},
}


@pytest.fixture(scope="module")
async def catalogue(postgres: EmbeddedServer, template_database: str) -> AsyncIterator[Connection]:
    """Five entries."""
    name = f"{template_database}_search"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}"')
    db = Database(postgres.url(name), size=2)
    await db.open()
    async with db.tx() as tx:
        await tx.execute("alter table portal.entry drop constraint entry_dataset_id_fkey")
        for slug, changes in MADE.items():
            entry = msgspec.structs.replace(BASE, dataset_id=new_id(), name=slug, **changes)
            names, about = (
                f"{entry.title} {entry.title_en} {entry.name}",
                " ".join([*entry.keywords, entry.agency_name, entry.theme]),
            )
            texts = [f"{text.lower()} {fold(text)}" for text in (names, about, entry.description)]
            await store.put_entry(
                tx, entry, sort_key(entry.title), (texts[0], texts[1], texts[2]), fold(f"{names} {about}")
            )
    async with db.read() as tx:
        yield tx
    await db.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


async def _find(tx: Connection, address: str) -> Result:
    return await search(tx, read_wanted(parse_qsl(address, keep_blank_values=True)))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("q=Trạm xe buýt", ["tram-xe-buyt"]),
        ("q=tram xe buyt", ["tram-xe-buyt"]),
        ("q=BUS st", ["tram-xe-buyt"]),
        ("q=sinh vi", ["cho-o"]),
        ("q=tieu hoc", ["truong"]),
        ("q=chợ", ["cho", "cho-o", "ho"]),
        ("q=chỗ", ["cho-o", "cho", "ho"]),
        ("q=xây dựng", ["tram-xe-buyt", "cho-o", "ho", "truong"]),
        ("theme=Kinh tế", ["cho"]),
        ("agency=A1&format=geojson", ["tram-xe-buyt"]),
        ("virtue=clean", ["ho"]),
        ("virtue=clean&virtue=live", []),
        ("year=2024", ["cho-o"]),
        ("licence=cc0-1.0", ["truong"]),
        ("sort=title", ["cho-o", "cho", "ho", "tram-xe-buyt", "truong"]),
        ("sort=rows&page=2", []),
    ],
)
async def test_what_is_found_and_in_which_order(catalogue: Connection, address: str, found: list[str]) -> None:
    names = [entry.name for entry in (await _find(catalogue, address)).entries]
    exact = address.startswith(("q=chợ", "q=chỗ", "sort=title")) or len(found) < 2
    assert names == found if exact else sorted(names) == sorted(found)


async def test_slips_are_forgiven_and_told(catalogue: Connection) -> None:
    result = await _find(catalogue, "q=xe byut")
    assert result.near and result.total == 0 and result.entries[0].name == "tram-xe-buyt"
    assert not (await _find(catalogue, "q=zzzzqqq")).entries
    assert not (await _find(catalogue, "q=%26%7C!*")).entries


async def test_facets_count_the_hits(catalogue: Connection) -> None:
    facets = (await _find(catalogue, "")).facets
    counts = {name: {count.value: count.number for count in values} for name, values in facets.items()}
    assert counts["theme"] == {"Giao thông": 3, "Kinh tế": 1, "Giáo dục": 1}
    assert counts["format"] == {"csv": 5, "json": 4, "geojson": 1}
    assert counts["virtue"] == {"live": 4, "clean": 1}
    assert counts["year"] == {"2026": 4, "2024": 1} and counts["place"] == {"46": 5}
    narrowed = (await _find(catalogue, "q=cho&theme=Kinh tế")).facets
    assert [(count.value, count.number) for count in narrowed["agency"]] == [("A2", 1)]


async def test_agencies_and_numbers_are_true(catalogue: Connection) -> None:
    assert [(agency.title, agency.datasets) for agency in await list_agencies(catalogue)] == [
        ("Sở Công Thương", 1),
        ("Sở Xây dựng", 4),
    ]
    numbers = await get_numbers(catalogue)
    assert (numbers.datasets, numbers.agencies, numbers.rows) == (5, 2, 940)


@given(
    st.lists(
        st.tuples(st.sampled_from(["q", "theme", "year", "page", "sort", "virtue"]), st.text(max_size=20)), max_size=5
    )
)
@settings(max_examples=200, deadline=None)
def test_any_address_is_a_search(pairs: list[tuple[str, str]]) -> None:
    wanted = read_wanted(pairs)
    assert 1 <= wanted.page <= 100 and "\0" not in wanted.q


@pytest.mark.parametrize(
    "q", ["'", "a:*", "!!", "((", "\\", "a'b\"c", "%_", "<->", "đ" * 500, "a & | !b", "\u0301", "ﬀ", "1.5.3", "İ"]
)
async def test_signs_of_the_query_language_are_only_text(catalogue: Connection, q: str) -> None:
    await search(catalogue, read_wanted([("q", q)]))


FILTERS = {
    "agency=A1": lambda e: e.agency_code == "A1",
    "agency=A1&agency=A2&theme=Kinh tế": lambda e: e.theme == "Kinh tế",
    "theme=A1": lambda e: False,
    "year=2024&year=2026": lambda e: e.as_of.year in (2024, 2026),
    "virtue=live&virtue=nonsense": lambda e: (e.virtues.get("live") or 0) >= 90,
    "virtue=nonsense": lambda e: True,
    "format=csv&format=geojson": lambda e: {"csv", "geojson"} <= set(e.formats),
    "place=46&place=99": lambda e: "46" in e.places,
    "licence=cc0-1.0&virtue=live": lambda e: e.licence == "cc0-1.0",
}


@pytest.mark.parametrize("words", ["", "q=ch", "q=nước", "q=so xay"])
async def test_the_index_answers_as_reading_every_entry_does(catalogue: Connection, words: str) -> None:
    everything = (await _find(catalogue, words)).entries
    assert everything
    for address, fits in FILTERS.items():
        found = (await _find(catalogue, f"{words}&{address}")).entries
        assert {e.name for e in found} == {e.name for e in everything if fits(e)}, address


async def test_beginnings_are_looked_up_as_whole_words_where_they_are_few(
    catalogue: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("q=ch", "q=t x", "q=tr", "q=ho chu", "q=khongcogi")
    by_words = [await _find(catalogue, address) for address in asked]
    monkeypatch.setattr("nhip.portal.search.MOST_ENDINGS", 0)
    assert [await _find(catalogue, address) for address in asked] == by_words


async def test_a_changed_entry_is_found_by_its_new_words(catalogue: Connection) -> None:
    entry = msgspec.structs.replace(BASE, dataset_id=new_id(), name="moi", title="Cũ")
    for text in ("nghêu", "sò o'c \\ huyến"):
        await store.put_entry(catalogue, entry, "moi", (f"{text} {fold(text)}", "", ""), fold(text))
    assert [e.name for e in (await _find(catalogue, "q=huye")).entries] == ["moi"]
    assert (await _find(catalogue, "q=nghêu")).total == 0
    await store.delete_entry(catalogue, entry.dataset_id)
