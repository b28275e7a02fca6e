"""The virtue *shared* says whether others have a dataset: open, used, withdrawn."""

from __future__ import annotations

from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.health import measure_all
from nhip.datasets.records import Dataset
from nhip.datasets.store import list_alerts, list_virtue_history
from nhip.db.installation import Installation
from nhip.portal.service import get_entry, recall, withdraw
from nhip.portal.store import list_releases

Client = AsyncTestClient[Litestar]


async def _shared(installation: Installation, dataset: Dataset) -> float | None:
    async with installation.db.read() as tx:
        return (await list_virtue_history(tx, dataset))[-1].shared


async def test_open_data_are_shared_and_reads_by_programs_count(
    installation: Installation, open_stops: Dataset, portal: Client
) -> None:
    async with installation.db.read() as tx:
        first, *_rest, last = await list_virtue_history(tx, open_stops)
        entry = await get_entry(tx, open_stops.name)
    assert first.shared is not None and last.shared == first.shared + 30, "open to everybody, read by nobody"
    assert entry.virtues["shared"] == last.shared, "the catalogue says the same"
    assert await measure_all(installation) == 0, "nothing changed since"
    assert (await portal.get("/dataset/tram-xe-buyt/rows")).status_code == 200
    await portal.app.state.reads.flush()
    assert await measure_all(installation) == 1
    assert await _shared(installation, open_stops) == first.shared + 60


async def test_what_is_withdrawn_is_shared_with_nobody(installation: Installation, open_stops: Dataset) -> None:
    before = await _shared(installation, open_stops)
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Thu hồi để kiểm tra")
    assert before is not None and await _shared(installation, open_stops) == before - 30
    async with installation.db.read() as tx:
        assert [alert.virtue for alert in await list_alerts(tx)] == ["shared"], "somebody is told"


async def test_with_its_last_release_recalled_nothing_is_shared(
    installation: Installation, open_stops: Dataset
) -> None:
    before = await _shared(installation, open_stops)
    async with installation.db.tx() as tx:
        (release,) = await list_releases(tx, open_stops.id)
        await recall(tx, open_stops, release.no, "Có dữ liệu cá nhân")
    assert before is not None and await _shared(installation, open_stops) == before - 30
