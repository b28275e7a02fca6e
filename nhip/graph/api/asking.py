"""From the parameters of a GET, or a Query document (CIM 009, 5.2.23), to what the query layer is asked."""

from __future__ import annotations

from typing import Any

from nhip.graph.api import params
from nhip.graph.api.limits import Limits
from nhip.graph.errors import BadRequestData, TooComplexQuery, TooManyResults
from nhip.graph.query.build import Asked, Selected
from nhip.kernel.i18n import _

WHICH = frozenset(
    {
        "id",
        "type",
        "idPattern",
        "attrs",
        "q",
        "csf",
        "georel",
        "geometry",
        "coordinates",
        "geoproperty",
        "scopeQ",
        "local",
        "datasetId",
        "expandValues",
        "jsonKeys",
        "pick",
        "omit",
    }
)
"""Parameters of 6.4.3.2 that say which entities are meant."""
PAGES = frozenset({"limit", "offset", "count"})
ORDER = frozenset({"orderBy", "orderFrom", "orderGeometry", "collation"})
LINKS = frozenset({"join", "joinLevel", "containedBy"})
_MOST_SELECTORS = 1_000
_MEMBERS = frozenset(
    {
        "type",
        "entities",
        "attrs",
        "q",
        "geoQ",
        "csf",
        "temporalQ",
        "scopeQ",
        "lang",
        "containedBy",
        "join",
        "joinLevel",
        "pick",
        "omit",
        "entityMap",
        "datasetId",
        "ordering",
        "expandValues",
        "jsonKeys",
        "geometryProperty",
        "splitEntities",
        "entityMapLifetime",
        "local",
        "aggrParams",
    }
)


def _few(selectors: list[Any]) -> list[Any]:
    """Selectors are held against every candidate, one by one: of very many the answer would not come in a request's time."""
    if len(selectors) > _MOST_SELECTORS:
        raise TooComplexQuery(what=f"entities: {len(selectors)}, {_('at most')} {_MOST_SELECTORS}")
    return selectors


def asked_in(query: dict[str, str], limits: Limits) -> Asked:
    """What the parameters of a GET ask. Raises BadRequestData, TooManyResults."""
    selected = Selected(
        ids=params.listed(query.get("id", "")), pattern=query.get("idPattern", ""), types=query.get("type", "")
    )
    some = selected.ids or selected.pattern or selected.types
    return Asked(
        entities=[selected] if some else [],
        attrs=_given(query, "attrs"),
        q=query.get("q", ""),
        csf=query.get("csf", ""),
        # a blank is a wildcard + that was not percent-encoded; no scope holds one
        scope=query.get("scopeQ", "").replace(" ", "+"),
        georel=query.get("georel", ""),
        geometry=query.get("geometry", ""),
        coordinates=query.get("coordinates", ""),
        geoproperty=query.get("geoproperty", ""),
        pick=query.get("pick"),
        omit=query.get("omit"),
        datasets=params.listed(query.get("datasetId", "")),
        expand_values=params.listed(query.get("expandValues", "")),
        order=query.get("orderBy", ""),
        order_from=query.get("orderFrom"),
        order_geometry=query.get("orderGeometry", "Point"),
        collation=query.get("collation", ""),
        join=_join(query.get("join", "")),
        join_level=_level(query),
        contained_by=params.listed(query.get("containedBy", "")),
        local=params.boolean(query, "local") if "local" in query else None,
        **pages(query, limits),
    )


def pages(query: dict[str, str], limits: Limits) -> dict[str, Any]:
    """limit, offset and count (5.5.9). A limit of 0 is allowed where only the count is wanted."""
    count = params.boolean(query, "count")
    limit = params.natural(query, "limit", limits.page, least=0 if count else 1)
    if limit > limits.most:
        raise TooManyResults(what=f"limit={limit}, {_('at most')} {limits.most}")
    return {"limit": limit, "offset": params.natural(query, "offset", 0), "count": count}


