"""Descriptions follow what is open: places, points, answers of the addresses; withdrawn is withdrawn in every form."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal import store as portal_store
from nhip.portal.dcat import reach, store
from nhip.portal.dcat.mqa import EXCELLENT
from nhip.portal.dcat.reach import ask_due
from nhip.portal.dcat.service import look_at_due, quality_of
from nhip.portal.service import get_entry, propose, publish, recall, release_due, withdraw
from nhip.security.service import set_administrator_password
from nhip.web.live import Live
from tests.portal.conftest import STOP_ROWS, WORDS, deliver

Client = AsyncTestClient[Litestar]


async def test_nhip_asks_its_own_addresses_until_they_are_gone(
    portal: Client, installation: Installation, open_stops: Dataset
) -> None:
    async def ask(method: str, path: str) -> int:
        return (await portal.request(method, path, headers={"Accept": "text/html"})).status_code

    before = await _points(installation)
    assert 250 < before < EXCELLENT, "nobody has asked yet"
    assert await ask_due(installation, ask) == 1 and await ask_due(installation, ask) == 0
    assert await _points(installation) == before + 80 >= EXCELLENT
    async with installation.db.read() as tx:
        cursor = await tx.execute("select count(*) from portal.download")
        assert (await cursor.fetchone() or (1,))[0] == 0, "to be asked for is no download"
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Thay bằng bộ khác")
    assert await ask_due(installation, ask) == 0
    for ending in ("ttl", "rdf", "jsonld", "schema.jsonld", "croissant.json"):
        assert (await portal.get(f"/dataset/tram-xe-buyt.{ending}")).status_code == 410
    assert "tram-xe-buyt" not in (await portal.get("/catalog.ttl")).text


async def test_what_failed_is_asked_again_before_the_day_is_over(
    portal: Client, installation: Installation, open_stops: Dataset
) -> None:
    status = 500

    async def ask(_method: str, _path: str) -> int:
        return status

    async def made_older(minutes: int) -> None:
        async with installation.db.tx() as tx:
            await tx.execute("update portal.entry set modified = now() - interval '2 days'")
            await tx.execute("update portal.answer set asked_at = now() - make_interval(mins => %s)", (minutes,))

    assert await ask_due(installation, ask) == 1
    failed, status = await _points(installation), 200
    await made_older(5)
    assert await ask_due(installation, ask) == 0, "whoever fails is left in peace for some minutes"
    await made_older(11)
    assert await ask_due(installation, ask) == 1
    assert await _points(installation) == failed + 80
    await made_older(11)
    assert await ask_due(installation, ask) == 0, "what answers is asked once a day"


async def _points(installation: Installation) -> int:
    async with installation.db.tx() as tx:
        await tx.execute("set transaction isolation level repeatable read")  # both at one moment
        entry = await get_entry(tx, "tram-xe-buyt")
        assert (await quality_of(tx, entry)).points == entry.score, "what is stored is what is shown"
    return entry.score


async def test_places_follow_the_release_in_force(
    installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    assert await look_at_due(installation) == 1 and await look_at_due(installation) == 0
    async with installation.db.read() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
        facts = (await store.list_facts(tx, [entry.dataset_id]))[entry.dataset_id]
    assert entry.places == ["46"] == facts.units and facts.box == (107.5889, 16.4498, 107.6021, 16.4726)
    await deliver(installation, "tram-xe-buyt", STOP_ROWS.replace("16.4498", "16.3"), tmp_path)
    await release_due(installation)
    async with installation.db.read() as tx:
        assert (await store.list_facts(tx, [entry.dataset_id]))[entry.dataset_id].box is None, "not looked at yet"
    assert await look_at_due(installation) == 1
    async with installation.db.tx() as tx:
        moved = (await store.list_facts(tx, [entry.dataset_id]))[entry.dataset_id]
        assert moved.box and moved.box[1] == 16.3 and moved.digest != facts.digest
        await recall(tx, open_stops, 2, "Sai tọa độ")
        await recall(tx, open_stops, 1, "Sai tọa độ")
        await store.put_extent(tx, msgspec.structs.replace(facts, units=[]))
        assert await portal_store.find_entry(tx, "tram-xe-buyt") is None
    async with installation.db.read() as tx:
        assert await store.list_facts(tx, [entry.dataset_id]) == {}, "nothing is left of what is closed"


async def test_a_fresh_dataset_has_its_points_at_once(
    installation: Installation, stops: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nhip.portal.dcat.reach.FIRST_S", 0.0)
    monkeypatch.setattr("nhip.portal.dcat.reach.BETWEEN_S", 0.0)
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
    async with AsyncTestClient(create_app(installation.settings)) as client:
        await client.get("/health")
        await propose(installation, stops, treatment={}, **WORDS)
        await publish(installation, stops)
        async with asyncio.timeout(60):
            while await _points(installation) < EXCELLENT:
                await asyncio.sleep(0.05)


async def test_where_nobody_can_listen_any_more_the_clock_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "PAUSE_S", 0.3)
    live, began = Live(), asyncio.get_running_loop().time()
    live.close()
    assert await reach._changed(live, 7) == 0, "what is known of another memory is told once"
    assert await reach._changed(live, 0) == 0
    assert asyncio.get_running_loop().time() - began > 0.25, "a loop without a pause would take a whole core"
