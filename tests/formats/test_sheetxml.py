"""Excel 2003 XML and web pages in one file, as programs without an Excel library "export to Excel"."""

from __future__ import annotations

import quopri
import time
from base64 import encodebytes
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.decode import decode
from nhip.datasets.engine import session
from nhip.formats import errors
from nhip.formats.model import Grid, Merge, Opened
from nhip.formats.opening import open_file
from nhip.settings import Settings

BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:o="urn:schemas-microsoft-com:office:office"
 xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
 <Styles><Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style></Styles>
 <Worksheet ss:Name="Công dân">
  <Table ss:ExpandedColumnCount="5" ss:ExpandedRowCount="7"><Column ss:Width="80" ss:Span="3"/>
   <Row ss:Span="1"><Cell ss:MergeAcross="4"><Data ss:Type="String">DANH SÁCH</Data></Cell></Row>
   <Row><Cell><Data ss:Type="String">Mã</Data></Cell><Cell><Data ss:Type="String">Họ tên</Data></Cell>
    <Cell><Data ss:Type="String">Ngày nộp</Data></Cell><Cell ss:Index="5"><Data ss:Type="String">Phí</Data></Cell></Row>
   <Row><Cell><Data ss:Type="String">007</Data><Comment><ss:Data><B>ai đó:</B>xem lại</ss:Data></Comment></Cell>
    <Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40"><B>Nguyễn</B> Thị &amp; Hoa</ss:Data></Cell>
    <Cell ss:StyleID="d"><Data ss:Type="DateTime">2024-05-01T00:00:00.000</Data></Cell>
    <Cell ss:Index="5" ss:Formula="=2*10"><Data ss:Type="Number">20</Data></Cell></Row>
   <Row ss:Index="7"><Cell ss:MergeDown="1"><Data ss:Type="Number">8</Data></Cell><Cell/>
    <Cell><Data ss:Type="DateTime">1899-12-31T08:30:00.000</Data></Cell><Cell><Data ss:Type="Boolean">1</Data></Cell>
    <Cell><Data ss:Type="Number">1234.5</Data></Cell></Row>
  </Table>
 </Worksheet>
 <Worksheet ss:Name="Ẩn"><Table><Row><Cell><Data ss:Type="String">a</Data></Cell></Row></Table>
  <WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet>
