"""Working days, against the decisions of the years and by their own laws."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.calendar import (
    IN_LIEU,
    SWAPPED,
    NoHolidays,
    add_working_days,
    holidays,
    provisional,
    standard_calendar,
    working_days_between,
)

WEEKDAYS_OFF = {
    2020: "01-01 01-23 01-24 01-27 01-28 01-29 04-02 04-30 05-01 09-02",
    2021: "01-01 02-10 02-11 02-12 02-15 02-16 04-21 04-30 05-03 09-02 09-03",
    2022: "01-03 01-31 02-01 02-02 02-03 02-04 04-11 05-02 05-03 09-01 09-02",
    2023: "01-02 01-20 01-23 01-24 01-25 01-26 05-01 05-02 05-03 09-01 09-04",
    2024: "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03",
    2025: "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02 11-24",
}
"""Weekdays on which state offices were free, from the announcements of each year."""

DAYS = st.dates(date(2020, 3, 1), date(2035, 10, 1))


@pytest.mark.parametrize("year", WEEKDAYS_OFF)
def test_the_years_that_are_decided(year):
    assert " ".join(f"{day:%m-%d}" for day in holidays(year) if day.weekday() < 5) == WEEKDAYS_OFF[year]
    assert not provisional(year)


def test_swapped_saturdays_are_worked():
    calendar = standard_calendar()
    assert not calendar.is_working(date(2026, 8, 31))
    assert calendar.off[date(2026, 8, 31)] == SWAPPED
    assert calendar.is_working(date(2026, 8, 22))
    assert not calendar.is_working(date(2026, 8, 29))


def test_tet_of_2030_is_not_china_s():
    """At UTC+7 the new moon falls on 2 February, in Beijing on the 3rd."""
    assert date(2030, 2, 2) in holidays(2030)
    assert date(2030, 1, 31) in holidays(2030)


def test_vietnam_culture_day_starts_in_2026():
    assert date(2025, 11, 24) not in holidays(2025)
    assert date(2026, 11, 24) in holidays(2026)
    assert holidays(2029)[date(2029, 11, 26)] == IN_LIEU
    assert provisional(2029)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 1, "2026-02-23"),
        ("2026-02-23", -1, "2026-02-13"),
        ("2026-08-21", 1, "2026-08-22"),
        ("2026-04-24", 3, "2026-05-04"),
        ("2026-11-20", 0, "2026-11-20"),
        ("2026-11-21", 0, "2026-11-23"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-23", 1, "2026-11-25"),
    ],
)
def test_deadlines(start, days, end):
    assert add_working_days(date.fromisoformat(start), days) == date.fromisoformat(end)


def test_edits_take_effect_without_touching_the_standard():
    standard = standard_calendar()
    flood = date(2026, 10, 28)
    edited = standard.edited(
        off={flood: "Flood"}, worked=[date(2026, 10, 31)], restored=[date(2026, 8, 31), date(2026, 8, 22)]
    )
    assert (edited.is_working(flood), standard.is_working(flood)) == (False, True)
    assert edited.is_working(date(2026, 10, 31))
    assert edited.is_working(date(2026, 8, 31))
    assert not edited.is_working(date(2026, 8, 22))
    assert add_working_days(date(2026, 10, 27), 1, edited) == date(2026, 10, 29)
    assert working_days_between(date(2026, 10, 27), date(2026, 10, 29), edited) == 1


def test_outside_the_table():
    for call in (lambda: holidays(2019), lambda: add_working_days(date(2035, 12, 20), 30)):
        with pytest.raises(NoHolidays, match="20"):
            call()
    with pytest.raises(NoHolidays):
        working_days_between(date(1990, 1, 1), date(2026, 1, 1))


@settings(deadline=None)
@given(DAYS, st.integers(-60, 60))
def test_adding_and_counting_are_inverse(start, days):
    end = add_working_days(start, days)
    assert standard_calendar().is_working(end)
    first = add_working_days(start, 0)
    if start == first:
        assert working_days_between(start, end) == days


@settings(deadline=None, max_examples=30)
@given(DAYS, DAYS, DAYS)
def test_counts_add_up(a, b, c):
    first, middle, last = sorted((a, b, c))
    total = working_days_between(first, last)
    assert working_days_between(first, middle) + working_days_between(middle, last) == total
    assert total == sum(
        standard_calendar().is_working(first + timedelta(days=n)) for n in range(1, (last - first).days + 1)
    )
    assert working_days_between(last, first) == -total


@settings(deadline=None)
@given(st.integers(2020, 2035))
def test_a_year_has_its_legal_days(year):
    """10 days by the Labour Code of 2012, 11 since 2021, 12 with Culture Day; each at the weekend is made up for once."""
    days = holidays(year)
    legal = {day for day, name in days.items() if name not in (IN_LIEU, SWAPPED)}
    assert len(legal) == (10 if year < 2021 else 11 if year < 2026 else 12)
    assert sum(name == IN_LIEU for name in days.values()) == sum(day.weekday() >= 5 for day in legal)
    assert all(day.weekday() < 5 for day, name in days.items() if name == IN_LIEU)
    assert list(days) == sorted(days)
