"""Every operation of the interface as somebody who may see little: each is in the table here, and so is each that will come."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from nhip.graph.api.routing import WRITE, Route, routes
from tests.graph.query.test_narrowing import LAN, client, things  # noqa: F401 - fixtures

HIDDEN = "urn:x:2"
SECRETS = (f'"id":"{HIDDEN}"', f'"{HIDDEN}":', "urn:x:4", "secret", "Tram", "track")
"""What is told of entities that Lan may not see; that one of hers leads to one of them is hers to know."""
TIMES = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt"
SPEED = {"type": "Property", "value": 1}

NARROWED: dict[str, tuple[Any, ...]] = {
    "GET entities": ("type=Bus,Tram", "attrs=secret", "id=urn:x:2&type=Bus", "type=Bus&q=speed>1&join=inline&count=true"),
    "POST entities": ({"id": HIDDEN, "type": "Bus", "speed": 1},),
    "DELETE entities": ("type=Bus&id=urn:x:2", "type=Tram", "attrs=secret"),
    "GET entities/*": ("", "attrs=secret", "options=keyValues", "join=inline"),
    "PUT entities/*": ({"type": "Bus", "speed": 1},),
    "PATCH entities/*": ({"speed": 1},),
    "DELETE entities/*": (None,),
    "POST entities/*/attrs": ({"speed": 1},),
    "PATCH entities/*/attrs": ({"speed": 1},),
    "PATCH entities/*/attrs/*": ({"value": 1},),
    "PUT entities/*/attrs/*": (SPEED,),
    "DELETE entities/*/attrs/*": (None,),
    "POST entityOperations/create": ([{"id": HIDDEN, "type": "Bus"}],),
    "POST entityOperations/upsert": ([{"id": HIDDEN, "type": "Bus", "speed": 1}],),
    "POST entityOperations/update": ([{"id": HIDDEN, "speed": 1}],),
    "POST entityOperations/merge": ([{"id": HIDDEN, "speed": 1}],),
    "POST entityOperations/delete": ([HIDDEN],),
    "POST entityOperations/query": ({"type": "Query", "entities": [{"type": "Bus,Tram"}]},),
    "GET types": ("", "details=true"),
    "GET types/*": ("",),
    "GET attributes": ("", "details=true"),
    "GET attributes/*": ("",),
    "GET temporal/entities": (
        f"type=Bus,Tram&{TIMES}",
        f"type=Bus,Tram&{TIMES}&aggrMethods=max&options=aggregatedValues",
    ),
    "POST temporal/entities": ({"id": HIDDEN, "type": "Bus", "speed": [SPEED]},),
    "POST temporal/entityOperations/query": (
        {
            "type": "Query", "entities": [{"type": "Bus,Tram"}],
            "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z", "timeproperty": "createdAt"},
        },
    ),
    "GET temporal/entities/*": ("", "attrs=secret", "options=temporalValues"),
    "DELETE temporal/entities/*": (None,),
    "POST temporal/entities/*/attrs": ({"speed": [SPEED]},),
    "DELETE temporal/entities/*/attrs/*": (None,),
    "PATCH temporal/entities/*/attrs/*/*": ({"speed": {"value": 1}},),
    "DELETE temporal/entities/*/attrs/*/*": (None,),
    "GET entityMaps": ("type=Bus,Tram",),
    "GET temporal/entityMaps": (f"type=Bus,Tram&{TIMES}",),
    "POST entityMaps": ({"type": "Query", "entities": [{"type": "Bus,Tram"}]},),
    "POST temporal/entityMaps": (
        {
            "type": "Query", "entities": [{"type": "Bus,Tram"}],
            "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z", "timeproperty": "createdAt"},
        },
    ),
    "GET entityMaps/*": ("",),
    "GET csourceRegistrations": ("type=Bus,Tram",),
    "GET csourceRegistrations/*": ("",),
    "PATCH csourceRegistrations/*": ({"description": "hers"},),
    "DELETE csourceRegistrations/*": (None,),
    "POST csourceRegistrations": (
        {
            "type": "ContextSourceRegistration", "mode": "redirect", "endpoint": "http://127.0.0.1:9",
            "information": [{"entities": [{"id": HIDDEN, "type": "Bus"}]}],
        },
    ),
}  # fmt: skip
"""Operation -> what is asked, or sent; its answer tells nothing that is hidden, and changes nothing of it."""

ELSEWHERE = {
    "GET mirrors/*": "mirrors/test_provenance.py",
    "POST mirrors/*": "by token: federation/test_seeing.py::test_whoever_comes_with_a_token_tells_what_the_house_asked_for",
    "POST remote-notify": "by token: the same",
    "PATCH entityMaps/*": "its end alone",
    "DELETE entityMaps/*": "whoever knows its name, which nobody guesses",
    "POST snapshots": "what it holds is narrowed when it is read: test_a_snapshot_that_others_made_is_narrowed",
    "POST snapshots/*/clone": "the same",
    **dict.fromkeys(("GET snapshots/*", "PATCH snapshots/*", "DELETE snapshots/*", "DELETE snapshots"), "what was asked for"),
    "PATCH csourceRegistrations": "refused",
    **{
        f"{method} {path}": "who answers for it: test_who_says_what_a_subscription_asks_for_answers_for_it"
        for kind in ("subscriptions", "csourceSubscriptions")
        for method, path in (("GET", kind), ("POST", kind), ("GET", f"{kind}/*"), ("PATCH", f"{kind}/*"), ("DELETE", f"{kind}/*"))
    },
    **dict.fromkeys(
        (f"{method} jsonldContexts{rest}" for method, rest in (("GET", ""), ("POST", ""), ("GET", "/*"), ("DELETE", "/*"))),
        "words alone",
    ),
    **dict.fromkeys(("GET info/sourceIdentity", "GET mirrors"), "nothing of entities"),
}  # fmt: skip
"""What is shown to be narrowed by other tests, or tells of no entity."""


def all_routes() -> dict[str, Route]:
    return {f"{method} {path}": route for path, method, route in routes()}


def test_every_operation_is_in_the_table(client: httpx.AsyncClient) -> None:  # noqa: F811
    assert all_routes().keys() == NARROWED.keys() | ELSEWHERE.keys()
    assert not NARROWED.keys() & ELSEWHERE.keys()


def address(operation: str, named: dict[str, str]) -> str:
    parts = operation.partition(" ")[2].split("/")
    filled = [
        quote(named[f"{parts[0]}*{place}"], safe=":") if part == "*" else part for place, part in enumerate(parts)
    ]
    return "/" + "/".join(filled)


@pytest.mark.parametrize("writes", [False, True])
async def test_nothing_that_is_hidden_is_told_or_changed(things: httpx.AsyncClient, writes: bool) -> None:  # noqa: F811
    trams = {"entities": [{"type": "Tram"}], "propertyNames": ["secret"]}
    source = {"id": "urn:x:reg", "type": "ContextSourceRegistration", "endpoint": "http://127.0.0.1:9"}
    body = {**source, "information": [trams], "operations": ["createEntity"]}
    assert (await things.post("/csourceRegistrations", json=body)).status_code == 201
    map_made = await things.get("/entityMaps?type=Bus,Tram&local=true")
    instance = (await things.get(f"/temporal/entities/{HIDDEN}")).json()["speed"][0]["instanceId"]
    named = {
        "entities*1": HIDDEN, "entities*3": "speed", "types*1": "Tram", "attributes*1": "secret", "temporal*2": HIDDEN,
        "temporal*4": "speed", "temporal*5": instance, "csourceRegistrations*1": "urn:x:reg",
        "entityMaps*1": map_made.headers["ngsild-entitymap"].rpartition("/")[2],
    }  # fmt: skip
    before, known = await state(things), all_routes()
    for operation in (one for one in NARROWED if (known[one].permission == WRITE) is writes):
        for told in NARROWED[operation]:
            asked = address(operation, named) + (f"?{told}" if isinstance(told, str) else "")
            method, sent = operation.partition(" ")[0], None if isinstance(told, str) else told
            answer = await things.request(method, asked, json=sent, headers=LAN)
            assert answer.status_code < 500, (operation, answer.text)
            if writes:
                assert await state(things) == before, (operation, told)
                continue
            # of what is not there an error says no more than what was asked for
            assert answer.status_code >= 400 or not [one for one in SECRETS if one in answer.text], (asked, answer.text)
            everybodys = await things.request(method, asked, json=sent)
            assert any(one in everybodys.text for one in SECRETS), f"{asked}: else it would prove nothing"
    await things.delete("/csourceRegistrations/urn:x:reg")


async def state(things: httpx.AsyncClient) -> list[Any]:  # noqa: F811
    """What is hidden, as others see it."""
    paths = ["/entities/urn:x:2?options=sysAttrs&local=true", "/entities/urn:x:4?options=sysAttrs&local=true",
             "/temporal/entities/urn:x:2?local=true", "/csourceRegistrations/urn:x:reg?options=sysAttrs"]  # fmt: skip
    return [(await things.get(path)).json() for path in paths]
