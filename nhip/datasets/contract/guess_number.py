"""Numbers: whole numbers, decimals with Vietnamese or English marks, money, quantities with a unit, coordinates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from nhip.datasets.contract.guessed import Guess
from nhip.datasets.contract.headers import Header
from nhip.kernel.i18n import _
from nhip.kernel.measure import find_unit
from nhip.kernel.values.coordinates import VIETNAM_RANGE, Axis
from nhip.kernel.values.registry import evidence_for, parser_for

MIN_SHARE = 0.8
_PROOF = {mark: re.compile(pattern) for mark, pattern in evidence_for("number").items()}
_NUMBER = re.compile(r"[-+(]?[~<>≈]?\s*(?:₫|vnđ|vnd|\$)?\s*[0-9][0-9.,' ]*(?P<tail>.*)", re.IGNORECASE)
_GROUPS = re.compile(r"-?[0-9]{1,3}(?:[.,][0-9]{3})+")
_TEXT_HINTS = {"code", "phone", "citizen_id", "tax_code", "bank_account", "health_insurance", "plate"}
_EASTING, _NORTHING = (150_000, 950_000), (880_000, 2_650_000)
"""Metres of VN-2000 in Viet Nam, any meridian (3 and 6 degree zones). Surveyors write x for north and y for east."""


def guess_number(values: Sequence[str], header: Header) -> Guess | None:
    """A number column; None if it is none, or digits that are a code (leading zeros, or the header says so)."""
    if header.hints & _TEXT_HINTS and not header.hints & {"money", "measure"}:
        return None
    coordinate = _coordinate_text(values, header)
    if coordinate:
        return coordinate
    if sum(re.match(r"0[0-9]", value) is not None for value in values) >= 0.05 * len(values):
        return None
    unit, money = _unit(values, header)
    mark = _decimal_mark(values, header)
    numbers, integers = _read(values, unit, mark)
    part = len(numbers) / len(values)
    if part < MIN_SHARE and not (part >= 0.6 and (unit or header.hints & {"count", "money", "measure"})):
        return None
    found = _coordinate(numbers, header, part)
    return found or _plain(numbers, integers == len(numbers), header, (unit, money, mark), part)


def _plain(numbers: list[float], whole: bool, header: Header, style: tuple[str, bool, str], part: float) -> Guess:
    unit, money, mark = style
    measured = "measure" in header.hints or (unit != "" and not money and _is_measure(unit))
    kind = "money" if money else "quantity" if unit or measured else ""
    reason = _("the values are whole numbers") if whole else _("the values are numbers")
    if unit:
        reason = _("numbers, and the header or the values name the unit")
    hinted = bool(header.hints & {"count", "money", "measure", "year", "ordinal"})
    sure = part * (0.97 if hinted or kind else 0.9)
    return Guess(
        type="integer" if whole and not measured else "number", kind=kind, unit=unit, decimal=mark, sure=sure, reason=reason,
        minimum=min(numbers), maximum=max(numbers),
    )  # fmt: skip


def _is_measure(unit: str) -> bool:
    """Whether the unit is of something continuous, where the next value may have decimals."""
    found = find_unit(unit)
    return found is not None and found.dimension not in ("people", "households", "pieces", "time", "months")


def _decimal_mark(values: Sequence[str], header: Header) -> str:
    """`,` or `.` where values prove it; else the other one if every mark stands before three digits (thousands).
    Coordinates have no thousands marks."""
    proofs = {mark: sum(pattern.fullmatch(value) is not None for value in values) for mark, pattern in _PROOF.items()}
    best = max(proofs, key=lambda mark: proofs[mark])
    if proofs[best] and proofs[best] >= 0.9 * sum(proofs.values()):
        return best
    if "coordinate" in header.hints:
        return "."
    marked = [value for value in values if re.search(r"[0-9][.,][0-9]", value)]
    if marked and sum(_GROUPS.fullmatch(value) is not None for value in marked) >= 0.95 * len(marked):
        return "," if sum("." in value for value in marked) >= len(marked) / 2 else "."
    return ""


def _read(values: Sequence[str], unit: str, mark: str) -> tuple[list[float], int]:
    """The values as numbers and how many of them are whole."""
    parse = parser_for("number", unit=unit, decimal=mark)
    numbers = []
    for value in values:
        parsed = parse(value)
        text = parsed.value if parsed.value is not None else parsed.suggestion
        if text and not parsed.rule.startswith("value."):
            numbers.append(float(text))
    return numbers, sum(number.is_integer() for number in numbers)


def _unit(values: Sequence[str], header: Header) -> tuple[str, bool]:
    """(unit of the numbers, whether they are money)."""
    tails = Counter(match["tail"].strip(" )") for value in values if (match := _NUMBER.match(value)))
    named = Counter({found.symbol: count for tail, count in tails.items() if tail and (found := find_unit(tail))})
    usual = named.most_common(1)[0][0] if named and named.total() >= 0.3 * len(values) else ""
    unit = header.unit or usual
    found_unit = find_unit(unit) if unit else None
    money = found_unit.dimension.startswith("money") if found_unit else _is_money(values, header)
    return ("VND" if money and not unit else unit), money


def _is_money(values: Sequence[str], header: Header) -> bool:
    return "money" in header.hints and not header.hints & {"code", "date", "person_name", "address"}


def _coordinate_text(values: Sequence[str], header: Header) -> Guess | None:
    """Degrees in any writing under a header that says latitude or longitude."""
    axes: tuple[Axis, ...] = ("latitude", "longitude")
    for kind in axes:
        if kind in header.hints:
            parse = parser_for("number", kind)
            read = [float(parsed.value) for value in values if (parsed := parse(value)).value is not None]
            if len(read) >= 0.6 * len(values):
                low, high = VIETNAM_RANGE[kind]
                other = sum(not low <= number <= high for number in read) > 0.5 * len(read)
                if other:
                    return _swapped(read, kind)
                reason = _("the header says so and the values are in Viet Nam")
                return Guess(type="number", kind=kind, sure=0.97, reason=reason, minimum=min(read), maximum=max(read))
    return None


def _swapped(read: list[float], kind: Axis) -> Guess | None:
    """The values decide against the header: X and Y are often exchanged."""
    real: Axis = "longitude" if kind == "latitude" else "latitude"
    low, high = VIETNAM_RANGE[real]
    if sum(low <= number <= high for number in read) < 0.8 * len(read):
        return None
    reason = _("the header says the other axis, but the values are this one in Viet Nam")
    return Guess(type="number", kind=real, sure=0.7, reason=reason, minimum=min(read), maximum=max(read))


def _coordinate(numbers: list[float], header: Header, part: float) -> Guess | None:
    hinted = "coordinate" in header.hints
    if header.unit not in ("", "m") or header.hints & {"money", "count", "measure", "year", "ordinal"}:
        return None
    if header.unit and not hinted:
        return None
    ranges: dict[str, tuple[int, int]] = {
        "latitude": VIETNAM_RANGE["latitude"],
        "longitude": VIETNAM_RANGE["longitude"],
    }
    if hinted:
        ranges |= {"x": _NORTHING, "y": _EASTING}
    fine = sum(round(number, 3) != round(number, 1) for number in numbers) >= 0.8 * len(numbers)
    for kind, (low, high) in ranges.items():
        inside = sum(low <= number <= high for number in numbers) / len(numbers)
        if inside >= 0.9 and (hinted or (fine and len(numbers) >= 10)):
            reason = _("the values are in the range of Viet Nam")
            crs, trust = "VN-2000" if kind in ("x", "y") else "", 0.95 if hinted else 0.7
            return Guess(
                type="number", kind=kind, crs=crs, sure=part * inside * trust,
                reason=reason, minimum=min(numbers), maximum=max(numbers),
            )  # fmt: skip
    return None
