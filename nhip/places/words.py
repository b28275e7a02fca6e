"""Words of an address: tokens, keys for comparing names, and the words that name a kind of unit or a street."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from nhip.kernel.text import canonical_tone, fold, nfc

SEGMENT = re.compile(r"[,;|\n\r\t()\[\]{}<>\"“”]+")
_DASH = re.compile(r"\s+[-–—]+\s+")
_WARD_NUMBER = re.compile(r"\b(phường|phuong|p\.?)\s+(?:số|so)\s+(?=\d)", re.IGNORECASE)
WORD = re.compile(r"\d+[^\W\d_]?(?:/\d+[^\W\d_]?)+|[^\W_]+")
_MARK = re.compile(r"['’‘`´ʼ]")
_SHORT_I = re.compile(r"^(b|c|ch|d|g|gh|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu|r|s|t|th|tr|v|x)y$")
_Y_TO_I = str.maketrans("yỳýỷỹỵ", "iìíỉĩị")
_GLUED = re.compile(r"^(p|f|q|ph|phuong|ward|quan|district|xa)(\d{1,2})$")


class Token(NamedTuple):
    """`key` is folded, `acc` keeps its marks; both have short y as i, so that Mỹ and Mĩ are one."""

    key: str
    acc: str


def word_token(word: str) -> Token:
    """One word as a token. A number loses its leading zeros."""
    lower = canonical_tone(_MARK.sub("", nfc(word).lower()))
    key = fold(lower).replace(" ", "")
    if key.isdigit():
        return Token(key.lstrip("0") or "0", key.lstrip("0") or "0")
    if _SHORT_I.match(key):
        return Token(key[:-1] + "i", lower.translate(_Y_TO_I))
    return Token(key, lower)


def name_tokens(name: str) -> list[Token]:
    """The tokens of a unit's name."""
    return [token for word in WORD.findall(_MARK.sub("", name)) if (token := word_token(word)).key]


def name_key(name: str) -> str:
    """The key of a name: folded, without blanks, hyphens and apostrophes: `Ea H'Leo` is `eahleo`."""
    return "".join(token.key for token in name_tokens(name))


def name_accents(name: str) -> str:
    """The same with its marks kept."""
    return "".join(token.acc for token in name_tokens(name))