</Workbook>"""

HEAD = BOOK.partition("<Styles>")[0]


def opened(folder: Path, body: bytes, filename: str, **settings: int) -> Opened:
    path = folder / "input"
    path.write_bytes(body)
    return open_file(path, folder / "work", Settings(**settings), filename)  # type: ignore[arg-type]


def grids(found: Opened) -> list[Grid]:
    return [part for part in found.parts if isinstance(part, Grid)]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_workbook_in_xml_is_read_sheet_by_sheet(tmp_path: Path, encoding: str) -> None:
    found = opened(tmp_path, BOOK.replace("UTF-8", encoding).encode(encoding), "cong-dan.xls")
    first, second = grids(found)
    assert found.format == "spreadsheetml"
    assert list(first.rows()) == [
        (1, ["DANH SÁCH", None, None, None, None]),
        (3, ["Mã", "Họ tên", "Ngày nộp", None, "Phí"]),
        (4, ["007", "Nguyễn Thị & Hoa", "2024-05-01", None, "20"]),
        (7, ["8", None, "08:30:00", "TRUE", "1234.5"]),
    ]
    assert (first.sheet, first.merges) == ("Công dân", [Merge(1, 0, 1, 4), Merge(7, 0, 8, 0)])
    assert (second.sheet, list(second.rows())) == ("Ẩn", [(1, ["a"])])
    assert [note.code for note in found.notes] == ["file.sheetxml", "sheet.hidden"]


def test_it_becomes_a_table_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.xml"
    path.write_text(BOOK, "utf-8")
    settings = Settings(data_dir=tmp_path)
    with session(settings, reach=[path]) as con:
        decoded = decode(path, tmp_path / "decoded", settings, con=con)
        table = decoded.tables[0]
        rows = con.execute(f"SELECT * FROM {table.relation}").fetchall()
    assert [column.name for column in table.columns][:3] == ["Mã", "Họ tên", "Ngày nộp"]
    assert rows[0][1:4] == ("007", "Nguyễn Thị & Hoa", "2024-05-01")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</Workbook>", ""),
        ('ss:Index="7"', 'ss:Index="2"'),
        ('ss:Index="7"', 'ss:Index="99999999"'),
        ('ss:Index="5" ss:F', 'ss:Index="1" ss:F'),
        ('ss:MergeDown="1"', 'ss:MergeDown="-1"'),
        ('<?mso-application progid="Excel.Sheet"?>', '<!DOCTYPE a [<!ENTITY b "c">]>'),
    ],
)
def test_what_excel_would_refuse_is_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in BOOK
    with pytest.raises(errors.BrokenFile, match="Excel XML"):
        opened(tmp_path, BOOK.replace(old, new, 1).encode(), "a.xls")


@pytest.mark.parametrize("encoding", ["nonsense", "zip", "rot13", "utf-7"])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(errors.BrokenFile, match="Excel XML"):
        opened(tmp_path, BOOK.replace("UTF-8", encoding, 1).encode(), "a.xls")


@pytest.mark.parametrize(
    ("kind", "told", "text"),
    [
        ("Number", "1e3", "1000"),
        ("Number", "9" * 400, "9" * 400),
        ("Number", "nan", "nan"),
        ("Number", "1_000", "1_000"),
        ("Boolean", "TRUE", "TRUE"),
        ("Boolean", "true", "TRUE"),
        ("Boolean", "0", "FALSE"),
        ("Boolean", "có", "có"),
    ],
)
def test_a_value_is_never_taken_for_another(tmp_path: Path, kind: str, told: str, text: str) -> None:
    cell = f'<Row><Cell><Data ss:Type="{kind}">{told}</Data></Cell></Row>'
    body = f'{HEAD}<Worksheet ss:Name="a"><Table>{cell}</Table></Worksheet></Workbook>'
    (grid,) = grids(opened(tmp_path, body.encode(), "a.xml"))
    assert list(grid.rows()) == [(1, [text])]


def test_many_sheets_are_read_in_one_go(tmp_path: Path) -> None:
    row = "<Row>" + '<Cell><Data ss:Type="String">abc</Data></Cell>' * 10 + "</Row>"
    sheets = (f'<Worksheet ss:Name="s{n}"><Table>{row * 2}</Table></Worksheet>' for n in range(1_500))
    began = time.process_time()
    found = grids(opened(tmp_path, f"{HEAD}{''.join(sheets)}</Workbook>".encode(), "a.xls"))
    assert sum(1 for grid in found for _row in grid.rows()) == 3_000
    assert time.process_time() - began < 10, "not the whole file for each sheet, which takes minutes"


def test_a_sheet_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.TooManyColumns):
        opened(tmp_path, BOOK.replace('ss:Index="5"', 'ss:Index="16000"', 1).encode(), "a.xls")
    rows = '<Row><Cell ss:Index="4900"><Data ss:Type="String">x</Data></Cell></Row>' * 4_100
    body = f'{HEAD}<Worksheet ss:Name="a"><Table>{rows}</Table></Worksheet></Workbook>'
    with pytest.raises(errors.TooSpread):
        opened(tmp_path, body.encode(), "a.xls", max_columns=5_000)


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_text_comes_back(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    cell = '<Cell><Data ss:Type="String">{}</Data></Cell>'
    lines = "".join(f"<Row>{''.join(cell.format(escape(text)) for text in row)}</Row>" for row in rows)
    body = f'{HEAD}<Worksheet ss:Name="a"><Table>{lines}</Table></Worksheet></Workbook>'
    (grid,) = grids(opened(tmp_path_factory.mktemp("book"), body.encode(), "a.xml"))
    found = [[cell or "" for cell in cells] for _, cells in grid.rows()]
    assert [row[: len(cells)] for row, cells in zip(found, rows, strict=True)] == [
        [cell.replace("_x000D_", "") for cell in cells] for cells in rows
    ]


FRAME = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><xml><x:ExcelWorkbook><x:ExcelWorksheets>
<x:ExcelWorksheet><x:Name>Hồ sơ</x:Name><x:WorksheetSource HRef="so.files/sheet001.htm"/></x:ExcelWorksheet>
</x:ExcelWorksheets></x:ExcelWorkbook></xml></head><frameset><frame src="so.files/sheet001.htm"></frameset></html>"""
SHEET = "<html><table><tr><td>Mã</td><td>Tên</td></tr><tr><td>007</td><td>Huế = đẹp</td></tr></table></html>"


