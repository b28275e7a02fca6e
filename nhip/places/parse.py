"""Finds the names of units in the tokens of an address, with the unit words before or after them."""

from __future__ import annotations

from nhip.places.index import Index, Name, Scope
from nhip.places.words import COMMUNE, DISTRICT, PAIRS, PROVINCE, STREETS, SUFFIXES, UNIT_WORDS, Splitter, Token

LONGEST = 6
"""Syllables of the longest name."""
ALL = COMMUNE | DISTRICT | PROVINCE


class Mention:
    """A name found in an address. `whole`: nothing unexplained stands beside it in its segment."""

    __slots__ = ("acc", "after", "end", "explicit", "key", "levels", "masked", "name", "segment", "start", "type", "whole")

    def __init__(self, segment: int, start: int, end: int, levels: int, kind: str, name: Name, explicit: bool) -> None:
        self.segment, self.start, self.end, self.levels, self.type = segment, start, end, levels, kind
        self.name, self.explicit = name, explicit
        self.key = self.acc = ""
        self.whole = True
        self.masked = False
        self.after = 0

    @property
    def accented(self) -> bool:
        """Whether it is written with marks."""
        return self.key != self.acc


class Unknown:
    """A unit word followed by something that is no name; `keys` are its readings, the longest first."""

    __slots__ = ("keys", "levels", "type")

    def __init__(self, keys: list[str], levels: int, kind: str) -> None:
        self.keys, self.levels, self.type = keys, levels, kind


class Parsed:
    """What an address says."""

    __slots__ = ("accented", "mentions", "segments", "unknown")

    def __init__(self, segments: list[list[Token]]) -> None:
        self.segments = segments
        self.mentions: list[Mention] = []
        self.unknown: list[Unknown] = []
        self.accented = any(token.key != token.acc for tokens in segments for token in tokens)


