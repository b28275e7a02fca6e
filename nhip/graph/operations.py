"""What each operation makes of an entity (CIM 009 v1.9.1, 5.6.1 to 5.6.20, 5.5.8, 5.5.12): pure, nothing changes in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.graph.errors import AlreadyExists, BadRequestData, GraphError, ResourceNotFound
from nhip.graph.merging import by_dataset, coerced, is_entity, is_null, merged, patched, stamped, without_nulls
from nhip.graph.model import ENTITY_MEMBERS, NULL, Change, Doc, Instance, Operation, Outcome
from nhip.kernel.i18n import _

IS_THERE = _("The entity has this attribute already, and nothing was to be overwritten.")
NOT_THERE = _("The entity has no such attribute.")
SCOPE = "scope"
_CREATING = frozenset({"create", "upsert-replace", "upsert-update"})


def apply(old: Doc | None, op: Operation, at: str) -> Outcome:
    """What becomes of `old` (a full document, None: there is none) by `op` at the instant `at`. Errors are in the outcome."""
    if old is not None and op.only is not None and not op.only(old):
        if op.name in _CREATING:  # its id is taken all the same
            return Outcome(id=op.id, error=AlreadyExists(what=op.id), before=old, after=old)
        old = None
    try:
        return _ACTS[op.name](old, op, at)
    except GraphError as error:
        return Outcome(id=op.id, error=error, before=old, after=old)


class _Draft:
    """A document that is being changed: a copy of the outer level, instances are replaced, never written to."""

    def __init__(self, old: Doc, op: Operation, at: str) -> None:
        self.old, self.op, self.at = old, op, at
        self.doc: Doc = dict(old)
        self._open: dict[str, dict[str | None, Instance]] = {}
        """Attributes that are being changed: IRI -> datasetId -> instance, in their order."""
        self.changes: list[Change] = []
        self.kept: list[tuple[str, str]] = []
        self.touched = False

    def find(self, iri: str, dataset: str | None) -> Instance | None:
        """The instance of an attribute as it is by now."""
        return self._there(iri).get(dataset)

    def _there(self, iri: str) -> dict[str | None, Instance]:
        there = self._open.get(iri)
        if there is None:
            there = self._open[iri] = by_dataset(self.doc.get(iri, ()))
        return there

    def put(self, iri: str, new: Instance, was: Instance | None) -> None:
        """Set one instance; `was` is the one with the same datasetId."""
        there, dataset = self._there(iri), new.get("datasetId")
        if was is None and dataset is None and there:
            self._open[iri] = {None: new, **there}  # the default instance stands first
        else:
            there[dataset] = new
        self.changes.append(Change(iri, dataset, "created" if was is None else "updated"))

    def drop(self, iri: str, was: Instance) -> None:
        """Take one instance away, and the attribute with its last."""
        dataset = was.get("datasetId")
        del self._there(iri)[dataset]
        self.changes.append(Change(iri, dataset, "deleted"))

    def set_member(self, name: str, value: Any) -> None:
        """Set `scope` or `expiresAt`; NGSI-LD Null or nothing takes it away."""
        gone = value in (None, NULL, []) or value == [NULL]
        kind = ("deleted" if gone else "updated") if name in self.doc else "created"
        if gone and name not in self.doc:
            return
        if gone:
            del self.doc[name]
        else:
            self.doc[name] = value
        self.touched = True
        if name == SCOPE:
            self.changes.append(Change(SCOPE, None, kind))  # type: ignore[arg-type]

    def add_types(self, types: list[str]) -> None:
        """Types are only ever added by a fragment (4.16)."""
        new = [one for one in types if one not in self.doc["type"]]
        if new:
            self.doc["type"] = [*self.doc["type"], *new]
            self.touched = True

    def outcome(self) -> Outcome:
        """The result; the entity counts as modified when anything in it was."""
        after = self.old
        if self.changes or self.touched:
            for iri, there in self._open.items():
                if there:
                    self.doc[iri] = list(there.values())
                else:
                    self.doc.pop(iri, None)
            self.doc["modifiedAt"] = self.at
            after = self.doc
        return Outcome(id=self.op.id, changes=self.changes, kept=self.kept, before=self.old, after=after)


def attributes(doc: Doc) -> list[tuple[str, list[Instance]]]:
    """The attributes of a document or fragment with their instances."""
    return [(key, value) for key, value in doc.items() if key not in ENTITY_MEMBERS]


def _there(old: Doc | None, op: Operation) -> Doc:
    if old is None:
        raise ResourceNotFound(what=op.id)
    return old


def _fragment(op: Operation) -> Doc:
    if op.doc is None:
        raise BadRequestData(what=_("The change is empty."))
    return op.doc


def _create(old: Doc | None, op: Operation, at: str) -> Outcome:
    if old is not None:
        raise AlreadyExists(what=op.id)
    made: Doc = {}
    changes = []
    for key, value in _fragment(op).items():
        if key in ENTITY_MEMBERS:
            made[key] = value
        else:
            made[key] = [stamped(one, at) for one in value]
            changes += [Change(key, one.get("datasetId"), "created") for one in value]
    if made.get(SCOPE):
        changes.append(Change(SCOPE, None, "created"))
    made["createdAt"] = made["modifiedAt"] = at
    return Outcome(id=op.id, created=True, changes=changes, after=made)


def _replace(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.18: everything is as given now; what was there before keeps the time at which it came to be."""
    old, new = _there(old, op), _fragment(op)
    draft = _Draft(old, op, at)
    draft.doc = {"id": old["id"], "type": new.get("type", old["type"])}
    draft.doc |= {key: new[key] for key in ("scope", "expiresAt") if new.get(key)}
    for iri, instances in attributes(new):
        before = by_dataset(old.get(iri, ()))
        for one in instances:
            was = before.get(one.get("datasetId"))
            draft.doc.setdefault(iri, []).append(stamped(one, at, was))
            draft.changes.append(Change(iri, one.get("datasetId"), "created" if was is None else "updated"))
    for iri, instances in attributes(old):
        gone = by_dataset(instances).keys() - by_dataset(draft.doc.get(iri, ())).keys()
        draft.changes += [Change(iri, dataset, "deleted") for dataset in by_dataset(instances) if dataset in gone]
    if old.get(SCOPE) or draft.doc.get(SCOPE):
        kind = "deleted" if not draft.doc.get(SCOPE) else "updated" if old.get(SCOPE) else "created"
        draft.changes.append(Change(SCOPE, None, kind))  # type: ignore[arg-type]
    draft.doc["createdAt"] = old["createdAt"]
    draft.touched = True
    return draft.outcome()


