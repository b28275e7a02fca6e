"""Faults of single cells: which columns they fit, what is delivered instead of the good value, and what would be right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from nhip.datasets.decode import charsets
from nhip.kernel.text import canonical_tone
from nhip.modelcity.forms import canonical, degrees, vietnamese
from nhip.modelcity.model import Column
from nhip.modelcity.places import communes, former_address

Row = Mapping[str, Any]
Spoilt = dict[str, Any] | None
"""Delivered values by column; None where the fault cannot be made of this row."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. `mends`: the good value can be told from what is delivered."""

    kind: str
    fits: Callable[[Column], bool]
    spoil: Callable[[Row, Column, np.random.Generator], Spoilt]
    mends: bool = False


def _is(*kinds: str) -> Callable[[Column], bool]:
    return lambda column: column.kind in kinds


def _type(*types: str) -> Callable[[Column], bool]:
    return lambda column: column.type in types and column.kind not in ("latitude", "longitude", "x", "y")


def _unclear(column: Column) -> bool:
    """Numbers none of which shows by its decimals what a point means."""
    return _type("number")(column) and column.digits == 0


def _clear(column: Column) -> bool:
    return _type("integer", "number")(column) and not _unclear(column)


def _words(column: Column) -> bool:
    """Free text, names and addresses: not codes, not enums."""
    return column.type == "string" and column.kind in ("", "person_name", "address", "commune") and not column.enum


