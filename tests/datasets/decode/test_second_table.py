"""A second, smaller table under the first in one sheet is a table of its own; what only looks like one is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.datasets.decode.conftest import Decode
from tests.datasets.decode.test_structure import sheet

HEAD = ["Mã trường", "Tên trường", "Phường, xã", "Số lớp", "Số học sinh", "Ghi chú"]
SCHOOLS = [[f"T{n:03}", f"Trường Kim Long {n}", "Phường Kim Long", 10 + n, 400 + n, "công lập"] for n in range(1, 40)]
PLAN = [["Chỉ tiêu", "Kế hoạch", "Thực hiện"], ["Quý I", 100, 96], ["Quý II", 100, 96], ["Quý III", 100, 96]]


@pytest.mark.parametrize("gap", [1, 2])
def test_a_small_table_below_is_a_table_of_its_own(run: Decode, gap: int) -> None:
    done = run(sheet([HEAD, *SCHOOLS, *[[]] * gap, *PLAN]), "a.xlsx")
    assert [done.names(0), done.names(1)] == [HEAD, PLAN[0]]
    assert [len(done.cells(0)), len(done.cells(1))] == [39, 3]
    assert done.cells(1)[0] == ("Quý I", "100", "96")


def test_after_notes_and_a_total(run: Decode) -> None:
    ends = [["Tổng cộng", None, None, 1000, 16000], [], ["Ghi chú: số liệu đầu năm học."], []]
    done = run(sheet([HEAD, *SCHOOLS, *ends, *PLAN]), "a.xlsx")
    assert [len(done.cells(0)), len(done.cells(1))] == [39, 3]


def test_numbers_where_the_first_table_has_texts(run: Decode) -> None:
    """As wide as half of the first table or more: what the columns hold tells."""
    other = [["Cấp học", "Số trường", "Số phòng", "Tỷ lệ"], ["Tiểu học", 20, 300, 98.5], ["Mầm non", 31, 210, 97]]
    done = run(sheet([HEAD, *SCHOOLS, [], *other]), "a.xlsx")
    assert [done.names(1), len(done.cells(1))] == [other[0], 2]


def test_in_a_text_file(run: Decode) -> None:
    rows = [HEAD, *SCHOOLS, [], *PLAN]
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    done = run(text.encode(), "a.csv")
    assert [len(done.cells(0)), len(done.cells(1))] == [39, 3]


@pytest.mark.parametrize(
    "below",
    [
        [["T040", "Trường Thủy Xuân", None, None, None, "chưa có số liệu"], *SCHOOLS[:3]],
        [["T040", "Trường Thủy Xuân", "Phường Thủy Xuân", None, None, "mới"], *SCHOOLS[:3]],
        [["Người lập biểu", None, None, "Hiệu trưởng"], ["Trần An", None, None, "Lê Bình"]],
        [["T040", "Trường Thủy Xuân", "Phường Thủy Xuân", 12, 350, "mới"], *SCHOOLS[:2]],
    ],
)
def test_rows_and_signatures_after_a_gap_are_no_table(run: Decode, below: list[list[Any]]) -> None:
    done = run(sheet([HEAD, *SCHOOLS, [], *below]), "a.xlsx")
    assert len(done.decoded.tables) == 1
    assert len(done.cells()) >= 39
