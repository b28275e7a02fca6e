"""A temporal evolution as JSON: normalised (4.5.7), simplified (4.5.9, temporalValues) or aggregated (4.5.19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.graph.contexts.model import Context
from nhip.graph.document.forms import compacted, normalized
from nhip.graph.document.language import in_language
from nhip.graph.model import VALUE_MEMBER, Instance
from nhip.graph.query.model import Tree
from nhip.graph.query.projection import given_members
from nhip.graph.temporal.model import Evolution, Sighting, TimeProperty, written

_SERIES = {
    "Property": "values",
    "GeoProperty": "values",
    "Relationship": "objects",
    "LanguageProperty": "languageMaps",
    "VocabProperty": "vocabs",
    "JsonProperty": "jsons",
    "ListProperty": "valueLists",
    "ListRelationship": "objectLists",
}
_WRAPPED = frozenset({"LanguageProperty", "VocabProperty", "JsonProperty"})
_SYSTEM = frozenset({"createdAt", "modifiedAt", "expiresAt"})
Shown = dict[str, Any]


def render_evolution(
    evolution: Evolution,
    context: Context,
    *,
    simplified: bool = False,
    property: TimeProperty = "observedAt",
    sys: bool = False,
    lang: str = "",
    pick: Tree | None = None,
    omit: Tree | None = None,
) -> Shown:
    """The evolution without its @context; `property` says which time goes with simplified values."""

    def one(series: list[Sighting]) -> Any:
        told = [_told(sighting, lang) for sighting in series]
        if simplified:
            return _by_dataset(told, lambda some: _simple(some, context, property))
        return [_normal(sighting.instance, context, sys) for sighting in told]

    made = _head(evolution, context, sys)
    for name, series in evolution.series.items():
        made[name if name == "scope" else context.compact(name)] = one(series)
    return _projected(made, evolution, context, pick, omit)


def render_aggregates(
    evolution: Evolution, aggregates: dict[str, list[Shown]], context: Context, pick: Tree | None, omit: Tree | None
) -> Shown:
    """The evolution with its aggregated series: attribute -> one object for each dataset."""
    made = _head(evolution, context, sys=False)
    for name, found in aggregates.items():
        made[name if name == "scope" else context.compact(name)] = found[0] if len(found) == 1 else found
    return _projected(made, evolution, context, pick, omit)


def _head(evolution: Evolution, context: Context, sys: bool) -> Shown:
    types = [context.compact(one) for one in evolution.types]
    made: Shown = {"id": evolution.id, "type": types[0] if len(types) == 1 else types}
    if sys:
        made |= {"createdAt": evolution.created, "modifiedAt": evolution.modified}
        if evolution.deleted:
            made["deletedAt"] = evolution.deleted
    return made


def _projected(made: Shown, evolution: Evolution, context: Context, pick: Tree | None, omit: Tree | None) -> Shown:
    if pick is None and omit is None:
        return made
    iris = {context.compact(name): name for name in evolution.series if name != "scope"}
    picked = None if pick is None else given_members(pick)
    left = frozenset() if omit is None else omit.names
    return {
        name: value
        for name, value in made.items()
        if (picked is None or iris.get(name, name) in picked) and iris.get(name, name) not in left
    }


def _told(sighting: Sighting, lang: str) -> Sighting:
    return Sighting(sighting.dataset, sighting.at, in_language(sighting.instance, lang)) if lang else sighting


def _normal(instance: Instance, context: Context, sys: bool) -> Shown:
    found = instance if sys else {key: value for key, value in instance.items() if key not in _SYSTEM}
    return normalized(found, context)


def _by_dataset(series: list[Sighting], form: Callable[[list[Sighting]], Shown]) -> Any:
    groups: dict[str | None, list[Sighting]] = {}
    for sighting in series:
        groups.setdefault(sighting.dataset, []).append(sighting)
    found = [form(group) for group in groups.values()] or [{"type": "Property", "values": []}]
    return found[0] if len(found) == 1 else found


def _simple(series: list[Sighting], context: Context, property: TimeProperty) -> Shown:
    kind = series[-1].instance["type"]
    made: Shown = {"type": kind}
    if series[0].dataset is not None:
        made["datasetId"] = series[0].dataset
    made[_SERIES[kind]] = [
        [_value(sighting.instance, context), str(sighting.instance.get(property) or written(sighting.at))]
        for sighting in series
        if sighting.instance["type"] == kind
    ]
    return made


def _value(instance: Instance, context: Context) -> Any:
    kind = instance["type"]
    member = VALUE_MEMBER[kind]
    value = instance.get(member)
    if kind == "VocabProperty":
        value = compacted(value, context)
    if kind == "ListRelationship" and isinstance(value, list):
        value = [one["object"] if isinstance(one, dict) else one for one in value]
    return {member: value} if kind in _WRAPPED else value
