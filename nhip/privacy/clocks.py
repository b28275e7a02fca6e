"""When something is due: periods of `policy.toml` counted as the Civil Code 2015 counts them (articles 147 and 148)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from nhip.kernel.calendar import add_working_days, standard_calendar
from nhip.kernel.time import VIETNAM
from nhip.privacy.policy import Clock, Unit, clock_on, policy, request_on


def due(clock: Clock, start: datetime) -> datetime:
    """The instant at which the period of `clock` is over that began at `start`."""
    return due_in(clock.amount, clock.unit, start)


def due_in(amount: int, unit: Unit, start: datetime) -> datetime:
    """The instant at which a period that began at `start` is over (aware, Vietnam's time).

    Days: the day of `start` does not count; the period ends at midnight at the end of its last day, and where that day is free,
    at the end of the next working day. Hours run through, whatever day it is. Raises NoHolidays outside the calendar's years.
    """
    local, calendar = start.astimezone(VIETNAM), standard_calendar()
    if unit == "hours":
        return local + timedelta(hours=amount)
    if unit == "working_days":
        return end_of(add_working_days(local.date(), amount, calendar))
    last = plus_months(local.date(), amount) if unit == "months" else local.date() + timedelta(days=amount)
    return end_of(add_working_days(last, 0, calendar))


def answer_due(received_at: datetime) -> datetime:
    """By when a data subject must have had a first answer."""
    return due(clock_on("request.answer", _day(received_at)), received_at)


def done_due(kind: str, received_at: datetime, *, others: bool = False) -> datetime:
    """By when a request must be done; `others`: a processor or third party must act too."""
    line = request_on(kind, _day(received_at))
    days = line.days_others if others else line.days
    return due_in(days, "days", received_at)


def longest_extension(kind: str, received_at: datetime, *, others: bool = False) -> datetime:
    """The latest instant to which the time of a request can be extended, once: counted on from when it would have ended."""
    last_day = done_due(kind, received_at, others=others) - timedelta(seconds=1)
    return due(clock_on("request.extension", _day(received_at)), last_day)


def notify_due(found_at: datetime) -> datetime:
    """By when the authority must know of a breach found at `found_at`."""
    return due(clock_on("breach.notify", _day(found_at)), found_at)


def tell_due(withdrawn_at: datetime) -> datetime:
    """By when recipients must have stopped after a consent was withdrawn."""
    return due(clock_on("recipient.tell", _day(withdrawn_at)), withdrawn_at)


def review_of(assessed_on: date | None) -> date | None:
    """When an impact assessment is due again; None where there was none yet."""
    if assessed_on is None:
        return None
    first = min(clock.valid_from for clock in policy().clock if clock.name == "assessment.review")
    return plus_months(assessed_on, clock_on("assessment.review", max(assessed_on, first)).amount)


def plus_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day (Civil Code 2015, article 148.2)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _day(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


def end_of(day: date) -> datetime:
    """Midnight at the end of a day in Vietnam, with which periods end (Civil Code 2015, article 148.6)."""
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def last_day(due_at: datetime) -> date:
    """The last day of a period that ends at `due_at`: what people are told, as midnight belongs to the day after."""
    return _day(due_at - timedelta(microseconds=1))
