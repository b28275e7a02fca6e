"""Entities and their attributes are made, changed and deleted, one by one and in batches (CIM 009, 5.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.api.conftest import LINK, bus, kind
from tests.graph.clauses import clause

City = Callable[..., Any]
ONE = "/entities/urn:ngsi-ld:Bus:1"
IN_CITY = {"link": LINK}


async def made(city: City, **more: Any) -> None:
    answer = await city("POST", "/entities", json=bus(**more), headers=IN_CITY)
    assert (answer.status_code, answer.headers["location"]) == (201, "/ngsi-ld/v1/entities/urn:ngsi-ld:Bus:1")


async def seen(city: City, query: str = "") -> dict[str, Any]:
    answer = await city("GET", ONE + query, headers=IN_CITY)
    assert answer.status_code == 200
    return dict(answer.json())


@clause("5.6.1", "6.4.3.1")
async def test_an_entity_is_made_once(city: City) -> None:
    await made(city)
    again = await city("POST", "/entities", json=bus(), headers=IN_CITY)
    assert (again.status_code, kind(again)) == (409, "AlreadyExists")
    assert await seen(city) == bus()


@clause("5.6.17", "6.5.3.4")
async def test_merging_changes_members_and_deletes_by_null(city: City) -> None:
    await made(city, at={"type": "Relationship", "object": "urn:ngsi-ld:Stop:1"})
    patch = {"speed": {"unitCode": "KMH"}, "at": {"object": "urn:ngsi-ld:null"}}
    answer = await city("PATCH", ONE, json=patch, headers={**IN_CITY, "content-type": "application/merge-patch+json"})
    assert answer.status_code == 204
    assert await seen(city) == bus(speed={"type": "Property", "value": 30, "unitCode": "KMH"})


@clause("5.6.18", "6.5.3.3")
async def test_replacing_leaves_nothing_of_what_was(city: City) -> None:
    await made(city)
    new = {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", "at": {"type": "Relationship", "object": "urn:ngsi-ld:Stop:2"}}
    assert (await city("PUT", ONE, json=new, headers=IN_CITY)).status_code == 204
    assert await seen(city) == new
    assert (
        kind(await city("PUT", "/entities/urn:ngsi-ld:Bus:9", json={**new, "id": "urn:ngsi-ld:Bus:9"}))
        == "ResourceNotFound"
    )
    assert kind(await city("PUT", ONE, json={**new, "id": "urn:ngsi-ld:Bus:9"})) == "BadRequestData"


@clause("5.6.6", "6.5.3.2")
async def test_deleting_asks_for_the_type_where_one_is_named(city: City) -> None:
    await made(city)
    assert (await city("DELETE", f"{ONE}?type=Stop", headers=IN_CITY)).status_code == 404
    assert (await city("DELETE", f"{ONE}?type=Bus", headers=IN_CITY)).status_code == 204
    assert (await city("DELETE", ONE)).status_code == 404


@clause("5.6.3", "6.6.3.1")
async def test_appending_tells_what_it_left(city: City) -> None:
    await made(city)
    fragment = {"speed": {"type": "Property", "value": 99}, "at": {"type": "Property", "value": 1}}
    answer = await city("POST", f"{ONE}/attrs?options=noOverwrite", json=fragment, headers=IN_CITY)
    assert answer.status_code == 207
    told = answer.json()
    assert told["updated"] == ["https://city.example/at"]
    assert [one["attributeName"] for one in told["notUpdated"]] == ["https://city.example/speed"]
    assert (await city("POST", f"{ONE}/attrs", json=fragment, headers=IN_CITY)).status_code == 204
    assert (await seen(city))["speed"]["value"] == 99


@clause("5.6.2", "6.6.3.2")
async def test_updating_several_attributes(city: City) -> None:
    await made(city)
    answer = await city("PATCH", f"{ONE}/attrs", json={"speed": {"type": "Property", "value": 5}}, headers=IN_CITY)
    assert answer.status_code == 204
    assert (await seen(city))["speed"] == {"type": "Property", "value": 5}


@clause("5.6.4", "6.7.3.1")
async def test_a_partial_update_keeps_the_other_members(city: City) -> None:
    await made(city, speed={"type": "Property", "value": 1, "unitCode": "KMH"})
    assert (await city("PATCH", f"{ONE}/attrs/speed", json={"value": 2}, headers=IN_CITY)).status_code == 204
    assert (await seen(city))["speed"] == {"type": "Property", "value": 2, "unitCode": "KMH"}
    assert (await city("PATCH", f"{ONE}/attrs/at", json={"value": 2}, headers=IN_CITY)).status_code == 404


@clause("5.6.19", "6.7.3.3")
async def test_an_attribute_is_replaced_whole(city: City) -> None:
    await made(city, speed={"type": "Property", "value": 1, "unitCode": "KMH"})
    new = {"type": "Property", "value": 3}
    assert (await city("PUT", f"{ONE}/attrs/speed", json=new, headers=IN_CITY)).status_code == 204
    assert (await seen(city))["speed"] == new


@clause("5.6.5", "6.7.3.2")
async def test_one_instance_or_all_of_an_attribute_are_deleted(city: City) -> None:
    gps = {"type": "Property", "value": 2, "datasetId": "urn:ngsi-ld:Dataset:gps"}
    await made(city, speed=[{"type": "Property", "value": 1}, gps])
    here = f"{ONE}/attrs/speed"
    assert (await city("DELETE", f"{here}?datasetId=urn:ngsi-ld:Dataset:gps", headers=IN_CITY)).status_code == 204
    assert (await seen(city))["speed"] == {"type": "Property", "value": 1}
    encoded = f"{ONE}/attrs/https%3A%2F%2Fcity.example%2Fspeed"
    assert (await city("DELETE", f"{encoded}?deleteAll=true")).status_code == 204
    assert "speed" not in await seen(city)
    assert (await city("DELETE", here, headers=IN_CITY)).status_code == 404


@clause("5.6.7", "5.6.8", "5.6.10", "5.6.20", "6.14", "6.15", "6.16", "6.17", "6.31")
async def test_batches_tell_of_each_entity(city: City) -> None:
    here = "/entityOperations"
    new = await city("POST", f"{here}/create", json=[bus(1), bus(2)], headers=IN_CITY)
    assert (new.status_code, sorted(new.json())) == (201, ["urn:ngsi-ld:Bus:1", "urn:ngsi-ld:Bus:2"])
    mixed = await city(
        "POST", f"{here}/create", json=[bus(2), bus(3), {"id": "no uri", "type": "Bus"}], headers=IN_CITY
    )
    assert (mixed.status_code, mixed.json()["success"]) == (207, ["urn:ngsi-ld:Bus:3"])
    failed = {one["entityId"]: one["error"]["title"] for one in mixed.json()["errors"]}
    assert failed == {"urn:ngsi-ld:Bus:2": "AlreadyExists", "no uri": "BadRequestData"}
    put = await city("POST", f"{here}/upsert?options=update", json=[bus(3, 1), bus(4)], headers=IN_CITY)
    assert (put.status_code, put.json()) == (201, ["urn:ngsi-ld:Bus:4"])
    assert (await city("POST", f"{here}/merge", json=[bus(4, 2)], headers=IN_CITY)).status_code == 204
    gone = await city("POST", f"{here}/delete", json=["urn:ngsi-ld:Bus:4", "urn:ngsi-ld:Bus:4"])
    assert (gone.status_code, gone.json()["success"]) == (207, ["urn:ngsi-ld:Bus:4"])


@clause("5.6.9")
async def test_a_batch_update_leaves_what_it_may_not_overwrite(city: City) -> None:
    await made(city)
    answer = await city("POST", "/entityOperations/update?options=noOverwrite", json=[bus(1, 99)], headers=IN_CITY)
    assert (answer.status_code, answer.json()["errors"][0]["entityId"]) == (207, "urn:ngsi-ld:Bus:1")
    assert (await seen(city))["speed"]["value"] == 30


@clause("5.6.7")
@pytest.mark.parametrize("body", [[], [None], {}, "x", [bus(8), None]])
async def test_a_batch_that_is_none_is_refused_whole(city: City, body: Any) -> None:
    assert kind(await city("POST", "/entityOperations/create", json=body)) == "BadRequestData"
    assert (await city("GET", "/entities/urn:ngsi-ld:Bus:8")).status_code == 404


@clause("5.6.21", "6.4.3.3")
async def test_purging_needs_more_than_identifiers(city: City) -> None:
    await city("POST", "/entityOperations/create", json=[bus(1), bus(2, 90)], headers=IN_CITY)
    for query in ("", "?idPattern=.*", "?type=Bus&keep=speed&drop=at"):
        assert kind(await city("DELETE", f"/entities{query}", headers=IN_CITY)) == "BadRequestData"
    assert (await city("DELETE", "/entities?q=speed>50", headers=IN_CITY)).status_code == 204
    assert (await city("GET", "/entities/urn:ngsi-ld:Bus:2")).status_code == 404
    assert (await city("DELETE", "/entities?type=Bus&drop=speed", headers=IN_CITY)).status_code == 204
    assert await seen(city) == {"id": "urn:ngsi-ld:Bus:1", "type": "Bus"}


NOT_WHOLE: list[dict[str, Any]] = [
    {"n": {"type": "Property"}},
    {"n": {"type": "Property", "unitCode": "KMH"}},
    {"n": {"observedAt": "2026-01-01T00:00:00Z"}},
    {"n": {"type": "Relationship"}},
    {"n": {"type": "LanguageProperty", "datasetId": "urn:x:d"}},
    {"n": {"type": "Property", "value": 1, "accuracy": {"type": "Property"}}},
]


@pytest.mark.parametrize("fragment", NOT_WHOLE, ids=str)
@clause("5.6.2", "5.6.3", "5.6.8", "5.6.17")
async def test_what_has_no_value_is_not_made_an_attribute(city: City, fragment: dict[str, Any]) -> None:
    """A fragment may leave out what is there already; of what is new there is nothing else."""
    await city("POST", "/entities", json={"id": "urn:x:1", "type": "Bus"})
    for method, path in (("POST", "/attrs"), ("PATCH", "/attrs"), ("PATCH", "")):
        answer = await city(method, f"/entities/urn:x:1{path}", json=fragment)
        assert kind(answer) == "BadRequestData", (method, path, answer.text)
    for path in ("update", "update?options=noOverwrite", "merge", "upsert?options=update"):
        for id in ("urn:x:1", "urn:x:2"):
            whole = {"id": "urn:x:3", "type": "Bus"}
            answer = await city(
                "POST", f"/entityOperations/{path}", json=[{"id": id, "type": "Bus", **fragment}, whole]
            )
            assert answer.status_code == 207 and answer.json()["errors"][0]["entityId"] == id, (path, id, answer.text)
    assert (await city("GET", "/entities/urn:x:1")).json() == {"id": "urn:x:1", "type": "Bus"}
    assert (await city("GET", "/entities/urn:x:2")).status_code == 404
    past = {name: [value] for name, value in fragment.items() if "type" in value}
    if past:
        answer = await city("POST", "/temporal/entities/urn:x:1/attrs", json=past)
        assert kind(answer) == "BadRequestData", answer.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "Property"},
        {"a": {"value": 1}},
        {"unitCode": "X"},
        {"type": "Property", "value": "urn:ngsi-ld:null"},
    ],
    ids=str,
)
@clause("5.6.19")
async def test_an_attribute_is_not_replaced_by_nothing(city: City, body: dict[str, Any]) -> None:
    entity = {"id": "urn:x:1", "type": "Bus", "speed": {"type": "Property", "value": 1}}
    await city("POST", "/entities", json=entity)
    assert kind(await city("PUT", "/entities/urn:x:1/attrs/speed", json=body)) == "BadRequestData"
    assert (await city("GET", "/entities/urn:x:1")).json() == entity


@clause("5.6.19")
async def test_an_attribute_that_names_itself_in_its_body_is_replaced(city: City) -> None:
    await city("POST", "/entities", json={"id": "urn:x:1", "type": "Bus", "speed": {"type": "Property", "value": 1}})
    body = {"speed": {"type": "Property", "value": 99, "source": {"type": "Property", "value": "Speedometer"}}}
    assert (await city("PUT", "/entities/urn:x:1/attrs/speed", json=body)).status_code == 204
    assert (await city("GET", "/entities/urn:x:1")).json()["speed"] == body["speed"]


@pytest.mark.parametrize(
    "told",
    [
        {"expiresAt": "urn:ngsi-ld:null"},
        {"scope": "urn:ngsi-ld:null"},
        {"n": {"type": "Property", "value": "urn:ngsi-ld:null"}},
        {"location": {"type": "GeoProperty", "value": "urn:ngsi-ld:null"}},
        {"n": {"type": "Property", "value": 1, "unitCode": "urn:ngsi-ld:null"}},
        {"n": {"type": "LanguageProperty", "languageMap": {"vi": "urn:ngsi-ld:null"}}},
    ],
    ids=str,
)
@clause("5.6.8")
async def test_an_upsert_takes_nothing_away_from_what_is_not_there(city: City, told: dict[str, Any]) -> None:
    answer = await city(
        "POST", "/entityOperations/upsert?options=update", json=[{"id": "urn:x:9", "type": "Bus", **told}]
    )
    assert answer.status_code in (207, 400), answer.text
    assert "BadRequestData" in answer.text
    assert (await city("GET", "/entities/urn:x:9")).status_code == 404


@pytest.mark.parametrize(
    "form", ["20260131T080000Z", "2026-W05-6T08:00:00Z", "2026-01-31T08:00Z", "2026-01-31T08:00:00+00:00"]
)
async def test_only_instants_of_ngsi_ld_become_observed_at(city: City, form: str) -> None:
    speed = {"type": "Property", "value": 1, "observedAt": "2026-01-01T00:00:00Z"}
    await city("POST", "/entities", json=bus(1, speed))
    for path in ("/entities/urn:ngsi-ld:Bus:1", "/entityOperations/merge"):
        method, body = ("PATCH", {"speed": 2}) if path.endswith("1") else ("POST", [bus(1, 2)])
        assert kind(await city(method, path, params={"observedAt": form}, json=body)) == "BadRequestData"
        answer = await city(method, path, params={"observedAt": "2026-01-31T08:00:00,5Z"}, json=body)
        assert answer.status_code == 204
        told = (await city("GET", "/entities/urn:ngsi-ld:Bus:1")).json()["speed"]
        assert told == {"type": "Property", "value": 2, "observedAt": "2026-01-31T08:00:00.5Z"}


async def test_only_instants_of_ngsi_ld_end_a_snapshot(city: City) -> None:
    asked = {"snapshotQueries": [{"type": "Query", "entities": [{"type": "Bus"}]}]}
    await city("POST", "/entities", json=bus())
    assert kind(await city("POST", "/snapshots", json={**asked, "expiresAt": "20400131T080000Z"})) == "BadRequestData"
    assert (await city("POST", "/snapshots", json={**asked, "expiresAt": "2040-01-31T08:00:00,5Z"})).status_code == 201


@clause("4.3.7", "5.5.13", "5.5.15", "6.3.22")
async def test_what_is_changed_in_a_snapshot_is_changed_there_alone(city: City) -> None:
    await city("POST", "/entities", json=bus(1, 30))
    asked = {"type": "Snapshot", "snapshotQueries": [{"type": "Query", "entities": [{"type": "Bus"}]}]}
    place = (await city("POST", "/snapshots", json=asked)).headers["location"].removeprefix("/ngsi-ld/v1")
    async with asyncio.timeout(30):
        while (await city("GET", place)).json()["snapshotStatus"] == "preparing":
            await asyncio.sleep(0.01)
    within = {"NGSILD-Snapshot": place.rpartition("/")[2]}
    changed = await city("PATCH", "/entities/urn:ngsi-ld:Bus:1", json={"speed": 99}, headers=within)
    assert (changed.status_code, changed.headers["ngsild-snapshot"]) == (204, within["NGSILD-Snapshot"])
    assert (await city("POST", "/entities", json=bus(2, 5), headers=within)).status_code == 201
    speeds = {one["id"][-1]: one["speed"]["value"] for one in (await city("GET", "/entities?type=Bus")).json()}
    inside = (await city("GET", "/entities?type=Bus&local=false", headers=within)).json()
    assert (speeds, {one["id"][-1]: one["speed"]["value"] for one in inside}) == ({"1": 30}, {"1": 99, "2": 5})
    assert (await city("DELETE", "/entities?type=Bus", headers=within)).status_code == 204
    assert len((await city("GET", "/entities?type=Bus")).json()) == 1
    for path in ("/subscriptions", "/csourceRegistrations", "/jsonldContexts"):
        assert kind(await city("POST", path, json={"type": "x"}, headers=within)) == "OperationNotSupported"
    assert kind(await city("POST", "/snapshots", json={**asked, "id": within["NGSILD-Snapshot"]})) == "AlreadyExists"
    for wrong in (
        {"snapshotPriority": 0},
        {"snapshotPriority": 11},
        {"snapshotLifetime": "long"},
        {"snapshotLifetime": 5},
    ):
        assert kind(await city("POST", "/snapshots", json={**asked, **wrong})) == "BadRequestData"
