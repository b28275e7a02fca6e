"""JSON text parsed piece by piece, so that memory does not grow with the file: a cursor, members, items."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nhip.formats.errors import BrokenFile, TooDeep
from nhip.kernel.i18n import _

_CHUNK: Final = 1 << 18
LARGEST_VALUE: Final = 64 << 20
_SPACE: Final = " \t\r\n\x1e"
"""Blanks between values; the last is what RFC 7464 puts before each text of a sequence."""


class Number(str):
    """A JSON number as the text that it was delivered in."""

    __slots__ = ()


DECODER: Final = json.JSONDecoder(parse_float=Number, parse_int=Number, strict=False)


class Stream:
    """JSON text with a cursor, refilled from the file as it is used up."""

    def __init__(self, path: Path, filename: str) -> None:
        self._file = path.open(encoding="utf-8-sig", errors="replace", newline="")
        self.name = filename
        self.text = ""
        self.at = 0

    def close(self) -> None:
        self._file.close()

    def broken(self, what: str) -> BrokenFile:
        return BrokenFile(file=self.name, format="JSON", what=what)

    def fill(self) -> bool:
        more = self._file.read(max(_CHUNK, len(self.text) - self.at))
        self.text = self.text[self.at :] + more
        self.at = 0
        return bool(more)

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self.fill():
                return ""

    def expect(self, letters: str) -> str:
        found = self.peek()
        if not found:
            raise self.broken(_("it ends too early"))
        if found not in letters:
            raise self.broken(_("a bracket, comma or colon is missing"))
        self.at += 1
        return found

    def value(self) -> Any:
        """The next whole value. Numbers come as their text."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > LARGEST_VALUE:
                    raise self.broken(_("one value is larger than 64 MB")) from error
                if not self.fill():
                    raise self.broken(_("it ends too early or a value is malformed")) from error
                continue
            except RecursionError as error:
                raise TooDeep(file=self.name, format="JSON") from error
            if end < len(self.text):
                self.at = end
                return value
            length = end - self.at
            if not self.fill():  # at the very end; otherwise a number may go on in what was just read
                self.at = length
                return value


def members(stream: Stream) -> Iterator[str]:
    """The names of an object's members; the caller takes each value before the next name."""
    stream.expect("{")
    if stream.peek() == "}":
        stream.at += 1
        return
    while True:
        if stream.peek() != '"':
            raise stream.broken(_("the name of a member is missing"))
        name = str(stream.value())
        stream.expect(":")
        yield name
        if stream.expect(",}") == "}":
            return


def items(stream: Stream) -> Iterator[Any]:
    """The items of an array, each parsed when it is asked for."""
    stream.expect("[")
    if stream.peek() == "]":
        stream.at += 1
        return
    while True:
        yield stream.value()
        if stream.expect(",]") == "]":
            return
