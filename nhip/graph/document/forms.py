"""One attribute instance in each form: normalised, concise, simplified (ETSI GS CIM 009 v1.9.1, 4.5.2 to 4.5.24)."""

from __future__ import annotations

from typing import Any

from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import is_instance, reads_as_value
from nhip.graph.document.geo import is_geometry
from nhip.graph.model import VALUE_MEMBER, Instance

COERCED = frozenset({"vocab", "previousVocab", "objectType", "valueType", "entityTypeSealed"})
"""Members whose strings are names: they are compacted as the names of attributes are."""

_AS_THEY_ARE = frozenset({"type", "value", "object", "unitCode", "observedAt", "datasetId", "createdAt", "modifiedAt"})
"""Of the other members those that most instances have."""


def normalized(instance: Instance, context: Context) -> Instance:
    """With its members as they are. The instance itself may be given back, when no name in it has another form."""
    if _AS_THEY_ARE.issuperset(instance):
        return instance
    compact = context.compact
    made: Instance = {}
    for key, value in instance.items():
        if ":" in key:
            made[compact(key)] = (
                normalized(value[0], context) if len(value) == 1 else [normalized(one, context) for one in value]
            )
        elif key in COERCED:
            made[key] = compacted(value, context)
        else:
            made[key] = value
    return made


def compacted(value: Any, context: Context) -> Any:
    """The names in a coerced member; an array of one is given as that one."""
    if isinstance(value, str):
        return context.compact(value)
    return context.compact(value[0]) if len(value) == 1 else [context.compact(item) for item in value]


def concise(instance: Instance, context: Context) -> Any:
    """Without what its members say already, and lossless: `expand` makes the same instance of it again."""
    kind = instance["type"]
    value = instance.get("value")
    if len(instance) == 2 and "value" in instance:
        if kind == "GeoProperty":
            return value
        if kind == "Property" and _stands_alone(value):
            return value
    made: dict[str, Any] = {}
    if (kind == "Property" and is_geometry(value)) or VALUE_MEMBER[kind] not in instance:
        made["type"] = kind
    for key, item in instance.items():
        if ":" in key:
            forms = [concise(one, context) for one in item]
            made[context.compact(key)] = forms[0] if len(forms) == 1 else _told_apart(forms, item, context)
        elif key in COERCED:
            made[key] = compacted(item, context)
        elif key == "objectList":
            made[key] = [one["object"] if isinstance(one, dict) else one for one in item]
        elif key != "type":
            made[key] = item
    return made


def several(instances: list[Instance], context: Context) -> Any:
    """The instances of an attribute in concise form."""
    forms = [concise(one, context) for one in instances]
    return forms[0] if len(forms) == 1 else _told_apart(forms, instances, context)


def _told_apart(forms: list[Any], instances: list[Instance], context: Context) -> list[Any]:
    """In an array every instance keeps an object of its own, else the array would read as one plain value."""
    return [form if is_instance(form) else normalized(one, context) for form, one in zip(forms, instances, strict=True)]


def _stands_alone(value: Any) -> bool:
    """Whether a Property's value alone reads as that Property again."""
    if isinstance(value, dict):
        return reads_as_value(value)
    return not (isinstance(value, list) and value and all(map(is_instance, value)))


def simplified(instances: list[Instance], context: Context) -> Any:
    """The values alone; several instances by their datasetId (4.5.4)."""
    if len(instances) == 1:
        return _simple(instances[0], context)
    return {"dataset": {one.get("datasetId", "@none"): _simple(one, context) for one in instances}}


def _simple(instance: Instance, context: Context) -> Any:
    kind = instance["type"]
    member = VALUE_MEMBER[kind]
    value = instance.get(member)
    if kind in ("LanguageProperty", "JsonProperty"):
        return {member: value}
    if kind == "VocabProperty":
        return {member: compacted(value, context)}
    if kind == "ListRelationship" and isinstance(value, list):
        return [one["object"] if isinstance(one, dict) else one for one in value]
    return value
