"""Quotas that hold over all processes: each takes leave for a block of requests in PostgreSQL and counts that down in memory.

What all are given together never exceeds the quota. A process that ends leaves the rest of its block unused, at most a fiftieth.
Spans are those of the clock: the minute, the day in Vietnam.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from nhip.db import Database
from nhip.kernel.time import VIETNAM, now
from nhip.security.programs import store
from nhip.security.programs.model import Caller, Left, Span

_MOST = 20_000
LARGEST_BLOCK = 200


class _Held(msgspec.Struct):
    """What this process holds of one span. `over`: nobody is given more until it ends."""

    starts_at: datetime
    left: int = 0
    used: int = 0
    over: bool = False


_held: OrderedDict[tuple[uuid.UUID, Span], _Held] = OrderedDict()


async def take(db: Database, caller: Caller) -> tuple[bool, tuple[Left, ...]]:
    """Whether one more request is within the quotas of `caller`, and what is left of each."""
    at = now()
    lefts = [await _take(db, caller.id, "minute", caller.per_minute, at)]
    if lefts[0][0]:
        lefts.append(await _take(db, caller.id, "day", caller.per_day, at))
    return all(good for good, _left in lefts), tuple(left for _good, left in lefts)


async def _take(db: Database, credential: uuid.UUID, span: Span, quota: int, at: datetime) -> tuple[bool, Left]:
    starts_at, ends_at = bounds(span, at)
    held = _held.get((credential, span))
    if held is None or held.starts_at < starts_at:
        held = _remember(credential, span, _Held(starts_at))
    if held.left <= 0 and not held.over:
        async with db.tx() as tx:
            lease = await store.lease(tx, credential, span, starts_at, quota, block_of(quota))
        held.left += lease.granted
        held.used = lease.used
        held.over = lease.granted == 0 and held.left <= 0
    good = held.left > 0
    held.left -= good
    seconds = max(1, int((ends_at - at).total_seconds()))
    return good, Left(span, quota, max(0, quota - held.used) + held.left, seconds)


def _remember(credential: uuid.UUID, span: Span, held: _Held) -> _Held:
    _held[credential, span] = held
    _held.move_to_end((credential, span))
    if len(_held) > _MOST:
        _held.popitem(last=False)
    return held


def block_of(quota: int) -> int:
    """How many requests are asked for at once."""
    return max(1, min(LARGEST_BLOCK, quota // 50))


def bounds(span: Span, at: datetime) -> tuple[datetime, datetime]:
    """Beginning and end of the minute, or of the Vietnamese day, that holds `at`."""
    here = at.astimezone(VIETNAM).replace(second=0, microsecond=0)
    if span == "minute":
        return here, here + timedelta(minutes=1)
    day = here.replace(hour=0, minute=0)
    return day, day + timedelta(days=1)
