"""Which types and attributes there are (CIM 009, 5.7.5 to 5.7.10), from the shapes of entities instead of the entities."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nhip.graph.contexts.model import Context
from nhip.graph.document.pack import unpack
from nhip.graph.errors import ResourceNotFound
from nhip.graph.model import Doc
from nhip.graph.query.counting import late_of
from nhip.graph.query.finds import queries
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses, narrowed
from nhip.graph.query.search import iter_matches
from nhip.graph.query.selection import decide_types
from nhip.graph.query.stores import Store
from nhip.kernel.ids import new_id

_SAMPLE = 200
"""So many entities that have an attribute are looked at, about, to say of which types (Property, Relationship, ...) it is."""


Shape = tuple[int, list[str], list[str], int]
"""Its number, types, attributes, and how many entities have it."""


class InUse:
    """The shapes that entities of a tenant have, with names instead of numbers; `kinds` (attribute -> its types) where they were
    counted one by one."""

    def __init__(self, shapes: list[Shape], kinds: dict[str, set[str]] | None = None) -> None:
        self.shapes, self.kinds = shapes, kinds

    def types(self) -> dict[str, set[str]]:
        """Type -> the attributes of its entities."""
        found: dict[str, set[str]] = {}
        for _shape, types, attributes, _entities in self.shapes:
            for one in types:
                found.setdefault(one, set()).update(attributes)
        return dict(sorted(found.items()))

    def attributes(self) -> dict[str, set[str]]:
        """Attribute -> the types of the entities that have it."""
        found: dict[str, set[str]] = {}
        for _shape, types, attributes, _entities in self.shapes:
            for one in attributes:
                found.setdefault(one, set()).update(types)
        return dict(sorted(found.items()))


async def in_use(graph: Store, tenant: int) -> InUse:
    """What entities there are now, of those that who asks may see. Raises TooManyResults where that has to be decided for very
    many, one by one."""
    found = clauses()
    if any(one.q is not None or one.scope is not None for one in found):
        return await _counted(graph, tenant, narrowed(Query(), found))
    fits = [decide_types(one.types) for one in found if one.types is not None]
    rows = await graph.fetch(queries.list_in_use, tenant)
    names = await graph.codes.names({code for row in rows for code in (*row[1], *row[2])})
    late = await late_of(graph, tenant, Query())
    gone = Counter(late.shapes.values())
    shapes = [(row[0], [names[c] for c in row[1]], [names[c] for c in row[2]], row[3] - gone[row[0]]) for row in rows]
    for stored in await graph.get_many(tenant, sorted(late.still)):  # what is left of them once it was swept
        doc = unpack(stored.doc)
        shapes.append((0, sorted(doc["type"]), sorted(name for name in doc if ":" in name), 1))
    return InUse([one for one in shapes if one[3] > 0 and all(check({"type": one[1]}) for check in fits)])


async def _counted(graph: Store, tenant: int, query: Query) -> InUse:
    """The shapes of what a query finds."""
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    kinds: dict[str, set[str]] = {}
    async for _stored, doc in iter_matches(graph, tenant, query):
        shape = tuple(sorted(doc["type"])), tuple(sorted(name for name in doc if ":" in name))
        shapes[shape] = shapes.get(shape, 0) + 1
        _note_kinds(kinds, doc)
    return InUse([(0, list(types), list(attributes), n) for (types, attributes), n in shapes.items()], kinds)


async def list_types(graph: Store, tenant: int, context: Context) -> dict[str, Any]:
    """The EntityTypeList (5.2.24)."""
    found = (await in_use(graph, tenant)).types()
    return _list("EntityTypeList", "typeList", sorted(map(context.compact, found)))


async def list_attributes(graph: Store, tenant: int, context: Context) -> dict[str, Any]:
    """The AttributeList (5.2.27)."""
    found = (await in_use(graph, tenant)).attributes()
    return _list("AttributeList", "attributeList", sorted(map(context.compact, found)))


def _list(kind: str, member: str, names: list[str]) -> dict[str, Any]:
    return {"id": f"urn:ngsi-ld:{kind}:{new_id()}", "type": kind, member: names}


async def describe_types(graph: Store, tenant: int, context: Context) -> list[dict[str, Any]]:
    """Every EntityType (5.2.25) with the attributes of its entities."""
    return [
        {
            "id": iri,
            "type": "EntityType",
            "typeName": context.compact(iri),
            "attributeNames": sorted(map(context.compact, attributes)),
        }
        for iri, attributes in (await in_use(graph, tenant)).types().items()
    ]


async def describe_attributes(graph: Store, tenant: int, context: Context) -> list[dict[str, Any]]:
    """Every Attribute (5.2.28) with the types of the entities that have it."""
    return [
        _attribute(iri, context, typeNames=sorted(map(context.compact, types)))
        for iri, types in (await in_use(graph, tenant)).attributes().items()
    ]


async def describe_type(graph: Store, tenant: int, context: Context, iri: str) -> dict[str, Any]:
    """The EntityTypeInfo of one type (5.2.26); raises ResourceNotFound when no entity has it."""
    used = await in_use(graph, tenant)
    shapes = [shape for shape in used.shapes if iri in shape[1]]
    if not shapes:
        raise ResourceNotFound(what=iri)
    attributes = sorted({one for shape in shapes for one in shape[2]})
    kinds = used.kinds if used.kinds is not None else await _kinds(graph, tenant, shapes, attributes)
    return {
        "id": iri,
        "type": "EntityTypeInfo",
        "typeName": context.compact(iri),
        "entityCount": sum(shape[3] for shape in shapes),
        "attributeDetails": [_attribute(one, context, attributeTypes=sorted(kinds.get(one, ()))) for one in attributes],
    }


async def describe_attribute(graph: Store, tenant: int, context: Context, iri: str) -> dict[str, Any]:
    """The Attribute (5.2.28) with its types and how many entities have it; raises ResourceNotFound when none has."""
    used = await in_use(graph, tenant)
    shapes = [shape for shape in used.shapes if iri in shape[2]]
    if not shapes:
        raise ResourceNotFound(what=iri)
    kinds = used.kinds if used.kinds is not None else await _kinds(graph, tenant, shapes, [iri])
    return _attribute(
        iri,
        context,
        attributeCount=sum(shape[3] for shape in shapes),
        attributeTypes=sorted(kinds.get(iri, ())),
        typeNames=sorted({context.compact(one) for shape in shapes for one in shape[1]}),
    )


def _attribute(iri: str, context: Context, **members: Any) -> dict[str, Any]:
    return {"id": iri, "type": "Attribute", "attributeName": context.compact(iri), **members}


async def _kinds(graph: Store, tenant: int, shapes: list[Shape], attributes: list[str]) -> dict[str, set[str]]:
    """Attribute -> its types, as far as a sample shows them: of the shapes with the most entities, until all are shown often."""
    missing = dict.fromkeys(attributes, _SAMPLE)
    looked: dict[int, int] = {}
    for shape, _types, names, entities in sorted(shapes, key=lambda one: -one[3]):
        most = max((missing.get(name, 0) for name in names), default=0)
        if most > 0:
            looked[shape] = min(most, entities)
            for name in missing.keys() & names:
                missing[name] -= looked[shape]
    values = tenant, list(looked), [""] * len(looked), list(looked.values())
    rows = await graph.fetch(queries.next_of_shapes, *values)
    found: dict[str, set[str]] = {}
    for stored in await graph.get_many(tenant, [row[1] for row in rows]):
        _note_kinds(found, unpack(stored.doc))
    return found


def _note_kinds(found: dict[str, set[str]], doc: Doc) -> None:
    for name, value in doc.items():
        if ":" in name:
            found.setdefault(name, set()).update(instance["type"] for instance in value)
