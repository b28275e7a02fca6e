"""A policy that narrows really narrows: pages, counts, single entities, histories, subscriptions, whoever the asker is."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from nhip.graph.api.app import ASKER
from nhip.graph.query import narrowing
from nhip.graph.query.model import And, Name, Or, Path, Query, Selector, Term, Value
from nhip.graph.query.narrowing import Asker, Clause, asking, clauses, narrowed
from nhip.graph_commands import Node, serving
from nhip.settings import Settings
from tests.graph.subscriptions.conftest import Receiver

_tenants = itertools.count(1)
THERE = "https://uri.etsi.org/ngsi-ld/default-context/"
BUSES = Clause(types=Name(f"{THERE}Bus"))
SLOW = Clause(q=Term(Path((f"{THERE}speed",)), "<", (Value("number", 50),)))
NORTH = Clause(scope=Name("Hue/North"))


def test_clauses_are_conditions_more() -> None:
    assert narrowed(Query(), ()) == Query()
    found = narrowed(Query(selectors=(Selector(types=Name("a")), Selector(pattern="x"))), (BUSES, NORTH))
    assert len(found.selectors) == 2
    assert found.selectors[1].types == BUSES.types
    assert found.scope == NORTH.scope
    assert narrowed(Query(), (BUSES,)).selectors == (Selector(types=BUSES.types),)


def test_the_house_itself_is_not_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (BUSES,) if asker.who == "lan" else ())
    assert clauses() == ()
    with asking(Asker(1, "lan")):
        assert clauses() == (BUSES,)
        with asking(Asker(1, "minh")):
            assert clauses() == ()
        assert clauses() == (BUSES,)
    assert clauses() == () and narrowing.asker() is None


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def client(graph_url: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Lan may see slow buses in the north, everybody else everything; the header User says who it is."""
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (BUSES, SLOW, NORTH) if asker.who == "lan" else ())

    async def permit(scope: dict[str, object], _permission: str) -> None:
        headers = dict(scope["headers"])  # type: ignore[call-overload]
        scope[ASKER] = headers.get(b"user", b"").decode()

    settings = Settings(data_dir=tmp_path, outgoing_private="127.0.0.0/8")  # type: ignore[arg-type]
    async with serving(settings, Node("here", graph_url, "http://here"), permit) as app:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://here/ngsi-ld/v1") as made:
            yield made


def thing(n: int, kind: str, speed: int, scope: str) -> dict[str, object]:
    return {"id": f"urn:x:{n}", "type": kind, "speed": {"type": "Property", "value": speed}, "scope": scope}


async def test_every_way_to_ask_is_narrowed(client: httpx.AsyncClient, receiver: Receiver) -> None:
    lan = {"User": "lan"}
    told = {"type": "Subscription", "entities": [{"type": "Bus"}], "notification": {"endpoint": {"uri": receiver.uri}}}
    made = await client.post("/subscriptions", json=told, headers=lan)
    assert made.status_code == 201
    assert "lan" not in (await client.get(made.headers["location"].removeprefix("/ngsi-ld/v1"))).text
    north = "/Hue/North"
    things = [
        thing(1, "Bus", 30, north),
        thing(2, "Bus", 60, north),
        thing(3, "Bus", 30, "/Hue"),
        thing(4, "Tram", 30, north),
    ]
    assert (await client.post("/entityOperations/create", json=things)).status_code == 201

    for path in (
        "/entities?type=Bus,Tram&count=true",
        "/entities?attrs=speed&count=true",
        "/entities?type=Bus&q=speed>1&count=true",
    ):
        everybody, narrow = await client.get(path), await client.get(path, headers=lan)
        assert len(everybody.json()) > 1
        assert [one["id"] for one in narrow.json()] == ["urn:x:1"], path
        assert narrow.headers["ngsild-results-count"] == "1"
    posted = {"type": "Query", "entities": [{"type": "Tram"}]}
    assert (await client.post("/entityOperations/query", json=posted, headers=lan)).json() == []

    assert [(await client.get(f"/entities/urn:x:{n}", headers=lan)).status_code for n in (1, 2, 3, 4)] == [
        200,
        404,
        404,
        404,
    ]
    assert (await client.get("/entities/urn:x:2")).status_code == 200

    times = "/temporal/entities?type=Bus,Tram&timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt"
    assert len((await client.get(times)).json()) == 4
    assert [one["id"] for one in (await client.get(times, headers=lan)).json()] == ["urn:x:1"]

    await client.post("/entities", json=thing(5, "Bus", 40, north))
    heard: list[str] = []
    while "urn:x:5" not in heard:
        heard += [one["id"] for one in (await receiver.next())["data"]]
    assert heard == ["urn:x:1", "urn:x:5"]


