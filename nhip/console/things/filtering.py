"""A list by the value of an attribute: what can be chosen, what was chosen, and the condition of q (4.9) that it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Literal

import msgspec

from nhip.console.things.showing import LEADS, attributes, is_number
from nhip.console.things.words import ATTRIBUTES, UNITS, attribute_title
from nhip.graph.contexts.iris import is_uri
from nhip.graph.model import VALUE_MEMBER, Doc, Instance
from nhip.graph.query.model import Node, Operator, Or, Path, Term, Value
from nhip.kernel.i18n import _
from nhip.kernel.text import nfc
from nhip.things.words import city_context
from nhip.web.i18n import language, translate

Sort = Literal["number", "boolean", "time", "moment", "text", "parts", "link", "other"]
How = Literal["is", "not", "has", "above", "least", "below", "most", "known", "unknown"]
HOWS: dict[How, str] = {
    "is": _("is"), "not": _("is not"), "has": _("contains"), "above": _("is above"), "least": _("is at least"),
    "below": _("is below"), "most": _("is at most"), "known": _("is known"), "unknown": _("is not known"),
}  # fmt: skip
_ORDERS: dict[How, Operator] = {"above": ">", "least": ">=", "below": "<", "most": "<="}
_BARE = ("known", "unknown")
_LONGEST = 200
_MOST_SUGGESTED = 12
_YES, _NO = ("yes", "true", "1", "có", "đúng"), ("no", "false", "0", "không", "sai")
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_GROUPED = {".": re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?"), ",": re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")}
"""Numbers with that sign between thousands."""
_PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,12})?")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T.*)?|\d\d:\d\d(:\d\d)?")
CHOOSE = _("Choose the attribute that is compared.")
SAY = _("Say what {what} is compared with.")
NO_NUMBER = _("{what} is a number: type one, such as {example}.")
NOT_SO = _("{what} cannot be compared like this: choose “is” or “contains”.")
YES_OR_NO = _("{what} is yes or no: type one of them.")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that a list can be filtered by; `keys` are the parts of its value, `values` some of those that there are."""

    iri: str
    name: str
    title: str
    sort: Sort
    unit: str = ""
    keys: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, as it stands in the address."""

    attribute: str = ""
    how: str = ""
    value: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was asked."""
        return not self.attribute and not self.value.strip()

    def query(self) -> dict[str, str]:
        """Its part of an address."""
        return {} if self.empty else {"attribute": self.attribute, "how": self.how, "value": self.value}


