"""Workbooks as other programs write them: ODS for people's eyes, prefixed and sparse XML, errors in place of results."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
import xlsxwriter
import xlwt

from nhip.formats import repack
from nhip.formats.errors import BrokenFile, TooSpread
from nhip.formats.model import Grid, Opened
from nhip.formats.opening import open_file
from nhip.settings import Settings

SPACES = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text", "manifest")}


def opened(path: Path, name: str = "") -> Opened:
    return open_file(path, path.parent / "work", Settings(), name or path.name)


def cells(found: Opened) -> list[list[str | None]]:
    (grid,) = found.parts
    assert isinstance(grid, Grid)
    return [row for _number, row in grid.rows()]


def book(path: Path) -> Path:
    """Made by XlsxWriter: a header, a number, errors in two forms, an empty result."""
    made = xlsxwriter.Workbook(str(path))
    page = made.add_worksheet("Số liệu")
    page.write_row(0, 0, ["mã", "tỷ lệ"])
    page.write_row(1, 0, [1, 0.5])
    page.write_number(2, 0, 2)
    page.write_formula(2, 1, "=B2/0", None, "#DIV/0!")
    page.write_number(3, 0, 3)
    page.write_formula(3, 1, "=X!A1", None, "#REF!")
    made.close()
    return path


def changed(path: Path, change: Callable[[bytes], bytes], entry: str = "xl/worksheets/sheet1.xml") -> Path:
    """A copy of the workbook with the XML of its sheet changed."""
    other = path.with_name(f"other{path.suffix}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == entry else old.read(name))
    return other


def prefixed(xml: bytes) -> bytes:
    return re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", xml).replace(b"xmlns=", b"xmlns:x=")


@pytest.mark.parametrize(
    "change",
    [lambda xml: xml, prefixed, lambda xml: xml.replace(b'"', b"'"), lambda xml: xml.replace(b"#REF!", b"#SPILL!")],
)
def test_errors_stand_as_text_and_are_told(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    found = opened(changed(book(tmp_path / "a.xlsx"), change))
    assert [row[1] for row in cells(found)][:3] == ["tỷ lệ", "0.5", "#DIV/0!"]
    (note,) = found.notes
    assert note.code == "cell.error"
    assert note.values == {"count": "2", "value": "#DIV/0!", "cell": "Số liệu!B3"}


def test_errors_of_old_workbooks_are_told(tmp_path: Path) -> None:
    made = xlwt.Workbook()
    page = made.add_sheet("a")
    page.write(0, 0, "mã")
    page.row(6).set_cell_error(27, "#REF!")
    made.save(str(tmp_path / "a.xls"))
    (note,) = opened(tmp_path / "a.xls").notes
    assert (note.code, note.values) == ("cell.error", {"count": "1", "value": "#REF!", "cell": "AB7"})


def test_formulas_without_results_are_told_in_any_writing(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["mã", "=1+1"])
    made.save(tmp_path / "a.xlsx")
    for path in (tmp_path / "a.xlsx", changed(tmp_path / "a.xlsx", prefixed)):
        assert [note.code for note in opened(path).notes] == ["file.formulas"]


@pytest.mark.parametrize("name", ["a.xls", "a.xlsb", "a.ods", "a.csv", "a"])
def test_the_name_does_not_matter(tmp_path: Path, name: str) -> None:
    path = book(tmp_path / "a.xlsx").rename(tmp_path / name)
    assert cells(opened(path))[1] == ["1", "0.5"]


FAR = b'<c r="XFD1048576"><v>1</v></c>'


@pytest.mark.parametrize(
    "cell",
    [
        FAR,
        FAR.replace(b'"', b"'"),
        FAR.lower(),
        FAR.replace(b" r", b' cm=">" r'),
        FAR.replace(b" r", b'\n s="' + b"0" * 500 + b'" r'),
        FAR.replace(b" r=", b" cm = '1' r = "),
        b"<c><v>1</v></c>" * 1900,
    ],
)
def test_a_stray_cell_is_seen_however_it_is_written(tmp_path: Path, cell: bytes) -> None:
    def change(xml: bytes) -> bytes:
        return xml.replace(b"</sheetData>", b'<row r="1048576">' + cell + b"</row></sheetData>")

    with pytest.raises((TooSpread, BrokenFile)):
        opened(changed(book(tmp_path / "a.xlsx"), change))


def test_cells_without_addresses_are_read(tmp_path: Path) -> None:
    path = changed(book(tmp_path / "a.xlsx"), lambda xml: re.sub(rb'(<c) r="[A-Z]+\d+"', rb"\1", xml))
    assert cells(opened(path))[1] == ["1", "0.5"]


def test_a_sheet_is_judged_the_same_wherever_its_pieces_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path / "a.xlsx")
    for size in (1, 7, 60, 1 << 20):
        monkeypatch.setattr(repack, "_CHUNK", size)
        found = opened(path)
        assert found.notes[0].values["count"] == "2" and cells(found)[2] == ["2", "#DIV/0!"]


def ods(path: Path, rows: str) -> Path:
    """An ODS as Gnumeric writes it, for people's eyes."""
    names = " ".join(f'xmlns:{name}="{space}"' for name, space in SPACES.items())
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}>\n <office:body>\n  <office:spreadsheet>\n"
            f'   <table:table table:name="Một">{rows}\n   </table:table>\n  </office:spreadsheet>\n </office:body>\n'
            "</office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest {names}><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
    return path


def test_ods_with_line_ends_merged_cells_and_durations(tmp_path: Path) -> None:
    text = '<table:table-cell office:value-type="string" {more}>\n <text:p>{text}</text:p>\n</table:table-cell>\n'
    time = '<table:table-cell office:value-type="time" office:time-value="PT030H15M00S"><text:p>x</text:p></table:table-cell>'
    rows = [
        text.format(text="phường", more="") + text.format(text="giờ", more=""),
        text.format(text="Phú <text:s/> Hậu", more='table:number-rows-spanned="2"') + time,
        "<table:covered-table-cell/>\n" + text.format(text="b", more=""),
    ]
    found = opened(ods(tmp_path / "a.ods", "".join(f"\n<table:table-row>\n{row}</table:table-row>" for row in rows)))
    assert cells(found) == [["phường", "giờ"], ["Phú   Hậu", "30:15:00"], [None, "b"]]
    (grid,) = found.parts
    assert isinstance(grid, Grid) and grid.merges == [(2, 0, 3, 0)]
