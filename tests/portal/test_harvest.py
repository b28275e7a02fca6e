"""Other portals' catalogues come in on schedule: once each, changed, gone; and no lying portal does harm to ours."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from nhip.datasets.catalogue import put_agency
from nhip.datasets.harvested import Harvested, count_harvested, find_origin, list_harvested
from nhip.datasets.pipeline import process
from nhip.datasets.records import Source
from nhip.datasets.sources import SourceRun, enqueue_due, put_source, run
from nhip.datasets.store import get_dataset, get_source, list_datasets
from nhip.db.installation import Installation
from nhip.jobs.app import run_worker
from nhip.kernel.time import held, now
from nhip.portal.errors import Withdrawn
from nhip.portal.passing import withdraw_passed
from nhip.portal.service import get_entry, propose, publish
from nhip.testing.fakeserver import Reply, json_reply
from nhip.testing.portal import FakeDataset, FakePortal, FakeResource, complete
from nhip.testing.sector import signed_in_client
from tests.e2e import sample
from tests.portal.conftest import WORDS

ROWS = b"ma,ten\nT1,Cho Dong Ba\nT2,Cho An Cuu\n"


def _dataset(number: int) -> FakeDataset:
    return FakeDataset(
        title=f"Bộ {number}", description=f"Mô tả {number}", tags=["chợ"],
        resources=[FakeResource(name="d.csv", body=ROWS)],
    )  # fmt: skip


@pytest.fixture
def remote() -> Iterator[FakePortal]:
    """Another city's portal with thirty datasets."""
    with FakePortal([_dataset(number) for number in range(30)], page_cap=7) as running:
        yield running


@pytest.fixture
def ours(installation: Installation) -> Installation:
    """May reach loopback."""
    changed = {"outgoing_private": "127.0.0.0/8", "fetch_timeout_s": 60}
    return msgspec.structs.replace(installation, settings=msgspec.structs.replace(installation.settings, **changed))


async def _source(ours: Installation, remote: FakePortal, kind: str = "ckan", **settings: Any) -> Source:
    path = {"dcat": "/catalog.ttl"}.get(kind, "")
    said = {"url": remote.url + path, "content": "catalogue", **settings}
    async with ours.db.tx() as tx:
        await put_agency(tx, "000.00.10.H57", "Sở Xây dựng")
        return await put_source(
            tx, ours, name=f"cong-{kind}", kind=kind, agency_code="000.00.10.H57", settings=said, every_s=3600
        )


async def _run(ours: Installation, source: Source) -> SourceRun:
    async with ours.db.read() as tx:
        return await run(ours, await get_source(tx, source.name), later=False)


async def _found(ours: Installation, source: Source) -> list[Harvested]:
    async with ours.db.read() as tx:
        return await list_harvested(tx, source, "", 200)


async def _there(ours: Installation, source: Source) -> set[str]:
    return {one.title for one in await _found(ours, source) if one.vanished_at is None}


@pytest.mark.parametrize("kind", ["ckan", "dkan", "dcat"])
async def test_a_catalogue_comes_once_changes_and_loses(ours: Installation, remote: FakePortal, kind: str) -> None:
    source = await _source(ours, remote, kind)
    for _again in range(2):
        assert (await _run(ours, source)).problem == ""
        assert len(await _there(ours, source)) == 30
    first = await _found(ours, source)
    one = next(h for h in first if h.title == "Bộ 7")
    assert one.licence and one.url and one.resources[0]["url"].endswith("d.csv")
    assert one.organisation == "Sở Khoa học và Công nghệ"
    assert not any("/files/" in request.path for request in remote.requests)
    changed, gone = remote.data[3], remote.data.pop(5)
    changed.title, changed.modified = "Tên mới", "2026-11-01T00:00:00"
    remote.data.append(complete(_dataset(99), 99))
    assert (await _run(ours, source)).problem == ""
    assert await _there(ours, source) == {d.title for d in remote.data}
    lost = [h for h in await _found(ours, source) if h.vanished_at is not None]
    assert [h.title for h in lost] == [gone.title]
    same = {h.remote_id: h.changed_at for h in first}
    assert sum(same.get(h.remote_id) == h.changed_at for h in await _found(ours, source)) == 29
    remote.data.append(gone)
    await _run(ours, source)
    assert gone.title in await _there(ours, source) and len(await _found(ours, source)) == 31


async def test_the_schedule_harvests(ours: Installation, remote: FakePortal) -> None:
    source = await _source(ours, remote)
    with held(now()):
        assert await enqueue_due(ours) == 1 and await enqueue_due(ours) == 0
        await run_worker(ours, concurrency=1, wait=False)
    assert len(await _there(ours, source)) == 30
    async with ours.db.read() as tx:
        kept = await get_source(tx, source.name)
        assert (await count_harvested(tx, source, "bộ 7")).number == 1
    assert kept.last_ok_at is not None and kept.next_run_at is not None and kept.problem is None


async def test_officials_see_the_catalogue(ours: Installation, remote: FakePortal) -> None:
    remote.data[0].title = "<b>Đậm</b>"
    source = await _source(ours, remote)
    await _run(ours, source)
    async with signed_in_client(ours) as client:
        await sample.give_every_page(ours)
        client.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        one = await client.get(f"/console/sources/{source.name}")
        assert ">30 datasets</a>" in one.text
        listed = await client.get(f"/console/sources/{source.name}/catalogue", params={"q": "Bộ 2"})
        assert listed.status_code == 200 and "Bộ 27" in listed.text and "Bộ 17" not in listed.text
        assert "CC-BY-4.0" in listed.text and "Sở Khoa học và Công nghệ" in listed.text
        whole = await client.get(f"/console/sources/{source.name}/catalogue")
        assert "&lt;b&gt;Đậm" in whole.text and "<b>Đậm" not in whole.text


