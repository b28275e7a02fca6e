"""Times of day as they are written in Vietnam: `07h05`, `7:05`, `7 giờ 5 phút chiều`."""

from __future__ import annotations

import re
from typing import NamedTuple

from nhip.kernel.text import fold
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.fastpath import TIME
from nhip.kernel.values.model import Parsed

CLOCK = (
    r"(?P<hour>[0-9]{1,2})(?:[:h]|g(?=[0-9])| ?gio(?![a-z]) ?)"
    r"(?:(?P<minute>[0-9]{1,2})(?:(?:[:m']| ?phut ?)(?:(?P<second>[0-9]{1,2})(?:[.,](?P<fraction>[0-9]{1,9}))?(?:s| ?giay)?)?)?)?"
    r"(?: ?(?P<half>[ap]\.?m\.?|sa|ch|(?:buoi )?(?:sang|trua|chieu|toi|dem)))?"
)
"""A time of day in folded text, with named groups."""

OFFSET = r"(?: ?(?P<offset>z|utc|gmt|(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-9]{2})?))"

_CANONICAL = re.compile(TIME).fullmatch
_COMMON = re.compile(r"([0-9]{1,2})[:hH]([0-9]{2})").fullmatch
_CLOCK = re.compile(CLOCK).fullmatch
_DOTTED = re.compile(r"([1-9]|1[0-9]|2[0-3])\.([0-5][0-9])").fullmatch
_SERIAL = re.compile(r"0[.,]([0-9]{1,17})").fullmatch
_LATE_HALVES = ("pm", "ch", "chieu", "toi")


class Clock(NamedTuple):
    """A time of day; `hour` may be 24 or more where somebody wrote so."""

    hour: int
    minute: int = 0
    second: int = 0
    fraction: str = ""

    @property
    def possible(self) -> bool:
        """True for 00:00:00 to 23:59:59."""
        return self.hour < 24 and self.minute < 60 and self.second < 60

    @property
    def midnight(self) -> bool:
        """True for the first instant of a day, which is how a date without time is often exported."""
        return not (self.hour or self.minute or self.second or self.fraction)

    @property
    def text(self) -> str:
        """`HH:MM:SS`, with the fraction if there is one."""
        return f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}" + (f".{self.fraction}" if self.fraction else "")


def read_clock(match: re.Match[str]) -> Clock:
    """The time that a match of `CLOCK` means, halves of the day applied."""
    hour, half = int(match["hour"]), (match["half"] or "").replace(".", "").removeprefix("buoi ")
    if half == "trua":
        hour += 12 if hour < 4 else 0
    elif half == "dem":
        hour = hour % 12 if hour == 12 else hour + (12 if 6 <= hour < 12 else 0)
    elif half in _LATE_HALVES:
        hour += 12 if hour < 12 else 0
    elif half and hour == 12:
        hour = 0
    fraction = (match["fraction"] or "")[:6].rstrip("0")
    return Clock(hour, int(match["minute"] or 0), int(match["second"] or 0), fraction)


def clock_of_fraction(digits: str) -> Clock:
    """The time of an Excel fraction of a day given by its decimals (`5` is noon), to the nearest second."""
    seconds = min(round(float(f"0.{digits}") * 86400), 86399)
    return Clock(seconds // 3600, seconds // 60 % 60, seconds % 60)


def parse_time(text: str, *, serial: bool = False) -> Parsed:
    """Read a time of day; canonical is `HH:MM:SS`. `serial` accepts Excel fractions of a day."""
    if _CANONICAL(text):
        return Parsed(text)
    match = _COMMON(text)
    if match and match[1] < "24" and match[2] < "60" and len(match[1]) == 2:
        return Parsed(f"{match[1]}:{match[2]}:00", "time.form")
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    clock = _read(fold(cleaned), serial) if len(cleaned) <= LONGEST else None
    if clock is None:
        return Parsed(None, "time.unreadable", "error")
    if not clock.possible:
        return Parsed(None, "time.impossible", "error", "00:00:00" if clock[:3] == (24, 0, 0) else "")
    return Parsed(clock.text, "time.form")


def _read(folded: str, serial: bool) -> Clock | None:
    if match := _CLOCK(folded):
        return read_clock(match)
    if serial and (match := _SERIAL(folded)):
        return clock_of_fraction(match[1])
    if match := _DOTTED(folded):
        return Clock(int(match[1]), int(match[2]))
    return None
