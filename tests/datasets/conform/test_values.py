"""Delivered text becomes typed values: what is mended, with a record; what is told; what is never guessed."""

# ruff: noqa: DTZ001  stored times are wall times in Vietnam

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest

from nhip.datasets.contract.model import Contract, Field

Check = Callable[..., Any]


def test_dates_of_a_column_that_proves_its_order(check: Check) -> None:
    made = check(
        [Field(name="a", type="date")], [["03/04/2024"], ["13/04/2024"], ["2024-05-06"], ["Ngày 7 tháng 8 năm 2024"]]
    )
    assert made.column("a") == [date(2024, 4, 3), date(2024, 4, 13), date(2024, 5, 6), date(2024, 8, 7)]
    assert made.cells() == []
    assert {finding[0]: finding[5] for finding in made.findings}[2] == "2024-04-03"


def test_ambiguous_dates_are_told_not_guessed(check: Check) -> None:
    made = check([Field(name="a", type="date")], [["03/04/2024"], ["05/05/2024"]])
    assert made.column("a") == [None, date(2024, 5, 5)]
    assert made.cells("date.ambiguous") == [(2, "a")]


def test_a_column_that_contradicts_itself_proves_nothing(check: Check) -> None:
    made = check([Field(name="a", type="date")], [["03/04/2024"], ["13/04/2024"], ["04/13/2024"]])
    assert (2, "a") in made.cells("date.ambiguous")


@pytest.mark.parametrize("mends", [True, False])
@pytest.mark.parametrize("text", ["15-3-19", "1/2/24", "15/03/19"])
def test_two_digit_years_never_pass(check: Check, text: str, mends: bool) -> None:
    for field in (Field(name="a", type="date", order="dmy"), Field(name="a", type="date", format="dd/MM/yyyy")):
        made = check([field, Field(name="b")], [[text, "x"]], mends=mends)
        assert made.cells() == [(2, "a")]


def test_decimal_mark_of_a_column(check: Check) -> None:
    rows = [["1.234"], ["12,5"], ["1.234.567,25"], ["7"]]
    made = check([Field(name="a", type="number")], rows)
    assert made.column("a") == [1234.0, 12.5, 1234567.25, 7.0]
    made = check([Field(name="a", type="number")], [["1.234"], ["12.5"]])
    assert made.column("a") == [1.234, 12.5]
    made = check([Field(name="a", type="number")], [["1.234"], ["7"]])
    assert (made.column("a"), made.cells("number.ambiguous")) == ([None, 7.0], [(2, "a")])


def test_other_types(check: Check) -> None:
    fields = [
        Field(name="co", type="boolean"),
        Field(name="luc", type="timestamp"),
        Field(name="gio", type="time"),
        Field(name="tien", type="integer", kind="money"),
        Field(name="dt", kind="phone"),
    ]
    made = check(
        fields,
        [["Có", "2024-01-02 03:04:05", "7h30", "20.000 VND", "0912 345 678"], ["x", None, None, "Miễn phí", None]],
    )
    assert made.version[0][1:] == (True, datetime(2024, 1, 2, 3, 4, 5), time(7, 30), 20000, "+84912345678")
    assert made.version[1][1:] == (True, None, None, 0, None)
    assert made.cells() == []


def test_text_is_canonical_and_names_are_left(check: Check) -> None:
    rows = [["  hoà   bình ", "  Thuỷ   Hoà "], ["thu\u0309y", "Thu\u0309y"]]
    made = check([Field(name="a"), Field(name="ten", kind="person_name")], rows)
    assert made.column("a") == ["hòa bình", "thủy"]
    assert made.column("ten") == ["Thuỷ Hoà", "Thủy"]
    assert made.assessment.mended_by_rule == {"text.nfc": 2, "text.spaces": 2}
    assert made.assessment.findings == 0


def test_written_blanks_are_empty(check: Check) -> None:
    made = check([Field(name="a", type="number", required=True), Field(name="b", type="date")], [["N/A", "không có"]])
    assert made.version == [(2, None, None)]
    assert made.cells() == [(2, "a")]
    assert made.cells("required") == [(2, "a")]


def test_one_defect_is_told_once(check: Check) -> None:
    field = Field(name="a", type="integer", required=True, minimum=5.0, unique=True)
    made = check([field, Field(name="b")], [["mười hai rưỡi", "x"], ["mười hai rưỡi", "x"]])
    assert [finding[2] for finding in made.findings] == ["type", "type"]


def test_rules_see_the_conformed_value(check: Check) -> None:
    fields = [Field(name="a", enum=("hòa bình",)), Field(name="b", type="number", maximum=10.0)]
    made = check(fields, [["hoà  bình", "9,5"], ["hoà  bình", "10,5"]])
    assert made.cells() == [(3, "b")]
    assert [finding[4] for finding in made.findings if finding[2] == "maximum"] == ["10,5"]


def test_as_delivered_mends_nothing(check: Check) -> None:
    fields = [Field(name="a", enum=("hòa bình",)), Field(name="b", type="number", maximum=10.0)]
    made = check(fields, [["hoà  bình", "9,5"]], mends=False)
    assert [finding[2] for finding in made.findings] == ["enum", "type"]
    assert (made.assessment.mended, made.findings[1][5]) == (0, "9.5")


