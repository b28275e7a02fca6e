"""Workbooks (XLSX, XLSM, XLS, XLSB, ODS): sheets as grids of text cells. Formulas give their stored results; macros never run."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import defusedxml
import defusedxml.ElementTree
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from nhip.formats import archive
from nhip.formats.allowance import Allowance
from nhip.formats.errors import BrokenFile, PasswordProtected, TooManyColumns, TooSpread
from nhip.formats.model import Grid, Merge, Note, Opened, Row
from nhip.kernel.i18n import _
from nhip.settings import Settings

_CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"|<c [^>]{0,80}?\br="([A-Z]{1,3})(\d+)"')
_NO_RESULT: Final = re.compile(
    rb'<c (?![^>]{0,80}\bt="str")[^>]{0,80}><f\b[^>]{0,80}>[^<]*</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
"""A formula whose result nobody stored; an empty text is a result."""
_NOT_COMPUTED: Final = _(
    "The workbook has formulas without a stored result; their cells were left empty. Open it in a spreadsheet program, save it "
    "and send it again."
)
MOST_CELLS: Final = 20_000_000
"""Area of a sheet above which it must be reasonably full."""
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_PANIC: Final = "PanicException"


def open_workbook(path: Path, kind: str, settings: Settings, allowance: Allowance, filename: str) -> Opened:
    """The sheets of a workbook. Raises BrokenFile, PasswordProtected, TooSpread, TooManyColumns and what `open_package` does."""
    notes: list[Note] = []
    if kind != "xls":
        notes = _inspect_package(path, kind, settings, allowance, filename)
    book = _load(path, kind, filename)
    parts = []
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = _sheet(book, meta.name, kind, filename)
        if sheet.total_width > settings.max_columns:
            raise TooManyColumns(table=meta.name, file=filename, columns=sheet.total_width, limit=settings.max_columns)
        if meta.visible != SheetVisibleEnum.Visible:
            notes.append(hidden(meta.name))
        parts.append(_grid(sheet))
    return Opened(format=kind, encoding="", parts=[*parts], notes=notes)


def hidden(name: str) -> Note:
    """What to tell about a sheet that the workbook does not show."""
    message = _("The sheet {sheet} is hidden in the workbook; it was read all the same.")
    return Note(code="sheet.hidden", message=message, table=name, values={"sheet": name})


def _load(path: Path, kind: str, filename: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except PasswordError as error:
        raise PasswordProtected(file=filename) from error
    except (CalamineError, OSError, ValueError) as error:
        raise BrokenFile(file=filename, format=kind.upper(), what=_("its content cannot be read")) from error
    except BaseException as error:
        raise _unless_panic(error, kind, filename) from error


def _sheet(book: CalamineWorkbook, name: str, kind: str, filename: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError) as error:
        raise BrokenFile(file=filename, format=kind.upper(), what=_("its content cannot be read")) from error
    except BaseException as error:
        raise _unless_panic(error, kind, filename) from error


def _unless_panic(error: BaseException, kind: str, filename: str) -> BaseException:
    """A panic inside the reader (it is no Exception) is a damaged file; anything else is not ours to judge."""
    if type(error).__name__ == _PANIC:
        return BrokenFile(file=filename, format=kind.upper(), what=_("its content cannot be read"))
    return error


def _inspect_package(path: Path, kind: str, settings: Settings, allowance: Allowance, filename: str) -> list[Note]:
    """Limits of the package before anything is unpacked, and what it carries besides cells."""
    notes: list[Note] = []
    with archive.open_package(path, allowance, filename) as package:
        names = package.namelist()
        if kind == "ods":
            _check_repeats(package, filename)
        if kind == "xlsx":
            sheets = [name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            lacking = [_check_area(package, name, settings, filename) for name in sheets]
            if True in lacking:
                notes.append(Note(code="file.formulas", message=_NOT_COMPUTED))
        if any(name.endswith("vbaProject.bin") for name in names):
            notes.append(Note(code="file.macros", message=_("The workbook contains macros. They were not run.")))
    return notes


def _check_area(package: zipfile.ZipFile, name: str, settings: Settings, filename: str) -> bool:
    """The reader reserves a full rectangle, so a stray cell far away could take all memory: measure it first. Gives whether
    a formula of the sheet lacks its result."""
    columns: set[bytes] = set()
    last = cells = 0
    lacking = False
    tail = b""
    with archive.reading(name, filename), package.open(name) as source:
        while chunk := source.read(1 << 20):
            found = _CELL.findall(tail + chunk)
            lacking = lacking or _NO_RESULT.search(tail + chunk) is not None
            tail = chunk[-100:]  # a cell may be cut; one that is counted twice does no harm
            cells += len(found)
            columns.update(a or b for a, _r, b, _s in found)
            last = max(last, max((int(r or s) for _a, r, _b, s in found), default=0))
    width = max(map(_column_number, columns), default=0)
    sheet = Path(name).stem
    if width * last > MOST_CELLS and cells * 50 < width * last:
        raise TooSpread(table=sheet, file=filename, rows=last, columns=width)
    if width > settings.max_columns:
        raise TooManyColumns(table=sheet, file=filename, columns=width, limit=settings.max_columns)
    return lacking


def _check_repeats(package: zipfile.ZipFile, filename: str) -> None:
    """ODS writes equal cells and rows once with a count, which the reader unrolls: add up what that would come to."""
    total = width = 0
    try:
        with archive.reading("content.xml", filename), package.open("content.xml") as source:
            for _event, element in defusedxml.ElementTree.iterparse(source, forbid_dtd=True):
                if element.tag == f"{_TABLE}table-cell" and len(element):
                    width += int(element.get(f"{_TABLE}number-columns-repeated", "1"))
                if element.tag == f"{_TABLE}table-row":
                    total += width * int(element.get(f"{_TABLE}number-rows-repeated", "1"))
                    width = 0
                    element.clear()
                if total > MOST_CELLS or width > MOST_CELLS:
                    raise TooSpread(table="content.xml", file=filename, rows=total // max(width, 1), columns=width)
    except (ElementTree.ParseError, defusedxml.DefusedXmlException) as error:
        raise BrokenFile(file=filename, format="ODS", what=_("its content cannot be read")) from error


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _grid(sheet: CalamineSheet) -> Grid:
    ranges = sheet.merged_cell_ranges or []
    merges = [Merge(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in ranges]
    return Grid(name=sheet.name, sheet=sheet.name, rows=lambda: _rows(sheet), merges=merges)


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    if sheet.start is None:
        return
    before: list[str | None] = [None] * sheet.start[1]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield number, before + [cell_text(cell) for cell in cells]


def cell_text(value: Any) -> str | None:
    """A typed cell as canonical text: ISO dates and times, numbers with 15 digits as Excel shows them, TRUE/FALSE."""
    if value is None or isinstance(value, str):
        return (value or "").replace("_x000D_", "").replace("\0", "") or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    return _moment_text(value)


def _moment_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)


def number_text(value: float) -> str | None:
    """A number without `.0` and without exponent; None for what is no number."""
    if not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e" in text else text
