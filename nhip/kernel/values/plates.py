"""Vehicle plates (Circular 79/2024/TT-BCA and the forms before it that are still on the road)."""

from __future__ import annotations

import re

from nhip.kernel.values.cleaning import blank, clean
from nhip.kernel.values.fastpath import PLATE, PLATE_PROVINCE, PLATE_SERIES
from nhip.kernel.values.model import Parsed

_CANONICAL = re.compile(PLATE).fullmatch
_SEPARATORS = re.compile(r"[ .\-_/]+")
_CIVIL = (
    re.compile(rf"(?P<p>[0-9]{{2}})-?(?P<s>{PLATE_SERIES})-?(?P<a>[0-9]{{3}})-?(?P<b>[0-9]{{2}})").fullmatch,
    re.compile(rf"(?P<p>[0-9]{{2}})-?(?P<s>{PLATE_SERIES})-?(?P<a>[0-9]{{2}})(?P<b>[0-9]{{2}})").fullmatch,
)
_LETTER_ONLY = re.compile(r"(?P<p>[0-9]{2})-?(?P<s>[A-HK-NPR-VX-Z])-?(?P<a>[0-9]{3})-?(?P<b>[0-9]{2})").fullmatch
_FOREIGN = (
    re.compile(r"(?P<p>[0-9]{2})-?(?P<c>[0-9]{3})-?(?P<k>NG|NN|QT|CV)-?(?P<n>[0-9]{2})").fullmatch,
    re.compile(r"(?P<p>[0-9]{2})-?(?P<k>NG|NN|QT|CV)-?(?P<c>[0-9]{3})-?(?P<n>[0-9]{2})").fullmatch,
)
_ARMY = re.compile(r"([A-HK-NP-VX-Z]{2})-?([0-9]{2})-?([0-9]{2})").fullmatch
_PROVINCE = re.compile(PLATE_PROVINCE).fullmatch
_MD = re.compile(r"(?<=[0-9])(-?)MD(?=[1-9]?-?[0-9])")


def parse_plate(text: str) -> Parsed:
    """Read a vehicle plate; canonical is `75A-123.45`, `75F1-123.45`, `75A-1234`, `80-011-NG-01`, `TC-12-34`.

    Without any separator `75A12345` may be a car (75A-123.45) or an old motorcycle (75A1-2345): `plate.ambiguous`.
    """
    if _CANONICAL(text):
        return Parsed(text)
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    if len(cleaned) > 24:
        return Parsed(None, "plate.unreadable", "error")
    marked = _MD.sub(r"\1MĐ", _SEPARATORS.sub("-", cleaned.upper()).strip("-"))
    if not (readings := _readings(marked)):
        return Parsed(None, "plate.unreadable", "error")
    likely = readings[0]
    if not _CANONICAL(likely):
        return Parsed(None, "plate.province", "error")
    return Parsed(likely, "plate.form") if len(readings) == 1 else Parsed(None, "plate.ambiguous", "error", likely)


def _readings(marked: str) -> list[str]:
    """Every plate that the text can be, likeliest first."""
    for pattern in _FOREIGN:
        if match := pattern(marked):
            return [f"{match['p']}-{match['c']}-{match['k']}-{match['n']}"]
    if match := _ARMY(marked):
        return ["-".join(match.groups())]
    readings = []
    for pattern, form in ((_LETTER_ONLY, "{}{}-{}.{}"), (_CIVIL[0], "{}{}-{}.{}"), (_CIVIL[1], "{}{}-{}{}")):
        if match := pattern(marked):
            readings.append(form.format(match["p"], match["s"], match["a"], match["b"]))
    return list(dict.fromkeys(readings))
