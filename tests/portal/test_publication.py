"""From a proposal to an open release; what the gate stops; withdrawing and recalling."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.ledger.store import list_rows
from nhip.portal import store
from nhip.portal.errors import GateClosed, NotProposed, NotPublished, Recalled, Withdrawn
from nhip.portal.model import Act
from nhip.portal.service import get_entry, get_release, propose, publish, recall, release_due, withdraw
from tests.portal.conftest import PEOPLE_ROWS, STOP_ROWS, WORDS, deliver


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


async def test_names_are_dropped_unless_somebody_decides_and_then_the_gate_stops_them(
    installation: Installation, people: Dataset
) -> None:
    report = await propose(installation, people, treatment={}, **WORDS)
    assert report.open
    release = await publish(installation, people)
    assert "ho_ten" not in [c.name for c in release.columns]
    assert "Nguyễn Văn An" not in repr(_rows(installation, release.object))
    report = await propose(installation, people, treatment={"ho_ten": Act("keep")}, **WORDS)
    assert not report.open and report.suspicions[0].column == "ho_ten"
    with pytest.raises(GateClosed):
        await publish(installation, people)
    await propose(installation, people, treatment={"ho_ten": Act("mask")}, **WORDS)
    release = await publish(installation, people)
    assert {row[1] for row in _rows(installation, release.object)} == {"•••"}


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


async def test_generalised_columns(installation: Installation, people: Dataset) -> None:
    acts = {"nam_sinh": Act("round", 10), "phuong": Act("prefix", 2)}
    await propose(installation, people, treatment=acts, **WORDS)
    release = await publish(installation, people)
    names = [c.name for c in release.columns]
    rows = [dict(zip(names, row, strict=True)) for row in _rows(installation, release.object)]
    assert [(r["nam_sinh"], r["phuong"]) for r in rows] == [(1950, "Vỹ"), (1960, "Ph")]
    assert PEOPLE_ROWS  # the delivered file keeps them as they are
