"""From a proposal to an open release; what the gate stops; withdrawing and recalling."""

from __future__ import annotations

import asyncio
from pathlib import Path

import duckdb
import pytest

from nhip.datasets.catalogue import put_contract
from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.ledger.store import list_rows
from nhip.portal import store
from nhip.portal.errors import (
    ColumnUnknown,
    GateClosed,
    NotProposed,
    NotPublished,
    ProposalChanged,
    Recalled,
    Withdrawn,
)
from nhip.portal.model import Act, Shaping
from nhip.portal.service import (
    find_waiting,
    forget_downloads,
    get_entry,
    get_release,
    propose,
    publish,
    recall,
    release_due,
    remove_recalled,
    turn_down,
    withdraw,
)
from tests.portal.conftest import STOP_ROWS, STOPS, WORDS, deliver


def _rows(installation: Installation, name: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute("select * from read_parquet(?)", [str(installation.objects.path(name))]).fetchall()


async def test_nothing_is_open_that_nobody_decided_on(installation: Installation, stops: Dataset) -> None:
    with pytest.raises(NotProposed):
        await publish(installation, stops)
    async with installation.db.read() as tx:
        with pytest.raises(NotPublished):
            await get_entry(tx, "tram-xe-buyt")


async def test_a_release_is_open_and_in_the_ledger(installation: Installation, open_stops: Dataset) -> None:
    async with installation.db.read() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
        release = await get_release(tx, entry)
        assert (entry.row_count, entry.formats[-1], entry.licence) == (3, "geojson", "cc-by-4.0")
        assert [row.body.kind for row in await list_rows(tx, what="dataset:tram-xe-buyt")][:2] == [
            "publication.decided",
            "publication.proposed",
        ]
    assert _rows(installation, release.object)[0][:2] == ("T01", "Bến xe phía Nam")


async def test_a_new_version_follows_by_itself(installation: Installation, open_stops: Dataset, tmp_path: Path) -> None:
    await deliver(
        installation, "tram-xe-buyt", STOP_ROWS + "T04,Cầu Trường Tiền,,16.468,107.591,2022-01-01\n", tmp_path
    )
    assert await release_due(installation) == ["tram-xe-buyt"]
    assert await release_due(installation) == []
    async with installation.db.read() as tx:
        assert (await get_entry(tx, "tram-xe-buyt")).row_count == 4
        assert len(await store.list_releases(tx, open_stops.id)) == 2


MANY = "ma,ho_ten,nam_sinh,phuong\n" + "".join(f"K{i},Nguyễn Văn An,195{i % 2},Vỹ Dạ\n" for i in range(12))
NO_CODES = {"ma": Act("drop")}


async def test_names_are_dropped_unless_somebody_decides_and_then_the_gate_stops_them(
    installation: Installation, people: Dataset, tmp_path: Path
) -> None:
    await deliver(installation, "nguoi-khuyet-tat", MANY, tmp_path)
    assert (await propose(installation, people, treatment=NO_CODES, **WORDS)).open
    release = await publish(installation, people)
    assert "ho_ten" not in [c.name for c in release.columns]
    assert "Nguyễn Văn An" not in repr(_rows(installation, release.object))
    report = await propose(installation, people, treatment={**NO_CODES, "ho_ten": Act("keep")}, **WORDS)
    assert not report.open and report.suspicions[0].column == "ho_ten"
    with pytest.raises(GateClosed):
        await publish(installation, people)
    await propose(installation, people, treatment={**NO_CODES, "ho_ten": Act("mask")}, **WORDS)
    release = await publish(installation, people)
    assert {row[0] for row in _rows(installation, release.object)} == {"•••"}


async def test_people_who_stand_out_are_not_open_until_they_are_counted_or_left_out(
    installation: Installation, people: Dataset, tmp_path: Path
) -> None:
    report = await propose(installation, people, treatment={}, **WORDS)
    assert not report.open and report.k == 1 and {s.what for s in report.suspicions} == {"few", "pseudonym"}
    alone = MANY + "K90,Trần Thị Bình,1962,Phú Hội\n"
    await deliver(installation, "nguoi-khuyet-tat", alone, tmp_path)
    await propose(installation, people, treatment=NO_CODES, shaping=Shaping(fewest=5), **WORDS)
    release = await publish(installation, people)
    assert (release.row_count, release.gate.k) == (12, 6), "one row left out"
    counted = Shaping(by=["phuong", "nam_sinh"], fewest=5)
    await propose(installation, people, treatment=NO_CODES, shaping=counted, **WORDS)
    release = await publish(installation, people)
    assert _rows(installation, release.object) == [("Vỹ Dạ", 1950, 6), ("Vỹ Dạ", 1951, 6)]
    assert [(c.name, c.type) for c in release.columns][-1] == ("so_dong", "integer") and release.gate.k == 6
    without = await propose(
        installation, people, treatment=NO_CODES, shaping=Shaping(by=["phuong", "nam_sinh"]), **WORDS
    )
    assert not without.open and without.k == 1, "a count of one is one person"
    with pytest.raises(ColumnUnknown):
        await propose(installation, people, treatment={}, shaping=Shaping(by=["ho_ten"]), **WORDS)


async def test_what_is_open_keeps_its_words_until_a_change_is_decided_on(
    installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    changed = {**WORDS, "licence": "cc0-1.0", "keywords": ["trạm"], "contact": "moi@hue.example"}
    await propose(installation, open_stops, treatment={"ten": Act("drop")}, **changed)
    await deliver(installation, "tram-xe-buyt", STOP_ROWS + "T04,Cầu,,16.468,107.591,2022-01-01\n", tmp_path)
    assert await release_due(installation) == ["tram-xe-buyt"], "new data do not wait for the change"
    async with installation.db.tx() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
        assert (entry.licence, entry.keywords, entry.contact) == ("cc-by-4.0", ["xe buýt"], "sxd@hue.example")
        assert "ten" in [c.name for c in entry.columns] and entry.row_count == 4
        await turn_down(tx, open_stops, "Giữ nguyên giấy phép")
    async with installation.db.read() as tx:
        assert (await get_entry(tx, "tram-xe-buyt")).licence == "cc-by-4.0"
    await propose(installation, open_stops, treatment={"ten": Act("drop")}, **changed)
    await publish(installation, open_stops)
    async with installation.db.read() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
    assert entry.licence == "cc0-1.0" and "ten" not in [c.name for c in entry.columns]


async def test_what_was_looked_at_is_what_is_decided_on(installation: Installation, stops: Dataset) -> None:
    await propose(installation, stops, treatment={}, **WORDS)
    async with installation.db.read() as tx:
        first = await find_waiting(tx, stops)
    await propose(installation, stops, treatment={"ten": Act("drop")}, **WORDS)
    with pytest.raises(ProposalChanged):
        await publish(installation, stops, proposal_id=first.id)
    async with installation.db.read() as tx:
        waiting = await find_waiting(tx, stops)
    both = await asyncio.gather(
        *(publish(installation, stops, proposal_id=waiting.id) for _ in "ab"), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["NothingWaits", "Release"], "decided once"


async def test_a_citizen_number_in_a_note_stops_the_next_version(
    installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    await deliver(installation, "tram-xe-buyt", STOP_ROWS.replace("=1+1", "liên hệ 046193001234"), tmp_path)
    await release_due(installation)
    async with installation.db.read() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
        assert entry.release_no == 1, "what was open stays"
        assert [row.body.kind for row in await list_rows(tx, kind="publication.refused")] == ["publication.refused"]
        assert "046193001234" not in repr([row.body for row in await list_rows(tx)])
    assert await release_due(installation) == [], "refused once, not every minute"


async def test_a_withdrawn_dataset_says_so(installation: Installation, open_stops: Dataset) -> None:
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Thay bằng bộ dữ liệu mới")
    async with installation.db.read() as tx:
        with pytest.raises(Withdrawn, match="Thay bằng"):
            await get_entry(tx, "tram-xe-buyt")


async def test_a_recalled_release_is_gone_and_the_one_before_in_force(
    installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    await deliver(installation, "tram-xe-buyt", STOP_ROWS.replace("Chợ Đông Ba", "Chợ ĐB"), tmp_path)
    await release_due(installation)
    async with installation.db.tx() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
        await recall(tx, open_stops, entry.release_no, "Có dữ liệu cá nhân")
        now_ = await get_entry(tx, "tram-xe-buyt")
        assert now_.release_no < entry.release_no
        with pytest.raises(Recalled):
            await get_release(tx, now_, entry.release_no)


async def test_the_bytes_of_a_recalled_release_are_gone_and_never_come_back(
    installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    async with installation.db.tx() as tx:
        (release,) = await store.list_releases(tx, open_stops.id)
        await recall(tx, open_stops, release.no, "Sai toạ độ")
    kept = installation.work / "geojson" / f"tram-xe-buyt-1-{release.digest[:32]}.geojson"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("{}")
    assert installation.objects.has(release.object)
    assert await remove_recalled(installation) == 1 and await remove_recalled(installation) == 0
    assert not installation.objects.has(release.object) and not kept.exists()
    await propose(installation, open_stops, treatment={}, **WORDS)
    with pytest.raises(GateClosed, match="recalled"):
        await publish(installation, open_stops)
    await propose(installation, open_stops, treatment={"vi_do": Act("drop"), "kinh_do": Act("drop")}, **WORDS)
    again = await publish(installation, open_stops)
    async with installation.db.read() as tx:
        assert (await get_release(tx, await get_entry(tx, "tram-xe-buyt"))).digest == again.digest != release.digest


async def test_a_column_that_went_stops_the_next_version_in_words(
    installation: Installation, stops: Dataset, tmp_path: Path
) -> None:
    await propose(installation, stops, treatment={"mo_cua": Act("year")}, **WORDS)
    await publish(installation, stops)
    async with installation.db.tx() as tx:
        less = "\n".join(line for line in STOPS.splitlines() if "mo_cua" not in line) + "\n"
        await put_contract(tx, stops, less.replace("1.0.0", "2.0.0"), who="test")
    rows = "\n".join(line.rpartition(",")[0] for line in STOP_ROWS.splitlines()) + "\n"
    await deliver(installation, "tram-xe-buyt", rows, tmp_path)
    await release_due(installation)
    async with installation.db.read() as tx:
        refusal = await store.find_refusal(tx, stops.id)
        assert refusal is not None and [(s.column, s.what) for s in refusal.suspicions] == [("mo_cua", "gone")]
        assert (await get_entry(tx, "tram-xe-buyt")).release_no == 1


async def test_who_took_what_is_forgotten_after_a_year(installation: Installation, open_stops: Dataset) -> None:
    async with installation.db.tx() as tx:
        (release,) = await store.list_releases(tx, open_stops.id)
        await store.insert_download(tx, release, "csv", "curl/8.5")
        read = "insert into portal.read_day values (%s, 1, current_date - %s, 'rows', null, 7)"
        for days in (0, 400):
            await tx.execute(read, [open_stops.id, days])
    assert await forget_downloads(installation) == 1, "a read of more than a year ago"
    async with installation.db.tx() as tx:
        await tx.execute("update portal.download set at = at - interval '400 days'")
    assert await forget_downloads(installation) == 1 and await forget_downloads(installation) == 0
