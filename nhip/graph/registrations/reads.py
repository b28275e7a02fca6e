"""Entities from context sources, put together with what is here (ETSI GS CIM 009 v1.9.1, 5.7.1.4, 5.7.2.4; 6.3.17)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.times import is_instant
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.graph.model import ENTITY_MEMBERS, SYSTEM, Doc, Instance
from nhip.graph.query.build import Asked
from nhip.graph.query.model import Query, Selector
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.discovery import source_tests
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.matching import Match, entity_fits
from nhip.graph.registrations.merging import merge_docs
from nhip.graph.registrations.model import EntityInfo
from nhip.kernel.i18n import _

_SYS = {"options": "sysAttrs"}
_READING = ("retrieveEntity", "queryEntity", "queryBatch")
_QUERYING = ("queryEntity", "queryBatch")
_PAGED = ("options", "limit", "offset")


class Part(msgspec.Struct, frozen=True):
    """What one source said: documents, the code of a warning about it, warnings about those behind it."""

    docs: list[Doc] = []
    warning: str = ""
    passed_on: list[str] = []


class Heard(msgspec.Struct):
    """Documents from sources, those of auxiliary ones apart, and what went wrong, as values of NGSILD-Warning."""

    docs: list[Doc] = []
    supplements: list[Doc] = []
    warnings: list[str] = []
    sources: dict[str, list[str]] = {}
    """Registrations by the ids of entities that came through them."""

    def take(self, match: Match, part: Part) -> None:
        """Add what one source said."""
        (self.supplements if match.registration.mode == "auxiliary" else self.docs).extend(part.docs)
        for doc in part.docs:
            self.sources.setdefault(doc["id"], []).append(match.registration.id)
        self.warnings += part.passed_on
        if part.warning:
            self.warnings.append(f'{part.warning} {match.registration.id} "{WARNINGS[part.warning]}"')

    def merged(self, here: list[Doc]) -> dict[str, Doc]:
        """Everything by the id of the entity: what is here, what sources hold, then what others supplement."""
        found = {doc["id"]: doc for doc in here}
        for docs, supplement in ((self.docs, False), (self.supplements, True)):
            for doc in docs:
                known = found.get(doc["id"])
                found[doc["id"]] = doc if known is None else merge_docs(known, doc, supplement=supplement)
        return found


LOOP = '199 - "Miscellaneous Warning: the request came back to a broker that it had passed"'
WARNINGS = {"111": "Revalidation Failed", "199": "Miscellaneous Warning", "299": "Miscellaneous Persistent Warning"}


async def matches_for(federation: Federation, origin: Origin, query: Query, operations: tuple[str, ...]) -> list[Match]:
    """The sources to ask for a query: those that offer one of the operations and that the request did not come by."""
    tests = source_tests(query, None)
    return [
        match
        for match in await federation.registrations.find_fitting(origin.tenant, query)
        if match.registration.operations.intersection(operations)
        and not origin.passed(match.registration.doc.get("contextSourceAlias", ""))
        and all(test(match.registration) for test in tests)
    ]


async def _parts(
    federation: Federation, matches: list[Match], ask: Callable[[Match, bool], Awaitable[Part]], *, sys: bool
) -> list[Part]:
    """What sources say. Where they contradict each other without saying when, they are asked once more, for the times too."""
    parts: list[Part] = await federation.ask_all([_part(ask(match, sys)) for match in matches])
    if sys or len(parts) < 2 or not _contradicting(part.docs for part in parts):
        return parts
    timed_parts: list[Part] = await federation.ask_all([_part(ask(match, True)) for match in matches])
    return [new if new.docs else old for old, new in zip(parts, timed_parts, strict=True)]


async def _part(asked: Awaitable[Part]) -> Part:
    """What a source says; where the @context that its registration names cannot be read, that it could not be asked."""
    try:
        return await asked
    except LdContextNotAvailable:
        return Part(warning="199")


def _contradicting(told: Iterable[list[Doc]]) -> bool:
    """Whether two sources tell different things of one attribute, and observedAt does not say whose is the latest."""
    seen: dict[tuple[str, str, str | None], Instance] = {}
    for doc in (doc for docs in told for doc in docs):
        for iri, instances in doc.items():
            for one in instances if iri not in ENTITY_MEMBERS else ():
                known = seen.setdefault((doc["id"], iri, one.get("datasetId")), one)
                if known != one and not ("observedAt" in known and "observedAt" in one):
                    return True
    return False


async def retrieve(
    federation: Federation,
    origin: Origin,
    id: str,
    attributes: frozenset[str],
    *,
    sys: bool = False,
    without: str = "",
) -> Heard:
    """What sources know of one entity; `without`: a registration whose source is not asked."""
    query = Query(selectors=(Selector(ids=frozenset({id})),), attributes=attributes)
    heard = Heard()
    matches = [one for one in await matches_for(federation, origin, query, _READING) if one.registration.id != without]
    if origin.looped:
        return Heard(warnings=[LOOP] if matches else [])
    replies = await _parts(
        federation,
        matches,
        lambda match, timed: _retrieve_from(federation, origin, match, id, attributes, timed),
        sys=sys,
    )
    for match, part in zip(matches, replies, strict=True):
        heard.take(match, msgspec.structs.replace(part, docs=[doc for doc in part.docs if doc["id"] == id]))
    return heard


async def _retrieve_from(
    federation: Federation, origin: Origin, match: Match, id: str, attributes: frozenset[str], sys: bool
) -> Part:
    context = await federation.context_of(match.registration, origin)
    attrs = ",".join(map(context.compact, sorted(narrowed(match, attributes))))
    if "retrieveEntity" in match.registration.operations:
        told = {**({"attrs": attrs} if attrs else {}), **(_SYS if sys else {})}
        reply = await federation.ask(match.registration, origin, "GET", f"/entities/{quote(id, safe=':')}", told)
        return _docs(reply, context)
    types = ",".join(
        sorted({context.compact(iri) for one in match.information for e in one.entities for iri in e.types})
    )
    asked = {name: text for name, text in (("id", id), ("type", types), ("attrs", attrs)) if text}
    return await _query_by(federation, origin, match, asked, context)


class Reach(msgspec.Struct, frozen=True):
    """How sources are asked. `split`: entities lie in parts, which can be judged only together; `sys`: with system attributes;
    `whole`: for all that they find, not a page; `only`: these registrations, None: all."""

    split: bool = False
    sys: bool = False
    whole: bool = False
    only: frozenset[str] | None = None


PLAIN = Reach()
WHOLE_PAGE, MOST_PAGES = 1000, 100


async def query(
    federation: Federation, origin: Origin, asked: Asked, built: Query, reach: Reach = PLAIN
) -> Heard | None:
    """What sources find; None when none is to be asked.

    Raises BadRequestData for an order, which several sources cannot keep together (4.23).
    """
    matches = await matches_for(federation, origin, built, _QUERYING)
    if reach.only is not None:
        matches = [one for one in matches if one.registration.id in reach.only]
    if not matches:
        return None
    if origin.looped:
        return Heard(warnings=[LOOP])
    if built.order:
        raise BadRequestData(
            what=_("an order cannot be kept where other brokers answer too: leave orderBy out, or ask with local=true")
        )
    heard = Heard()

    def ask(match: Match, sys: bool) -> Awaitable[Part]:
        return _query_from(federation, origin, match, asked, built, msgspec.structs.replace(reach, sys=sys))

    replies = await _parts(federation, matches, ask, sys=reach.sys)
    for match, part in zip(matches, replies, strict=True):
        heard.take(match, part)
    return heard


async def _query_from(
    federation: Federation, origin: Origin, match: Match, asked: Asked, built: Query, reach: Reach
) -> Part:
    context = await federation.context_of(match.registration, origin)
    entities = [entity for one in match.information for entity in one.entities]
    told: dict[str, str] = {
        "type": types_for(asked, entities, context),
        "id": ",".join(ids_for(asked, entities)),
        "idPattern": next((one.pattern for one in asked.entities if one.pattern), ""),
        "attrs": ",".join(map(context.compact, sorted(narrowed(match, built.attributes)))),
    }
    if not told["id"] and not told["idPattern"] and len(entities) == 1:
        told["idPattern"] = entities[0].pattern
    if not reach.split:
        told |= {"q": asked.q, "scopeQ": asked.scope, "georel": asked.georel, "geometry": asked.geometry}
        told |= {"coordinates": str(asked.coordinates).replace(" ", "") if asked.coordinates else ""}
        told |= {"geoproperty": asked.geoproperty}
    if built.limit + built.offset > 20:
        told["limit"] = str(min(WHOLE_PAGE, built.limit + built.offset))
    told |= _SYS if reach.sys else {}
    plain = {name: text for name, text in told.items() if text}
    if not reach.whole:
        return await _query_by(federation, origin, match, plain, context)
    docs: list[Doc] = []
    for page in range(MOST_PAGES):
        some = {**plain, "limit": str(WHOLE_PAGE), **({"offset": str(page * WHOLE_PAGE)} if page else {})}
        part = await _query_by(federation, origin, match, some, context)
        docs += part.docs
        if len(part.docs) < WHOLE_PAGE:
            break
    return msgspec.structs.replace(part, docs=docs)


def ids_for(asked: Asked, entities: list[EntityInfo]) -> list[str]:
    """Of the identifiers asked for, those that the source may have; else those that it registered, if it did all by id."""
    ids = [id for one in asked.entities for id in one.ids]
    if not ids:
        return [entity.id for entity in entities] if all(entity.id for entity in entities) else []
    fits = [Selector(ids=frozenset({id})) for id in ids]
    return [id for id, one in zip(ids, fits, strict=True) if not entities or any(entity_fits(e, one) for e in entities)]


def types_for(asked: Asked, entities: list[EntityInfo], context: Context) -> str:
    """The types asked for, or those registered where the question names none."""
    if text := next((one.types for one in asked.entities if one.types and one.types != "*"), ""):
        return text
    return ",".join(sorted({context.compact(iri) for entity in entities for iri in entity.types}))


async def _query_by(
    federation: Federation, origin: Origin, match: Match, asked: dict[str, str], context: Context
) -> Part:
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
    paged = {name: text for name, text in asked.items() if name in _PAGED}
    reply = await federation.ask(match.registration, origin, "POST", "/entityOperations/query", paged, body)
    return _docs(reply, context)


def narrowed(match: Match, attributes: frozenset[str]) -> frozenset[str]:
    """The attributes to ask a source for: never more than it registered."""
    registered = match.attributes
    return registered & attributes if registered and attributes else registered or attributes


def _docs(reply: Reply, context: Context) -> Part:
    """The documents in an answer, and the code of a warning (6.3.17)."""
    if not 200 <= reply.status < 300:
        return Part([], {0: "199", 404: ""}.get(reply.status, "299"), reply.warnings)
    if reply.invalid:
        return Part([], "111", reply.warnings)
    body = reply.body if isinstance(reply.body, list) else [] if reply.body is None else [reply.body]
    docs: list[Doc] = []
    for one in body[:WHOLE_PAGE]:  # nobody is asked for more
        if not isinstance(one, dict):
            return Part(docs, "111", reply.warnings)
        try:
            docs.append(timed(expand_entity(one, context), one, context))
        except (BadRequestData, LdContextNotAvailable, AttributeError):
            return Part(docs, "111", reply.warnings)
    return Part(docs, "", reply.warnings)


def timed(doc: Doc, told: dict[str, Any], context: Context) -> Doc:
    """The document with the times that the source gave to it and to its attributes."""
    for name, given in told.items():
        if name in SYSTEM and is_instant(given):
            doc[name] = given
        elif (iri := context.expand(name) if name not in ENTITY_MEMBERS and name[:1] != "@" else "") in doc:
            instances = given if isinstance(given, list) else [given]
            dicts = (one for one in instances if isinstance(one, dict))
            by_dataset = {one.get("datasetId"): one for one in dicts if isinstance(one.get("datasetId"), str | None)}
            for instance in doc[iri]:
                times = by_dataset.get(instance.get("datasetId"), {})
                instance |= {name: times[name] for name in SYSTEM if is_instant(times.get(name))}
    return doc
