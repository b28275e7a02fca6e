"""Dates whose month is a word, and dates without a day; all on folded text."""

from __future__ import annotations

import re

_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMERALS = ("mot", "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai")
_MONTHS = {name: number for names in (_ENGLISH, _NUMERALS) for number, name in enumerate(names, 1)}

_ENGLISH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_VIETNAMESE_NAME = rf"(?:thang|thg|th)[. ]?(?P<m>[0-9]{{1,2}}|{'|'.join(sorted(_NUMERALS, key=len, reverse=True))})"
_DAY = r"(?P<d>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:nam )?(?P<y>[0-9]{4}|[0-9]{2})"
_SPELT = (
    re.compile(rf"{_DAY}[ .\-/,]*(?P<m>{_ENGLISH_NAME})[ .\-/,]*{_YEAR}").fullmatch,
    re.compile(rf"(?P<d>[0-9]{{1,2}})[ .\-/,]*{_VIETNAMESE_NAME}[ .\-/,]+{_YEAR}").fullmatch,
    re.compile(rf"(?P<m>{_ENGLISH_NAME})[ .\-]*{_DAY}[ ,\-]+(?P<y>[0-9]{{4}})").fullmatch,
)
_PARTIAL = (
    re.compile(r"(?:nam )?(?P<y>[0-9]{4})(?P<m>)").fullmatch,
    re.compile(r"(?:thang |t)?(?P<m>[0-9]{1,2}) ?[/.\- ] ?(?P<y>[0-9]{4})").fullmatch,
    re.compile(r"(?P<y>[0-9]{4}) ?[/.\-] ?(?P<m>[0-9]{1,2})").fullmatch,
    re.compile(rf"{_VIETNAMESE_NAME},? nam (?P<y>[0-9]{{4}})").fullmatch,
    re.compile(rf"(?P<m>{_ENGLISH_NAME})[ .,\-/]*(?P<y>[0-9]{{4}})").fullmatch,
)


def month_number(text: str) -> int:
    """1 to 12 for a numeral, an English name or a Vietnamese numeral; 0 or more than 12 for a wrong number."""
    return int(text) if text.isdecimal() else _MONTHS.get(text, 0) or _MONTHS.get(text[:3], 0)


def spelt_date(folded: str) -> tuple[str, str, str] | None:
    """Day, month and year as written, of `2 thang 9 nam 2026`, `2 sep 2026`, `sep 2, 2026`."""
    for pattern in _SPELT:
        if match := pattern(folded):
            return match["d"], match["m"], match["y"]
    return None


def partial_date(folded: str) -> tuple[int, int] | None:
    """Year and month of a date without a day; month 0 when there is only a year."""
    for pattern in _PARTIAL:
        if match := pattern(folded):
            return int(match["y"]), month_number(match["m"]) or 13 if match["m"] else 0
    return None
