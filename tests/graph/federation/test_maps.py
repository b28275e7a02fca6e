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
    assert [one["resultStatus"] for one in told["snapshotQueriesDetails"]] == ["success", "failure"]
    frozen = await hue.client.get("/entities?type=Bus", headers={"NGSILD-Snapshot": place})
    assert len(frozen.json()) == 5
