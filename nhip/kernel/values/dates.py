"""Dates as agencies write them. Nothing is guessed: an ambiguous or shortened date is a finding with a suggestion."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from nhip.kernel.text import fold
from nhip.kernel.time import today
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.fastpath import DATE
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.month_names import month_number, partial_date, spelt_date

FIRST_YEAR, LAST_YEAR = 1800, 2200
UNREADABLE = Parsed(None, "date.unreadable", "error")

_CANONICAL = re.compile(DATE).fullmatch
_COMMON = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})").fullmatch
_YEAR_LAST = re.compile(r"([0-9]{1,2}) ?[/.\- ,] ?([0-9]{1,2}) ?[/.\- ,] ?([0-9]{4}|[0-9]{2})").fullmatch
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?[/.\- ] ?([0-9]{1,2}) ?[/.\- ] ?([0-9]{1,2})").fullmatch
_COMPACT = re.compile(r"[0-9]{8}").fullmatch
_SERIAL = re.compile(r"([0-9]{4,5})(?:[.,]0*)?").fullmatch
_LEADING = re.compile(
    r"(?:(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat|cn|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b"
    r"[, ]*)?(?:ngay\b[: ]*)?"
)
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Style(NamedTuple):
    """How a column writes its dates. `order` is dmy, mdy, ymd or empty; `serial` and `epoch1904` are about Excel numbers;
    `partial` turns a year or month alone into its first day."""

    order: str = ""
    serial: bool = False
    epoch1904: bool = False
    partial: bool = False


def parse_date(
    text: str, *, order: str = "", serial: bool = False, epoch1904: bool = False, partial: bool = False
) -> Parsed:
    """Read a date; canonical is ISO 8601 `YYYY-MM-DD` of the years 1800 to 2200.

    The options are those of `Style`. Rules: `date.form`, `date.monthFirst`, `date.ambiguous`, `date.twoDigitYear`,
    `date.impossible`, `date.year`, `date.serial`, `date.partial`, `date.time`, `date.unreadable`, `value.blank`.
    """
    if _CANONICAL(text):
        return Parsed(text)
    match = _COMMON(text)
    if match:
        return year_last(int(match[1]), int(match[3]), int(match[4]), order)
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    if len(cleaned) > LONGEST:
        return UNREADABLE
    style = Style(order, serial, epoch1904, partial)
    folded = fold(cleaned)
    parsed = read_date(folded, style)
    return parsed if parsed is not UNREADABLE else _without_time(folded, style)


def _without_time(folded: str, style: Style) -> Parsed:
    """The date of a date with time; a time other than midnight is worth a look."""
    from nhip.kernel.values.moments import read_moment  # moments build on dates; only this case goes back

    parsed = read_moment(folded, style)
    if parsed.value is None:
        return parsed if parsed.rule.startswith("date.") else UNREADABLE._replace(suggestion=parsed.suggestion)
    day, _, clock = parsed.value.partition(" ")
    return Parsed(day, "date.form") if clock == "00:00:00" else Parsed(day, "date.time", "warning")


def read_date(folded: str, style: Style) -> Parsed:
    """Read folded text that holds a date and nothing else; the rule is never empty, `UNREADABLE` when it is no date."""
    leading = _LEADING.match(folded)
    folded = folded[leading.end() if leading else 0 :].strip(" .,")
    for read in (_read_year_last, _read_year_first, _read_compact, _read_serial, _read_spelt, _read_partial):
        if parsed := read(folded, style):
            return parsed
    return UNREADABLE


def iso(year: int, month: int, day: int) -> str:
    """`YYYY-MM-DD`, or empty if there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month]):
        return ""
    if month == 2 and day == 29 and (year % 4 or (year % 100 == 0 and year % 400)):
        return ""
    return f"{year:04d}-{month:02d}-{day:02d}"


def _bad_year(year: int, first: int, second: int) -> Parsed:
    """0000-00-00 is how databases export nothing."""
    return Parsed(None, "date.year", "error") if year or first or second else Parsed(None, "value.blank")


