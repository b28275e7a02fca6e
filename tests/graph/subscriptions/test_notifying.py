"""Whoever subscribed is told: of what they asked for, in time, counted, by whichever process wrote it, never silently not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nhip.graph.errors import AlreadyExists, BadRequestData, ResourceNotFound
from nhip.graph.model import NULL, Operation
from nhip.graph.subscriptions import outlet, receivers
from nhip.graph.subscriptions.model import Counts
from nhip.kernel.time import held, now
from tests.graph.clauses import clause

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Broker, Receiver

NS = "https://uri.etsi.org/ngsi-ld/default-context/"
ID = "urn:x:bus:1"
PATIENCE_S = 60.0


def prop(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}


def create(id: str = ID, kind: str = "Bus", **values: Any) -> Operation:
    doc = {"id": id, "type": [NS + kind], **{NS + name: [prop(value)] for name, value in values.items()}}
    return Operation(name="create", id=id, doc=doc)


def update(id: str = ID, **values: Any) -> Operation:
    return Operation(name="update", id=id, doc={NS + name: [prop(value)] for name, value in values.items()})


def members(receiver: Receiver, kind: str = "Bus", **more: Any) -> dict[str, Any]:
    notification = {"endpoint": {"uri": receiver.uri}, **more.pop("notification", {})}
    return {"entities": [{"type": kind}], "notification": notification, **more}


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


async def counted(keeping: Any, tenant: int, id: str, true: Callable[[Counts], Any]) -> Counts:
    """What was counted of a subscription, once it is so; each second a process writes its part to the table."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await keeping.write_counts()
            if true(counts := (await keeping.get(tenant, id)).counts):
                return counts
            await asyncio.sleep(0.01)


async def throttled_long_ago(broker: Broker, tenant: int, id: str) -> None:
    """As if ten minutes had passed since the subscription was told last."""
    held_back = broker.subscriptions.outlet_of(tenant, id)
    await until(lambda: held_back.last_work is None)
    await broker.subscriptions.write_counts()
    await broker.graph.fetch("update graph.sub set last_notification = now() - interval '601 s' where id = $1", id)
    held_back._not_before = 0.0


@clause("5.8")
async def test_a_change_is_told_with_the_entity_as_it_is(broker: Broker, receiver: Receiver, tenant: int) -> None:
    id = await broker.subscribe(tenant, **members(receiver))
    await broker.graph.write(tenant, [create(speed=30), create("urn:x:tree:1", "Tree", height=3)])
    told = await receiver.next()
    assert (told["type"], told["subscriptionId"]) == ("Notification", id)
    assert told["data"] == [{"id": ID, "type": "Bus", "speed": prop(30)}]
    assert "ngsild-tenant: s" in receiver.heads[0].lower() and "Content-Type: application/json" in receiver.heads[0]
    await broker.graph.write(tenant, [update(speed=31)])
    assert (await receiver.next())["data"][0]["speed"]["value"] == 31


@clause("5.8")
async def test_only_watched_attributes_and_what_q_finds(broker: Broker, receiver: Receiver, tenant: int) -> None:
    await broker.graph.write(tenant, [create(speed=30, name="a")])
    await broker.subscribe(tenant, **members(receiver, watchedAttributes=["speed"], q="speed>50"))
    for change in (update(name="b"), update(speed=40), update(speed=60)):
        await broker.graph.write(tenant, [change])
    assert (await receiver.next())["data"][0]["speed"]["value"] == 60
    assert receiver.got.empty()


@clause("5.8")
async def test_previous_values_and_deletions(broker: Broker, receiver: Receiver, tenant: int) -> None:
    triggers = ["attributeUpdated", "attributeDeleted", "entityDeleted"]
    changes = members(receiver, notificationTrigger=triggers, notification={"showChanges": True})
    await broker.graph.write(tenant, [create(speed=30, name="a")])
    await broker.subscribe(tenant, **changes)
    await broker.graph.write(tenant, [update(speed=31)])
    assert (await receiver.next())["data"][0]["speed"] == {**prop(31), "previousValue": 30}
    await broker.graph.write(tenant, [Operation(name="delete-attribute", id=ID, attribute=NS + "name")])
    assert (await receiver.next())["data"][0]["name"] == {**prop(NULL), "previousValue": "a"}
    await broker.graph.write(tenant, [Operation(name="delete", id=ID)])
    last = (await receiver.next())["data"][0]
    assert last["deletedAt"] and last["speed"] == {**prop(NULL), "previousValue": 31}


