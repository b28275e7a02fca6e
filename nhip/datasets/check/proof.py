"""One condition that proves a text cell canonical and within one of its rules, where the rule leaves room for nothing else.

A pattern of visible ASCII, or a list of canonical words, makes the look at blanks, tones and Unicode forms needless: most codes
and categories of a file are looked at once and not three times.
"""

from __future__ import annotations

from typing import NamedTuple

from nhip.datasets.check.cells import SHORT_ENUM
from nhip.datasets.check.visible import visible_glob, visible_pattern
from nhip.datasets.conform.plan import Column
from nhip.datasets.engine import literal
from nhip.kernel.values.fastpath import CANONICAL

MOST_CASES = 12
"""Up to so many words are compared one by one, which beats the join that DuckDB makes of a list."""


class Proof(NamedTuple):
    """`first` is an SQL condition over the column's text, true only where it is canonical and within `rule`; `holds` is true
    wherever it is, and dearer (empty: `first` says it all)."""

    rule: str
    first: str
    holds: str = ""


def find_proof(column: Column) -> Proof | None:
    """The proof of `column`, None when each of its rules has to be looked at."""
    parse = column.form.parse
    if column.field.type != "string" or parse is None:
        return None
    found = {rule.rule: f"NOT ({rule.on(column.text)})" for rule in column.rules if rule.broken}
    words = column.field.enum
    if "enum" in found and len(words) <= SHORT_ENUM and all(parse(word)[:2] == (word, "") for word in words):
        return Proof("enum", _among(column) if len(words) <= MOST_CASES else found["enum"])
    if "pattern" in found and column.field.kind not in CANONICAL:
        return _of_pattern(column, found["pattern"])
    return None


def _of_pattern(column: Column, holds: str) -> Proof | None:
    """The quickest test first; what it does not prove is judged by the slower ones."""
    glob, strict = visible_glob(column.field.pattern), visible_pattern(column.field.pattern)
    if not strict:
        return None
    first = f"{column.text} GLOB {literal(glob)}" if glob else f"regexp_full_match({column.text}, {literal(strict)})"
    return Proof("pattern", first, f"{column.form.canonical(column.text)} AND {holds}")


def _among(column: Column) -> str:
    words = " ".join(f"WHEN {literal(word)} THEN true" for word in column.field.enum)
    return f"CASE {column.text} {words} ELSE false END"
