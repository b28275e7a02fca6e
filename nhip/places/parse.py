"""Finds the names of units in the tokens of an address, with the unit words before or after them."""

from __future__ import annotations

from copy import copy

from nhip.places.index import EMPTY, Index, Name, Scope
from nhip.places.words import (
    ABBREVIATIONS,
    COMMUNE,
    DISTRICT,
    PAIRS,
    PROVINCE,
    STREETS,
    SUFFIXES,
    UNIT_WORDS,
    Splitter,
    Token,
    dashed,
    name_key,
)

LONGEST = 6
"""Syllables of the longest name."""
ALL = COMMUNE | DISTRICT | PROVINCE
BREAKS = frozenset({*PAIRS, *UNIT_WORDS})
REMEMBERED = 20_000
"""Segments with names kept parsed (about 30 MB at most); addresses of one city repeat their ends."""


class Mention:
    """A name found in an address, from token `start` (its unit word) or `begin` (the name) to `end`.

    `whole`: nothing unexplained stands beside it in its segment. `twin`: the unit word before it may belong to the name.
    """

    __slots__ = (
        "acc", "after", "begin", "districts", "end", "explicit", "key", "levels", "name", "provinces", "start", "tokens",
        "twin", "type", "whole",
    )  # fmt: skip

    def __init__(
        self, tokens: list[Token], start: int, begin: int, end: int, levels: int, kind: str, name: Name
    ) -> None:
        self.tokens, self.start, self.begin, self.end = tokens, start, begin, end
        self.levels, self.type, self.name = levels, kind, name
        self.explicit = bool(kind)
        self.key = "".join([t.key for t in tokens[begin:end]])
        self.acc = "".join([t.acc for t in tokens[begin:end]])
        self.whole = True
        self.twin = False
        self.after = 0
        self.districts = self.provinces = EMPTY

    def settle(self, accented: bool) -> None:
        """Work out the districts and provinces meant, when all of the segment is read."""
        levels = self.levels
        if self.type == "thanhpho" and levels & DISTRICT and levels & PROVINCE:
            cities = (DISTRICT if self._typed(self.name.districts) else 0) | (
                PROVINCE if self._typed(self.name.provinces) else 0
            )
            levels = cities or levels
        self.districts = self._meant(self.name.districts, accented) if levels & DISTRICT else EMPTY
        self.provinces = self._meant(self.name.provinces, accented) if levels & PROVINCE else EMPTY

    def _typed(self, scopes: list[Scope]) -> bool:
        return any(s.type == self.type for s in scopes)

    def _meant(self, scopes: list[Scope], accented: bool) -> frozenset[str]:
        """The districts or provinces written just so when there are any, else all of the name."""
        fit = scopes
        if accented:
            fit = [s for s in fit if not s.acc or s.acc == self.acc] or fit
        if self.type:
            fit = [s for s in fit if s.type == self.type or not s.type] or fit
        return EMPTY.union(*(s.uids for s in fit))


class Unknown:
    """A unit word followed by something that is no name; `readings` are its (key, accents), the longest first."""

    __slots__ = ("levels", "readings", "type")

    def __init__(self, readings: list[tuple[str, str]], levels: int, kind: str) -> None:
        self.readings, self.levels, self.type = readings, levels, kind


class Piece:
    """One segment of an address, read."""

    __slots__ = ("accented", "mentions", "tokens", "unknown")

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.mentions: list[Mention] = []
        self.unknown: list[Unknown] = []
        self.accented = any([t.key != t.acc for t in tokens])  # noqa: C419 - a list is faster here


class Parsed:
    """What an address says, in the order of its text. `accented`: it is written with marks. `first`: the name that its
    first segment begins with."""

    __slots__ = ("accented", "first", "mentions", "unknown")

    def __init__(self, pieces: list[Piece]) -> None:
        self.mentions = [m for piece in pieces for m in piece.mentions]
        self.unknown = [u for piece in pieces for u in piece.unknown]
        self.accented = any(piece.accented for piece in pieces)
        self.first = pieces[0].mentions[0] if pieces and pieces[0].mentions else None


