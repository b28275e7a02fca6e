"""Whoever watches registrations is told what there is, then each change with its reason, and of each only what they asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nhip.graph.errors import BadRequestData, ResourceNotFound
from nhip.kernel.time import held, now
from tests.graph.clauses import clause
from tests.graph.subscriptions.test_notifying import counted, members, until

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Broker, Receiver

BUS = {"entities": [{"type": "Bus"}]}
TRAM = {"entities": [{"type": "Tram"}]}


async def reason_and_ids(receiver: Receiver) -> tuple[str, list[str]]:
    told = await receiver.next()
    return told["triggerReason"], [one["id"] for one in told["data"]]


@clause("5.11.2", "5.11.7")
async def test_what_there_is_then_every_change_with_its_reason(broker: Broker, receiver: Receiver, tenant: int) -> None:
    first = await broker.register(tenant, BUS)
    await broker.register(tenant, TRAM)
    id = await broker.watch(tenant, **members(receiver))
    told = await receiver.next()
    assert (told["type"], told["subscriptionId"]) == ("ContextSourceNotification", id)
    assert set(told) == {"id", "type", "subscriptionId", "notifiedAt", "triggerReason", "data"}
    assert (told["triggerReason"], [one["id"] for one in told["data"]]) == ("newlyMatching", [first])
    assert "ngsild-tenant: s" in receiver.heads[0].lower() and "Link: <" in receiver.heads[0]
    second = await broker.register(tenant, BUS)
    assert await reason_and_ids(receiver) == ("newlyMatching", [second])
    await broker.reregister(tenant, second, endpoint="http://moved.example")
    assert await reason_and_ids(receiver) == ("updated", [second])
    await broker.reregister(tenant, second, information=[TRAM])
    assert await reason_and_ids(receiver) == ("noLongerMatching", [second])
    await broker.registrations.delete(tenant, second)
    await broker.registrations.delete(tenant, first)
    assert await reason_and_ids(receiver) == ("noLongerMatching", [first])
    assert receiver.got.empty()


@clause("5.11.2")
async def test_without_a_match_nothing_is_sent_at_first(broker: Broker, receiver: Receiver, tenant: int) -> None:
    await broker.register(tenant, TRAM)
    id = await broker.watch(tenant, **members(receiver))
    one = await broker.register(tenant, BUS)
    assert await reason_and_ids(receiver) == ("newlyMatching", [one])
    counts = await counted(broker.watches, tenant, id, lambda counts: counts.good)
    assert counts.sent == 1


@clause("5.11.7")
async def test_only_what_was_asked_for_is_told_of_a_registration(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    await broker.watch(tenant, **members(receiver, watchedAttributes=["speed"]))
    await broker.register(tenant, {**BUS, "propertyNames": ["name"]})
    both = {
        "entities": [{"type": "Tram"}, {"type": "Bus"}],
        "propertyNames": ["name", "speed"],
        "relationshipNames": ["line"],
    }
    await broker.register(tenant, both, TRAM, BUS)
    (one,) = (await receiver.next())["data"]
    bus = {"entities": [{"type": ["Bus"]}]}
    assert one["information"] == [{**bus, "propertyNames": ["speed"]}, bus]
    assert receiver.got.empty()


@clause("5.11.7")
@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [
        ({"entities": [{"type": "Bus", "idPattern": "^urn:x:hue:"}]}, {"id": "urn:x:hue:1"}, {"id": "urn:x:vinh:1"}),
        ({"csf": 'endpoint=="http://a.example"'}, {"endpoint": "http://a.example"}, {"endpoint": "http://b.example"}),
        (
            {"geoQ": {"georel": "near;maxDistance==2000", "geometry": "Point", "coordinates": [107.6, 16.46]}},
            {"location": {"type": "Point", "coordinates": [107.601, 16.46]}},
            {"location": {"type": "Point", "coordinates": [105.6, 18.6]}},
        ),
        (
            {"temporalQ": {"timerel": "after", "timeAt": "2025-01-01T00:00:00Z"}},
            {"observationInterval": {"startAt": "2020-01-01T00:00:00Z"}},
            {"managementInterval": {"startAt": "2020-01-01T00:00:00Z"}},
        ),
        ({}, {}, {"observationInterval": {"startAt": "2020-01-01T00:00:00Z"}}),
    ],
)
async def test_entities_filter_place_and_time_select(
    broker: Broker, receiver: Receiver, tenant: int, asked: Any, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    await broker.watch(tenant, **{**members(receiver), **asked})
    ids = []
    for more in (bad, good):
        information = {"entities": [{"type": "Bus", **{key: more[key] for key in ("id",) if key in more}}]}
        ids.append(await broker.register(tenant, information, **{key: more[key] for key in more if key != "id"}))
    assert await reason_and_ids(receiver) == ("newlyMatching", [ids[1]])
    assert receiver.got.empty()


@clause("5.11.3")
async def test_a_change_of_the_subscription_tells_all_that_match_now(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    bus, tram = await broker.register(tenant, BUS), await broker.register(tenant, TRAM)
    id = await broker.watch(tenant, **members(receiver))
    assert await reason_and_ids(receiver) == ("newlyMatching", [bus])
    await broker.rewatch(tenant, id, entities=[{"type": "Tram"}, {"type": "Bus"}])
    assert await reason_and_ids(receiver) == ("newlyMatching", sorted([bus, tram]))
    await broker.rewatch(tenant, id, isActive=False)
    await broker.reregister(tenant, bus, endpoint="http://moved.example")
    await broker.rewatch(tenant, id, isActive=True, entities=[{"type": "Tram"}])
    assert await reason_and_ids(receiver) == ("newlyMatching", [tram])


@clause("5.11.7")
async def test_an_interval_tells_again_and_changes_do_not(broker: Broker, receiver: Receiver, tenant: int) -> None:
    one = await broker.register(tenant, BUS)
    await broker.watch(tenant, **members(receiver, timeInterval=1))
    assert await reason_and_ids(receiver) == ("newlyMatching", [one])
    await broker.reregister(tenant, one, endpoint="http://moved.example")
    told = await receiver.next()
    assert (told["triggerReason"], told["data"][0]["endpoint"]) == ("newlyMatching", "http://moved.example")


@clause("5.11.7")
async def test_what_waits_goes_together_only_for_one_reason(broker: Broker, receiver: Receiver, tenant: int) -> None:
    await broker.watch(tenant, **members(receiver, throttling=1))
    one = await broker.register(tenant, BUS)
    assert await reason_and_ids(receiver) == ("newlyMatching", [one])
    two, three = await broker.register(tenant, BUS), await broker.register(tenant, BUS)
    await broker.registrations.delete(tenant, one)
    assert await reason_and_ids(receiver) == ("newlyMatching", sorted([two, three]))
    assert await reason_and_ids(receiver) == ("noLongerMatching", [one])


@clause("5.11.7")
async def test_a_registration_whose_time_is_over_is_told_once_and_deleted(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    one = await broker.register(tenant, BUS, expiresAt=(now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    id = await broker.watch(tenant, **members(receiver))
    await until(lambda: other.watches.index.get(tenant, id))
    assert await reason_and_ids(receiver) == ("newlyMatching", [one])
    with held(now() + timedelta(hours=2)):
        await asyncio.gather(broker.registrations.forget_expired(), other.registrations.forget_expired())
    assert await reason_and_ids(receiver) == ("noLongerMatching", [one])
    await other.registrations.refresh()
    assert not other.registrations.any(tenant) and receiver.got.empty()


@clause("5.11.2")
async def test_whichever_process_registers_tells(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    id = await broker.watch(tenant, **members(receiver))
    await until(lambda: other.watches.index.get(tenant, id))
    one = await other.register(tenant, BUS)
    assert await reason_and_ids(receiver) == ("newlyMatching", [one])
    assert receiver.got.empty()


@clause("5.11.6")
async def test_a_deleted_one_is_told_nothing(broker: Broker, receiver: Receiver, tenant: int) -> None:
    gone, kept = await broker.watch(tenant, **members(receiver)), await broker.watch(tenant, **members(receiver))
    await broker.watches.delete(tenant, gone)
    await broker.register(tenant, BUS)
    assert (await receiver.next())["subscriptionId"] == kept
    assert receiver.got.empty()
    with pytest.raises(ResourceNotFound):
        await broker.watches.get(tenant, gone)


@clause("5.11.2")
async def test_what_a_watch_may_not_ask(broker: Broker, receiver: Receiver, tenant: int) -> None:
    good = members(receiver)
    for bad in (
        {"temporalQ": {"timerel": "around", "timeAt": "2025-01-01T00:00:00Z"}},
        {"temporalQ": {"timeAt": "2025-01-01T00:00:00Z"}},
        {"temporalQ": "after"},
        {"csf": "((("},
        {"watchedAttributes": []},
        {"notification": {"endpoint": {"uri": receiver.uri, "accept": "application/geo+json"}}},
    ):
        with pytest.raises(BadRequestData):
            await broker.watch(tenant, **{**good, **bad})
