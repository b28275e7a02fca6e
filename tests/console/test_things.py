"""Live city: the types, the things of one, a thing with its history and its neighbours; for whoever reads the graph."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.console.things import asking
from nhip.console.things.freshness import patience, silent
from nhip.console.things.showing import text_of
from nhip.db.installation import Installation
from nhip.graph.document.expand import expand_entity
from nhip.graph.model import Operation
from nhip.graph.pulse import TOPIC, topic_of
from nhip.graph.query import narrowing
from nhip.graph.query.model import Name
from nhip.graph.query.narrowing import Asker, Clause
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.time import now
from nhip.things.words import city_context

GAUGE = "urn:ngsi-ld:RiverGauge:T1"
WATER = "urn:ngsi-ld:WaterObserved:T1"
FRESH = "urn:ngsi-ld:WaterObserved:fresh"
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
    assert '<span class="cell">a simulator</span>' in text, "who says so, beside the value"
    back = await page(reader, "/one", id=GAUGE)
    assert "What leads here" in back and WATER.replace(":", "%3A") in back and "Measured at" in back
    assert "16.46370, 107.59050" in back and "data-map=" in back


async def test_the_history_is_of_the_time_that_is_chosen(reader: AsyncTestClient[Litestar], city: Installation) -> None:
    assert "too few observations" in await page(reader, "/one", id=WATER, stretch="hour")
    latest = await page(reader, "/one", id=WATER)
    assert (
        "<strong>The latest values</strong>" in latest
        and "stretch=week" in latest
        and "The line is the average" not in latest
    )
    graph = Graph(city.settings.database_url)
    await graph.open()
    for minutes, level in ((290, 2.0), (289, 4.0), (50, 5.0)):
        at = (now() - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        reading = {"type": "Property", "value": level, "unitCode": "MTR", "observedAt": at}
        await put(graph, {"id": FRESH, "type": "WaterObserved", "waterLevel": reading})
    await graph.close()
    week = await page(reader, "/one", id=FRESH, stretch="week")
    assert "The line is the average" in week and "<svg" in week and "from 3 m to 5 m" in week
    assert "3.00 m" in week and '<td class="number">2</td><td class="number">4</td>' in week
    assert "too few observations" in await page(reader, "/one", id=ROUTE, attribute=city_context().expand("fare"))


async def test_pages_show_only_what_who_asks_may_see(
    reader: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who may see river gauges alone: in lists, single things, what belongs to them, the map, the interface."""
    asked: set[Asker] = set()

    def gauges(asker: Asker) -> tuple[Clause, ...]:
        asked.add(asker)
        return (Clause(types=Name(city_context().expand("RiverGauge"))),)

    monkeypatch.setattr(narrowing, "narrowing", gauges)
    kinds = await page(reader, "")
    assert "River gauges" in kinds and "River levels" not in kinds and "Oddity" not in kinds
    assert "Trạm Kim Long" in await page(reader, "/list", type=city_context().expand("RiverGauge"))
    for words in ("", "T1", WATER):
        text = await page(reader, "/list", type=TYPE, q=words)
        assert ("Nothing is found" if words else "There is nothing of this kind") in text, words
    for query in ({}, {"q": "T1"}, {"attribute": "waterLevel", "how": "known"}):
        file = await reader.get("/console/things/things.csv", params={"type": TYPE, **query})
        assert len(file.text.splitlines()) == 1, "nothing but the head"
    everything = (await reader.get("/console/things/rows")).json()["rows"]
    assert WATER not in {row["id"] for row in everything}
    assert (await reader.get("/console/things/rows", params={"type": TYPE})).json()["rows"] == []
    gauge = await page(reader, "/one", id=GAUGE)
    assert "Trạm Kim Long" in gauge and WATER.replace(":", "%3A") not in gauge
    for path in ("one", "rows", "raw"):
        assert (await reader.get(f"/console/things/{path}", params={"id": WATER})).status_code == 404, path
        assert (await reader.get(f"/console/things/{path}", params={"id": GAUGE})).status_code == 200, path
    for id, status in ((WATER, 404), (GAUGE, 200)):
        found = await reader.get(f"/ngsi-ld/v1/entities/{id}", headers={"Accept": "application/json"})
        assert found.status_code == status
    (who,) = asked
    assert uuid.UUID(who.who) and who.tenant == DEFAULT_TENANT, "the same person on pages and by the interface"


