"""One condition that proves a text cell canonical and within one of its rules, where the rule leaves room for nothing else.

A pattern of visible ASCII, or a list of canonical words, makes the look at blanks, tones and Unicode forms needless: most codes
and categories of a file are looked at once and not three times.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from nhip.datasets.check.cells import SHORT_ENUM
from nhip.datasets.conform.plan import Column
from nhip.kernel.values.fastpath import CANONICAL

_VISIBLE = re.compile(
    r"(?:[A-Za-z0-9_@:;,/-]|\\[d.+-]|\[[A-Za-z0-9_.-]+\]|\{[0-9]+(?:,[0-9]*)?\}|\((?:\?:|(?!\?))|[)|?*+])+"
)
"""Patterns that match visible ASCII and decimal digits alone: text of these is canonical. No flags: `(?i)k` is also U+212A."""


class Proof(NamedTuple):
    """`broken` is an SQL condition over the column's text, true where the proof fails; `rule` is the rule it stands for."""

    rule: str
    broken: str


def find_proof(column: Column) -> Proof | None:
    """The proof of `column`, None when each of its rules has to be looked at."""
    parse = column.form.parse
    if column.field.type != "string" or parse is None:
        return None
    found = {rule.rule: rule.on(column.text) for rule in column.rules if rule.broken}
    words = column.field.enum
    if "enum" in found and len(words) <= SHORT_ENUM and all(parse(word)[:2] == (word, "") for word in words):
        return Proof("enum", found["enum"])
    if "pattern" in found and column.field.kind not in CANONICAL and _VISIBLE.fullmatch(column.field.pattern):
        return Proof("pattern", found["pattern"])
    return None
