"""A policy that narrows really narrows: pages, counts, single entities, histories, subscriptions, whoever the asker is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from nhip.graph.api.app import ASKER
from nhip.graph.query import narrowing
from nhip.graph.query.model import Name, Path, Query, Selector, Term, Value
from nhip.graph.query.narrowing import Asker, Clause, asking, clauses, narrowed
from nhip.graph_commands import Node, serving
from nhip.settings import Settings
from tests.graph.subscriptions.conftest import Receiver

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
    assert clauses() == ()


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