@clause("5.8")
async def test_chosen_attributes_come_with_what_is_none(broker: Broker, receiver: Receiver, tenant: int) -> None:
    await broker.subscribe(tenant, **members(receiver, notification={"attributes": ["speed"], "sysAttrs": True}))
    await broker.subscribe(tenant, **members(receiver, notification={"attributes": ["speed"]}))
    made = create(speed=30, name="a")
    await broker.graph.write(tenant, [Operation(name="create", id=ID, doc={**made.doc, "scope": ["/a"]})])
    told = sorted([(await receiver.next())["data"][0] for _each in range(2)], key=len)
    assert told[0] == {"id": ID, "type": "Bus", "scope": "/a", "speed": prop(30)}
    assert told[1].keys() == {*told[0], "createdAt", "modifiedAt"}


@clause("4.9", "5.8")
async def test_conditions_on_linked_entities(broker: Broker, receiver: Receiver, tenant: int) -> None:
    def linked(id: str, to: str) -> Operation:
        doc = {"id": id, "type": [NS + "Bus"], NS + "depot": [{"type": "Relationship", "object": to}]}
        return Operation(name="create", id=id, doc=doc)

    await broker.graph.write(tenant, [create("urn:x:d:1", "Depot", size=1), create("urn:x:d:2", "Depot", size=9)])
    await broker.subscribe(tenant, **members(receiver, q="depot{size}>5"))
    await broker.graph.write(tenant, [linked("urn:x:b:1", "urn:x:d:1")])
    await broker.graph.write(tenant, [linked("urn:x:b:2", "urn:x:d:2")])
    assert (await receiver.next())["data"][0]["id"] == "urn:x:b:2"


@clause("4.3.6.8", "5.8.6")
async def test_a_receiver_is_told_in_the_version_that_it_knows(broker: Broker, receiver: Receiver, tenant: int) -> None:
    kinds = {NS + "kind": [{"type": "VocabProperty", "vocab": NS + "Red"}], NS + "speed": [prop(30)]}
    doc = {"id": ID, "type": [NS + "Bus"], "scope": ["/hue"], **kinds}
    asked = members(receiver, ngsildConformance="1.3", expandValues="kind", q="kind==Red")
    await broker.subscribe(tenant, **asked)
    await broker.graph.write(tenant, [Operation(name="create", id=ID, doc=doc)])
    assert (await receiver.next())["data"] == [{"id": ID, "type": "Bus", "kind": prop("Red"), "speed": prop(30)}]


@clause("5.8.6", "6.3.8")
@pytest.mark.parametrize("prefer", ["", "body=ld+json", "body=json", "return=minimal, body=json"])
async def test_geojson_says_where_its_names_come_from(
    broker: Broker, receiver: Receiver, tenant: int, prefer: str
) -> None:
    told = [{"key": "Prefer", "value": prefer}] if prefer else []
    endpoint = {"uri": receiver.uri, "accept": "application/geo+json", **({"receiverInfo": told} if told else {})}
    await broker.subscribe(tenant, **members(receiver, notification={"endpoint": endpoint}))
    await broker.graph.write(tenant, [create(speed=30)])
    data, head = (await receiver.next())["data"], receiver.heads[0].lower()
    assert (data["type"], data["features"][0]["type"]) == ("FeatureCollection", "Feature")
    apart = "body=json" in prefer
    assert ("@context" not in data, "\nlink: <" in head) == (apart, apart)


