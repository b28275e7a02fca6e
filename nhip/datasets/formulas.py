"""Text that a spreadsheet would run as a formula, made harmless in everything that leaves as CSV (OWASP CSV injection)."""

from __future__ import annotations

import re

from nhip.datasets.engine import ident, literal

FORMULA = r"^[=+\-@\t\r]"
HARMLESS = r"^[+-]?[0-9][0-9 .,]*$"
_SIGNS = ", ".join(str(ord(sign)) for sign in "=+-@\t\r")
"""What FORMULA begins with, as code points: comparing numbers costs a tenth of a regular expression."""


def neutral(name: str, kind: str) -> str:
    """SQL for the column `name` in a download: text that looks like a formula gets a leading apostrophe."""
    column = ident(name)
    if kind != "VARCHAR":
        return column
    shown = f"case when regexp_matches({column}, {literal(HARMLESS)}) then {column} else '''' || {column} end"
    return f"case when unicode({column}) in ({_SIGNS}) then {shown} else {column} end as {column}"


def neutral_cell(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets a leading apostrophe (OWASP CSV injection)."""
    risky = re.match(FORMULA, text) and not re.match(HARMLESS, text)
    return f"'{text}" if risky else text