def _one(make: Callable[[Any], Any]) -> Callable[[Row, Column, np.random.Generator], Spoilt]:
    """A spoiler that looks at the good value alone; None and no change mean that it does not apply."""

    def spoil(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
        good = row[column.name]
        bad = None if good is None else make(good)
        return None if bad is None or bad == good else {column.name: bad}

    return spoil


def _empty(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    return {column.name: None} if row[column.name] is not None else None


def _any_of(*options: str) -> Callable[[Row, Column, np.random.Generator], Spoilt]:
    return lambda row, column, rng: {column.name: options[int(rng.integers(0, len(options)))]}


# --- text ---------------------------------------------------------------------------------------------------------


def mojibake(text: str) -> str | None:
    """UTF-8 read as Windows-1252: `Huế` becomes `Huáº¿`. None where a byte has no character."""
    bad = charsets.shown(text.encode())
    return None if any("\x7f" <= letter <= "\x9f" for letter in bad) else bad


def lost(text: str) -> str | None:
    """Accented letters gone for ever: `Gia Định` becomes `Gia __nh`. None for plain text."""
    bad = "".join(letter if letter.isascii() else "_" for letter in text)
    return bad if bad.count("_") > 1 else None


def question_marks(text: str) -> str | None:
    """The other way to lose letters: `Tr??ng Ti?u h?c`."""
    bad = "".join(letter if letter.isascii() else "?" for letter in text)
    return bad if bad.count("?") > 1 else None


_LATE = {"òa": "oà", "óa": "oá", "ủy": "uỷ", "úy": "uý", "ùy": "uỳ", "ũy": "uỹ", "ụy": "uỵ", "ỏe": "oẻ"}


def late_tone(text: str) -> str | None:
    """`hòa` as `hoà`. None where the text has no such syllable."""
    for early, late in _LATE.items():
        text = text.replace(early, late)
    return text if canonical_tone(text) != text else None


def loose(text: str) -> str:
    """Doubled, no-break and trailing blanks."""
    return "\u00a0" + text.replace(" ", "  ", 1) + " "


# --- dates and numbers ----------------------------------------------------------------------------------------------


def _spelt(day: date) -> str:
    return f"ngày {day.day} tháng {day.month} năm {day.year}"


def _two_digits(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year % 100:02d}"


def _far_year(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year + 900}"


def _month_first(day: date) -> str | None:
    return f"{day.month:02d}/{day.day:02d}/{day.year}" if day.day > 12 else None


def _below(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    assert column.minimum is not None
    return {column.name: int(column.minimum) - int(rng.integers(3, 60))}


def _above(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    assert column.maximum is not None
    return {column.name: int(column.maximum * (3 if column.type == "number" else 2)) + int(rng.integers(50, 900))}


_OTHER_UNIT = {
    "m2": ("ha", 10_000), "ha": ("m2", 0.0001), "km": ("m", 0.001), "m": ("km", 1000), "t": ("kg", 0.001),
    "cm": ("m", 100), "W": ("kW", 1000),
}  # fmt: skip


def _other_unit(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    """The number in another unit; never with three decimals, which could be thousands."""
    unit, factor = _OTHER_UNIT[column.unit]
    number = round(row[column.name] / factor, 6)
    text = str(int(number)) if number == int(number) else f"{number:.6f}".rstrip("0").replace(".", ",")
    text += "0" if re.fullmatch(r".*,\d{3}", text) else ""
    return {column.name: f"{text} {unit}"}


def _thousands_or_decimals(value: float) -> str:
    """`12.345`: twelve thousand or twelve and a third; nobody can tell."""
    return f"{int(value) % 90 + 1}.{int(value * 37) % 900 + 100}"


def _grouped(value: float) -> str | None:
    return vietnamese(value) if abs(value) >= 1000 else None


# --- identifiers ---------------------------------------------------------------------------------------------------


def _other_phone(text: str) -> str:
    return f"+84 {text[1:4]} {text[4:]}" if text.startswith("0234") else f"{text[:4]}.{text[4:7]}.{text[7:]}"


def _wrong_check(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 3) % 10)


def _broken_code(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    text = str(row[column.name])
    return {column.name: f"{text[:2]}-{text[2:]}/X"}


# --- places --------------------------------------------------------------------------------------------------------


def _former(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    text = former_address(rng, row[column.name])
    return None if text is None else {column.name: text}


def _former_commune(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    known = {unit.name: unit for unit in communes()}[row[column.name]]
    former = known.before[int(rng.integers(0, len(known.before)))]
    return {column.name: f"{former.name}, {former.district}"}


def _far(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    shift = 5.2 if column.kind == "latitude" else 570_000
    return {column.name: round(row[column.name] - shift, 6)}


def _zero(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    return {column.name: 0}


def _as_degrees(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    return {column.name: degrees(row[column.name], "N")}


def _leak(row: Row, column: Column, rng: np.random.Generator) -> Spoilt:
    number = f"0460{rng.integers(60, 99)}{rng.integers(100_000, 999_999)}"
    return {column.name: f"Liên hệ người có số CCCD {number}"}


def _patterned(column: Column) -> bool:
    return column.kind == "code" and bool(column.pattern)


FAULTS: tuple[Fault, ...] = (
    Fault("required", lambda c: c.required and not c.key, _empty),
    Fault("value.blank", lambda c: c.required and not c.key and c.type != "string", _any_of("đang cập nhật", "-", "n/a")),
    Fault("number.word", _type("integer", "number"), _one(lambda v: f"khoảng {v}")),
    Fault("number.form", _clear, _one(_grouped), mends=True),
    Fault("number.ambiguous", _unclear, _one(_thousands_or_decimals)),
    Fault("minimum", lambda c: _type("integer", "number")(c) and c.minimum is not None and not c.refers, _below),
    Fault("maximum", lambda c: _type("integer", "number")(c) and c.maximum is not None, _above),
    Fault("unit.other", lambda c: c.unit in _OTHER_UNIT and c.kind == "quantity" and c.type == "number", _other_unit, mends=True),
    Fault("number.money", _is("money"), _one(lambda v: f"{vietnamese(v)} đồng" if v else "Miễn phí"), mends=True),
    Fault("enum", lambda c: bool(c.enum), _any_of("Loại 9", "Mục XYZ", "Theo công văn")),
    Fault("pattern", _patterned, _broken_code),
    Fault("date.impossible", _type("date"), _any_of("31/02/2024", "45/13/2025", "30/02/2023", "31/04/2025")),
    Fault("date.twoDigitYear", _type("date"), _one(_two_digits)),
    Fault("date.year", _type("date"), _one(_far_year)),
    Fault("date.form", _type("date"), _one(_spelt), mends=True),
    Fault("date.monthFirst", lambda c: c.type == "date" and c.order == "dmy", _one(_month_first)),
    Fault("date.word", _type("date"), _any_of("sau Tết", "quý sau", "theo công văn 12")),
    Fault("boolean.form", _type("boolean"), _one(lambda v: "x" if v else "0"), mends=True),
    Fault("boolean.word", _type("boolean"), _any_of("tùy lúc", "sẽ có", "theo mùa")),
    Fault("time.impossible", _type("time"), _any_of("25:10:00", "12:75:00", "sáng sớm")),
    Fault("phone.form", _is("phone"), _one(_other_phone), mends=True),
    Fault("phone.wrong", _is("phone"), _any_of("0234 38", "01662345678901", "gọi chị Hoa")),
    Fault("email.wrong", _is("email"), _one(lambda v: v.replace("@", " tại "))),
    Fault("plate.form", _is("plate"), _one(lambda v: f" {v.lower()}".replace("-", " - ")), mends=True),
    Fault("plate.wrong", _is("plate"), _any_of("75-B1", "XE-MỚI", "biển tạm")),
    Fault("citizen.wrong", _is("citizen_id"), _any_of("0460850012", "999085001234", "4,6085E+10")),
    Fault("tax.wrong", lambda c: c.kind == "tax_code" and not c.key, _one(_wrong_check)),
    Fault("text.nfd", _words, _one(lambda v: unicodedata.normalize("NFD", v)), mends=True),
    Fault("text.spaces", _words, _one(loose), mends=True),
    Fault("text.tone", lambda c: _words(c) and c.kind != "person_name", _one(late_tone), mends=True),
    Fault("text.mojibake", _words, _one(mojibake), mends=True),
    Fault("text.lost", _words, _one(lost)),
    Fault("text.lost", _words, _one(question_marks)),
    Fault("place.old", _is("address"), _former, mends=True),
    Fault("place.old", _is("commune"), _former_commune, mends=True),
    Fault("place.none", _is("commune"), _any_of("Phường Hoa Hồng Xanh", "Xã Bình Minh Mới", "Thị trấn Sao Hỏa")),
    Fault("place.ambiguous", _is("commune"), _any_of("Hương Phong", "Hương Xuân")),
    Fault("coordinate.outside", _is("latitude", "x"), _far),
    Fault("coordinate.zero", _is("latitude"), _zero),
    Fault("coordinate.form", _is("latitude"), _as_degrees, mends=True),
    Fault("personal.leak", lambda c: c.name == "ghi_chu", _leak),
)  # fmt: skip

SWAP = "coordinate.swapped"


def swap(row: Row, first: Column, second: Column) -> Spoilt:
    """A pair of coordinates the wrong way round."""
    return {first.name: row[second.name], second.name: row[first.name]}


def right(fault: Fault, row: Row, column: Column) -> str | None:
    """The good value as text if it can be told from the delivered one."""
    if not fault.mends:
        return None
    good = canonical(row[column.name])
    if good and column.kind == "phone":
        return f"+84{good[1:]}"
    return good.removesuffix(".0") if good and fault.kind == "unit.other" else good
