"""Patterns of contracts, translated from the common dialect (ECMA-262, Python) to RE2 as DuckDB runs it.

RE2's `\\w`, `\\d` and `\\s` know ASCII only, so that `\\w+` would refuse “Huế”: they become Unicode classes. RE2 runs in linear
time whatever the text; what it does not know (look-around, back references) is refused with a reason.
"""

from __future__ import annotations

import duckdb

from nhip.datasets.check.errors import PatternUnusable
from nhip.datasets.contract.expression import engine

_OUTSIDE = {
    "w": r"[\p{L}\p{N}_]",
    "W": r"[^\p{L}\p{N}_]",
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "s": r"[\s\x{85}\p{Z}]",
    "S": r"[^\s\x{85}\p{Z}]",
}
_INSIDE = {"w": r"\p{L}\p{N}_", "d": r"\p{Nd}", "D": r"\P{Nd}", "s": r"\s\x{85}\p{Z}"}


def translate(pattern: str) -> str:
    """The RE2 form of `pattern`; the whole text must match it (`regexp_full_match`)."""
    parts: list[str] = []
    inside = False
    place = 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\" and place + 1 < len(pattern):
            escaped, place = _escape(pattern, place + 1, _INSIDE if inside else _OUTSIDE)
            parts.append(escaped)
            continue
        if letter == "[" and not inside:
            inside = True
            lead = 2 if pattern[place + 1 : place + 2] == "^" else 1
            if pattern[place + lead : place + lead + 1] == "]":  # a bracket in first place is itself
                lead += 1
            parts.append(pattern[place : place + lead])
            place += lead
            continue
        if letter == "]" and inside:
            inside = False
        parts.append(letter)
        place += 1
    return "".join(parts)


def _escape(pattern: str, place: int, classes: dict[str, str]) -> tuple[str, int]:
    letter = pattern[place]
    code = pattern[place + 1 : place + 5]
    if letter == "u" and len(code) == 4 and all(c in "0123456789abcdefABCDEF" for c in code):
        return f"\\x{{{code}}}", place + 5
    if letter == "Z":
        return "\\z", place + 1
    return classes.get(letter, "\\" + letter), place + 1


def compiled(column: str, pattern: str) -> str:
    """`translate(pattern)`, tried out. Raises PatternUnusable naming the column."""
    made = f"(?:{translate(pattern)})"
    try:
        with engine() as con:
            con.execute("SELECT regexp_full_match('', ?)", [made]).fetchone()
    except duckdb.Error as error:
        raise PatternUnusable(column=column, what=_reason(error)) from error
    return made


def _reason(error: duckdb.Error) -> str:
    return str(error).splitlines()[0].removeprefix("Invalid Input Error: ")[:200]
