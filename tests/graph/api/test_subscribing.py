"""Subscriptions over HTTP, those to entities and those to registrations, which answer alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nhip.graph.contexts.core import CORE_URL
from tests.graph.api.conftest import CITY, LINK, kind
from tests.graph.clauses import clause

City = Callable[..., Any]
JSON = "application/json"


def subscription(n: int, **more: Any) -> dict[str, Any]:
    notification = {"endpoint": {"uri": "http://receiver.example/notify"}}
    made = {"id": f"urn:ngsi-ld:Subscription:{n}", "type": "Subscription", "entities": [{"type": "Bus"}]}
    return {**made, "notification": notification, **more}


@clause("5.11.2", "5.11.3", "5.11.4", "5.11.6", "6.12", "6.13")
@pytest.mark.parametrize("here", ["/subscriptions", "/csourceSubscriptions"])
async def test_a_subscription_is_made_read_changed_and_deleted(city: City, here: str) -> None:
    made = await city("POST", here, json=subscription(1), headers={"link": LINK})
    one = f"{here}/urn:ngsi-ld:Subscription:1"
    assert (made.status_code, made.headers["location"]) == (201, f"/ngsi-ld/v1{one}")
    assert kind(await city("POST", here, json=subscription(1), headers={"link": LINK})) == "AlreadyExists"
    told = (await city("GET", one, headers={"link": LINK})).json()
    assert told["entities"] == [{"type": "Bus"}] and told["status"] == "active"
    assert ("notificationTrigger" in told) == (here == "/subscriptions"), "registrations have no such triggers"
    answer = await city("PATCH", one, json={"isActive": False}, headers={"link": LINK})
    assert (answer.status_code, (await city("GET", one)).json()["status"]) == (204, "paused")
    assert (await city("DELETE", one)).status_code == 204
    assert kind(await city("GET", one)) == "ResourceNotFound"
    assert kind(await city("GET", f"{here}/none")) == "BadRequestData"


@clause("5.11.5", "6.12")
async def test_both_kinds_are_listed_apart(city: City) -> None:
    for here, count in (("/subscriptions", 1), ("/csourceSubscriptions", 3)):
        for n in range(count):
            await city("POST", here, json=subscription(n), headers={"link": LINK})
    assert len((await city("GET", "/subscriptions")).json()) == 1
    page = await city("GET", "/csourceSubscriptions?limit=1&offset=1&count=true")
    assert ([one["id"] for one in page.json()], page.headers["ngsild-results-count"]) == (
        ["urn:ngsi-ld:Subscription:1"],
        "3",
    )
    links = page.headers.get_list("link")
    assert any('offset=0>; rel="prev"' in one for one in links) and any('offset=2>; rel="next"' in one for one in links)


@clause("5.5.3", "6.3.2", "6.3.3")
async def test_problems_are_plain_json_unless_their_own_type_is_asked_for(city: City) -> None:
    one = "/csourceSubscriptions/urn:ngsi-ld:Subscription:none"
    own = "application/problem+json"
    kinds = {
        JSON: JSON,
        "application/ld+json": JSON,
        "*/*": JSON,
        f"{own}, */*;q=0.1": own,
        f"{JSON}, {own}": own,
        f"{JSON}, {own};q=0.5": JSON,
    }
    for accept, expected in kinds.items():
        answer = await city("GET", one, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (404, expected)
        assert answer.json().keys() >= {"type", "title", "detail", "status"}
    answer = await city("GET", one, headers={"accept": "text/plain"})
    assert (answer.status_code, answer.headers["content-type"]) == (406, JSON)
    assert "application/json, application/ld+json" in answer.json()["detail"]


@clause("5.2.12", "5.5.13")
async def test_what_is_here_alone_may_be_subscribed_to_whatever_it_is(city: City) -> None:
    def without(**more: Any) -> dict[str, Any]:
        made = subscription(1, **more)
        del made["entities"], made["id"]
        return made

    for more in ({"localOnly": True}, {"localOnly": True, "timeInterval": 60}, {"watchedAttributes": ["speed"]}):
        assert (await city("POST", "/subscriptions", json=without(**more))).status_code == 201, more
    for more in ({}, {"localOnly": False}, {"timeInterval": 60}):
        assert kind(await city("POST", "/subscriptions", json=without(**more))) == "BadRequestData", more


@clause("5.8.1.4", "5.8.3")
async def test_the_context_of_notifications_is_told_even_where_none_is_named(city: City) -> None:
    inline = {"speed": "https://city.example/speed"}
    told = ({"json": subscription(1)}, {"json": subscription(2), "headers": {"link": LINK}})
    here = "http://here.example/ngsi-ld/v1/jsonldContexts/"
    ld = {"content-type": "application/ld+json"}
    inside = ({"content": json.dumps({**subscription(3), "@context": inline}), "headers": ld},)
    for n, (asked, starts) in enumerate(zip([*told, *inside], (CORE_URL, CITY, here), strict=True), 1):
        assert (await city("POST", "/subscriptions", **asked)).status_code == 201
        kept = (await city("GET", f"/subscriptions/urn:ngsi-ld:Subscription:{n}")).json()
        assert kept["jsonldContext"].startswith(starts)
    served = (await city("GET", kept["jsonldContext"])).json()
    assert served == {"@context": inline}


@clause("5.2.12", "5.2.14")
async def test_members_of_a_subscription_that_later_versions_brought(city: City) -> None:
    told = {"ngsildConformance": "1.5", "expandValues": "kind", "jsonKeys": "ticket", "q": "kind==Red"}
    assert (await city("POST", "/subscriptions", json=subscription(1, **told))).status_code == 201
    kept = (await city("GET", "/subscriptions/urn:ngsi-ld:Subscription:1")).json()
    assert {name: kept.get(name) for name in told} == told
    endpoint = subscription(1)["notification"]["endpoint"]
    for wrong in (
        {"ngsildConformance": "new"},
        {"ngsildConformance": 1.5},
        {"expandValues": ["kind"]},
        *({"notification": {"endpoint": endpoint, "attributes": ["speed", name]}} for name in ("id", "type", "scope")),
    ):
        assert kind(await city("POST", "/subscriptions", json=subscription(2, **wrong))) == "BadRequestData", wrong


@pytest.mark.parametrize("here", ["/subscriptions", "/csourceSubscriptions"])
async def test_what_the_database_cannot_hold_is_refused(city: City, here: str) -> None:
    assert kind(await city("POST", here, json=subscription(1, description="a\0b"))) == "BadRequestData"
    assert (await city("POST", here, json=subscription(1))).status_code == 201
    one = f"{here}/urn:ngsi-ld:Subscription:1"
    assert kind(await city("PATCH", one, json={"subscriptionName": "a\0b"})) == "BadRequestData"
    told = {"subscriptionId": "a\0b", "data": [{"id": "urn:a:1", "type": "Bus"}]}
    assert kind(await city("POST", "http://here.example/ngsi-ld/ex/remote-notify", json=told)) == "BadRequestData"


@pytest.mark.parametrize("member", ["timeInterval", "throttling"])
async def test_times_between_notifications_are_such_as_can_be_kept(city: City, member: str) -> None:
    for wrong in (0, -1, 1e-9, 5e-324, 1e9, 1e300, True, "1"):
        assert kind(await city("POST", "/subscriptions", json=subscription(2, **{member: wrong}))) == "BadRequestData"
    assert (await city("POST", "/subscriptions", json=subscription(2, **{member: 0.001}))).status_code == 201


@pytest.mark.parametrize("here", ["/subscriptions", "/csourceSubscriptions"])
@pytest.mark.parametrize("member", ["georel", "geometry"])
async def test_a_place_is_asked_for_in_words(city: City, here: str, member: str) -> None:
    geo = {"georel": "within", "geometry": "Point", "coordinates": [107.6, 16.5]}
    for wrong in (1, True, [None], {"a": 1}):
        assert kind(await city("POST", here, json=subscription(3, geoQ={**geo, member: wrong}))) == "BadRequestData"
