"""Regular expressions: whether one compiles in RE2 (what Nhịp runs) and where Python, ECMA and RE2 read it differently."""

from __future__ import annotations

import re

import duckdb

from nhip.datasets.contract.expression import engine
from nhip.datasets.contract.notes import shorten
from nhip.kernel.i18n import _

_ASCII_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\([wdbsWDBS])")
_NAMED_CLASS = re.compile(r"\[\[:\^?[a-z]+:\]|(?<!\\)(?:\\\\)*\\(?:[pP][A-Z{]|[zQC])")


def pattern_problem(pattern: str) -> str:
    """Why RE2 cannot use `pattern`; empty if it can."""
    try:
        with engine() as con:
            con.execute("SELECT regexp_matches('x', ?)", [pattern]).fetchall()
    except duckdb.Error as error:
        return shorten(str(error).strip().splitlines()[0].removeprefix("Invalid Input Error: "))
    return ""


def pattern_differences(pattern: str) -> list[str]:
    """What another tool would read differently in `pattern`, as English templates; empty if all read the same."""
    found = []
    if not (pattern.startswith(("^", r"\A")) and pattern.endswith(("$", r"\z"))):
        found.append(_("without ^ and $ some tools look for it anywhere in the text and others compare the whole text"))
    if "|" in pattern and _bare_alternatives(pattern):
        found.append(_("^a|b$ means (^a)|(b$): put the alternatives in brackets"))
    if _ASCII_CLASS.search(pattern):
        found.append(
            _(r"\w, \d, \s and \b know ASCII only here, but all letters and digits in Python: write [0-9] or \p{{L}}")
        )
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        found.append(_("Python and frictionless cannot read it"))
    if _NAMED_CLASS.search(pattern) and len(found) < 3:
        found.append(_(r"[[:alpha:]], \p{{L}} and \z mean something else or nothing in Python and ECMAScript"))
    return found


def _bare_alternatives(pattern: str) -> bool:
    """Whether a `|` stands outside brackets while the pattern is anchored."""
    depth, place, in_class = 0, 0, False
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            place += 1
        elif in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "|" and depth == 0:
            return pattern.startswith("^") or pattern.endswith("$")
        place += 1
    return False
