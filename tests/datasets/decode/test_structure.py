"""Tables inside grids: headers of several rows, merged cells, totals, notes, several tables, hidden sheets."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import xlsxwriter
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.decode.heading import unique_names
from tests.datasets.decode.conftest import PLACES, Decode


def workbook(fill: Callable[[Any], None]) -> bytes:
    """XLSX bytes of a book that `fill` writes."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    fill(book)
    book.close()
    return out.getvalue()


def sheet(rows: list[list[Any]], merges: tuple[tuple[int, int, int, int, str], ...] = (), name: str = "Bảng") -> bytes:
    def fill(book: Any) -> None:
        page = book.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
        for top, left, bottom, right, text in merges:
            page.merge_range(top, left, bottom, right, text)

    return workbook(fill)


HEAD = ["STT", "Tên trường", "Địa chỉ", "Số lớp"]
BODY = [[1, "Trường THCS Trần Phú", "12 Lê Lợi", 20], [2, "Trường THPT Quốc Học", "12 Lê Lợi", 36]]
PLAIN = [tuple(str(cell) for cell in row) for row in BODY]


def test_plain_sheet(run: Decode) -> None:
    done = run(sheet([HEAD, *BODY]), "trường.xlsx")
    assert (done.names(), done.cells()) == (HEAD, PLAIN)
    assert [row[0] for row in done.rows()] == [2, 3]
    assert (done.table.sheet, done.table.header_rows, done.table.rows) == ("Bảng", [1], 2)


