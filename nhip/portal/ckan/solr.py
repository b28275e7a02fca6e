"""The part of Solr's query language that clients of CKAN send: fields, phrases, ranges, AND, OR, NOT, brackets, `*`."""

from __future__ import annotations

import re

import msgspec

from nhip.portal.ckan.errors import QueryUnreadable

MOST_TOKENS = 300
MOST_DEPTH = 20
_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<all>\*:\*)
    |(?P<range>[\[{]\s*(?P<low>"[^"]*"|[^\s"\]}]+)\s+TO\s+(?P<high>"[^"]*"|[^\s"\]}]+)\s*(?P<close>[\]}]))
    |(?P<quoted>"(?:[^"\\]|\\.)*")(?:[~^][\d.]*)*
    |(?P<sign>&&|\|\||[()]|[!+-](?=[^\s]))
    |(?P<field>[A-Za-z_][\w.-]*):(?=[^\s)])
    |(?P<word>(?:[^\s()"\[\]{}\\]|\\.)+)""",
    re.VERBOSE | re.DOTALL,
)
_SIGNS = {"&&": "AND", "||": "OR", "!": "NOT", "-": "NOT"}


class Leaf(msgspec.Struct, frozen=True, tag=True):
    """One condition: `field` empty for words anywhere; `phrase` when it was quoted."""

    field: str
    value: str
    phrase: bool = False


class Range(msgspec.Struct, frozen=True, tag=True):
    """`low` to `high`, `*` without end."""

    field: str
    low: str
    high: str
    with_low: bool
    with_high: bool


class Node(msgspec.Struct, frozen=True, tag=True):
    """`and`, `or`, `not` of parts; `and` of nothing is everything."""

    sign: str
    parts: list[Leaf | Range | Node]


Expression = Leaf | Range | Node
_Token = tuple[str, str, re.Match[str]]


def parse(text: str) -> Expression:
    """The condition that `text` says. Raises QueryUnreadable, which names the place."""
    return _Parser(text).whole()


def leaves(expression: Expression) -> list[Leaf | Range]:
    """All conditions of an expression."""
    if isinstance(expression, Node):
        return [leaf for part in expression.parts for leaf in leaves(part)]
    return [expression]


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(found) >= MOST_TOKENS:
            raise QueryUnreadable(part=text[at : at + 40])
        at = match.end()
        kind = str(next(name for name in ("blank", *_KINDS) if match[name] is not None))
        value = match[kind]
        if kind == "sign" or (kind == "word" and value in ("AND", "OR", "NOT")):
            found.append(("sign", _SIGNS.get(value, value), match))
        elif kind != "blank":
            found.append((kind, value, match))
    return found


_KINDS = ("all", "range", "quoted", "sign", "field", "word")


class _Parser:
    """Recursive descent: OR binds weakest, then AND (also unsaid), then NOT."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0

    def whole(self) -> Expression:
        if not self.tokens:
            return Node("and", [])
        found = self._either("", 0)
        if self.at < len(self.tokens):
            raise QueryUnreadable(part=self._peek())
        return found

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _sign(self, *signs: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self._peek() in signs:
            self.at += 1
            return True
        return False

    def _either(self, field: str, depth: int) -> Expression:
        parts = [self._both(field, depth)]
        while self._sign("OR"):
            parts.append(self._both(field, depth))
        return parts[0] if len(parts) == 1 else Node("or", parts)

    def _both(self, field: str, depth: int) -> Expression:
        parts = [self._one(field, depth)]
        while self.at < len(self.tokens):
            said = self._sign("AND")
            ends = self.tokens[self.at : self.at + 1]
            if not said and ends and ends[0][0] == "sign" and ends[0][1] in (")", "OR"):
                break
            parts.append(self._one(field, depth))
        return parts[0] if len(parts) == 1 else Node("and", parts)

    def _one(self, field: str, depth: int) -> Expression:
        if self.at >= len(self.tokens) or depth > MOST_DEPTH:
            raise QueryUnreadable(part=self._peek() or self.tokens[-1][1])  # it ends too early: after this
        if self._sign("NOT"):
            return Node("not", [self._one(field, depth + 1)])
        if self._sign("+"):
            return self._one(field, depth + 1)
        if self._sign("("):
            found = self._either(field, depth + 1)
            if not self._sign(")"):
                raise QueryUnreadable(part=self._peek() or "(")
            return found
        kind, value, match = self.tokens[self.at]
        self.at += 1
        if kind == "field":
            return self._one(value, depth + 1)
        return _leaf(kind, value, match, field)


def _leaf(kind: str, value: str, match: re.Match[str], field: str) -> Expression:
    if kind == "all":
        return Node("and", [])
    if kind == "range":
        low, high = match["low"].strip('"'), match["high"].strip('"')
        return Range(field, low, high, value.startswith("["), match["close"] == "]")
    if kind == "quoted":
        return Leaf(field, re.sub(r"\\(.)", r"\1", value[1:-1]), phrase=True)
    if kind == "sign":
        raise QueryUnreadable(part=value)
    plain = re.sub(r"[~^][\d.]*$", "", value)
    return Leaf(field, re.sub(r"\\(.)", r"\1", plain))
