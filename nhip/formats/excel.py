"""Workbooks (XLSX, XLSM, XLS, XLSB, ODS): sheets as grids of text cells. Formulas give their stored results; macros never run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from nhip.formats import workbook
from nhip.formats.allowance import Allowance
from nhip.formats.errors import BrokenFile, PasswordProtected, TooManyColumns
from nhip.formats.model import Grid, Merge, Note, Opened, Row
from nhip.kernel.i18n import _
from nhip.settings import Settings

_DURATION: Final = re.compile(r"PT(\d{1,5})H(\d\d?)M(\d\d?)(?:[.,]\d+)?S")
_PANIC: Final = "PanicException"


def open_workbook(path: Path, kind: str, work: Path, settings: Settings, allowance: Allowance, filename: str) -> Opened:
    """The sheets of a workbook; `work` takes a copy that the reader can read. Raises BrokenFile, PasswordProtected,
    TooSpread, TooManyColumns and what `archive.open_package` does."""
    merges: dict[str, list[Merge]] = {}
    if kind != "xls":
        path, notes, merges = workbook.inspected(path, kind, work, settings, allowance, filename)
    else:
        notes = workbook.errors_of_xls(path)
    book = _load(_named(path, kind, work), kind, filename)
    parts = []
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = _sheet(book, meta.name, kind, filename)
        if sheet.total_width > settings.max_columns:
            raise TooManyColumns(table=meta.name, file=filename, columns=sheet.total_width, limit=settings.max_columns)
        if meta.visible != SheetVisibleEnum.Visible:
            notes.append(hidden(meta.name))
        parts.append(_grid(sheet, kind, merges.get(meta.name, [])))
    return Opened(format=kind, encoding="", parts=[*parts], notes=notes)


def hidden(name: str) -> Note:
    """What to tell about a sheet that the workbook does not show."""
    message = _("The sheet {sheet} is hidden in the workbook; it was read all the same.")
    return Note(code="sheet.hidden", message=message, table=name, values={"sheet": name})


def _named(path: Path, kind: str, work: Path) -> Path:
    """The reader goes by the suffix where there is one: a file under another name is linked under the right one."""
    if path.suffix.lower() in ("", f".{kind}"):
        return path
    named = work / f"workbook.{kind}"
    named.unlink(missing_ok=True)
    named.symlink_to(path.resolve())
    return named


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


def _grid(sheet: CalamineSheet, kind: str, merges: list[Merge]) -> Grid:
    ranges = sheet.merged_cell_ranges or []
    merges = merges or [Merge(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in ranges]
    return Grid(name=sheet.name, sheet=sheet.name, rows=lambda: _rows(sheet, kind), merges=merges)


def _rows(sheet: CalamineSheet, kind: str) -> Iterator[Row]:
    if sheet.start is None:
        return
    text = cell_text if kind != "ods" else _ods_text
    before: list[str | None] = [None] * sheet.start[1]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield number, before + [text(cell) for cell in cells]


def _ods_text(value: Any) -> str | None:
    """A cell of ODS, whose durations the reader gives as they are written there (ISO 8601): hours, minutes, seconds."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        return ":".join(f"{int(number):02}" for number in found.groups())
    return cell_text(value)


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