class Compared(msgspec.Struct, frozen=True):
    """A number held against another attribute of the thing, or of the station where it was measured."""

    iri: str
    how: How
    other: str

    def holds(self, doc: Doc, station: Doc) -> bool:
        """Whether it is so; not where one of both is not known."""
        one, other = _number_in(doc, self.iri), _number_in(doc, self.other)
        other = _number_in(station, self.other) if other is None else other
        return one is not None and other is not None and _compare(self.how, one, other)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood: a condition of a query, maybe one that is held against each thing, in words; or what is wrong."""

    node: Node | None = None
    compared: Compared | None = None
    words: str = ""
    fault: str = ""
    attributes: tuple[str, ...] = ()
    """What the condition is about, to be told first."""


def _compare(how: How, one: float, other: float) -> bool:
    found = {"is": one == other, "not": one != other, "above": one > other, "least": one >= other, "below": one < other,
             "most": one <= other}  # fmt: skip
    return found[how]


def _number_in(doc: Doc, iri: str) -> float | None:
    values = (instance.get("value") for instance in doc.get(iri, ()) if "datasetId" not in instance)
    return next((float(value) for value in values if is_number(value)), None)


def choices(iris: Iterable[str], docs: list[Doc]) -> list[Choice]:
    """What things can be filtered by: `iris` are their attributes, `docs` some of the things."""
    context, seen = city_context(), dict[str, list[Instance]]()
    for doc in docs:
        for iri, instance in attributes(doc):
            seen.setdefault(iri, []).append(instance)
    places = {context.expand(name): place for place, name in enumerate(ATTRIBUTES)}
    found = [_choice(iri, seen.get(iri, [])) for iri in iris if iri != context.expand("name")]
    return sorted(found, key=lambda one: (places.get(one.iri, len(places)), one.title))


def _choice(iri: str, instances: list[Instance]) -> Choice:
    values = [one.get(VALUE_MEMBER.get(one["type"], "value")) for one in instances]
    sort = _sort(instances[0]["type"], values[0]) if instances else "text"
    texts = {value for value in values if isinstance(value, str)} if sort == "text" else set()
    unit = next((str(one["unitCode"]) for one in instances if "unitCode" in one), "")
    return Choice(
        iri=iri,
        name=city_context().compact(iri),
        title=attribute_title(iri),
        sort=sort,
        unit=UNITS.get(unit, unit),
        keys=tuple(dict.fromkeys(key for value in values if isinstance(value, dict) for key in value))[:20],
        values=tuple(sorted(texts)) if len(texts) <= _MOST_SUGGESTED and len(texts) < max(len(values), 2) else (),
    )


def _sort(kind: str, value: Any) -> Sort:
    if kind in LEADS or kind == "GeoProperty":
        return "other" if kind == "GeoProperty" else "link"
    if isinstance(value, str):
        return "text" if not _TIME.fullmatch(value) else "moment" if "T" in value else "time"
    if isinstance(value, bool) or is_number(value):
        return "boolean" if isinstance(value, bool) else "number"
    return "parts" if isinstance(value, dict) else "other"


def read(wish: Wish, own: list[Choice], others: list[Choice], linked: Iterable[str] = ()) -> Filter:
    """The condition of a wish. `own` are the attributes of the things, `others` those of the stations where they are measured;
    `linked` are the identifiers of what the value names, where the attribute leads to things."""
    if wish.empty:
        return Filter()
    chosen = next((one for one in own if wish.attribute in (one.iri, one.name)), None)
    if chosen is None:
        return Filter(fault=translate(CHOOSE))
    how = wish.how if wish.how in HOWS else "is"
    value = nfc(wish.value).strip()[:_LONGEST]
    if how not in _BARE and not value:
        return Filter(fault=translate(SAY, what=chosen.title))
    other = other_number(value, chosen, own, others) if how not in (*_BARE, "has") else None
    said = (
        "" if how in _BARE else other.title if other is not None else f"“{value}”" if chosen.sort == "text" else value
    )
    unit = f" {chosen.unit}" if chosen.unit and said and other is None else ""
    words = f"{chosen.title} {translate(HOWS[how])} {said}{unit}".strip()
    if other is not None:
        exists = Term(Path((chosen.iri,)), "exists")
        return Filter(
            node=exists, compared=Compared(chosen.iri, how, other.iri), words=words, attributes=(chosen.iri, other.iri)
        )
    made = _linked(chosen, how, [*linked]) if chosen.sort == "link" else _condition(chosen, how, value)
    return Filter(fault=made) if isinstance(made, str) else Filter(node=made, words=words, attributes=(chosen.iri,))


def other_number(value: str, chosen: Choice, own: list[Choice], others: list[Choice]) -> Choice | None:
    """The attribute that a value names, by what it is called on pages or in the vocabulary, where numbers are compared."""
    if chosen.sort != "number":
        return None
    known = [one for one in (*own, *others) if one.sort == "number" and one.iri != chosen.iri]
    return next((one for one in known if value.casefold() in (one.title.casefold(), one.name.casefold())), None)


def _condition(chosen: Choice, how: How, value: str) -> Node | str:
    """The condition, or what is wrong."""
    if how in _BARE:
        return Term(Path((chosen.iri,)), "exists" if how == "known" else "absent")
    if how != "has" and (make := _MAKE.get(chosen.sort)) is not None:
        return make(chosen, how, value)
    if how in _ORDERS or (how == "not" and chosen.sort == "parts"):
        return translate(NOT_SO, what=chosen.title)
    return _text(chosen, how, value)


def _linked(chosen: Choice, how: How, ids: list[str]) -> Node | str:
    """A condition about what an attribute leads to."""
    if how in _BARE:
        return _condition(chosen, how, "")
    if how in _ORDERS:
        return translate(NOT_SO, what=chosen.title)
    values = tuple(Value("word", id) for id in ids or ["urn:nhip:nothing"])
    return Term(Path((chosen.iri,)), _operator(how), values)


def _number(chosen: Choice, how: How, value: str) -> Node | str:
    found = number_of(value)
    if found is None:
        return translate(NO_NUMBER, what=chosen.title, example="1,5" if language() == "vi" else "1.5")
    return Term(Path((chosen.iri,)), _operator(how), (Value("number", found),))


def _yes_or_no(chosen: Choice, how: How, value: str) -> Node | str:
    if value.casefold() not in (*_YES, *_NO) or how not in ("is", "not"):
        return translate(YES_OR_NO, what=chosen.title)
    return Term(Path((chosen.iri,)), _operator(how), (Value("boolean", value.casefold() in _YES),))


def _at(chosen: Choice, how: How, value: str) -> Node:
    """A condition about a time; a day among moments is all of that day in Vietnam."""
    path, told = Path((chosen.iri,)), _iso(value)
    if chosen.sort == "time" or not _ISO_DAY.fullmatch(told):
        return Term(path, _operator(how), (Value("word", told),))
    start, end = (Value("word", f"{told}T{time}+07:00") for time in ("00:00:00", "23:59:59.999999"))
    if how in ("is", "not"):
        return Term(path, _operator(how), (start, end), range=True)
    return Term(path, _operator(how), (end if how in ("above", "most") else start,))


_MAKE: dict[Sort, Callable[[Choice, How, str], Node | str]] = {
    "number": _number, "boolean": _yes_or_no, "time": _at, "moment": _at,
}  # fmt: skip


def _operator(how: How) -> Operator:
    return _ORDERS.get(how) or ("!=" if how == "not" else "==")


def _text(chosen: Choice, how: How, value: str) -> Node:
    if how == "has" or chosen.sort == "parts":
        told = Value("string", pattern(value) if how == "has" else f"{pattern(value)}$")
        operator: Operator = "!~=" if how == "not" else "~="
    elif value in chosen.values or is_uri(value):
        told, operator = Value("string", value), _operator(how)
    else:  # small letters or capital ones, who knows
        told, operator = Value("string", f"^{pattern(value)}$"), "!~=" if how == "not" else "~="
    parts = tuple(Term(Path((chosen.iri,), (key,)), operator, (told,)) for key in chosen.keys)
    if not parts:
        return Term(Path((chosen.iri,)), operator, (told,))
    return Or(parts) if len(parts) > 1 else parts[0]


def pattern(words: str) -> str:
    """A pattern of re2 for texts that hold `words`, in small or capital letters."""
    return "(?i)" + "".join(char if char.isalnum() else f"\\x{{{ord(char):x}}}" for char in words)


def number_of(text: str) -> float | None:
    """A number as the reader's language writes it; one with a point or a comma alone is read as it must be meant."""
    bare = text.replace(" ", "").replace("\u00a0", "")
    thousands = "." if language() == "vi" else ","
    if _GROUPED[thousands].fullmatch(bare):
        bare = bare.replace(thousands, "")
    bare = bare.replace(",", ".")
    return float(bare) if _PLAIN.fullmatch(bare) else None


def _iso(text: str) -> str:
    """A day as people write it as ISO 8601 has it; every other text as it is."""
    if (found := _DAY.fullmatch(text)) is None:
        return text
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return text
