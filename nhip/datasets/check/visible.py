"""The part of a contract's pattern that lies in visible ASCII: a stricter pattern, whose matches are canonical text.

Each class of characters is cut down to visible ASCII and everything else is kept, so that what the stricter pattern matches the
contract's pattern matches too. Where that cannot be said of a pattern with certainty there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Token = frozenset[int] | str
"""A set of characters, or an operator (`(`, `|`, `{3}`, …)."""

_VISIBLE = frozenset(range(0x21, 0x7F))
_DIGITS = frozenset(b"0123456789")
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_ESCAPES = {"d": _DIGITS, "D": _VISIBLE - _DIGITS, "w": _WORD, "W": _VISIBLE - _WORD, "S": _VISIBLE}
_OPERATOR = re.compile(r"\(\?:|\((?!\?)|[)|*+?^$]|\{[0-9]+(?:,[0-9]*)?\}")
_TIMES = re.compile(r"\{([0-9]+)\}")
_LONGEST_GLOB = 40
_BARE = frozenset(b"_@:;,/-.#%&=~") | _WORD
"""Characters that mean themselves in a GLOB."""


class _NotSure(Exception):
    """The pattern has something that this module does not know."""


def visible_pattern(pattern: str) -> str:
    """RE2 of the part of `pattern` in visible ASCII, for the whole text; empty when there is none for sure."""
    try:
        return f"(?:{''.join(token if isinstance(token, str) else _class(token) for token in _tokens(pattern))})"
    except _NotSure:
        return ""


def visible_glob(pattern: str) -> str:
    """The same as a DuckDB GLOB, at two thirds of the cost, where the pattern is a short row of single characters; else empty."""
    try:
        tokens = list(_tokens(pattern))
    except _NotSure:
        return ""
    parts: list[str] = []
    for token in tokens:
        if not isinstance(token, str):
            parts.append(_glob(token))
            continue
        times = _TIMES.fullmatch(token)
        if times is None or not parts or not 0 < int(times[1]) <= _LONGEST_GLOB:
            return ""
        parts += [parts[-1]] * (int(times[1]) - 1)
    return "".join(parts) if all(parts) and 0 < len(parts) <= _LONGEST_GLOB else ""


def _tokens(pattern: str) -> Iterator[Token]:
    place = 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "[":
            found, place = _set(pattern, place + 1)
            yield found
        elif letter == "\\":
            yield _escaped(pattern, place + 1)
            place += 2
        elif operator := _OPERATOR.match(pattern, place):
            yield operator[0]
            place = operator.end()
        else:
            yield _VISIBLE if letter == "." else _single(letter)
            place += 1


def _single(letter: str) -> frozenset[int]:
    if ord(letter) not in _VISIBLE or letter in "(){}[]":
        raise _NotSure
    return frozenset([ord(letter)])


def _escaped(pattern: str, place: int) -> frozenset[int]:
    letter = pattern[place : place + 1]
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if not letter or letter.isalnum() or ord(letter) not in _VISIBLE:
        raise _NotSure
    return frozenset([ord(letter)])


def _set(pattern: str, place: int) -> tuple[frozenset[int], int]:
    """The set after a bracket, and the place after it."""
    end = re.compile(r"\^?\]?(?:\\.|[^\]\\\[])*\]", re.DOTALL).match(pattern, place)
    if end is None:
        raise _NotSure
    inside = end[0][:-1]
    negated = inside.startswith("^")
    found = _members(inside.removeprefix("^"))
    found = _VISIBLE - found if negated else _VISIBLE & found
    if not found:
        raise _NotSure
    return found, end.end()


def _members(inside: str) -> frozenset[int]:
    found: set[int] = set()
    place = 0
    while place < len(inside):
        first, place = _member(inside, place)
        if len(first) == 1 and inside[place : place + 1] == "-" and place + 1 < len(inside):
            last, place = _member(inside, place + 1)
            if len(last) != 1 or min(last) < min(first):
                raise _NotSure
            found.update(range(min(first), min(last) + 1))
        else:
            found |= first
    return frozenset(found)


def _member(inside: str, place: int) -> tuple[frozenset[int], int]:
    if inside[place] != "\\":
        return frozenset([ord(inside[place])]), place + 1
    if inside[place + 1 : place + 2] == "s":
        return frozenset(), place + 2
    return _escaped(inside, place + 1), place + 2


def _class(members: frozenset[int]) -> str:
    return "[" + "".join(f"\\x{first:02x}-\\x{last:02x}" for first, last in _runs(members)) + "]"


def _glob(members: frozenset[int]) -> str:
    if not members <= _BARE or (len(members) > 1 and not members <= _WORD):
        return ""
    if len(members) == 1:
        return chr(min(members))
    return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _runs(members)) + "]"


def _runs(members: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The members as ranges, first and last of each."""
    ordered = sorted(members)
    first = ordered[0]
    for this, following in zip(ordered, [*ordered[1:], None], strict=True):
        if following != this + 1:
            yield first, this
            first = following or 0
