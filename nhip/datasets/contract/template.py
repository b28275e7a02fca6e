"""A contract as an Excel workbook that an official fills in, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from nhip.datasets.contract import template_layout as layout
from nhip.datasets.contract.errors import TemplateTooLong
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.options import plain
from nhip.datasets.contract.template_layout import Entry
from nhip.datasets.contract.template_read import read_template

__all__ = ["read_template", "write_template"]

_CELL_LIMIT = 32_000
"""Excel holds 32,767 characters in a cell."""
_EMPTY_ROWS = 300
"""Rows below the entries that offer lists and the format for text."""

_EXAMPLE = (
    Field(name="ma_truong", delivered=("Mã trường", "Mã số trường"), title="Mã trường", kind="code", required=True, unique=True,
          primary_key=1, pattern="^TH[0-9]{5}$", description="Mã do Sở cấp, không đổi"),
    Field(name="ten", delivered=("Tên trường",), title="Tên trường", required=True),
    Field(name="cap_hoc", delivered=("Cấp học",), title="Cấp học", enum=("Mầm non", "Tiểu học", "THCS", "THPT")),
    Field(name="dien_tich", delivered=("Diện tích (m2)",), title="Diện tích", type="number", kind="quantity", unit="m2",
          minimum=0.0),
    Field(name="ngay_thanh_lap", delivered=("Ngày thành lập",), title="Ngày thành lập", type="date", order="dmy",
          minimum="1900-01-01"),
    Field(name="dien_thoai", delivered=("Điện thoại", "ĐT"), title="Điện thoại", kind="phone", classification="internal"),
)  # fmt: skip


def write_template(path: Path, contract: Contract | None = None) -> None:
    """Write the template to `path`, filled in from `contract` or empty. Raises TemplateTooLong if a cell cannot hold a list."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        pen = _Pen(book)
        pen.guide()
        pen.dataset(contract)
        pen.table(layout.COLUMNS, layout.COLUMN_ENTRIES, contract.fields if contract else ())
        pen.table(layout.RULES, layout.RULE_ENTRIES, contract.row_rules if contract else ())
        pen.table(layout.LINKS, layout.LINK_ENTRIES, contract.references if contract else ())
        pen.table(layout.EXAMPLE, layout.COLUMN_ENTRIES, _EXAMPLE, lists=False)
        pen.lists()


class _Pen:
    def __init__(self, book: Any) -> None:
        self.book = book
        base = {"font_name": "Arial", "font_size": 11, "valign": "top", "text_wrap": True}
        self.title = book.add_format({**base, "bold": True, "font_size": 16})
        self.line = book.add_format(base)
        self.heading = book.add_format({**base, "bold": True, "bg_color": "#D9E2EC", "border": 1, "locked": True})
        self.needed = book.add_format({**base, "bold": True, "bg_color": "#FFE699", "border": 1, "locked": True})
        self.hint = book.add_format(
            {**base, "italic": True, "font_color": "#486581", "bg_color": "#F0F4F8", "border": 1}
        )
        self.entry = book.add_format({**base, "num_format": "@", "border": 1, "border_color": "#BCCCDC"})

    def guide(self) -> None:
        sheet = self.book.add_worksheet(layout.GUIDE)
        sheet.set_column(0, 0, 110)
        for row, text in enumerate(layout.GUIDE_LINES):
            sheet.write_string(row, 0, text, self.line if row else self.title)

    def dataset(self, contract: Contract | None) -> None:
        sheet = self.book.add_worksheet(layout.DATASET)
        sheet.set_column(0, 0, 46)
        sheet.set_column(1, 1, 50, self.entry)
        sheet.set_column(2, 2, 60)
        for column, text in enumerate(("Mục", "Nội dung", "Gợi ý")):
            sheet.write_string(0, column, text, self.heading)
        sheet.freeze_panes(1, 1)
        for row, entry in enumerate(layout.DATASET_ENTRIES, 1):
            sheet.write_string(row, 0, entry.heading, self.needed if entry.required else self.heading)
            value = getattr(contract, entry.key) if contract else None
            sheet.write_string(row, 1, cell_text(entry, value), self.entry)
            sheet.write_string(row, 2, entry.hint, self.hint)
            self._offer(sheet, entry, row, 1, row)

    def table(self, name: str, entries: Sequence[Entry], items: Sequence[Any], lists: bool = True) -> None:
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(layout.FIRST_ROW, 1)
        last = layout.FIRST_ROW + len(items) + _EMPTY_ROWS
        for column, entry in enumerate(entries):
            sheet.set_column(column, column, entry.width, self.entry)
            sheet.write_string(0, column, entry.heading, self.needed if entry.required else self.heading)
            sheet.write_string(1, column, entry.hint, self.hint)
            if lists:
                self._offer(sheet, entry, layout.FIRST_ROW, column, last)
            for row, item in enumerate(items, layout.FIRST_ROW):
                sheet.write_string(row, column, cell_text(entry, getattr(item, entry.key)), self.entry)

    def lists(self) -> None:
        """The lists behind the choices, for those who want to read them at once."""
        sheet = self.book.add_worksheet(layout.LISTS)
        for column, (name, choices) in enumerate(_LISTS.items()):
            sheet.set_column(column, column, 30)
            sheet.write_string(0, column, name, self.heading)
            for row, (label, _value) in enumerate(choices, 1):
                sheet.write_string(row, column, label, self.line)

    def _offer(self, sheet: Any, entry: Entry, first: int, column: int, last: int) -> None:
        name = next((name for name, choices in _LISTS.items() if choices == entry.choices), "")
        if entry.cell == "cadence":
            name = "Chu kỳ"
        if entry.cell == "flag":
            sheet.data_validation(first, column, last, column, {"validate": "list", "source": ["x"]})
        if not name:
            return
        letter = chr(ord("A") + list(_LISTS).index(name))
        rule = {
            "validate": "list", "source": f"='{layout.LISTS}'!${letter}$2:${letter}${len(_LISTS[name]) + 1}",
            "error_title": "Hãy chọn trong danh sách", "error_message": f"Xem trang “{layout.LISTS}”.",
            "error_type": "information" if entry.cell == "cadence" else "stop",
        }  # fmt: skip
        sheet.data_validation(first, column, last, column, rule)


_LISTS: dict[str, tuple[tuple[str, Any], ...]] = {
    "Kiểu": layout.TYPES, "Ý nghĩa": layout.KINDS, "Mức lỗi": layout.SEVERITIES, "Mức độ bảo vệ": layout.CLASSES,
    "Thứ tự ngày tháng": layout.ORDERS, "Tình trạng": layout.STATUSES, "Chu kỳ": layout.CADENCES,
}  # fmt: skip


def cell_text(entry: Entry, value: Any) -> str:
    """The text of a cell for the value of a struct."""
    if value is None or value in ("", (), {}):
        return ""
    match entry.cell:
        case "lines":
            text = "\n".join(value)
        case "keys":
            text = "\n".join(", ".join(key) for key in value)
        case "flag":
            text = "x" if value else ""
        case "choice":
            text = next((label for label, known in entry.choices if known == value), str(value))
        case "severities":
            labels = {known: label for label, known in layout.SEVERITIES}
            text = "\n".join(f"{rule} = {labels[severity]}" for rule, severity in value.items())
        case "cadence":
            text = next((label for label, days in layout.CADENCES if days == value), str(plain(value)))
        case "count" if entry.key == "primary_key" and not value:
            text = ""
        case _:
            text = str(plain(value))
    if len(text) > _CELL_LIMIT:
        raise TemplateTooLong(what=entry.heading)
    return text
