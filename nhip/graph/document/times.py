"""Instants as NGSI-LD writes them: ISO 8601 in UTC with `Z`, no other offset (ETSI GS CIM 009 v1.9.1, 4.6.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from nhip.graph.document.faults import Fault
from nhip.kernel.i18n import _

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z", re.ASCII)


def said(at: datetime) -> str:
    """A moment as our answers write it, to the microsecond."""
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def is_instant(given: Any) -> bool:
    """Whether this is an instant, written so that nothing of it has to be changed."""
    if type(given) is not str or not 20 <= len(given) <= 30 or not given.isascii():
        return False
    if (
        given[10] != "T"
        or given[4] != "-"
        or given[7] != "-"
        or given[13] != ":"
        or given[16] != ":"
        or given[-1] != "Z"
    ):
        return False
    if len(given) > 20 and not (given[19] == "." and given[20:-1].isdigit()):
        return False
    try:
        datetime.fromisoformat(given)  # the signs being where they belong, it asks for digits and for the calendar
    except ValueError:
        return False
    return given[11:13] != "24"


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