def test_title_above_and_notes_and_signatures_below(run: Decode) -> None:
    rows = [
        ["UBND THÀNH PHỐ HUẾ", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", ""],
        ["SỞ GIÁO DỤC", "", "Độc lập - Tự do - Hạnh phúc", ""],
        [],
        ["DANH SÁCH TRƯỜNG NĂM 2024"],
        [],
        HEAD,
        *BODY,
        [],
        ["Ghi chú: số liệu tính đến 31/12"],
        ["Người lập biểu", "", "Giám đốc"],
    ]
    done = run(sheet(rows), "a.xlsx")
    assert (done.names(), done.cells()) == (HEAD, PLAIN)
    assert [row[0] for row in done.rows()] == [7, 8]
    (notes,) = [p for p in done.decoded.problems if p.code == "table.notes"]
    assert "DANH SÁCH TRƯỜNG" in notes.values["text"] and "Ghi chú" in notes.values["text"]


def test_totals_blank_rows_sections_and_repeated_headers_are_set_aside(run: Decode) -> None:
    rows = [
        HEAD,
        ["I. Quận Thuận Hóa"],
        BODY[0],
        ["", "Cộng nhóm I", "", 20],
        HEAD,
        ["II. Quận Phú Xuân"],
        BODY[1],
        [],
        ["", "Tổng cộng", "", 56],
    ]
    done = run(sheet(rows), "a.xlsx")
    assert done.cells() == PLAIN
    assert [(row[0], row[2]) for row in done.findings()] == [
        (2, "row.section"), (4, "row.total"), (5, "row.header"), (6, "row.section"), (9, "row.total"),
    ]  # fmt: skip
    assert {"table.totals", "table.sections", "table.headers", "table.blank_rows"} <= done.codes()


def test_a_street_called_cong_hoa_is_no_total(run: Decode) -> None:
    rows = [["Tên đường", "Dài", "Rộng"], ["Cộng Hòa", 120, 10], ["Tổng Cọc", 80, 6]]
    assert run(sheet(rows), "a.xlsx").cells() == [("Cộng Hòa", "120", "10"), ("Tổng Cọc", "80", "6")]


def test_names_in_capitals_are_no_sections(run: Decode) -> None:
    text = "Họ tên,Điện thoại,Email\nNGUYỄN VĂN AN,0905,a@b.vn\nTRẦN THỊ BÌNH,,\nLÊ VĂN CƯỜNG,0906,\nPHẠM DUNG,,\n"
    done = run(text.encode(), "a.csv", careful=True)
    assert [row[0] for row in done.cells()] == ["NGUYỄN VĂN AN", "TRẦN THỊ BÌNH", "LÊ VĂN CƯỜNG", "PHẠM DUNG"]


def test_merged_header_of_two_rows(run: Decode) -> None:
    rows: list[list[Any]] = [["", "", "", "", ""], ["", "", "X", "Y", ""], ["1", "Trạm A", 560000.5, 1820000, "tốt"]]
    merges = ((0, 0, 1, 0, "STT"), (0, 1, 1, 1, "Tên trạm"), (0, 2, 0, 3, "Tọa độ"), (0, 4, 1, 4, "Ghi chú"))
    done = run(sheet(rows, merges), "a.xlsx")
    assert done.names() == ["STT", "Tên trạm", "Tọa độ – X", "Tọa độ – Y", "Ghi chú"]
    assert done.cells() == [("1", "Trạm A", "560000.5", "1820000", "tốt")]
    assert done.table.header_rows == [1, 2]


def test_header_of_three_rows_with_column_numbers(run: Decode) -> None:
    rows: list[list[Any]] = [
        ["", "", "", "", ""],
        ["", "", "", "", ""],
        ["", "", "Nam", "Nữ", "Tổng"],
        ["(1)", "(2)", "(3)", "(4)", "(5)"],
        ["1", "Vỹ Dạ", 100, 120, 220],
        ["2", "Kim Long", 90, 95, 185],
    ]
    merges = (
        (0, 0, 2, 0, "STT"), (0, 1, 2, 1, "Phường"), (0, 2, 0, 4, "Dân số"), (1, 2, 1, 4, "Năm 2024"),
    )  # fmt: skip
    done = run(sheet(rows, merges), "a.xlsx")
    assert done.names() == ["STT", "Phường", *(f"Dân số – Năm 2024 – {n}" for n in ("Nam", "Nữ", "Tổng"))]
    assert done.table.header_rows == [1, 2, 3, 4]
    assert [row[:2] for row in done.cells()] == [("1", "Vỹ Dạ"), ("2", "Kim Long")]


def test_two_header_rows_in_csv_without_merge_marks(run: Decode) -> None:
    text = "STT,Tên,Tọa độ,,Ghi chú\n,,X,Y,\n1,A,10,20,x\n2,B,11,21,y\n"
    done = run(text.encode(), "a.csv")
    assert done.names() == ["STT", "Tên", "Tọa độ – X", "Tọa độ – Y", "Ghi chú"]
    assert done.cells() == [("1", "A", "10", "20", "x"), ("2", "B", "11", "21", "y")]


def test_group_row_above_the_header_in_csv(run: Decode) -> None:
    text = "Từ 01/7/2025,,Trước 01/7/2025,\nTỉnh,Xã mới,Xã cũ,Mã\nHuế,Vỹ Dạ,Thủy Vân,00123\nHuế,Vỹ Dạ,Xuân Phú,00124\n"
    done = run(text.encode(), "a.csv")
    assert done.names()[0] == "Từ 01/7/2025 – Tỉnh" and done.names()[3] == "Trước 01/7/2025 – Mã"
    assert len(done.cells()) == 2


def test_merged_body_cells_are_filled_down(run: Decode) -> None:
    rows: list[list[Any]] = [["Phường", "Tổ", "Số hộ"], ["", 1, 50], ["", 2, 60], ["", 3, 70], ["Kim Long", 1, 40]]
    done = run(sheet(rows, ((1, 0, 3, 0, "Vỹ Dạ"),)), "a.xlsx")
    assert done.cells() == [("Vỹ Dạ", "1", "50"), ("Vỹ Dạ", "2", "60"), ("Vỹ Dạ", "3", "70"), ("Kim Long", "1", "40")]
    assert "table.merged" in done.codes()


def test_several_tables_in_one_sheet(run: Decode) -> None:
    second = [["Mã trạm", "Tên trạm"], ["T1", "Trạm Kim Long"], ["T2", "Trạm Phú Ốc"]]
    done = run(sheet([["Bảng 1: Trường"], HEAD, *BODY, [], ["Bảng 2: Trạm"], *second]), "a.xlsx")
    assert [done.names(0), done.names(1)] == [HEAD, second[0]]
    assert done.cells(0) == PLAIN
    assert done.cells(1) == [tuple(row) for row in second[1:]]
    assert done.decoded.tables[1].name == "Bảng 2: Trạm"


def test_tables_side_by_side(run: Decode) -> None:
    rows = [
        ["STT", "Trường", "", "STT", "Trạm"],
        [1, "Quốc Học", "", 1, "Kim Long"],
        [2, "Hai Bà Trưng", "", 2, "Phú Ốc"],
        ["", "", "", 3, "Thượng Nhật"],
    ]
    done = run(sheet(rows), "a.xlsx")
    assert done.cells(0) == [("1", "Quốc Học"), ("2", "Hai Bà Trưng")]
    assert done.cells(1) == [("1", "Kim Long"), ("2", "Phú Ốc"), ("3", "Thượng Nhật")]


def test_hidden_sheets_are_read_and_named(run: Decode) -> None:
    def fill(book: Any) -> None:
        book.add_worksheet("Hiện").write_row(0, 0, ["a", "b"])
        hidden = book.add_worksheet("Ẩn")
        hidden.write_row(0, 0, ["c", "d"])
        hidden.write_row(1, 0, ["x", "y"])
        hidden.hide()
        book.add_worksheet("Trống")

    done = run(workbook(fill), "a.xlsx")
    assert [table.sheet for table in done.decoded.tables] == ["Hiện", "Ẩn"]
    assert [p.values["sheet"] for p in done.decoded.problems if p.code == "sheet.hidden"] == ["Ẩn"]
    assert "table.no_rows" in done.codes()


def test_empty_and_repeated_names(run: Decode) -> None:
    done = run(b"a,,A,a,_row\n1,2,3,4,5\n6,7,8,9,10\n", "a.csv")
    assert done.names() == ["a", "column_2", "A (2)", "a (3)", "_row (2)"]
    assert [p.code for p in done.decoded.problems].count("header.name") == 4


def test_no_header_at_all(run: Decode) -> None:
    done = run(b"1,2024-01-05,3.5\n2,2024-01-06,4.5\n", "a.csv")
    assert done.names() == ["column_1", "column_2", "column_3"]
    assert [row[0] for row in done.rows()] == [1, 2]
    assert "table.no_header" in done.codes()


def test_header_that_spans_lines_inside_a_cell(run: Decode) -> None:
    done = run('"Tên\ntrường","Số\nlớp"\nQuốc Học,20\n'.encode(), "a.csv")
    assert done.names() == ["Tên trường", "Số lớp"]
    assert done.rows() == [(2, "Quốc Học", "20")]


def test_xls_with_merges(run: Decode) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("Cũ")
    page.write_merge(0, 0, 0, 2, "DANH SÁCH")
    for column, name in enumerate(["STT", "Tên", "Ngày"]):
        page.write(1, column, name)
    page.write_merge(2, 3, 1, 1, "Vỹ Dạ")
    for row in (2, 3):
        page.write(row, 0, row - 1)
        page.write(row, 2, "01/02/2024")
    out = io.BytesIO()
    book.save(out)
    done = run(out.getvalue(), "a.xls")
    assert done.names() == ["STT", "Tên", "Ngày"]
    assert done.cells() == [("1", "Vỹ Dạ", "01/02/2024"), ("2", "Vỹ Dạ", "01/02/2024")]


def test_legacy_fonts_in_a_workbook_per_column(run: Decode) -> None:
    from nhip.datasets.decode import charsets

    rows = [["STT", charsets.encode_shown("Tên tỉnh", "tcvn3"), charsets.encode_shown("Tên phường", "vni"), "Đường"]]
    for number, province, commune, street in PLACES:
        shown = [charsets.encode_shown(province.capitalize(), "tcvn3"), charsets.encode_shown(commune, "vni"), street]
        rows.append([number, *shown])
    done = run(sheet(rows), "cũ.xlsx")
    assert done.names() == ["STT", "Tên tỉnh", "Tên phường", "Đường"]
    assert [column.encoding for column in done.table.columns] == ["utf-8", "tcvn3", "vni", "utf-8"]
    assert [(row[2], row[3]) for row in done.cells()] == [(c, s) for _, _, c, s in PLACES]
    assert "header.encoding" in done.codes()


@given(st.lists(st.text(max_size=4)))
def test_unique_names_are_unique_whatever_the_case(names: list[str]) -> None:
    found = unique_names(names)
    assert len({name.casefold() for name in [*found, "_row"]}) == len(found) + 1
    assert len(found) == len(names)
