"""Instants as NGSI-LD writes them: ISO 8601 in UTC with `Z`, no other offset (ETSI GS CIM 009 v1.9.1, 4.6.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from nhip.graph.document.faults import Fault
from nhip.kernel.i18n import _

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z", re.ASCII)

_EVERY_MONTHS = re.compile(
    r"(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z", re.ASCII
)
"""An instant of a day that every month has: there is no calendar to be asked."""


def said(at: datetime) -> str:
    """A moment as our answers write it, to the microsecond."""
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def is_instant(given: Any) -> bool:
    """Whether this is an instant, written so that nothing of it has to be changed."""
    return type(given) is str and _is_instant(given)


@lru_cache(maxsize=4096)
def _is_instant(given: str) -> bool:
    if _EVERY_MONTHS.fullmatch(given) is not None:
        return True
    if _INSTANT.fullmatch(given) is None or "," in given:
        return False
    try:
        datetime.fromisoformat(given[:19])
    except ValueError:
        return False
    return True


def read_instant(given: Any) -> str:
    """The instant, as it was given but with a point before the fraction. Raises Fault."""
    if isinstance(given, str) and _INSTANT.fullmatch(given) is not None:
        try:
            datetime.fromisoformat(given[:19])
        except ValueError:
            pass
        else:
            return given.replace(",", ".")
    raise Fault(_("an instant is written as 2026-11-22T08:00:00Z, in UTC"))
