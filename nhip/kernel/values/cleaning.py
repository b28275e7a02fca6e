"""What every parser does first: compatible letters, plain blanks, and the words that agencies write for "nothing"."""

from __future__ import annotations

import unicodedata

from nhip.kernel.text import fold, squash
from nhip.kernel.values.model import Parsed

LONGEST = 200
"""Longer texts are not single values; no parser looks into them."""

_MINUSES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-"))

_BLANKS = frozenset(
    (
        *("-", "--", "---", ".", "..", "...", "/", "?", "??", "n/a", "na", "nan", "nat", "null", "none", "nil"),
        *("#n/a", "#value!", "#ref!", "#div/0!", "#name?", "#null!", "#num!"),
        *("khong co", "(khong co)", "khong ro", "khong xac dinh", "khong co thong tin", "trong", "(trong)"),
        *("chua co", "chua ro", "chua xac dinh", "chua cap nhat", "dang cap nhat", "unknown", "not available"),
    )
)
"""Folded."""


def clean(text: str) -> str:
    """Compatible letters (NFKC: full-width digits), one kind of blank and of minus, trimmed."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_MINUSES)
    return squash(text)


def blank(cleaned: str) -> Parsed | None:
    """An empty value if the text says in words or signs that there is nothing, else None."""
    if not cleaned:
        return Parsed(None, "value.blank")
    if len(cleaned) <= 24 and fold(cleaned) in _BLANKS:
        return Parsed(None, "value.blank")
    return None
