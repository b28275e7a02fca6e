"""Parts of an entity from several sources become one (ETSI GS CIM 009 v1.9.1, 4.5.5.3): the latest instance of each dataset."""

from __future__ import annotations

from nhip.graph.model import ENTITY_MEMBERS, Doc, Instance


def merge_docs(one: Doc, other: Doc, *, supplement: bool = False) -> Doc:
    """`one` with what `other` adds or knows better. `supplement`: only attributes that `one` has not at all."""
    made = dict(one)
    made["type"] = list(dict.fromkeys([*one.get("type", ()), *other.get("type", ())]))
    if scopes := list(dict.fromkeys([*one.get("scope", ()), *other.get("scope", ())])):
        made["scope"] = scopes
    for iri, instances in other.items():
        if iri in ENTITY_MEMBERS:
            continue
        if iri not in made:
            made[iri] = instances
        elif not supplement:
            made[iri] = _merged(made[iri], instances)
    return made


def _merged(here: list[Instance], there: list[Instance]) -> list[Instance]:
    by_dataset = {instance.get("datasetId"): instance for instance in here}
    for instance in there:
        dataset = instance.get("datasetId")
        known = by_dataset.get(dataset)
        if known is None or _later(instance, known):
            by_dataset[dataset] = instance
    return sorted(by_dataset.values(), key=lambda instance: "datasetId" in instance)


def _later(one: Instance, other: Instance) -> bool:
    for name in ("observedAt", "modifiedAt"):
        if name in one and name in other:
            return _moment(one[name]) > _moment(other[name])
    return "observedAt" in one and "observedAt" not in other


def _moment(instant: str) -> tuple[str, str]:
    """What instants can be compared by: the second, then the part of it, which not all of them tell."""
    return instant[:19], instant[19:].rstrip("Z0.")
