"""Live city: the types, the things of one, a thing with its history and its neighbours; for whoever reads the graph."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.db.installation import Installation
from nhip.graph.document.expand import expand_entity
from nhip.graph.model import Operation
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.things.words import city_context

GAUGE = "urn:ngsi-ld:RiverGauge:T1"
WATER = "urn:ngsi-ld:WaterObserved:T1"
ROUTE = "urn:ngsi-ld:PublicTransportRoute:T1"
TYPE = "https://smartdatamodels.org/dataModel.Environment/WaterObserved"
ODD = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
async def rivers(city: Installation) -> AsyncIterator[None]:
    """A gauge and what it measured three times; and a thing of a stranger with every kind of attribute."""
    graph = Graph(city.settings.database_url)
    await graph.open()
    point = {"type": "Point", "coordinates": [107.5905, 16.4637]}
    gauge = {"id": GAUGE, "type": "RiverGauge", "name": "Trạm Kim Long", "location": point}
    await put(graph, gauge)
    for hour, level in ((1, 0.5), (2, 0.75), (3, 1.25)):
        reading = {"type": "Property", "value": level, "unitCode": "MTR", "observedAt": f"2026-11-22T0{hour}:00:00Z"}
        simulated = {**reading, "source": {"type": "Property", "value": "urn:nhip:simulated"}}
        link = {"type": "Relationship", "object": GAUGE}
        await put(graph, {"id": WATER, "type": "WaterObserved", "waterLevel": simulated, "measuredAt": link})
    times = {"firstDeparture": "05:18:00", "lastDeparture": "20:28:00", "fare": 7000, "status": "2026-09-02"}
    await put(graph, {"id": ROUTE, "type": "PublicTransportRoute", **times, "commune": "2026-99-99"})
    await put(graph, odd())
    yield
    await graph.close()


def odd() -> dict[str, Any]:
    """An entity with every kind of attribute, and a name that would be a script."""
    return {
        "id": "urn:x:1", "type": "Oddity", "name": ODD, "big": "x" * 5000,
        "list": {"type": "ListProperty", "valueList": [1, {"a": [2]}]},
        "words": {"type": "LanguageProperty", "languageMap": {"vi": "sông", "en": "river"}},
        "vocab": {"type": "VocabProperty", "vocab": "Blue"},
        "json": {"type": "JsonProperty", "json": {"a": [None, {"b": ODD}]}},
        "many": {"type": "ListRelationship", "objectList": [GAUGE, "urn:x:none"]},
        "area": {"type": "GeoProperty", "value": {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}},
        "twice": [{"type": "Property", "value": 1}, {"type": "Property", "value": 2, "datasetId": "urn:x:b"}],
    }  # fmt: skip


async def put(graph: Graph, entity: dict[str, Any]) -> None:
    doc = expand_entity(entity, city_context())
    (outcome,) = await graph.write(DEFAULT_TENANT, [Operation(name="upsert-update", id=doc["id"], doc=doc)])
    assert outcome.error is None


@pytest.fixture
async def reader(rivers: None, officer: AsyncTestClient[Litestar]) -> AsyncTestClient[Litestar]:
    return officer


async def page(client: AsyncTestClient[Litestar], path: str, **query: str) -> str:
    answer = await client.get(f"/console/things{path}", params={"lang": "en", **query})
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_types_are_listed_with_how_many(reader: AsyncTestClient[Litestar]) -> None:
    text = await page(reader, "")
    assert "River gauges" in text and "River levels" in text and "Oddity" in text


async def test_things_of_a_type_are_found_by_words_and_by_identifier(reader: AsyncTestClient[Litestar]) -> None:
    kind = city_context().expand("RiverGauge")
    for words in ("", "kim", "KIM LONG", "T1", GAUGE):
        assert "Trạm Kim Long" in await page(reader, "/list", type=kind, q=words), words
    for words in ("x", ".*", "(?", "\\", "a" * 5000, "%"):
        text = await page(reader, "/list", type=kind, q=words)
        assert "Trạm Kim Long" not in text and "Nothing is found" in text, words
    assert "1.25 m" in await page(reader, "/list", type=TYPE)


async def test_a_thing_shows_its_values_its_history_and_what_belongs_to_it(reader: AsyncTestClient[Litestar]) -> None:
    text = await page(reader, "/one", id=WATER)
    assert "1.25 m" in text and "History of Water level" in text and "<svg" in text
    assert "0.75" in text and "Model data" in text
    assert f'href="/console/things/one?id={GAUGE.replace(":", "%3A")}">Trạm Kim Long' in text
    back = await page(reader, "/one", id=GAUGE)
    assert "What leads here" in back and WATER.replace(":", "%3A") in back and "Measured at" in back
    assert "16.46370, 107.59050" in back and "data-map=" in back


async def test_a_reading_bears_the_name_of_its_station_and_times_are_written_for_people(
    reader: AsyncTestClient[Litestar],
) -> None:
    listed = await page(reader, "/list", type=TYPE)
    assert "Trạm Kim Long</a>" in listed and ">T1</a>" not in listed
    assert "<h1>Trạm Kim Long</h1>" in await page(reader, "/one", id=WATER)
    told = await page(reader, "/one", id=ROUTE)
    assert "05:18<" in told and "20:28<" in told and "2 Sep 2026" in told and "2026-99-99" in told
    assert told.index("First departure") < told.index("Last departure") < told.index("Fare")


async def test_what_did_not_become_a_thing_is_told_of_datasets_that_are_there(
    reader: AsyncTestClient[Litestar],
) -> None:
    answer = await reader.get("/console/things/faults", params={"dataset": "khong-co"})
    assert answer.status_code == 404


async def test_anything_that_strangers_write_is_shown_as_text(reader: AsyncTestClient[Litestar]) -> None:
    text = await page(reader, "/one", id="urn:x:1")
    assert ODD not in text
    for shown in ("&lt;script&gt;", "sông", "urn:x:none"):
        assert shown in text, shown
    assert ODD not in await page(reader, "/list", type=city_context().expand("Oddity"))


async def test_the_map_and_the_raw_entity(reader: AsyncTestClient[Litestar]) -> None:
    rows = (await reader.get("/console/things/rows", params={"id": GAUGE})).json()
    told = {"name": "Trạm Kim Long", "id": GAUGE, "latitude": 16.4637, "longitude": 107.5905}
    assert rows == {"rows": [told], "next": None}
    raw = json.loads(await page(reader, "/raw", id=WATER))
    assert raw["waterLevel"]["value"] == 1.25 and raw["@context"].endswith("/things/context.jsonld")
    words = await reader.get("/things/context.jsonld")
    assert words.headers["content-type"] == "application/ld+json" and "waterLevel" in words.json()["@context"]


async def test_what_is_not_there_is_not_found(reader: AsyncTestClient[Litestar]) -> None:
    for path, id in (("one", "urn:x:nothing"), ("raw", "no uri"), ("rows", "urn:x:0"), ("one", "\x00")):
        assert (await reader.get(f"/console/things/{path}", params={"id": id})).status_code == 404
    assert "Nothing is found" in await page(reader, "/list", type="no type at all")


async def test_strangers_see_nothing(rivers: None, stranger: AsyncTestClient[Litestar]) -> None:
    for path in ("", f"/one?id={GAUGE}", f"/list?type={TYPE}", f"/rows?id={GAUGE}", f"/raw?id={GAUGE}"):
        answer = await stranger.get(f"/console/things{path}", follow_redirects=False)
        assert answer.status_code in (303, 401) and "Kim Long" not in answer.text
