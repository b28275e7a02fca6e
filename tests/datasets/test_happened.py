"""What happens to datasets is in the ledger, without a single cell."""

from __future__ import annotations

from nhip.datasets.records import Dataset
from nhip.datasets.store import get_dataset
from nhip.datasets.versions import restore
from nhip.db.installation import Installation
from nhip.ledger.store import list_rows
from tests.datasets.conftest import FIRST, SECOND, Deliver


async def test_each_step_leaves_its_event(installation: Installation, schools: Dataset, deliver: Deliver) -> None:
    await deliver(FIRST)
    await deliver(FIRST)
    await deliver(SECOND)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, schools.id)
    await restore(installation, dataset, 1, "test")
    async with installation.db.read() as tx:
        rows = await list_rows(tx, what="dataset:truong-hoc")
    assert [row.body.kind for row in reversed(rows)] == [
        "dataset.made",
        "contract.changed",
        "delivery.received",
        "version.published",
        "delivery.received",
        "version.published",
        "version.restored",
    ], "the same bytes again are nothing new"
    assert "Trường Một" not in repr([row.body for row in rows])
