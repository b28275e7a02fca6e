"""Who subscribes in one city hears of what lies in another: copies at sources, kept in step, their notifications passed on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nhip.graph.contexts.compile import compile_context
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.registrations.matching import Index
from nhip.graph.registrations.model import from_doc
from nhip.graph.relays.reducing import reduced
from tests.graph.clauses import clause

if TYPE_CHECKING:
    from tests.graph.federation.conftest import City
    from tests.graph.subscriptions.conftest import Receiver

SUB, REG, BUS = "urn:ngsi-ld:Subscription:s", "urn:ngsi-ld:ContextSourceRegistration:r", "urn:ngsi-ld:Bus:1"
CONTEXT = compile_context([{"Bus": "https://x.org/Bus", "speed": "https://x.org/speed", "name": "https://x.org/name"}])


def bus(id: str = BUS, /, **values: Any) -> dict[str, Any]:
    return {"id": id, "type": "Bus", **{name: {"type": "Property", "value": value} for name, value in values.items()}}


async def set_speed(city: City, value: int) -> None:
    await city.ask("PATCH", f"/entities/{BUS}/attrs", {"speed": {"type": "Property", "value": value}})


def copy_of(doc: dict[str, Any], **registration: Any) -> dict[str, Any]:
    """The reduced copy of a subscription to buses for a source that is registered so."""
    information = registration.pop("information")
    told = {"id": "urn:r", "type": "ContextSourceRegistration", "endpoint": "http://x", "information": information}
    query = build(Asked(entities=[Selected(types="Bus")]), CONTEXT)
    (match,) = Index([from_doc({**told, **registration})]).fitting(query)
    whole = {"notification": {"endpoint": {"uri": "http://subscriber.example"}}, **doc}
    return reduced(whole, match, CONTEXT, "http://us/notify")


@clause("5.8.1.4")
def test_a_copy_asks_for_no_more_than_is_registered() -> None:
    registered = [
        {"entities": [{"type": ["https://x.org/Bus"], "idPattern": "hue"}], "propertyNames": ["https://x.org/speed"]}
    ]
    made = copy_of(
        {"entities": [{"type": "https://x.org/Bus"}], "q": "speed>5", "throttling": 3}, information=registered
    )
    assert made == {
        "type": "Subscription",
        "entities": [{"type": "Bus", "idPattern": "hue"}],
        "q": "speed>5",
        "throttling": 3,
        "watchedAttributes": ["speed"],
        "notification": {
            "attributes": ["speed"],
            "endpoint": {"uri": "http://us/notify", "accept": "application/json"},
        },
    }
    one = copy_of({"entities": [{"id": BUS, "idPattern": "x", "type": "*"}]}, information=registered, localOnly=True)
    assert (one["entities"], one["localOnly"]) == ([{"id": BUS, "type": "Bus"}], True)
    parts = copy_of(
        {"watchedAttributes": ["https://x.org/name"], "q": "speed>5", "splitEntities": True}, information=[{}]
    )
    assert "q" not in parts and "entities" not in parts and parts["watchedAttributes"] == ["name"]
    assert parts["notification"]["format"] == "normalized"


@clause("5.8.1.4", "5.8.6")
async def test_what_lies_elsewhere_is_told_under_the_own_id(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver, q="speed>10")
    (copy,) = await vinh.copies(1)
    assert copy["notification"]["endpoint"]["uri"] == f"{hue.door.url}/ngsi-ld/ex/remote-notify"
    await vinh.ask("POST", "/entities", bus(speed=5))
    await set_speed(vinh, 30)
    told = await receiver.next()
    assert (told["subscriptionId"], told["data"]) == (SUB, [bus(speed=30)])
    (follows,) = await hue.ask("GET", "/csourceSubscriptions")
    assert follows["entities"] == [{"type": "Bus"}]
    await hue.ask("DELETE", f"/subscriptions/{SUB}")
    assert await hue.ask("GET", "/csourceSubscriptions") == []
    await vinh.copies(0)


@clause("5.8.2.4", "5.8.5.4")
async def test_a_copy_follows_the_subscription(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver, q="speed>10")
    (copy,) = await vinh.copies(1)
    await hue.ask("PATCH", f"/subscriptions/{SUB}", {"q": "speed>100", "isActive": False})
    async with asyncio.timeout(60):
        while (copy := (await vinh.copies(1))[0])["q"] != "speed>100":
            await asyncio.sleep(0.02)
    assert copy["status"] == "paused"
    await hue.ask("PATCH", f"/subscriptions/{SUB}", {"q": "urn:ngsi-ld:null", "isActive": True})
    async with asyncio.timeout(60):
        while "q" in (copy := (await vinh.copies(1))[0]):
            await asyncio.sleep(0.02)
    await vinh.ask("POST", "/entities", bus(speed=5))
    assert (await receiver.next())["data"] == [bus(speed=5)]
    await hue.ask("PATCH", f"/subscriptions/{SUB}", {"localOnly": True})
    await vinh.copies(0)


@clause("5.8.1.4", "5.3.3")
async def test_registrations_come_move_and_go(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.subscribe(SUB, receiver)
    await hue.subscribe(f"{SUB}:trams", receiver, entities=[{"type": "Tram"}])
    await hue.knows(vinh, REG, information={"propertyNames": ["name"]})
    assert (await vinh.copies(1))[0]["watchedAttributes"] == ["name"]
    await hue.ask("PATCH", f"/csourceRegistrations/{REG}", {"information": [{"entities": [{"type": "Bus"}]}]})
    async with asyncio.timeout(60):
        while "watchedAttributes" in (await vinh.copies(1))[0]:
            await asyncio.sleep(0.02)
    await hue.ask("PATCH", f"/csourceRegistrations/{REG}", {"tenant": "moved"})
    await vinh.copies(0)
    async with asyncio.timeout(60):  # it is made there while the other one goes
        while (
            found := await vinh.client.get("/subscriptions", headers={"NGSILD-Tenant": "moved"})
        ).status_code != 200 or (len(found.json()) != 1):
            await asyncio.sleep(0.02)
    await hue.ask("DELETE", f"/csourceRegistrations/{REG}")
    async with asyncio.timeout(60):
        while await vinh.ask("GET", "/subscriptions", None, **{"NGSILD-Tenant": "moved"}):
            await asyncio.sleep(0.02)


@clause("5.8.6")
async def test_parts_are_put_together_and_judged_as_one(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, REG)
    await hue.ask("POST", "/entities?local=true", bus(name="29B"))
    await hue.subscribe(SUB, receiver, q='speed>10;name=="29B"', splitEntities=True)
    (copy,) = await vinh.copies(1)
    assert "q" not in copy
    await vinh.ask("POST", "/entities", bus(speed=5))
    await set_speed(vinh, 30)
    told = await receiver.next()
    assert told["data"] == [bus(name="29B", speed=30)]
    assert receiver.got.empty(), "5 was told of, but not wanted"


@clause("5.8.6")
async def test_only_who_knows_the_copys_id_is_heard(hue: City, receiver: Receiver) -> None:
    await hue.subscribe(SUB, receiver)
    url = f"{hue.door.url}/ngsi-ld/ex/remote-notify"
    for body, status in (
        ({"subscriptionId": SUB, "data": [bus(speed=1)]}, 404),
        ({"subscriptionId": SUB, "data": [5]}, 400),
        ({"data": []}, 400),
        ([], 400),
    ):
        assert (await hue.client.post(url, json=body)).status_code == status
    assert (await hue.client.post("/remote-notify", json={})).status_code == 404


@clause("4.3.6.6", "5.8.1.4")
async def test_two_cities_that_know_each_other_do_not_go_round(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, REG, contextSourceAlias="vinh")
    await vinh.knows(hue, REG, contextSourceAlias="hue")
    await hue.subscribe(SUB, receiver)
    await vinh.copies(1)
    await vinh.ask("POST", "/entities?local=true", bus(speed=5))
    assert (await receiver.next())["data"] == [bus(speed=5)]
    assert not [one for one in hue.door.asked if one == ("POST", "/ngsi-ld/v1/subscriptions")]
    answer = await hue.client.post("/subscriptions", json={}, headers={"Via": "1.1 vinh, 1.1 hue"})
    assert answer.status_code == 508
    assert len(await hue.copies(1)) == 1


@clause("5.8.1.4")
async def test_a_source_that_is_away_is_told_when_it_is_back(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, REG)
    before, vinh.door.refuses = vinh.door.asked.count(("POST", "/ngsi-ld/v1/subscriptions")), 1
    await hue.subscribe(SUB, receiver)
    await vinh.copies(1)
    assert vinh.door.asked.count(("POST", "/ngsi-ld/v1/subscriptions")) - before == 2


@clause("5.8.6")
async def test_what_a_source_tells_is_kept_for_who_is_told_for_certain(
    hue: City, vinh: City, receiver: Receiver
) -> None:
    """The receiver and then our own way to Vinh are down; nothing that happened meanwhile is lost."""
    certain = [{"key": "Delivery", "value": "certain"}]
    await hue.knows(vinh, REG)
    told = {"endpoint": {"uri": receiver.uri, "notifierInfo": certain}}
    await hue.subscribe(SUB, receiver, notification=told)
    (copy,) = await vinh.copies(1)
    assert copy["notification"]["endpoint"]["notifierInfo"] == certain
    receiver.status = 500
    await vinh.ask("POST", "/entities", bus(speed=5))
    assert (await receiver.next())["data"] == [bus(speed=5)]
    await until_waiting(hue)
    await hue.app.graph.fetch("update graph.sub set retry_at = null")
    receiver.status = 200
    assert (await receiver.next())["data"] == [bus(speed=5)], "tried again"
    hue.door.refuses = 1
    await set_speed(vinh, 6)
    await until_waiting(vinh)
    await vinh.app.graph.fetch("update graph.sub set retry_at = null")
    assert (await receiver.next())["data"] == [bus(speed=6)], "told again by Vinh"


async def until_waiting(city: City) -> None:
    """Until a receiver that failed is left in peace."""
    async with asyncio.timeout(60):
        while not await city.app.graph.fetch("select 1 from graph.sub where retry_at is not null"):
            await asyncio.sleep(0.02)