async def test_a_list_of_all_is_looked_for_once(
    reader: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its things can be filtered by is told by the page itself."""
    asked, list_things = [], asking.list_things

    async def noted(*question: Any) -> Any:
        asked.append(question[2:5])
        return await list_things(*question)

    monkeypatch.setattr(asking, "list_things", noted)
    assert "Nothing is found" not in await page(reader, "/list", type=TYPE)
    assert asked == [("", 0, asking.PAGE)]
    await page(reader, "/list", type=TYPE, q="Kim")
    assert asked[1:] == [("", 0, asking.PAGE), ("Kim", 0, asking.PAGE)]


async def test_pages_follow_what_is_written(reader: AsyncTestClient[Litestar]) -> None:
    """Parts of the pages and the map wait for the topic, and a commit tells it."""
    text, topic = await page(reader, "/list", type=TYPE), topic_of(TYPE)
    assert f'data-live="{topic}"' in text and f'data-follow="{topic}"' in text
    assert f'data-live="{topic}"' in await page(reader, "/one", id=WATER)
    assert f'data-live="{TOPIC}"' in await page(reader, "")


async def test_a_part_that_is_fetched_again_comes_without_the_rest(reader: AsyncTestClient[Litestar]) -> None:
    for path, part in (
        ("", "live-things"), (f"/list?type={TYPE}", "live-things"), (f"/one?id={WATER}", "live-things"),
        ("/exchange", "live-things"),
    ):  # fmt: skip
        whole = (await reader.get(f"/console/things{path}")).text
        fetched = (await reader.get(f"/console/things{path}", headers={"X-Nhip-Part": "1"})).text
        assert f'id="{part}"' in whole and f'id="{part}"' in fetched
        assert "<nav" in whole and "<html" not in fetched and len(fetched) < len(whole) - 4000


async def test_the_address_names_nothing_twice() -> None:
    address = {"street": "63 Lê Lợi, Xã Vinh Lộc, thành phố Huế", "commune": "Xã Vinh Lộc"}
    assert text_of(address) == "63 Lê Lợi, Xã Vinh Lộc, thành phố Huế"
    assert text_of({"street": "63 Lê Lợi", "commune": "Xã Vinh Lộc"}) == "63 Lê Lợi, Xã Vinh Lộc"


def test_who_is_silent_is_told_by_the_others() -> None:
    usual = [now() - timedelta(seconds=n) for n in (5, 10, 20)]
    assert patience([*usual, now() - timedelta(hours=1)]) == timedelta(minutes=15)
    assert patience([now() - timedelta(hours=1)] * 3) >= timedelta(hours=8)  # type: ignore[operator]
    assert patience([*usual[:2], None]) is None
    assert silent(now() - timedelta(hours=1), timedelta(minutes=15)) and not silent(usual[0], timedelta(minutes=15))
    assert not silent(None, timedelta(0)) and not silent(usual[0], None)


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
    (row,) = rows["rows"]
    assert row.items() >= told.items() and rows["next"] is None and row["page"].endswith("RiverGauge%3AT1")
    (reading,) = (await reader.get("/console/things/rows", params={"type": TYPE, "lang": "en"})).json()["rows"]
    assert reading["latitude"] == 16.4637 and reading["known"] == "Water level: 1.25 m", (
        "a reading is where its station is"
    )
    raw = json.loads(await page(reader, "/raw", id=WATER))
    assert raw["waterLevel"]["value"] == 1.25 and raw["@context"].endswith("/things/context.jsonld")
    words = await reader.get("/things/context.jsonld")
    assert words.headers["content-type"] == "application/ld+json" and "waterLevel" in words.json()["@context"]


async def test_what_is_not_there_is_not_found(reader: AsyncTestClient[Litestar]) -> None:
    for path, id in (("one", "urn:x:nothing"), ("raw", "no uri"), ("rows", "urn:x:0"), ("one", "\x00")):
        assert (await reader.get(f"/console/things/{path}", params={"id": id})).status_code == 404
    assert "There is nothing of this kind" in await page(reader, "/list", type="no type at all")


async def test_strangers_see_nothing(rivers: None, stranger: AsyncTestClient[Litestar]) -> None:
    for path in ("", f"/one?id={GAUGE}", f"/list?type={TYPE}", f"/rows?id={GAUGE}", f"/raw?id={GAUGE}"):
        answer = await stranger.get(f"/console/things{path}", follow_redirects=False)
        assert answer.status_code in (303, 401) and "Kim Long" not in answer.text
