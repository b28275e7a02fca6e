"""Dates, timestamps and times of day."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nhip.datasets.contract.guessed import Guess
from nhip.datasets.contract.headers import Header
from nhip.datasets.contract.model import LogicalType
from nhip.kernel.i18n import _
from nhip.kernel.values.registry import evidence_for, parser_for

MIN_SHARE = 0.8
_PROOF = {order: re.compile(pattern) for order, pattern in evidence_for("date").items()}
_CLOCK = re.compile(r"[0-9]{1,2}[:hH][0-9]{2}")
_DATE_LIKE = re.compile(r".*(?:[0-9][/.-][0-9]{1,2}[/.-][0-9]|thang|tháng).*", re.IGNORECASE)
_TIME_HINTS = {"date", "birth_date"}
_MIXED = 0.05
"""Part of the proofs that may contradict the order before nothing is said."""


def guess_time(values: Sequence[str], header: Header) -> Guess | None:
    """A date, timestamp or time column; None if the values are not."""
    clocks = sum(_CLOCK.search(value) is not None for value in values) / len(values)
    dated = sum(_DATE_LIKE.fullmatch(value) is not None for value in values) / len(values)
    if clocks >= MIN_SHARE and dated < 0.2:
        return _time(values)
    hinted = bool(header.hints & _TIME_HINTS)
    bare = sum(value.isdigit() for value in values) / len(values)
    if dated < 0.5 and not (hinted and bare + dated >= MIN_SHARE):
        return None
    return _date(values, hinted, clocks >= 0.3, serial=hinted and bare >= 0.02)


def _time(values: Sequence[str]) -> Guess | None:
    parse = parser_for("time")
    part = sum(parse(value).value is not None for value in values) / len(values)
    return Guess(type="time", sure=part, reason=_("the values are times of day")) if part >= MIN_SHARE else None


def _date(values: Sequence[str], hinted: bool, clocks: bool, serial: bool) -> Guess | None:
    order, why = order_of(values)
    kind: LogicalType = "timestamp" if clocks else "date"
    parse = parser_for(kind, order=order, serial=serial)
    read = [parse(value) for value in values]
    known = [parsed for parsed in read if parsed.value or parsed.rule in _DATES_WITH_A_FAULT]
    part = len(known) / len(values)
    if part < (MIN_SHARE if not hinted else 0.6):
        return None
    days = sorted(parsed.value for parsed in known if parsed.value)
    sure = part * (0.97 if order else 0.8)
    return Guess(type=kind, order=order, sure=sure, reason=why, minimum=days[0] if days else None,
                 maximum=days[-1] if days else None)  # fmt: skip


_DATES_WITH_A_FAULT = {"date.ambiguous", "date.impossible", "date.twoDigitYear", "date.year", "date.partial"}


def order_of(values: Sequence[str]) -> tuple[str, str]:
    """(order, reason): dmy or mdy only where a day above 12 proves it, ymd where all start with the year; else empty."""
    proofs = {order: sum(pattern.match(value) is not None for value in values) for order, pattern in _PROOF.items()}
    total = sum(proofs.values())
    if total:
        best = max(proofs, key=lambda order: proofs[order])
        if proofs[best] >= (1 - _MIXED) * total:
            return best, _("dates with a day above 12 prove the order")
        return "", _("some dates prove day first and others month first: the order must be asked for")
    years = sum(re.match(r"[0-9]{4}[-/.]?[0-9]{1,2}[-/.]?[0-9]{1,2}", value) is not None for value in values)
    if years >= 0.95 * len(values):
        return "ymd", _("the dates start with the year")
    return "", _("no date has a day above 12: the order must be asked for")
