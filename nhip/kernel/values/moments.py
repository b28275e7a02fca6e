"""Dates with a time of day. An offset is applied: what is stored is the wall time in Vietnam (UTC+7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from nhip.kernel.text import fold
from nhip.kernel.time import VIETNAM
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.clock import CLOCK, OFFSET, Clock, clock_of_fraction, read_clock
from nhip.kernel.values.dates import FIRST_YEAR, LAST_YEAR, UNREADABLE, Style, read_date, serial_date, year_last
from nhip.kernel.values.fastpath import DATE, TIMESTAMP
from nhip.kernel.values.model import Parsed

_CANONICAL = re.compile(TIMESTAMP).fullmatch
_COMMON = re.compile(
    r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4}) ([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?"
).fullmatch
_ISO = re.compile(rf"({DATE})[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])(:[0-5][0-9])?").fullmatch
_TIME_LAST = re.compile(rf"(?P<date>.+?)(?:t|[ ,;\-]+(?:luc )?){CLOCK}{OFFSET}?").fullmatch
_TIME_FIRST = re.compile(rf"(?:luc )?{CLOCK}{OFFSET}?[ ,;\-]+(?P<date>.+)").fullmatch
_TIME_AND_NGAY = re.compile(rf"(?:luc )?{CLOCK},? ?ngay (?P<date>.+)").fullmatch
_SERIAL = re.compile(r"([0-9]{5})[.,]([0-9]{1,15})").fullmatch
_EPOCH = re.compile(r"/?date\((-?[0-9]{1,14})(?:[+-][0-9]{4})?\)/?").fullmatch
_UNREADABLE = Parsed(None, "timestamp.unreadable", "error")


def parse_timestamp(
    text: str, *, order: str = "", serial: bool = False, epoch1904: bool = False, partial: bool = False
) -> Parsed:
    """Read a date with time; canonical is `YYYY-MM-DD HH:MM:SS`, Vietnam's wall time, castable to TIMESTAMP.

    A date alone becomes its midnight with the warning `timestamp.dateOnly`. Options as for `parse_date`.
    """
    if _CANONICAL(text):
        return Parsed(text)
    return _quick(text, order) or _read(text, Style(order, serial, epoch1904, partial))


def _quick(text: str, order: str) -> Parsed | None:
    """The two forms of most exports, without the way through words."""
    if match := _COMMON(text):
        day = year_last(int(match[1]), int(match[2]), int(match[3]), order)
        return _join(day, Clock(int(match[4]), int(match[5]), int(match[6] or 0)), None)
    if match := _ISO(text):
        return Parsed(f"{match[1]} {match[2]}{match[3] or ':00'}", "timestamp.form")
    return None


def _read(text: str, style: Style) -> Parsed:
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    if len(cleaned) > LONGEST:
        return _UNREADABLE
    folded = fold(cleaned)
    day = read_date(folded, style)
    if day is UNREADABLE:
        return read_moment(folded, style)
    if day.value:
        return Parsed(f"{day.value} 00:00:00", "timestamp.dateOnly", "warning")
    return day._replace(suggestion=day.suggestion and f"{day.suggestion} 00:00:00")


def read_moment(folded: str, style: Style) -> Parsed:
    """Read folded text that holds a date and a time; the rule is never empty."""
    if match := _EPOCH(folded):
        return _epoch(int(match[1]))
    if match := _SERIAL(folded):
        return _serial(int(match[1]), match[2], style)
    for pattern in (_TIME_LAST, _TIME_AND_NGAY, _TIME_FIRST):
        if match := pattern(folded):
            day = read_date(match["date"], style)
            if day is not UNREADABLE:
                return _join(day, read_clock(match), match.groupdict().get("offset"))
    return _UNREADABLE


def _join(day: Parsed, clock: Clock, offset: str | None) -> Parsed:
    if not clock.possible:
        return Parsed(None, "time.impossible", "error")
    if not day.value:
        return day._replace(suggestion=day.suggestion and f"{day.suggestion} {clock.text}")
    value = f"{day.value} {clock.text}"
    if not offset:
        rule = "timestamp.form" if day.rule == "date.form" else day.rule
        return Parsed(value, rule, day.severity)
    moment = datetime.fromisoformat(value) - timedelta(minutes=_offset_minutes(offset)) + timedelta(hours=7)
    return _in_range(moment, "timestamp.form" if _offset_minutes(offset) == 420 else "timestamp.offset")


def _offset_minutes(offset: str) -> int:
    digits = offset.removeprefix("utc").removeprefix("gmt").replace(":", "")
    if digits in ("z", ""):
        return 0
    hours, minutes = (digits[1:-2], digits[-2:]) if len(digits) > 3 else (digits[1:], "0")
    return (int(hours) * 60 + int(minutes)) * (-1 if digits[0] == "-" else 1)


def _in_range(moment: datetime, rule: str) -> Parsed:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return Parsed(None, "date.year", "error")
    return Parsed(moment.isoformat(" "), rule)


def _epoch(milliseconds: int) -> Parsed:
    """The JSON form of ASP.NET, `/Date(1788307200000)/`: milliseconds since 1970 in UTC."""
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return Parsed(None, "date.year", "error")
    return _in_range(moment.astimezone(VIETNAM).replace(tzinfo=None), "timestamp.form")


def _serial(number: int, decimals: str, style: Style) -> Parsed:
    """An Excel serial number whose fraction is the time of day."""
    day = serial_date(number, style.epoch1904)
    if not day:
        return _UNREADABLE
    value = f"{day} {clock_of_fraction(decimals).text}"
    return Parsed(value, "timestamp.form") if style.serial else Parsed(None, "date.serial", "error", value)