def year_last(first: int, second: int, year: int, order: str) -> Parsed:
    """Day, month and year where only `order` or the numbers themselves say which of the first two is the day."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _bad_year(year, first, second)
    day_first, month_first = iso(year, second, first), iso(year, first, second)
    if order in ("dmy", "mdy"):
        wanted, other = (day_first, month_first) if order == "dmy" else (month_first, day_first)
        return Parsed(wanted, "date.form") if wanted else Parsed(None, "date.impossible", "error", other)
    if day_first:
        if month_first and first != second:
            return Parsed(None, "date.ambiguous", "error", day_first)
        return Parsed(day_first, "date.form")
    return (
        Parsed(month_first, "date.monthFirst", "warning") if month_first else Parsed(None, "date.impossible", "error")
    )


def _read_year_last(folded: str, style: Style) -> Parsed | None:
    match = _YEAR_LAST(folded)
    if match is None:
        return None
    if len(match[3]) == 2:
        return _short_year(match, style.order)
    return year_last(int(match[1]), int(match[2]), int(match[3]), style.order)


def _read_year_first(folded: str, style: Style) -> Parsed | None:
    match = _YEAR_FIRST(folded)
    return year_first(int(match[1]), int(match[2]), int(match[3])) if match else None


def year_first(year: int, month: int, day: int) -> Parsed:
    """Year, month and day; where that is no date but year, day and month would be, the latter is the suggestion."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _bad_year(year, month, day)
    value = iso(year, month, day)
    return Parsed(value, "date.form") if value else Parsed(None, "date.impossible", "error", iso(year, day, month))


def _read_compact(folded: str, style: Style) -> Parsed | None:
    """`YYYYMMDD`, or `DDMMYYYY`; never both, for no month and day read as a year is later than 1231."""
    if not _COMPACT(folded):
        return None
    value = iso(int(folded[:4]), int(folded[4:6]), int(folded[6:]))
    if value and FIRST_YEAR <= int(folded[:4]) <= LAST_YEAR:
        return Parsed(value, "date.form")
    return year_last(int(folded[:2]), int(folded[2:4]), int(folded[4:]), style.order)


def full_year(short: int) -> int:
    """The likely year of two digits: at most five years ahead of today, else a century earlier."""
    return 2000 + short if 2000 + short <= today().year + 5 else 1900 + short


def _short_year(match: re.Match[str], order: str) -> Parsed:
    first, second, third = int(match[1]), int(match[2]), int(match[3])
    if order == "ymd":
        likely = iso(full_year(first), second, third)
    else:
        year = full_year(third)
        day_first, month_first = iso(year, second, first), iso(year, first, second)
        likely = (month_first or day_first) if order == "mdy" else (day_first or month_first)
    return Parsed(None, "date.twoDigitYear", "error", likely)


def serial_date(number: int, epoch1904: bool) -> str:
    """The date of an Excel serial number, empty where there is none: Excel's 1900 system counts a 29 February 1900."""
    if epoch1904:
        day = date(1904, 1, 1) + timedelta(days=number)
    elif number == 60:
        return ""
    else:
        day = date(1899, 12, 31 if number < 60 else 30) + timedelta(days=number)
    return day.isoformat() if day.year <= LAST_YEAR else ""


def _read_serial(folded: str, style: Style) -> Parsed | None:
    match = _SERIAL(folded)
    if match is None or (len(match[1]) == 4 and FIRST_YEAR <= int(match[1]) <= LAST_YEAR):
        return None
    number = int(match[1])
    likely = serial_date(number, style.epoch1904)
    if style.serial and likely:
        return Parsed(likely, "date.form")
    return Parsed(None, "date.serial", "error", likely if 20000 <= number <= 60000 else "")


def _read_spelt(folded: str, style: Style) -> Parsed | None:
    spelt = spelt_date(folded)
    if spelt is None:
        return None
    day, month, year = spelt
    if len(year) == 2:
        return Parsed(None, "date.twoDigitYear", "error", iso(full_year(int(year)), month_number(month), int(day)))
    parsed = year_first(int(year), month_number(month), int(day))
    return parsed._replace(suggestion="")


def _read_partial(folded: str, style: Style) -> Parsed | None:
    found = partial_date(folded)
    if found is None:
        return None
    year, month = found
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return Parsed(None, "date.year", "error")
    first = iso(year, month or 1, 1)
    if not first:
        return Parsed(None, "date.impossible", "error")
    return Parsed(first, "date.partial", "warning") if style.partial else Parsed(None, "date.partial", "warning", first)
