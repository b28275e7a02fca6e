"""Which legacy character sets a column's text is in, judged by what decoding makes of its words.

A word speaks for a set when decoding changes it into a Vietnamese syllable, and strongly against it when the result is none.
Words that are Vietnamese already speak against every set. A column needs several words; when another column of the table
is sure, or the file's bytes are no UTF-8, fewer do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from nhip.datasets.decode import charsets, viqr
from nhip.datasets.decode.syllables import is_capitalised_well, is_common, rank

_ENOUGH: Final = 3.0
_ENOUGH_FOR_BYTES: Final = 1.4
_ENOUGH_BESIDE_OTHERS: Final = 0.5
_WRONG: Final = -2.5
_SAMPLE: Final = 4_000
_PURE: Final = 4
_GAPS: Final = re.compile(r"[\s!-/:-@\[-`{-~0-9]+")
_BLANKS: Final = re.compile(r"[\s,;:/!\"\[\]{}<>=|0-9-]+")
_ADDRESS: Final = re.compile(r"://|www\.|@|\\\\")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SIGN: Final = re.compile("[cdhkm]?m[²³]|[×±°²³½¼¾§©®µ«»·€£–—…“”‘’•™]+")
"""Signs and units that stand by themselves in any text: they say nothing."""
_SOFT_VIQR: Final = re.compile(r"(?![dD]{2})[^'`?~.^(+]*[.?')]+")


class Column(msgspec.Struct, frozen=True):
    """What a column is in: the sets found, best first; `trusted` when nearly all that could be legacy text is; `pure` when
    all its text is surely of one set, so that a word which is Vietnamese either way (`Hoàng`: VNI for Hồng) is of it too."""

    charsets: tuple[str, ...] = ()
    trusted: bool = False
    pure: bool = False


def words(text: str, charset: str) -> list[str]:
    """The words of shown text, cut where no character of `charset` stands."""
    if _ADDRESS.search(text):
        return []
    if charset == "viqr":
        return [word.lstrip("('`.~?^+") for word in _BLANKS.split(text) if viqr.MARKED.search(word)]
    return [word for word in _GAPS.split(text) if word and not (word.isascii() and charset != "viscii")]


@lru_cache(maxsize=100_000)
def word_score(word: str, charset: str) -> float:
    """How much one word of shown text speaks for `charset`: 0 when decoding leaves it as it is."""
    decoded = charsets.decode_shown(word, charset)
    if decoded == word or _SIGN.fullmatch(word):
        return 0.0
    score = _sense(decoded.strip("\"'()[]., "), marked=charset == "viqr")
    if charset == "viqr" and _SOFT_VIQR.fullmatch(word):
        return min(score, 0.0)
    return score if charset == "viqr" else score - max(_sense(word), 0.0)


def _sense(word: str, *, marked: bool = False) -> float:
    """How much a word looks Vietnamese. `marked`: what stands before a point without a mark (`TP.Huế`) says nothing."""
    parts = _LETTERS.findall(word)
    if "".join(parts) != word:
        whole = [part for part in re.split(r"[ -@\[-`{-~]+", word) if part]
        if any(not part.isalpha() for part in whole):
            return _WRONG
    judged = [part for part in parts if len(part) > 1 and not part.isascii()] if marked else []
    return min(map(_part_sense, judged or parts), default=_WRONG)


def _part_sense(part: str) -> float:
    quality = rank(part)
    if quality < 0 or not is_capitalised_well(part):
        return _WRONG
    if quality == 0:
        return -0.3
    marked = sum(not letter.isascii() for letter in part)
    return (
        (0.2, 0.2, 0.5, 1.0, 1.6, 1.8, 2.0, 2.0)[min(len(part), 7)] + 0.4 * max(marked - 1, 0) + 0.5 * is_common(part)
    )


def text_score(text: str, charset: str) -> float:
    """How much a whole value speaks for `charset`."""
    return sum(word_score(word, charset) for word in words(text, charset))


def candidates(text: str) -> tuple[str, ...]:
    """The sets that `text` could be in at all."""
    if text.isascii() and not charsets.is_shown(text):
        return ("viqr",) if viqr.MARKED.search(text) else ()
    return ("tcvn3", "vni", "viscii", "cp1258") if charsets.is_shown(text) else ()


def tally(values: Iterable[str]) -> dict[str, dict[str, float]]:
    """Scores of the distinct words in `values` (at most 4,000 values) for each set: {set: {word: score}}."""
    scores: dict[str, dict[str, float]] = {}
    for _, value in zip(range(_SAMPLE), values, strict=False):
        for charset in candidates(value):
            found = {word: word_score(word, charset) for word in words(value, charset)}
            scores.setdefault(charset, {}).update({word: score for word, score in found.items() if score})
    return scores


def is_sure(scores: dict[str, float], enough: float) -> bool:
    """Whether the words of a column are enough to call it legacy text."""
    good = sum(score > 0 for score in scores.values())
    return sum(scores.values()) >= enough and good >= (1 if enough < _ENOUGH else 2) and good >= 0.75 * len(scores)


def columns(samples: list[list[str]], *, from_bytes: bool = False) -> list[Column]:
    """The sets of each column of a table, given distinct values of each; `from_bytes`: the file was no valid UTF-8."""
    tallies = [tally(values) for values in samples]
    enough = _ENOUGH_FOR_BYTES if from_bytes else _ENOUGH
    sure = Counter(name for one in tallies for name in _best(one, enough))
    found = []
    for values, one in zip(samples, tallies, strict=True):
        names = _best(one, enough) or tuple(name for name in _best(one, _ENOUGH_BESIDE_OTHERS) if name in sure)
        found.append(Column(names, _is_trusted(values, names), _is_pure(values, names)))
    return found


def _best(scores: dict[str, dict[str, float]], enough: float) -> tuple[str, ...]:
    """The best set, and others that explain words which the best one does not."""
    limit = {name: (_ENOUGH if name == "viqr" and enough == _ENOUGH_FOR_BYTES else enough) for name in scores}
    sums = sorted(((sum(one.values()), name) for name, one in scores.items()), reverse=True)
    names = [name for _, name in sums if is_sure(scores[name], limit[name])]
    if not names:
        return _mixed(scores)
    found = [names[0]]
    for _, name in sums:
        if name not in found and is_sure(_better(scores, name, found), limit[name]):
            found.append(name)
    rest = {name: told for name in scores if name not in found and (told := _better(scores, name, found))}
    return (*found, *_mixed(rest))


def _better(scores: dict[str, dict[str, float]], name: str, found: list[str]) -> dict[str, float]:
    """Scores of the words of set `name`, without those of which a set found makes as much sense."""
    told = {word: max(scores[one].get(word, 0.0) for one in found) for word in scores[name]}
    return {word: score for word, score in scores[name].items() if score > told[word] or told[word] <= 0}


def _mixed(scores: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """Sets of a column that holds several: each word is given to the set that makes most sense of it. Words that are
    Vietnamese as they stand speak against none: VISCII and Windows-1258 share letters with Unicode."""
    owners: dict[str, list[tuple[float, str]]] = {}
    for name, one in scores.items():
        for word, score in one.items():
            owners.setdefault(word, []).append((score, name))
    given = [max(choice) for word, choice in owners.items() if max(choice)[0] > 0 or _sense(word) <= 0]
    if sum(score <= 0 for score, _ in given) > 0.15 * len(given):
        return ()
    sums: Counter[str] = Counter()
    for score, name in given:
        sums[name] += score if score > 0 else 0  # type: ignore[assignment]
    return tuple(name for name, total in sums.most_common() if total >= 2 * _ENOUGH)


def _is_trusted(values: list[str], names: tuple[str, ...]) -> bool:
    if not names:
        return False
    legacy = sum(any(text_score(value, name) > 0 for name in names) for value in values[:_SAMPLE])
    other = sum(not value.isascii() and not charsets.is_shown(value) for value in values[:_SAMPLE])
    return legacy > 4 * other


def _is_pure(values: list[str], names: tuple[str, ...]) -> bool:
    """Whether one set explains a column of several values, none of them beyond it and few that speak against it."""
    if len(names) != 1 or not all(value.isascii() or charsets.is_shown(value) for value in values[:_SAMPLE]):
        return False
    scores = [text_score(value, names[0]) for value in values[:_SAMPLE] if names[0] in candidates(value)]
    good = sum(score > 0 for score in scores)
    return good >= _PURE and good >= 2 * sum(score < 0 for score in scores)


def _is_native(text: str) -> bool:
    return all(rank(part) > 0 and is_capitalised_well(part) for part in _LETTERS.findall(text) if not part.isascii())


def _is_plain_viqr(text: str) -> bool:
    """Whether the only marks are apostrophes and make Vietnamese words: `Co'` in a column of VIQR."""
    marks = [match[0][1] for match in viqr.MARKED.finditer(text)]
    return set(marks) == {"'"} and _is_native(charsets.decode_shown(text, "viqr"))


def choose(text: str, column: Column) -> str:
    """The set that one value of a column is in, or "" when it is best left alone."""
    if not column.charsets:
        return ""
    possible = [name for name in column.charsets if name in candidates(text)]
    scored = [(text_score(text, name), -place, name) for place, name in enumerate(possible)]
    if not scored:
        return ""
    score, _, name = max(scored)
    if score > 0:
        return name
    if name == "viqr":
        return name if column.trusted and score == 0 and _is_plain_viqr(text) else ""
    if column.trusted and score >= 0:
        return name
    return name if column.pure and _is_native(charsets.decode_shown(text, name)) else ""
