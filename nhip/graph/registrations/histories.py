"""Temporal evolutions from context sources, put together with those from here (ETSI GS CIM 009 v1.9.1, 5.7.3.4, 5.7.4.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from nhip.graph.contexts.model import Context
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.graph.model import ENTITY_MEMBERS
from nhip.graph.query.build import Asked
from nhip.graph.query.model import Query, Selector
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.discovery import history_tests
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.matching import Match
from nhip.graph.registrations.reads import LOOP, WARNINGS, ids_for, narrowed, types_for
from nhip.graph.rows import instant
from nhip.graph.temporal.model import Evolution, Question, Range, Sighting, Window, written
from nhip.graph.temporal.reading import SCOPE
from nhip.graph.temporal.writing import expand_temporal

_OFTEN = 1000
"""Entities that one source is asked for at most."""
_TIMES = ("instanceId", "createdAt", "modifiedAt", "deletedAt")


class Part(msgspec.Struct, frozen=True):
    """What one source said: evolutions, the code of a warning about it, warnings about those behind it; how far it told."""

    found: list[Evolution] = []
    warning: str = ""
    passed_on: list[str] = []
    known_to: datetime | None = None


class Heard(msgspec.Struct):
    """Evolutions from sources, by id the registrations they came through, and what went wrong (NGSILD-Warning)."""

    found: list[Evolution] = []
    sources: dict[str, list[str]] = {}
    warnings: list[str] = []
    known_to: list[datetime] = []
    """Where sources ended that told a part of the time (206)."""

    def take(self, match: Match, part: Part) -> None:
        """Add what one source said."""
        id = match.registration.id
        self.found += part.found
        for one in part.found:
            self.sources.setdefault(one.id, []).append(id)
        self.warnings += part.passed_on
        if part.warning:
            self.warnings.append(f'{part.warning} {id} "{WARNINGS[part.warning]}"')
        if part.known_to is not None:
            self.known_to.append(part.known_to)


async def retrieve(federation: Federation, origin: Origin, id: str, question: Question) -> Heard | None:
    """What sources know of one entity's history; None when none is asked."""
    query = Query(selectors=(Selector(ids=frozenset({id})),), attributes=question.query.attributes)
    path = f"/temporal/entities/{quote(id, safe=':')}"
    return await _heard(federation, origin, query, question, "retrieveTemporal", path, {})


async def query(federation: Federation, origin: Origin, asked: Asked, question: Question) -> Heard | None:
    """The histories that sources find; None when none is asked."""
    most = min(_OFTEN, asked.limit + asked.offset)
    told = {"q": asked.q, "scopeQ": asked.scope, "georel": asked.georel, "geometry": asked.geometry}
    told |= {"coordinates": str(asked.coordinates).replace(" ", "") if asked.coordinates else ""}
    told |= {"geoproperty": asked.geoproperty, "limit": str(most) if most > 20 else ""}
    told |= {"idPattern": next((one.pattern for one in asked.entities if one.pattern), "")}
    return await _heard(
        federation, origin, question.query, question, "queryTemporal", "/temporal/entities", told, asked
    )


async def _heard(
    federation: Federation,
    origin: Origin,
    built: Query,
    question: Question,
    operation: str,
    path: str,
    told: dict[str, str],
    asked: Asked | None = None,
) -> Heard | None:
    tests = history_tests(built, question.window)
    matches = [
        match
        for match in await federation.registrations.find_fitting(origin.tenant, built)
        if operation in match.registration.operations
        and not origin.passed(match.registration.doc.get("contextSourceAlias", ""))
        and all(test(match.registration) for test in tests)
    ]
    if not matches:
        return None
    if origin.looped:
        return Heard(warnings=[LOOP])
    heard = Heard()
    requests = [_ask(federation, origin, match, question, path, told, asked) for match in matches]
    for match, part in zip(matches, await federation.ask_all(requests), strict=True):
        heard.take(match, part)
    return heard


