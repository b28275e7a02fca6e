"""Telephone numbers of Vietnam.

Sources: the numbering plan of Circular 22/2014/TT-BTTTT, the area codes of Decision 2036/QD-BTTTT (2017) and the mobile prefixes
that went from eleven to ten digits in September 2018.
"""

from __future__ import annotations

import re

from nhip.kernel.text import fold
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.fastpath import LANDLINE, MOBILE, PHONE
from nhip.kernel.values.model import Parsed

_CANONICAL = re.compile(PHONE).fullmatch
_NUMBER = re.compile(f"{MOBILE}|{LANDLINE}").fullmatch
_FOREIGN = re.compile(r"\+(?!84)[1-9][0-9]{7,14}").fullmatch
_LABEL = re.compile(
    r"^(?:so )?(?:dien thoai|dt(?:dd|cd)?|sdt|tel|phone|mobile|hotline|di dong|co dinh|zalo|lh|lien he)[ .:]*"
)
_EXTENSION = re.compile(r" ?(?:\(?(?:may le|ext|exten|so le|nhanh|le|x)[. :]*)([0-9]{1,6})\)?$").search
_SEPARATOR = re.compile(r" ?[/;,|&] ?| - | hoac | va | or ")
_DECORATION = re.compile(r"[ .\-()_]")
_ALLOWED = re.compile(r"\+?[0-9]{3,15}").fullmatch

_AREA_APART = re.compile(
    r"\(0[2-9][0-9]\) ?[2-9][0-9 .\-]{6,9}"
    r"|0[2-9][0-9][ .\-]+[2-9](?:[0-9]{6}|[ .\-][0-9]{6}|[ .\-]?[0-9]{3}[ .\-][0-9]{3}|[0-9]{3}[ .\-]?[0-9]{3})"
    r"|\(08\) ?[2-9][0-9 .\-]{7,10}|08[ .\-]+[2-9](?:[0-9]{7}|[0-9]{3}[ .\-][0-9]{4}|[0-9][ .\-][0-9]{3}[ .\-][0-9]{3})"
).fullmatch
"""An area code that stands apart from its number; 08, Hồ Chí Minh City's until 2017, begins mobile numbers today."""
_NEWEST_MOBILE = ("30", "31")
"""Prefixes so new that the same digits are more often an old number of Ninh Bình or Hải Phòng."""

_OLD_MOBILES = (
    "120:70 121:79 122:77 126:76 128:78 123:83 124:84 125:85 127:81 129:82 186:56 188:58 199:59 "
    "162:32 163:33 164:34 165:35 166:36 167:37 168:38 169:39"
)
_OLD_AREAS = (
    "26:206 281:209 25:205 33:203 31:225 36:227 350:228 30:229 37:237 38:238 39:239 52:232 53:233 54:234 510:235 511:236 "
    "55:255 56:256 57:257 58:258 68:259 62:252 60:260 59:269 500:262 501:261 63:263 61:251 64:254 4:24 8:28 650:274 651:271 "
    "66:276 72:272 73:273 75:275 74:294 70:270 67:277 76:296 77:297 710:292 711:293 79:299 781:291 780:290 27:207 280:208 "
    "29:216 20:214 231:213 230:215 22:212 241:222 240:204 320:220 321:221 351:226"
)
_OLD_MOBILE = dict(pair.split(":") for pair in _OLD_MOBILES.split(" "))
_OLD_AREA = dict(pair.split(":") for pair in _OLD_AREAS.split(" "))


def parse_phone(text: str) -> Parsed:
    """Read one telephone number; canonical is E.164 (`+84234…`) or the short number as dialled (`115`, `19001075`).

    A number of a retired plan is renewed with the warning `phone.old`. Mobile prefixes of today were area codes before 2017:
    `036.3822456`, with the area apart, may be either (`phone.ambiguous`). Several numbers in a cell are a finding.
    """
    if _CANONICAL(text):
        return Parsed(text)
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    if len(cleaned) > LONGEST:
        return Parsed(None, "phone.unreadable", "error")
    folded = _LABEL.sub("", fold(cleaned)).strip(" .:'")
    return _single(folded) or _extended(folded) or _several(folded) or Parsed(None, "phone.unreadable", "error")


def _single(folded: str) -> Parsed | None:
    digits = _DECORATION.sub("", folded.replace("(+84)", "+84").replace("(0)", "" if "84" in folded[:5] else "0"))
    if not _ALLOWED(digits):
        return None
    if _CANONICAL(digits):
        return Parsed(digits, "phone.form")
    if _FOREIGN(digits):
        return Parsed(digits, "phone.foreign", "warning")
    national, rule = _national(digits)
    renewed = _renew(national)
    if _NUMBER(f"+84{national}"):
        if renewed and digits[0] == "0" and (_AREA_APART(folded) or national[:2] in _NEWEST_MOBILE):
            return Parsed(None, "phone.ambiguous", "error", renewed)
        return Parsed(f"+84{national}", rule)
    return Parsed(renewed, "phone.old", "warning", renewed) if renewed else None


def _national(digits: str) -> tuple[str, str]:
    """The number behind the trunk 0 or the country code, and the rule: Excel drops leading zeros."""
    for prefix in ("+84", "0084", "84"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 8:
            return digits[len(prefix) :].removeprefix("0"), "phone.form"
    return (digits[1:], "phone.form") if digits[0] == "0" else (digits, "phone.leadingZero")


def _renew(national: str) -> str:
    """The present number of one of the plans before 2017 and 2018, or empty."""
    if len(national) == 10 and national[:3] in _OLD_MOBILE:
        return f"+84{_OLD_MOBILE[national[:3]]}{national[3:]}"
    for size in (3, 2, 1):
        area = _OLD_AREA.get(national[:size])
        if area and _NUMBER(f"+84{area}{national[size:]}"):
            return f"+84{area}{national[size:]}"
    return ""


def _extended(folded: str) -> Parsed | None:
    match = _EXTENSION(folded)
    single = _single(folded[: match.start()]) if match else None
    return Parsed(single.value, "phone.extension", "warning") if single else None


def _several(folded: str) -> Parsed | None:
    """Two or more numbers; a short rest such as `/457` after a number means another ending of it."""
    parts = [part for part in _SEPARATOR.split(folded) if part.strip()]
    found = [_single(_LABEL.sub("", part).strip(" .:")) for part in parts[:10]]
    values = [parsed.value for parsed in found if parsed and parsed.value]
    if len(parts) < 2 or not values:
        return None
    return Parsed(None, "phone.several", "error", "; ".join(values))
