"""Importer of unit lists (JSON): provinces, each with its communes, as they stand on a day.

[{"Code": "46", "FullName": "Thành phố Huế", "Wards": [{"Code": "19753", "FullName": "Phường Phú Xuân"}, ...]}, ...]
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import msgspec

from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.places.errors import NotAUnitList, NothingInIt, TooLarge
from nhip.places.imported import Fault, Imported, Listed, split_name
from nhip.places.model import Level

MAX_BYTES = 64 * 1024 * 1024
NO_TYPE = _("the unit has no type that is known")
BAD_CODE = _("the code is not of two digits (province) or five (commune)")
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})")


class _Ward(msgspec.Struct, rename="pascal"):
    code: str
    full_name: str


class _Province(msgspec.Struct, rename="pascal"):
    code: str
    full_name: str
    wards: list[_Ward] = []


def date_of(path: Path) -> date:
    """The day in a file name like `units_2026-07-25.json`; today when there is none."""
    found = _DATED.search(path.name)
    try:
        return date.fromisoformat(found[1]) if found else today()
    except ValueError:
        return today()


def read(path: Path, as_of: date | None = None) -> Imported:
    """Read a list that holds on `as_of` (the day in its name when None). Raises NotATable."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TooLarge(path=path, what="MB", limit=MAX_BYTES // 2**20)
        provinces = msgspec.json.decode(path.read_bytes(), type=list[_Province])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAUnitList(path=path, why=error) from error
    units: dict[str, Listed] = {}
    faults: list[Fault] = []
    for province in provinces:
        _add(units, faults, province.code, province.full_name, "province", "")
        for ward in province.wards:
            _add(units, faults, ward.code, ward.full_name, "commune", province.code)
    if not units:
        raise NothingInIt(path=path)
    return Imported(source=path.name, effective=as_of or date_of(path), units=units, faults=faults)


def _add(units: dict[str, Listed], faults: list[Fault], code: str, full: str, level: Level, parent: str) -> None:
    kind, name = split_name(full)
    if not re.fullmatch(r"\d{2}" if level == "province" else r"\d{5}", code):
        faults.append(Fault(row=0, what=BAD_CODE, value=f"{full} {code}"))
    elif not kind or not name:
        faults.append(Fault(row=0, what=NO_TYPE, value=f"{full} {code}"))
    else:
        units[code] = Listed(code=code, level=level, type=kind, name=name, parent=parent)
