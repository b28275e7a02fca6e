"""Latitudes and longitudes: decimal degrees, degrees-minutes-seconds, pairs in one cell."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from nhip.kernel.text import fold
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.digits import plain
from nhip.kernel.values.fastpath import LATITUDE, LONGITUDE
from nhip.kernel.values.model import Parsed

Axis = Literal["latitude", "longitude"]

VIETNAM_RANGE: dict[Axis, tuple[int, int]] = {"latitude": (7, 24), "longitude": (102, 118)}
"""Degrees that hold the mainland, the islands, Hoàng Sa and Trường Sa."""

_CANONICAL = {"latitude": re.compile(LATITUDE).fullmatch, "longitude": re.compile(LONGITUDE).fullmatch}
_LIMIT = {"latitude": 90, "longitude": 180}
_LETTERS: dict[Axis, str] = {"latitude": "nsb", "longitude": "ewdt"}
_MARKS = str.maketrans({**dict.fromkeys("º˚⁰∘°", "°"), **dict.fromkeys("′’‘`´ʹ", "'"), **dict.fromkeys("″”“ʺ", '"')})
_WORDS = (
    (re.compile(r"(?:vi do|kinh do|latitude|longitude|lat|long|lng|lon|toa do|^[vk]d(?![a-z]))[ :=.]*"), ""),
    (re.compile(r"([0-9]) ?d ?([0-9.,]+) ?m ?(?:([0-9.,]+) ?s)?(?=[nsbewdt]?(?:[^a-z0-9]|$))"), r"\1°\2'\3"),
    (re.compile(r"\bbac\b"), "b"),
    (re.compile(r"\bdong\b"), "d"),
    (re.compile(r"\bnam\b"), "s"),
    (re.compile(r"\btay\b"), "t"),
    (re.compile(r" ?\b(?:do|deg)\b ?"), "°"),
    (re.compile(r" ?\b(?:phut|min)\b ?"), "'"),
    (re.compile(r" ?\b(?:giay|sec)\b ?"), '"'),
    (re.compile("''"), '"'),
)
_NUMBER = r"[0-9]{1,3}(?:[.,][0-9]{1,20})?"
_SIXTIETHS = r"[0-9]{1,2}(?:[.,][0-9]{1,10})?"
_DECIMAL = re.compile(rf"(?P<h1>[nsbewdt])? ?(?P<sign>[-+]?)(?P<d>{_NUMBER}) ?°? ?(?P<h2>[nsbewdt])?").fullmatch
_SEXAGESIMAL = re.compile(
    r"(?P<h1>[nsbewdt])? ?(?P<sign>[-+]?)(?P<d>[0-9]{1,3})(?P<degree> ?° ?| ?: ?| |-)"
    rf"(?P<m>{_SIXTIETHS})(?P<minute> ?' ?| ?: ?| |-)?(?:(?P<s>{_SIXTIETHS}) ?\"?)? ?(?P<h2>[nsbewdt])?"
).fullmatch
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3}){2,4}").fullmatch
_NO_POINT = re.compile(r"[0-9]{5,20}").fullmatch
_PAIRS = (
    re.compile(r"([^;|/]+) ?[;|/] ?([^;|/]+)").fullmatch,
    re.compile(r"([^ ].*?), +([^ ,].*)").fullmatch,
    re.compile(r"(-?[0-9]{1,3}\.[0-9]+)[, ] ?(-?[0-9]{1,3}\.[0-9]+)").fullmatch,
    re.compile(r"(-?[0-9]{1,3},[0-9]+) (-?[0-9]{1,3},[0-9]+)").fullmatch,
    re.compile(r"([^nsbewdt]+[nsb]),? ?([^nsbewdt]+[ewdt])|([nsb][^nsbewdt]+?),? ?([ewdt][^nsbewdt]+)").fullmatch,
    re.compile(r"([^nsbewdt]+[ewdt]),? ?([^nsbewdt]+[nsb])|([ewdt][^nsbewdt]+?),? ?([nsb][^nsbewdt]+)").fullmatch,
    re.compile(r"([0-9]{1,3}°[^°]+?)[ ,-]*([0-9]{2,3}°[^°]*)").fullmatch,
)
_TENTH_MICRO = Decimal("1e-8")


def parse_latitude(text: str) -> Parsed:
    """Read a latitude; canonical is decimal degrees, north positive, to 1e-8 when computed."""
    return _parse(text, "latitude")


def parse_longitude(text: str) -> Parsed:
    """Read a longitude; canonical is decimal degrees, east positive, to 1e-8 when computed."""
    return _parse(text, "longitude")


def split_pair(text: str) -> tuple[str, str] | None:
    """The two texts of a cell that holds a whole point (`16.46, 107.59`, `16°28'N 107°35'E`), in the written order."""
    if len(text) > LONGEST:
        return None
    normal = _normal(text).strip("()[] ")
    for pattern in _PAIRS:
        if match := pattern(normal):
            first, second = (part.strip() for part in match.groups() if part is not None)
            return first, second
    return None


def _normal(text: str) -> str:
    folded = fold(clean(text.translate(_MARKS)))
    for pattern, mark in _WORDS:
        folded = pattern.sub(mark, folded)
    return folded.strip()


def _parse(text: str, axis: Axis) -> Parsed:
    if _CANONICAL[axis](text):
        return Parsed(text)
    if len(text) > LONGEST:
        return Parsed(None, "coordinate.unreadable", "error")
    if empty := blank(clean(text)):
        return empty
    return _angle(text, axis) or _of_pair(text, axis) or Parsed(None, "coordinate.unreadable", "error")


def _angle(text: str, axis: Axis) -> Parsed | None:
    """One angle, also a broken one; None if the text is something else."""
    folded = _normal(text)
    if match := _DECIMAL(folded):
        return _signed(match, Decimal(match["d"].replace(",", ".")), axis)
    if (match := _SEXAGESIMAL(folded)) and _is_marked(match):
        return _sexagesimal(match, axis)
    return _pointless(folded, axis)


def _is_marked(match: re.Match[str]) -> bool:
    """Two bare numbers may be a pair; three numbers, or a degree sign, are degrees and minutes."""
    return bool(match["s"]) or "°" in match["degree"] or "'" in (match["minute"] or "")


def _sexagesimal(match: re.Match[str], axis: Axis) -> Parsed:
    minutes = Decimal(match["m"].replace(",", "."))
    seconds = Decimal((match["s"] or "0").replace(",", "."))
    if minutes >= 60 or seconds >= 60:
        return Parsed(None, "coordinate.range", "error")
    return _signed(match, int(match["d"]) + minutes / 60 + seconds / 3600, axis)


def _signed(match: re.Match[str], degrees: Decimal, axis: Axis) -> Parsed:
    letter = match["h1"] or match["h2"] or ""
    if letter and letter not in _LETTERS[axis]:
        return Parsed(None, "coordinate.swapped", "error")
    if degrees > _LIMIT[axis]:
        return Parsed(None, "coordinate.range", "error")
    value = -degrees if match["sign"] == "-" or letter in ("s", "w", "t") else degrees
    text = plain(value.quantize(_TENTH_MICRO))
    return Parsed("0" if text == "-0" else text, "coordinate.form")


def _pointless(folded: str, axis: Axis) -> Parsed | None:
    """A degree value that a spreadsheet grouped (`16.463.713`) or whose point was lost (`16463713`)."""
    if not (_THOUSANDS(folded) or _NO_POINT(folded)):
        return None
    digits = folded.replace(".", "").replace(",", "")
    low, high = VIETNAM_RANGE[axis]
    readings = [f"{digits[:n]}.{digits[n:]}" for n in (1, 2, 3) if low <= int(digits[:n]) < high and digits[0] != "0"]
    return Parsed(None, "coordinate.point", "error", readings[0] if len(readings) == 1 else "")


def _of_pair(text: str, axis: Axis) -> Parsed | None:
    pair = split_pair(text)
    if pair is None:
        return None
    low, high = VIETNAM_RANGE[axis]
    angles = [_angle(part, axis) for part in pair]
    inside = [angle.value for angle in angles if angle and angle.value and low <= float(angle.value) < high]
    return Parsed(None, "coordinate.pair", "error", inside[0] if len(inside) == 1 else "")
