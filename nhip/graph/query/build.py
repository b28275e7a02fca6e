"""From what was asked (parameters of a GET, members of a Query document) to a query whose every part is read and allowed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Literal

import msgspec

from nhip.graph.contexts.iris import is_uri
from nhip.graph.errors import BadRequestData
from nhip.graph.query.errors import BadParameter
from nhip.graph.query.geo import parse_geo, parse_shape
from nhip.graph.query.matching import linked_depth
from nhip.graph.query.model import SYSTEM_NAMES, Geo, Names, Node, Query, Selector, Tree, asked_names
from nhip.graph.query.narrowing import clauses, narrowed
from nhip.graph.query.ordering import collation_key, parse_order
from nhip.graph.query.patterns import check_pattern
from nhip.graph.query.projection import overlap, parse_attributes, parse_tree
from nhip.graph.query.q import parse_csf, parse_q
from nhip.graph.query.reading import expand_name
from nhip.graph.query.selection import parse_scopes, parse_types
from nhip.kernel.i18n import _

MAX_IDS = 10_000
MAX_JOIN = 10
_READ: OrderedDict[tuple[bytes, Any, bool], Query] = OrderedDict()
_READ_MOST, _READ_LENGTH = 1024, 4096


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """One entity selector as it was asked (5.2.33): identifiers, a pattern, a type selection."""

    ids: list[str] = []
    pattern: str = ""
    types: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A query as it was asked; texts are decoded parameters, terms are still those of the request's @context."""

    entities: list[Selected] = []
    attrs: list[str] = []
    q: str = ""
    csf: str = ""
    scope: str = ""
    georel: str = ""
    geometry: str = ""
    coordinates: str | list[Any] = ""
    geoproperty: str = ""
    pick: str | None = None
    omit: str | None = None
    datasets: list[str] = []
    expand_values: list[str] = []
    order: str = ""
    order_from: str | list[Any] | None = None
    order_geometry: str = "Point"
    collation: str = ""
    join: Literal["", "inline", "flat"] = ""
    join_level: int = 1
    contained_by: list[str] = []
    local: bool | None = None
    limit: int = 20
    offset: int = 0
    count: bool = False


def build(asked: Asked, names: Names, *, narrow: bool = True) -> Query:
    """The query that was asked, remembered by what was asked and the context: the same few come again and again.

    `narrow` refuses one that names neither type, attribute, place nor the local scope (5.7.2.4).

    What who asks may not see is no part of it (narrowing.py).

    Raises BadParameter, QueryUnreadable (both BadRequestData), TooLong (TooComplexQuery).
    """
    query = _remembered(asked, names, narrow)
    found = clauses()
    return narrowed(query, found) if found else query


def _remembered(asked: Asked, names: Names, narrow: bool) -> Query:
    text = msgspec.msgpack.encode(asked)
    if len(text) > _READ_LENGTH:
        return _built(asked, names, narrow)
    key = (text, names.key, narrow)
    query = _READ.get(key)
    if query is None:
        query = _READ[key] = _built(asked, names, narrow)
        while len(_READ) > _READ_MOST:
            _READ.popitem(last=False)
    return query


def _built(asked: Asked, names: Names, narrow: bool) -> Query:
    query = Query(
        selectors=tuple(_selector(one, names) for one in asked.entities),
        attributes=parse_attributes(asked.attrs, names),
        q=_q(asked, names),
        csf=parse_csf(asked.csf, names) if asked.csf else None,
        scope=parse_scopes(asked.scope) if asked.scope else None,
        geo=_geo(asked, names),
        datasets=frozenset(_uris(asked.datasets, "datasetId", "@none")) if asked.datasets else None,
        order=parse_order(asked.order, names) if asked.order else (),
        origin=None
        if asked.order_from is None
        else parse_shape(asked.order_geometry, asked.order_from, parameter="orderFrom"),
        collation=asked.collation,
        limit=asked.limit,
        offset=asked.offset,
        count=asked.count,
        join=asked.join,
        join_level=asked.join_level,
        contained_by=frozenset(_uris(asked.contained_by, "containedBy")),
        pick=None if asked.pick is None else parse_tree(asked.pick, names, "pick"),
        omit=None if asked.omit is None else parse_tree(asked.omit, names, "omit"),
        local=bool(asked.local) or any(one.types == "*" for one in asked.entities),
    )
    _check_types(asked)
    _check_members(query)
    _check_order(query)
    _check_links(query)
    if narrow and too_wide(query):
        raise BadRequestData(what=_("the query is too wide without a type, an attribute, a place or local=true"))
    return query


def _q(asked: Asked, names: Names) -> Node | None:
    expanded = frozenset(expand_name(names, name) for name in asked.expand_values)
    return parse_q(asked.q, names, expanded) if asked.q else None


def _selector(asked: Selected, names: Names) -> Selector:
    ids = frozenset(_uris(asked.ids, "id")) or None
    if asked.pattern:
        check_pattern(asked.pattern, "idPattern")
    # the identifiers go before the pattern (5.2.33)
    return Selector(ids, "" if ids else asked.pattern, parse_types(asked.types, names) if asked.types else None)


def _uris(texts: list[str], parameter: str, *others: str) -> list[str]:
    if len(texts) > MAX_IDS:
        raise BadParameter(parameter=parameter, what=_("these are too many identifiers"))
    for text in texts:
        if text not in others and not is_uri(text):
            raise BadParameter(parameter=parameter, what=_("it is no URI"))
    return texts


def _geo(asked: Asked, names: Names) -> Geo | None:
    if not asked.georel and not asked.geometry and not asked.coordinates:
        if asked.geoproperty:
            raise BadParameter(parameter="geoproperty", what=_("it needs georel, geometry and coordinates"))
        return None
    if not (asked.georel and asked.geometry and asked.coordinates):
        raise BadParameter(parameter="georel", what=_("georel, geometry and coordinates belong together"))
    attribute = names.expand(asked.geoproperty) if asked.geoproperty else ""
    return parse_geo(asked.georel, asked.geometry, asked.coordinates, attribute)


def _check_types(asked: Asked) -> None:
    if asked.local is False and any(one.types == "*" for one in asked.entities):
        raise BadParameter(parameter="local", what=_("type=* is asked of this broker alone"))


def _check_members(query: Query) -> None:
    if query.attributes and (query.pick is not None or query.omit is not None):
        raise BadParameter(parameter="attrs", what=_("attrs cannot stand beside pick or omit"))
    if overlap(query.pick, query.omit):
        raise BadParameter(parameter="omit", what=_("pick and omit name the same member"))


def _check_order(query: Query) -> None:
    collation_key(query.collation)
    if any(order.near for order in query.order) and query.origin is None:
        raise BadParameter(parameter="orderFrom", what=_("an order by distance needs it"))


def _check_links(query: Query) -> None:
    if not 1 <= query.join_level <= MAX_JOIN:
        raise BadParameter(parameter="joinLevel", what=_("it is a whole number from 1 to 10"))
    depth = max(linked_depth(query.q), *(tree.depth() for tree in (query.pick or Tree(), query.omit or Tree())))
    if depth > (query.join_level if query.join else 0):
        raise BadParameter(
            parameter="joinLevel", what=_("the query goes deeper into linked entities than they are joined")
        )


def too_wide(query: Query) -> bool:
    """Whether nothing but identifiers, scopes or system attributes bounds the query (5.7.2.4)."""
    if query.local or query.geo is not None or query.attributes - SYSTEM_NAMES:
        return False
    return not any(one.types is not None for one in query.selectors) and not asked_names(query.q) - SYSTEM_NAMES
