"""Regular expressions: whether one compiles in RE2 (what Nhịp runs) and where Python, ECMA and RE2 read it differently."""

from __future__ import annotations

import re

from nhip.datasets.check.errors import PatternUnusable
from nhip.datasets.check.pattern import compiled
from nhip.kernel.i18n import _

_ASCII_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\([wdbsWDBS])")
_NAMED_CLASS = re.compile(r"\[\[:\^?[a-z]+:\]|(?<!\\)(?:\\\\)*\\(?:[pP][A-Z{]|[zQC])")


def pattern_problem(pattern: str) -> str:
    """Why RE2 cannot use `pattern`; empty if it can."""
    try:
        compiled("", pattern)
    except PatternUnusable as error:
        return str(error.values["what"])
    return ""


def pattern_differences(pattern: str) -> list[str]:
    """What another tool would read differently in `pattern`, as English sentences; empty if all read the same."""
    found = []
    if not (pattern.startswith(("^", r"\A")) and pattern.endswith(("$", r"\z", r"\Z"))):
        found.append(_("Nhịp compares the whole text; without ^ and $ other tools look for it anywhere in the text"))
    if "|" in pattern and _bare_alternatives(pattern):
        found.append(_("^a|b$ means (^a)|(b$) elsewhere: put the alternatives in brackets"))
    if _ASCII_CLASS.search(pattern):
        found.append(
            _(r"\w, \d, \s and \b mean all letters and digits in Python, ASCII in other tools: write [0-9] or [A-Za-z]")
        )
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        found.append(_("Python and frictionless cannot read it"))
    if _NAMED_CLASS.search(pattern):
        found.append(
            _("classes such as [[:alpha:]] or \\p and \\z mean something else or nothing in Python and ECMAScript")
        )
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
