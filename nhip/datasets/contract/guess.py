"""What a column holds, judged from a sample of its distinct values and its header. The parsers of `nhip.kernel.values` decide
what a value can be read as, so that what is inferred here is what conform can read later."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from nhip.datasets.contract.guess_number import guess_number
from nhip.datasets.contract.guess_text import guess_text
from nhip.datasets.contract.guess_time import guess_time
from nhip.datasets.contract.guessed import UNKNOWN, Guess
from nhip.datasets.contract.headers import Header
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.kernel.values.booleans import parse_boolean
from nhip.kernel.values.cleaning import blank, clean
from nhip.kernel.values.registry import parser_for

_WEAK = ("leadingZero", "old", "digitsLost")
"""Endings of rules under which almost any number would pass: they count only when the header says the same."""

_GEOMETRY = re.compile(
    r"\s*(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*Z?\s*\(|SRID=|\{\s*\"(?:type|coordinates)\")", re.IGNORECASE
)
_BOOLEANS = (
    {"co", "khong"}, {"x", "khong"}, {"x"}, {"1", "0"}, {"dung", "sai"}, {"true", "false"}, {"yes", "no"}, {"y", "n"},
    {"v"}, {"✓"}, {"co", "khong", "khong co"}, {"co", "chua"}, {"roi", "chua"},
    {"da co", "chua co"}, {"t", "f"}, {"co", "chua co"},
)  # fmt: skip
_DIGITS = re.compile(r"[0-9]")


class _Kind(msgspec.Struct, frozen=True):
    """A kind that its own parser recognises. `could` is a cheap test whether a value is worth parsing."""

    name: str
    hint: str
    could: Callable[[str], bool]


def _digits(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: low <= len(_DIGITS.findall(text)) <= high


_KINDS = (
    _Kind("email", "email", lambda text: "@" in text),
    _Kind("url", "url", lambda text: "." in text and "@" not in text),
    _Kind("citizen_id", "citizen_id", _digits(9, 12)),
    _Kind("phone", "phone", _digits(7, 14)),
    _Kind("tax_code", "tax_code", _digits(9, 14)),
    _Kind("plate", "plate", lambda text: len(text) <= 14 and text[:2].isdigit()),
    _Kind("health_insurance", "health_insurance", _digits(10, 13)),
    _Kind("bank_account", "bank_account", _digits(6, 19)),
)
_HINT_ONLY = {"health_insurance", "bank_account"}
"""Any run of digits could be one: only with a header that says so."""


def guess(values: Sequence[str], header: Header, counts: Mapping[str, int] | None = None) -> Guess:
    """The best reading of a column from distinct `values` (at most a thousand are needed), its header, and, for a column of
    few values, how often each stands there."""
    cleaned = [text for value in values if not blank(text := clean(value))]
    if not cleaned:
        return msgspec.structs.replace(UNKNOWN, reason=_("the column is empty"))
    found = _geometry(cleaned, header) or _identity(cleaned, header) or _boolean(cleaned, header, counts or {})
    if found:
        return found
    return guess_time(cleaned, header) or guess_number(cleaned, header) or guess_text(cleaned, header)


def _geometry(values: Sequence[str], header: Header) -> Guess | None:
    part = sum(_GEOMETRY.match(value) is not None for value in values) / len(values)
    if part < 0.9:
        return None
    return Guess(kind="geometry", sure=part, reason=_("the values are WKT or GeoJSON"))


def _identity(values: Sequence[str], header: Header) -> Guess | None:
    """Kinds with a structure of their own. The header decides between kinds that a value could both be."""
    hinted = [kind for kind in _KINDS if kind.hint in header.hints]
    for kind in hinted:
        part = _read_share(values, kind, strict=False)
        if part >= 0.5:
            sure = 0.6 + 0.4 * part
            return Guess(kind=kind.name, sure=sure, reason=_("the header says so and the values have that form"))
    if "code" in header.hints or hinted:
        return None
    for kind in _KINDS:
        if kind.name in _HINT_ONLY:
            continue
        part = _read_share(values, kind, strict=True)
        if part >= 0.85 and len(values) >= 3:
            return Guess(kind=kind.name, sure=0.85 * part, reason=_("the values have that form"))
    return None


def _read_share(values: Sequence[str], kind: _Kind, strict: bool) -> float:
    candidates = [value for value in values if kind.could(value)]
    if len(candidates) < 0.4 * len(values):
        return 0.0
    parse = parser_for("string", kind.name)
    read = 0
    for value in candidates:
        parsed = parse(value)
        likely = parsed.value is not None or (not strict and parsed.rule.endswith((*_WEAK, "several", "checkDigit")))
        weak = strict and (parsed.rule.endswith(_WEAK) or not _own_form(kind.name, value))
        read += likely and not weak
    return read / len(values)


def _own_form(kind: str, value: str) -> bool:
    """Without a header a bare number is no phone unless it starts like one, and a web address needs its scheme or www."""
    if kind == "phone":
        return value.startswith(("0", "+84", "84", "(0", "(+84", "1800", "1900"))
    if kind == "url":
        return "://" in value or value.startswith("www.")
    return True


def _boolean(values: Sequence[str], header: Header, counts: Mapping[str, int]) -> Guess | None:
    found = _usual({fold(value) for value in values}, counts)
    if not found or not any(found <= words for words in _BOOLEANS):
        return None
    if found in ({"1"}, {"0"}):
        return None
    if (
        found == {"1", "0"}
        and header.hints & {"count", "measure", "money", "ordinal", "code"}
        and "boolean" not in header.hints
    ):
        return None
    part = sum(parse_boolean(value).value is not None for value in found) / len(found)
    sure = 0.95 if "boolean" in header.hints or found != {"1", "0"} else 0.75
    return Guess(type="boolean", sure=sure * part, reason=_("the values are yes and no"))


def _usual(found: set[str], counts: Mapping[str, int]) -> set[str]:
    """The folded values without those that fewer than three of a hundred rows have together, where `counts` tell."""
    weights: Counter[str] = Counter()
    for text, count in counts.items():
        if not blank(clean(text)):
            weights[fold(clean(text))] += count
    if not weights or weights.total() < 30:
        return found
    usual: set[str] = set()
    covered = 0
    for text, count in weights.most_common():
        if covered >= 0.97 * weights.total():
            break
        usual.add(text)
        covered += count
    return usual
