"""Reading everything of a peer while it changes: what was there all the time is found, whatever comes and goes before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from nhip.graph.mirrors.errors import PeerRefused
from nhip.graph.mirrors.model import Mirror
from nhip.graph.mirrors.peer import PAGE, Peer
from nhip.graph.registrations.client import Reply

MIRROR = Mirror(
    id=1,
    name="hue",
    tenant=2,
    tenant_name="mirror-hue",
    peer="http://hue.example/ngsi-ld/v1",
    peer_tenant="city",
    context="https://hue.example/context.jsonld",
    types=["Bus", "Tram"],
    q="speed>1|fuel<2",
    scope="/Hue",
    attrs=["speed"],
    subscription="urn:s",
    token=b"",
    received=0,
    peer_sent=0,
    peer_failed=0,
    peer_began=None,
    state="live",
    problem="",
    refused=0,
    difference=0,
    sync_asked=0,
    sync_done=0,
    good_at=None,
    compared_at=None,
    heard_at=None,
    beat_at=None,
    doubts=False,
)


class Wire:
    """Stands for the network: pages of `ids` in their order, which `between` may change after each page."""

    def __init__(
        self, ids: list[str], between: Callable[[list[str], int], None] | None = None, most: int = 1000
    ) -> None:
        self.ids, self.between, self.most = sorted(ids), between, most
        self.asked: list[dict[str, str]] = []
        self.headers: dict[str, str] = {}

    async def ask(
        self, _method: str, url: str, headers: dict[str, str], _body: Any, _wait: float, *, owner: int
    ) -> Reply:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append(asked)
        self.headers = headers
        offset, limit = int(asked.get("offset", "0")), int(asked["limit"])
        if limit > self.most:
            return Reply(403, {})
        page = [{"id": one} for one in sorted(self.ids)[offset : offset + limit]]
        if self.between is not None:
            self.between(self.ids, len(self.asked))
        return Reply(200, orjson.loads(orjson.dumps(page)))


async def everything(wire: Wire, since: str = "") -> set[str]:
    peer = Peer(wire, MIRROR, {"Authorization": "Bearer x"})  # type: ignore[arg-type]
    return {one["id"] async for page in peer.pages(since) for one in page}


def ids(count: int) -> list[str]:
    return [f"urn:x:{n:05}" for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 3 * PAGE + 7])
async def test_every_page_is_read(count: int) -> None:
    assert await everything(Wire(ids(count))) == set(ids(count))


async def test_deletions_before_the_page_hide_nothing() -> None:
    def delete(there: list[str], turn: int) -> None:
        if turn < 5:
            del there[:50]

    assert set(ids(1500)[4 * 50 :]) <= await everything(Wire(ids(1500), delete))


async def test_entities_that_come_before_the_page_hide_nothing() -> None:
    def add(there: list[str], turn: int) -> None:
        there.extend(f"urn:a:{turn}:{n}" for n in range(30 if turn < 5 else 0))

    assert set(ids(1500)) <= await everything(Wire(ids(1500), add))


async def test_a_peer_that_never_stands_still_is_not_asked_for_ever() -> None:
    wire = Wire(ids(1500), lambda there, turn: there.insert(0, f"urn:a:{turn:05}"))
    await everything(wire)
    assert len(wire.asked) < 60


async def test_a_peer_that_gives_fewer_at_once() -> None:
    wire = Wire(ids(700), most=100)
    assert await everything(wire) == set(ids(700))
    with pytest.raises(PeerRefused):
        await everything(Wire(ids(700), most=2))


async def test_what_is_asked() -> None:
    wire = Wire([])
    await everything(wire, "2026-11-22T08:00:00Z")
    assert wire.asked[0] == {
        "type": "Bus,Tram",
        "q": "(speed>1|fuel<2);modifiedAt>=2026-11-22T08:00:00Z",
        "scopeQ": "/Hue",
        "attrs": "speed",
        "options": "sysAttrs",
        "local": "true",
        "limit": str(PAGE),
    }
    assert wire.headers["NGSILD-Tenant"] == "city"
    assert wire.headers["Authorization"] == "Bearer x"
    assert wire.headers["Link"].startswith("<https://hue.example/context.jsonld>")


async def test_ids_with_commas_and_long_ones_are_asked_for_as_they_are() -> None:
    odd, long = "urn:x:a,b", [f"urn:x:{n}{'y' * 1000}" for n in range(10)]
    wire = Wire([odd, *long])
    found = await Peer(wire, MIRROR, {}).some([odd, *long])  # type: ignore[arg-type]
    assert wire.asked[0]["idPattern"] == "^urn:x:a,b$"
    assert all(len(one.get("id", "")) <= 4000 for one in wire.asked)
    assert sorted(part for one in wire.asked[1:] for part in one["id"].split(",")) == sorted(long)
    assert {one["id"] for one in found} <= {odd, *long}