def _lies(remote: FakePortal) -> dict[str, Reply]:
    package = {"id": "x", "title": "Bộ giả", "resources": []}

    def told(count: int, packages: list[dict[str, Any]]) -> Reply:
        return json_reply({"success": True, "result": {"count": count, "results": packages}})

    return {
        "more than it gives": told(5_000, [package]),
        "fewer than it gives": told(1, [{**package, "id": f"x{n}"} for n in range(9)]),
        "the same page for ever": told(100_000, [package] * 7),
        "nothing any more": told(0, []),
        "half of an answer": Reply(body=b'{"success": true, "result": {"count": 30, "resu'),
        "a body cut short": Reply(headers={"Content-Length": "900000"}, wire=lambda out: None),
        "a page to sign in": Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
        "a list of lies": json_reply({"success": True, "result": {"count": "viele", "results": [[1], None, "x"]}}),
        "an address that loops": Reply(status=302, headers={"Location": "/api/3/action/package_search"}),
        "an error of its own": Reply(status=500),
        "no, with a NUL": json_reply({"success": False, "error": {"message": "n\x00o"}}),
    }


async def test_a_portal_that_lies_or_goes_leaves_ours_as_it_was(ours: Installation, remote: FakePortal) -> None:
    source = await _source(ours, remote)
    await _run(ours, source)
    before = await _found(ours, source)
    for name, reply in _lies(remote).items():
        remote.fail("package_search", reply=reply)
        ended = await _run(ours, source)
        assert ended.problem, name
        assert await _found(ours, source) == before, name
        remote.mend()
    remote.fail("package_search", status=200, times=0)
    seen = len(remote.requests)
    assert (await _run(ours, source)).problem == "" and await _found(ours, source) == before
    assert len(remote.requests) > seen


async def test_one_that_vanishes_half_way_through_its_pages(ours: Installation, remote: FakePortal) -> None:
    source = await _source(ours, remote)
    await _run(ours, source)
    before = await _found(ours, source)
    answer = remote._answer
    remote._answer = lambda request: (  # type: ignore[assignment]
        Reply(status=500) if int(request.query.get("start", 0)) > 10 else answer(request)
    )
    assert (await _run(ours, source)).problem
    assert await _found(ours, source) == before


async def test_most_of_a_catalogue_gone_at_once_is_believed_the_second_time(
    ours: Installation, remote: FakePortal
) -> None:
    source = await _source(ours, remote)
    await _run(ours, source)
    whole, remote.data = remote.data, remote.data[:4]
    ended = await _run(ours, source)
    assert "26 datasets fewer" in ended.notes[0] and len(await _there(ours, source)) == 30
    remote.data = whole
    assert (await _run(ours, source)).notes == [] and len(await _there(ours, source)) == 30
    remote.data = whole[:4]
    await _run(ours, source)
    assert len(await _there(ours, source)) == 30
    await _run(ours, source)
    assert len(await _there(ours, source)) == 4


async def test_what_a_database_would_choke_on(ours: Installation, remote: FakePortal) -> None:
    nasty = FakeDataset(
        title="Bộ\x00 dữ liệu", description="x" * 100_000, tags=["a\x00", *map(str, range(300))], id="n\x001"
    )
    remote.data = [complete(nasty, 0)]
    source = await _source(ours, remote)
    assert (await _run(ours, source)).problem == "" and (await _run(ours, source)).problem == ""
    (one,) = await _found(ours, source)
    assert one.title == "Bộ dữ liệu" and len(one.description) == 20_000 and len(one.tags) == 50


async def test_deletions_pass_through_to_what_we_published(ours: Installation, remote: FakePortal) -> None:
    remote.data = remote.data[:2]
    source = await _source(ours, remote, content="data")
    for receipt in (await _run(ours, source)).receipts:
        await process(ours, receipt.delivery.id)
    async with ours.db.read() as tx:
        names = sorted(dataset.name for dataset in await list_datasets(tx))
    assert len(names) == 2
    for name in names:
        async with ours.db.read() as tx:
            dataset = await get_dataset(tx, name)
            origin = await find_origin(tx, dataset.id)
        assert origin is not None and origin.licence == "CC-BY-4.0" and "Nguồn:" not in dataset.description
        await propose(ours, dataset, treatment={}, **WORDS)
        await publish(ours, dataset)
        async with ours.db.read() as tx:
            credit = (await get_entry(tx, name)).credit
        assert credit is not None and credit.url == origin.url and credit.licence == "CC-BY-4.0"
        assert credit.words.startswith("Sở Khoa học") and credit.portal == "cong-ckan"
    assert await withdraw_passed(ours) == []
    remote.data[1].title, remote.data[1].modified = "Tên khác", "2026-11-02T00:00:00"
    gone = remote.data.pop(0)
    await _run(ours, source)
    (closed,) = await withdraw_passed(ours)
    async with ours.db.read() as tx:
        with pytest.raises(Withdrawn, match="cong-ckan"):
            await get_entry(tx, closed)
        other = await get_dataset(tx, next(name for name in names if name != closed))
        assert (await get_entry(tx, other.name)).name == other.name and other.title == "Tên khác"
    assert gone.title and await withdraw_passed(ours) == []
    assert isinstance(other.id, uuid.UUID)
