"""The clock. Everything asks here for the time, so that tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""UTC+7 without summer time, since 1975."""

_clock: list[Callable[[], datetime]] = [lambda: datetime.now(UTC)]
_ticks: list[Callable[[], float]] = [time.monotonic]


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _clock[0]()


def monotonic() -> float:
    """Seconds from an unknown start that never go back, for measuring spans of time; held together with the clock."""
    return _ticks[0]()


def today() -> date:
    """The present date in Vietnam."""
    return now().astimezone(VIETNAM).date()


@contextmanager
def held(at: datetime) -> Iterator[None]:
    """Hold the clock at `at` (aware) inside the block; for tests."""
    before, ticks = _clock[0], _ticks[0]
    _clock[0], _ticks[0] = lambda: at, at.timestamp
    try:
        yield
    finally:
        _clock[0], _ticks[0] = before, ticks
