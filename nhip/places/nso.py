"""Importer of the National Statistics Office's conversion table of communes, before and after 1 July 2025 (CSV).

Nine columns: new province (code), new commune, its code, old commune, its code, note on the merger, old district (code), old
province (code), blank. Two header rows, title rows with the province alone, types in any case, double blanks, typing errors.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

from nhip.kernel.i18n import _
from nhip.kernel.text import canonical, fold, squash
from nhip.places.errors import NotAConversionTable, NothingInIt, TooLarge
from nhip.places.imported import Edge, Fault, Imported, Listed, split_name
from nhip.places.model import COMMUNES_OF_2025, Unit
from nhip.places.register import Register
from nhip.places.words import name_accents, name_key

MAX_BYTES = 64 * 1024 * 1024
_CODED = re.compile(r"^(.*?)\s*\((\d{2,3})\)\s*$")

UNTIDY = _("blanks, letter case or tones were put in order")
NO_TYPE = _("the unit has no type that is known")
BAD_CODE = _("the code is not one of five digits")
OTHER_CODE = _("the old code belongs to another commune; the commune was found by its name in its district")
TWO_NAMES = _("the new code is used for two names")
NO_COLUMNS = _("the row has too few columns")


class _Reader:
    """Collects units, edges and faults row by row."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.units: dict[str, Listed] = {}
        self.before: dict[str, Listed] = {}
        self.edges: list[Edge] = []
        self.faults: list[Fault] = []
        self.eve = COMMUNES_OF_2025 - timedelta(days=1)

    def row(self, number: int, cells: list[str]) -> None:
        """One row of the table; title rows and blank rows are passed over."""
        if len(cells) < 8:
            if any(cells):
                self.faults.append(Fault(row=number, what=NO_COLUMNS))
            return
        province, name, code, old_name, old_code, note, district, old_province = (squash(c) for c in cells[:8])
        top = self._coded(province, "province", "")
        if not name or top is None:
            return
        self.units.setdefault(top.code, top)
        listed = self._commune(number, cells[1], code, top.code)
        if listed is None:
            return
        known = self.units.setdefault(listed.code, listed)
        if name_accents(known.name) != name_accents(listed.name):
            self.faults.append(Fault(row=number, what=TWO_NAMES, value=name))
        old_top = self._coded(old_province, "province", "")
        below = self._coded(district, "district", old_top.code if old_top else "")
        if below is None:
            return
        self._old(number, (cells[3] if old_name else "", old_code), below, listed.code, note)

    def _old(self, number: int, old: tuple[str, str], below: Listed, new: str, note: str) -> None:
        name, code = old
        if not name:
            if _whole_district(note):
                self.edges.append(Edge(old=below.code, new=new, kind="whole", note=canonical(note)))
            return
        listed = self._commune(number, name, code, below.code)
        if listed is None:
            return
        actual = self._actual(number, listed)
        self.before.setdefault(
            actual, Listed(code=actual, level="commune", type=listed.type, name=listed.name, parent=below.code)
        )
        self.edges.append(Edge(old=actual, new=new, kind=_kind(note), note=canonical(note)))

    def _actual(self, number: int, listed: Listed) -> str:
        """The code of an old commune; where its code is another's, the code of the commune of that name in the district."""
        by_code = self.register.find_unit(listed.code, self.eve)
        if by_code is None or _alike(by_code, listed):
            return listed.code
        named = [
            u for u in self.register.children(listed.parent, self.eve) if u.type == listed.type and _alike(u, listed)
        ]
        if len(named) == 1:
            self.faults.append(Fault(row=number, what=OTHER_CODE, value=f"{listed.code} {listed.name}"))
            return named[0].code
        return listed.code

    def _commune(self, number: int, text: str, code: str, parent: str) -> Listed | None:
        kind, name = split_name(text)
        if not re.fullmatch(r"\d{5}", code):
            self.faults.append(Fault(row=number, what=BAD_CODE, value=f"{squash(text)} {code}"))
            return None
        if not kind:
            self.faults.append(Fault(row=number, what=NO_TYPE, value=squash(text)))
            known = self.register.find_unit(code, self.eve)
            if known is None or name_key(known.name) != name_key(name):
                return None
            kind = known.type
        elif text != f"{kind.capitalize()} {name}":
            self.faults.append(Fault(row=number, what=UNTIDY, value=text))
        return Listed(code=code, level="commune", type=kind, name=name, parent=parent)

    @staticmethod
    def _coded(text: str, level: Literal["province", "district"], parent: str) -> Listed | None:
        found = _CODED.match(text)
        if found is None or not (parts := split_name(found[1]))[0]:
            return None
        return Listed(code=found[2], level=level, type=parts[0], name=parts[1], parent=parent)


def _alike(unit: Unit, listed: Listed) -> bool:
    return name_key(unit.name) == name_key(listed.name)


def _kind(note: str) -> Literal["whole", "part"]:
    """`Nhập một phần diện tích` and its misspellings are a part; a split's remainder too."""
    plain = fold(note)
    return "part" if "mot phan" in plain or "phan con lai" in plain else "whole"


def _whole_district(note: str) -> bool:
    return "toan bo huyen" in fold(note)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    if path.stat().st_size > MAX_BYTES:
        raise TooLarge(path=path, what="MB", limit=MAX_BYTES // 2**20)
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from enumerate(csv.reader(file), start=1)


def read(path: Path, register: Register) -> Imported:
    """Read the table. The register helps to recognise old codes that were typed wrong.

    Raises NotATable when the file is no such table; faults of single rows are in the result.
    """
    reader = _Reader(register)
    try:
        for number, cells in _rows(path):
            reader.row(number, cells)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NotAConversionTable(path=path, why=error) from error
    if not reader.edges:
        raise NothingInIt(path=path)
    return Imported(
        source=path.name,
        effective=COMMUNES_OF_2025,
        units=reader.units,
        before=reader.before,
        edges=reader.edges,
        faults=reader.faults,
    )
