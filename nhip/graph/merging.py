"""How one attribute instance becomes another: stamping, partial update (5.5.8), merge-patch (5.5.12), NGSI-LD Null (4.5.0)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nhip.graph.contexts.model import CORE
from nhip.graph.document.faults import Fault
from nhip.graph.document.members import MEMBERS, Reading
from nhip.graph.errors import BadRequestData
from nhip.graph.model import NULL, SYSTEM, VALUE_MEMBER, Doc, Instance
from nhip.kernel.i18n import _

_MAPS = frozenset({"value", "json", "languageMap"})
"""Value members whose objects are merged key by key; all others are replaced whole."""
_FOUND_BY = frozenset({"GeoProperty", "Relationship", "ListRelationship"})
"""Types of attributes whose values have rows of their own, by which entities are found."""
_KEPT = frozenset({"type", "datasetId", *SYSTEM})
_NOTHING: dict[str | None, Instance] = {}


def is_null(instance: Instance) -> bool:
    """Whether the instance stands for a deletion: its value is NGSI-LD Null, for languages in either of two shapes."""
    for member in VALUE_MEMBER.values():
        value = instance.get(member)
        if value in (NULL, [NULL]):
            return True
        if member == "languageMap" and value is not None and (not value or value.get("@none") == NULL):
            return True
    return False


def is_whole(instance: Instance) -> bool:
    """Whether the instance has a type and a value, and so have its sub-attributes: those of fragments may lack them."""
    if VALUE_MEMBER.get(instance.get("type", "")) not in instance:
        return False
    for key, value in instance.items():  # noqa: SIM110 - a third of the time of a generator
        if ":" in key and not all(map(is_whole, value)):
            return False
    return True


def is_entity(fragment: Doc) -> bool:
    """Whether a fragment is an entity by itself: of a type, its attributes whole, and nothing in it that takes anything away."""
    if not fragment.get("type") or any(
        fragment.get(name, "-") in (NULL, [NULL], None) for name in ("scope", "expiresAt")
    ):
        return False
    for name, instances in fragment.items():
        if ":" in name and not all(is_whole(one) and has_no_null(one) for one in instances):
            return False
    return True


def has_no_null(instance: Instance) -> bool:
    """Whether nothing in the instance is an NGSI-LD Null, in any of its shapes."""
    for key, value in instance.items():
        if ":" in key:
            if not all(map(has_no_null, value)):
                return False
        elif value in (NULL, [NULL]) or (key == "languageMap" and (not value or NULL in value.values())):
            return False
    return True


def stamped(instance: Instance, at: str, was: Instance | None = None) -> Instance:
    """The instance with its times, and those of its sub-attributes; `was`, which it replaces, gives the time of creation.

    Raises BadRequestData for a fragment of one, which cannot stand by itself.
    """
    if VALUE_MEMBER.get(instance.get("type", "")) not in instance:
        raise BadRequestData(what=_("the attribute has no value"))
    made = {**instance, "createdAt": at if was is None else was["createdAt"], "modifiedAt": at}
    for key in instance:
        if ":" in key:
            before = _NOTHING if was is None else by_dataset(was.get(key, ()))
            made[key] = [stamped(one, at, before.get(one.get("datasetId"))) for one in instance[key]]
    return made


def plain(instance: Instance) -> Instance:
    """The instance without its times of creation and modification, nor those of its sub-attributes."""
    made = {key: value for key, value in instance.items() if key not in SYSTEM}
    for key, value in made.items():
        if ":" in key:
            made[key] = [plain(one) for one in value]
    return made


def without_nulls(instance: Instance) -> Instance:
    """An instance that is new, or replaces another: NGSI-LD Null inside it says no more than leaving out."""
    if not any(value == NULL or ":" in key for key, value in instance.items()):
        return instance
    made: Instance = {}
    for key, value in instance.items():
        if ":" not in key:
            if value != NULL:
                made[key] = value
        elif left := [without_nulls(one) for one in value if not is_null(one)]:
            made[key] = left
    return made


def patched(was: Instance, fragment: Instance, at: str) -> Instance:
    """Partial update: each member that is given replaces that of `was` whole."""
    made = dict(was)
    for key, value in fragment.items():
        if key in _KEPT:
            continue
        if value == NULL:
            made.pop(key, None)
        elif ":" in key:
            _patch_sub(made, key, value, at)
        else:
            made[key] = value
    made["modifiedAt"] = at
    return made


def _patch_sub(made: Instance, key: str, given: list[Instance], at: str) -> None:
    left = by_dataset(made.get(key, ()))
    for one in given:
        dataset = one.get("datasetId")
        was = left.pop(dataset, None)
        if not is_null(one):
            left[dataset] = stamped(without_nulls(one), at, was)
    if left:
        made[key] = list(left.values())
    else:
        made.pop(key, None)


def merged(was: Instance, fragment: Instance, at: str, observed_at: str = "") -> Instance:
    """Merge-patch of an instance; `observed_at` is for one that had such a time and is given none."""
    if fragment.get("type", was["type"]) != was["type"]:
        return stamped(without_nulls(fragment), at, was)
    made = dict(was)
    for key, value in fragment.items():
        if key in _KEPT:
            continue
        if ":" in key:
            _merge_sub(made, key, value, at, observed_at)
        elif value == NULL:
            made.pop(key, None)
        elif key in _MAPS and was["type"] != "GeoProperty":
            made[key] = merge_json(was.get(key), value)
        else:
            made[key] = value
    if observed_at and "observedAt" in was and "observedAt" not in fragment:
        made["observedAt"] = observed_at
    made["modifiedAt"] = at
    return made


def _merge_sub(made: Instance, key: str, given: list[Instance], at: str, observed_at: str) -> None:
    left = by_dataset(made.get(key, ()))
    for one in given:
        dataset = one.get("datasetId")
        was = left.get(dataset)
        if was is None:
            if not is_null(one):
                left[dataset] = stamped(without_nulls(one), at)
            continue
        new = None if is_null(one) else merged(was, coerced(one, was, ""), at, observed_at)
        if new is None or is_null(new):
            del left[dataset]
        else:
            left[dataset] = new
    if left:
        made[key] = list(left.values())
    else:
        made.pop(key, None)


def merge_json(old: Any, new: Any) -> Any:
    """RFC 7396 with NGSI-LD Null as the null."""
    if not isinstance(new, dict):
        return new
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value == NULL:
            made.pop(key, None)
        else:
            made[key] = merge_json(made.get(key), value)
    return made


def coerced(fragment: Instance, was: Instance, lang: str) -> Instance:
    """A value given in simplified form, which reads as a Property, meant for the kind of attribute that is there (5.5.12).
    Raises BadRequestData for what that cannot hold."""
    kind = was["type"]
    if fragment.get("type") != "Property" or kind == "Property" or "value" not in fragment:
        return fragment
    value = fragment["value"]
    if kind == "LanguageProperty" and isinstance(value, str) and value != NULL:
        value = {lang or "@none": value}
    elif kind in _FOUND_BY and value != NULL:
        value = _read(kind, value)
    made = {key: one for key, one in fragment.items() if key != "value"}
    return {**made, "type": kind, VALUE_MEMBER[kind]: value}


def _read(kind: str, value: Any) -> Any:
    """What such an attribute can hold. Raises BadRequestData."""
    read = MEMBERS[kind][VALUE_MEMBER[kind]]
    assert read is not None
    try:
        return read(value, Reading(CORE, "everywhere"))
    except Fault as fault:
        raise fault.error() from None


def by_dataset(instances: Iterable[Instance]) -> dict[str | None, Instance]:
    """The instances of an attribute by their datasetId (None: the default one), in their order."""
    return {one.get("datasetId"): one for one in instances}