async def _ask(
    federation: Federation,
    origin: Origin,
    match: Match,
    question: Question,
    path: str,
    told: dict[str, str],
    asked: Asked | None,
) -> Part:
    try:
        context = await federation.context_of(match.registration, origin)
    except LdContextNotAvailable:  # its registration names one that cannot be read
        return Part(warning="199")
    entities = [entity for one in match.information for entity in one.entities]
    attrs = ",".join(map(context.compact, sorted(narrowed(match, question.query.attributes))))
    full = {**told, **_times(question), "attrs": attrs, "options": "sysAttrs"}
    if asked is not None:
        full |= {"type": types_for(asked, entities, context), "id": ",".join(ids_for(asked, entities))}
    given = {name: text for name, text in full.items() if text}
    return _read(await federation.ask(match.registration, origin, "GET", path, given), question, context)


def _times(question: Question) -> dict[str, str]:
    """The temporal part of a question, as parameters; what is worked out of the whole is worked out here."""
    window = question.window
    told = {"timerel": window.relation, "timeproperty": "" if window.property == "observedAt" else window.property}
    first = window.until if window.relation == "before" else window.since
    told["timeAt"] = written(first) if window.relation and first is not None else ""
    told["endTimeAt"] = written(window.until) if window.relation == "between" and window.until is not None else ""
    told["lastN"] = str(question.last) if question.last and question.aggregation is None else ""
    return told


def _read(reply: Reply, question: Question, context: Context) -> Part:
    """The evolutions in an answer, or what was wrong (6.3.17)."""
    if not 200 <= reply.status < 300:
        return Part([], {0: "199", 404: ""}.get(reply.status, "299"), reply.warnings)
    if reply.invalid:
        return Part([], "111", reply.warnings)
    body = reply.body if isinstance(reply.body, list) else [] if reply.body is None else [reply.body]
    try:
        found = [_evolution(one, question.window, context) for one in body[:_OFTEN]]
    except (BadRequestData, LdContextNotAvailable, AttributeError, TypeError, ValueError):
        return Part([], "111", reply.warnings)
    if reply.status != 206:
        return Part(found, "", reply.warnings)
    # a source that cut its answer to a part of the time knows more than it told: we tell no more either (6.3.10)
    known_to = _known_to(reply, question)
    return Part(found, "" if known_to else "199", reply.warnings, known_to)


def _known_to(reply: Reply, question: Question) -> datetime | None:
    """Where the part of time ends that a source told; None where it does not say, or what is worked out needs all of it."""
    told = Range.parsed(reply.headers.get("content-range", ""))
    if told is None or question.aggregation is not None:
        return None
    backwards = question.last > 0
    return told.end if backwards == (told.start > told.end) or told.start == told.end else None


def _evolution(told: dict[str, Any], window: Window, context: Context) -> Evolution:
    """From a source's JSON; instances without the time that was asked for are left out."""
    given = {name: value for name, value in told.items() if name not in ("createdAt", "modifiedAt", "deletedAt")}
    doc, scopes = expand_temporal(given, context)
    series: dict[str, list[Sighting]] = {}
    for name, value in told.items():
        iri = SCOPE if name == "scope" else "" if name in ENTITY_MEMBERS or name == "@context" else context.expand(name)
        instances = scopes if iri == SCOPE else doc.get(iri, [])
        told_ones = value if isinstance(value, list) else [value]
        if instances and len(told_ones) == len(instances):
            seen = [_sighting(one, made, window) for one, made in zip(told_ones, instances, strict=True)]
            series[iri] = sorted((one for one in seen if one is not None), key=lambda one: one.at)
    created, modified, deleted = (str(told.get(name, "")) for name in ("createdAt", "modifiedAt", "deletedAt"))
    return Evolution(doc["id"], sorted(doc["type"]), created, modified, deleted, series)


def _sighting(told: Any, made: dict[str, Any], window: Window) -> Sighting | None:
    if isinstance(told, dict):
        made = {**made, **{name: told[name] for name in _TIMES if isinstance(told.get(name), str)}}
    at = made.get(window.property) or (None if window.relation else made.get("modifiedAt"))
    if not isinstance(at, str):
        return None
    return Sighting(made.get("datasetId"), instant(at), made)
