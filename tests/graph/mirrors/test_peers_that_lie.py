"""What a peer may not do to us: foreign types, wrong ids, huge answers, forged notifications, addresses inside."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from nhip.db import Database
from nhip.errors import BadInput
from nhip.graph.document.pack import unpack
from nhip.graph.mirrors import store
from nhip.graph.mirrors.errors import MirrorExists, TenantInUse
from nhip.graph.mirrors.managing import Managing
from nhip.graph.mirrors.model import Mirror, Wanted
from nhip.graph.mirrors.service import MOST_WAITING, SEALED, secret_headers
from nhip.graph.mirrors.store import queries
from nhip.graph.model import Operation
from nhip.graph.registrations import client
from nhip.graph.service import Graph
from nhip.graph_commands import Node, serving
from nhip.kernel.time import now
from nhip.key_commands import COLUMNS
from nhip.security.resealing import reseal_all
from nhip.security.secrets import Vault
from nhip.settings import Settings

BUS = "https://uri.etsi.org/ngsi-ld/default-context/Bus"
AT = "2026-11-22T08:00:00.000001Z"
_names = itertools.count()


def bus(n: int, value: Any = 1, **more: Any) -> dict[str, Any]:
    return {"id": f"urn:x:{n}", "type": "Bus", "speed": {"type": "Property", "value": value}, "modifiedAt": AT, **more}


class Liar:
    """A peer that gives `entities`, whatever it is asked."""

    def __init__(self) -> None:
        self.entities: list[Any] = []
        self.raw: bytes | None = None
        self.subscription: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                liar.subscription = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
                self._answer(201, b"")

            def do_DELETE(self) -> None:
                self._answer(204, b"")

            def do_GET(self) -> None:
                liar.headers = {name.lower(): value for name, value in self.headers.items()}
                parts = urlsplit(self.path)
                if parts.path.endswith("/entities"):
                    self._answer(200, liar.page(parse_qs(parts.query)), str(len(liar.entities)))
                elif "/subscriptions/" in parts.path:
                    self._answer(200, orjson.dumps({**liar.subscription, "status": "active"}))
                else:
                    self._answer(404, b"{}")

            def _answer(self, status: int, body: bytes, count: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if count:
                    self.send_header("NGSILD-Results-Count", count)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def page(self, asked: dict[str, list[str]]) -> bytes:
        if self.raw is not None:
            return self.raw
        ids = asked["id"][0].split(",") if "id" in asked else None
        found = [one for one in self.entities if ids is None or (isinstance(one, dict) and one.get("id") in ids)]
        offset, limit = int(asked.get("offset", ["0"])[0]), int(asked["limit"][0])
        return orjson.dumps(found[offset : offset + limit])

    def notification(self, *data: Any, **more: Any) -> dict[str, Any]:
        return {
            "id": "urn:n:1",
            "type": "Notification",
            "subscriptionId": self.subscription["id"],
            "data": data,
            **more,
        }

    @property
    def token(self) -> dict[str, str]:
        (pair,) = self.subscription["notification"]["endpoint"]["receiverInfo"]
        return {pair["key"]: pair["value"]}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.stop()


class Ours:
    """Our node in this process."""

    def __init__(self, graph: Graph, db: Database, settings: Settings, http: httpx.AsyncClient) -> None:
        self.graph, self.db, self.settings, self.http = graph, db, settings, http
        self.managing = Managing(settings, graph, db)

    async def add(self, liar: Liar, **more: Any) -> Mirror:
        """A mirror of the liar's buses, compared once."""
        found = await self.managing.add(f"m{next(_names)}", liar.url, Wanted(types=["Bus"]), **more)
        return await self.when(found, lambda one: one.state == "live")

    async def when(self, mirror: Mirror, true: Any) -> Mirror:
        async with asyncio.timeout(60):
            while not true(found := await self.managing.get(mirror.name)):
                await asyncio.sleep(0.02)
        return found

    async def held(self, mirror: Mirror) -> dict[str, Any]:
        async with self.db.read() as tx:
            ids = await store.list_held(tx, mirror.tenant, "", 1000)
        return {row.id: unpack(row.doc) for row in await self.graph.get_many(mirror.tenant, ids)}

    async def notify(self, mirror: Mirror, token: dict[str, str], body: Any) -> int:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"content-type": "application/json", **token}
        return (await self.http.post(f"/mirrors/{mirror.id}", headers=headers, content=content)).status_code


