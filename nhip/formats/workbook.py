"""The package of a workbook (XLSX, ODS) before its reader sees it: limits, what it carries besides cells, and a copy where the
reader would refuse or lose something."""

from __future__ import annotations

import html
import mmap
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from nhip.formats import archive, odsscan
from nhip.formats.allowance import Allowance
from nhip.formats.errors import BrokenFile, TooManyColumns, TooSpread
from nhip.formats.model import Merge, Note
from nhip.formats.repack import repacked
from nhip.formats.sheetscan import MOST_CELLS, Seen, column_letters, scan
from nhip.kernel.i18n import _
from nhip.settings import Settings

_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\b([^<>]*)>")
_SHEET_NAME: Final = re.compile(r"<(?:\w+:)?sheet\b([^<>]*)>")
_ATTRIBUTE: Final = re.compile(r"(?:\w+:)?(\w+)\s*=\s*[\"']([^\"']*)[\"']")
_XLS_ERROR: Final = re.compile(
    rb"\x05\x02\x08\x00(..)(..)..([\x00\x07\x0f\x17\x1d\x24\x2a])\x01|"
    rb"\x06\x00..(..)(..)..\x02\x00([\x00\x07\x0f\x17\x1d\x24\x2a])\x00\x00\x00\xff\xff",
    re.DOTALL,
)
"""BIFF8 records BOOLERR and FORMULA whose value is an error ([MS-XLS] 2.4.24, 2.5.133), which the reader gives as nothing."""
_XLS_CODES: Final = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"
}  # fmt: skip
_LEFT_EMPTY: Final = _(
    "{count} cells of the workbook hold an error in place of a result, such as {value} in {cell}; they were left empty. Correct "
    "the formulas and send it again."
)
_NOT_COMPUTED: Final = _(
    "The workbook has formulas without a stored result; their cells were left empty. Open it in a spreadsheet program, save it "
    "and send it again."
)
_FAILED: Final = _(
    "{count} cells of the workbook hold an error in place of a result, such as {value} in {cell}. Correct the formulas and "
    "send it again."
)
_ERROR_CELL: Final = re.compile(rb"(<(?:\w+:)?c\b[^<>]*?\st=[\"'])e(?=[\"'])")
_BETWEEN: Final = re.compile(rb">\s+<(?=/?table:|text:p\b)")
"""Line ends between rows and cells, which programs that write ODS for people's eyes put there and the reader refuses."""


class Inspected(NamedTuple):
    """A workbook as its reader can take it, what to tell of it, and merged cells by sheet where the reader tells of none."""

    path: Path
    notes: list[Note]
    merges: dict[str, list[Merge]]


def inspected(path: Path, kind: str, work: Path, settings: Settings, allowance: Allowance, filename: str) -> Inspected:
    """Look at the package; a copy goes to `work` where it must differ. Raises TooSpread, TooManyColumns
    and what `archive.open_package` does."""
    merges: dict[str, list[Merge]] = {}
    notes: list[Note] = []
    change: Callable[[bytes], bytes] | None = None
    with archive.open_package(path, allowance, filename) as package:
        names = package.namelist()
        if kind == "ods":
            sheets = odsscan.scan(package, filename)
            merges = sheets.merges
            change = partial(_BETWEEN.sub, rb"><") if sheets.spaced else None
        if kind == "xlsx":
            sheet_names = _sheet_names(package, filename)
            found = [name for name in names if _SHEET.fullmatch(name)]
            seen = [
                _checked(package, name, sheet_names.get(name, Path(name).stem), settings, filename) for name in found
            ]
            notes = _told(seen)
            change = partial(_ERROR_CELL.sub, rb"\1str") if any(one.errors for one in seen) else None
        if any(name.endswith("vbaProject.bin") for name in names):
            notes.append(Note(code="file.macros", message=_("The workbook contains macros. They were not run.")))
        if change is not None:
            path = repacked(package, work / f"readable.{kind}", _is_sheet, change, filename)
    return Inspected(path, notes, merges)


def _told(seen: list[Seen]) -> list[Note]:
    notes = []
    if any(one.lacking for one in seen):
        notes.append(Note(code="file.formulas", message=_NOT_COMPUTED))
    if failed := [one for one in seen if one.errors]:
        count, first = sum(one.errors for one in failed), failed[0]
        values = {"count": str(count), "value": first.error, "cell": f"{first.name}!{first.at}"}
        notes.append(Note(code="cell.error", message=_FAILED, values=values))
    return notes


def errors_of_xls(path: Path) -> list[Note]:
    """What to tell of errors in an old workbook (.xls)."""
    count, first = 0, None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for match in _XLS_ERROR.finditer(data):
            count += 1
            first = first or [group for group in match.groups() if group is not None]
    if first is None:
        return []
    row, column = (int.from_bytes(group, "little") + 1 for group in first[:2])
    values = {"count": str(count), "value": _XLS_CODES[first[2][0]], "cell": f"{column_letters(column)}{row}"}
    return [Note(code="cell.error", message=_LEFT_EMPTY, values=values)]


def _sheet_names(package: zipfile.ZipFile, filename: str) -> dict[str, str]:
    """The names that people see, by the entries of the sheets."""
    names: dict[str, str] = {}
    with archive.reading("xl/workbook.xml", filename):
        entries = set(package.namelist()) & {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
        texts = {name: package.read(name).decode(errors="replace") for name in entries}
    targets = {}
    for element in _RELATION.findall(texts.get("xl/_rels/workbook.xml.rels", "")):
        told = dict(_ATTRIBUTE.findall(element))
        targets[told.get("Id", "")] = "xl/" + told.get("Target", "").removeprefix("/xl/")
    for element in _SHEET_NAME.findall(texts.get("xl/workbook.xml", "")):
        told = dict(_ATTRIBUTE.findall(element))
        names[targets.get(told.get("id", ""), "")] = html.unescape(told.get("name", ""))
    return names


def _checked(package: zipfile.ZipFile, name: str, sheet: str, settings: Settings, filename: str) -> Seen:
    """The reader reserves a full rectangle, so a stray cell far away could take all memory: measure it first."""
    try:
        with archive.reading(name, filename), package.open(name) as source:
            seen = scan(source)
            seen.name = sheet
    except ValueError as error:
        raise BrokenFile(file=filename, format="XLSX", what=_("its content cannot be read")) from error
    area = seen.width * seen.last
    if area > MOST_CELLS and seen.cells * 50 < area:
        raise TooSpread(table=sheet, file=filename, rows=seen.last, columns=seen.width)
    if seen.width > settings.max_columns:
        raise TooManyColumns(table=sheet, file=filename, columns=seen.width, limit=settings.max_columns)
    return seen


def _is_sheet(name: str) -> bool:
    return _SHEET.fullmatch(name) is not None or name == "content.xml"
