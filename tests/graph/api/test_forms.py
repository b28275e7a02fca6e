"""Several types, languages, and the times that the broker keeps, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.graph.api.conftest import LINK, TERMS
from tests.graph.clauses import clause

City = Callable[..., Any]


@clause("4.16")
async def test_an_entity_of_several_types_is_found_by_each(city: City) -> None:
    both = {"id": "urn:x:1", "type": ["Bus", "Stop"]}
    assert (await city("POST", "/entities", json=both, headers={"link": LINK})).status_code == 201
    assert (
        await city("POST", "/entities", json={"id": "urn:x:2", "type": "Bus"}, headers={"link": LINK})
    ).status_code == 201

    async def ids(types: str) -> list[str]:
        answer = await city("GET", "/entities", params={"type": types, "pick": "id"}, headers={"link": LINK})
        return [one["id"][-1] for one in answer.json()]

    assert (await ids("Bus"), await ids("Stop"), await ids("(Bus;Stop)")) == (["1", "2"], ["1"], ["1"])
    more = {"type": ["Tram"], "speed": {"type": "Property", "value": 1}}
    assert (await city("POST", "/entities/urn:x:2/attrs", json=more, headers={"link": LINK})).status_code == 204
    told = (await city("GET", "/entities/urn:x:2", headers={"link": LINK})).json()
    assert sorted(told["type"]) == ["Bus", "Tram"], "a type is added, none is taken away"
    assert sorted((await city("GET", "/types")).json()["typeList"]) == sorted([TERMS["Bus"], TERMS["Stop"], "Tram"])


@clause("4.15", "4.5.18")
async def test_one_language_of_several(city: City) -> None:
    name = {"type": "LanguageProperty", "languageMap": {"vi": "Sông Hương", "en": ["Perfume River", "Huong"]}}
    await city("POST", "/entities", json={"id": "urn:x:1", "type": "Stop", "name": name}, headers={"link": LINK})

    async def said(**query: str) -> Any:
        return (await city("GET", "/entities/urn:x:1", params=query, headers={"link": LINK})).json()["name"]

    assert await said(lang="vi") == {"type": "Property", "value": "Sông Hương", "lang": "vi"}
    assert (await said(lang="fr,en;q=0.5"))["value"] == ["Perfume River", "Huong"]
    assert await said(lang="vi", options="keyValues") == "Sông Hương"
    assert (await said(options="keyValues"))["languageMap"]["vi"] == "Sông Hương"
    for q, count in (
        ('name[vi]=="Sông Hương"', 1),
        ('name[en]=="Huong"', 1),
        ('name[en]=="Sông Hương"', 0),
        ('name[*]~="^Perf"', 1),
    ):
        answer = await city("GET", "/entities", params={"type": "Stop", "q": q}, headers={"link": LINK})
        assert len(answer.json()) == count, q


@clause("4.8", "6.3.11")
async def test_times_that_the_broker_keeps_are_shown_when_asked_for(city: City) -> None:
    speed = {"type": "Property", "value": 1, "observedAt": "2026-11-22T01:00:00Z", "createdAt": "1999-01-01T00:00:00Z"}
    await city("POST", "/entities", json={"id": "urn:x:1", "type": "Bus", "speed": speed}, headers={"link": LINK})
    plain = (await city("GET", "/entities/urn:x:1", headers={"link": LINK})).json()
    assert "createdAt" not in plain and plain["speed"] == {k: v for k, v in speed.items() if k != "createdAt"}
    before = (await city("GET", "/entities/urn:x:1?options=sysAttrs", headers={"link": LINK})).json()
    assert before["createdAt"] == before["modifiedAt"] == before["speed"]["createdAt"] > "2020"
    await city("PATCH", "/entities/urn:x:1/attrs/speed", json={"value": 2}, headers={"link": LINK})
    after = (await city("GET", "/entities/urn:x:1?options=sysAttrs", headers={"link": LINK})).json()
    assert after["createdAt"] == before["createdAt"] and after["speed"]["createdAt"] == before["speed"]["createdAt"]
    assert after["modifiedAt"] == after["speed"]["modifiedAt"] > before["modifiedAt"]
    assert after["speed"]["observedAt"] == speed["observedAt"], (
        "a partial update keeps the time unless it tells another"
    )