@pytest.fixture(scope="module")
async def ours(graph: Graph, graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ours]:
    folder: Path = tmp_path_factory.mktemp("ours")
    settings = Settings(data_dir=folder, outgoing_private="127.0.0.0/8", graph_mirror_check_s=1)
    db = Database(graph_url, size=2)
    await db.open()
    async with serving(settings, Node("ours", graph_url, "http://127.0.0.1:9"), _nobody) as app:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://ours/ngsi-ld/v1") as http:
            yield Ours(graph, db, settings, http)
    await db.close()


async def _nobody(_scope: Any, _permission: str) -> None:
    """No account is let in, so that only a token can have done what was done."""
    raise BadInput(what="nobody")


async def test_only_what_was_asked_for_and_can_be_read_is_taken(ours: Ours, liar: Liar) -> None:
    bad = [
        {"id": "no uri", "type": "Bus"},
        bus(2, type="Police"),
        {"type": "Bus"},
        "text",
        None,
        bus(3, None),
        {**bus(4), "x": {"type": "Property"}},
    ]
    liar.entities = [bus(1), *bad]
    mirror = await ours.add(liar)
    assert list(await ours.held(mirror)) == ["urn:x:1"]
    assert mirror.refused == len(bad)
    told = liar.notification(bus(5), bus(6, type="Police"), {"id": "urn:x:1", "type": "Police", "deletedAt": AT}, 7)
    assert await ours.notify(mirror, liar.token, told) == 204
    assert list(await ours.held(mirror)) == ["urn:x:1", "urn:x:5"]
    assert (await ours.managing.get(mirror.name)).refused == len(bad) + 3


async def test_a_wrong_token_finds_nothing(ours: Ours, liar: Liar) -> None:
    mirror = await ours.add(liar)
    told = liar.notification(bus(1))
    for token in ({}, {"X-Nhip-Mirror": ""}, {"X-Nhip-Mirror": "x" * 43}):
        assert await ours.notify(mirror, token, told) == 404
    for path in ("/mirrors/0", f"/mirrors/{mirror.id + 1}", f"/mirrors/{mirror.name}", "/mirrors/" + "9" * 30):
        assert (await ours.http.post(path, headers=liar.token, json=told)).status_code == 404
    assert await ours.notify(mirror, liar.token, {**told, "subscriptionId": "urn:other"}) == 400
    assert await ours.held(mirror) == {}
    assert (await ours.http.get("/mirrors")).status_code == 400  # what accounts may is asked of accounts


@pytest.mark.parametrize(
    "body", [b"", b"[1", b"[]", b'{"type": "Notification"}', b"[" * 100_000, b'"' + b"x" * 100_000]
)
async def test_what_is_no_notification(ours: Ours, liar: Liar, body: bytes) -> None:
    mirror = await ours.add(liar)
    assert await ours.notify(mirror, liar.token, body) == 400


async def test_notifications_twice_and_out_of_order(ours: Ours, liar: Liar) -> None:
    mirror = await ours.add(liar)
    later, earlier = bus(1, "later", modifiedAt=AT.replace("01Z", "09Z")), bus(1, "earlier")
    liar.entities = [later]
    for one in (earlier, later, earlier, later, earlier):
        assert await ours.notify(mirror, liar.token, liar.notification(one)) == 204
    (found,) = (await ours.held(mirror)).values()
    assert found[f"{BUS[:-3]}speed"][0]["value"] == "later"
    assert (await ours.managing.get(mirror.name)).received == 5


async def test_a_peer_whose_clock_was_set_back_is_followed(ours: Ours, liar: Liar) -> None:
    liar.entities = [bus(1, modifiedAt=AT.replace("01Z", "09Z"))]
    mirror = await ours.add(liar)
    liar.entities = [bus(1, "set back")]
    assert await ours.notify(mirror, liar.token, liar.notification(*liar.entities)) == 204
    await ours.when(mirror, lambda one: not one.doubts)
    (found,) = (await ours.held(mirror)).values()
    assert found[f"{BUS[:-3]}speed"][0]["value"] == "set back"


async def test_our_own_clock_that_ran_ahead_does_not_end_comparing(ours: Ours, liar: Liar) -> None:
    mirror = await ours.add(liar)
    async with ours.db.tx() as tx:
        ahead = "compared_at = now() + interval '1 year', good_at = now() + interval '1 year', beat_at = compared_at"
        await tx.execute(f"update graph.mirror set {ahead} where id = %s", [mirror.id])
    liar.entities = [bus(1)]
    found = await ours.when(mirror, lambda one: one.compared_at <= now())
    assert list(await ours.held(mirror)) == ["urn:x:1"]
    assert found.good_at is not None and found.good_at <= now()


