"""Why a value does not fit its setting, in our words: the texts of msgspec are for programmers, and in English only."""

from __future__ import annotations

import re
from typing import Final

from nhip.kernel.i18n import _

_KNOWN: Final = (
    (r"Expected `int` (>=|>) ([\d.]+)", _("a whole number is needed that is not too small")),
    (r"Expected `int` (<=|<) ([\d.]+)", _("a whole number is needed that is not too large")),
    (r"Expected `float` (>=|>) ([\d.]+)", _("a number is needed that is not too small")),
    (r"Expected `float` (<=|<) ([\d.]+)", _("a number is needed that is not too large")),
    (r"Expected `int", _("a whole number is needed")),
    (r"Expected `(float|decimal)", _("a number is needed")),
    (r"Expected `bool", _("yes or no is needed")),
    (r"Expected `str` of length >= 1", _("it may not be empty")),
    (r"Expected `str` of length <=", _("it is too long")),
    (r"Expected `str` matching", _("it does not have the expected form")),
    (r"Expected `str", _("text is needed")),
    (r"Expected `(array|list)` of length >= 1", _("it may not be empty")),
    (r"Expected `(array|list)", _("a list is needed")),
    (r"Expected `(object|dict)", _("a table of names and values is needed")),
    (r"Invalid enum value", _("it is none of the choices")),
    (r"Object missing required field", _("it is required")),
)


def reason_of(text: str) -> str:
    """The reason in words that can be translated; an unknown text of msgspec as it is."""
    return next((words for pattern, words in _KNOWN if re.match(pattern, text)), text)