def web_archive(charset: str = "utf-8") -> bytes:
    """As Excel's "Single File Web Page" writes it: the frame, the sheet, the tabs."""
    frame = encodebytes(FRAME.encode()).decode()
    sheet = quopri.encodestring(SHEET.encode(charset)).decode()
    parts = [
        ("text/html; charset=utf-8", "base64", "file:///C:/so.htm", frame),
        (f"text/html; charset={charset}", "quoted-printable", "file:///C:/so.files/sheet001.htm", sheet),
        ("text/css", "8bit", "file:///C:/so.files/stylesheet.css", "td {color: red}"),
    ]
    lines = ["MIME-Version: 1.0", "X-Document-Type: Workbook", 'Content-Type: multipart/related; boundary="--=_a"', ""]
    for kind, coding, place, body in parts:
        head = [f"Content-Location: {place}", f"Content-Transfer-Encoding: {coding}", f"Content-Type: {kind}"]
        lines += ["----=_a", *head, "", body]
    return "\r\n".join([*lines, "----=_a--", ""]).encode()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "unknown-8bit"])
def test_a_page_in_one_file_is_read_under_the_name_of_its_sheet(tmp_path: Path, charset: str) -> None:
    body = web_archive("utf-8" if charset.startswith("unknown") else charset)
    found = opened(
        tmp_path, body.replace(b"charset=utf-8\r\n\r\n<", b"charset=" + charset.encode() + b"\r\n\r\n<"), "so.xls"
    )
    (grid,) = grids(found)
    assert (found.format, grid.name, grid.sheet) == ("mhtml", "Hồ sơ", "Hồ sơ")
    assert list(grid.rows()) == [(1, ["Mã", "Tên"]), (2, ["007", "Huế = đẹp"])]
    assert [note.code for note in found.notes] == ["file.webpage"]


def test_a_page_as_a_browser_saves_it(tmp_path: Path) -> None:
    body = web_archive().replace(
        b"MIME-Version", b"From: <Saved by Blink>\r\nSubject: =?utf-8?Q?a?=\r\n =?utf-8?Q?b?=\r\nMIME-Version", 1
    )
    found = opened(tmp_path, body, "so.mhtml")
    assert (found.format, found.notes) == ("mhtml", [])


@pytest.mark.parametrize("cut", [b"sheet001.htm\r\n", b"boundary"])
def test_a_letter_without_a_table_is_no_data(tmp_path: Path, cut: bytes) -> None:
    body = web_archive()
    with pytest.raises(errors.UnknownFormat):
        opened(tmp_path, body[: body.rindex(cut)] + b"\r\n", "so.xls")


@pytest.mark.parametrize("charset", ["undefined", "punycode", "zip", "utf\0-8"])
def test_letters_that_nobody_knows_are_read_as_what_they_look_like(tmp_path: Path, charset: str) -> None:
    body = web_archive().replace(b"charset=utf-8", f'charset="{charset}"'.encode())
    (grid,) = grids(opened(tmp_path, body, "so.xls"))
    assert list(grid.rows())[1] == (2, ["007", "Huế = đẹp"])


def test_names_of_sheets_stand_as_people_wrote_them(tmp_path: Path) -> None:
    frame = encodebytes(FRAME.encode()).replace(b"\n", b"\r\n")
    told = encodebytes(FRAME.replace("Hồ sơ", "Phí &amp; lệ phí").encode()).replace(b"\n", b"\r\n")
    body = web_archive().replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\r\n")
    assert frame in body
    (grid,) = grids(opened(tmp_path, body.replace(frame, told), "so.xls"))
    assert grid.name == "Phí & lệ phí"


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=b{n}\n\n--b{n}", "message/rfc822\n"])
def test_a_letter_in_letters_without_end_is_refused(tmp_path: Path, kind: str) -> None:
    nested = "".join(f"Content-Type: {kind}\n".format(n=n) for n in range(1_500))
    with pytest.raises(errors.BrokenFile, match="MHTML"):
        opened(tmp_path, f"MIME-Version: 1.0\nX: text/html\n{nested}".encode(), "so.mhtml")


def test_pages_are_never_left_out_in_silence(tmp_path: Path) -> None:
    page = f"--b\nContent-Type: text/html\n\n{SHEET}\n"
    body = f"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n{page * 501}--b--\n"
    with pytest.raises(errors.BrokenFile, match="MHTML"):
        opened(tmp_path, body.encode(), "so.mhtml")
