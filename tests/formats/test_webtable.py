"""Web pages under the name of a workbook, as many programs of agencies "export to Excel"."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.formats import errors, webtable
from nhip.formats.model import Grid, Merge, Opened
from nhip.formats.opening import open_file
from nhip.settings import Settings

PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8"><title>BC</title>
<style>td {mso-number-format:"\\@"}</style>
<script>document.write("<table><tr><td>no</td><td>no</td></tr></table>")</script></head>
<body><h3>DANH SÁCH CÔNG DÂN</h3><table border=1>
<tr><th rowspan=2>Mã</th><th colspan="2">Họ và tên</th></tr><tr><th>Họ</th><th>Tên</th></tr>
<tr><td>007</td><td>Nguyễn&nbsp;Thị</td><td>Hoa<br>Lan</td></tr>
<tr><td>008<td>Trần<td>  Văn
 An &amp; Bình</table></body></html>"""


def opened(tmp_path: Path, body: bytes, filename: str, **settings: int) -> Opened:
    path = tmp_path / "input"
    path.write_bytes(body)
    return open_file(path, tmp_path / "work", Settings(**settings), filename)  # type: ignore[arg-type]


def grid(found: Opened) -> Grid:
    (part,) = found.parts
    assert isinstance(part, Grid)
    return part


def test_it_is_read_and_the_sender_is_told(tmp_path: Path) -> None:
    found = opened(tmp_path, PAGE.encode(), "cong-dan.xls")
    part = grid(found)
    assert found.format == "html"
    assert list(part.rows()) == [
        (1, ["Mã", "Họ và tên", None]),
        (2, [None, "Họ", "Tên"]),
        (3, ["007", "Nguyễn Thị", "Hoa Lan"]),
        (4, ["008", "Trần", "Văn An & Bình"]),
    ]
    assert part.merges == [Merge(1, 0, 2, 0), Merge(1, 1, 1, 2)]
    assert [note.code for note in found.notes] == ["file.webpage"]


@pytest.mark.parametrize(
    "body",
    [
        "<table><tr><td>Mã</td><td>Tên</td></tr><tr><td>1</td><td>Huế</td></tr></table>".encode(),
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-16"><table><tr><td>a<td>b</table>'.encode(
            "utf-16"
        ),
        b"\xef\xbb\xbf\r\n<!DOCTYPE html><div><table><tr><td>a</td><td>b</td></tr></table></div>",
    ],
)
def test_pages_without_a_head_and_in_utf_16_are_pages_too(tmp_path: Path, body: bytes) -> None:
    assert opened(tmp_path, body, "a.xls").format == "html"


def test_old_letters_stand_as_their_bytes_for_the_decoder(tmp_path: Path) -> None:
    body = "<table><tr><td>Tªn</td><td>x</td></tr></table>".encode("cp1252")
    assert list(grid(opened(tmp_path, body, "a.xls")).rows()) == [(1, ["Tªn", "x"])]


def test_tables_that_only_arrange_the_page_are_left_out(tmp_path: Path) -> None:
    inner = "<table><tr><td>a</td><td>b</td></tr></table>"
    found = opened(tmp_path, f"<html><table><tr><td>menu</td><td>{inner}</td></tr></table>{inner}".encode(), "a.xls")
    assert [part.name for part in found.parts] == ["a 1", "a 2"]


@pytest.mark.parametrize(
    "body",
    [
        "<html><body><p>Không tìm thấy</p></body></html>",
        "<html><table><tr><td>1</td></tr></table></html>",
        "<html><table><tr><td>Tên</td><td><input></td></tr><tr><td>Mật khẩu</td><td><input type=password></td></tr></table>",
    ],
)
def test_pages_that_are_no_table_stay_unusable(tmp_path: Path, body: str) -> None:
    with pytest.raises(errors.UnknownFormat):
        opened(tmp_path, body.encode(), "a.xls")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = "<table><tr>" + "<td>a</td>" * 30 + "</tr></table>"
    with pytest.raises(errors.TooManyColumns):
        opened(tmp_path, wide.encode(), "a.xls", max_columns=20)
    monkeypatch.setattr(webtable, "MOST_CELLS", 25)
    with pytest.raises(errors.BrokenFile):
        opened(tmp_path, wide.encode(), "a.xls")
    deep = "<html>" + "<table><tr><td>" * 5_000 + "a<td>b"
    with pytest.raises(errors.UnusableFile):
        opened(tmp_path, deep.encode(), "a.xls")


@given(
    st.lists(st.lists(st.text("abcd<>&\"' \u00a0\u1ebf", max_size=6), min_size=2, max_size=4), min_size=1, max_size=5)
)
def test_any_cells_come_back(tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]) -> None:
    from html import escape

    if sum(1 for row in table for cell in row if cell.strip()) < 2:
        return
    body = "<table>" + "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in table)
    found = opened(tmp_path_factory.mktemp("page"), body.encode(), "a.xls")
    assert [cells for _n, cells in grid(found).rows()] == [[" ".join(c.split()) or None for c in row] for row in table]


def test_an_empty_ndjson_has_no_rows(tmp_path: Path) -> None:
    found = opened(tmp_path, b"", "su-kien.ndjson")
    (part,) = found.parts
    assert found.format == "ndjson" and list(part.rows()) == []  # type: ignore[union-attr]
    with pytest.raises(errors.EmptyFile):
        opened(tmp_path, b"", "su-kien.csv")
