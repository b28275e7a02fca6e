"""Workbooks: XLSX by xlsxwriter, XLS (BIFF8) by xlwt, ODS written here (OASIS OpenDocument 1.3, the part that a table needs)."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
import xlwt

from nhip.modelcity.writers.grid import Grid

_HIDDEN: tuple[list[Any], ...] = (["Mã", "Giá trị tạm"], *([f"A{n}", n * 3] for n in range(1, 7)))


_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_CONTENT = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.3"'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="{sheet}">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
)
_ODS_REST = (
    (
        "META-INF/manifest.xml",
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest manifest:version="1.3"'
        ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    ),
)


def write_xlsx(path: Path, grid: Grid, sheet: str, hidden: bool) -> None:
    """One visible sheet, and a hidden one with scratch values when asked for."""
    book = xlsxwriter.Workbook(
        path, {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": _MADE})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    page = book.add_worksheet(sheet)
    for top, left, bottom, right in grid.merges:
        page.merge_range(top, left, bottom, right, "")
    for place, row in enumerate(grid.cells):
        for column, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(place, column, value, day)
            elif value is not None:
                page.write(place, column, value)
    if hidden:
        scratch = book.add_worksheet("_tam")
        for place, row in enumerate(_HIDDEN):
            scratch.write_row(place, 0, row)
        scratch.hide()
    book.close()


def write_xls(path: Path, grid: Grid, sheet: str, hidden: bool) -> None:
    """The same as an Excel 97 workbook; at most 65,536 rows."""
    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    page = book.add_sheet(sheet)
    tops = {(top, left): (bottom, right) for top, left, bottom, right in grid.merges}
    for place, row in enumerate(grid.cells):
        for column, value in enumerate(row):
            if (place, column) in tops:
                bottom, right = tops[place, column]
                page.write_merge(place, bottom, column, right, value)
            elif value is not None:
                page.write(place, column, value, *([day] if isinstance(value, date) else []))
    if hidden:
        book.add_sheet("_tam").visibility = 1
    book.save(str(path))


def write_ods(path: Path, grid: Grid, sheet: str, hidden: bool) -> None:
    """The same as OpenDocument. Covered cells are marked as covered."""
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in grid.merges}
    covered = {
        (row, column)
        for top, left, bottom, right in grid.merges
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - set(spans)
    rows = "".join(
        "<table:table-row>" + "".join(_cell(row, column, value, spans, covered) for column, value in enumerate(cells or [None]))
        + "</table:table-row>"
        for row, cells in enumerate(grid.cells)
    )  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in (
            ("mimetype", _ODS),
            ("content.xml", _CONTENT.format(sheet=escape(sheet), rows=rows)),
            *_ODS_REST,
        ):
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            bundle.writestr(entry, text)


def _cell(
    row: int, column: int, value: Any, spans: dict[tuple[int, int], tuple[int, int]], covered: set[tuple[int, int]]
) -> str:
    if (row, column) in covered:
        return "<table:covered-table-cell/>"
    down, across = spans.get((row, column), (1, 1))
    span = (
        f' table:number-rows-spanned="{down}" table:number-columns-spanned="{across}"' if (row, column) in spans else ""
    )
    if value is None:
        return f"<table:table-cell{span}/>"
    if isinstance(value, bool | str):
        return f'<table:table-cell{span} office:value-type="string"><text:p>{_paragraph(str(value))}</text:p></table:table-cell>'
    if isinstance(value, date):
        return f'<table:table-cell{span} office:value-type="date" office:date-value="{value.isoformat()}"/>'
    return f'<table:table-cell{span} office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'


def _paragraph(text: str) -> str:
    """OpenDocument folds runs of blanks unless they are written as elements."""
    return escape(text).replace("  ", " <text:s/>")
