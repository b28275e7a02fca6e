"""VIQR (RFC 1456): Vietnamese in ASCII, `Ti?nh Thu+`a Thie^n`. Marks stand after their vowel; a backslash escapes one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SHAPES: Final = {"^": "\u0302", "(": "\u0306", "+": "\u031b"}
_TONES: Final = {"'": "\u0301", "`": "\u0300", "?": "\u0309", "~": "\u0303", ".": "\u0323"}
_MARKS: Final = {mark: sign for sign, mark in (_SHAPES | _TONES).items()}
_CODE: Final = re.compile(r"\\([\\'`?~.^(+dD])|([dD])[dD]|((?:[aA][\^(]?|[eE]\^?|[oO][\^+]?|[uU]\+?|[iIyY])['`?~.]?)")
_VOWELS: Final = "aeiouyăâêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
_NEEDS_ESCAPE: Final = re.compile(rf"\\|(?<=[{_VOWELS}{_VOWELS.upper()}])['`?~.^(+]|[dD](?=[dDđĐ])")
MARKED: Final = re.compile(r"[aeiouyAEIOUY]['`?~.]|[aeoAEO]\^|[aA]\(|[ouOU]\+|[dD][dD]")
"""Where VIQR may be at work: the cheap test before decoding."""


def _letter(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    if match[2]:
        return "đ" if match[2] == "d" else "Đ"
    base, signs = match[3][0], match[3][1:]
    marks = (_SHAPES.get(sign) or _TONES[sign] for sign in signs)
    return unicodedata.normalize("NFC", base + "".join(marks))


def decode(text: str) -> str:
    """VIQR as NFC Unicode. Every mark after a vowel that can bear it counts, as the RFC has it."""
    return _CODE.sub(_letter, text)


def _code(letter: str) -> str:
    if letter in "đĐ":
        return "dd" if letter == "đ" else "DD"
    parts = unicodedata.normalize("NFD", letter)
    return parts[0] + "".join(sorted((_MARKS[m] for m in parts[1:]), key=lambda sign: sign in _TONES))


def encode(text: str) -> str:
    """Unicode as VIQR; marks that are meant literally get a backslash. Raises KeyError for letters outside Vietnamese."""
    escaped = _NEEDS_ESCAPE.sub(lambda m: "\\" + m[0], unicodedata.normalize("NFC", text))
    return "".join(letter if letter.isascii() else _code(letter) for letter in escaped)
