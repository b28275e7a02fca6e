"""A mirror between two nodes: first copy, live changes, outages of either, and in the end the same state exactly."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.graph.mirrors.conftest import City, until

_names = itertools.count()


class Pair:
    """Our node with a mirror of one tenant of theirs."""

    def __init__(self, ours: City, theirs: City) -> None:
        self.ours, self.theirs = ours, theirs
        self.name = f"hue-{next(_names)}"
        self.there, self.here = self.name, f"mirror-{self.name}"

    def bus(self, n: int, **attributes: Any) -> dict[str, Any]:
        return {"id": f"urn:ngsi-ld:Bus:{n}", "type": "Bus", **attributes}

    def upsert(self, *entities: dict[str, Any]) -> None:
        self.theirs.ask("POST", "/entityOperations/upsert", self.there, json=list(entities))

    def mirror(self, *options: str, types: tuple[str, ...] = ("Bus",)) -> None:
        told = [part for name in types for part in ("--type", name)]
        self.ours.nhip("add", self.name, self.theirs.url, *told, "--peer-tenant", self.there, *options)
        until(lambda: self.shown()["state"] == "live", "the first copy")

    def shown(self) -> dict[str, Any]:
        found = [one for one in self.ours.ask("GET", "/mirrors").json() if one["name"] == self.name]
        return found[0] if found else {"state": "unknown"}

    def equal(self, *types: str) -> bool:
        return self.ours.state(self.here, *types or ("Bus",)) == self.theirs.state(self.there, *types or ("Bus",))

    def settled(self) -> None:
        until(self.equal, "the same state here and there")


@pytest.fixture
def pair(nodes: tuple[City, City]) -> Iterator[Pair]:
    made = Pair(*nodes)
    yield made
    if made.shown()["state"] != "unknown":
        made.ours.nhip("remove", made.name)


def test_first_copy_then_every_kind_of_change(pair: Pair) -> None:
    speeds = [{"value": 30}, {"value": 31, "datasetId": "urn:gps:1"}, {"value": 32, "datasetId": "urn:gps:2"}]
    pair.upsert(
        pair.bus(1, speed=speeds, name={"languageMap": {"vi": "Tuyến 1", "en": "Line 1"}}, scope="/Hue/North"),
        *(pair.bus(n, speed=n, line={"object": "urn:ngsi-ld:Line:1"}) for n in range(2, 450)),
    )
    pair.mirror()
    assert pair.equal()
    assert len(pair.ours.state(pair.here, "Bus")) == 449

    one = "/entities/urn:ngsi-ld:Bus:1/attrs"
    pair.theirs.ask("PATCH", f"{one}/speed", pair.there, json={"value": 40})
    pair.theirs.ask("DELETE", f"{one}/speed?datasetId=urn:gps:1", pair.there)
    pair.settled()
    pair.theirs.ask("DELETE", f"{one}/name", pair.there)
    pair.theirs.ask("DELETE", "/entities/urn:ngsi-ld:Bus:2", pair.there)
    pair.theirs.ask("POST", "/entities", pair.there, json=pair.bus(1000, speed=1))
    pair.settled()
    pair.theirs.ask("DELETE", "/entities/urn:ngsi-ld:Bus:1000", pair.there)
    pair.theirs.ask("POST", "/entities", pair.there, json=pair.bus(1000, speed=2, type=["Bus", "Ferry"]))
    pair.theirs.ask("PUT", "/entities/urn:ngsi-ld:Bus:1", pair.there, json=pair.bus(1, place="depot"))
    pair.settled()

    (told,) = pair.ours.ask("GET", f"/mirrors/{pair.name}?id=urn:ngsi-ld:Bus:1").json()
    theirs = pair.theirs.ask("GET", "/entities/urn:ngsi-ld:Bus:1?options=sysAttrs", pair.there).json()
    assert (told["peer"], told["tenant"]) == (f"{pair.theirs.url}/ngsi-ld/v1", pair.there)
    assert told["modifiedAt"] == theirs["modifiedAt"]
    assert json.loads(pair.ours.nhip("show", pair.name, "--entity", "urn:ngsi-ld:Bus:1")) == [told]


def test_only_what_changed_changes_here(pair: Pair) -> None:
    pair.upsert(pair.bus(1, speed=1, fuel=1))
    pair.mirror()
    pair.theirs.ask("PATCH", "/entities/urn:ngsi-ld:Bus:1/attrs/speed", pair.there, json={"value": 2})
    pair.settled()
    found = pair.ours.ask("GET", "/entities/urn:ngsi-ld:Bus:1?options=sysAttrs", pair.here).json()
    assert found["fuel"]["modifiedAt"] == found["fuel"]["createdAt"] < found["speed"]["modifiedAt"]
    times = "/temporal/entities/urn:ngsi-ld:Bus:1?options=temporalValues"
    history = pair.ours.ask("GET", times, pair.here).json()
    assert [value for value, _at in history["speed"]["values"]] == [2, 1] or len(history["speed"]["values"]) == 2
    assert len(history["fuel"]["values"]) == 1


def test_narrowed_by_query_and_attributes(pair: Pair) -> None:
    pair.upsert(pair.bus(1, speed=50, fuel=1), pair.bus(2, speed=10, fuel=1), {**pair.bus(3, speed=60), "type": "Tram"})
    pair.mirror("--q", "speed>20", "--attr", "speed", types=("Bus", "Tram"))
    found = pair.ours.state(pair.here, "Bus", "Tram")
    assert {id[-1]: sorted(one.keys() - {"id", "type"}) for id, one in found.items()} == {
        "1": ["speed"],
        "3": ["speed"],
    }
    pair.theirs.ask("DELETE", "/entities/urn:ngsi-ld:Bus:1/attrs/speed", pair.there)
    pair.theirs.ask("PATCH", "/entities/urn:ngsi-ld:Bus:2/attrs/speed", pair.there, json={"value": 30})
    until(lambda: sorted(pair.ours.state(pair.here, "Bus")) == ["urn:ngsi-ld:Bus:2"], "what fits now")


def test_nobody_else_writes_into_a_mirror(pair: Pair) -> None:
    pair.upsert(pair.bus(1, speed=1))
    pair.mirror()
    one = "/entities/urn:ngsi-ld:Bus:1"
    tries = [
        ("POST", "/entities", pair.bus(9)),
        ("PATCH", one, {"speed": 5}),
        ("PUT", one, pair.bus(1)),
        ("DELETE", one, None),
        ("POST", f"{one}/attrs", {"fuel": 1}),
        ("POST", "/entityOperations/upsert", [pair.bus(1, speed=9)]),
        ("POST", "/entityOperations/delete", ["urn:ngsi-ld:Bus:1"]),
        ("DELETE", "/entities?type=Bus", None),
        ("POST", "/temporal/entities", {**pair.bus(1), "speed": [{"value": 1, "observedAt": "2026-01-01T00:00:00Z"}]}),
    ]
    for method, path, body in tries:
        answer = pair.ours.client.request(method, path, json=body, headers={"NGSILD-Tenant": pair.here})
        assert answer.status_code == 422, path
        assert answer.json()["type"].endswith("/OperationNotSupported")
        assert pair.theirs.url in answer.json()["detail"]
    assert pair.equal()
    told = {"type": "Subscription", "entities": [{"type": "Bus"}]}
    told["notification"] = {"endpoint": {"uri": "http://127.0.0.1:9/x"}}
    pair.ours.ask("POST", "/subscriptions", pair.here, json=told)


def change_at_random(pair: Pair, chance: random.Random, times: int) -> None:
    """Changes of every kind at the peer."""
    for _time in range(times):
        n, kind = chance.randrange(60), chance.randrange(6)
        one, tenant = f"/entities/urn:ngsi-ld:Bus:{n}", {"NGSILD-Tenant": pair.there}
        if kind == 0:
            pair.theirs.client.delete(one, headers=tenant)
        elif kind == 1:
            pair.theirs.client.delete(f"{one}/attrs/fuel", headers=tenant)
        elif kind == 2:
            pair.theirs.client.patch(f"{one}/attrs/speed", headers=tenant, json={"value": chance.random()})
        else:
            pair.upsert(
                *(pair.bus(chance.randrange(60), speed=chance.random(), fuel=chance.randrange(5)) for _n in range(5))
            )


def test_our_node_is_killed_while_the_peer_goes_on(pair: Pair) -> None:
    chance = random.Random(20261122)
    pair.upsert(*(pair.bus(n, speed=n, fuel=n) for n in range(60)))
    pair.mirror()
    change_at_random(pair, chance, 15)
    pair.ours.kill()  # in the middle of what it was told
    change_at_random(pair, chance, 15)
    pair.ours.start()
    change_at_random(pair, chance, 15)
    pair.settled()
    assert pair.shown()["refused"] == 0


def test_the_peer_is_killed_and_comes_back(pair: Pair) -> None:
    chance = random.Random(5)
    pair.upsert(*(pair.bus(n, speed=n, fuel=n) for n in range(60)))
    pair.mirror()
    change_at_random(pair, chance, 30)
    pair.theirs.kill()  # with notifications that it had not sent yet
    until(lambda: pair.shown()["state"] == "away", "that the peer is missed")
    pair.theirs.start()
    change_at_random(pair, chance, 30)
    pair.settled()
    until(lambda: pair.shown()["state"] == "live", "that the peer is back")


def test_a_subscription_that_is_gone_or_paused_is_made_anew(pair: Pair) -> None:
    pair.upsert(pair.bus(1, speed=1))
    pair.mirror()
    (old,) = pair.theirs.ask("GET", "/subscriptions", pair.there).json()
    pair.theirs.ask("DELETE", f"/subscriptions/{old['id']}", pair.there)
    pair.theirs.ask("PATCH", "/entities/urn:ngsi-ld:Bus:1/attrs/speed", pair.there, json={"value": 2})
    pair.settled()
    (new,) = until(lambda: pair.theirs.ask("GET", "/subscriptions", pair.there).json(), "a new subscription")
    assert new["id"] != old["id"]
    pair.theirs.ask("PATCH", f"/subscriptions/{new['id']}", pair.there, json={"isActive": False})
    pair.theirs.ask("DELETE", "/entities/urn:ngsi-ld:Bus:1", pair.there)
    pair.settled()
    until(
        lambda: [one["status"] for one in pair.theirs.ask("GET", "/subscriptions", pair.there).json()] == ["active"],
        "one that works",
    )


def test_removed_here_and_at_the_peer(pair: Pair) -> None:
    pair.upsert(pair.bus(1, speed=1))
    pair.mirror("--owner-writes")
    (found,) = pair.ours.ask("GET", "/csourceRegistrations?type=Bus").json()
    assert found["mode"] == "redirect"
    assert "retrieveEntity" not in found["operations"]
    pair.ours.ask("POST", "/entities", json=pair.bus(7, speed=7))
    assert "urn:ngsi-ld:Bus:7" in pair.theirs.state(pair.there, "Bus")
    assert pair.ours.nhip("remove", pair.name) == f"{pair.name}: removed\n"
    assert pair.theirs.ask("GET", "/subscriptions", pair.there).json() == []
    assert pair.ours.state(pair.here, "Bus") == {}
    until(lambda: pair.shown()["state"] == "unknown", "that it is forgotten")
    assert pair.ours.ask("GET", "/csourceRegistrations?type=Bus").json() == []
