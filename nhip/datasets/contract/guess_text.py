"""Text with a meaning: people, places, addresses, codes; else plain text."""

from __future__ import annotations

from collections.abc import Sequence

from nhip.datasets.contract.guessed import Guess
from nhip.datasets.contract.headers import Header
from nhip.datasets.contract.shapes import shape_of
from nhip.datasets.contract.texts import has_surname, is_address, is_commune, is_district, is_person, is_province, share
from nhip.kernel.i18n import _

_NOT_PEOPLE = {"street", "title", "address", "commune", "district", "province", "category", "code"}
_PLACES = (("province", is_province), ("commune", is_commune), ("district", is_district))


def guess_text(values: Sequence[str], header: Header) -> Guess:
    """The meaning of a text column; plain text if none is found."""
    for attempt in (_code, _place, _person, _address):
        found = attempt(values, header)
        if found:
            return found
    return Guess(sure=0.7, reason=_("plain text"))


def _code(values: Sequence[str], header: Header) -> Guess | None:
    compact = sum(" " not in value and len(value) <= 40 for value in values) / len(values)
    pattern, part = shape_of(values)
    if "code" in header.hints and compact >= 0.9:
        return Guess(
            kind="code", sure=0.7 + 0.25 * max(part, compact), reason=_("the header says code and the values are short")
        )
    letters = sum(any(letter.isalpha() for letter in value) for value in values) >= 0.5 * len(values)
    if pattern and compact >= 0.95 and (letters or "-" in pattern or "/" in pattern or _zeros(values)):
        return Guess(kind="code", sure=0.8 * part, reason=_("the values share a form"))
    return None


def _zeros(values: Sequence[str]) -> bool:
    return any(value.startswith("0") for value in values)


def _place(values: Sequence[str], header: Header) -> Guess | None:
    for kind, test in _PLACES:
        part = share(values, test)
        hinted = kind in header.hints and "address" not in header.hints
        if hinted and not header.hints & {"category"} and (part >= 0.3 or _short_names(values)):
            return Guess(kind=kind, sure=0.75 + 0.2 * part, reason=_("the header names a unit of administration"))
        if part >= 0.8 and not header.hints & {"person_name", "title", "street", "category"}:
            return Guess(kind=kind, sure=0.8 * part, reason=_("the values name units of administration"))
    return None


def _short_names(values: Sequence[str]) -> bool:
    """Names of units without their word: short, capitalised, no comma."""
    good = sum(len(value) <= 30 and "," not in value and value[:1].isupper() for value in values)
    return good >= 0.8 * len(values)


def _person(values: Sequence[str], header: Header) -> Guess | None:
    people, surnames = share(values, is_person), share(values, has_surname)
    if "person_name" in header.hints and people >= 0.5 and (surnames >= 0.5 or people >= 0.8):
        return Guess(
            kind="person_name",
            sure=0.7 + 0.28 * max(surnames, people),
            reason=_("the header and the family names say so"),
        )
    if surnames >= 0.85 and people >= 0.85 and len(values) >= 10 and not header.hints & _NOT_PEOPLE:
        return Guess(kind="person_name", sure=0.65 * surnames, reason=_("most values start with a family name"))
    return None


def _address(values: Sequence[str], header: Header) -> Guess | None:
    part = share(values, is_address)
    if "address" in header.hints and (part >= 0.3 or sum(map(len, values)) >= 12 * len(values)):
        return Guess(kind="address", sure=0.75 + 0.2 * part, reason=_("the header says address"))
    if part >= 0.8 and not header.hints & {"title", "category", "date"} and sum(map(len, values)) >= 15 * len(values):
        return Guess(kind="address", sure=0.75 * part, reason=_("numbers, commas and words for streets and places"))
    return None
