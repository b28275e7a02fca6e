"""Entities from context sources, put together with what is here (ETSI GS CIM 009 v1.9.1, 5.7.1.4, 5.7.2.4; 6.3.17)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_entity
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.graph.model import Doc
from nhip.graph.query.build import Asked
from nhip.graph.query.model import Query, Selector
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.discovery import source_tests
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.matching import Match
from nhip.graph.registrations.merging import merge_docs

_READING = ("retrieveEntity", "queryEntity", "queryBatch")
_QUERYING = ("queryEntity", "queryBatch")


class Heard(msgspec.Struct):
    """Documents from sources, those of auxiliary ones apart, and what went wrong, as values of NGSILD-Warning."""

    docs: list[Doc] = []
    supplements: list[Doc] = []
    warnings: list[str] = []

    def take(self, match: Match, docs: list[Doc], warning: str) -> None:
        """Add what one source said."""
        (self.supplements if match.registration.mode == "auxiliary" else self.docs).extend(docs)
        if warning:
            self.warnings.append(f'{warning} {match.registration.id} "{_WARNINGS[warning]}"')

    def merged(self, here: list[Doc]) -> dict[str, Doc]:
        """Everything by the id of the entity: what is here, what sources hold, then what others supplement."""
        found = {doc["id"]: doc for doc in here}
        for docs, supplement in ((self.docs, False), (self.supplements, True)):
            for doc in docs:
                known = found.get(doc["id"])
                found[doc["id"]] = doc if known is None else merge_docs(known, doc, supplement=supplement)
        return found


_WARNINGS = {"111": "Revalidation Failed", "199": "Miscellaneous Warning", "299": "Miscellaneous Persistent Warning"}


def matches_for(federation: Federation, origin: Origin, query: Query, operations: tuple[str, ...]) -> list[Match]:
    """The sources to ask for a query: those that offer one of the operations and that the request did not come by."""
    if origin.looped:
        return []
    tests = source_tests(query, None)
    return [
        match
        for match in federation.registrations.fitting(origin.tenant, query)
        if match.registration.operations.intersection(operations)
        and not origin.passed(match.registration.doc.get("contextSourceAlias", ""))
        and all(test(match.registration) for test in tests)
    ]


async def retrieve(federation: Federation, origin: Origin, id: str, attributes: frozenset[str]) -> Heard:
    """What sources know of one entity."""
    query = Query(selectors=(Selector(ids=frozenset({id})),), attributes=attributes)
    heard = Heard()
    matches = matches_for(federation, origin, query, _READING)
    replies = await federation.ask_all([_retrieve_from(federation, origin, match, id, attributes) for match in matches])
    for match, (docs, warning) in zip(matches, replies, strict=True):
        heard.take(match, [doc for doc in docs if doc["id"] == id], warning)
    return heard


async def _retrieve_from(
    federation: Federation, origin: Origin, match: Match, id: str, attributes: frozenset[str]
) -> tuple[list[Doc], str]:
    context = await federation.context_of(match.registration, origin)
    attrs = ",".join(map(context.compact, sorted(_narrowed(match, attributes))))
    if "retrieveEntity" in match.registration.operations:
        narrowed = {"attrs": attrs} if attrs else {}
        reply = await federation.ask(match.registration, origin, "GET", f"/entities/{quote(id, safe=':')}", narrowed)
        return _docs(reply, context)
    types = ",".join(
        sorted({context.compact(iri) for one in match.information for e in one.entities for iri in e.types})
    )
    asked = {name: text for name, text in (("id", id), ("type", types), ("attrs", attrs)) if text}
    return await _query_by(federation, origin, match, asked, context)


async def query(
    federation: Federation, origin: Origin, asked: Asked, built: Query, *, split: bool = False
) -> Heard | None:
    """What sources find; None when none is to be asked. `split`: entities lie in parts, which can be judged only together.

    Raises BadRequestData for an order, which several sources cannot keep together (4.23).
    """
    matches = matches_for(federation, origin, built, _QUERYING)
    if not matches:
        return None
    if built.order:
        raise BadRequestData(what="orderBy")
    heard = Heard()
    replies = await federation.ask_all(
        [_query_from(federation, origin, match, asked, built, split) for match in matches]
    )
    for match, (docs, warning) in zip(matches, replies, strict=True):
        heard.take(match, docs, warning)
    return heard


async def _query_from(
    federation: Federation, origin: Origin, match: Match, asked: Asked, built: Query, split: bool
) -> tuple[list[Doc], str]:
    context = await federation.context_of(match.registration, origin)
    entities = [entity for one in match.information for entity in one.entities]
    told: dict[str, str] = {
        "type": _types(asked, entities, context),
        "id": ",".join(id for one in asked.entities for id in one.ids) or ",".join(e.id for e in entities if e.id),
        "idPattern": next((one.pattern for one in asked.entities if one.pattern), ""),
        "attrs": ",".join(map(context.compact, sorted(_narrowed(match, built.attributes)))),
    }
    if not told["id"] and not told["idPattern"] and len(entities) == 1:
        told["idPattern"] = entities[0].pattern
    if not split:
        told |= {"q": asked.q, "scopeQ": asked.scope, "georel": asked.georel, "geometry": asked.geometry}
        told |= {"coordinates": str(asked.coordinates).replace(" ", "") if asked.coordinates else ""}
        told |= {"geoproperty": asked.geoproperty}
    if built.limit + built.offset > 20:
        told["limit"] = str(min(1000, built.limit + built.offset))
    return await _query_by(federation, origin, match, {name: text for name, text in told.items() if text}, context)


def _types(asked: Asked, entities: list[Any], context: Context) -> str:
    """The types asked for, or those registered where the question names none."""
    if text := next((one.types for one in asked.entities if one.types and one.types != "*"), ""):
        return text
    return ",".join(sorted({context.compact(iri) for entity in entities for iri in entity.types}))


async def _query_by(
    federation: Federation, origin: Origin, match: Match, asked: dict[str, str], context: Context
) -> tuple[list[Doc], str]:
    """By GET where the source offers it, else by POST."""
    if "queryEntity" in match.registration.operations:
        reply = await federation.ask(match.registration, origin, "GET", "/entities", asked)
        return _docs(reply, context)
    selector = {name: asked[name] for name in ("id", "type", "idPattern") if name in asked}
    if "," in selector.get("id", ""):
        selector["id"] = selector["id"].split(",")  # type: ignore[assignment]
    body: dict[str, Any] = {"type": "Query"}
    body |= {"entities": [selector]} if selector else {}
    body |= {"attrs": asked["attrs"].split(",")} if "attrs" in asked else {}
    body |= {name: asked[name] for name in ("q", "scopeQ") if name in asked}
    if "georel" in asked:
        body["geoQ"] = {
            name: asked[name] for name in ("georel", "geometry", "coordinates", "geoproperty") if name in asked
        }
    reply = await federation.ask(match.registration, origin, "POST", "/entityOperations/query", None, body)
    return _docs(reply, context)


def _narrowed(match: Match, attributes: frozenset[str]) -> frozenset[str]:
    """The attributes to ask a source for: never more than it registered."""
    registered: frozenset[str] = frozenset().union(*(one.attributes for one in match.information))
    if not all(one.attributes for one in match.information):
        return attributes
    return registered & attributes if attributes else registered


def _docs(reply: Reply, context: Context) -> tuple[list[Doc], str]:
    """The documents in an answer, and the code of a warning (6.3.17)."""
    if reply.status == 0:
        return [], "199"
    if reply.status == 404:
        return [], ""
    if not 200 <= reply.status < 300:
        return [], "299"
    if reply.invalid:
        return [], "111"
    body = reply.body if isinstance(reply.body, list) else [] if reply.body is None else [reply.body]
    docs = []
    for one in body:
        try:
            docs.append(expand_entity(one, context))
        except (BadRequestData, LdContextNotAvailable, AttributeError):
            return docs, "111"
    return docs, ""
