"""The law's clocks, against a plain count day by day and against cases worked out by hand on a calendar of 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.kernel.calendar import standard_calendar
from nhip.kernel.time import VIETNAM
from nhip.privacy.clocks import answer_due, done_due, longest_extension, notify_due, plus_months, review_of, tell_due
from nhip.privacy.policy import BASES, REQUESTS, PolicyUnknown, basis_on, clock_on, policy, request_on

BEGIN, END = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2034-10-01")
MOMENTS = st.datetimes(BEGIN, END, timezones=st.just(VIETNAM))
FREE_2026 = {
    date(2026, 1, 1), date(2026, 1, 2), *(date(2026, 2, d) for d in (16, 17, 18, 19, 20)), date(2026, 4, 27),
    date(2026, 4, 30), date(2026, 5, 1), date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2), date(2026, 11, 24),
}  # fmt: skip
"""Free weekdays of 2026 by the Government's announcement and the Labour Code, written down here by hand."""
WORKED_2026 = {date(2026, 1, 10), date(2026, 8, 22)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("received", "answer", "done", "with_others"),
    [
        # Friday before National Day: Monday is swapped, Tuesday and Wednesday are the holiday
        ("2026-08-28T17:30", "2026-09-05T00:00", "2026-09-15T00:00", "2026-09-18T00:00"),
        # the worked Saturday counts
        ("2026-08-20T09:00", "2026-08-23T00:00", "2026-09-05T00:00", "2026-09-10T00:00"),
        # a Monday like any other
        ("2026-06-01T08:00", "2026-06-04T00:00", "2026-06-17T00:00", "2026-06-23T00:00"),
        # over Tết: Friday 13 February to Monday 23 February
        ("2026-02-12T10:00", "2026-02-24T00:00", "2026-02-28T00:00", "2026-03-05T00:00"),
        # a minute before midnight is that day, a minute after is the next
        ("2026-06-01T23:59", "2026-06-04T00:00", "2026-06-17T00:00", "2026-06-23T00:00"),
        ("2026-06-02T00:01", "2026-06-05T00:00", "2026-06-18T00:00", "2026-06-23T00:00"),
    ],
)
def test_cases_by_hand(received: str, answer: str, done: str, with_others: str) -> None:
    assert answer_due(at(received)) == at(answer)
    assert done_due("withdraw", at(received)) == at(done)
    assert done_due("withdraw", at(received), others=True) == at(with_others)


def plainly(start: datetime, working_days: int) -> datetime:
    """Walks day by day, by the free days written down above."""
    day, left = start.astimezone(VIETNAM).date(), working_days
    while left:
        day += timedelta(days=1)
        left -= (day.weekday() < 5 and day not in FREE_2026) or day in WORKED_2026
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(days=1)


@given(st.datetimes(BEGIN, datetime.fromisoformat("2026-12-20"), timezones=st.just(VIETNAM)))
def test_two_working_days_of_2026(start: datetime) -> None:
    assert answer_due(start) == plainly(start, 2)


@given(MOMENTS, st.sampled_from(sorted(REQUESTS)), st.booleans())
def test_a_period_of_days_ends_at_midnight_after_a_working_day_and_not_a_day_late(start, kind, others) -> None:
    line = request_on(kind, start.date())
    days, end = line.days_others if others else line.days, done_due(kind, start, others=others)
    last = end - timedelta(seconds=1)
    calendar = standard_calendar()
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    assert calendar.is_working(last.date())
    plain = start.date() + timedelta(days=days)
    assert last.date() >= plain
    while plain < last.date():
        assert not calendar.is_working(plain), "it was moved over a working day"
        plain += timedelta(days=1)


@given(MOMENTS, st.sampled_from(sorted(REQUESTS)))
def test_the_clocks_are_in_order(start: datetime, kind: str) -> None:
    assert start < done_due(kind, start) <= done_due(kind, start, others=True)
    assert longest_extension(kind, start) >= done_due(kind, start) + timedelta(days=15)
    assert longest_extension(kind, start) <= done_due(kind, start) + timedelta(days=15 + 12)
    assert start + timedelta(days=2) <= answer_due(start)


@given(MOMENTS)
def test_the_hours_of_a_breach_run_through_holidays(start: datetime) -> None:
    assert notify_due(start) - start == timedelta(hours=72)


@given(MOMENTS)
def test_it_does_not_matter_in_which_zone_an_instant_is_written(start: datetime) -> None:
    assert answer_due(start.astimezone(UTC)) == answer_due(start)
    assert tell_due(start.astimezone(UTC)) == tell_due(start)


def test_months_end_with_the_month() -> None:
    assert plus_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert plus_months(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert plus_months(date(2026, 12, 15), 1) == date(2027, 1, 15)
    assert review_of(date(2026, 3, 1)) == date(2026, 9, 1)
    assert review_of(None) is None


def test_before_the_law_there_is_no_clock() -> None:
    with pytest.raises(PolicyUnknown):
        answer_due(datetime(2025, 12, 31, 12, tzinfo=VIETNAM))


def test_every_line_of_the_table_has_its_words_and_source() -> None:
    table = policy()
    assert {line.kind for line in table.request} == set(REQUESTS)
    assert {line.name for line in table.basis} == set(BASES)
    assert all(line.source and line.source_en for line in (*table.clock, *table.request))
    assert basis_on("consent", date(2026, 1, 1)).article
    assert clock_on("breach.notify", date(2026, 1, 1)).unit == "hours"
