"""What sources tell is no way around what somebody may not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nhip.graph.api.app import ASKER
from nhip.graph.query import narrowing
from nhip.graph.query.model import Path, Term, Value
from nhip.graph.query.narrowing import Clause
from tests.graph.clauses import clause
from tests.graph.registrations.test_federation import Source

if TYPE_CHECKING:
    from tests.graph.federation.conftest import City
    from tests.graph.subscriptions.conftest import Receiver

SLOW = Clause(q=Term(Path(("https://uri.etsi.org/ngsi-ld/default-context/speed",)), "<", (Value("number", 50),)))


LAN = {"User": "lan"}


@pytest.fixture
def narrow(hue: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lan, who asks in Huế, may see slow buses."""
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (SLOW,) if asker.who == "lan" else ())

    async def permit(scope: dict[str, Any], _permission: str) -> None:
        scope[ASKER] = dict(scope["headers"]).get(b"user", b"").decode()

    monkeypatch.setattr(hue.app, "permit", permit)


@clause("5.7.1", "5.7.2", "5.7.3", "5.7.4")
async def test_what_a_source_tells_is_held_against_what_the_asker_may_see(hue: City, vinh: City, narrow: None) -> None:
    """The buses of Vinh are no other."""
    offered = ["retrieveEntity", "queryEntity", "retrieveTemporal", "queryTemporal"]
    await hue.knows(vinh, "urn:x:reg:seen", operations=offered)
    speeds = {"slow": 30, "fast": 60}
    for name, speed in speeds.items():
        await vinh.ask("POST", "/entities", {"id": f"urn:x:v:{name}", "type": "Bus", "speed": speed})
    # here a part of each that is hidden, or seen, by itself
    await hue.ask("POST", "/entities", {"id": "urn:x:v:hidden", "type": "Bus", "speed": 90, "secret": 1})
    await vinh.ask("POST", "/entities", {"id": "urn:x:v:hidden", "type": "Bus", "speed": 10})

    async def ids(path: str, **headers: str) -> list[str]:
        found = await hue.client.get(path, headers=headers)
        assert found.status_code == 200, found.text
        return [one["id"].rpartition(":")[2] for one in found.json() if one["id"].startswith("urn:x:v:")]

    times = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt"
    for path in ("/entities?type=Bus", "/entities?type=Bus&splitEntities=true"):
        assert await ids(path) == ["fast", "hidden", "slow"], path
        assert await ids(path, **LAN) == ["hidden", "slow"], path
        assert "secret" not in (await hue.client.get(path, headers=LAN)).text
    assert await ids(f"/temporal/entities?type=Bus&{times}") == ["fast", "hidden", "slow"]
    assert await ids(f"/temporal/entities?type=Bus&{times}", **LAN) == ["slow"]
    for name, status in (("slow", 200), ("fast", 404)):
        for path in (f"/entities/urn:x:v:{name}", f"/temporal/entities/urn:x:v:{name}"):
            assert (await hue.client.get(path)).status_code == 200
            assert (await hue.client.get(path, headers=LAN)).status_code == status, path
    one = await hue.client.get("/entities/urn:x:v:hidden", headers=LAN)
    assert "secret" not in one.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/entities/urn:x:v:fast", {"speed": 1}),
        ("PUT", "/entities/urn:x:v:fast", {"id": "urn:x:v:fast", "type": "Bus", "speed": 1}),
        ("DELETE", "/entities/urn:x:v:fast", None),
        ("POST", "/entities/urn:x:v:fast/attrs", {"speed": 1}),
        ("PATCH", "/entities/urn:x:v:fast/attrs/speed", {"value": 1}),
        ("DELETE", "/entities/urn:x:v:fast/attrs/speed", None),
        ("POST", "/entityOperations/delete", ["urn:x:v:fast"]),
        ("POST", "/entityOperations/merge", [{"id": "urn:x:v:fast", "type": "Bus", "speed": 1}]),
        ("POST", "/entityOperations/upsert", [{"id": "urn:x:v:fast", "type": "Bus", "speed": 1}]),
        ("DELETE", "/entities?type=Bus", None),
    ],
)
async def test_nothing_is_changed_at_a_source_that_may_not_be_seen(
    hue: City, vinh: City, narrow: None, method: str, path: str, body: Any
) -> None:
    """A source does not know who Lan is, and what she may see."""
    await hue.knows(vinh, "urn:x:reg:all", operations=["redirectionOps", "deleteBatch", "mergeBatch", "upsertBatch"])
    await vinh.ask("POST", "/entities", {"id": "urn:x:v:fast", "type": "Bus", "speed": 60})
    answer = await hue.client.request(method, path, json=body, headers=LAN)
    assert answer.status_code in (404, 422) or [one["error"]["status"] for one in answer.json()["errors"]] in (
        [404], [409],
    ), answer.text  # fmt: skip
    before = await vinh.client.get("/entities/urn:x:v:fast")
    assert before.json()["speed"]["value"] == 60
    assert (await hue.client.request(method, path, json=body)).status_code < 400
    assert (await vinh.client.get("/entities/urn:x:v:fast")).text != before.text, "others change it so"