def test_strict_formats(check: Check) -> None:
    fields = [
        Field(name="a", type="date", format="dd/MM/yyyy"),
        Field(name="b", type="timestamp", format="yyyy-MM-dd'T'HH:mm"),
    ]
    rows = [
        ["02/01/2024", "2024-01-02T03:04"],
        ["2/1/2024", None],
        ["2024-01-02", "2024-01-02 03:04"],
        ["31/04/2024", None],
    ]
    made = check(fields, rows)
    assert made.column("a") == [date(2024, 1, 2), date(2024, 1, 2), None, None]
    assert made.column("b") == [datetime(2024, 1, 2, 3, 4), None, None, None]
    assert made.cells() == [(4, "a"), (4, "b"), (5, "a")]
    assert {f[0]: f[5] for f in made.findings if f[2] == "type" and f[1] == "a"} == {4: "2024-01-02", 5: ""}


def test_numbers_beyond_their_type_are_told(check: Check) -> None:
    made = check([Field(name="a", type="integer"), Field(name="b")], [["9" * 25, "x"]])
    assert len(made.cells()) == 1
    assert made.version == [(2, None, "x")]


def test_headers_are_found_by_name_title_and_delivered_text(check: Check) -> None:
    fields = [
        Field(name="ngay_sinh", type="date"),
        Field(name="ten", title="Họ và tên"),
        Field(name="dt", delivered=("SĐT", "Điện thoại")),
        Field(name="ghi_chu"),
    ]
    names = ["HỌ VÀ TÊN", "Ngày sinh", "điện  thoại", "GHI_CHÚ", "Thừa"]
    made = check(fields, [["A", "2024-01-02", "1", "g", "?"]], names=names)
    assert made.version == [(2, date(2024, 1, 2), "A", "1", "g")]
    assert [finding[1:3] for finding in made.findings] == [("Thừa", "column.unknown")]


def test_version_keeps_the_order_of_the_file_and_its_bytes(check: Check, tmp_path: Any) -> None:
    rows = [[str(n * 7919 % 5000), f"{n % 28 + 1:02d}/0{n % 9 + 1}/2024"] for n in range(5000)]
    fields = [Field(name="a", type="integer", unique=True), Field(name="b", type="date", order="dmy")]
    first = check(fields, rows)
    before = first.assessment.version_path.read_bytes()
    second = check(fields, rows)
    assert first.column("_row") == list(range(2, 5002))
    assert first.column("a") == [int(row[0]) for row in rows]
    assert second.assessment.version_path.read_bytes() == before
    assert first.assessment.mended_by_rule == {"date.form": 5000}


def test_marked_cells_of_many_rows_are_put_in_a_few_at_a_time(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [Field(name="a", type="integer"), Field(name="b", type="date"), Field(name="c")]
    rows = [[f"{n}.000", f"0{n % 9 + 1}/13/2024" if n % 3 else "2024-01-02", f" t{n}"] for n in range(1, 40)]
    whole = check(fields, rows)
    monkeypatch.setattr("nhip.datasets.conform.beside.ROWS_AT_A_TIME", 9)
    pieces = check(fields, rows)
    assert pieces.version == whole.version and len(whole.version) == 39
    assert pieces.column("c") == [f"t{n}" for n in range(1, 40)]


def test_coordinates_are_read_together(check: Check) -> None:
    fields = [Field(name="vi", type="number", kind="latitude"), Field(name="kinh", type="number", kind="longitude")]
    rows = [
        ["16.46", "107.59"],
        ["107.59", "16.46"],
        ["16°28'B", "107°35'Đ"],
        ["48.85", "2.35"],
        ["xa lắm", "107.59"],
        [None, "107.59"],
    ]
    made = check(fields, rows)
    assert made.column("vi")[:2] == [16.46, 16.46]
    assert made.column("kinh")[:2] == [107.59, 107.59]
    assert made.column("vi")[2] == pytest.approx(16 + 28 / 60)
    swapped = [finding for finding in made.findings if finding[2] == "point.swapped"]
    assert [(f[0], f[1], f[3], f[4], f[5]) for f in swapped] == [
        (3, "kinh", "mended", "16.46", "107.59"),
        (3, "vi", "mended", "107.59", "16.46"),
    ]
    assert made.cells("point.outside") == [(5, "vi")]
    assert [cell for cell in made.cells() if cell[0] == 6] == [(6, "vi")]
    assert made.column("vi")[4:] == [None, None]


def test_vn2000_becomes_longitude_and_latitude(check: Check) -> None:
    contract = Contract(
        id="c",
        version="1",
        dataset="d",
        province="46",
        fields=(Field(name="x", type="number", kind="x", crs="EPSG:9214"), Field(name="y", type="number", kind="y")),
    )
    made = check(contract, [["1821000.5", "562000.25"], ["562000.25", "1821000.5"], [None, None]])
    lon, lat = made.column("longitude"), made.column("latitude")
    assert (lon[0], lat[0]) == (pytest.approx(107.58, abs=0.05), pytest.approx(16.46, abs=0.05))
    assert (lon[1], lat[1]) == (pytest.approx(lon[0], abs=1e-6), pytest.approx(lat[0], abs=1e-6))
    assert lon[2] is None
