"""From how an entity is here and at the peer to the changes that make them the same: no more than has to change, so that
histories and subscriptions of a mirror tell what really happened."""

from __future__ import annotations

from nhip.graph.alike import same
from nhip.graph.merging import by_dataset
from nhip.graph.model import Doc, Operation
from nhip.graph.operations import attributes

_FEW = 16
"""Each operation looks through the whole entity."""
_HEAD = ("scope", "expiresAt")


def changes(id: str, old: Doc | None, new: Doc | None) -> list[Operation]:
    """What makes `old` (without system attributes; None: it is not here) into `new`."""
    if new is None:
        return [] if old is None else [Operation(name="delete", id=id)]
    if old is None or set(old["type"]) - set(new["type"]) or any(name in old and name not in new for name in _HEAD):
        return [Operation(name="upsert-replace", id=id, doc=new)]
    gone = _gone(id, old, new)
    if len(gone) > _FEW:
        return [Operation(name="upsert-replace", id=id, doc=new)]
    return [*_set(id, old, new), *gone]


def _set(id: str, old: Doc, new: Doc) -> list[Operation]:
    fragment: Doc = {}
    if set(new["type"]) - set(old["type"]):
        fragment["type"] = new["type"]
    fragment |= {name: new[name] for name in _HEAD if name in new and new[name] != old.get(name)}
    for iri, instances in attributes(new):
        there = by_dataset(old.get(iri, ()))
        if changed := [one for one in instances if not same(there.get(one.get("datasetId")), one)]:
            fragment[iri] = changed
    return [Operation(name="append", id=id, doc=fragment)] if fragment else []


def _gone(id: str, old: Doc, new: Doc) -> list[Operation]:
    made = []
    for iri, instances in attributes(old):
        if iri not in new:
            made.append(Operation(name="delete-attribute", id=id, attribute=iri, every_dataset=True))
            continue
        left = {one.get("datasetId") for one in new[iri]}
        lost = [one.get("datasetId") for one in instances if one.get("datasetId") not in left]
        made += [Operation(name="delete-attribute", id=id, attribute=iri, dataset=dataset) for dataset in lost]
    return made
