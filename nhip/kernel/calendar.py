"""Working days of Vietnam's state offices: public holidays, days off in lieu, swapped working Saturdays.

Sources: Labour Code 2019 articles 111 and 112, the Prime Minister's yearly decisions up to 2026, Tết and the Hùng Kings' day from
the Vietnamese lunar calendar (UTC+7). The days around Tết and National Day follow the pattern of those decisions; from 2027
on they are provisional until the year's decision is known, and `Calendar.edited` puts that in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from nhip.errors import BadInput
from nhip.kernel.i18n import _

FIRST_YEAR, LAST_YEAR = 2020, 2035
PROVISIONAL_FROM = 2027
_DAY = timedelta(days=1)

NEW_YEAR = _("New Year's Day")
TET = _("Lunar New Year")
HUNG_KINGS = _("Hùng Kings' Commemoration Day")
REUNIFICATION = _("Reunification Day")
LABOUR = _("International Labour Day")
NATIONAL = _("National Day")
CULTURE = _("Vietnam Culture Day")
IN_LIEU = _("Day off in lieu of a holiday at the weekend")
SWAPPED = _("Day off for a working Saturday")

_LUNAR = (
    "2020 01-25 04-02|2021 02-12 04-21|2022 02-01 04-10|2023 01-22 04-29|2024 02-10 04-18|2025 01-29 04-07|2026 02-17 04-26|"
    "2027 02-06 04-16|2028 01-26 04-04|2029 02-13 04-23|2030 02-02 04-12|2031 01-23 04-01|2032 02-11 04-19|2033 01-31 04-09|"
    "2034 02-19 04-28|2035 02-08 04-17"
)
"""Year, first day of the first lunar month, tenth day of the third."""

_SWAPS = (
    ("2024-04-29", "2024-05-04"),
    ("2025-05-02", "2025-04-26"),
    ("2026-01-02", "2026-01-10"),
    ("2026-08-31", "2026-08-22"),
)
"""Working day that became free, Saturday that was worked instead."""


class NoHolidays(BadInput):
    """The calendar of working days knows the years 2020 to 2035, not {year}. Choose other dates or extend the calendar."""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Days off (with their names) and weekend days that are worked. Saturday and Sunday are free otherwise."""

    off: dict[date, str]
    worked: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether offices work on `day`; raises NoHolidays outside the years of the table."""
        _check_year(day.year)
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def edited(
        self, off: Mapping[date, str] | None = None, worked: Iterable[date] = (), restored: Iterable[date] = ()
    ) -> Calendar:
        """A calendar with days off added, weekend days worked, and `restored` days as if nothing had been said of them."""
        added, worked, restored = dict(off or {}), set(worked), set(restored)
        kept = {day: name for day, name in self.off.items() if day not in restored and day not in worked}
        return Calendar(off=kept | added, worked=frozenset((self.worked | worked) - restored - set(added)))


def provisional(year: int) -> bool:
    """Whether the days around Tết and National Day and the swapped days of a year are not decided yet."""
    return year >= PROVISIONAL_FROM


def holidays(year: int) -> dict[date, str]:
    """Days off of a year by date, in order, with the days in lieu and the swapped ones; raises NoHolidays."""
    _check_year(year)
    days = _legal_days(year)
    days.update(_in_lieu(days))
    for free, _worked in _SWAPS:
        if free.startswith(str(year)):
            days[date.fromisoformat(free)] = SWAPPED
    return dict(sorted(days.items()))


@lru_cache(maxsize=1)
def standard_calendar() -> Calendar:
    """The calendar of the table, 2020 to 2035."""
    off = {day: name for year in range(FIRST_YEAR, LAST_YEAR + 1) for day, name in holidays(year).items()}
    return Calendar(off=off, worked=frozenset(date.fromisoformat(worked) for _free, worked in _SWAPS))


def add_working_days(start: date, days: int, calendar: Calendar | None = None) -> date:
    """The date `days` working days after `start`, which itself does not count (Civil Code article 147); before it if negative.

    0 gives `start`, or the next working day if `start` is free. Raises NoHolidays.
    """
    calendar = calendar or standard_calendar()
    day, step, left = start, _DAY if days >= 0 else -_DAY, abs(days)
    while left or not calendar.is_working(day):
        day += step
        left -= bool(left) and calendar.is_working(day)
    return day


def working_days_between(start: date, end: date, calendar: Calendar | None = None) -> int:
    """Working days after `start` up to and with `end`; negative when `end` is earlier. Raises NoHolidays.

    The inverse of `add_working_days` on working days.
    """
    if end < start:
        return -working_days_between(end, start, calendar)
    calendar = calendar or standard_calendar()
    _check_year(start.year)
    _check_year(end.year)
    weeks, rest = divmod((end - start).days, 7)
    weekdays = weeks * 5 + sum((end - timedelta(days=n)).weekday() < 5 for n in range(rest))
    free = sum(start < day <= end and day.weekday() < 5 for day in calendar.off.keys() - calendar.worked)
    return weekdays - free + sum(start < day <= end and day.weekday() >= 5 for day in calendar.worked)


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NoHolidays(year=year)


def _legal_days(year: int) -> dict[date, str]:
    """The holidays of the Labour Code on whatever weekday they fall; where it leaves a choice, as the decisions so far chose."""
    tet, hung_kings = _lunar_days()[year]
    before, after = (1, 4) if tet.weekday() in (0, 1) else (2, 3)
    days = {date(year, 1, 1): NEW_YEAR, hung_kings: HUNG_KINGS}
    days |= {tet + timedelta(days=n): TET for n in range(-before, after)}
    days |= {date(year, 4, 30): REUNIFICATION, date(year, 5, 1): LABOUR, date(year, 9, 2): NATIONAL}
    if year >= 2021:
        days[date(year, 9, 1 if date(year, 9, 2).weekday() in (1, 2, 4, 5) else 3)] = NATIONAL
    if year >= 2026:
        days[date(year, 11, 24)] = CULTURE
    return days


@lru_cache(maxsize=1)
def _lunar_days() -> dict[int, tuple[date, date]]:
    rows = (row.split(" ") for row in _LUNAR.split("|"))
    return {int(year): (date.fromisoformat(f"{year}-{t}"), date.fromisoformat(f"{year}-{h}")) for year, t, h in rows}


def _in_lieu(days: dict[date, str]) -> dict[date, str]:
    """A holiday on Saturday or Sunday is made up for on the next day that is free of neither kind (article 111.3)."""
    made_up: dict[date, str] = {}
    for day in sorted(days):
        if day.weekday() < 5:
            continue
        free = day
        while free.weekday() >= 5 or free in days or free in made_up:
            free += _DAY
        made_up[free] = IN_LIEU
    return made_up
