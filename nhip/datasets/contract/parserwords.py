"""What the parsers of YAML and of ODCS find wrong, in our words: theirs are for programmers, and in English only."""

from __future__ import annotations

from typing import Any, Final

import yaml

from nhip.kernel.i18n import _

_YAML: Final = (
    ("mapping values are not allowed", _("a second “:” stands on this line; put the text into quotes")),
    ("found character that cannot start any token", _("text that begins with @, ` or % needs quotes")),
    ("did not find expected ',' or ']'", _("a list that opened with [ is not closed with ]")),
    ("did not find expected ',' or '}'", _("a group in curly brackets is not closed")),
    ("found unexpected end of stream", _("quotes that were opened are not closed")),
    ("found unexpected document indicator", _("quotes that were opened are not closed")),
    ("did not find expected '-' indicator", _("this line should begin with “-” like those above, or be indented")),
    ("did not find expected key", _("this line is not indented like those above it")),
    ("could not find expected ':'", _("a “:” is missing after the name")),
    ("found undefined alias", _("* points to a name that is set nowhere with &; put the text into quotes")),
    (
        "found unknown escape character",
        _("“\\” in double quotes begins a sign that YAML does not know; use single quotes"),
    ),
    ("did not find expected comment or line break", _("after | or > the text begins on the next line")),
    ("but found another document", _("there are two documents in it (---); one contract is expected")),
    ("control characters are not allowed", _("there is a sign in it that cannot be seen; delete it")),
    ("special characters are not allowed", _("there is a sign in it that cannot be seen; delete it")),
    ("found duplicate anchor", _("the same name is set twice with &")),
    ("block sequence entries are not allowed", _("“-” cannot stand here; begin a new line")),
    ("found a tab character", _("a tab stands before the text; indent with blanks")),
)
_TAB: Final = _("a tab stands before the text; indent with blanks")
_OTHER: Final = _("this is not YAML")
_OPENED: Final = ("is not closed", "are not closed")
_LONGEST: Final = 80

_SCHEMA: Final = {
    "string_type": _("text is expected"),
    "int_type": _("a whole number is expected"),
    "int_parsing": _("a whole number is expected"),
    "int_from_float": _("a whole number is expected"),
    "float_type": _("a number is expected"),
    "float_parsing": _("a number is expected"),
    "bool_type": _("true or false is expected"),
    "bool_parsing": _("true or false is expected"),
    "list_type": _("a list is expected (lines that begin with “-”)"),
    "dict_type": _("a group of keys is expected"),
    "model_type": _("a group of keys is expected"),
    "model_attributes_type": _("a group of keys is expected"),
    "missing": _("this key is missing"),
    "literal_error": _("it is none of the words that the standard has"),
    "enum": _("it is none of the words that the standard has"),
}


def yaml_words(error: yaml.YAMLError, text: str) -> tuple[int, str, str]:
    """Line (from 1), what is wrong (marked English) and the beginning of that line."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "")
    what = next((words for known, words in _YAML if known in problem), _OTHER)
    mark = getattr(error, "problem_mark", None)
    if any(part in what for part in _OPENED):  # the fault is where it opened; the parser noticed at the end
        mark = getattr(error, "context_mark", None) or mark
    lines = text.splitlines()
    line = min(mark.line + 1, max(len(lines), 1)) if mark else _line_at(error, text)
    shown = lines[line - 1] if lines else ""
    if mark and shown[: len(shown) - len(shown.lstrip())].count("\t"):
        what = _TAB
    return line, what, "".join(sign for sign in shown.strip() if sign.isprintable())[:_LONGEST]


def _line_at(error: yaml.YAMLError, text: str) -> int:
    """The line of the sign that the reader refused; 1 where nothing tells it."""
    position = getattr(error, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 1


def schema_words(entry: Any) -> tuple[str, str]:
    """What the official model expects (marked English), and the words that it has where it has a list of them."""
    what = _SCHEMA.get(entry["type"], _("something else is expected"))
    expected = str(entry.get("ctx", {}).get("expected", ""))
    return what, f" ({expected.replace(' or ', ', ')})" if expected else ""