@clause("5.8")
async def test_a_paused_or_expired_one_is_told_nothing(broker: Broker, receiver: Receiver, tenant: int) -> None:
    paused = await broker.subscribe(tenant, **members(receiver, isActive=False))
    await broker.subscribe(tenant, **members(receiver, expiresAt=(now() + timedelta(hours=1)).isoformat()))
    with held(now() + timedelta(hours=2)):
        await broker.graph.write(tenant, [create(speed=1)])
    context = await broker.contexts.resolve(tenant, None)
    await broker.subscriptions.update(tenant, paused, {"isActive": True}, None, context)
    await broker.graph.write(tenant, [update(speed=2)])
    told = [await receiver.next(), await receiver.next()]
    assert {one["data"][0]["speed"]["value"] for one in told} == {2}
    assert receiver.got.empty()


@clause("5.8")
async def test_counters_survive_and_say_how_it_stands(broker: Broker, receiver: Receiver, tenant: int) -> None:
    id = await broker.subscribe(tenant, **members(receiver))
    await broker.graph.write(tenant, [create(speed=1)])
    await receiver.next()
    receiver.status = 500
    await broker.graph.write(tenant, [update(speed=2)])
    await receiver.next()
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).failures)
    counts = await counted(broker.subscriptions, tenant, id, lambda counts: counts.sent == 2 and counts.failed)
    assert (counts.sent, counts.failed) == (2, 1)
    assert counts.good is not None and counts.bad is not None and counts.bad > counts.good


@clause("5.8")
async def test_a_receiver_that_lags_gets_many_entities_at_once(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "_LOOK_AGAIN_S", 0.05)
    id = await broker.subscribe(tenant, **members(receiver, throttling=600))
    await broker.graph.write(tenant, [create("urn:x:bus:0", n=0)])
    assert len((await receiver.next())["data"]) == 1
    for n in range(1, 6):
        await broker.graph.write(tenant, [create(f"urn:x:bus:{n}", n=n)])
    assert broker.subscriptions.outlet_of(tenant, id).waiting == 5
    await throttled_long_ago(broker, tenant, id)
    assert [one["n"]["value"] for one in (await receiver.next())["data"]] == [1, 2, 3, 4, 5]


async def test_a_dead_receiver_is_left_in_peace_and_told_when_it_is_back(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "_PAUSES_S", (0.3,))
    receiver.status = 503
    id = await broker.subscribe(tenant, **members(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    for n in (1, 2):
        await receiver.next()
        await broker.graph.write(tenant, [update(n=n)])
    await receiver.next()
    receiver.status = 200
    for n in (3, 4):
        await broker.graph.write(tenant, [update(n=n)])
    assert [one["n"]["value"] for one in (await receiver.next())["data"]][-1] in (3, 4)
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).waiting == 0)


async def test_the_oldest_gives_way_and_is_counted(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "MOST_WAITING", 3)
    monkeypatch.setattr(outlet, "_LOOK_AGAIN_S", 0.05)
    id = await broker.subscribe(tenant, **members(receiver, throttling=600))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    for n in range(1, 8):
        await broker.graph.write(tenant, [update(n=n)])
    held_back = broker.subscriptions.outlet_of(tenant, id)
    assert (held_back.waiting, held_back.dropped) == (3, 4)
    await throttled_long_ago(broker, tenant, id)
    assert [one["n"]["value"] for one in (await receiver.next())["data"]] == [5, 6, 7]


