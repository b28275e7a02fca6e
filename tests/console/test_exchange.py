"""Who is told, who tells: subscriptions with how they stand, what was given up, brokers that are asked, mirrors."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.db.installation import Installation
from nhip.graph.service import DEFAULT_TENANT
from nhip.kernel.time import now
from nhip.things.words import city_context

PATH = "/console/things/exchange"
JSON = {"Accept": "application/json"}
SUB = "urn:ngsi-ld:Subscription:exchange"


@pytest.fixture
async def told(officer: AsyncTestClient[Litestar]) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """Somebody subscribes with a password in the address, and a broker is registered."""
    endpoint = {
        "uri": "https://user:kinmit@operations.example/notify?token=kinmit",
        "notifierInfo": [{"key": "Delivery", "value": "certain"}],
    }
    payload = {
        "id": SUB, "type": "Subscription", "subscriptionName": "Phòng trực lũ", "q": "waterLevel>3",
        "entities": [{"type": city_context().expand("WaterObserved")}],
        "watchedAttributes": [city_context().expand("waterLevel")], "notification": {"endpoint": endpoint},
    }  # fmt: skip
    registration = {
        "type": "ContextSourceRegistration", "id": "urn:ngsi-ld:ContextSourceRegistration:x", "mode": "inclusive",
        "information": [{"entities": [{"type": city_context().expand("Vehicle")}]}], "endpoint": "https://data.danang.example",
    }  # fmt: skip
    for where, body in (("subscriptions", payload), ("csourceRegistrations", registration)):
        answer = await officer.post(f"/ngsi-ld/v1/{where}", json=body, headers=JSON)
        assert answer.status_code == 201, answer.text
    yield officer
    for where, body in (("subscriptions", payload), ("csourceRegistrations", registration)):
        assert (await officer.delete(f"/ngsi-ld/v1/{where}/{body['id']}", headers=JSON)).status_code == 204


async def _page(client: AsyncTestClient[Litestar]) -> str:
    answer = await client.get(PATH, params={"lang": "en"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_it_says_when_there_is_nothing(officer: AsyncTestClient[Litestar]) -> None:
    text = await _page(officer)
    for words in ("Nobody is told", "No other broker is asked", "Nothing of a neighbour is copied"):
        assert words in text
    assert "Given up" not in text


async def test_it_shows_who_is_told_of_what_without_their_secrets(told: AsyncTestClient[Litestar]) -> None:
    text = await _page(told)
    assert "Phòng trực lũ" in text and "River levels" in text and "waterLevel&gt;3" in text
    assert "https://operations.example" in text and "for certain" in text and "nothing to tell yet" in text
    assert "kinmit" not in text
    assert "https://data.danang.example" in text and "Vehicles" in text and "as well" in text


async def test_what_was_given_up_is_tried_again_or_forgotten(
    told: AsyncTestClient[Litestar], city: Installation
) -> None:
    for id in ("0c7f4c9e-3b1a-4a52-9a57-0f3b6f0d7a11", "0c7f4c9e-3b1a-4a52-9a57-0f3b6f0d7a12"):
        async with city.db.tx() as tx:
            await tx.execute(
                "insert into graph.letter (tenant, sub, notification, heard, tries, problem, dead_at)"
                " values (%s, %s, %s, '{}', 300, '503', %s)",
                [DEFAULT_TENANT, SUB, id, now()],
            )
    text = await _page(told)
    assert "Given up" in text and "503" in text
    ids = re.findall(r'name="id" value="([^"]+)"', text)
    assert len(set(ids)) == 2
    again = await told.post(f"{PATH}/letter", data={"id": ids[0], "do": "retry"}, follow_redirects=False)
    assert again.status_code == 303
    left = set(re.findall(r'name="id" value="([^"]+)"', await _page(told)))
    assert left == set(ids) - {ids[0]}
    await told.post(f"{PATH}/letter", data={"id": left.pop(), "do": "drop"}, follow_redirects=False)
    assert "Given up" not in await _page(told)
    for wrong, status in (("no uuid", 400), (ids[0], 404)):
        assert (await told.post(f"{PATH}/letter", data={"id": wrong, "do": "drop"})).status_code == status


async def test_strangers_see_nothing_of_it(
    told: AsyncTestClient[Litestar], stranger: AsyncTestClient[Litestar]
) -> None:
    answer = await stranger.get(PATH, follow_redirects=False)
    assert answer.status_code in (303, 401) and "operations.example" not in answer.text
