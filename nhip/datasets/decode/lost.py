"""Letters that a careless conversion has destroyed: `Gia __nh`, `B?nh vi?n`, U+FFFD. They are found, never guessed."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import Final

from nhip.datasets.decode.syllables import all_syllables, rank

_GONE: Final = "\ufffd"
HOLE: Final = re.compile(r"[^\W\d_][?_]|[?_][^\W\d_]")
"""Where a letter may be missing: the cheap test."""
_SPLIT: Final = re.compile(r"[\s,;:.()/\"'–-]+")
_ADDRESS: Final = re.compile(r"://|www\.|@|[=&#\\]")
_RUN: Final = re.compile(r"[?_]+")


@lru_cache(maxsize=1)
def _skeletons() -> frozenset[str]:
    """Every syllable with its non-ASCII letters, or only those outside Windows-1252, turned into `_`."""
    found = set()
    for word in all_syllables():
        bare = "".join(letter if letter.isascii() else "_" for letter in word)
        partly = "".join(letter if ord(letter) < 0x100 else "_" for letter in word)
        found |= {form for form in (bare, partly) if "_" in form}
    return frozenset(found)


@lru_cache(maxsize=20_000)
def _is_holed(token: str) -> bool:
    """Whether a word with holes is a Vietnamese syllable once a letter is put into each hole (1 to 3 marks a letter)."""
    if sum(letter.isalpha() for letter in token) < 1 or len(token) > 20:
        return False
    runs = [match[0] for match in _RUN.finditer(token)]
    pieces = _RUN.split(token.lower())
    if not runs or len(runs) > 3:
        return False
    sizes = [range((len(run) + 2) // 3, len(run) + 1) for run in runs]
    for counts in product(*sizes):
        filled = "".join(piece + "_" * count for piece, count in zip(pieces, (*counts, 0), strict=True))
        if filled in _skeletons():
            return True
    return False


def is_lost(text: str, *, in_context: bool = False) -> bool:
    """Whether letters of `text` are gone for good. `in_context`: other values of the column have lost letters, so that a
    single word is enough; otherwise a code such as STOP_01 or A_B is left in peace."""
    if _GONE in text:
        return True
    if HOLE.search(text) is None or _ADDRESS.search(text):
        return False
    if not in_context and not _SPLIT.search(text.strip()):
        return False
    tokens = [token for token in _SPLIT.split(text) if any(letter.isalpha() for letter in token)]
    holed = [token for token in tokens if _RUN.search(token)]
    sure = [token for token in holed if _is_holed(token)]
    inside = [token for token in sure if _RUN.search(token[:-1])]
    if not inside and not (in_context and sure):
        return False
    others = [token for token in tokens if token not in holed]
    odd = len(holed) - len(sure) + sum(rank(token) < 0 for token in others)
    return (len(tokens) > 1 or in_context) and odd * (2 if in_context else 3) <= len(tokens)