@pytest.fixture
async def things(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client in a tenant of its own, with two buses that Lan may see, and two things that she may not."""
    client.headers["NGSILD-Tenant"] = f"t{next(_tenants)}"
    north = "/Hue/North"
    made = [
        thing(1, "Bus", 30, north),
        {**thing(2, "Bus", 60, north), "secret": "x"},
        {**thing(4, "Tram", 30, north), "track": {"type": "Relationship", "object": "urn:x:1"}},
        {**thing(1, "Bus", 31, north), "id": "urn:x:5", "behind": {"type": "Relationship", "object": "urn:x:2"}},
    ]
    assert (await client.post("/entityOperations/create", json=made)).status_code == 201
    return client


LAN = {"User": "lan"}


async def test_types_and_attributes_are_those_of_what_may_be_seen(things: httpx.AsyncClient) -> None:
    async def asked(path: str, headers: dict[str, str]) -> Any:
        return (await things.get(path, headers=headers)).json()

    assert (await asked("/types", {}))["typeList"] == ["Bus", "Tram"]
    assert (await asked("/types", LAN))["typeList"] == ["Bus"]
    assert [one["typeName"] for one in await asked("/types?details=true", LAN)] == ["Bus"]
    assert (await asked("/types/Bus", {}))["entityCount"] == 3
    bus = await asked("/types/Bus", LAN)
    assert bus["entityCount"] == 2
    assert [one["attributeName"] for one in bus["attributeDetails"]] == ["behind", "speed"]
    assert [one["attributeTypes"] for one in bus["attributeDetails"]] == [["Relationship"], ["Property"]]
    assert (await asked("/attributes", {}))["attributeList"] == ["behind", "secret", "speed", "track"]
    assert (await asked("/attributes", LAN))["attributeList"] == ["behind", "speed"]
    assert [one["typeNames"] for one in await asked("/attributes?details=true", LAN)] == [["Bus"], ["Bus"]]
    assert (await asked("/attributes/speed", LAN))["attributeCount"] == 2
    for path in ("/types/Tram", "/attributes/secret"):
        assert (await things.get(path)).status_code == 200
        assert (await things.get(path, headers=LAN)).status_code == 404, path


async def test_types_alone_are_decided_without_looking_at_entities(
    things: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (BUSES,) if asker.who == "lan" else ())
    monkeypatch.setattr("nhip.graph.query.discovery.iter_matches", None)
    assert (await things.get("/types", headers=LAN)).json()["typeList"] == ["Bus"]
    assert (await things.get("/types/Bus", headers=LAN)).json()["entityCount"] == 3
    assert (await things.get("/attributes", headers=LAN)).json()["attributeList"] == ["behind", "secret", "speed"]


async def test_a_question_for_very_many_types_is_no_way_around(
    things: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of so many alternatives the tables find more than is asked for."""
    many = Or(tuple(Name(f"{THERE}{kind}") for kind in ("Bus", *"ABCDEFGH")))
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (Clause(types=many),) if asker.who == "lan" else ())
    for path in (
        f"/entities?type=Tram,{','.join('abcdefgh')}",
        f"/entities?type=Tram,{','.join('abcdefgh')}&orderBy=id;desc",
    ):
        assert [one["id"] for one in (await things.get(path)).json()] == ["urn:x:4"]
        narrow = await things.get(f"{path}&count=true", headers=LAN)
        assert (narrow.json(), narrow.headers["ngsild-results-count"]) == ([], "0")