@clause("5.8")
async def test_an_interval_tells_everything_by_one_process(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    await broker.graph.write(tenant, [create(speed=1), create("urn:x:bus:2", speed=2)])
    id = await broker.subscribe(tenant, **members(receiver, timeInterval=1))
    assert len((await receiver.next())["data"]) == 2
    await broker.subscriptions.delete(tenant, id)


async def test_what_an_interval_missed_is_not_caught_up_with(broker: Broker, receiver: Receiver, tenant: int) -> None:
    """While nobody was there ten notifications were due: one is sent, the next in the old rhythm."""
    await broker.graph.write(tenant, [create(n=1)])
    id = await broker.subscribe(tenant, **members(receiver, timeInterval=600))
    await broker.graph.fetch("update graph.sub set next_at = now() - interval '6030 s' where id = $1", id)
    assert (await receiver.next())["subscriptionId"] == id
    query = "select extract(epoch from next_at - now())::float8 from graph.sub where id = $1"
    (left,) = (await broker.graph.fetch(query, id))[0]
    assert 300 < left <= 570, "at once again, it would be nothing"


async def test_another_process_knows_and_forgets(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    id = await broker.subscribe(tenant, **members(receiver))
    await until(lambda: other.subscriptions.index.get(tenant, id))
    await other.graph.write(tenant, [create(speed=5)])
    assert (await receiver.next())["data"][0]["speed"]["value"] == 5
    await broker.subscriptions.delete(tenant, id)
    await until(lambda: other.subscriptions.index.get(tenant, id) is None)


async def test_the_watchdog_mends_what_memory_lost(broker: Broker, receiver: Receiver, tenant: int) -> None:
    id = await broker.subscribe(tenant, **members(receiver))
    assert await broker.subscriptions.check()
    broker.subscriptions.index.remove(tenant, id)
    assert not await broker.subscriptions.check()
    assert broker.subscriptions.index.get(tenant, id) is not None


NOWHERE = [
    *("http://", "http:///x", "http://h:99999/", "http://h:ab/", "http://h:0/", "http://[::1/", "http://[x]/"),
    *("mqtt://h", "mqtt://h/", "mqtt://h/a/#", "mqtt://h/a/+/b"),
]
NO_HEADERS = [{"key": key, "value": "v"} for key in ("a b", "a:b", "", "tên")]
NO_NOTIFIERS = [
    {"key": "MQTT-QoS", "value": "3"},
    {"key": "MQTT-Version", "value": "4"},
    {"key": "Delivery", "value": "x"},
]


@clause("5.8")
async def test_what_is_refused(broker: Broker, receiver: Receiver, tenant: int) -> None:
    good = members(receiver)
    id = await broker.subscribe(tenant, **good)
    with pytest.raises(AlreadyExists):
        await broker.subscribe(tenant, id=id, **good)
    for bad in (
        {"entities": []},
        {"throttling": -1},
        {"throttling": 5, "timeInterval": 5},
        {"notificationTrigger": ["entityChanged"]},
        {"expiresAt": "2000-01-01T00:00:00Z"},
        {"q": "((("},
        {"notification": {"endpoint": {"uri": "file:///etc/passwd"}}},
        {"notification": {"endpoint": {"uri": receiver.uri, "receiverInfo": [{"key": "X", "value": "a\r\nY: b"}]}}},
        {"notification": {"endpoint": {"uri": receiver.uri}, "format": "keyValues", "showChanges": True}},
        {"notification": {"endpoint": {"uri": receiver.uri}, "pick": []}},
        {"localOnly": "yes"},
        {"splitEntities": 5},
        {"watchedAttributes": [f"a{n}" for n in range(1001)]},
        *({"notification": {"endpoint": {"uri": uri}}} for uri in NOWHERE),
        *({"notification": {"endpoint": {"uri": receiver.uri, "receiverInfo": [one]}}} for one in NO_HEADERS),
        *({"notification": {"endpoint": {"uri": "mqtt://h/t", "notifierInfo": [one]}}} for one in NO_NOTIFIERS),
    ):
        with pytest.raises(BadRequestData):
            await broker.subscribe(tenant, **{**good, **bad})
    with pytest.raises(ResourceNotFound):
        await broker.subscriptions.delete(tenant, "urn:x:none")


async def test_a_refusal_says_where_and_what_is_expected(broker: Broker, receiver: Receiver, tenant: int) -> None:
    for bad, told in (
        ({"notification": {"endpoint": {"uri": "localhost:9999"}}}, "at notification.endpoint.uri: a whole address"),
        ({"notification": {"endpoint": {"url": receiver.uri}}}, "at notification.endpoint: it says whom to tell"),
        ({"throttling": "5"}, "at throttling: a number above 0"),
        ({"expiresAt": "tomorrow"}, "at expiresAt: an instant is written as"),
    ):
        with pytest.raises(BadRequestData, match=told):
            await broker.subscribe(tenant, **{**members(receiver), **bad})


async def test_private_addresses_are_not_told_anything(broker: Broker, tenant: int) -> None:
    endpoint = {"uri": "http://169.254.169.254/latest"}
    id = await broker.subscribe(tenant, entities=[{"type": "Bus"}], notification={"endpoint": endpoint})
    await broker.graph.write(tenant, [create(speed=1)])
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).failures)
