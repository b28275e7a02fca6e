"""Entities that Relationships lead to: for conditions on them (q), and to be given along (join, CIM 009 4.5.23)."""

from __future__ import annotations

from collections.abc import Iterable

from nhip.graph.document.pack import unpack
from nhip.graph.model import Doc, Instance
from nhip.graph.query.errors import TooLong
from nhip.graph.query.matching import leads_to, objects_of
from nhip.graph.query.model import MEMBERS, Path, Query, Tree
from nhip.graph.query.seeing import seeing
from nhip.graph.query.stores import Entities
from nhip.kernel.i18n import _

MAX_LINKED = 20_000
"""So many linked entities are looked at for one request, and so many are inside others: one may come by many ways."""


class Linked:
    """Linked entities of one request, each fetched once."""

    def __init__(
        self, graph: Entities, tenant: int, *, system: bool = False, without: frozenset[str] = frozenset()
    ) -> None:
        self._graph, self._tenant, self._system, self._without = graph, tenant, system, without
        self._docs: dict[str, Doc | None] = {}
        self._sees = seeing()
        self._inside = 0

    def get(self, identifier: str) -> Doc | None:
        """An entity that was fetched; None where there is none."""
        return self._docs.get(identifier)

    async def fetch(self, identifiers: Iterable[str]) -> None:
        """Have these at hand. Raises TooLong (TooComplexQuery) past the bound."""
        missing = sorted(one for one in set(identifiers) if one not in self._docs and one not in self._without)
        self._bound(len(self._docs) + len(missing))
        if not missing:
            return
        self._docs.update(dict.fromkeys(missing))
        for stored in await self._graph.get_many(self._tenant, missing):
            if self._sees is not None and not self._sees(unpack(stored.doc, stored.sys)):
                continue
            self._docs[stored.id] = unpack(stored.doc, stored.sys if self._system else None)

    def put_inside(self) -> None:
        """One more is put inside another. Raises TooLong past the bound."""
        self._inside += 1
        self._bound(self._inside)

    def _bound(self, count: int) -> None:
        if count > MAX_LINKED:
            raise TooLong(parameter="join", what=_("too many entities are linked"), limit=MAX_LINKED)

    async def follow(self, docs: Iterable[Doc], paths: Iterable[Path]) -> None:
        """Have at hand whatever the paths lead to from the documents, level by level, each entity once in each."""
        steps = [(doc, path) for doc in docs for path in paths]
        while steps:
            reached = [(leads_to(doc, path), path.linked) for doc, path in steps]
            await self.fetch(identifier for found, _onward in reached for identifier in found)
            onwards = {
                (identifier, id(onward)): (other, onward)
                for found, onward in reached
                if onward is not None and onward.linked is not None
                for identifier in found
                if (other := self._docs.get(identifier)) is not None
            }
            steps = list(onwards.values())


async def join(graph: Entities, tenant: int, docs: list[Doc], query: Query, *, system: bool = False) -> list[Doc]:
    """The documents with the entities they link to, inside them (inline) or after them, each once (flat).

    Only what pick and omit leave; a link that leads nowhere, or back to an entity it came from, stays a link. `system`: linked
    entities keep their system attributes. Raises TooLong (TooComplexQuery) past MAX_LINKED.
    """
    linked = Linked(graph, tenant, system=system, without=query.contained_by)
    await _gather(linked, docs, query)
    pick, omit = query.pick, query.omit
    if query.join == "inline":
        return [_inlined(doc, linked, pick, omit, query.join_level, frozenset({doc["id"]})) for doc in docs]
    return _flat(linked, docs, pick, omit, query.join_level)


async def _gather(linked: Linked, docs: list[Doc], query: Query) -> None:
    level: list[tuple[Doc, Tree | None, Tree | None]] = [(doc, query.pick, query.omit) for doc in docs]
    been: set[tuple[str, int, int]] = set()
    for _level in range(query.join_level):
        steps = [
            (found, *_below(name, pick, omit)) for doc, pick, omit in level for name, found in _links(doc, pick, omit)
        ]
        await linked.fetch(identifier for found, _pick, _omit in steps for identifier in found)
        ways = {(identifier, id(pick), id(omit)): (pick, omit) for found, pick, omit in steps for identifier in found}
        level = [(other, *ways[way]) for way in ways if way not in been and (other := linked.get(way[0])) is not None]
        been.update(ways)


def _links(doc: Doc, pick: Tree | None, omit: Tree | None) -> list[tuple[str, list[str]]]:
    """The Relationships that stay in a document, with what they lead to."""
    return [
        (name, [identifier for instance in value for identifier in objects_of(instance)])
        for name, value in doc.items()
        if isinstance(value, list) and name not in MEMBERS and _kept(name, pick, omit)
    ]


def _kept(name: str, pick: Tree | None, omit: Tree | None) -> bool:
    if omit is not None and name in omit.names:
        return False
    return pick is None or name in pick.names or name in pick.below


def _below(name: str, pick: Tree | None, omit: Tree | None) -> tuple[Tree | None, Tree | None]:
    return (None if pick is None else pick.below.get(name)), (None if omit is None else omit.below.get(name))


def pruned(doc: Doc, pick: Tree | None, omit: Tree | None) -> Doc:
    """A document with the members alone that pick and omit leave."""
    if pick is None and omit is None:
        return doc
    return {name: value for name, value in doc.items() if _kept(name, pick, omit)}


def _inlined(doc: Doc, linked: Linked, pick: Tree | None, omit: Tree | None, levels: int, above: frozenset[str]) -> Doc:
    left = pruned(doc, pick, omit)
    made = dict(left)
    for name, _found in _links(left, None, None) if levels else ():
        inner = _below(name, pick, omit)
        made[name] = [_joined(instance, linked, inner, levels - 1, above) for instance in left[name]]
    return made


def _joined(
    instance: Instance, linked: Linked, inner: tuple[Tree | None, Tree | None], levels: int, above: frozenset[str]
) -> Instance:
    identifiers = objects_of(instance)
    others = []
    for identifier in identifiers:
        if identifier not in above and (other := linked.get(identifier)) is not None:
            linked.put_inside()
            others.append(_inlined(other, linked, *inner, levels, above | {identifier}))
    if not others:
        return instance
    many = instance["type"] == "ListRelationship" or len(identifiers) > 1
    return {**instance, "entityList": others} if many else {**instance, "entity": others[0]}


def _flat(linked: Linked, docs: list[Doc], pick: Tree | None, omit: Tree | None, levels: int) -> list[Doc]:
    given = [pruned(doc, pick, omit) for doc in docs]
    seen = {doc["id"] for doc in docs}
    level = [(doc, pick, omit) for doc in docs]
    for _level in range(levels):
        onward = []
        for doc, outer_pick, outer_omit in level:
            for name, found in _links(doc, outer_pick, outer_omit):
                inner = _below(name, outer_pick, outer_omit)
                others = [linked.get(identifier) for identifier in found if identifier not in seen]
                onward += [(other, *inner) for other in others if other is not None]
                seen.update(found)
        unique = {doc["id"]: (doc, inner_pick, inner_omit) for doc, inner_pick, inner_omit in reversed(onward)}
        level = list(reversed(unique.values()))
        given += [pruned(*one) for one in level]
    return given
