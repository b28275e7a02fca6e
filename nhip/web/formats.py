"""Numbers, dates and spans of time as people in Vietnam write them: 1.234.567,89 · 02/09/2026 · 24 h.

Each function writes in the request's language and is a template filter. None becomes an em dash.
Times are shown in Vietnam's time; datetimes have to be aware.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import floor

from babel.numbers import NumberPattern, parse_pattern

from nhip.kernel.time import VIETNAM, now
from nhip.web.i18n import language, translate_plural
from nhip.web.i18n import translate as _

NONE = "—"
Number = int | float | Decimal

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=32)
def _pattern(digits: int | None) -> NumberPattern:
    if digits is None:
        return parse_pattern("#,##0.######")
    return parse_pattern("#,##0" + ("." + "0" * digits if digits else ""))


def number(value: Number | None, digits: int | None = None) -> str:
    """`1234567.891` with 2 digits: 1.234.567,89 (vi), 1,234,567.89 (en). `digits=None` keeps up to six."""
    if value is None:
        return NONE
    return str(_pattern(digits).apply(value, language()))


def score(value: Number | None) -> str:
    """A score of 0 to 100 with one decimal, rounded down: 100 is written only where nothing at all is wrong."""
    if value is None:
        return NONE
    return number(100) if value >= 100 else number(tenths(value), 1)


def tenths(value: Number) -> float:
    """A score as it is written and drawn: rounded down to tenths."""
    return floor(float(value) * 10 + 1e-6) / 10


def percent(value: Number | None, digits: int = 0) -> str:
    """A share of 1: `0.873` is 87 % (vi), 87% (en)."""
    if value is None:
        return NONE
    text = number(value * 100, digits)
    return f"{text}\u202f%" if language() == "vi" else f"{text}%"


def size(value: int | None) -> str:
    """Bytes with a binary prefix written the way file managers do: 1,5 KB."""
    if value is None:
        return NONE
    amount, unit = float(value), "B"
    for bigger in ("KB", "MB", "GB", "TB"):
        if abs(amount) < 1024:
            break
        amount, unit = amount / 1024, bigger
    digits = 0 if unit == "B" or amount >= 100 else 1
    return f"{number(round(amount, digits), None)}\u00a0{unit}"


def date_(value: date | datetime | None) -> str:
    """02/09/2026 (vi), 2 Sep 2026 (en)."""
    if value is None:
        return NONE
    day = value.astimezone(VIETNAM).date() if isinstance(value, datetime) else value
    if language() == "vi":
        return f"{day.day:02}/{day.month:02}/{day.year:04}"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def time_(value: datetime | None) -> str:
    """14:05."""
    return NONE if value is None else f"{value.astimezone(VIETNAM):%H:%M}"


def datetime_(value: datetime | None) -> str:
    """14:05 02/09/2026 (vi), 2 Sep 2026, 14:05 (en)."""
    if value is None:
        return NONE
    if language() == "vi":
        return f"{time_(value)}\u00a0{date_(value)}"
    return f"{date_(value)}, {time_(value)}"


def age(value: datetime | None) -> str:
    """How long ago: just now, 3 hours ago; or how long until."""
    if value is None:
        return NONE
    seconds = (now() - value).total_seconds()
    if abs(seconds) < 45:
        return _("just now")
    unit, count = _largest_unit(abs(seconds))
    return _ago(unit, count) if seconds > 0 else _until(unit, count)


def duration(seconds: Number | None) -> str:
    """A span in its two largest units: 1 min 33 s."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return _("{n} ms", n=round(float(seconds) * 1000))
    if seconds < 10:
        return _("{n} s", n=round(float(seconds), 1))
    rest, parts = round(float(seconds)), []
    for span, write in _SPANS:
        count, rest = divmod(rest, span)
        if count:
            parts.append(write(count))
    return " ".join(parts[:2])


def _days(n: int) -> str:
    return translate_plural("{n} day", "{n} days", n)


def _hours(n: int) -> str:
    return _("{n} h", n=n)


def _minutes(n: int) -> str:
    return _("{n} min", n=n)


def _seconds(n: int) -> str:
    return _("{n} s", n=n)


_SPANS = ((86_400, _days), (3_600, _hours), (60, _minutes), (1, _seconds))


def _largest_unit(seconds: float) -> tuple[str, int]:
    for unit, span in (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600)):
        if seconds >= span:
            return unit, int(seconds // span)
    return "minute", max(1, round(seconds / 60))


def _ago(unit: str, n: int) -> str:
    if unit == "year":
        return translate_plural("{n} year ago", "{n} years ago", n)
    if unit == "month":
        return translate_plural("{n} month ago", "{n} months ago", n)
    if unit == "day":
        return translate_plural("{n} day ago", "{n} days ago", n)
    if unit == "hour":
        return translate_plural("{n} hour ago", "{n} hours ago", n)
    return translate_plural("{n} minute ago", "{n} minutes ago", n)


def _until(unit: str, n: int) -> str:
    if unit == "year":
        return translate_plural("in {n} year", "in {n} years", n)
    if unit == "month":
        return translate_plural("in {n} month", "in {n} months", n)
    if unit == "day":
        return translate_plural("in {n} day", "in {n} days", n)
    if unit == "hour":
        return translate_plural("in {n} hour", "in {n} hours", n)
    return translate_plural("in {n} minute", "in {n} minutes", n)


FILTERS = {
    "number": number,
    "percent": percent,
    "score": score,
    "size": size,
    "date": date_,
    "time": time_,
    "datetime": datetime_,
    "age": age,
    "duration": duration,
}
"""The template filters by name."""
