"""The legacy Vietnamese character sets, as encoders and decoders.

Text that was typed with a legacy font reaches us as the Windows-1252 characters of its bytes ("Hµ Néi"): in a spreadsheet
cell, or after reading a file byte by byte. Here that is called *shown* text; one byte is one character of it. Tables:
TCVN 5712:1993 (VN3 as the ABC fonts have it, with those capitals of VN1 that do not clash with typographic marks),
RFC 1456 (VISCII), the VNI-Windows font layout, Windows-1258. VIQR (ASCII only) has its own module.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from nhip.datasets.decode import viqr

_TCVN3_A0: Final = (
    "\0ĂÂÊÔƠƯĐăâêôơưđẰ"
    + "\0\0\0\0\0àảãáạẲằẳẵắẴ"
    + "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ"
    + "éẹềểễếệìỉỄẾỒĩíịò"
    + "Ổỏõóọồổỗốộờởỡớợù"
    + "ỖủũúụừửữứựỳỷỹýỵỐ"
)
_VISCII_80: Final = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"
    "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
    "Õắằặấầẩậẽẹếềểễệố"
    "ồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"
    "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"
    "àáâãảăữẫèéêẻìíĩỉ"
    "đựòóôõỏọụùúũủýợỮ"
)
_VISCII_CONTROLS: Final = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
_VNI_MARKS: Final = {
    "": {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"},
    "\u0302": {"": "â", "\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä"},
    "\u0306": {"": "ê", "\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë"},
}
_VNI_WHOLE: Final = {"đ": "ñ", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î", "ơ": "ô", "ư": "ö"}
_VNI_MARKED: Final = {"": "aeouyôö", "\u0302": "aeo", "\u0306": "a"}
"""Shown letters that take the tones of that shape; `ô` and `ö` are VNI's ơ and ư."""


