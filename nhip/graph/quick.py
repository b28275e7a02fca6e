"""The commonest operations on entities as they rest (document and times apart): what `operations.apply` would make of them, in a
fifth of its time. What is out of the ordinary (NGSI-LD Null, scopes in fragments, merges) is left to `apply`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from nhip.graph.alike import same, same_members
from nhip.graph.merging import has_no_null, is_entity, is_whole
from nhip.graph.model import NULL, Change, Doc, Instance, Operation

Times = dict[str, Any]
"""The system attributes of a document, as `document.pack` writes them."""
Entry = list[Any] | int
"""Times of one instance: 0 (those of the entity's creation) or [createdAt, modifiedAt, {sub-attributes}?]."""
State = tuple[str, str | None, Instance | None, str | None]
"""Attribute and dataset that changed, the instance that this made (None: it took it away), when that was created (None: now)."""

_NONE: Final[Times] = {}
_NOWHERE: Final[list[Instance]] = []
_FEW: Final = 16
"""More instances of one attribute are not looked through again and again."""


class Done(msgspec.Struct, frozen=True):
    """What became of an entity, and the states that its history gets."""

    doc: Doc
    times: Times
    changes: list[Change]
    states: list[State]
    moved: Sequence[str] = ()
    """Attributes whose instances may have changed places, beside those whose states changed."""
    same_shape: bool = False
    """Whether it is known to have the types and attributes that it had."""


def quick(doc: Doc | None, times: Times, op: Operation, at: str, *, told: bool = True) -> Done | None:
    """The result; None where `apply` has to judge. Whole documents need not say their changes where nobody is `told`."""
    name, new = op.name, op.doc
    if new is None or op.only is not None:
        return None
    if doc is None:
        if name not in _CREATING or (name == "upsert-update" and not is_entity(new)):
            return None
        return _create(new, at, told)
    if name in _REPLACING:
        return _replace(doc, times, new, at, told)
    act = _ACTS.get(name)
    return None if act is None else act(doc, times, op, at)


def _create(doc: Doc, at: str, told: bool) -> Done:
    states: list[State] = [
        (iri, one.get("datasetId"), one, None) for iri, instances in doc.items() if ":" in iri for one in instances
    ]
    if scope := doc.get("scope"):
        states.append(("scope", None, {"type": "Property", "value": scope}, None))
    changes = [Change(state[0], state[1], "created") for state in states] if told else []
    return Done(doc, {"c": at, "m": at}, changes, states)


def _replace(doc: Doc, times: Times, new: Doc, at: str, told: bool) -> Done | None:
    if "scope" in doc or "scope" in new or not new.get("type") or new.get("expiresAt", "-") in (None, NULL):
        return None
    made, apart = times["c"], times.get("a") or _NONE
    entries: dict[str, list[Entry]] = {}
    changes: list[Change] = []
    states: list[State] = []
    several: list[str] = []
    left = len(doc)
    for iri, instances in new.items():
        if iri in doc:
            left -= 1
        if ":" not in iri:
            continue
        before = doc.get(iri, _NOWHERE)
        if iri not in apart and _stays(changes, states, iri, instances, before, made, told):
            continue
        several.append(iri)
        own = _replace_attribute(changes, states, iri, instances, before, apart.get(iri), made, at)
        if any(entry != [made, at] for entry in own):
            entries[iri] = own
    if left:
        for iri in doc.keys() - new.keys():
            if ":" in iri:
                _note_lost(changes, states, iri, doc[iri], ())
    result: Times = {"c": made, "m": at, "d": at}
    if entries:
        result["a"] = entries
    same_shape = left == 0 and len(doc) == len(new) and doc["type"] == new["type"]
    return Done(new, result, changes, states, several, same_shape)


def _stays(
    changes: list[Change],
    states: list[State],
    iri: str,
    instances: list[Instance],
    before: list[Instance],
    made: str,
    told: bool,
) -> bool:
    """Whether an attribute is one instance in the place of one that is alike, as old as the entity; noted then."""
    if len(instances) != 1 or len(before) != 1:
        return False
    one, was = instances[0], before[0]
    equal = one == was
    if not equal and not _alike(one, was):
        return False
    if told:
        changes.append(Change(iri, one.get("datasetId"), "updated"))
    if not (equal and same_members(one, was)):
        states.append((iri, one.get("datasetId"), one, made))
    return True


def _alike(one: Instance, was: Instance) -> bool:
    """Whether an instance comes in the place of one that has the same members, and no sub-attribute is another."""
    if one.keys() != was.keys() or one.get("datasetId") != was.get("datasetId"):
        return False
    for key in one:  # noqa: SIM110 - a third of the time of a generator
        if ":" in key and not same(one[key], was[key]):
            return False
    return True


def _replace_attribute(
    changes: list[Change],
    states: list[State],
    iri: str,
    instances: list[Instance],
    before: Any,
    were: list[Entry] | None,
    made: str,
    at: str,
) -> list[Entry]:
    """Note what becomes of an attribute; the times of its instances."""
    own: list[Entry] = []
    places = _places(before) if len(before) > _FEW else None
    for one in instances:
        dataset = one.get("datasetId")
        place = _place(before, dataset) if places is None else places.get(dataset)
        was, entry = (None, 0) if place is None else (before[place], were[place] if were else 0)
        own.append(entry_of(one, was, entry, made, at))
        _note(changes, states, iri, one, was, entry, made)
    _note_lost(changes, states, iri, before, instances)
    return own


def _note_lost(changes: list[Change], states: list[State], iri: str, before: Any, now: Any) -> None:
    places = _places(now) if len(now) > _FEW else None
    for was in before:
        dataset = was.get("datasetId")
        if (_place(now, dataset) if places is None else places.get(dataset)) is None:
            changes.append(Change(iri, was.get("datasetId"), "deleted"))
            states.append((iri, was.get("datasetId"), None, None))


def _append(doc: Doc, times: Times, op: Operation, at: str) -> Done | None:
    new = op.doc
    if new is None or "scope" in new or "expiresAt" in new:
        return None
    made, apart = times["c"], dict(times.get("a") or {})
    result = dict(doc)
    touched = _add_types(result, new)
    changes: list[Change] = []
    states: list[State] = []
    for iri, instances in new.items():
        if ":" not in iri:
            continue
        if len(instances) > _FEW:
            return None
        for one in instances:
            if not has_no_null(one) or not is_whole(one):
                return None
            there = result.get(iri, ())
            entries = apart.get(iri) or [0] * len(there)
            place = _place(there, one.get("datasetId"))
            was, entry = (None, 0) if place is None else (there[place], entries[place])
            result[iri] = _with(there, place, one, first="datasetId" not in one)
            apart[iri] = _with(entries, place, entry_of(one, was, entry, made, at), first="datasetId" not in one)
            _note(changes, states, iri, one, was, entry, made)
    if not changes and not touched:
        return Done(doc, times, [], [])
    return Done(result, {**times, "m": at, "a": apart}, changes, states)


def _patch(doc: Doc, times: Times, op: Operation, at: str) -> Done | None:
    iri = op.attribute
    given = (op.doc or {}).get(iri, ())
    before = doc.get(iri)
    if len(given) != 1 or not before or ":" not in iri:
        return None
    one = given[0]
    place = _place(before, one.get("datasetId", op.dataset))
    if place is None or not has_no_null(one) or any(":" in key for key in one):
        return None
    was = before[place]
    if one.get("type", was["type"]) != was["type"]:
        return None
    made, apart = times["c"], dict(times.get("a") or {})
    entries = apart.get(iri) or [0] * len(before)
    entry = entries[place]
    new = {**was, **{key: value for key, value in one.items() if key not in ("type", "datasetId")}}
    changes: list[Change] = []
    states: list[State] = []
    _note(changes, states, iri, new, was, entry, made)
    apart[iri] = _with(
        entries, place, [entry[0] if entry else made, at, *entry[2:]] if entry else [made, at], first=False
    )
    result = {**doc, iri: _with(before, place, new, first=False)}
    return Done(result, {**times, "m": at, "a": apart}, changes, states, same_shape=True)


def entry_of(new: Instance, was: Instance | None, entry: Entry, made: str, at: str) -> list[Any]:
    """Times of an instance that comes in place of `was` (None: of nothing), whose own are `entry`."""
    subs: dict[str, list[Entry]] = {}
    old_subs = entry[2] if entry and len(entry) > 2 else {}  # type: ignore[arg-type,index]
    for key in new:
        if ":" in key:
            before, were = (was.get(key, ()), old_subs.get(key)) if was is not None else ((), None)
            if len(before) > _FEW:
                places = _places(before)
                subs[key] = [
                    _sub_entry(one, places.get(one.get("datasetId")), before, were, made, at) for one in new[key]
                ]
            else:
                subs[key] = [
                    _sub_entry(one, _place(before, one.get("datasetId")), before, were, made, at) for one in new[key]
                ]
    created = at if was is None else entry[0] if entry else made  # type: ignore[index]
    return [created, at, subs] if subs else [created, at]


def _sub_entry(
    one: Instance, place: int | None, before: Any, were: list[Entry] | None, made: str, at: str
) -> list[Any]:
    if place is None:
        return entry_of(one, None, 0, made, at)
    return entry_of(one, before[place], were[place] if were else 0, made, at)


def _note(
    changes: list[Change], states: list[State], iri: str, new: Instance, was: Instance | None, entry: Entry, made: str
) -> None:
    """Note a change; a state that is like the one before is not told to the history again."""
    dataset = new.get("datasetId")
    changes.append(Change(iri, dataset, "created" if was is None else "updated"))
    if was is None:
        states.append((iri, dataset, new, None))
    elif not same(new, was):
        states.append((iri, dataset, new, entry[0] if entry else made))  # type: ignore[index]


def _add_types(result: Doc, new: Doc) -> bool:
    more = [one for one in new.get("type", ()) if one not in result["type"]]
    if more:
        result["type"] = [*result["type"], *more]
    return bool(more)


def _places(instances: Any) -> dict[str | None, int]:
    """The place of each instance by its datasetId."""
    return {one.get("datasetId"): place for place, one in enumerate(instances)}


def _place(instances: Any, dataset: str | None) -> int | None:
    for place, one in enumerate(instances):
        if one.get("datasetId") == dataset:
            return place
    return None


def _with(items: Any, place: int | None, new: Any, *, first: bool) -> list[Any]:
    """A copy with `new` at `place`, or where a new instance stands: the default one first."""
    if place is None:
        return [new, *items] if first else [*items, new]
    made = list(items)
    made[place] = new
    return made


_CREATING: Final = frozenset({"create", "upsert-replace", "upsert-update"})
_REPLACING: Final = frozenset({"upsert-replace", "replace"})
_ACTS: Final[dict[str, Callable[[Doc, Times, Operation, str], Done | None]]] = {
    "upsert-update": _append,
    "append": _append,
    "update": _append,
    "patch": _patch,
}