class Parser:
    """Parses addresses against the names of an index."""

    def __init__(self, index: Index) -> None:
        self._names = index.names
        units = index.register.units.values()
        provinces = frozenset(name_key(unit.name) for unit in units if unit.level == "province")
        self._splitter = Splitter(dict(index.names), dashed(unit.name for unit in units), provinces)
        self._memory: dict[str, Piece] = {}

    def parse(self, text: str) -> Parsed:
        """The mentions in the order of the text."""
        parts = self._splitter.parts(text)
        pieces: list[Piece] = []
        for part in parts:
            piece = self._memory.get(part) if len(parts) > 1 else None
            if piece is None:
                piece = self._read(part, len(parts) == 1)
            elif piece in pieces:
                piece = _again(piece)
            pieces.append(piece)
        return Parsed(pieces)

    def _read(self, part: str, alone: bool) -> Piece:
        piece = Piece(self._splitter.tokens(part))
        if piece.tokens:
            self._scan(piece, alone)
        for mention in piece.mentions:
            mention.settle(piece.accented)
        if piece.mentions and not alone:
            if len(self._memory) > REMEMBERED:
                self._memory.clear()
            self._memory[part] = piece
        return piece

    def _scan(self, piece: Piece, alone: bool) -> None:
        tokens, size = piece.tokens, len(piece.tokens)
        masked, i = self._street(tokens)
        edge = i == 0
        while i < size:
            word = self._unit_word(tokens, i)
            found = self._explicit(piece, i, word) if word else 0
            if found:
                if masked:  # what stood before the first unit word was the street
                    piece.mentions = [m for m in piece.mentions if m.explicit or m.twin]
                masked, edge, i = False, not piece.unknown, found
                continue
            if masked and not alone and (past := self._past_street(tokens, i)):
                edge, i = False, past
                continue
            mention = self._bare(tokens, i)
            if mention is None or (mention.levels == COMMUNE and self._continues(piece, i)):
                if piece.mentions:
                    piece.mentions[-1].whole = False
                    piece.mentions[-1].after += 1
                edge, i = False, i + 1
                continue
            suffix = SUFFIXES.get(tokens[mention.end].key) if mention.end < size else None
            if suffix and mention.levels & suffix[0]:
                mention.levels, mention.type, mention.explicit = mention.levels & suffix[0], suffix[1], True
                mention.end, masked = mention.end + 1, False
            mention.whole = edge and not masked
            piece.mentions.append(mention)
            edge, i = True, mention.end

    def _past_street(self, tokens: list[Token], i: int) -> int:
        """The index after the name or syllable at `i` of a street; 0 when an English unit word follows, so that it counts."""
        end, name = self._longest(tokens, i, ALL)
        if name is not None and end < len(tokens) and tokens[end].key in SUFFIXES:
            return 0
        return max(end, i + 1)

    def _continues(self, piece: Piece, i: int) -> bool:
        """Whether the token at `i` follows a commune with its unit word, so that it can be no other commune."""
        last = piece.mentions[-1] if piece.mentions else None
        return last is not None and last.explicit and last.end == i and bool(last.levels & COMMUNE)

    def _street(self, tokens: list[Token]) -> tuple[bool, int]:
        """Whether the segment begins as a street or house, and the first token to read names from."""
        first = tokens[0].key
        below = not first.isalpha()
        if not below and first in STREETS and self._unit_word(tokens, 0) is None:
            end, name = self._longest(tokens, 0, ALL)
            below = name is None or not self._clean(tokens, end)
        if not below:
            return False, 0
        return True, 1 if self._unit_word(tokens, 1) else 2

    def _unit_word(self, tokens: list[Token], i: int) -> tuple[int, str, int] | None:
        """Levels, type and width of the unit word at `i`; something must follow it."""
        if i >= len(tokens) - 1:
            return None
        key, acc = tokens[i]
        if key not in BREAKS:
            return None
        width = 1
        if key in PAIRS and tokens[i + 1].key in PAIRS[key]:
            key, acc, width = key + tokens[i + 1].key, acc + tokens[i + 1].acc, 2
        word = UNIT_WORDS.get(key)
        if word is None or i + width >= len(tokens) or (key != acc and acc not in word[2]):
            return None
        return word[0], word[1], width

    def _longest(self, tokens: list[Token], i: int, levels: int, stop: int = 10_000) -> tuple[int, Name | None]:
        """End and entry of the longest name at `i` that has one of the levels; (i, None) when there is none."""
        names, key, best, end = self._names, "", None, i
        for j in range(i, min(i + LONGEST, len(tokens), stop)):
            part = tokens[j].key
            if part in BREAKS and j > i and self._breaks(tokens, j):
                break
            key += part
            entry = names.get(key)
            if entry is not None and entry.levels & levels:
                best, end = entry, j + 1
        return end, best

    def _breaks(self, tokens: list[Token], j: int) -> bool:
        """Whether a unit word surely begins at `j`: an abbreviation, one of two syllables, or one with its own marks."""
        token = tokens[j]
        if token.key in PAIRS:
            return j + 2 < len(tokens) and tokens[j + 1].key in PAIRS[token.key]
        if token.key not in ABBREVIATIONS and (token.key == token.acc or token.acc not in UNIT_WORDS[token.key][2]):
            return False
        return self._unit_word(tokens, j) is not None and self._unit_word(tokens, j + 1) is None

    def _best(self, tokens: list[Token], i: int, levels: int) -> tuple[int, Name | None]:
        """The longest name at `i` that leaves nothing unexplained behind it; when none does, the longest."""
        end, name = longest = self._longest(tokens, i, levels)
        while name is not None:
            if self._clean(tokens, end) and (name.levels & levels != COMMUNE or _marks_fit(tokens, i, end, name)):
                return end, name
            end, name = self._longest(tokens, i, levels, end - 1)
        return longest

    def _clean(self, tokens: list[Token], end: int) -> bool:
        """Whether the segment ends here, or a unit word or another name follows up to the end."""
        if end == len(tokens) or self._unit_word(tokens, end) is not None or tokens[end].key in SUFFIXES:
            return True
        return self._longest(tokens, end, DISTRICT | PROVINCE)[0] == len(tokens)

    def _explicit(self, piece: Piece, i: int, word: tuple[int, str, int]) -> int:
        """Add the name that the unit word at `i` introduces; returns the index after it, 0 when it introduces none."""
        tokens, (levels, kind, width) = piece.tokens, word
        begin = i + width
        end, name = self._best(tokens, begin, levels)
        longer, whole = self._longest(tokens, i, ALL)
        if whole is not None and not self._clean(tokens, longer):
            whole = None
        if whole is not None and (name is None or longer > end or (longer == end and kind == "thitran" and width == 1)):
            return 0
        if name is None and self._unit_word(tokens, begin) is not None:
            return 0
        if name is None:
            return self._unread(piece, begin, levels, kind)
        island = COMMUNE if levels == DISTRICT and any(r.type == kind for r in name.communes) else 0
        piece.mentions.append(Mention(tokens, i, begin, end, levels & name.levels | island, kind, name))
        if whole is not None and longer == end and whole.communes:
            twin = Mention(tokens, i, i, end, COMMUNE, "", whole)
            twin.twin = True
            piece.mentions.insert(-1, twin)
        return end

    def _unread(self, piece: Piece, begin: int, levels: int, kind: str) -> int:
        """Keep what follows a unit word and is no name; returns where reading goes on: at the next unit word, or at a
        district or province that ends the segment."""
        tokens = piece.tokens
        stop = go_on = begin
        while stop < len(tokens) and self._unit_word(tokens, stop) is None:
            last = not tokens[stop].key.isdigit() and self._longest(tokens, stop, DISTRICT | PROVINCE)[0] == len(tokens)
            if stop > begin and last and go_on == begin:
                go_on = stop
            stop += 1
        if not tokens[begin].key.isdigit():
            piece.unknown.append(Unknown(phrases(tokens, begin, min(stop, begin + LONGEST)), levels, kind))
        return max(stop if go_on == begin else go_on, begin + 1)

    def _bare(self, tokens: list[Token], i: int) -> Mention | None:
        end, name = self._best(tokens, i, ALL)
        if name is None:
            return None
        mention = Mention(tokens, i, i, end, name.levels, "", name)
        return None if mention.key.isdigit() or len(mention.key) < 2 else mention


def _again(piece: Piece) -> Piece:
    """A copy for a segment that stands twice in one address, so that its mentions can be told apart."""
    again = copy(piece)
    again.tokens = list(piece.tokens)
    again.mentions = [copy(m) for m in piece.mentions]
    for mention in again.mentions:
        mention.tokens = again.tokens
    return again


def phrases(tokens: list[Token], begin: int, end: int) -> list[tuple[str, str]]:
    """Key and accents of the tokens from `begin`, the longest reading first."""
    parts = (tokens[begin:stop] for stop in range(end, begin, -1))
    return [("".join(t.key for t in part), "".join(t.acc for t in part)) for part in parts]


def _marks_fit(tokens: list[Token], begin: int, end: int, name: Name) -> bool:
    """Whether a commune of the name is written with these marks, or the text has none."""
    acc = "".join([t.acc for t in tokens[begin:end]])
    return acc.isascii() or any(not r.acc or r.acc == acc for r in name.communes)