def _shown_of(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


SHOWN: Final = "".join(map(_shown_of, range(256)))
"""The character that Windows shows for each byte; the five bytes without one stay C1 controls."""
_BYTE_OF: Final = {ord(letter): byte for byte, letter in enumerate(SHOWN)} | {c: c for c in range(0x80, 0xA0)}
_FROM_LATIN1: Final = {byte: SHOWN[byte] for byte in range(0x80, 0xA0) if SHOWN[byte] != chr(byte)}


def shown(raw: bytes) -> str:
    """Bytes as Windows-1252 shows them; never fails, one character a byte."""
    return raw.decode("latin-1").translate(_FROM_LATIN1)


def raw(text: str) -> bytes | None:
    """The bytes of shown text; None when a character has no byte, so that the text cannot be legacy."""
    try:
        return bytes(map(_BYTE_OF.__getitem__, map(ord, text)))
    except KeyError:
        return None


def is_shown(text: str) -> bool:
    """Whether every character could be a byte, and one at least is not ASCII or is a letter of VISCII's control row."""
    return _HIGH.search(text) is not None and _NOT_SHOWN.search(text) is None


_HIGH = re.compile("[^\x00-\x7f]|[\x02\x05\x06\x14\x19\x1e]")
_NOT_SHOWN = re.compile("[^" + "".join(re.escape(c) for c in sorted({*SHOWN, *map(chr, range(0x80, 0xA0))})) + "]")


def _vni_table() -> dict[str, str]:
    table = {}
    for letter, code in _VNI_WHOLE.items():
        table[code] = letter
        table[code.upper()] = letter.upper()
    for shape, marks in _VNI_MARKS.items():
        for base in _VNI_MARKED[shape]:
            plain = {"ô": "ơ", "ö": "ư"}.get(base, base)
            for tone, mark in marks.items():
                letter = unicodedata.normalize("NFC", plain + shape + tone)
                table |= {base + mark: letter, base.upper() + mark.upper(): letter.upper()}
                table.setdefault(base.upper() + mark, letter.upper())
    return table


_TCVN3_LETTERS: Final = {0xA0 + i: letter for i, letter in enumerate(_TCVN3_A0) if letter != "\0"}
_VISCII_LETTERS: Final = {0x80 + i: letter for i, letter in enumerate(_VISCII_80)} | _VISCII_CONTROLS
_VNI_LETTERS: Final = _vni_table()
_SHOWN_TCVN3: Final = {ord(SHOWN[byte]): letter for byte, letter in _TCVN3_LETTERS.items()}
_SHOWN_VISCII: Final = {ord(SHOWN[byte]): letter for byte, letter in _VISCII_LETTERS.items()} | {
    byte: letter for byte, letter in _VISCII_LETTERS.items() if 0x80 <= byte < 0xA0
}
_VNI_PAIR: Final = re.compile("|".join(sorted(map(re.escape, _VNI_LETTERS), key=len, reverse=True)))
_WORD: Final = re.compile(r"[^\W\d_]+")
_TWO_CAPITALS: Final = re.compile(r"[A-Z][^a-z]*[A-Z]|[^\W\d_A-Za-z][A-Z]")
"""What only a capital font shows: two capitals, or one behind a letter with marks, as in `ÊP` for ẤP."""


def _from_tcvn3(text: str) -> str:
    return _raise_capitals(text.translate(_SHOWN_TCVN3))


def _raise_capitals(text: str) -> str:
    """Undo the capital fonts of ABC, which show lower-case codes as capitals: `HuÕ` stays Huế, `HUÕ` becomes HUẾ."""
    if not _TWO_CAPITALS.search(text):
        return text
    words = _WORD.findall(text)
    loud = [word for word in words if _TWO_CAPITALS.search(word)]
    if loud and not re.search("[a-z]", text):
        return text.upper()
    return _WORD.sub(lambda m: m[0].upper() if m[0] in loud and not re.search("[a-z]", m[0]) else m[0], text)


def _from_vni(text: str) -> str:
    return _VNI_PAIR.sub(lambda m: _VNI_LETTERS[m[0]], text)


def _from_viscii(text: str) -> str:
    return text.translate(_SHOWN_VISCII)


def _from_cp1258(text: str) -> str:
    data = raw(text)
    return text if data is None else unicodedata.normalize("NFC", data.decode("cp1258", "replace"))


_DECODERS: Final[dict[str, Callable[[str], str]]] = {
    "tcvn3": _from_tcvn3,
    "vni": _from_vni,
    "viscii": _from_viscii,
    "cp1258": _from_cp1258,
    "viqr": viqr.decode,
}
SETS: Final = tuple(_DECODERS)
"""Names of the character sets that shown text is tried in."""


def decode_shown(text: str, charset: str) -> str:
    """Shown text of `charset` (one of SETS) as NFC Unicode. Characters outside the set stay as they are."""
    return _DECODERS[charset](text)


def decode(data: bytes, charset: str) -> str:
    """Bytes of `charset` (one of SETS) as NFC Unicode."""
    return decode_shown(shown(data), charset)


def _tcvn3_bytes() -> dict[str, bytes]:
    table = {letter.upper(): bytes([byte]) for byte, letter in _TCVN3_LETTERS.items() if letter.islower()}
    own = {letter: bytes([byte]) for byte, letter in _TCVN3_LETTERS.items() if letter in "ĂÂÊÔƠƯĐ" or letter.islower()}
    return table | own


_TO_BYTES: Final = {
    "tcvn3": _tcvn3_bytes(),
    "viscii": {letter: bytes([byte]) for byte, letter in _VISCII_LETTERS.items()},
    "vni": {letter: code.encode("latin-1") for code, letter in reversed(_VNI_LETTERS.items())},
}


def encode(text: str, charset: str) -> bytes:
    """Unicode as bytes of `charset`. TCVN3 has no toned capitals: they become the lower-case codes that ABC's capital fonts
    show as capitals. Raises UnicodeEncodeError for a character that the set does not have."""
    text = unicodedata.normalize("NFC", text)
    if charset == "viqr":
        return viqr.encode(text).encode("ascii")
    if charset == "cp1258":
        return _to_cp1258(text)
    table = _TO_BYTES[charset]
    parts = (table[c] if c in table else _plain_byte(c, charset, place) for place, c in enumerate(text))
    return b"".join(parts)


def encode_shown(text: str, charset: str) -> str:
    """Unicode as it looks after typing in a font of `charset`: what a spreadsheet cell then holds."""
    return shown(encode(text, charset))


def _plain_byte(letter: str, charset: str, place: int) -> bytes:
    byte = _BYTE_OF.get(ord(letter))
    if byte is None or (letter.isalpha() and not letter.isascii()):
        raise UnicodeEncodeError(charset, letter, 0, 1, f"not in the set (at {place})")
    return bytes([byte])


def _to_cp1258(text: str) -> bytes:
    """Windows-1258 has a vowel with its shape as one byte and the tone as a second one."""
    parts = []
    for letter in text:
        marks = unicodedata.normalize("NFD", letter)
        tones = [m for m in marks if m in "\u0300\u0301\u0303\u0309\u0323"]
        base = unicodedata.normalize("NFC", "".join(m for m in marks if m not in tones))
        parts.append((base + "".join(tones)).encode("cp1258"))
    return b"".join(parts)