async def test_what_is_linked_is_not_shown_to_who_may_not_see_it(things: httpx.AsyncClient) -> None:
    for path in ("/entities/urn:x:5?join=inline", "/entities?type=Bus&join=inline", "/entities/urn:x:5?join=flat"):
        assert "secret" in (await things.get(path)).text, path
        narrow = await things.get(path, headers=LAN)
        assert narrow.status_code == 200 and "secret" not in narrow.text, path
    hint = "/entities?type=Bus&q=behind{speed}>50&join=flat"
    assert "secret" in (await things.get(hint)).text
    assert (await things.get(hint, headers=LAN)).json() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/entities/urn:x:2", {"speed": 1}),
        ("PUT", "/entities/urn:x:2", {"type": "Bus", "speed": 1}),
        ("DELETE", "/entities/urn:x:2", None),
        ("DELETE", "/entities/urn:x:2?type=Bus", None),
        ("POST", "/entities/urn:x:2/attrs", {"other": 1}),
        ("PATCH", "/entities/urn:x:2/attrs", {"speed": 1}),
        ("PATCH", "/entities/urn:x:2/attrs/speed", {"value": 1}),
        ("PUT", "/entities/urn:x:2/attrs/speed", {"type": "Property", "value": 1}),
        ("DELETE", "/entities/urn:x:2/attrs/speed", None),
        ("GET", "/temporal/entities/urn:x:2", None),
        ("DELETE", "/temporal/entities/urn:x:2", None),
        ("POST", "/temporal/entities/urn:x:2/attrs", {"speed": [{"type": "Property", "value": 1}]}),
        ("DELETE", "/temporal/entities/urn:x:2/attrs/speed", None),
        ("DELETE", "/temporal/entities/urn:x:2/attrs/speed/urn:ngsi-ld:Instance:1", None),
        ("PATCH", "/temporal/entities/urn:x:2/attrs/speed/urn:ngsi-ld:Instance:1", {"speed": {"value": 1}}),
    ],
)
async def test_what_may_not_be_seen_is_not_there_for_a_change(
    things: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    before = (await things.get("/entities/urn:x:2?options=sysAttrs")).json()
    answer = await things.request(method, path, json=body, headers=LAN)
    assert answer.status_code == 404, answer.text
    assert answer.json()["type"].endswith("ResourceNotFound")
    assert (await things.get("/entities/urn:x:2?options=sysAttrs")).json() == before
    history = (await things.get("/temporal/entities/urn:x:2")).json()
    assert len(history["speed"]) == 1


async def test_an_identifier_that_may_not_be_seen_is_taken(things: httpx.AsyncClient) -> None:
    before = (await things.get("/entities/urn:x:2?options=sysAttrs")).json()
    mine = thing(2, "Bus", 1, "/Hue/North")
    assert (await things.post("/entities", json=mine, headers=LAN)).status_code == 409
    past = {**mine, "speed": [{"type": "Property", "value": 1, "observedAt": "2026-11-22T00:00:00Z"}]}
    assert (await things.post("/temporal/entities", json=past, headers=LAN)).status_code == 409
    for path in ("upsert", "upsert?options=update", "update", "merge", "create"):
        answer = await things.post(
            f"/entityOperations/{path}", json=[mine, thing(1, "Bus", 32, "/Hue/North")], headers=LAN
        )
        assert answer.status_code == 207, path
        wrong = {one["entityId"]: one["error"]["status"] for one in answer.json()["errors"]}
        assert wrong["urn:x:2"] == (404 if path in ("update", "merge") else 409), path
    gone = await things.post("/entityOperations/delete", json=["urn:x:2", "urn:x:4"], headers=LAN)
    assert {one["entityId"] for one in gone.json()["errors"]} == {"urn:x:2", "urn:x:4"}
    assert (await things.delete("/entities?type=Bus,Tram", headers=LAN)).status_code == 204
    assert (await things.get("/entities/urn:x:2?options=sysAttrs")).json() == before
    assert [(await things.get(f"/entities/urn:x:{n}")).status_code for n in (1, 2, 4, 5)] == [404, 200, 200, 404]


async def test_what_is_seen_is_changed_as_ever(things: httpx.AsyncClient) -> None:
    assert (await things.patch("/entities/urn:x:1", json={"speed": 33}, headers=LAN)).status_code == 204
    assert (await things.patch("/entities/urn:x:1/attrs/speed", json={"value": 34}, headers=LAN)).status_code == 204
    assert (await things.post("/entities", json=thing(9, "Bus", 3, "/Hue/North"), headers=LAN)).status_code == 201
    assert (await things.delete("/entities/urn:x:1", headers=LAN)).status_code == 204


def source(id: str, *kinds: str) -> dict[str, Any]:
    information = [{"entities": [{"type": kind}]} for kind in kinds] or [{"propertyNames": ["speed"]}]
    made = {"id": id, "type": "ContextSourceRegistration", "endpoint": "http://127.0.0.1:9"}
    return {**made, "information": information, "operations": ["createEntity"]}


async def test_registrations_tell_only_of_what_may_be_seen(
    things: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (BUSES,) if asker.who == "lan" else ())
    sources = {"buses": ("Bus",), "trams": ("Tram",), "both": ("Bus", "Tram"), "any": ()}
    for name, kinds in sources.items():
        made = await things.post("/csourceRegistrations", json=source(f"urn:x:{name}", *kinds))
        assert made.status_code == 201, made.text

    def kinds(told: dict[str, Any]) -> list[str]:
        return [entity["type"] for one in told["information"] for entity in one.get("entities", [])]

    for name, status, seen in (
        ("buses", 200, ["Bus"]), ("trams", 404, None), ("both", 200, ["Bus"]), ("any", 200, [])
    ):  # fmt: skip
        one = f"/csourceRegistrations/urn:x:{name}"
        assert kinds((await things.get(one)).json()) == list(sources[name])
        narrow = await things.get(one, headers=LAN)
        assert narrow.status_code == status and (seen is None or kinds(narrow.json()) == seen), name
    listed = (await things.get("/csourceRegistrations?type=Bus,Tram", headers=LAN)).json()
    assert {one["id"]: kinds(one) for one in listed} == {"urn:x:any": [], "urn:x:both": ["Bus"], "urn:x:buses": ["Bus"]}
    for method, body in (("PATCH", {"description": "mine"}), ("DELETE", None)):
        for name, status in (("trams", 404), ("both", 204)):
            answer = await things.request(method, f"/csourceRegistrations/urn:x:{name}", json=body, headers=LAN)
            assert answer.status_code == status, (method, name)
    left = (await things.get("/csourceRegistrations?type=Bus,Tram")).json()
    assert {one["id"] for one in left} == {"urn:x:any", "urn:x:buses", "urn:x:trams"}
    assert "description" not in next(one for one in left if one["id"] == "urn:x:trams")
    for one in left:
        await things.delete(f"/csourceRegistrations/{one['id']}")


async def test_what_a_registration_contradicts_is_named_to_who_may_see_it_alone(things: httpx.AsyncClient) -> None:
    for id, kind, named in (("urn:x:reg:bus", "Bus", "urn:x:1"), ("urn:x:reg:tram", "Tram", "urn:x:reg:tram")):
        body = {**source(id, kind), "mode": "redirect", "operations": ["redirectionOps"]}
        answer = await things.post("/csourceRegistrations", json=body, headers=LAN)
        assert (answer.status_code, answer.json()["detail"].endswith(f"{named}.")) == (409, True), answer.text
    one = {**source("urn:x:reg:one"), "mode": "exclusive", "operations": ["redirectionOps"]}
    one["information"] = [{"entities": [{"id": "urn:x:2", "type": "Bus"}], "propertyNames": ["speed"]}]
    assert "urn:x:2" not in (await things.post("/csourceRegistrations", json=one, headers=LAN)).json()["detail"]


async def test_what_a_source_is_told_in_confidence_is_not_led_elsewhere(
    things: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (BUSES,) if asker.who == "lan" else ())
    secret = {"contextSourceInfo": [{"key": "X-Key", "value": "secret"}]}
    made = await things.post("/csourceRegistrations", json={**source("urn:x:reg:mine", "Bus"), **secret})
    assert made.status_code == 201, made.text
    one = "/csourceRegistrations/urn:x:reg:mine"
    for headers, body, kept in (
        (LAN, {"description": "hers"}, True),
        ({}, {"endpoint": "http://127.0.0.1:10"}, True),
        (LAN, {"endpoint": "http://127.0.0.1:11"}, False),
    ):
        assert (await things.patch(one, json=body, headers=headers)).status_code == 204
        assert ("contextSourceInfo" in (await things.get(one)).json()) is kept
    await things.delete(one)


async def test_who_watches_registrations_is_told_of_what_may_be_seen(
    things: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of slow buses she may see, so of sources that know speeds."""
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (BUSES, SLOW) if asker.who == "lan" else ())
    to = {"notification": {"endpoint": {"uri": receiver.uri}}, "entities": [{"type": "Bus"}]}
    made = await things.post("/csourceSubscriptions", json={"type": "Subscription", **to}, headers=LAN)
    assert made.status_code == 201, made.text
    for name, attributes in (("fuel", ["fuel"]), ("speed", ["speed"])):
        body = source(f"urn:x:reg:{name}", "Bus")
        body["information"][0]["propertyNames"] = attributes
        assert (await things.post("/csourceRegistrations", json=body)).status_code == 201
    assert [one["id"] for one in (await receiver.next())["data"]] == ["urn:x:reg:speed"]
    for name in ("fuel", "speed"):
        await things.delete(f"/csourceRegistrations/urn:x:reg:{name}")


async def test_what_is_linked_is_not_told_to_who_may_not_see_it(things: httpx.AsyncClient, receiver: Receiver) -> None:
    """Bus 5 is behind bus 2, which Lan may not see: whoever else made the change."""
    for join, headers in (("inline", LAN), ("flat", LAN), ("inline", {}), ("flat", {})):
        told = {"type": "Subscription", "entities": [{"type": "Bus", "id": "urn:x:5"}]}
        to = {"endpoint": {"uri": receiver.uri}, "join": join}
        made = await things.post("/subscriptions", json={**told, "notification": to}, headers=headers)
        assert made.status_code == 201
        await things.patch("/entities/urn:x:5", json={"speed": 32})
        heard = await receiver.next()
        assert heard["data"][0]["id"] == "urn:x:5"
        assert ("secret" in str(heard)) == (not headers), (join, headers)
        await things.delete(made.headers["location"].removeprefix("/ngsi-ld/v1"))


async def test_who_says_what_a_subscription_asks_for_answers_for_it(
    things: httpx.AsyncClient, receiver: Receiver
) -> None:
    """Neither may Lan lead what others see to herself, nor is what she asked for told of more by who only lets it rest."""
    watched = {"type": "Subscription", "entities": [{"type": "Bus", "idPattern": "^urn:x:[12]$"}]}
    to = {"notification": {"endpoint": {"uri": receiver.uri}}}

    async def made(headers: dict[str, str]) -> str:
        answer = await things.post("/subscriptions", json={**watched, **to}, headers=headers)
        return answer.headers["location"].removeprefix("/ngsi-ld/v1")

    async def heard_of() -> set[str]:
        heard: set[str] = set()
        for n in (2, 1):  # of 1 it is told in any case, and last
            await things.patch(f"/entities/urn:x:{n}", json={"note": next(_tenants)})
        while "urn:x:1" not in heard:
            heard |= {one["id"] for one in (await receiver.next())["data"]}
        return heard

    async def patched(path: str, headers: dict[str, str], **members: Any) -> None:
        assert (await things.patch(path, json=members, headers=headers)).status_code == 204

    anybodys = await made({})
    assert await heard_of() == {"urn:x:1", "urn:x:2"}
    await patched(anybodys, LAN, isActive=True, description="hers?", throttling=0.001)
    assert await heard_of() == {"urn:x:1", "urn:x:2"}
    await patched(anybodys, LAN, **to)
    assert await heard_of() == {"urn:x:1"}
    await patched(anybodys, {}, isActive=True)
    assert await heard_of() == {"urn:x:1"}
    await patched(anybodys, {}, entities=watched["entities"])
    assert await heard_of() == {"urn:x:1", "urn:x:2"}
    await things.delete(anybodys)


async def test_rights_are_told_apart() -> None:
    def of(*found: Clause) -> str:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(narrowing, "narrowing", lambda asker: found)
            with asking(Asker(1)):
                return narrowing.rights()

    one, other = Name("urn:a"), Name("urn:b")
    several = [(), (BUSES,), (SLOW,), (Clause(types=And((one, other))),), (Clause(types=Or((one, other))),)]
    assert len({of(*found) for found in several}) == len(several)
    assert of() == "" and of(BUSES, SLOW) == of(BUSES, SLOW)


async def entity_map(things: httpx.AsyncClient, path: str, headers: dict[str, str]) -> str:
    made = await things.get(path, headers=headers)
    assert made.status_code == 201, made.text
    return made.headers["ngsild-entitymap"].removeprefix("/ngsi-ld/v1")


@pytest.mark.parametrize(
    "path",
    [
        "/entityMaps?type=Bus,Tram",
        "/entities?type=Bus,Tram&entityMap=true",
        "/temporal/entityMaps?type=Bus,Tram&timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt",
    ],
)
async def test_a_map_shows_of_what_others_found_only_what_may_be_seen(things: httpx.AsyncClient, path: str) -> None:
    everybodys = await entity_map(things, path, {})
    whole = {f"urn:x:{n}" for n in (1, 2, 4, 5)}
    assert (await things.get(everybodys)).json()["entityMap"].keys() == whole
    assert (await things.get(everybodys, headers=LAN)).json()["entityMap"].keys() == {"urn:x:1", "urn:x:5"}
    page = "/entities?type=Bus,Tram&count=true&limit=1&offset={}"
    walk = {"NGSILD-EntityMap": everybodys}
    for offset, ids, more in ((0, ["urn:x:1"], True), (1, ["urn:x:5"], False), (2, [], False)):
        narrow = await things.get(page.format(offset), headers={**LAN, **walk})
        assert [one["id"] for one in narrow.json()] == ids
        assert narrow.headers["ngsild-results-count"] == "2"
        assert ('rel="next"' in narrow.headers["link"]) == more
    # what she may not see is not taken from others
    assert (await things.get(everybodys)).json()["entityMap"].keys() == whole
    hers = await entity_map(things, path, LAN)
    assert (await things.get(hers, headers=LAN)).json()["entityMap"].keys() == {"urn:x:1", "urn:x:5"}
    await things.patch("/entities/urn:x:5", json={"speed": 70})
    assert (await things.get(hers, headers=LAN)).json()["entityMap"].keys() == {"urn:x:1", "urn:x:5"}
    assert (await things.get(everybodys, headers=LAN)).json()["entityMap"].keys() == {"urn:x:1"}


async def test_of_a_map_of_several_brokers_only_what_is_here_and_may_be_seen_is_shown(
    things: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {**source("urn:x:else", "Bus", "Tram"), "operations": ["queryEntity"], "mode": "inclusive"}
    assert (await things.post("/csourceRegistrations", json=kept)).status_code == 201
    everybodys = await entity_map(things, "/entities?type=Bus,Tram&entityMap=true", {})
    walk = {"NGSILD-EntityMap": everybodys}
    page = "/entities?type=Bus,Tram&count=true&limit=1"
    assert (await things.get(page, headers=walk)).headers["ngsild-results-count"] == "4"
    narrow = await things.get(page, headers={**LAN, **walk})
    assert narrow.headers["ngsild-results-count"] == "2"
    assert len((await things.get(everybodys)).json()["entityMap"]) == 4
    await things.delete("/csourceRegistrations/urn:x:else")


async def test_the_past_of_what_may_not_be_seen_any_more_is_hidden(things: httpx.AsyncClient) -> None:
    """It was slow, and is told of as such by its history; now it is not."""
    await things.patch("/entities/urn:x:5", json={"speed": 70})
    times = "/temporal/entities?type=Bus&count=true&timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt"
    narrow = await things.get(times, headers=LAN)
    assert [one["id"] for one in narrow.json()] == ["urn:x:1"]
    assert narrow.headers["ngsild-results-count"] == "1"
    assert (await things.get("/temporal/entities/urn:x:5", headers=LAN)).status_code == 404
    assert (await things.delete("/entities/urn:x:5")).status_code == 204
    assert [one["id"] for one in (await things.get(times, headers=LAN)).json()] == ["urn:x:1"]
    assert (await things.get("/temporal/entities/urn:x:5", headers=LAN)).status_code == 404
    assert (await things.delete("/entities/urn:x:1")).status_code == 204
    assert [one["id"] for one in (await things.get(times, headers=LAN)).json()] == ["urn:x:1"]
    assert (await things.get("/temporal/entities/urn:x:1", headers=LAN)).status_code == 200


async def test_values_from_before_it_could_be_seen_are_not_told(things: httpx.AsyncClient, receiver: Receiver) -> None:
    told = {"type": "Subscription", "entities": [{"type": "Bus"}]}
    to = {"endpoint": {"uri": receiver.uri}, "showChanges": True}
    made = await things.post("/subscriptions", json={**told, "notification": to}, headers=LAN)
    assert made.status_code == 201, made.text
    await things.patch("/entities/urn:x:2", json={"speed": 40, "secret": "urn:ngsi-ld:null"})
    first = (await receiver.next())["data"][0]
    assert first["speed"]["value"] == 40 and "previousValue" not in first["speed"] and "secret" not in first
    await things.patch("/entities/urn:x:2", json={"speed": 41})
    assert (await receiver.next())["data"][0]["speed"]["previousValue"] == 40
    await things.delete(made.headers["location"].removeprefix("/ngsi-ld/v1"))


async def test_a_snapshot_that_others_made_is_narrowed(things: httpx.AsyncClient) -> None:
    wanted = {"type": "Snapshot", "snapshotQueries": [{"type": "Query", "entities": [{"type": "Bus,Tram"}]}]}
    made = (await things.post("/snapshots", json=wanted)).headers["location"].removeprefix("/ngsi-ld/v1")
    while (await things.get(made)).json()["snapshotStatus"] == "preparing":
        pass
    cloned = await things.post(f"{made}/clone", json={}, headers=LAN)
    hers = cloned.headers["location"].removeprefix("/ngsi-ld/v1")
    while (await things.get(hers)).json()["snapshotStatus"] == "preparing":
        pass
    for frozen in (made, hers):
        inside = {**LAN, "NGSILD-Snapshot": frozen}
        found = await things.get("/entities?type=Bus,Tram&count=true", headers=inside)
        assert [one["id"] for one in found.json()] == ["urn:x:1", "urn:x:5"]
        assert found.headers["ngsild-results-count"] == "2"
        assert (await things.get("/entities/urn:x:2", headers=inside)).status_code == 404
        assert (await things.get("/types", headers=inside)).json()["typeList"] == ["Bus"]
        assert (await things.get("/entities/urn:x:2", headers={"NGSILD-Snapshot": made})).status_code == 200
