"""A workbook that is written while it is read: worksheets into a ZIP stream, row texts ready-made, nothing kept.

ECMA-376 (Office Open XML). Past 1,048,576 rows the table goes on in further sheets, each with the names of the columns.
"""

from __future__ import annotations

import zipfile
from collections.abc import AsyncGenerator, Sequence
from math import ceil
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from nhip.portal.model import OpenColumn, Release

ROWS_A_SHEET = 1_048_575
"""Excel's limit, less the line with the names."""
_BIG = 1 << 30
_CELL_BYTES = 90
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>'
)


class _Pipe:
    """What the ZIP writer takes for a file that cannot be read back; `take` gives what was written since."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def take(self) -> bytes:
        found, self._parts = b"".join(self._parts), []
        return found


async def workbook(release: Release, title: str, rows: AsyncGenerator[list[str], None]) -> AsyncGenerator[bytes, None]:
    """The bytes of a workbook with the row texts `rows` (`nhip.portal.exports.lines.xlsx_line`)."""
    pipe = _Pipe()
    sheets = max(1, ceil(release.row_count / ROWS_A_SHEET))
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:  # type: ignore[call-overload]
        for name, text in _frame(sheets, title).items():
            book.writestr(name, text)
        waiting: list[str] = []
        for number in range(1, sheets + 1):
            with book.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=_big(release)) as sheet:
                sheet.write(_opening(release.columns))
                room = ROWS_A_SHEET
                while room and (waiting or (waiting := await anext(rows, []))):
                    now_, waiting = waiting[:room], waiting[room:]
                    room -= len(now_)
                    _write(sheet, now_)
                    if made := pipe.take():
                        yield made
                sheet.write(b"</sheetData></worksheet>")
    yield pipe.take()


def _write(sheet: IO[bytes], rows: Sequence[str]) -> None:
    sheet.write("".join(rows).encode())


def _big(release: Release) -> bool:
    """Whether a sheet may pass 2 GB, which a ZIP has to say before it; Excel reads both kinds."""
    return min(release.row_count, ROWS_A_SHEET) * max(1, len(release.columns)) * _CELL_BYTES > _BIG


def _opening(columns: Sequence[OpenColumn]) -> bytes:
    cells = "".join(
        f'<c s="3" t="inlineStr"><is><t xml:space="preserve">{escape(column.name)}</t></is></c>' for column in columns
    )
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    return f'{_HEAD}<worksheet xmlns="{_MAIN}">{view}<sheetData><row>{cells}</row>'.encode()


def _frame(sheets: int, title: str) -> dict[str, str]:
    """Everything but the worksheets."""
    numbers = range(1, sheets + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    names = "".join(f'<sheet name={_sheet_name(title, n)} sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    links = "".join(_link(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{parts}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{_link('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>",
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f"{_link('rId0', 'styles', 'styles.xml')}</Relationships>",
        "xl/styles.xml": _STYLES,
    }


def _link(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_DOC}/{kind}" Target="{target}"/>'


def _sheet_name(title: str, number: int) -> str:
    """At most 31 characters, none of those that Excel forbids."""
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in title if sign.isprintable()).strip()[:26] or "Data"
    return quoteattr(plain if number == 1 else f"{plain} {number}")