def asked_by(body: dict[str, Any], query: dict[str, str], limits: Limits, *, temporal: bool = False) -> Asked:
    """What a Query document asks; pages are parameters of the request. Raises BadRequestData."""
    if not temporal and "temporalQ" in body:
        raise BadRequestData(what=_("temporalQ is for queries of the temporal evolution"))
    if body.get("type") != "Query":
        raise BadRequestData(what=_("the type of a query document is Query"))
    for name in body.keys() - _MEMBERS:
        raise BadRequestData(what=f"{name[:100]}: {_('a query document has no such member')}")
    geo, ordering = _object(body, "geoQ"), _object(body, "ordering")
    level = body.get("joinLevel", 1)
    if not isinstance(level, int) or isinstance(level, bool):
        raise BadRequestData(what="joinLevel")
    return Asked(
        entities=[_selected(one) for one in _few(_array(body, "entities"))],
        attrs=[_text(one, "attrs") for one in _array(body, "attrs")],
        q=_text(body.get("q", ""), "q"),
        csf=_text(body.get("csf", ""), "csf"),
        scope=_text(body.get("scopeQ", ""), "scopeQ"),
        georel=_text(geo.get("georel", ""), "georel"),
        geometry=_text(geo.get("geometry", ""), "geometry"),
        coordinates=geo.get("coordinates", ""),
        geoproperty=_text(geo.get("geoproperty", ""), "geoproperty"),
        pick=_projection(body, "pick"),
        omit=_projection(body, "omit"),
        datasets=_texts(body, "datasetId"),
        expand_values=_texts(body, "expandValues"),
        order=",".join(_text(one, "orderBy") for one in _array(ordering, "orderBy")),
        order_from=_coordinates(ordering),
        order_geometry=_text(ordering.get("geometry", "Point"), "geometry"),
        collation=_text(ordering.get("collation", ""), "collation"),
        join=_join(_text(body.get("join", ""), "join")),
        join_level=level,
        contained_by=_texts(body, "containedBy"),
        local=params.boolean(query, "local") if "local" in query else None,
        **pages(query, limits),
    )


def _selected(one: Any) -> Selected:
    if not isinstance(one, dict) or not isinstance(one.get("type"), str) or not one["type"]:
        raise BadRequestData(what=_("an entity selector needs a type"))
    found = one.get("id", [])
    ids = [found] if isinstance(found, str) else found
    if not isinstance(ids, list) or not all(isinstance(text, str) for text in ids):
        raise BadRequestData(what=_("the id of an entity selector is a URI or an array of URIs"))
    return Selected(ids=ids, pattern=_text(one.get("idPattern", ""), "idPattern"), types=one["type"])


def _coordinates(ordering: dict[str, Any]) -> list[Any] | None:
    found = ordering.get("coordinates")
    if found is not None and not isinstance(found, list):
        raise BadRequestData(what=_("coordinates are an array"))
    return found


def _projection(body: dict[str, Any], name: str) -> str | None:
    return ",".join(_texts(body, name)) if name in body else None


def _texts(body: dict[str, Any], name: str) -> list[str]:
    found = body.get(name, [])
    return [_text(one, name) for one in (found if isinstance(found, list) else [found])]


def _array(body: dict[str, Any], name: str) -> list[Any]:
    found = body.get(name, [])
    if not isinstance(found, list) or (name in body and not found):
        raise BadRequestData(what=f"{name}: {_('an array that is not empty is expected')}")
    return found


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise BadRequestData(what=f"{name}: {_('an object is expected')}")
    return found


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadRequestData(what=f"{name}: {_('a text is expected')}")
    return value


def _given(query: dict[str, str], name: str) -> list[str]:
    if name in query and not params.listed(query[name]):
        raise BadRequestData(what=f"{name}: {_('is empty')}")
    return params.listed(query.get(name, ""))


def _join(text: str) -> Any:
    if text not in ("", "inline", "flat", "@none"):
        raise BadRequestData(what=f"join={text[:40]}")
    return "" if text == "@none" else text


def _level(query: dict[str, str]) -> int:
    return params.natural(query, "joinLevel", 1, least=1)
