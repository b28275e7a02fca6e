"""Vietnamese text: one fold, one canonical form, one sort order for the whole product.

Letters and tones follow the Vietnamese alphabet of 29 letters; tone placement follows the traditional rule
(hòa, thủy, khỏe), which the National Statistics Office uses for most unit names.
"""

from __future__ import annotations

import re
import unicodedata

TONES = {"": 0, "\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
"""Combining marks in dictionary order: ngang, huyền, hỏi, ngã, sắc, nặng."""

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PRIMARY = {letter: chr(0x41 + place) for place, letter in enumerate(_ALPHABET)}
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u3000]+")
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD, 0x200E, 0x200F])
_LATE_TONE = re.compile(r"(?<![qQ])([oO])([àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸ])(?!\w)|(?<![qQ])([uU])([ỳýỷỹỵỲÝỶỸỴ])(?!\w)")


def nfc(text: str) -> str:
    """Unicode normal form C; the only form that is stored."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def squash(text: str) -> str:
    """Trim, fold every run of white space to one blank, drop invisible characters."""
    return _SPACES.sub(" ", text.translate(_INVISIBLE)).strip()


def _folded(code: int) -> str | None:
    letter = chr(code)
    if letter in "đĐ":
        return "d"
    plain = unicodedata.normalize("NFD", letter)
    return "".join(c for c in plain if not unicodedata.combining(c)).lower() or None


class _FoldTable(dict[int, str | None]):
    def __missing__(self, code: int) -> str | None:
        value = self[code] = _folded(code)
        return value


_FOLD = _FoldTable()


def fold(text: str) -> str:
    """Lower case without marks, blanks folded: `Đường  Hoà` becomes `duong hoa`. For comparing and searching only."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(text.translate(_FOLD).split())


def _early(match: re.Match[str]) -> str:
    first, second = (match[1], match[2]) if match[1] else (match[3], match[4])
    parts = unicodedata.normalize("NFD", second)
    return unicodedata.normalize("NFC", first + parts[1]) + parts[0]


def canonical_tone(text: str) -> str:
    """Move tones to their traditional place: `hoà` to `hòa`, `thuỷ` to `thủy`; `hoàn`, `quý`, `suýt` stay. NFC in, NFC out."""
    return text if text.isascii() else _LATE_TONE.sub(_early, text)


def canonical(text: str) -> str:
    """The stored form of text: NFC, blanks squashed, tones in their traditional place."""
    return canonical_tone(squash(nfc(text)))


def storable(text: str) -> str:
    """As a database takes it: without NUL and halves of characters, which JSON of others may hold."""
    return text if text.isascii() and "\0" not in text else text.replace("\0", "").encode("utf-8", "ignore").decode()


def sort_key(text: str) -> str:
    """A key whose plain code point order (`COLLATE "C"`) is Vietnamese dictionary order: letters first, then tones."""
    primary, tones = [], []
    for letter in unicodedata.normalize("NFC", squash(text)).lower():
        base, tone = _split_tone(letter)
        primary.append(_PRIMARY.get(base, base))
        tones.append(str(tone))
    return "".join(primary) + "\x01" + "".join(tones).rstrip("0")


def _split_tone(letter: str) -> tuple[str, int]:
    if letter.isascii() or letter == "đ":
        return letter, 0
    marks = unicodedata.normalize("NFD", letter)
    tone = next((TONES[m] for m in marks[1:] if m in TONES), 0)
    base = unicodedata.normalize("NFC", "".join(m for m in marks if m not in TONES))
    return base, tone