async def test_what_is_seen_at_a_source_is_changed_there_as_ever(hue: City, vinh: City, narrow: None) -> None:
    await hue.knows(vinh, "urn:x:reg:all", operations=["redirectionOps", "upsertBatch"])
    for name, speed in (("slow", 30), ("fast", 60)):
        await vinh.ask("POST", "/entities", {"id": f"urn:x:v:{name}", "type": "Bus", "speed": speed})
    await hue.ask("PATCH", "/entities/urn:x:v:slow", {"speed": 31}, **LAN)
    assert (await vinh.ask("GET", "/entities/urn:x:v:slow"))["speed"]["value"] == 31
    some = [{"id": f"urn:x:v:{name}", "type": "Bus", "speed": 32} for name in ("fast", "new", "slow")]
    told = (await hue.client.post("/entityOperations/upsert", json=some, headers=LAN)).json()
    assert [one["entityId"] for one in told["errors"]] == ["urn:x:v:fast"]
    found = await vinh.ask("GET", "/entities?type=Bus&format=keyValues")
    assert {one["id"][8:]: one["speed"] for one in found} == {"fast": 60, "new": 32, "slow": 32}


async def test_whoever_comes_with_a_token_tells_what_the_house_asked_for(
    hue: City, narrow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger who may see nothing must not make the house blind."""
    askers: list[Any] = []

    async def received(_told: Any) -> None:
        askers.append(narrowing.asker())

    monkeypatch.setattr(hue.app.relays, "received", received)
    assert (await hue.client.post(f"{hue.door.url}/ngsi-ld/ex/remote-notify", json={})).status_code == 200
    assert askers == [None]


async def test_what_proves_who_asks_goes_to_no_source(hue: City, narrow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may register could gather keys and sessions of others. A node that asks nobody who they are passes them on."""
    source = Source()
    told = [{"key": key, "value": "urn:ngsi-ld:request"} for key in ("Authorization", "cookie", "X-Trace")]
    information = [{"entities": [{"type": "Bus"}]}]
    body = {"type": "ContextSourceRegistration", "endpoint": source.url, "information": information}
    await hue.ask("POST", "/csourceRegistrations", {**body, "id": "urn:x:reg:curious", "contextSourceInfo": told})
    sent = {"Authorization": "Bearer nhip_secret", "Cookie": "nhip_session=secret", "X-Trace": "7"}
    try:
        for path in ("/entities?type=Bus", "/entities/urn:x:v:none"):
            await hue.client.get(path, headers=sent)
        for _method, path, headers, _body in source.asked:
            assert headers["x-trace"] == "7" and "secret" not in str(headers), path
        assert len(source.asked) == 2
        monkeypatch.setattr(hue.app, "permit", None)
        await hue.client.get("/entities?type=Bus", headers=sent)
        assert source.asked[-1][2]["authorization"] == "Bearer nhip_secret"
    finally:
        source.stop()


@clause("5.8.6")
@pytest.mark.parametrize("more", [{}, {"format": "keyValues"}, {"attributes": ["name"]}])
async def test_what_a_source_notifies_of_is_held_against_what_who_subscribed_may_see(
    hue: City, vinh: City, receiver: Receiver, narrow: None, more: dict[str, Any]
) -> None:
    """Whatever the copy tells of an entity, and though here there is a part that Lan may not see."""
    await hue.knows(vinh, "urn:x:reg:told", operations=["createSubscription", "retrieveEntity"])
    await hue.ask("POST", "/entities?local=true", {"id": "urn:x:v:slow", "type": "Bus", "speed": 90, "secret": 1})
    told = {"endpoint": {"uri": receiver.uri}, **more}
    await hue.subscribe("urn:x:sub:told", receiver, notification=told, who="lan")
    await vinh.copies(1)
    for name, speed in (("fast", 60), ("slow", 30)):
        await vinh.ask("POST", "/entities", {"id": f"urn:x:v:{name}", "type": "Bus", "speed": speed, "name": name})
    (entity,) = (await receiver.next())["data"]
    assert entity["id"] == "urn:x:v:slow" and "secret" not in entity
    assert entity["name"] == ("slow" if more.get("format") else {"type": "Property", "value": "slow"})


@clause("5.8.6")
async def test_parts_of_many_entities_are_asked_for_at_the_same_time(hue: City, vinh: City, receiver: Receiver) -> None:
    await hue.knows(vinh, "urn:x:reg:one", operations=["createSubscription"])
    await hue.subscribe("urn:x:sub:many", receiver, splitEntities=True)
    (copy,) = await vinh.copies(1)
    await hue.knows(vinh, "urn:x:reg:two", operations=["retrieveEntity"])
    names = [f"urn:x:v:{n}" for n in range(8)]
    for id in names:
        await vinh.ask("POST", "/entities?local=true", {"id": id, "type": "Bus", "name": "there"})
    while (await receiver.next())["data"][-1]["id"] != names[-1]:
        pass
    vinh.door.together = len(names)
    try:
        parts = [{"id": id, "type": "Bus", "speed": {"type": "Property", "value": 1}} for id in names]
        body = {"subscriptionId": copy["id"], "data": parts}
        answer = await hue.client.post(f"{hue.door.url}/ngsi-ld/ex/remote-notify", json=body)
    finally:
        vinh.door.together = 0
    assert answer.status_code == 200
    data = (await receiver.next())["data"]
    assert [one["id"] for one in data] == names, "in the order in which they were told"
    assert all(one["name"]["value"] == "there" and one["speed"]["value"] == 1 for one in data)
