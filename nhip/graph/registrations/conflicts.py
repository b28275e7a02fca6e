"""Proxied registrations contradict each other, and entities that are here (ETSI GS CIM 009 v1.9.1, 4.3.6.3 and 5.9.2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from nhip.graph.document.pack import unpack
from nhip.graph.errors import Conflict
from nhip.graph.model import ENTITY_MEMBERS
from nhip.graph.query.model import Query, Selector, any_type
from nhip.graph.query.search import search
from nhip.graph.query.seeing import get_seen
from nhip.graph.registrations.matching import Index
from nhip.graph.registrations.model import PROXIED, EntityInfo, Information, Registration
from nhip.graph.registrations.seeing import seen
from nhip.graph.service import Graph


async def refuse_conflicts(graph: Graph, tenant: int, index: Index, new: Registration) -> None:
    """Raises Conflict when `new`, exclusive or redirect, cannot stand beside what is registered or held here; it names what who
    asks may see alone."""
    if new.mode not in PROXIED:
        return
    for information in new.information:
        for other in _overlapping(index, information):
            if other.id != new.id and other.mode in PROXIED and "exclusive" in (new.mode, other.mode):
                raise Conflict(what=new.id if seen(other) is None else other.id)
        if (held := await _find_held(graph, tenant, information)) is not None:
            raise Conflict(what=held if await get_seen(graph, tenant, [held]) else new.id)


def _overlapping(index: Index, information: Information) -> Iterator[Registration]:
    query = _query(information)
    for match in index.fitting(query, information.attributes):
        yield match.registration


async def _find_held(graph: Graph, tenant: int, information: Information) -> str | None:
    """An entity that is here, with one of its attributes, which the registration says lies elsewhere."""
    ids = [entity.id for entity in information.entities if entity.id]
    for row in await graph.get_many(tenant, ids) if ids else []:
        names = {name for name in unpack(row.doc) if name not in ENTITY_MEMBERS}
        if not information.attributes or names & information.attributes:
            return row.id
    groups = tuple(entity for entity in information.entities if not entity.id)
    if groups or not information.entities:
        query = _query(Information(groups, information.attributes))
        return next(iter((await search(graph, tenant, query)).ids), None)
    return None


def _query(information: Information) -> Query:
    """The query for everything that an element of information is about."""
    selectors = tuple(_selector(entity) for entity in information.entities)
    return Query(selectors=selectors, attributes=information.attributes, limit=1)


def _selector(entity: EntityInfo) -> Selector:
    ids = frozenset({entity.id}) if entity.id else None
    return Selector(ids=ids, pattern=entity.pattern, types=any_type(sorted(entity.types)))
