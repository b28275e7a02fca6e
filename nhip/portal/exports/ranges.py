"""Parts of a file (RFC 9110, 14): one range of bytes, from the start, from the end, or between."""

from __future__ import annotations

import re

import msgspec

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Part(msgspec.Struct, frozen=True):
    """Bytes `first` to `last`, both of them in it."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.last - self.first + 1


def asked_part(told: str, condition: str, etag: str, size: int) -> Part | None:
    """The part that `Range: told` asks for; all of it without one, for several at once, or when `If-Range: condition` names
    another file. None when there are no such bytes."""
    whole = Part(0, size - 1)
    match = _RANGE.fullmatch(told.strip())
    if match is None or match[0] == "bytes=-" or condition not in ("", etag):
        return whole
    if not match[1]:
        length = min(int(match[2]), size)
        return Part(size - length, size - 1) if length else None
    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    return Part(first, last) if first <= last else None
