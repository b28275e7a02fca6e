"""By when readers have an answer: periods as dated data (`policy.toml`)."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec

from nhip.kernel.time import VIETNAM
from nhip.privacy.clocks import due
from nhip.privacy.policy import Clock, PolicyUnknown


@cache
def list_clocks() -> list[Clock]:
    """Every clock of the file, the oldest first."""
    found = tomllib.loads(Path(__file__).with_name("policy.toml").read_text(encoding="utf-8"))
    return sorted(msgspec.convert(found["clock"], list[Clock]), key=lambda clock: clock.valid_from)


def clock_at(name: str, at: datetime) -> Clock:
    """The clock `name` in force at an instant. Raises PolicyUnknown."""
    day = at.astimezone(VIETNAM).date()
    held = [clock for clock in list_clocks() if clock.name == name and clock.valid_from <= day]
    if not held:
        raise PolicyUnknown(what=name, day=day.isoformat())
    return held[-1]


def due_at(name: str, start: datetime) -> datetime:
    """When the period of the clock `name` is over that begins at `start`."""
    return due(clock_at(name, start), start)
