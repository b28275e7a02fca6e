"""Entity maps of what lies in several cities: where each entity is, pages that stay, what is gone falls out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.graph.clauses import clause
from tests.graph.federation.test_relays import REG, bus

if TYPE_CHECKING:
    from tests.graph.federation.conftest import City


async def filled(hue: City, vinh: City) -> list[str]:
    """Five buses: 0, 2 and 4 here, 1 and 3 there."""
    await hue.knows(vinh, REG)
    ids = [f"urn:ngsi-ld:Bus:{n}" for n in range(5)]
    for n, id in enumerate(ids):
        await (vinh if n % 2 else hue).ask("POST", "/entities?local=true", bus(id, speed=n))
    return ids


async def page(city: City, address: str, query: str) -> tuple[list[str], Any]:
    answer = await city.client.get(f"/entities?type=Bus&{query}", headers={"NGSILD-EntityMap": address})
    return [one["id"] for one in answer.json()], answer


@clause("5.14", "5.5.9")
async def test_a_map_of_two_cities_fixes_its_pages(hue: City, vinh: City) -> None:
    ids = await filled(hue, vinh)
    made = await hue.client.get("/entities?type=Bus&q=speed>0&entityMap=true&limit=2")
    assert (made.status_code, [one["id"] for one in made.json()]) == (201, ids[1:3])
    address = made.headers["ngsild-entitymap"]
    (told,) = [await hue.ask("GET", address.removeprefix("/ngsi-ld/v1"))]
    assert told["entityMap"] == {ids[1]: [REG], ids[2]: ["@none"], ids[3]: [REG], ids[4]: ["@none"]}
    await hue.ask("POST", "/entities?local=true", bus("urn:ngsi-ld:Bus:0later", speed=9))
    await vinh.ask("DELETE", f"/entities/{ids[1]}?local=true")
    first, answer = await page(hue, address, "q=speed>0&limit=2&count=true")
    assert (first, answer.headers["ngsild-results-count"]) == (ids[2:4], "3"), "a page is full though one is gone"
    assert ids[1] not in (await hue.ask("GET", address.removeprefix("/ngsi-ld/v1")))["entityMap"]
    assert (await page(hue, address, "q=speed>0&limit=2&offset=2"))[0] == ids[4:]


@clause("5.14", "6.3.17")
async def test_a_city_that_is_silent_loses_nothing_from_a_map(hue: City, vinh: City) -> None:
    ids = await filled(hue, vinh)
    address = (await hue.client.get("/entities?type=Bus&entityMap=true")).headers["ngsild-entitymap"]
    vinh.door.refuses = 10
    found, answer = await page(hue, address, "")
    assert found == ids[::2] and "299" in answer.headers["ngsild-warning"]
    vinh.door.refuses = 0
    assert (await page(hue, address, ""))[0] == ids
    await hue.ask("DELETE", address.removeprefix("/ngsi-ld/v1"))
    found, answer = await page(hue, address, "")
    assert (found, answer.status_code) == (ids, 201) and answer.headers["ngsild-entitymap"] != address


@clause("4.5")
async def test_the_times_of_a_source_stay_its_own(hue: City, vinh: City) -> None:
    ids = await filled(hue, vinh)
    there = await vinh.ask("GET", f"/entities/{ids[1]}?options=sysAttrs&local=true")
    found = {one["id"]: one for one in await hue.ask("GET", "/entities?type=Bus&options=sysAttrs")}
    assert found[ids[1]] == there


@clause("5.16")
async def test_a_query_of_a_snapshot_that_finds_nothing_is_no_success(hue: City, vinh: City) -> None:
    await filled(hue, vinh)
    queries = [{"type": "Query", "entities": [{"type": kind}]} for kind in ("Bus", "Void")]
    made = await hue.client.post("/snapshots", json={"type": "Snapshot", "snapshotQueries": queries})
    place = made.headers["location"].removeprefix("/ngsi-ld/v1")
    while (told := await hue.ask("GET", place))["snapshotStatus"] == "preparing":
        pass
    assert told["snapshotStatus"] == "partial"
    assert [one["resultStatus"] for one in told["snapshotQueriesDetails"]] == ["success", "empty"]
    frozen = await hue.client.get("/entities?type=Bus", headers={"NGSILD-Snapshot": place})
    assert len(frozen.json()) == 5


@clause("5.14", "5.14.4", "5.14.5", "6.34", "6.35")
async def test_a_map_is_made_without_the_entities(hue: City, vinh: City) -> None:
    ids = await filled(hue, vinh)
    query = {"type": "Query", "entities": [{"type": "Bus"}], "q": "speed>0", "splitEntities": False}
    there, times = "/entityMaps", {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z", "timeproperty": "createdAt"}
    by_time = {**query, "temporalQ": times, "entityMapLifetime": "PT5M"}
    told = "&".join(f"{name}={value}" for name, value in times.items())
    answers = [
        await hue.client.get(f"{there}?type=Bus&q=speed>0&limit=1&join=inline"),
        await hue.client.post(there, json={**query, "entityMapLifetime": "PT5M"}),
        await hue.client.get(f"/temporal/entityMaps?type=Bus&q=speed>0&{told}"),
        await hue.client.post("/temporal/entityMaps", json=by_time),
    ]
    both = {id: [REG] if n % 2 else ["@none"] for n, id in enumerate(ids) if n}
    histories = answers[2].json()["entityMap"]  # the other city offers none
    assert histories[ids[2]] == histories[ids[4]] == ["@none"] and ids[1] not in histories
    for answer, expected in zip(answers, (both, both, histories, histories), strict=True):
        assert answer.status_code == 201
        made = answer.json()
        assert (made["type"], made["entityMap"]) == ("EntityMap", expected)
        assert answer.headers["ngsild-entitymap"] == f"/ngsi-ld/v1/entityMaps/{made['id']}"
    assert answers[0].json()["expiresAt"] > answers[1].json()["expiresAt"]
    assert (await page(hue, answers[1].headers["ngsild-entitymap"], "limit=2&offset=2"))[0] == ids[3:]
    alone = (await hue.client.get("/entityMaps?type=Bus&local=true")).json()["entityMap"]
    assert alone == {id: ["@none"] for id in ids[::2]}
    for wrong in ({"entityMapLifetime": 5}, {"splitEntities": "yes"}, {"entities": []}):
        assert (await hue.client.post(there, json={**query, **wrong})).status_code == 400
