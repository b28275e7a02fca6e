"""The form that codes such as `HUE-2024-001` share, as a pattern that RE2, Python and ECMAScript read alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_TOKEN = re.compile(r"[A-ZĐ]+|[a-zđ]+|[0-9]+|.", re.DOTALL)
_CLASS = {"U": "[A-ZĐ]", "L": "[a-zđ]", "D": "[0-9]"}
MIN_SHARE = 0.95
RARE = 0.01
"""A length or word that fewer of the values have is taken for a mistake."""


def shape_of(values: Sequence[str]) -> tuple[str, float]:
    """(pattern, share of the values that have it) of distinct `values`; an empty pattern if they share no telling form."""
    if sum(" " in value for value in values[:200]) > 0.1 * len(values[:200]):
        return "", 0.0
    split = [_TOKEN.findall(value) for value in values if value]
    counts = Counter(tuple(_kind(token) for token in tokens) for tokens in split)
    if len(split) < 5 or not counts:
        return "", 0.0
    signature, _count = counts.most_common(1)[0]
    alike = [tokens for tokens in split if tuple(map(_kind, tokens)) == signature]
    if not _telling(signature) or len(alike) / len(split) < MIN_SHARE:
        return "", 0.0
    parts = [_part(kind, [tokens[place] for tokens in alike]) for place, kind in enumerate(signature)]
    if len(signature) == 1 and "," in parts[0]:
        return "", 0.0
    pattern = "^" + "".join(parts) + "$"
    return pattern, sum(re.fullmatch(pattern, value) is not None for value in values) / len(values)


def _kind(token: str) -> str:
    first = token[0]
    if first.isascii() and first.isdigit():
        return "D"
    if re.fullmatch("[A-ZĐ]", first):
        return "U"
    return "L" if re.fullmatch("[a-zđ]", first) else first


def _telling(signature: tuple[str, ...]) -> bool:
    """Codes have digits, are short, and have no blanks inside."""
    return "D" in signature and len(signature) <= 12 and not any(kind.isspace() for kind in signature)


def _part(kind: str, tokens: list[str]) -> str:
    if kind not in _CLASS:
        return f"\\{kind}" if kind in r".^$*+?()[]{}|\\" else kind
    words = Counter(tokens)
    common = [word for word, count in words.items() if count >= max(RARE * len(tokens), 2)]
    if kind != "D" and common and len(common) <= 8 and sum(words[word] for word in common) >= MIN_SHARE * len(tokens):
        return common[0] if len(common) == 1 else f"({'|'.join(sorted(common))})"
    sizes = Counter(map(len, tokens))
    usual = [size for size, count in sizes.items() if count >= RARE * len(tokens)] or list(sizes)
    low, high = min(usual), max(usual)
    times = "" if low == high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"
    return _CLASS[kind] + times