def _upsert_replace(old: Doc | None, op: Operation, at: str) -> Outcome:
    return _create(old, op, at) if old is None else _replace(old, op, at)


def _upsert_update(old: Doc | None, op: Operation, at: str) -> Outcome:
    if old is not None:
        return _append(old, op, at)
    if not is_entity(_fragment(op)):
        raise BadRequestData(what=_("there is no such entity yet: it needs a type, values, and no NGSI-LD Null"))
    return _create(old, op, at)


def _append(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.3 with overwriting: instances are added or replaced, scopes replaced, types added."""
    draft = _begin(old, op, at)
    for iri, instances in attributes(_fragment(op)):
        _set_instances(draft, iri, instances)
    return draft.outcome()


def _append_keep(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.3 with noOverwrite: what is there stays, scopes are added."""
    old = _there(old, op)
    draft = _Draft(old, op, at)
    fragment = _fragment(op)
    draft.add_types(fragment.get("type", []))
    if more := [one for one in fragment.get(SCOPE, ()) if one not in old.get(SCOPE, ())]:
        draft.set_member(SCOPE, [*old.get(SCOPE, ()), *more])
    if "expiresAt" in fragment and "expiresAt" not in old:
        draft.set_member("expiresAt", fragment["expiresAt"])
    for iri, instances in attributes(fragment):
        for one in instances:
            if draft.find(iri, one.get("datasetId")) is None:
                draft.put(iri, stamped(one, at), None)
            else:
                draft.kept.append((iri, IS_THERE))
    return draft.outcome()


def _update(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.2: as append, but a scope is changed only where there is one."""
    draft = _begin(old, op, at, scope=SCOPE in (old or {}))
    if SCOPE in _fragment(op) and SCOPE not in draft.old:
        draft.kept.append((SCOPE, NOT_THERE))
    for iri, instances in attributes(_fragment(op)):
        _set_instances(draft, iri, instances)
    return draft.outcome()


def _begin(old: Doc | None, op: Operation, at: str, *, scope: bool = True) -> _Draft:
    """A draft in which types, scope (unless it is to be left) and expiry of the fragment are set."""
    draft = _Draft(_there(old, op), op, at)
    fragment = _fragment(op)
    draft.add_types(fragment.get("type", []))
    for name in (SCOPE, "expiresAt"):
        if name in fragment and (scope or name != SCOPE):
            draft.set_member(name, fragment[name])
    return draft


def _set_instances(draft: _Draft, iri: str, instances: list[Instance]) -> None:
    for one in instances:
        was = draft.find(iri, one.get("datasetId"))
        if not is_null(one):
            draft.put(iri, stamped(without_nulls(one), draft.at, was), was)
        elif was is not None:
            draft.drop(iri, was)
        else:
            draft.kept.append((iri, NOT_THERE))


def _patch(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.4: within one attribute, members given are replaced, the others stay."""
    draft = _Draft(_there(old, op), op, at)
    if op.attribute == SCOPE:
        raise BadRequestData(what=_("A scope cannot be updated in part."))
    for one in _fragment(op).get(op.attribute, ()):
        was = _instance(draft, one.get("datasetId", op.dataset))
        if is_null(one):
            draft.drop(op.attribute, was)
        elif one.get("type", was["type"]) != was["type"]:
            raise BadRequestData(what=_("A partial update cannot change what kind of attribute this is."))
        else:
            draft.put(op.attribute, patched(was, one, at), was)
    return draft.outcome()


def _instance(draft: _Draft, dataset: str | None) -> Instance:
    """The instance that an operation on one attribute is about. Raises ResourceNotFound."""
    was = draft.find(draft.op.attribute, dataset)
    if was is None:
        raise ResourceNotFound(what=draft.op.attribute)
    return was


def _merge(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.17 and 5.5.12: RFC 7396 with NGSI-LD Null, instance by instance."""
    draft = _begin(old, op, at)
    for iri, instances in attributes(_fragment(op)):
        for one in instances:
            was = draft.find(iri, one.get("datasetId"))
            if was is None:
                if not is_null(one):
                    draft.put(iri, stamped(without_nulls(one), at), None)
                continue
            given = coerced(one, was, op.lang)
            made = None if is_null(given) else merged(was, given, at, op.observed_at)
            if made is None or is_null(made):
                draft.drop(iri, was)
            else:
                draft.put(iri, made, was)
    return draft.outcome()


def _replace_attribute(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.19: the instance is as given now."""
    draft = _Draft(_there(old, op), op, at)
    if op.attribute == SCOPE:
        raise BadRequestData(what=_("A scope cannot be replaced as an attribute."))
    for one in _fragment(op).get(op.attribute, ()):
        was = _instance(draft, one.get("datasetId", op.dataset))
        draft.put(op.attribute, stamped(one, at, was), was)
    return draft.outcome()


def _delete_attribute(old: Doc | None, op: Operation, at: str) -> Outcome:
    """5.6.5: one instance, or with deleteAll every one."""
    draft = _Draft(_there(old, op), op, at)
    if op.attribute == SCOPE:
        if SCOPE not in draft.doc:
            raise ResourceNotFound(what=SCOPE)
        draft.set_member(SCOPE, None)
        return draft.outcome()
    if op.attribute in ENTITY_MEMBERS or not draft.doc.get(op.attribute):
        raise ResourceNotFound(what=op.attribute)
    for was in draft.doc[op.attribute] if op.every_dataset else [_instance(draft, op.dataset)]:
        draft.drop(op.attribute, was)
    return draft.outcome()


def _delete(old: Doc | None, op: Operation, at: str) -> Outcome:
    return Outcome(id=op.id, deleted=True, before=_there(old, op))


_ACTS: dict[str, Callable[[Doc | None, Operation, str], Outcome]] = {
    "create": _create,
    "upsert-replace": _upsert_replace,
    "upsert-update": _upsert_update,
    "append": _append,
    "append-keep": _append_keep,
    "update": _update,
    "patch": _patch,
    "merge": _merge,
    "replace": _replace,
    "replace-attribute": _replace_attribute,
    "delete-attribute": _delete_attribute,
    "delete": _delete,
}