def dashed(names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """The words on both sides of the dashes in names, as keys."""
    found = set()
    for name in names:
        parts = [name_tokens(part) for part in _DASH.split(name)]
        found |= {(left[-1].key, right[0].key) for left, right in pairwise(parts) if left and right}
    return frozenset(found)


class Splitter:
    """Cuts text into tokens; remembers words, because addresses repeat them. `known` says which keys are names, `dashed` which
    words stand on both sides of a dash in a name (`Chân Mây - Lăng Cô`), `provinces` which names people part by one as they like
    (`Thừa Thiên - Huế`); any other dash between blanks is a comma."""

    def __init__(
        self,
        known: dict[str, object],
        dashed: frozenset[tuple[str, str]] = frozenset(),
        provinces: frozenset[str] = frozenset(),
    ) -> None:
        self._known, self._dashed, self._provinces = known, dashed, provinces
        self._memory: dict[str, tuple[Token, ...]] = {}

    def parts(self, text: str) -> list[str]:
        """The segments of an address (between commas and the like). Text beyond 2,000 characters is not read."""
        text = nfc(text[:2000])
        if _MARK.search(text):
            text = _MARK.sub("", text)
        if " số " in text or " so " in text or " SỐ " in text:
            text = _WARD_NUMBER.sub(r"\1 ", text)
        parts = [part for part in SEGMENT.split(text) if part and not part.isspace()]
        if "- " not in text and "– " not in text and "— " not in text:
            return parts
        return [piece for part in parts for piece in self._undashed(part)]

    def _undashed(self, part: str) -> list[str]:
        pieces: list[str] = []
        for piece in _DASH.split(part):
            if pieces and self._belong(pieces[-1], piece):
                pieces[-1] = f"{pieces[-1]} - {piece}"
            else:
                pieces.append(piece)
        return [piece for piece in pieces if piece and not piece.isspace()]

    def _belong(self, left: str, right: str) -> bool:
        before, after = [one.key for one in self.tokens(left)], [one.key for one in self.tokens(right)]
        if not before or not after:
            return False
        names = ("".join(before[-n:] + after[:m]) for n in range(1, 4) for m in range(1, 4))
        return (before[-1], after[0]) in self._dashed or not self._provinces.isdisjoint(names)

    def tokens(self, part: str) -> list[Token]:
        """The tokens of one segment."""
        memory = self._memory
        tokens: list[Token] = []
        for word in WORD.findall(part):
            found = memory.get(word)
            tokens.extend(found if found is not None else self._learn(word))
        return tokens

    def _learn(self, word: str) -> tuple[Token, ...]:
        token = word_token(word)
        found: tuple[Token, ...] = (token,) if token.key else ()
        if glued := _GLUED.match(token.key):
            number = glued[2].lstrip("0") or "0"
            found = (Token(glued[1], glued[1]), Token(number, number))
        elif token.key.startswith(("tp", "tx")) and token.key not in self._known and token.key[2:] in self._known:
            found = (Token(token.key[:2], token.key[:2]), Token(token.key[2:], token.acc[2:]))
        if len(self._memory) > 50_000:
            self._memory.clear()
        self._memory[word] = found
        return found


COMMUNE, DISTRICT, PROVINCE = 1, 2, 4
"""Levels as bits: a word or a name may stand for several."""

UNIT_WORDS: dict[str, tuple[int, str, frozenset[str]]] = {}
"""First word, or first two joined by a blank -> levels, type (folded), spellings with marks that count."""

for _levels, _type, _spellings in (
    (COMMUNE, "phuong", "p f ph phuong phường phuờng ward"),
    (COMMUNE, "xa", "x xa xã commune"),
    (COMMUNE, "thitran", "tt thitran thịtrấn town township"),
    (COMMUNE, "dackhu", "đk dk dackhu đặckhu"),
    (DISTRICT, "quan", "q quan quận district dist"),
    (DISTRICT, "huyen", "h huyen huyện huyendao huyệnđảo"),
    (DISTRICT, "thixa", "tx thixa thịxã thix thịx"),
    (DISTRICT | PROVINCE, "thanhpho", "tp thanhpho thànhphố t.p city"),
    (PROVINCE, "tinh", "t tinh tỉnh province"),
):
    for _spelling in _spellings.split():
        _key = fold(_spelling)
        _before = UNIT_WORDS.get(_key)
        UNIT_WORDS[_key] = (_levels, _type, frozenset({_spelling} | (_before[2] if _before else set())))

PAIRS = {"thi": ("tran", "xa", "x"), "thanh": ("pho",), "dac": ("khu",), "huyen": ("dao",)}
"""Unit words of two syllables: first -> second."""

ABBREVIATIONS = frozenset({"p", "f", "ph", "q", "h", "x", "tp", "tx", "tt", "dk"})
"""Unit words that are no syllables of names, so that a name never runs over them."""

SUFFIXES = {
    "ward": (COMMUNE, "phuong"),
    "commune": (COMMUNE, "xa"),
    "town": (COMMUNE | DISTRICT, ""),
    "township": (COMMUNE, "thitran"),
    "district": (DISTRICT, ""),
    "city": (DISTRICT | PROVINCE, "thanhpho"),
    "province": (PROVINCE, "tinh"),
}
"""English words that follow the name."""

_BELOW = """duong d pho ngo ngach hem kiet so sn thon ap to khu kp khom ban buon bon plei lang xom doi lo ql tl dt tinhlo toa tang
can ct kdc kcn kdt cho block street st road rd alley lane no tdp dai cau truong benh cong chung k nha group hamlet village
phong lau toanha cum km sat gan canh doidien chi cty vpdd khach sieu kho xuong ngan dntn htx cua tiem"""
ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10"}
"""Numbers of wards as some cities wrote them."""
STREETS = frozenset(_BELOW.split())
"""Words that begin a part of the address below the commune; names after them are streets, hamlets, houses."""
