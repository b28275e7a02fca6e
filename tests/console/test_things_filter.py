"""Lists of the live city by the value of an attribute: what is found, what is told of a question that cannot be, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.console.things import asking
from nhip.console.things.filtering import HOWS, Wish, choices, number_of, read
from nhip.db.installation import Installation
from nhip.graph.document.expand import expand_entity
from nhip.graph.model import Operation
from nhip.graph.query.match import matcher
from nhip.graph.query.model import Query
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.things.words import city_context
from nhip.web.i18n import speaking

LIST, CSV, ROWS = "/console/things/list", "/console/things/things.csv", "/console/things/rows"
AT = "2026-11-22T03:00:00Z"


def _all() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, (level, first) in enumerate([(0.5, 1.0), (1.5, 1.0), (2.5, 3.0), (3.5, 3.0)]):
        gauge, place = (
            f"urn:ngsi-ld:FloodGauge:F{number}",
            {"type": "Point", "coordinates": [107.5 + number / 100, 16.4]},
        )
        found.append(
            {"id": gauge, "type": "FloodGauge", "name": f"Trạm {number}", "firstAlarmLevel": first, "location": place}
        )
        reading = {"type": "Property", "value": level, "unitCode": "MTR", "observedAt": AT}
        measured = {"type": "Relationship", "object": gauge}
        found.append(
            {
                "id": f"urn:ngsi-ld:FloodReading:F{number}",
                "type": "FloodReading",
                "waterLevel": reading,
                "measuredAt": measured,
            }
        )
    for number, (state, works, day) in enumerate(
        [("Hỏng", False, "2026-09-01"), ("Tốt", True, "2026-09-02"), ("=1+1", True, "2026-09-03")]
    ):
        address = {
            "streetAddress": f"{number} Lê Lợi",
            "addressLocality": "Phường Thuận Hóa" if number else "Phường Kim Long",
        }
        seen = f"2026-09-0{number + 1}T20:00:00Z"  # in Vietnam it is the next day
        lamp = {"id": f"urn:ngsi-ld:Lantern:F{number}", "type": "Lantern", "status": state, "active": works}
        found.append({**lamp, "licensedOn": day, "address": address, "seen": seen, "powerConsumption": 1250})
    return found


@pytest.fixture(scope="module")
async def lamps(city: Installation) -> AsyncIterator[None]:
    """Four gauges with what they measure, three lamps."""
    graph = Graph(city.settings.database_url)
    await graph.open()
    docs = [expand_entity(one, city_context()) for one in _all()]
    for outcome in await graph.write(
        DEFAULT_TENANT, [Operation(name="upsert-update", id=doc["id"], doc=doc) for doc in docs]
    ):
        assert outcome.error is None
    yield
    await graph.write(DEFAULT_TENANT, [Operation(name="delete", id=doc["id"]) for doc in docs])
    await graph.close()


@pytest.fixture
async def reader(lamps: None, officer: AsyncTestClient[Litestar]) -> AsyncTestClient[Litestar]:
    return officer


async def found(
    client: AsyncTestClient[Litestar], kind: str, attribute: str, how: str, value: str, lang: str = "en"
) -> str:
    """The numbers of the things that are found, in the list, in the CSV and (those with a place) on the map."""
    asked = {"type": city_context().expand(kind), "attribute": attribute, "how": how, "value": value, "lang": lang}
    answer = await client.get(CSV, params=asked)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    ids = [line[0] for line in lines[1:] if ":F" in line[0]]
    page = await client.get(LIST, params=asked)
    assert page.status_code == 200
    listed = [one["id"] for one in _all() if f"one?id={one['id'].replace(':', '%3A')}" in page.text]
    assert sorted(listed) == sorted(ids), "the list and the file hold the same"
    if kind == "FloodReading":
        rows = (await client.get(ROWS, params=asked)).json()["rows"]
        assert {row["id"] for row in rows if ":F" in row["id"]} == set(ids), "and so does the map"
    return "".join(sorted(id[-1] for id in ids))


@pytest.mark.parametrize(
    ("kind", "attribute", "how", "value", "expected"),
    [
        ("FloodReading", "waterLevel", "above", "1.5", "23"),
        ("FloodReading", "waterLevel", "least", "1.5", "123"),
        ("FloodReading", "waterLevel", "below", "1.5", "0"),
        ("FloodReading", "waterLevel", "most", "1,5", "01"),
        ("FloodReading", "waterLevel", "is", "2.50", "2"),
        ("FloodReading", "waterLevel", "not", "2.5", "013"),
        ("FloodReading", "waterLevel", "above", "Alarm level I", "13"),
        ("FloodReading", "waterLevel", "most", "firstAlarmLevel", "02"),
        ("FloodReading", "measuredAt", "is", "F2", "2"),
        ("FloodReading", "measuredAt", "is", "trạm 2", "2"),
        ("FloodReading", "measuredAt", "is", "Trạm", ""),
        ("FloodReading", "measuredAt", "has", "Trạm", "0123"),
        ("FloodReading", "measuredAt", "not", "urn:ngsi-ld:FloodGauge:F2", "013"),
        ("Lantern", "status", "is", "Hỏng", "0"),
        ("Lantern", "status", "is", "hỏng", "0"),
        ("Lantern", "status", "not", "Hỏng", "12"),
        ("Lantern", "status", "has", "ỏN", "0"),
        ("Lantern", "status", "has", ".", ""),
        ("Lantern", "active", "is", "no", "0"),
        ("Lantern", "active", "not", "không", "12"),
        ("Lantern", "licensedOn", "is", "02/09/2026", "1"),
        ("Lantern", "licensedOn", "least", "2026-09-02", "12"),
        ("Lantern", "seen", "is", "2/9/2026", "0"),
        ("Lantern", "seen", "above", "2/9/2026", "12"),
        ("Lantern", "seen", "below", "3/9/2026", "0"),
        ("Lantern", "address", "has", "kim long", "0"),
        ("Lantern", "address", "is", "1 Lê Lợi", "1"),
        ("Lantern", "address", "known", "", "012"),
        ("Lantern", "address", "unknown", "", ""),
        ("Lantern", "powerConsumption", "is", "1,250", "012"),
    ],
)
async def test_a_list_by_the_value_of_an_attribute(
    reader: AsyncTestClient[Litestar], kind: str, attribute: str, how: str, value: str, expected: str
) -> None:
    assert await found(reader, kind, attribute, how, value) == expected


async def test_numbers_are_read_as_the_page_writes_them(reader: AsyncTestClient[Litestar]) -> None:
    assert await found(reader, "Lantern", "powerConsumption", "is", "1.250", "vi") == "012"
    assert await found(reader, "FloodReading", "waterLevel", "above", "1,5", "vi") == "23"
    assert await found(reader, "FloodReading", "waterLevel", "above", "báo động i", "vi") == "13"


@pytest.mark.parametrize(
    ("attribute", "how", "value", "said"),
    [
        ("waterLevel", "above", "very", "is a number"),
        ("waterLevel", "above", "", "Say what Water level is compared with."),
        ("", "above", "3", "Choose the attribute"),
        ("nothing", "is", "3", "Choose the attribute"),
        ("measuredAt", "above", "x", "choose “is” or “contains”"),
    ],
)
async def test_what_cannot_be_asked_is_said_beside_the_field(
    reader: AsyncTestClient[Litestar], attribute: str, how: str, value: str, said: str
) -> None:
    kind = city_context().expand("FloodReading")
    asked = {"type": kind, "attribute": attribute, "how": how, "value": value, "lang": "en"}
    text = (await reader.get(LIST, params=asked)).text
    assert said in text and 'aria-describedby="e-value"' in text and "<table" not in text
    file = (await reader.get(CSV, params=asked)).content.decode("utf-8-sig")
    assert len(file.splitlines()) == 1, "nothing but the head"


async def test_a_question_in_words_gets_an_address_for_everybody(reader: AsyncTestClient[Litestar]) -> None:
    asked = {"type": city_context().expand("FloodReading"), "attribute": "waterLevel", "how": "above"}
    answer = await reader.get(LIST, params={**asked, "value": "Báo động I", "lang": "vi"}, follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"].endswith("value=firstAlarmLevel")
    text = (await reader.get(LIST, params={**asked, "value": "firstAlarmLevel", "lang": "vi"})).text
    assert 'value="Báo động I"' in text, "the form says it in the reader's words"


async def test_a_file_for_spreadsheets(reader: AsyncTestClient[Litestar]) -> None:
    answer = await reader.get(CSV, params={"type": city_context().expand("Lantern"), "lang": "en"})
    assert answer.content.startswith(b"\xef\xbb\xbf") and "attachment" in answer.headers["content-disposition"]
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[:5] == ["Identifier", "Name", "Observed", "Latitude", "Longitude"]
    states = {line[0][-1]: line[head.index("State")] for line in lines if ":F" in line[0]}
    assert states == {"0": "Hỏng", "1": "Tốt", "2": "'=1+1"}, "no cell is a formula"


@pytest.mark.parametrize(
    ("kind", "name"), [("urn:x:Đèn đường", "den-duong.csv"), ("\x01", "x.csv"), ('a"\r\nb', "a-b.csv"), ("", "x.csv")]
)
async def test_whatever_the_type_is_called_its_file_has_a_plain_name(
    reader: AsyncTestClient[Litestar], kind: str, name: str
) -> None:
    answer = await reader.get(CSV, params={"type": kind})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].removeprefix("attachment; ").endswith(f'{name}"')


async def test_what_is_too_broad_is_said(reader: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_COMPARED", 2)
    asked = {"type": city_context().expand("FloodReading"), "attribute": "waterLevel", "how": "above", "lang": "en"}
    text = (await reader.get(LIST, params={**asked, "value": "firstAlarmLevel"})).text
    assert "This question is too broad" in text and "<table" not in text
    assert (await reader.get(CSV, params={**asked, "value": "firstAlarmLevel"})).status_code == 403


async def test_strangers_get_no_file(lamps: None, stranger: AsyncTestClient[Litestar]) -> None:
    answer = await stranger.get(CSV, params={"type": city_context().expand("Lantern")}, follow_redirects=False)
    assert answer.status_code in (303, 401) and "Lê Lợi" not in answer.text


@given(st.text(max_size=40), st.sampled_from(["", *HOWS]), st.integers(0, 8), st.sampled_from(["vi", "en"]))
def test_anything_may_be_typed(value: str, how: str, place: int, lang: str) -> None:
    """Whatever is asked becomes a condition that runs, or is refused in words."""
    docs = [expand_entity({**one, "twice": [1, 2]}, city_context()) for one in _all()]
    own = choices({iri for doc in docs for iri in doc if ":" in iri}, docs)
    with speaking(lang):
        made = read(Wish(attribute=own[place % len(own)].name, how=how, value=value), own, [])
    assert bool(made.fault) != (made.node is not None)
    if made.node is not None:
        check = matcher(Query(q=made.node))
        assert all(check(doc) in (True, False) for doc in docs)


@given(st.integers(-(10**12), 10**12), st.integers(0, 999))
def test_a_number_may_be_written_as_people_write_it(whole: int, thousandths: int) -> None:
    exact = float(f"{whole}.{thousandths:03d}")
    for lang, (thousands, comma) in {"vi": (".", ","), "en": (",", ".")}.items():
        with speaking(lang):
            grouped = f"{whole:,}".replace(",", thousands)
            assert number_of(f"{grouped}{comma}{thousandths:03d}") == exact or abs(whole) < 1000
            assert number_of(f"{whole}") == float(whole)
            assert number_of(f"{whole}{comma}{thousandths:03d}7") == float(f"{whole}.{thousandths:03d}7")
            assert number_of("") is None and number_of("1 m") is None and number_of("∞") is None
