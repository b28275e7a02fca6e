"""Entities as pages show them: values as text with unit and time, where they lead to, where they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec

from nhip.console.things.words import ATTRIBUTES, UNITS, attribute_title
from nhip.graph.model import VALUE_MEMBER, Doc, Instance
from nhip.kernel.i18n import _
from nhip.things.words import city_context
from nhip.web.formats import date_, datetime_, number
from nhip.web.i18n import translate

LONGEST = 300
MOST_TOLD = 2
"""Attributes of a thing in a list."""
LEADS = ("Relationship", "ListRelationship")
DATASET = "urn:nhip:dataset:"
"""What `source` begins with when a row of a dataset is behind a thing."""
_TIMES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"\d{4}-\d\d-\d\d"), lambda text: date_(date.fromisoformat(text))),
    (
        re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,15}(Z|[+-]\d\d:\d\d)"),
        lambda text: datetime_(datetime.fromisoformat(text)),
    ),
    (re.compile(r"\d\d:\d\d:00"), lambda text: text[:5]),
)
_QUIET = ("source", "sourceVersion")
"""Told last."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute instance: `value` as text, `to` the things it leads to, `numeric` whether its history can be drawn, `by`
    who says so where that is told of this attribute alone."""

    iri: str
    title: str
    value: str
    to: list[str] = []
    unit: str = ""
    observed: datetime | None = None
    modified: datetime | None = None
    dataset: str = ""
    numeric: bool = False
    by: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A thing in a list."""

    id: str
    name: str
    told: list[Shown]
    latest: datetime | None
    """The latest observation."""


def page_of(id: str, attribute: str = "") -> str:
    """Address of a thing's page."""
    return f"/console/things/one?{urlencode({'id': id, **({'attribute': attribute} if attribute else {})})}"


def attributes(doc: Doc) -> Iterator[tuple[str, Instance]]:
    """Every attribute instance with its IRI."""
    for iri, instances in doc.items():
        if ":" in iri:
            for instance in instances:
                yield iri, instance


def shown(doc: Doc) -> list[Shown]:
    """What is known of a thing: first what the vocabulary has, in its order, then the rest; where it comes from last."""
    found = [_shown(iri, instance) for iri, instance in attributes(doc)]
    last, places = _quiet(), {city_context().expand(name): place for place, name in enumerate(ATTRIBUTES)}
    return sorted(found, key=lambda one: (one.iri in last, places.get(one.iri, len(places)), one.title))


def _quiet() -> set[str]:
    return {city_context().expand(name) for name in _QUIET}


def source_of(one: Shown) -> str:
    """The dataset that an attribute `source` names, or empty."""
    known = one.iri == city_context().expand("source") and one.value.startswith(DATASET)
    return one.value.removeprefix(DATASET) if known else ""


def name_title() -> str:
    """What the attribute `name` is called."""
    return attribute_title(city_context().expand("name"))


def _shown(iri: str, instance: Instance) -> Shown:
    value = instance.get(VALUE_MEMBER.get(instance["type"], "value"))
    leads = instance["type"] in LEADS
    unit = str(instance.get("unitCode", ""))
    return Shown(
        iri=iri,
        title=attribute_title(iri),
        value="" if leads else text_of(value),
        to=_targets(value) if leads else [],
        unit=UNITS.get(unit, unit),
        observed=_moment(instance.get("observedAt")),
        modified=_moment(instance.get("modifiedAt")),
        dataset=str(instance.get("datasetId", "")),
        by=_source(instance),
        numeric=instance["type"] == "Property" and is_number(value) and iri not in _quiet(),
    )


def _source(instance: Instance) -> str:
    """What an attribute's own `source` says."""
    told: Instance = next(iter(instance.get(city_context().expand("source"), ())), {})
    value = told.get("value", "")
    return value[:LONGEST] if isinstance(value, str) else ""