async def test_a_deletion_is_believed_only_when_the_peer_says_it_is_gone(ours: Ours, liar: Liar) -> None:
    liar.entities = [bus(1), bus(2)]
    mirror = await ours.add(liar)
    liar.entities = [bus(2)]
    for n in (1, 2):
        await ours.notify(mirror, liar.token, liar.notification({"id": f"urn:x:{n}", "type": "Bus", "deletedAt": AT}))
    await ours.when(mirror, lambda one: not one.doubts)
    assert list(await ours.held(mirror)) == ["urn:x:2"]


async def test_answers_that_are_huge_or_no_json_change_nothing(
    ours: Ours, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.entities = [bus(1)]
    mirror = await ours.add(liar)
    monkeypatch.setattr(client, "MAX_BYTES", 100_000)
    for raw in (b"[" + b" " * 200_000 + b"]", b"[" * 50_000):
        liar.raw = raw
        await ours.managing.ask_sync(mirror.name)
        found = await ours.when(mirror, lambda one: one.state == "away")
        assert found.problem
        assert list(await ours.held(mirror)) == ["urn:x:1"]
        liar.raw = None
        await ours.when(mirror, lambda one: one.state == "live")


async def test_many_notifications_at_once_are_taken_together_or_sent_away(ours: Ours, liar: Liar) -> None:
    mirror = await ours.add(liar)
    told = [ours.notify(mirror, liar.token, liar.notification(bus(n))) for n in range(3 * MOST_WAITING)]
    answers = await asyncio.gather(*told)
    assert set(answers) <= {204, 503}
    durable = {f"urn:x:{n}" for n, status in enumerate(answers) if status == 204}
    assert len(durable) >= MOST_WAITING
    assert durable <= (await ours.held(mirror)).keys()


async def test_addresses_inside_are_not_asked(ours: Ours, liar: Liar) -> None:
    mirror = await ours.managing.add(f"m{next(_names)}", "http://169.254.169.254/", Wanted(types=["Bus"]))
    found = await ours.when(mirror, lambda one: one.state == "away")
    assert "169.254.169.254" in found.problem
    assert await ours.managing.remove(mirror.name)  # what the peer did not hear is told


@pytest.mark.parametrize("peer", ["ftp://x", "city", "http://", "http://u:p@city", "http://city/?a=b", "http://city:x"])
async def test_addresses_that_are_none(ours: Ours, peer: str) -> None:
    with pytest.raises(BadInput):
        await ours.managing.add("peer", peer, Wanted(types=["Bus"]))


@pytest.mark.parametrize(
    "wanted",
    [Wanted(types=[]), Wanted(types=["a,b"]), Wanted(types=["Bus"], q="a=="), Wanted(types=["Bus"], attrs=["a,b"])],
)
async def test_nothing_that_is_no_query(ours: Ours, wanted: Wanted) -> None:
    with pytest.raises(BadInput):
        await ours.managing.add("peer", "http://city", wanted)


async def test_a_mirror_needs_a_tenant_for_itself(ours: Ours, liar: Liar) -> None:
    mirror = await ours.add(liar)
    with pytest.raises(MirrorExists):
        await ours.managing.add(mirror.name, liar.url, Wanted(types=["Bus"]), tenant="another")
    with pytest.raises(MirrorExists):
        await ours.managing.add("another", liar.url, Wanted(types=["Bus"]), tenant=mirror.tenant_name)
    used = await ours.graph.tenant("used", create=True)
    await ours.graph.write(used, [Operation(name="create", id="urn:x:1", doc={"id": "urn:x:1", "type": [BUS]})])
    with pytest.raises(TenantInUse):
        await ours.managing.add("another", liar.url, Wanted(types=["Bus"]), tenant="used")


async def test_headers_for_the_peer_are_sealed_and_get_new_keys(ours: Ours, liar: Liar) -> None:
    mirror = await ours.add(liar, headers={"Authorization": "Bearer secret-of-hue"})
    assert liar.headers["authorization"] == "Bearer secret-of-hue"
    async with ours.db.read() as tx:
        row = await (await tx.execute(queries.find_secret, {"id": mirror.id})).fetchone()
    assert row is not None
    assert b"secret-of-hue" not in row[0]
    assert SEALED[0] in COLUMNS
    vault = Vault(ours.settings)
    vault.rotate()
    async with ours.db.tx() as tx:
        assert await reseal_all(tx, vault, SEALED) == 1
    vault.forget_old_keys()
    assert await secret_headers(ours.db, ours.settings, mirror.id) == {"Authorization": "Bearer secret-of-hue"}
    with pytest.raises(BadInput):
        await ours.managing.add("peer", liar.url, Wanted(types=["Bus"]), headers={"A": "b\r\nHost: inside"})
