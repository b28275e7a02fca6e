"""What a table of values holds of an entity: the values that a path of q leads to, so that a condition finds its entities.

A table is of one path (attribute, sub-attributes, a key inside the value or a language) and of one kind:

- **numbers and texts**, in their order: for comparisons with these, and for patterns that say how a text begins;
- **marks**: one text for each value whatever it is, so that truths, times, `!=` and existence find theirs too. The first letter
  says the kind: `b` truth, `n` number, `i` instant, `d` date, `t` time of day, `x` another text, `o` anything else; `e` stands
  for a language in which there is no text.

Rows of what lies in a list, or what a Relationship points to, have the number of the table with a minus: `==` looks at them,
comparisons of order do not (CIM 009, 4.9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from nhip.graph.model import VALUE_MEMBER, Instance
from nhip.graph.query.comparing import moment, plain
from nhip.graph.query.matching import RELATIONS, at_keys, objects_of, targets_of

TEXT_LENGTH = 256
"""So many characters of a text are in a row."""
TIMES = {"dateTime": "i", "date": "d", "time": "t"}
"""Kind of time -> the letter of its marks."""
_LONGEST_NUMBER = 200
_LONGEST_NAME = 2000
_MARKS = "? "
_DAY_S = 86_400
NO_TEXT = object()
NO_TEXT_MARK = "e"
Numbers = set[tuple[int, float]]
Texts = set[tuple[int, str]]


class Index(msgspec.Struct, frozen=True):
    """A table of values: IRIs of the attribute and its sub-attributes (core members are short), keys, and its kind."""

    names: tuple[str, ...]
    keys: tuple[str, ...] = ()
    marks: bool = False

    @property
    def text(self) -> str:
        """Its name in the dictionary of numbers; that of an attribute's own numbers and texts is the attribute's IRI."""
        keys = f" [{'.'.join(self.keys)}]" if self.keys else ""
        return f"{_MARKS if self.marks else ''}{' '.join(self.names)}{keys}"

    @property
    def nameable(self) -> bool:
        """Whether the dictionary can hold its name."""
        return len(self.text.encode()) <= _LONGEST_NAME and "\0" not in self.text


@lru_cache(maxsize=4096)
def read_index(text: str) -> Index:
    """The table that a name in the dictionary stands for."""
    marks = text.startswith(_MARKS)
    path, keyed, keys = text.removeprefix(_MARKS).partition(" [")
    return Index(tuple(path.split(" ")), tuple(keys[:-1].split(".")) if keyed else (), marks)


def rows_of(index: Index, code: int, instances: Sequence[Instance]) -> tuple[Numbers, Texts]:
    """The rows of an attribute's instances, each as number of the table (or minus it) and value."""
    numbers: Numbers = set()
    texts: Texts = set()
    for found, listed in _values(index, instances):
        value, attr = plain(found), -code if listed else code
        if index.marks:
            texts.add((attr, mark(value)))
        elif isinstance(value, str):
            texts.add((attr, storable(value)[:TEXT_LENGTH]))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers.add((attr, float(value)))
    return numbers, texts


def mark(value: Any) -> str:
    """What stands for a value: equal values have equal marks, and those of one kind are in the order of the values."""
    if value is NO_TEXT:
        return NO_TEXT_MARK
    if isinstance(value, bool):
        return f"b{value:d}"
    if isinstance(value, int | float):
        text = str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)
        return f"n{text}" if len(text) < _LONGEST_NUMBER else "o"
    if not isinstance(value, str):
        return "o"
    return _time_mark(value) or f"x{storable(value)[: TEXT_LENGTH - 1]}"


def storable(text: str) -> str:
    """The text as PostgreSQL can have it, without NUL: in the same order beside all texts that have neither sign."""
    return text.replace("\0", "\x01")


def _time_mark(text: str) -> str:
    when = moment(text)
    if when is None:
        return ""
    kind, at = when
    if kind == "time":
        ahead = at.utcoffset()
        seconds = at.hour * 3600 + at.minute * 60 + at.second - ahead.days * _DAY_S - ahead.seconds
        return f"{TIMES[kind]}{seconds + 2 * _DAY_S:06d}.{at.microsecond:06d}"
    return f"{TIMES[kind]}{at.isoformat() if kind == 'date' else at.isoformat(timespec='microseconds')}"


def _values(index: Index, instances: Sequence[Instance]) -> Iterator[tuple[Any, bool]]:
    """Each value that a condition on the path is asked about, and whether it is one of a list."""
    if not instances:
        return
    for target in targets_of(instances, index.names[1:]):
        kind = target.get("type") if isinstance(target, dict) else None
        if kind not in VALUE_MEMBER:
            yield from _at_keys(target, index.keys)
        elif kind in RELATIONS:
            if not index.keys and (index.marks or len(index.names) > 1):  # else attr_ref has them, asked for or not
                yield from ((one, True) for one in objects_of(target))
        elif (value := target.get(VALUE_MEMBER[kind])) is not None:
            by_language = kind == "LanguageProperty" and isinstance(value, dict)
            yield from _in_languages(value, index.keys) if by_language else _at_keys(value, index.keys)


def _in_languages(texts: dict[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    """Of several texts in a language each is compared, whatever the comparison."""
    wanted = keys[0].lower() if keys and keys != ("*",) else ""
    for tag, text in texts.items():
        if not wanted or tag.lower() == wanted:
            yield from ((one, False) for one in (text or [NO_TEXT] if isinstance(text, list) else [text]))


def _at_keys(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    found: list[Any] = []

    def note(one: Any) -> bool:
        found.append(one)
        return False

    at_keys(value, keys, note, "==")
    for one in found:
        if isinstance(one, list):
            yield from ((part, True) for part in one or [None])
        else:
            yield one, False
