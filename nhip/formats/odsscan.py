"""A look over the content of an ODS workbook before its reader sees it: what it unrolls to, its merged cells, its white space."""

from __future__ import annotations

import zipfile
from typing import Final
from xml.etree import ElementTree

import defusedxml
import defusedxml.ElementTree

from nhip.formats import archive
from nhip.formats.errors import BrokenFile, TooSpread
from nhip.formats.model import Merge
from nhip.formats.sheetscan import MOST_CELLS
from nhip.kernel.i18n import _

_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


class Sheets:
    """What was seen. `spaced`: white space stands between rows or cells."""

    def __init__(self) -> None:
        self.spaced = False
        self.merges: dict[str, list[Merge]] = {}
        self.cells = self.width = 0
        self._row = self._column = 0
        self._merged: list[Merge] = []

    def add(self, element: ElementTree.Element) -> None:
        """Count one element of the document, at its end."""
        match element.tag.removeprefix(_TABLE):
            case "table-cell":
                self._cell(element)
            case "covered-table-cell":
                self._column += _count(element, "number-columns-repeated")
            case "table-row":
                self.spaced = self.spaced or bool(element.text or (len(element) and element[0].tail))
                self.cells += self.width * _count(element, "number-rows-repeated")
                self._row += _count(element, "number-rows-repeated")
                self.width = self._column = 0
                element.clear()
            case "table":
                self.merges[element.get(f"{_TABLE}name", "")] = self._merged
                self._row, self._merged = 0, []

    def _cell(self, element: ElementTree.Element) -> None:
        repeated = _count(element, "number-columns-repeated")
        if len(element):
            self.width += repeated
        down, across = _count(element, "number-rows-spanned"), _count(element, "number-columns-spanned")
        if down > 1 or across > 1:
            top, left = self._row + 1, self._column
            self._merged.append(Merge(top, left, top + down - 1, left + across - 1))
        self._column += repeated


def _count(element: ElementTree.Element, name: str) -> int:
    return int(element.get(f"{_TABLE}{name}", "1"))


def scan(package: zipfile.ZipFile, filename: str) -> Sheets:
    """ODS writes equal cells and rows once with a count, which the reader unrolls: add up what that would come to. Raises
    TooSpread, BrokenFile, BrokenEntry."""
    sheets = Sheets()
    try:
        with archive.reading("content.xml", filename), package.open("content.xml") as source:
            for _event, element in defusedxml.ElementTree.iterparse(source, forbid_dtd=True):
                sheets.add(element)
                if sheets.cells > MOST_CELLS or sheets.width > MOST_CELLS:
                    rows = sheets.cells // max(sheets.width, 1)
                    raise TooSpread(table="content.xml", file=filename, rows=rows, columns=sheets.width)
    except (ElementTree.ParseError, defusedxml.DefusedXmlException) as error:
        raise BrokenFile(file=filename, format="ODS", what=_("its content cannot be read")) from error
    return sheets
