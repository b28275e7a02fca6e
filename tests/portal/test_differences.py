"""Two releases together: who came, left or changed between them, in groups of few people."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal.gate.differences import few_changed
from nhip.portal.model import Act, Shaping
from nhip.portal.service import get_entry, get_release, preview, propose, publish, release_due
from tests.portal.conftest import WORDS, deliver

OLD = [("A", 1950, "x")] * 6 + [("B", 1960, "y")] * 9


@pytest.mark.parametrize(
    ("new", "changed"),
    [
        (OLD, 0),
        ([*OLD, ("A", 1950, "z")], 1),
        (OLD[1:], 1),
        ([*OLD[1:], ("A", 1950, "z")], 2),
        ([*OLD, *[("A", 1950, "x")] * 5], 0),
        ([*OLD, *[("C", 1970, "x")] * 6], 0),
        (OLD[:6], 0),
        ([*OLD[:6], *OLD[10:], ("A", 1950, None)], 5),
    ],
)
def test_rows_of_one_release_alone_are_counted_in_small_groups(new: list[tuple[object, ...]], changed: int) -> None:
    with duckdb.connect() as con:
        for name, rows in (("before", OLD), ("after", new)):
            con.execute(f"create table {name} (phuong varchar, nam integer, benh varchar)")
            con.executemany(f"insert into {name} values (?, ?, ?)", rows)
        assert few_changed(con, "after", "before", ["phuong", "nam"], 5) == changed
        assert few_changed(con, "after", "before", [], 5) == 0
        assert few_changed(con, "after", "before", ["phuong", "khac"], 5) == 0


@pytest.mark.parametrize(("counts", "changed"), [((6, 9), 0), ((7, 9), 1), ((6, 5), 4), ((11, 9), 0), ((8, 7), 4)])
def test_counts_are_subtracted(counts: tuple[int, int], changed: int) -> None:
    with duckdb.connect() as con:
        con.execute("create table before as select * from (values ('A', 6), ('B', 9)) t(phuong, so_dong)")
        con.execute(
            f"create table after as select * from (values ('A', {counts[0]}), ('B', {counts[1]})) t(phuong, so_dong)"
        )
        assert few_changed(con, "after", "before", ["phuong"], 5, "so_dong") == changed


def _register(*more: str) -> str:
    rows = [f"K{i},Nguyễn Văn An,195{i % 2},Vỹ Dạ" for i in range(12)]
    return "\n".join(["ma,ho_ten,nam_sinh,phuong", *rows, *more]) + "\n"


@pytest.mark.parametrize("shaping", [Shaping(), Shaping(by=["phuong", "nam_sinh"])], ids=["listed", "counted"])
async def test_one_more_person_is_found_beside_the_release_before(
    installation: Installation, people: Dataset, tmp_path: Path, shaping: Shaping
) -> None:
    await deliver(installation, "nguoi-khuyet-tat", _register(), tmp_path)
    treatment = {"ma": Act("drop")}
    await propose(installation, people, treatment=treatment, shaping=shaping, **WORDS)
    assert "changed" not in {s.what for s in (await publish(installation, people)).gate.suspicions}
    await deliver(installation, "nguoi-khuyet-tat", _register("K90,Trần Thị Bình,1951,Vỹ Dạ"), tmp_path)
    report = (await preview(installation, people, treatment, shaping)).report
    assert [(s.what, s.cells) for s in report.suspicions] == [("changed", 1)] and report.open
    await release_due(installation)
    async with installation.db.read() as tx:
        release = await get_release(tx, await get_entry(tx, "nguoi-khuyet-tat"))
    assert release.no == 3 and [s.what for s in release.gate.suspicions] == ["changed"], "a warning of the policy, kept"