class Parser:
    """Parses addresses against the names of an index."""

    def __init__(self, index: Index) -> None:
        self._names = index.names
        self._split = Splitter(dict(index.names))

    def parse(self, text: str) -> Parsed:
        """The mentions in the order of the text."""
        parsed = Parsed(self._split.segments(text))
        alone = len(parsed.segments) == 1
        for number, tokens in enumerate(parsed.segments):
            self._segment(parsed, number, tokens, alone)
        return parsed

    def _segment(self, parsed: Parsed, number: int, tokens: list[Token], alone: bool) -> None:
        size = len(tokens)
        masked, i = self._street(tokens)
        edge = i == 0
        while i < size:
            word = self._unit_word(tokens, i)
            found = self._explicit(parsed, number, tokens, i, word) if word else 0
            if found:
                masked, edge, i = False, True, found
                continue
            mention = self._bare(number, tokens, i)
            if mention is None:
                self._leftover(parsed, number)
                edge, i = False, i + 1
                continue
            suffix = SUFFIXES.get(tokens[mention.end].key) if mention.end < size else None
            if suffix and mention.levels & suffix[0]:
                mention.levels, mention.type, mention.explicit = mention.levels & suffix[0], suffix[1], True
                mention.end += 1
                masked = False
            elif masked and not alone:
                i = mention.end
                continue
            mention.masked = masked
            mention.whole = edge and not masked
            parsed.mentions.append(mention)
            edge, i = True, mention.end

    def _leftover(self, parsed: Parsed, number: int) -> None:
        """An unexplained token stands after the last mention of the segment."""
        if parsed.mentions and parsed.mentions[-1].segment == number:
            parsed.mentions[-1].whole = False
            parsed.mentions[-1].after += 1

    def _street(self, tokens: list[Token]) -> tuple[bool, int]:
        """Whether the segment begins as a street or house, and the first token to read names from."""
        first = tokens[0].key
        if first[0].isdigit() or (first[1:].isdigit() and first[0] != "p"):
            return True, min(2, len(tokens)) if self._unit_word(tokens, 1) is None else 1
        if first in STREETS and self._longest(tokens, 0, ALL)[0] < len(tokens) and self._unit_word(tokens, 0) is None:
            return True, min(2, len(tokens)) if self._unit_word(tokens, 1) is None else 1
        return False, 0

    def _unit_word(self, tokens: list[Token], i: int) -> tuple[int, str, int] | None:
        """Levels, type and width of the unit word at `i`."""
        if i >= len(tokens) - 1:
            return None
        token = tokens[i]
        key, acc, width = token.key, token.acc, 1
        if key in PAIRS and tokens[i + 1].key in PAIRS[key]:
            key, acc, width = key + tokens[i + 1].key, acc + tokens[i + 1].acc, 2
        word = UNIT_WORDS.get(key)
        if word is None or i + width >= len(tokens) or (key != acc and acc not in word[2]):
            return None
        return word[0], word[1], width

    def _longest(self, tokens: list[Token], i: int, levels: int) -> tuple[int, Name | None]:
        """End and entry of the longest name at `i` that has one of the levels; (i, None) when there is none."""
        names, key, best, end = self._names, "", None, i
        for j in range(i, min(i + LONGEST, len(tokens))):
            key += tokens[j].key
            entry = names.get(key)
            if entry is not None and levels_of(entry) & levels:
                best, end = entry, j + 1
        return end, best

    def _explicit(self, parsed: Parsed, number: int, tokens: list[Token], i: int, word: tuple[int, str, int]) -> int:
        """Add the name that the unit word at `i` introduces; returns the index after it, 0 when it introduces none."""
        levels, kind, width = word
        begin = i + width
        end, name = self._longest(tokens, begin, levels)
        longer, whole = self._longest(tokens, i, ALL)
        if whole is not None and (name is None or longer > end or (longer == end and width == 1 and kind == "thitran")):
            return 0
        if name is None:
            return self._unread(parsed, tokens, begin, levels, kind)
        mention = Mention(number, i, end, levels & levels_of(name), kind, name, True)
        _spell(mention, tokens, begin, end)
        parsed.mentions.append(mention)
        return end

    def _unread(self, parsed: Parsed, tokens: list[Token], begin: int, levels: int, kind: str) -> int:
        """Keep what follows a unit word and is no name; returns where reading goes on: at the next unit word, or at a
        district or province that ends the segment."""
        stop = begin
        while stop < len(tokens) and self._unit_word(tokens, stop) is None:
            if stop > begin and self._longest(tokens, stop, DISTRICT | PROVINCE)[0] == len(tokens):
                break
            stop += 1
        reach = min(stop, begin + LONGEST)
        parsed.unknown.append(Unknown(phrases(tokens, begin, reach), levels, kind))
        return max(stop, begin + 1)

    def _bare(self, number: int, tokens: list[Token], i: int) -> Mention | None:
        end, name = self._longest(tokens, i, ALL)
        if name is None:
            return None
        mention = Mention(number, i, end, levels_of(name), "", name, False)
        _spell(mention, tokens, i, end)
        return None if mention.key.isdigit() or len(mention.key) < 2 else mention


def phrases(tokens: list[Token], begin: int, end: int) -> list[str]:
    """Keys of the tokens from `begin`, the longest first; one letter of a name is never in a blank."""
    return ["".join(t.key for t in tokens[begin:stop]) for stop in range(end, begin, -1)]


def levels_of(name: Name) -> int:
    """The levels that a name may stand for, as bits."""
    return (COMMUNE if name.communes else 0) | (DISTRICT if name.districts else 0) | (PROVINCE if name.provinces else 0)


def _spell(mention: Mention, tokens: list[Token], begin: int, end: int) -> None:
    mention.key = "".join(t.key for t in tokens[begin:end])
    mention.acc = "".join(t.acc for t in tokens[begin:end])


def uids(mention: Mention, scopes: list[Scope], accented: bool) -> frozenset[str]:
    """The districts or provinces that a mention means: those written just so when there are any, else all of the name."""
    if len(scopes) == 1:
        return scopes[0].uids
    fit = scopes
    if accented:
        fit = [s for s in fit if not s.acc or s.acc == mention.acc] or fit
    if mention.explicit and mention.type:
        fit = [s for s in fit if s.type == mention.type or not s.type] or fit
    return frozenset().union(*(s.uids for s in fit))
