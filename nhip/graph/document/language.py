"""Which words of a LanguageProperty a reader gets who names languages (ETSI GS CIM 009 v1.9.1, 4.15; RFC 4647, 3.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from nhip.graph.model import Instance

_LONGEST = 1000


def preferences(text: str) -> tuple[str, ...]:
    """The language ranges of `fr;q=0.8,vi`, most wanted first, in lower case; those with q=0 are left out."""
    return _preferences(text[:_LONGEST])


@lru_cache(maxsize=256)
def _preferences(text: str) -> tuple[str, ...]:
    weighted = []
    for place, part in enumerate(text.split(",")[:50]):
        tag, _semicolon, rest = part.strip().lower().partition(";")
        weight = _weight(rest)
        if tag and weight > 0:
            weighted.append((-weight, place, tag.strip()))
    return tuple(tag for _weight_, _place, tag in sorted(weighted))


def _weight(text: str) -> float:
    name, _equals, value = text.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 1.0


def chosen(words: dict[str, Any], wanted: str) -> str:
    """The key of `words` that serves best: exact, then shortened from the end, then a longer one of the same language,
    then `@none`, at last whatever is first."""
    by_tag = {tag.lower(): tag for tag in words}
    for tag in preferences(wanted):
        if tag == "*":
            break
        parts = tag.split("-")
        for length in range(len(parts), 0, -1):
            if (found := by_tag.get("-".join(parts[:length]))) is not None:
                return found
        longer = next((own for own in by_tag if own.startswith(tag + "-")), None)
        if longer is not None:
            return by_tag[longer]
    return "@none" if "@none" in words else next(iter(words))


def in_language(instance: Instance, wanted: str) -> Instance:
    """A LanguageProperty as the Property with the words of one language, in `lang` which one; anything else as it is."""
    words = instance.get("languageMap")
    if not isinstance(words, dict) or not words:
        return instance
    tag = chosen(words, wanted)
    made = {key: value for key, value in instance.items() if key != "languageMap"}
    return {**made, "type": "Property", "value": words[tag], "lang": tag}
