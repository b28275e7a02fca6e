"""Copies of subscriptions where a process dies half-way, a registration comes and goes quickly, or something unforeseen fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from nhip.graph.service import DEFAULT_TENANT
from tests.graph.federation.test_relays import BUS, REG, SUB, bus

if TYPE_CHECKING:
    from nhip.graph.relays.service import Relays
    from tests.graph.federation.conftest import City
    from tests.graph.subscriptions.conftest import Receiver

NOWHERE = [{"key": "jsonldContext", "value": "http://127.0.0.1:9/none.jsonld"}]


def relays(city: City) -> Relays:
    assert city.app.relays is not None
    return city.app.relays


async def test_copies_of_a_subscription_that_went_in_a_crash_go_too(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver)
    await vinh.copies(1)
    assert hue.app.subscriptions is not None
    await hue.app.subscriptions.delete(DEFAULT_TENANT, SUB)  # and the process died before it told anybody
    await relays(hue)._planner.plan_all()
    relays(hue)._awake.set()
    await vinh.copies(0)
    assert await hue.ask("GET", "/csourceSubscriptions") == []


async def test_copies_go_with_the_last_registration_though_that_could_not_be_planned_at_once(
    hue: City, vinh: City, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver)
    await vinh.copies(1)

    async def fails(_change: Any) -> bool:
        raise KeyError("unforeseen")

    monkeypatch.setattr(relays(hue)._planner, "plan_for", fails)
    monkeypatch.setattr("nhip.graph.relays.service._PAUSES_S", (0.05,) * 5)
    await hue.ask("DELETE", f"/csourceRegistrations/{REG}")
    await vinh.copies(0)


async def test_a_clock_that_ran_ahead_does_not_put_copies_off_for_a_year(
    hue: City, vinh: City, receiver: Receiver
) -> None:
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver)
    await vinh.copies(1)
    put_off = "update graph.relay set wanted = null, due_at = now() + interval '1 year' where subscription = $1"
    await hue.app.graph.fetch(put_off, SUB)
    relays(hue)._awake.set()
    await vinh.copies(0)


async def test_one_wanted_again_while_it_is_deleted_comes_back(
    hue: City, vinh: City, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver)
    await vinh.copies(1)
    ask, store = relays(hue)._federation.ask, relays(hue)._store

    wanted_again = asyncio.Event()

    async def slowly(*given: Any, **named: Any) -> Any:
        reply = await ask(*given, **named)
        if given[2] == "DELETE":
            await hue.knows(vinh, REG)
            async with asyncio.timeout(60):
                while (await store.of_subscription(DEFAULT_TENANT, SUB))[0].wanted is None:
                    await relays(hue)._planner.plan(DEFAULT_TENANT, SUB)
            wanted_again.set()
        return reply

    monkeypatch.setattr(relays(hue)._federation, "ask", slowly)
    await hue.ask("DELETE", f"/csourceRegistrations/{REG}")
    async with asyncio.timeout(60):
        await wanted_again.wait()  # until then the copy that is deleted could be taken for the one that comes back
    await vinh.copies(1)
    await vinh.ask("POST", "/entities", bus(speed=5))
    assert (await receiver.next())["data"][0]["id"] == BUS


async def test_a_source_whose_context_is_away_keeps_no_copy_from_others(
    hue: City, vinh: City, receiver: Receiver
) -> None:
    await hue.knows(vinh, f"{REG}:0", contextSourceInfo=NOWHERE)
    await hue.knows(vinh, REG)
    await hue.subscribe(SUB, receiver)
    await hue.subscribe(f"{SUB}:2", receiver)
    await relays(hue)._planner.plan_all()
    await vinh.copies(2)


async def test_a_source_whose_context_is_away_spoils_no_answer(hue: City, vinh: City) -> None:
    await hue.knows(vinh, REG, contextSourceInfo=NOWHERE)
    await hue.ask("POST", "/entities", bus(speed=5))
    assert [one["id"] for one in await hue.ask("GET", "/entities?type=Bus")] == [BUS]
    assert (await hue.ask("GET", f"/entities/{BUS}"))["id"] == BUS
