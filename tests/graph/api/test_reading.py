"""Entities are retrieved and queried; pages, counts, forms; discovery; hosted contexts; history (CIM 009, 5.7, 5.13)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.api.conftest import CITY, LINK, TERMS, bus, kind
from tests.graph.clauses import clause

City = Callable[..., Any]
IN_CITY = {"link": LINK}


async def filled(city: City, count: int = 5) -> None:
    buses = [bus(n, n * 10, at={"type": "Relationship", "object": "urn:ngsi-ld:Stop:1"}) for n in range(1, count + 1)]
    stop = {"id": "urn:ngsi-ld:Stop:1", "type": "Stop", "location": {"type": "Point", "coordinates": [107.6, 16.5]}}
    answer = await city("POST", "/entityOperations/create", json=[*buses, stop], headers=IN_CITY)
    assert answer.status_code == 201


async def asked(city: City, query: str, **headers: str) -> Any:
    answer = await city("GET", f"/entities?{query}", headers={**IN_CITY, **headers})
    assert answer.status_code == 200, answer.text
    return answer.json()


@clause("5.7.1", "6.5.3.1")
async def test_one_entity_in_every_form(city: City) -> None:
    await filled(city)
    here = "/entities/urn:ngsi-ld:Bus:1"
    told = {
        "options=keyValues": {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", "speed": 10, "at": "urn:ngsi-ld:Stop:1"},
        "pick=id,speed": {"id": "urn:ngsi-ld:Bus:1", "speed": {"type": "Property", "value": 10}},
        "omit=type|at&format=simplified": {"id": "urn:ngsi-ld:Bus:1", "speed": 10},
        "attrs=speed&options=concise": {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", "speed": 10},
    }
    for query, body in told.items():
        assert (await city("GET", f"{here}?{query}", headers=IN_CITY)).json() == body
    whole = (await city("GET", f"{here}?options=sysAttrs", headers=IN_CITY)).json()
    assert whole["createdAt"].endswith("Z") and whole["speed"]["modifiedAt"].endswith("Z")
    whole.pop("at")
    for form, speed in (("", whole["speed"]), (",keyValues", 10)):
        for path in (f"{here}?", "/entities?type=Bus&id=urn:ngsi-ld:Bus:1&"):
            some = (await city("GET", f"{path}attrs=speed&options=sysAttrs{form}", headers=IN_CITY)).json()
            assert (some[0] if "?type" in path else some) == {**whole, "speed": speed}
    assert (await city("GET", f"{here}?attrs=unknown", headers=IN_CITY)).status_code == 404
    assert (await city("GET", f"{here}?type=Stop", headers=IN_CITY)).status_code == 404


@clause("4.5.23", "5.7.1")
async def test_linked_entities_are_joined(city: City) -> None:
    await filled(city, 1)
    answer = await city("GET", "/entities/urn:ngsi-ld:Bus:1?join=inline&joinLevel=1", headers=IN_CITY)
    assert answer.json()["at"]["entity"]["id"] == "urn:ngsi-ld:Stop:1"
    flat = await city("GET", "/entities/urn:ngsi-ld:Bus:1?join=flat", headers=IN_CITY)
    assert [one["id"] for one in flat.json()] == ["urn:ngsi-ld:Bus:1", "urn:ngsi-ld:Stop:1"]


@clause("5.7.2", "6.4.3.2", "4.9")
async def test_queries_find_by_value_type_and_place(city: City) -> None:
    await filled(city)
    assert [one["id"][-1] for one in await asked(city, "type=Bus&q=speed>=40")] == ["4", "5"]
    assert [one["id"][-1] for one in await asked(city, "q=at==%22urn:ngsi-ld:Stop:1%22;speed<20")] == ["1"]
    near = "type=Stop&georel=near;maxDistance==1000&geometry=Point&coordinates=[107.601,16.501]"
    assert [one["id"] for one in await asked(city, near)] == ["urn:ngsi-ld:Stop:1"]
    assert [one["id"][-1] for one in await asked(city, "type=Bus&orderBy=speed;desc&limit=2")] == ["5", "4"]


@clause("5.5.9", "6.3.10", "6.3.13")
async def test_pages_lead_to_each_other(city: City) -> None:
    await filled(city)
    answer = await city("GET", "/entities?type=Bus&limit=2&offset=2&count=true", headers=IN_CITY)
    assert answer.headers["ngsild-results-count"] == "5"
    links = [one for one in answer.headers.get_list("link") if "json-ld#context" not in one]
    assert links == [
        '</ngsi-ld/v1/entities?count=true&limit=2&offset=0&type=Bus>; rel="prev";type="application/json"',
        '</ngsi-ld/v1/entities?count=true&limit=2&offset=4&type=Bus>; rel="next";type="application/json"',
    ]
    nothing = await city("GET", "/entities?type=Bus&limit=0&count=true", headers=IN_CITY)
    assert (nothing.json(), nothing.headers["ngsild-results-count"]) == ([], "5")


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("limit=2", "BadRequestData"),
        ("type=Bus&limit=-1", "BadRequestData"),
        ("type=Bus&limit=1001", "TooManyResults"),
        ("type=Bus&q=(((", "BadRequestData"),
        ("type=Bus&q=" + ";".join(["speed>1"] * 600), "TooComplexQuery"),
        ("type=Bus&idPattern=(", "BadRequestData"),
        ("id=nothing&type=Bus", "BadRequestData"),
        ("type=Bus&count=perhaps", "BadRequestData"),
        ("type=Bus&georel=near&geometry=Point&coordinates=[1,2]", "BadRequestData"),
        ("type=Bus&geometryProperty=location", "BadRequestData"),
    ],
)
async def test_queries_that_cannot_be_answered(city: City, query: str, title: str) -> None:
    await filled(city, 1)
    assert kind(await city("GET", f"/entities?{query}", headers=IN_CITY)) == title


@clause("5.7.2", "6.23", "5.2.23")
async def test_a_query_document_asks_the_same(city: City) -> None:
    await filled(city)
    here = "/entityOperations/query"
    body: dict[str, Any] = {"type": "Query", "entities": [{"type": "Bus"}], "q": "speed>40", "pick": ["id"]}
    answer = await city("POST", here, json=body, headers=IN_CITY)
    assert answer.json() == [{"id": "urn:ngsi-ld:Bus:5"}]
    ordered = {"type": "Query", "entities": [{"type": "Bus"}], "ordering": {"orderBy": ["speed;desc"]}}
    assert (await city("POST", f"{here}?limit=1", json=ordered, headers=IN_CITY)).json()[0]["id"] == "urn:ngsi-ld:Bus:5"
    for wrong in (
        {"type": "Other"},
        {**body, "entities": [{}]},
        {**body, "unknown": 1},
        {**body, "temporalQ": {}},
        {**body, "q": 5},
    ):
        assert kind(await city("POST", here, json=wrong, headers=IN_CITY)) == "BadRequestData"


@clause("4.5.16", "4.5.17", "6.3.15")
async def test_entities_as_geojson(city: City) -> None:
    await filled(city, 1)
    geo = {"accept": "application/geo+json"}
    found = await asked(city, "type=Stop", **geo)
    assert found["type"] == "FeatureCollection"
    assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": [107.6, 16.5]}
    assert (await asked(city, "type=Bus", **geo))["features"][0]["geometry"] is None


@clause("5.7.5", "5.7.6", "5.7.7", "5.7.8", "5.7.9", "5.7.10", "6.25", "6.26", "6.27", "6.28")
async def test_which_types_and_attributes_there_are(city: City) -> None:
    await filled(city, 2)

    async def told(path: str) -> Any:
        return (await city("GET", path, headers=IN_CITY)).json()

    assert (await told("/types"))["typeList"] == ["Bus", "Stop"]
    assert [one["attributeNames"] for one in await told("/types?details=true")] == [["at", "speed"], ["location"]]
    one = await told("/types/Bus")
    assert (one["id"], one["entityCount"]) == (TERMS["Bus"], 2)
    assert (await told("/attributes"))["attributeList"] == ["at", "location", "speed"]
    assert [one["typeNames"] for one in await told("/attributes?details=true")] == [["Bus"], ["Bus"], ["Stop"]]
    assert (await told("/attributes/speed"))["attributeTypes"] == ["Property"]
    for path in ("/types/Nothing", "/attributes/nothing", "/attributes/createdAt"):
        assert (await city("GET", path, headers=IN_CITY)).status_code == 404


@clause("5.13", "6.29", "6.30")
async def test_contexts_are_kept_served_and_deleted(city: City) -> None:
    answer = await city("POST", "/jsonldContexts", json={"@context": {"lane": "https://city.example/lane"}})
    path = answer.headers["location"].removeprefix("/ngsi-ld/v1")
    assert answer.status_code == 201
    assert (await city("GET", path)).json() == {"@context": {"lane": "https://city.example/lane"}}
    told = (await city("GET", f"{path}?details=true")).json()
    assert (told["kind"], told["numberOfHits"]) == ("Hosted", 0)
    assert told["URL"] in (await city("GET", "/jsonldContexts?kind=Hosted")).json()
    assert kind(await city("GET", "/jsonldContexts?kind=other")) == "BadRequestData"
    assert kind(await city("POST", "/jsonldContexts", json={"lane": 1})) == "InvalidRequest"
    assert (await city("DELETE", path)).status_code == 204
    assert (await city("GET", path)).status_code == 404


@clause("6.3.5", "5.13")
async def test_a_context_without_an_address_gets_one_for_link_headers(city: City) -> None:
    body = {"type": "Query", "entities": [{"type": "Bus"}], "@context": [CITY, {"lane": "https://city.example/lane"}]}
    await filled(city, 1)
    answer = await city("POST", "/entityOperations/query", json=body, headers={"content-type": "application/ld+json"})
    url = answer.headers["link"][1:].partition(">")[0]
    served = await city("GET", url.removeprefix("http://here.example/ngsi-ld/v1"))
    assert served.json()["@context"] == body["@context"]


@clause("5.6.11", "5.7.3", "5.7.4", "6.18", "6.19", "6.22", "6.24")
async def test_what_was_is_told_by_the_temporal_interface(city: City) -> None:
    await filled(city, 1)
    here = "/temporal/entities"
    for speed in (11, 12):
        await city("PATCH", "/entities/urn:ngsi-ld:Bus:1/attrs/speed", json={"value": speed}, headers=IN_CITY)
    window = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt"
    answer = await city("GET", f"{here}/urn:ngsi-ld:Bus:1?{window}&options=temporalValues&attrs=speed", headers=IN_CITY)
    assert [value for value, _at in answer.json()["speed"]["values"]] == [10, 11, 12]
    last = await city("GET", f"{here}?type=Bus&{window}&lastN=1", headers=IN_CITY)
    assert [one["value"] for one in last.json()[0]["speed"]] == [12]
    posted = {
        "type": "Query",
        "entities": [{"type": "Bus"}],
        "temporalQ": {"timerel": "before", "timeAt": "2020-01-01T00:00:00Z"},
    }
    assert (await city("POST", "/temporal/entityOperations/query", json=posted, headers=IN_CITY)).json() == []
    assert kind(await city("GET", f"{here}?type=Bus", headers=IN_CITY)) == "BadRequestData"


@clause("5.6.11", "5.6.12", "5.6.13", "5.6.14", "5.6.15", "5.6.16", "6.3.10", "6.20", "6.21")
async def test_the_history_is_written_by_its_own_interface(city: City) -> None:
    series = [
        {"type": "Property", "value": n, "observedAt": f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z"} for n in range(40)
    ]
    new = await city("POST", "/temporal/entities", json=bus(speed=series), headers=IN_CITY)
    assert (new.status_code, new.headers["location"]) == (201, "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Bus:1")
    here = "/temporal/entities/urn:ngsi-ld:Bus:1"
    cut = await city("GET", here, headers=IN_CITY)
    assert cut.status_code == 206 and cut.headers["content-range"].startswith("date-time 2026-01-01T00:00:00Z-")
    one = {"speed": [{"type": "Property", "value": 99, "observedAt": "2026-02-01T00:00:00Z"}]}
    assert (await city("POST", f"{here}/attrs", json=one, headers=IN_CITY)).status_code == 204
    after = "timerel=after&timeAt=2026-01-15T00:00:00Z"
    (found,) = (await city("GET", f"{here}?{after}", headers=IN_CITY)).json()["speed"]
    instance = f"{here}/attrs/speed/{found['instanceId']}"
    assert (
        await city("PATCH", instance, json={"speed": [{"type": "Property", "value": 100}]}, headers=IN_CITY)
    ).status_code == 204
    assert (await city("DELETE", instance, headers=IN_CITY)).status_code == 204
    assert (await city("DELETE", f"{here}/attrs/speed?deleteAll=true", headers=IN_CITY)).status_code == 204
    assert (await city("DELETE", here)).status_code == 204
    assert (await city("GET", here)).status_code == 404


async def test_entities_that_all_know_each_other_are_looked_at_once_each(city: City) -> None:
    ids = [f"urn:ngsi-ld:Bus:{n}" for n in range(10)]
    knows = [{"type": "Relationship", "object": [other for other in ids if other != id]} for id in ids]
    some = [bus(n, knows=one) for n, one in enumerate(knows)]
    assert (await city("POST", "/entityOperations/create", json=some)).status_code == 201
    began = time.process_time()
    joined = {"type": "Bus", "limit": "1", "joinLevel": "7"}
    flat = await city("GET", "/entities", params={**joined, "join": "flat"})
    assert sorted(one["id"] for one in flat.json()) == ids
    deep = {**joined, "join": "flat", "q": "knows{" * 7 + "speed" + "}" * 7 + ">99", "count": "true"}
    assert (await city("GET", "/entities", params=deep)).headers["ngsild-results-count"] == "0"
    deep["q"] = deep["q"].replace(">99", "<99")
    assert (await city("GET", "/entities", params=deep)).headers["ngsild-results-count"] == "10"
    inline = await city("GET", "/entities", params={**joined, "join": "inline"})
    assert (inline.status_code, kind(inline)) == (403, "TooComplexQuery")
    assert time.process_time() - began < 5, "ways of seven steps between ten entities are five million"
