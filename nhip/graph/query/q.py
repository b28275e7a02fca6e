"""The query language q and csf (CIM 009, 4.9): text -> tree of conditions.

`;` binds more strongly than `|`. Beside the grammar: `!name` (absence), quotes with JSON escapes, percent-encoded text as
subscriptions carry it, words without quotes (URIs, times and enumerated values).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from nhip.graph.contexts.core import NAMESPACE
from nhip.graph.query.model import And, Names, Node, Operator, Or, Path, Term, Value
from nhip.graph.query.patterns import check_pattern
from nhip.graph.query.reading import Cursor, expand_name
from nhip.kernel.i18n import _

_OPERATOR = re.compile(r"==|!~=|!=|~=|>=|<=|>|<")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=\.\.|[;|,)]|$)")
_WORD = re.compile(r"""(?:(?!\.\.)[^\s;|,()"'<>])+""")
_KEYS = re.compile(r"[^\[\]]+")
_HINT = re.compile(r"""(?!urn:)[^\s=!<>~;()\[\]{}"']*?:(?!//)(?=[^\s:/{}\[\]]+[\[{}.])""")
_PERCENT = re.compile(r"%(?:2[02]|3[BCDE]|7C)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_LISTS: frozenset[str] = frozenset({"==", "!="})


def parse_q(text: str, names: Names, expand_values: frozenset[str] = frozenset(), parameter: str = "q") -> Node:
    """The conditions of `text`; words about the attributes `expand_values` (IRIs) become IRIs (expandValues).

    Raises QueryUnreadable (BadRequestData) where the grammar is broken, TooLong (TooComplexQuery) past the bounds.
    """
    cursor = Cursor(unquote(text) if _PERCENT.search(text) else text, parameter)
    node = _any(cursor, names, expand_values)
    cursor.end()
    return node


class _SourceNames:
    """Names of registrations: what the core @context defines stays short there (`endpoint`, `mode`), only others are IRIs."""

    def __init__(self, names: Names) -> None:
        self.key, self._expand = names.key, names.expand

    def expand(self, term: str, /) -> str:
        """The member's name in a stored registration."""
        iri = self._expand(term)
        return term if iri == NAMESPACE + term else iri


def parse_csf(text: str, names: Names) -> Node:
    """The conditions of a context source filter, about the members of registrations; raises as parse_q does."""
    return parse_q(text, _SourceNames(names), parameter="csf")


def _any(cursor: Cursor, names: Names, expanded: frozenset[str]) -> Node:
    parts = [_all(cursor, names, expanded)]
    while cursor.take("|"):
        parts.append(_all(cursor, names, expanded))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _all(cursor: Cursor, names: Names, expanded: frozenset[str]) -> Node:
    parts = [_unit(cursor, names, expanded)]
    while cursor.take(";"):
        parts.append(_unit(cursor, names, expanded))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _unit(cursor: Cursor, names: Names, expanded: frozenset[str]) -> Node:
    if not cursor.take("("):
        return _term(cursor, names, expanded)
    cursor.enter()
    node = _any(cursor, names, expanded)
    cursor.need(")")
    cursor.leave()
    return node


def _term(cursor: Cursor, names: Names, expanded: frozenset[str]) -> Term:
    cursor.count()
    if cursor.take("!"):
        return Term(parse_path(cursor, names), "absent")
    path = parse_path(cursor, names)
    found = cursor.match(_OPERATOR)
    if not found:
        return Term(path, "exists")
    operator: Operator = found  # type: ignore[assignment]
    if operator in {"~=", "!~="}:
        return Term(path, operator, (Value("string", _pattern(cursor)),))
    values, is_range = _values(cursor, operator)
    if expanded and _last(path).names[0] in expanded:
        values = tuple(_expanded(value, names) for value in values)
    return Term(path, operator, values, is_range)


def _last(path: Path) -> Path:
    return path if path.linked is None else _last(path.linked)


def _expanded(value: Value, names: Names) -> Value:
    return Value("string", names.expand(value.value)) if value.kind in {"string", "word"} else value


def parse_path(cursor: Cursor, names: Names) -> Path:
    """A path: `name.sub[key.key]` or `name{Type:path}`; raises QueryUnreadable."""
    steps = [expand_name(names, cursor.name())]
    while cursor.peek() == "." and not cursor.text.startswith("..", cursor.at):
        cursor.at += 1
        steps.append(expand_name(names, cursor.name()))
    keys: tuple[str, ...] = ()
    if cursor.take("["):
        keys = tuple(cursor.match(_KEYS).split("."))
        if not all(keys):
            cursor.fail(_("the key between brackets is missing"))
        cursor.need("]")
    if not cursor.take("{"):
        return Path(tuple(steps), keys)
    cursor.enter()
    hint = frozenset(names.expand(name) for name in re.split(r"[,|]", cursor.match(_HINT)[:-1]) if name)
    linked = parse_path(cursor, names)
    cursor.need("}")
    cursor.leave()
    return Path(tuple(steps), keys, linked, hint)


def _values(cursor: Cursor, operator: str) -> tuple[tuple[Value, ...], bool]:
    values = [_value(cursor)]
    if operator not in _LISTS:
        if values[0].kind == "boolean":
            cursor.fail(_("true and false have no order"))
        return tuple(values), False
    if cursor.take(".."):
        values.append(_value(cursor))
        if len({value.kind for value in values}) > 1 or values[0].kind == "boolean":
            cursor.fail(_("the two ends of a range are of different kinds"))
        return tuple(values), True
    while cursor.take(","):
        cursor.count()
        values.append(_value(cursor))
    return tuple(values), False


def _value(cursor: Cursor) -> Value:
    if quoted := cursor.match(_QUOTED):
        return Value("string", _unescape(quoted[1:-1]))
    if number := cursor.match(_NUMBER):
        parsed = float(number) if set(number) & set(".eE") else int(number) if len(number) < 300 else float("inf")
        if abs(parsed) == float("inf"):
            cursor.fail(_("this number is too large"))
        return Value("number", parsed)
    word = cursor.match(_WORD)
    if word in {"true", "false"}:
        return Value("boolean", word == "true")
    return Value("word", word) if word else cursor.fail(_("a value is missing"))


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _character(found.group(1)), text)


def _character(escaped: str) -> str:
    if len(escaped) == 5:
        code = int(escaped[1:], 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    return _ESCAPED.get(escaped, escaped)


def _pattern(cursor: Cursor) -> str:
    """A regular expression: in quotes (only `\\"` is an escape there), or up to the next `;` or `|` outside its brackets."""
    quoted = cursor.match(_QUOTED)
    pattern = quoted[1:-1].replace('\\"', '"') if quoted else _bare_pattern(cursor)
    check_pattern(pattern, cursor.parameter)
    return pattern


def _bare_pattern(cursor: Cursor) -> str:
    start, depth = cursor.at, 0
    while here := cursor.peek():
        if here == "\\":
            cursor.at += 1
        elif here in "([":
            depth += 1
        elif here in ")]":
            if depth == 0:
                break
            depth -= 1
        elif here in ";|" and depth == 0:
            break
        cursor.at += 1
    return cursor.text[start : cursor.at] or cursor.fail(_("a value is missing"))
