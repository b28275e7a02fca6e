"""What a condition of q becomes for the tables of values: intervals in which everything lies that it finds.

Nothing may be lost; where nothing is found too much either, the rows alone tell how many entities there are (`sure`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from nhip.db.sql import load
from nhip.graph.query.comparing import moment
from nhip.graph.query.model import MEMBERS, SYSTEM_NAMES, Node, Term, Value, terms_of
from nhip.graph.query.values import NO_TEXT_MARK, TEXT_LENGTH, TIMES, Index, mark

queries = load(__file__)
Ready = Mapping[str, int]
"""The tables of values that are complete: name (`Index.text`) -> number."""

HIGHEST = "\U0010ffff"
_ABOVE_ALL = HIGHEST * (TEXT_LENGTH + 1)
_EXACT = 2.0**53
"""Below it every whole number is a float8 of its own."""
_INFINITY = float("inf")
_ORDER = frozenset({">", ">=", "<", "<="})
_LITERAL = r"[\w:/#%~@ -]|\\[.\-:/]"
_ANCHORED = re.compile(rf"\^((?:{_LITERAL})+)([*?{{+]?)")
_PARTS = re.compile(rf"\^?(?:{_LITERAL}|\.[*+?]?)*\$?")
_ANYTHING = re.compile(r"(?<!\\)\.[*+?]?")
_SHORTEST_PART = 2


class Find(msgspec.Struct, frozen=True):
    """A named query that gives ids, with its values after the tenant and before the limit."""

    query: str
    values: tuple[Any, ...]


class Told(msgspec.Struct, frozen=True):
    """What any of the finds gives; `sure`: neither less nor more than the condition finds."""

    finds: list[Find]
    sure: bool = False


def wanted_indexes(node: Node | None) -> set[Index]:
    """The tables that could narrow a tree of conditions."""
    return {index for term in terms_of(node) for index in indexes_of(term)}


def indexes_of(term: Term) -> list[Index]:
    """The tables that a condition needs, all of them; none where no table can tell."""
    path = term.path
    if path.linked is not None or path.names[0] in MEMBERS or SYSTEM_NAMES.intersection(path.names):
        return []
    found = [Index(path.names, path.keys, marks) for marks in sorted(_kinds(term))]
    return found if all(one.nameable for one in found) else []


def _kinds(term: Term) -> set[bool]:
    """Of which kinds they are: True for marks."""
    match term.operator:
        case "exists":  # of an attribute the shapes tell
            return {True} if len(term.path.names) > 1 or term.path.keys else set()
        case "!=":
            return {True}
        case "~=":
            pattern = term.values[0].value
            return {False} if beginning(pattern) or literal_part(pattern) else set()
        case "==" | ">" | ">=" | "<" | "<=":
            return {_marked(value) for value in term.values}
        case _:
            return set()


def _marked(value: Value) -> bool:
    return value.kind == "boolean" or (value.kind != "number" and moment(value.value) is not None)


def told_of(term: Term, ready: Ready) -> Told | None:
    """What the tables tell of a condition; None: nothing."""
    wanted = indexes_of(term)
    if not wanted or any(one.text not in ready for one in wanted):
        return None
    if any(value.kind not in {"number", "boolean"} and {"\0", "\x01"} & set(value.value) for value in term.values):
        return None  # rows have the one for the other
    spans = _Spans({one.marks: ready[one.text] for one in wanted})
    return Told(spans.finds(), spans.sure) if _taken(spans, term) else None


def _taken(spans: _Spans, term: Term) -> bool:
    if term.operator == "exists":
        spans.mark_interval("", NO_TEXT_MARK)
        spans.mark_interval(_next(NO_TEXT_MARK), _ABOVE_ALL)
    elif term.operator == "!=":
        spans.all_but(term.values)
    elif term.operator == "~=":
        spans.pattern(term.values[0].value)
    elif term.operator in _ORDER:
        spans.order(term.operator, term.values[0])
    elif term.range:
        return spans.range(*term.values)
    else:
        for value in term.values:
            spans.equal(value)
    return True


class _Spans:
    """Intervals of one condition: closed ones of numbers; of texts those from a text on and before another. Each is of a table,
    or with a minus of what lists hold."""

    def __init__(self, codes: dict[bool, int]) -> None:
        self._codes = codes
        self._numbers: list[tuple[int, float, float]] = []
        self._texts: list[tuple[int, str, str]] = []
        self._named: list[str] = []
        self._part = ""
        self.sure = True

    def finds(self) -> list[Find]:
        """The queries for them."""
        found = [
            Find(query, tuple(map(list, zip(*spans, strict=True))))
            for query, spans in ((queries.find_numbers, self._numbers), (queries.find_texts, self._texts))
            if spans
        ]
        if self._named:
            cut = [text[:TEXT_LENGTH] for text in self._named]
            found.append(Find(queries.find_named, (self._codes[False], self._named, cut)))
        if self._part:
            found.append(Find(queries.find_containing, (self._codes[False], self._part)))
        return found

    def mark_interval(self, low: str, high: str) -> None:
        """Whatever has a mark in the interval, in lists or not."""
        self._add(True, low, high, lists=True)

    def all_but(self, values: tuple[Value, ...]) -> None:
        """What has another mark than these values; too much where a list has an element like them and another one."""
        self.sure, low = False, ""
        for one in sorted({_mark_of(value) for value in values}):
            if one != "o" and len(one) < TEXT_LENGTH:
                self.mark_interval(low, one)
                low = _next(one)
        self.mark_interval(low, _ABOVE_ALL)

    def pattern(self, pattern: str) -> None:
        """What begins as a pattern says, or has a part of it."""
        self.sure = False
        if start := beginning(pattern)[:TEXT_LENGTH]:
            self._add(False, start, start + _ABOVE_ALL)
        else:
            self._part = literal_part(pattern)

    def order(self, operator: str, value: Value) -> None:
        """What lies on one side of a value."""
        if value.kind == "number":
            self._numbers.append((self._codes[False], *self._side(operator, value.value)))
        elif when := moment(value.value):  # times of the same kind; what is no time is compared as text
            letter = TIMES[when[0]]
            self._add(True, *_side_of_text(operator, _mark_of(value), letter, _after(letter)))
            self._add(True, *_side_of_text(operator, f"x{value.value}", "x", _after("x")))
        else:
            self._add(False, *_side_of_text(operator, self._cut(value.value), "", _ABOVE_ALL))

    def range(self, low: Value, high: Value) -> bool:
        """What lies between two values; False where no interval tells."""
        kinds = [moment(value.value) if value.kind != "number" else None for value in (low, high)]
        if low.kind == "number":
            least, most = float(low.value), float(high.value)
            self._number(least, most)
        elif kinds[0] and kinds[1] and kinds[0][0] == kinds[1][0]:
            self._add(True, _mark_of(low), _next(_mark_of(high)), lists=True)
            self._add(True, f"x{low.value}", _next(f"x{high.value}"), lists=True)
        elif not kinds[0] and not kinds[1]:
            self._add(False, self._cut(low.value), _next(self._cut(high.value)), lists=True)
        else:
            return False
        return True

    def equal(self, value: Value) -> None:
        """What is equal to a value, or has an element that is."""
        if value.kind == "number":
            self._number(float(value.value), float(value.value))
        elif _marked(value):
            one = _mark_of(value)
            self._add(True, one, _next(one), lists=True)
        else:
            self._named.append(value.value)
            self._cut(value.value)

    def _number(self, low: float, high: float) -> None:
        self.sure = self.sure and max(abs(low), abs(high)) < _EXACT
        self._numbers += [(self._codes[False], low, high), (-self._codes[False], low, high)]

    def _side(self, operator: str, literal: float) -> tuple[float, float]:
        number = float(literal)
        self.sure = self.sure and abs(number) < _EXACT
        if operator.startswith(">"):
            return (math.nextafter(number, _INFINITY) if operator == ">" and self.sure else number), _INFINITY
        return -_INFINITY, (math.nextafter(number, -_INFINITY) if operator == "<" and self.sure else number)

    def _cut(self, text: str) -> str:
        """A text as rows have it; one that is as long tells no more what follows."""
        self.sure = self.sure and len(text) < TEXT_LENGTH
        return text[:TEXT_LENGTH]

    def _add(self, marks: bool, low: str, high: str, *, lists: bool = False) -> None:
        if low < high:
            code = self._codes[marks]
            self._texts += [(code, low, high), (-code, low, high)] if lists else [(code, low, high)]


def _mark_of(value: Value) -> str:
    return mark(value.value)


def _next(text: str) -> str:
    """The text that follows; PostgreSQL has none with NUL."""
    return text + "\x01"


def _after(letter: str) -> str:
    return chr(ord(letter) + 1)


def _side_of_text(operator: str, text: str, first: str, end: str) -> tuple[str, str]:
    """From where and before where the texts lie; one that was cut stands for all that begin with it."""
    cut = len(text) >= TEXT_LENGTH
    if operator.startswith(">"):
        return (_next(text) if operator == ">" and not cut else text), end
    return first, (_next(text) if operator == "<=" or cut else text)


def beginning(pattern: str) -> str:
    """The text that everything which a pattern finds begins with; nothing where the pattern does not say."""
    found = _ANCHORED.match(pattern)
    if found is None or "|" in pattern or "(?" in pattern:
        return ""
    literals = re.findall(_LITERAL, found[1])
    if found[2] and found[2] != "+":
        literals.pop()
    return "".join(one[-1] for one in literals)


def literal_part(pattern: str) -> str:
    """The longest text that everything which a plain pattern finds has in it."""
    if _PARTS.fullmatch(pattern) is None:
        return ""
    parts = (re.sub(r"\\(.)", r"\1", one) for one in _ANYTHING.split(pattern.removeprefix("^").removesuffix("$")))
    longest = max(parts, key=len)
    return longest if len(longest) >= _SHORTEST_PART else ""
