"""Reads a filled-in Excel template. Everything wrong is told at once, with sheet, cell and what is expected."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import python_calamine

from nhip.datasets.contract import template_layout as layout
from nhip.datasets.contract.errors import ExpressionRefused, TemplateInvalid, TemplateUnreadable
from nhip.datasets.contract.expression import validate_expression
from nhip.datasets.contract.model import Contract, Field, Reference, RowRule
from nhip.datasets.contract.notes import Notes
from nhip.datasets.contract.options import NUMERIC, TEMPORAL
from nhip.datasets.contract.patterns import pattern_problem
from nhip.datasets.contract.template_layout import Entry
from nhip.datasets.contract.values import comparable
from nhip.datasets.model import ROW
from nhip.formats.allowance import Allowance
from nhip.formats.archive import open_package
from nhip.formats.errors import UnpacksTooLarge, UnusableFile
from nhip.kernel.i18n import _
from nhip.kernel.text import fold, nfc
from nhip.kernel.values.booleans import parse_boolean
from nhip.kernel.values.registry import parser_for

MAX_BYTES = 20_000_000
MAX_UNPACKED_MB = 200
MAX_ROWS = 10_000
Rows = list[list[Any]]


def read_template(path: Path) -> Contract:
    """The contract in the template at `path` (.xlsx). Raises TemplateUnreadable (no workbook of ours) or TemplateInvalid with
    one problem a wrong cell (`path` is `Sheet!B4`)."""
    sheets = _sheets(path)
    reader = _Reader()
    head = reader.dataset(sheets[layout.DATASET])
    fields = [item for item in reader.table(layout.COLUMNS, sheets[layout.COLUMNS]) if item]
    contract = reader.contract(head, fields, sheets)
    if contract is None or reader.notes.problems:
        raise TemplateInvalid(reader.notes.problems)
    return contract


def _sheets(path: Path) -> dict[str, Rows]:
    _check_size(path)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            found = {fold(name): name for name in book.sheet_names}
            wanted = [layout.DATASET, layout.COLUMNS, layout.RULES, layout.LINKS]
            missing = [name for name in wanted[:2] if fold(name) not in found]
            if missing:
                raise TemplateUnreadable(what=_("a sheet of the template is missing"), detail=", ".join(missing))
            return {name: _rows(book, found.get(fold(name))) for name in wanted}
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise TemplateUnreadable(what=_("it is no Excel workbook (.xlsx), or it is protected by a password")) from error


def _check_size(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TemplateUnreadable(what=_("it is larger than 20 MB"))
        allowance = Allowance(path.stat().st_size, MAX_UNPACKED_MB, path.name)
        with open_package(path, allowance, path.name):
            pass
    except UnpacksTooLarge as error:
        raise TemplateUnreadable(what=_("it unpacks to more than 200 MB")) from error
    except UnusableFile as error:
        raise TemplateUnreadable(what=_("it is no Excel workbook (.xlsx), or it is protected by a password")) from error


def _rows(book: Any, name: str | None) -> Rows:
    if name is None:
        return []
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height > MAX_ROWS:
        raise TemplateUnreadable(what=_("a sheet has more than 10,000 rows"))
    return [list(row) for row in sheet.to_python(skip_empty_area=False)]


class _Reader:
    def __init__(self) -> None:
        self.notes = Notes()
        self.cells: dict[tuple[str, str, int], str] = {}
        """(sheet, key, number of the item) -> address, for what is judged after all cells are read."""

    def wrong(self, at: str, wanted: str, found: object) -> None:
        message = _("expected {wanted}, found `{found}`")
        self.notes.add("fatal", "template.cell", message, path=at, wanted=wanted, found=found)

    def dataset(self, rows: Rows) -> dict[str, Any]:
        """The values of the dataset sheet by attribute of Contract."""
        lines = {_heading(row[0]): (number, row) for number, row in enumerate(rows) if row and row[0]}
        found: dict[str, Any] = {}
        for entry in layout.DATASET_ENTRIES:
            number, row = lines.get(_heading(entry.heading), (-1, []))
            at = f"{layout.DATASET}!B{number + 1}" if number >= 0 else layout.DATASET
            value = self.cell(entry, row[1] if len(row) > 1 else "", at, {})
            self.cells[layout.DATASET, entry.key, 0] = at
            if value is not None:
                found[entry.key] = value
            elif entry.required:
                self.wrong(at, entry.heading, "")
        return found

    def table(self, name: str, rows: Rows) -> list[dict[str, Any]]:
        """One dict of attributes a filled row of a table sheet."""
        entries = layout.SHEETS[name]
        places = self._places(name, entries, rows)
        items: list[dict[str, Any]] = []
        for number, row in enumerate(rows[layout.FIRST_ROW :], layout.FIRST_ROW):
            if any(_text(value) for value in row):
                items.append(self._item(name, entries, places, number, row, len(items)))
        if not items and name == layout.COLUMNS:
            self.wrong(f"{name}!A{layout.FIRST_ROW + 1}", _("at least one column"), "")
        return items

    def _places(self, name: str, entries: Sequence[Entry], rows: Rows) -> dict[str, int]:
        headings = {_heading(text): place for place, text in enumerate(rows[0])} if rows else {}
        places = {
            entry.key: headings[_heading(entry.heading)] for entry in entries if _heading(entry.heading) in headings
        }
        known = {_heading(entry.heading) for entry in entries}
        for text, place in headings.items():
            if text and text not in known:
                self.wrong(f"{name}!{_letters(place)}1", _("a heading of the template"), rows[0][place])
        for entry in entries:
            if rows and entry.required and entry.key not in places:
                message = _("the heading “{heading}” is missing")
                self.notes.add("fatal", "template.heading", message, path=f"{name}!A1", heading=entry.heading)
        return places

    def _item(
        self, name: str, entries: Sequence[Entry], places: dict[str, int], number: int, row: list[Any], count: int
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in entries:
            if entry.key not in places:
                continue
            at = f"{name}!{_letters(places[entry.key])}{number + 1}"
            self.cells[name, entry.key, count] = at
            raw = row[places[entry.key]] if places[entry.key] < len(row) else ""
            value = self.cell(entry, raw, at, found)
            if value is not None:
                found[entry.key] = value
            elif entry.required and not _text(raw):
                self.wrong(at, entry.heading, "")
        return found

    def cell(self, entry: Entry, raw: Any, at: str, row: dict[str, Any]) -> Any:
        """The value of a cell; None where it is empty or wrong (noted)."""
        text = _text(raw)
        if not text:
            return None
        return _CELLS[entry.cell](self, entry, raw, text, at, row)

    def contract(self, head: dict[str, Any], items: list[dict[str, Any]], sheets: dict[str, Rows]) -> Contract | None:
        """Put the parts together and judge what needs all of them."""
        rules = self.table(layout.RULES, sheets[layout.RULES])
        links = self.table(layout.LINKS, sheets[layout.LINKS])
        self._check_names(items)
        self._check_patterns(items)
        types = {item["name"]: item.get("type", "string") for item in items if "name" in item}
        self._check_rules(rules, types)
        self._check_links(links, head.get("duplicate_keys", ()), types)
        if self.notes.problems:
            return None
        head = {"id": head["dataset"], "version": "1.0.0", **head}
        return Contract(
            **head,
            fields=tuple(Field(**item) for item in items),
            row_rules=tuple(RowRule(**item) for item in rules),
            references=tuple(Reference(**item) for item in links),
        )

    def _check_names(self, items: list[dict[str, Any]]) -> None:
        seen: set[str] = set()
        for number, item in enumerate(items):
            name = item.get("name", "")
            at = self.cells.get((layout.COLUMNS, "name", number), layout.COLUMNS)
            if name.lower() in seen:
                self.wrong(at, _("a name that no other column has"), name)
            elif name and (len(name) > 200 or not name.isprintable() or name.lower() == ROW):
                self.wrong(at, _("a short name such as ma_truong"), name)
            seen.add(name.lower())

    def _check_patterns(self, items: list[dict[str, Any]]) -> None:
        for number, item in enumerate(items):
            problem = pattern_problem(item["pattern"]) if "pattern" in item else ""
            if problem:
                at = self.cells[layout.COLUMNS, "pattern", number]
                message = _("`{found}` is no regular expression (RE2): {what}")
                self.notes.add("fatal", "template.cell", message, path=at, found=item["pattern"], what=problem)

    def _check_rules(self, rules: list[dict[str, Any]], types: dict[str, str]) -> None:
        for number, rule in enumerate(rules):
            try:
                validate_expression(rule.get("holds", "true"), types)
            except ExpressionRefused as error:
                at = self.cells[layout.RULES, "holds", number]
                message = _("the rule `{expression}` cannot be run: {what}{detail}")
                self.notes.add("fatal", "template.rule", message, path=at, **error.values)

    def _check_links(
        self, links: list[dict[str, Any]], duplicates: tuple[tuple[str, ...], ...], types: dict[str, str]
    ) -> None:
        for number, link in enumerate(links):
            at = self.cells[layout.LINKS, "columns", number]
            unknown = [name for name in link.get("columns", ()) if name not in types]
            if unknown:
                self.wrong(at, _("names of the sheet of columns"), ", ".join(unknown))
            if len(link.get("columns", ())) != len(link.get("to_columns", ())):
                self.wrong(at, _("as many columns on both sides"), len(link.get("columns", ())))
        unknown = sorted({name for key in duplicates for name in key if name not in types})
        if unknown:
            self.wrong(
                self.cells[layout.DATASET, "duplicate_keys", 0], _("names of the sheet of columns"), ", ".join(unknown)
            )

    def as_text(self, _entry: Entry, _raw: Any, text: str, _at: str, _row: dict[str, Any]) -> str:
        return text

    def as_lines(self, _entry: Entry, _raw: Any, text: str, _at: str, _row: dict[str, Any]) -> tuple[str, ...]:
        return tuple(line.strip() for line in text.split("\n") if line.strip())

    def as_keys(self, entry: Entry, raw: Any, text: str, at: str, row: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
        lines = self.as_lines(entry, raw, text, at, row)
        return tuple(tuple(part.strip() for part in line.split(",") if part.strip()) for line in lines)

    def as_flag(self, _entry: Entry, raw: Any, text: str, at: str, _row: dict[str, Any]) -> bool | None:
        if isinstance(raw, bool):
            return raw
        value = parse_boolean(text).value
        if value is None:
            self.wrong(at, _("x, or nothing"), text)
            return None
        return value == "true"

    def as_number(self, _entry: Entry, raw: Any, text: str, at: str, _row: dict[str, Any]) -> float | None:
        value = _number(raw, text)
        if value is None:
            self.wrong(at, _("a number"), text)
        return value

    def as_count(self, entry: Entry, raw: Any, text: str, at: str, row: dict[str, Any]) -> int | None:
        value = _number(raw, text)
        if value is None or value < 0 or not value.is_integer():
            self.wrong(at, _("a whole number, 0 or more"), text)
            return None
        return int(value)

    def as_limit(self, _entry: Entry, raw: Any, text: str, at: str, row: dict[str, Any]) -> float | str | None:
        kind = row.get("type", "string")
        if kind in TEMPORAL:
            value = _moment(raw, text, kind)
            if value is None:
                self.wrong(at, _("a date such as 31/12/2025 (or a time)"), text)
            return value
        number = _number(raw, text)
        if number is None or kind not in NUMERIC:
            self.wrong(at, _("a number, and “Kiểu” a number or a date"), text)
            return None
        return number

    def as_choice(self, entry: Entry, _raw: Any, text: str, at: str, _row: dict[str, Any]) -> str | None:
        found = _choice(entry.choices, text)
        if found is None:
            self.wrong(at, ", ".join(label for label, _value in entry.choices), text)
        return found

    def as_cadence(self, _entry: Entry, raw: Any, text: str, at: str, _row: dict[str, Any]) -> float | None:
        for label, days in layout.CADENCES:
            if fold(label) == fold(text):
                return days
        value = _number(raw, text)
        if value is None or value <= 0:
            labels = ", ".join(label for label, _days in layout.CADENCES)
            message = _("expected {wanted} or a number of days, found `{found}`")
            self.notes.add("fatal", "template.cell", message, path=at, wanted=labels, found=text)
            return None
        return value

    def as_severities(self, entry: Entry, raw: Any, text: str, at: str, row: dict[str, Any]) -> dict[str, str] | None:
        found: dict[str, str] = {}
        for line in self.as_lines(entry, raw, text, at, row):
            rule, _sign, label = line.rpartition("=")
            severity = _choice(layout.SEVERITIES, label)
            if not rule.strip() or severity is None:
                self.wrong(at, _("lines such as enum = Cảnh báo"), line)
            else:
                found[rule.strip()] = severity
        return found


_CELLS: dict[str, Callable[..., Any]] = {
    "text": _Reader.as_text, "lines": _Reader.as_lines, "keys": _Reader.as_keys, "flag": _Reader.as_flag,
    "number": _Reader.as_number, "count": _Reader.as_count, "limit": _Reader.as_limit, "choice": _Reader.as_choice,
    "cadence": _Reader.as_cadence, "severities": _Reader.as_severities,
}  # fmt: skip


def _choice(choices: Sequence[tuple[str, str]], text: str) -> str | None:
    """The value of a label, or of the English word itself."""
    wanted = fold(text)
    return next((value for label, value in choices if wanted in (fold(label), fold(value))), None)


def _text(raw: Any) -> str:
    """A cell as text: whole numbers without `.0`, dates as ISO 8601."""
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    if isinstance(raw, datetime | date | time):
        return raw.isoformat()
    return nfc(str(raw)).replace("\r\n", "\n").strip()


def _number(raw: Any, text: str) -> float | None:
    """A number cell, or text with a decimal point or one decimal comma."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw)
    candidate = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        value = float(candidate)
    except ValueError:
        return None
    return value if math.isfinite(value) and candidate.isascii() and "_" not in candidate else None


def _moment(raw: Any, text: str, kind: str) -> str | None:
    """ISO 8601 as it is, anything else as people write it, day first."""
    if isinstance(raw, datetime) and kind == "date":
        return raw.date().isoformat()
    if comparable(kind, text) is not None and not text.isdigit():
        return text
    return parser_for(kind, order="dmy")(text).value


def _heading(raw: Any) -> str:
    return fold(_text(raw))


def _letters(place: int) -> str:
    """0 is A, 26 is AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
