"""Which things of a list have not been heard of for much longer than the others, or than is usual for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from nhip.kernel.time import now

_FEWEST = 3
"""With fewer nobody knows what is usual."""
_TIMES = 8
_AT_LEAST = timedelta(minutes=15)


def patience(latest: Iterable[datetime | None]) -> timedelta | None:
    """How long these things may be silent; None where too few of them were ever observed."""
    at = now()
    ages = [(at - one).total_seconds() for one in latest if one is not None]
    return max(_AT_LEAST, timedelta(seconds=_TIMES * median(ages))) if len(ages) >= _FEWEST else None


def rhythm(moments: Iterable[datetime]) -> timedelta | None:
    """How long a thing may be silent that was heard of at these moments; None where they are too few."""
    told = sorted(set(moments))
    gaps = [(after - before).total_seconds() for before, after in pairwise(told)]
    return max(_AT_LEAST, timedelta(seconds=_TIMES * median(gaps))) if len(gaps) >= _FEWEST else None


def silent(latest: datetime | None, longest: timedelta | None) -> bool:
    """Whether a thing is silent for longer than that."""
    return latest is not None and longest is not None and now() - latest > longest
