"""A look at the rare bytes of a whole file: traces of broken text in UTF-8 that a sample may have missed.

The file is read window by window. Every pattern begins with one literal byte, so that `re` jumps from hit to hit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from nhip.datasets.decode import detect
from nhip.datasets.decode.lost import is_lost

_FAULTS: Final = {
    0xCC: re.compile(rb"\xcc[\x80-\xbf]"),
    0xEF: re.compile(rb"\xef\xbf\xbd"),
    0xC2: re.compile(rb"\xc2(?:[\x80-\x9f]|(?<=[\xc3\xc6][\x80-\xbf]\xc2)[\x80-\xbf])"),
    ord("&"): re.compile(rb"&(?:#|[a-zA-Z]{2,8};)"),
}
"""Combining marks, the replacement character, double encoding, control characters, entities: by their first byte."""
_LETTER: Final = rb"[A-Za-z\x80-\xff]"
_ODD: Final = {
    0xC2: re.compile(rb"\xc2[\xa1-\xbf]"),
    ord("_"): re.compile(rb"_(?:(?=%b)|(?<=%b_))" % (_LETTER, _LETTER)),
    ord("?"): re.compile(rb"\?(?:(?=%b)|(?<=%b\?))" % (_LETTER, _LETTER)),
}
"""What may stand for a lost letter, or be one of a legacy character set."""
_WINDOW: Final = 4 << 20
_REACH: Final = 120
"""Bytes around an odd sign that its cell may have."""
_MOST_ODD: Final = 5_000
_LEAST_ODD: Final = 100
"""Odd signs of a kind that are judged: in the file and in each window."""


def has_faults(path: Path, rare: dict[int, int], delimiter: str) -> bool:
    """Whether the file holds traces of broken text; `rare` counts its rare bytes."""
    sure = [pattern for byte, pattern in _FAULTS.items() if rare.get(byte, 0) > 0]
    odd = [pattern for byte, pattern in _ODD.items() if rare.get(byte, 0) > 0]
    if not sure and not odd:
        return False
    most = max(_LEAST_ODD, _MOST_ODD * _WINDOW // max(path.stat().st_size, _WINDOW))
    ends = re.compile("[" + re.escape(delimiter) + '"\r\n]')
    cells: set[str] = set()
    for window in _windows(path):
        if any(pattern.search(window) for pattern in sure):
            return True
        for pattern in odd:
            cells.update(_cell(window, match, ends) for match in islice(pattern.finditer(window), most))
    return any(map(is_lost, cells)) or bool(detect.columns([sorted(cells)])[0].charsets)


def _windows(path: Path) -> Iterator[bytes]:
    """The file in pieces; each begins with the end of the one before."""
    last = b""
    with path.open("rb") as file:
        while piece := file.read(_WINDOW):
            last = last[-2 * _REACH :] + piece
            yield last


def _cell(data: bytes, match: re.Match[bytes], ends: re.Pattern[str]) -> str:
    before = ends.split(data[max(match.start() - _REACH, 0) : match.start()].decode("utf-8", "ignore"))[-1]
    after = ends.split(data[match.start() : match.end() + _REACH].decode("utf-8", "ignore"))[0]
    return before + after