def _targets(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    told = [one.get("object") if isinstance(one, dict) else one for one in listed]
    return [one for one in told if isinstance(one, str)]


def is_number(value: Any) -> bool:
    """Whether a value can be drawn over time."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_of(value: Any) -> str:
    """A value for people, cut where it is very long."""
    if isinstance(value, bool):
        return translate(_("yes")) if value else translate(_("no"))
    if is_number(value):
        return number(value)
    if isinstance(value, dict) and "coordinates" in value:
        told = _point(value) or str(value.get("type", ""))
    elif isinstance(value, dict) and all(isinstance(one, str | int | float) for one in value.values()):
        told = _joined([str(one) for one in value.values()])
    else:
        told = _time_of(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"


def _joined(parts: list[str]) -> str:
    """Parts of an address in a row, without those that an earlier one holds: streets are often written with their commune."""
    told: list[str] = []
    for part in parts:
        if not any(part.casefold() in earlier.casefold() for earlier in told):
            told.append(part)
    return ", ".join(told)


def _time_of(text: str) -> str:
    """A day, a moment or a time of day as people write it; every other text as it is."""
    for form, write in _TIMES:
        if form.fullmatch(text):
            try:
                return write(text)
            except ValueError:
                return text
    return text


def _point(value: Any) -> str:
    place = value.get("coordinates")
    if value.get("type") != "Point" or not isinstance(place, list) or len(place) < 2:
        return ""
    return f"{place[1]:.5f}, {place[0]:.5f}"


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def line_of(doc: Doc, names: dict[str, str], *, first: tuple[str, ...] = ()) -> Line:
    """A thing in a list: what it is called (`names`: of stations, by identifier), the attributes that were asked for (`first`),
    and what was observed, else a few words."""
    told = [one for one in shown(doc) if not one.to and one.title != name_title()]
    asked = [one for one in told if one.iri in first]
    rest = [one for one in told if one.iri not in first]
    observed = [one for one in rest if one.observed is not None and one.numeric]
    quiet = {*_quiet(), city_context().expand("location")}
    few = [one for one in rest if one.iri not in quiet]
    moments = [one.observed for one in told if one.observed is not None]
    about = [*asked, *(observed or few)][:MOST_TOLD]
    return Line(id=doc["id"], name=called(doc, names), told=about, latest=max(moments, default=None))


def cell_of(doc: Doc, iri: str) -> str:
    """An attribute as a cell of a table for machines: numbers and times as JSON has them, identifiers of what it leads to."""
    for instance in doc.get(iri, ()):
        value = instance.get(VALUE_MEMBER.get(instance["type"], "value"))
        if instance["type"] in LEADS:
            return " ".join(_targets(value))
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return ""


def measured_by(doc: Doc) -> str:
    """The identifier of the station whose reading a thing is, or empty."""
    for instance in doc.get(city_context().expand("measuredAt"), ()):
        return next(iter(_targets(instance.get("object"))), "")
    return ""


def called(doc: Doc, names: dict[str, str]) -> str:
    """What a thing is called; a reading without a name bears that of its station."""
    named = doc.get(city_context().expand("name"))
    return name_of(doc) if named else names.get(measured_by(doc)) or name_of(doc)


def name_of(doc: Doc) -> str:
    """What a thing is called: its name, else the last part of its identifier."""
    for instance in doc.get(city_context().expand("name"), ()):
        if isinstance(instance.get("value"), str):
            return str(instance["value"])
    return end_of(doc["id"])


def end_of(id: str) -> str:
    """The last part of an identifier, which tells things of a type apart."""
    return unquote(id.rpartition(":")[2]) or id


def place_of(doc: Doc) -> tuple[float, float] | None:
    """Longitude and latitude of a thing that is at a point."""
    for iri, instance in attributes(doc):
        value = instance.get("value")
        if iri.endswith("/location") and isinstance(value, dict) and _point(value):
            return float(value["coordinates"][0]), float(value["coordinates"][1])
    return None
