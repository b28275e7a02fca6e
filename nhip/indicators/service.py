"""Evaluating indicators over the versions in force."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from nhip.datasets.query import ask
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db.installation import Installation
from nhip.errors import NhipError
from nhip.kernel.sector import Indicator

State = Literal["good", "warn", "alarm", "unknown"]


class Measured(msgspec.Struct, frozen=True):
    """An indicator now: its number (None when it cannot be said, `why` then says so), the time of its oldest data, its state."""

    indicator: Indicator
    value: float | None
    at: datetime | None
    state: State
    why: str = ""


async def measure(installation: Installation, indicator: Indicator) -> Measured:
    """The indicator now. A dataset without a version, or a NULL, gives no number but the reason."""
    try:
        rows = await ask(installation, indicator.sql, indicator.datasets)
    except NhipError as error:
        return Measured(indicator, None, None, "unknown", error.message())
    cell = next(iter(rows[0].values()), None) if rows else None
    value = None if cell is None else float(cell)
    return Measured(indicator, value, await _oldest(installation, indicator), state_of(indicator, value))


async def _oldest(installation: Installation, indicator: Indicator) -> datetime | None:
    async with installation.db.read() as tx:
        versions = [await find_version_in_force(tx, await get_dataset(tx, name)) for name in indicator.datasets]
    return min((v.as_of for v in versions if v), default=None)


def state_of(indicator: Indicator, value: float | None) -> State:
    """Grey until abnormal: alarm and warn only beyond their thresholds, in the direction that is bad."""
    if value is None:
        return "unknown"
    sign = 1 if indicator.better == "lower" else -1
    for limit, state in ((indicator.alarm, "alarm"), (indicator.warn, "warn")):
        if limit is not None and sign * value > sign * limit:
            return "alarm" if state == "alarm" else "warn"
    return "good"
