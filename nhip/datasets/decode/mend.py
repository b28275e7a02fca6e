"""One value put right: double-encoded UTF-8, HTML entities, legacy character sets, Unicode form; lost letters reported."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from enum import IntFlag
from typing import Final

import msgspec

from nhip.datasets.decode import charsets, detect
from nhip.datasets.decode.lost import is_lost
from nhip.datasets.decode.syllables import is_capitalised_well


class Fault(IntFlag):
    """What was found in a value; the rules are RULES."""

    NONE = 0
    ENCODING = 1
    FORM = 2
    LOST = 4


RULES: Final = {
    Fault.ENCODING: ("text.encoding", "mended"),
    Fault.FORM: ("text.form", "mended"),
    Fault.LOST: ("text.lost", "error"),
}
QUIET: Final = frozenset(["cp1258"])
"""Sets that are the declared encoding of a file when its bytes are read, so that decoding them mends nothing."""

_TAILS = "".join(charsets.SHOWN[0x80:0xC0]) + "".join(map(chr, range(0x80, 0xA0)))
_TAIL = "[" + re.escape(_TAILS) + "]"
_TWICE: Final = re.compile(f"[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}}")
_CAPITAL: Final = "[A-ZĂÂĐÊÔƠƯ]"
_AMBIGUOUS: Final = re.compile(f"(?<={_CAPITAL})[Â-ß](?:[\u00a0–—…]|[“”‘’•»](?!{_CAPITAL}))")
"""Two characters that may be double encoding or the end of a word in capitals, as in `XÃ – PHƯỜNG` without its blanks. A
quotation mark within a word, as in `KHÃ”NG`, leaves no doubt."""
_BROKEN: Final = re.compile(r"á[º»](?=\w)|^[^«]*á[º»]|(?<=[a-zđ])Ã(?=[\s,.;]|$)")
"""Double encoding that has lost bytes. Quotation marks («cá») and words in capitals (XÃ) look like it and are left out."""
_REMAINS: Final = re.compile(r"[ÄÆÅ]|Ã(?![a-z])|á[»º]|Â[^a-zA-Z\s]")
"""What double encoding leaves where it cannot be undone."""
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_WELCOME: Final = re.compile(
    "[\u00a0-\u017f\u01a0\u01a1\u01af\u01b0\u0300-\u0323\u1ea0-\u1ef9\u2010-\u203a\u20ab\u20ac\u2103\u2116\u2122\ufeff\u00b7"
    "\u0391-\u03c9\u2190-\u22ff\u2500-\u27bf\U0001f300-\U0001faff]+"
)
"""What an office writes: letters of Vietnamese and its neighbours, Greek, marks, arrows, signs of mathematics, pictures."""


class Mended(msgspec.Struct, frozen=True):
    """A value after mending, what was wrong with it, and the set it was in ("" for Unicode)."""

    text: str
    faults: Fault
    charset: str


def _once(match: re.Match[str]) -> str:
    data = charsets.raw(match[0])
    try:
        letter = (data or b"").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
    return letter if letter and (_WELCOME.fullmatch(letter) or _TWICE_LEAD.match(letter)) else match[0]


_LETTERS: Final = re.compile(r"[^\W\d_]+")
_TWICE_LEAD: Final = re.compile(f"[\u00c2-\u00f4]|{_TAIL}")


def undo_double(text: str, *, sure: bool = False) -> str:
    """UTF-8 that was read as Windows-1252 or Latin-1, once to three times, as it was: `Huáº¿` becomes `Huế`. `sure`: also
    where it may be the end of a word in capitals."""
    return text if text.isascii() else _undone(text, sure=sure)[0]


def _undone(text: str, *, sure: bool = False) -> tuple[str, bool]:
    """The text as it was, and whether pieces of double encoding are left that cannot be undone."""
    left = False
    for _ in range(3):
        sure = sure or len(_TWICE.findall(text)) > len(_AMBIGUOUS.findall(text))
        better = _TWICE.sub(_once, text) if sure else text
        if better == text:
            break
        left = _REMAINS.search(_blanked(_TWICE.sub(_gone, text))) is not None
        text = _blanked(better)
    return text, left


def _gone(match: re.Match[str]) -> str:
    return match[0] if _once(match) == match[0] else "."


def _blanked(text: str) -> str:
    return text.replace("Ã  ", "à ")  # the no-break space of C3 A0 has become a blank; two of them leave no doubt


def is_mostly_double(values: Iterable[str]) -> bool:
    """Whether most values with marks are surely double-encoded, so that the doubtful ones among them are so too."""
    marked = [value for value in values if not value.isascii() and not _AMBIGUOUS.search(value)]
    return 2 * sum(undo_double(value) != value for value in marked) > len(marked)


def unescape(text: str) -> str:
    """HTML entities as letters, also when escaped twice; `&` without `;` is left alone."""
    for _ in range(2):
        if "&" not in text or not _ENTITY.search(text):
            break
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def cleaned(text: str) -> str:
    """`text` without double encoding and entities, in NFC: what the character sets are judged on."""
    return unicodedata.normalize("NFC", undo_double(unescape(undo_double(text))))


class Mender(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of one column are mended."""

    column: detect.Column = detect.Column()
    from_bytes: bool = False
    """The file was read byte by byte, so that UTF-8 and Windows-1258 in it are encodings and not faults."""
    lost_context: bool = False
    double: bool = False
    """Most values of the column are double-encoded."""

    def mend(self, value: str) -> Mended:
        """The value put right, as far as it surely can be."""
        faults = Fault.NONE
        plain = unescape(value)
        single, left = self._undone(plain)
        if left:
            return Mended(value, Fault.LOST, "utf-8")  # bytes of some letters are gone: half a repair helps nobody
        if single != value and not (self.from_bytes and single == _undone_once(value)):
            faults |= Fault.ENCODING
        text = unicodedata.normalize("NFC", single)
        if text != single:
            faults |= Fault.FORM
        if charset := detect.choose(text, self.column):
            text = charsets.decode_shown(text, charset)
            if not (self.from_bytes and charset in QUIET):
                faults |= Fault.ENCODING
        if is_lost(text, in_context=self.lost_context) or _BROKEN.search(text):
            faults |= Fault.LOST
        return Mended(text, faults, charset or ("utf-8" if single != value else ""))

    def _undone(self, plain: str) -> tuple[str, bool]:
        if plain.isascii():
            return plain, False
        once, left = _undone(plain)
        single, more = _undone(unescape(once))
        if single == plain and (self.double or (self.from_bytes and not self.column.charsets)):
            doubtful = undo_double(plain, sure=True)
            return (doubtful if all(map(is_capitalised_well, _LETTERS.findall(doubtful))) else plain), False
        return single, left or more


def _undone_once(value: str) -> str:
    return _TWICE.sub(_once, value)
