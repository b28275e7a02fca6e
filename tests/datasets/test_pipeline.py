"""From a delivery to the version in force: publishing, sameness, failures, corrections, restoring, differences."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

from nhip.datasets import versions
from nhip.datasets.catalogue import put_contract
from nhip.datasets.corrections import CellFix, correct, list_keys, undo
from nhip.datasets.deliveries import keep, raw_name, record, work_again
from nhip.datasets.findings import list_delivered_rows, list_findings, list_groups, list_rows
from nhip.datasets.health import get_city_health
from nhip.datasets.personal import Sight
from nhip.datasets.pipeline import process, resume
from nhip.datasets.records import Dataset
from nhip.datasets.store import find_version_in_force, get_dataset, list_alerts, list_corrections, list_deliveries
from nhip.db.installation import Installation
from nhip.kernel.time import now
from tests.datasets.conftest import FIRST, HEADER, SCHOOLS, SECOND, Deliver

PLAIN = Sight(dataset="truong-hoc")
"""Nothing of these schools is personal."""


async def in_force(installation: Installation, name: str = "truong-hoc") -> versions.Version | None:
    async with installation.db.read() as tx:
        return await find_version_in_force(tx, await get_dataset(tx, name))


async def test_a_delivery_becomes_the_version_in_force_with_its_findings(
    installation: Installation, deliver: Deliver
) -> None:
    outcome = await deliver(FIRST)
    version = await in_force(installation)
    assert outcome is not None and version is not None
    assert outcome.state == "published"
    assert (version.no, version.row_count, version.by_rule) == (1, 3, {"maximum": 1})
    found = await list_findings(installation, version, PLAIN)
    assert [(f.row, f.column, f.value) for f in found.findings] == [(4, "hoc_sinh", "9999")]
    rows = await list_rows(installation, version, PLAIN)
    assert rows.rows[0] == (2, ["A1", "Trường Một", "2001-09-01", "100"])


async def test_the_raw_bytes_stay_as_they_came(installation: Installation, deliver: Deliver) -> None:
    await deliver(FIRST)
    async with installation.db.read() as tx:
        delivery = (await list_deliveries(tx, await get_dataset(tx, "truong-hoc")))[0]
    assert installation.objects.path(raw_name(delivery.sha256)).read_bytes() == FIRST.encode()


async def test_the_same_delivery_twice_changes_nothing(installation: Installation, deliver: Deliver) -> None:
    await deliver(FIRST)
    assert await deliver(FIRST) is None
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "truong-hoc")
        assert len(await list_deliveries(tx, dataset)) == 1
        assert dataset.version_no == 1


async def test_working_through_again_gives_the_same_version(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    again = await work_again(installation, schools, later=False)
    assert again is not None
    outcome = await process(installation, again.id)
    assert outcome is not None and outcome.state == "unchanged"
    version = await in_force(installation)
    assert version is not None and version.no == 1


async def test_unusable_files_leave_the_last_good_version_in_force(
    installation: Installation, deliver: Deliver
) -> None:
    await deliver(FIRST)
    for text, name in ((b"", "empty.csv"), (b"x,y\n1,2\n", "other.csv"), (b"PK\x03\x04broken", "broken.xlsx")):
        outcome = await deliver(text, name)
        assert outcome is not None
        assert outcome.state == "failed", name
        assert outcome.problem
    version = await in_force(installation)
    assert version is not None and version.no == 1


async def test_a_required_column_that_is_missing_is_named(installation: Installation, deliver: Deliver) -> None:
    outcome = await deliver("ma,ngay\nA1,01/02/2020\n")
    assert outcome is not None and outcome.state == "failed"
    assert "ten" in outcome.problem
    assert await in_force(installation) is None


async def test_rows_with_fatal_findings_are_kept_out_and_the_rest_goes_on(
    installation: Installation, deliver: Deliver
) -> None:
    outcome = await deliver(FIRST + ",Trường Không Mã,01/01/2020,5\n")
    assert outcome is not None and outcome.version is not None
    assert (outcome.version.row_count, outcome.version.quarantined) == (3, 1)


async def test_difference_by_key(installation: Installation, deliver: Deliver, schools: Dataset) -> None:
    await deliver(FIRST)
    await deliver(SECOND)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "truong-hoc")
    found = await versions.diff(installation, dataset, 1)
    assert (found.added, found.changed, found.removed, found.key) == (1, 1, 1, ["ma"])
    changed = next(r for r in found.rows if r.change == "changed")
    assert changed.before is not None and changed.after is not None
    assert (changed.key, changed.before["hoc_sinh"], changed.after["hoc_sinh"]) == ({"ma": "A1"}, "100", "150")


async def test_restoring_and_reading_as_of_a_date(installation: Installation, deliver: Deliver) -> None:
    await deliver(FIRST)
    between = now()
    await deliver(SECOND)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "truong-hoc")
    restored = await versions.restore(installation, dataset, 1, "test")
    assert (restored.no, restored.restored_from) == (3, 1)
    async with installation.db.read() as tx:
        first = await versions.find_version_at(tx, dataset, between)
        assert first is not None and first.no == 1
        assert await versions.find_version_at(tx, dataset, between - timedelta(days=1)) is None
    assert (await versions.diff(installation, dataset, 1, 3)).rows == []


async def test_a_corrected_cell_moves_the_virtue_and_the_bytes_stay(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    before = await in_force(installation)
    assert before is not None
    keys = await list_keys(installation, before, [4])
    assert keys == {4: {"ma": "A3"}}
    fix = CellFix(row=4, column="hoc_sinh", was="9999", now="999")
    delivery = await correct(installation, schools, before.delivery_id, [fix], who="test", keys=keys, later=False)
    await process(installation, delivery.id)
    after = await in_force(installation)
    assert after is not None and after.finding_count == 0
    async with installation.db.read() as tx:
        health = await get_city_health(tx)
        corrections = await list_corrections(tx, schools)
    assert health.datasets[0].virtues is not None and health.datasets[0].virtues.accurate == 100
    assert installation.objects.path(raw_name(delivery.sha256)).read_bytes() == FIRST.encode()
    await undo(installation, schools, corrections[0].id, later=False)
    await resume(installation)
    again = await in_force(installation)
    assert again is not None and again.by_rule == {"maximum": 1}


async def test_lost_letters_that_somebody_typed_again_are_no_fault_any_more(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    rows = "A1,Tr??ng Nguy?n Tr?i,01/09/2001,9999\nA2,Tr??ng L? L?i,02/09/2002,200\nA3,Trường Ba,03/09/2003,99\n"
    await deliver(HEADER + rows)
    before = await in_force(installation)
    assert before is not None and before.by_rule.get("text.lost") == 2
    fix = CellFix(row=2, column="ten", was="Tr??ng Nguy?n Tr?i", now="Trường Nguyễn Trãi")
    await correct(installation, schools, before.delivery_id, [fix], who="test", later=False)
    await resume(installation)
    after = await in_force(installation)
    assert after is not None and after.by_rule.get("text.lost") == 1, "the other row's still are"
    async with installation.db.read() as tx:
        (correction,) = await list_corrections(tx, schools)
    await undo(installation, schools, correction.id, later=False)
    await resume(installation)
    again = await in_force(installation)
    assert again is not None and again.by_rule.get("text.lost") == 2


async def test_a_correction_follows_the_key_into_the_next_delivery(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    version = await in_force(installation)
    assert version is not None
    keys = await list_keys(installation, version, [4])
    fix = CellFix(row=4, column="hoc_sinh", was="9999", now="999")
    await correct(installation, schools, version.delivery_id, [fix], who="test", keys=keys, later=False)
    await resume(installation)
    outcome = await deliver(HEADER + "A9,Trường Mới,01/09/2020,10\nA3,Trường Ba,03/09/2003,9999\n")
    assert outcome is not None and outcome.version is not None
    assert outcome.version.finding_count == 0
    mended = await deliver(HEADER + "A3,Trường Ba,03/09/2003,8888\n")
    assert mended is not None and mended.version is not None
    assert mended.version.by_rule == {"maximum": 1}, "another wrong value is another fault"


async def test_a_drop_of_a_virtue_raises_an_alert(installation: Installation, deliver: Deliver) -> None:
    await deliver(HEADER + "A1,Trường Một,01/09/2001,100\nA2,Trường Hai,02/09/2002,200\n")
    await deliver(HEADER + "A1,Trường Một,01/09/2001,9100\nA2,Trường Hai,02/09/2002,200\n")
    async with installation.db.read() as tx:
        alerts = await list_alerts(tx)
    assert [(a.virtue, a.was, a.now) for a in alerts] == [("accurate", 100.0, 50.0)]


async def test_a_better_contract_works_from_the_same_raw_bytes(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    wider = SCHOOLS.replace("maximum: 5000", "maximum: 50000")
    async with installation.db.tx() as tx:
        assert (await put_contract(tx, schools, wider, who="test")).no == 2
        assert (await put_contract(tx, schools, wider, who="test")).no == 2
    await work_again(installation, schools, later=False)
    await resume(installation)
    version = await in_force(installation)
    assert version is not None
    assert (version.no, version.contract_no, version.finding_count) == (2, 2, 0)


async def test_changes_fold_into_the_whole_table(
    installation: Installation, deliver: Deliver, schools: Dataset, tmp_path: Path
) -> None:
    await deliver(FIRST)
    file = tmp_path / "changes.csv"
    file.write_text(HEADER + "A3,Trường Ba,03/09/2003,300\nA5,Trường Năm,05/09/2005,500\n", encoding="utf-8")
    arrival = await keep(installation, file, "changes.csv", changes=True, key=("ma",))
    async with installation.db.tx() as tx:
        receipt = await record(tx, schools.id, arrival, who="test", later=False)
    await process(installation, receipt.delivery.id)
    version = await in_force(installation)
    assert version is not None
    assert (version.row_count, version.finding_count) == (4, 0)


async def test_evidence_holds_the_delivered_row_behind_a_finding(installation: Installation, deliver: Deliver) -> None:
    outcome = await deliver(FIRST)
    assert outcome is not None and outcome.version is not None
    data = await list_delivered_rows(installation, outcome.version, PLAIN, [4])
    assert data.columns == ["ma", "Tên trường", "ngay", "hoc_sinh"]
    assert data.rows == [(4, ["A3", "Trường Ba", "03/09/2003", "9999"])]
    groups = await list_groups(installation, outcome.version, PLAIN)
    assert [(g.rule, g.severity, g.count) for g in groups] == [("maximum", "error", 1), ("date.form", "mended", 3)]


async def test_a_mended_key_stays_with_its_own_delivery(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    doubled = HEADER + "A1,Trường Một,01/09/2001,100\nA1,Trường Hai,02/09/2002,200\n"
    await deliver(doubled)
    version = await in_force(installation)
    assert version is not None and version.quarantined == 1
    keys = await list_keys(installation, version, [3])
    fix = CellFix(row=3, column="ma", was="A1", now="A2")
    await correct(installation, schools, version.delivery_id, [fix], who="test", keys=keys, later=False)
    await resume(installation)
    mended = await in_force(installation)
    assert mended is not None and (mended.row_count, mended.quarantined) == (2, 0)
    good = await deliver(HEADER + "A1,Trường Một,01/09/2001,100\nA2,Trường Hai,02/09/2002,200\n")
    assert good is not None and good.version is not None
    assert (good.version.row_count, good.version.quarantined) == (2, 0)
    rows = await list_rows(installation, good.version, PLAIN)
    assert [cells[:2] for _number, cells in rows.rows] == [["A1", "Trường Một"], ["A2", "Trường Hai"]]


async def test_a_correction_does_not_follow_a_key_that_is_not_unique(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    version = await in_force(installation)
    assert version is not None
    keys = await list_keys(installation, version, [4])
    fix = CellFix(row=4, column="hoc_sinh", was="9999", now="999")
    await correct(installation, schools, version.delivery_id, [fix], who="test", keys=keys, later=False)
    await resume(installation)
    outcome = await deliver(HEADER + "A3,Trường Ba,03/09/2003,9999\nA3,Trường Khác,04/09/2003,9999\n")
    assert outcome is not None and outcome.version is not None
    assert outcome.version.by_rule["maximum"] == 2


async def test_a_correction_made_during_the_work_is_not_lost(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(HEADER + "A1,Trường Một,01/09/2001,9100\nA2,Trường Hai,02/09/2002,9200\n")
    version = await in_force(installation)
    assert version is not None and version.by_rule == {"maximum": 2}
    one = CellFix(row=2, column="hoc_sinh", was="9100", now="100")
    two = CellFix(row=3, column="hoc_sinh", was="9200", now="200")
    delivery = await correct(installation, schools, version.delivery_id, [one], who="test", later=False)
    begun, may_go_on = threading.Event(), threading.Event()

    def wait_at_conform(step: str) -> None:
        if step == "conform":  # the corrections were read already
            begun.set()
            assert may_go_on.wait(30)

    working = asyncio.create_task(process(installation, delivery.id, wait_at_conform))
    await asyncio.to_thread(begun.wait, 30)
    await correct(installation, schools, version.delivery_id, [two], who="test", later=False)
    may_go_on.set()
    await working
    await resume(installation)
    mended = await in_force(installation)
    assert mended is not None and mended.finding_count == 0


async def test_a_failed_delivery_does_not_keep_corrections_from_working(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    version = await in_force(installation)
    assert version is not None
    failed = await deliver(b"", "empty.csv")
    assert failed is not None and failed.state == "failed"
    fix = CellFix(row=4, column="hoc_sinh", was="9999", now="999")
    await correct(installation, schools, version.delivery_id, [fix], who="test", later=False)
    await resume(installation)
    mended = await in_force(installation)
    assert mended is not None and mended.finding_count == 0


async def test_another_contract_makes_a_failed_delivery_usable(
    installation: Installation, deliver: Deliver, schools: Dataset
) -> None:
    await deliver(FIRST)
    failed = await deliver("so,Tên trường\nA1,Trường Một\n", "khac.csv")
    assert failed is not None and failed.state == "failed"
    wider = SCHOOLS.replace("{name: ma, ", "{name: ma, businessName: so, ")
    async with installation.db.tx() as tx:
        await put_contract(tx, schools, wider, who="test")
    await work_again(installation, schools, later=False, failed_too=True)
    await resume(installation)
    version = await in_force(installation)
    assert version is not None and version.manifest["filename"] == "khac.csv"
