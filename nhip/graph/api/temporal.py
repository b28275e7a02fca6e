"""The temporal interface (CIM 009, 5.6.11 to 5.6.16, 5.7.3, 5.7.4; 6.18 to 6.24)."""

from __future__ import annotations

from typing import Any

import msgspec

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import ORDER, PAGES, WHICH, asked_by, asked_in
from nhip.graph.api.entities import location
from nhip.graph.api.federating import warned
from nhip.graph.api.histories import Gathered, queried, retrieved
from nhip.graph.api.maps import Use, made_of, said_in, shown, told, told_of_one, use_of, walked
from nhip.graph.api.names import expanded, require_uri
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import page_links, with_context
from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_attribute
from nhip.graph.document.members import RESERVED
from nhip.graph.errors import AlreadyExists, BadRequestData, ResourceNotFound
from nhip.graph.model import Doc, Instance
from nhip.graph.pieces import aside
from nhip.graph.query.build import Asked, build
from nhip.graph.temporal import service, writing
from nhip.graph.temporal.asking import TimesAsked, ask
from nhip.graph.temporal.model import Question
from nhip.kernel.i18n import _

TIMES = frozenset({"timerel", "timeAt", "endTimeAt", "timeproperty", "lastN", "aggrMethods", "aggrPeriodDuration"})
SHOWN = frozenset({"options", "format", "lang"})
RETRIEVE = TIMES | SHOWN | {"attrs", "pick", "omit", "datasetId", "local", "entityMap", "entityMapLifetime"}
QUERY = TIMES | SHOWN | WHICH | PAGES | ORDER | {"entityMap", "entityMapLifetime", "splitEntities"}
POSTED = SHOWN | PAGES | {"local", "entityMap", "entityMapLifetime", "splitEntities"}
_OPTIONS = frozenset({"sysAttrs", "temporalValues", "aggregatedValues", "simplified", "keyValues", "normalized"})


async def retrieve_evolution(call: Call) -> Answer:
    """GET /temporal/entities/{id}."""
    identifier = require_uri(call.parts[0])
    context = await call.context()
    question = _asked(call, context, narrow=False)
    found, warnings = await retrieved(call, context, identifier, question, _shape(call))
    answer = await with_context(call, context, found.found[0])
    return warned(await told_of_one(call, _ranged(answer, found), identifier), warnings)


async def query_evolutions(call: Call) -> Answer:
    """GET /temporal/entities."""
    context = await call.context()
    question = _asked(call, context, narrow=True)
    return await _found(call, context, asked_in(call.query, call.app.limits), question, _shape(call))


async def query_posted(call: Call) -> Answer:
    """POST /temporal/entityOperations/query."""
    return await _found(call, *await _posted(call))


async def _posted(call: Call) -> tuple[Context, Asked, Question, service.Shape]:
    """What a Query document asks of histories."""
    body, context = await call.fragment(bounded=True)
    said_in(call, body)
    posted = asked_by(body, call.query, call.app.limits, temporal=True)
    query = build(posted, context)
    times = body.get("temporalQ", {})
    aggregated = body.get("aggrParams", {})
    if not isinstance(times, dict) or not isinstance(aggregated, dict):
        raise BadRequestData(what=_("temporalQ and aggrParams are objects"))
    told = params.options(call.query, _OPTIONS)
    aggregated = aggregated or {name: times[name] for name in ("aggrMethods", "aggrPeriodDuration") if name in times}
    asked = TimesAsked(
        timerel=times.get("timerel", ""),
        time_at=times.get("timeAt", ""),
        end_time_at=times.get("endTimeAt", ""),
        timeproperty=times.get("timeproperty", ""),
        last=times.get("lastN"),
        methods=aggregated.get("aggrMethods", ""),
        duration=aggregated.get("aggrPeriodDuration", ""),
        aggregated="aggregatedValues" in told or bool(aggregated),
    )
    question = ask(asked, query, required=True, most=call.app.limits.instances)
    lang = body.get("lang", "")
    return context, posted, question, msgspec.structs.replace(_shape(call), lang=lang)


async def _found(call: Call, context: Context, asked: Asked, question: Question, shape: service.Shape) -> Answer:
    use = await use_of(call)
    question = msgspec.structs.replace(question, query=use.narrowed(question.query))
    if (gathered := await queried(call, context, asked, question)) is not None:
        return await _put_together(call, context, gathered, question, shape, use)
    found = await service.query(call.app.graph, call.tenant, question, context, shape)
    answer = await with_context(call, context, found.found)
    if found.count is not None:
        answer.with_header(b"ngsild-results-count", str(found.count))
    answer.headers += page_links(call, found.more)
    return await told(call, use, _ranged(answer, found), lambda: _ids(call, question), created=201)


async def _put_together(
    call: Call, context: Context, gathered: Gathered, question: Question, shape: service.Shape, use: Use
) -> Answer:
    """A page of evolutions from here and from sources."""
    start, end = question.query.offset, question.query.offset + question.query.limit
    page = list(gathered.found.values())[start:end]
    found = service.shown(page, question, context, shape, gathered.known_to)
    answer = await with_context(call, context, found.found)
    if question.query.count:
        answer.with_header(b"ngsild-results-count", str(len(gathered.found)))
    answer.headers += page_links(call, len(gathered.found) > end)
    answer = warned(_ranged(answer, found), gathered.warnings)
    if use.found is not None:
        return await walked(call, answer, use.found, set())
    return await made_of(call, answer, gathered.sources) if use.wanted else answer


async def _ids(call: Call, question: Question) -> list[str]:
    return await service.ids_of(call.app.graph, call.tenant, question)


async def create_map(call: Call) -> Answer:
    """GET /temporal/entityMaps."""
    context = await call.context()
    asked = asked_in(call.query, call.app.limits)
    return await _mapped(call, context, asked, _asked(call, context, narrow=True))


async def create_map_posted(call: Call) -> Answer:
    """POST /temporal/entityMaps, asked by a Query document."""
    context, asked, question, _shape = await _posted(call)
    return await _mapped(call, context, asked, question)


async def _mapped(call: Call, context: Context, asked: Asked, question: Question) -> Answer:
    if (gathered := await queried(call, context, asked, question)) is None:
        return await shown(call, context, await _ids(call, question))
    return warned(await shown(call, context, list(gathered.sources), gathered.sources), gathered.warnings)


def _ranged(answer: Answer, found: service.Answer) -> Answer:
    """206 with the part of time that it covers, when it was cut (6.3.10)."""
    if found.range is not None:
        answer.status = 206
        answer.with_header(b"content-range", found.range.header())
    return answer


def _asked(call: Call, context: Context, *, narrow: bool) -> Question:
    query = call.query
    told = params.options(query, _OPTIONS)
    times = TimesAsked(
        timerel=query.get("timerel", ""),
        time_at=query.get("timeAt", ""),
        end_time_at=query.get("endTimeAt", ""),
        timeproperty=query.get("timeproperty", ""),
        last=query.get("lastN"),
        methods=query.get("aggrMethods", ""),
        duration=query.get("aggrPeriodDuration", ""),
        aggregated="aggregatedValues" in told,
    )
    built = build(asked_in(query, call.app.limits), context, narrow=narrow)
    return ask(times, built, required=narrow, most=call.app.limits.instances)


def _shape(call: Call) -> service.Shape:
    told = params.options(call.query, _OPTIONS)
    simplified = not told.isdisjoint({"temporalValues", "simplified", "keyValues"})
    return service.Shape(simplified=simplified, sys="sysAttrs" in told, lang=call.query.get("lang", ""))


async def put_evolution(call: Call) -> Answer:
    """POST /temporal/entities: 201 for a new evolution, 204 when it was added to one."""
    body, context = await call.fragment()
    doc, scopes = await _read(call, body, context)
    if await service.hidden(call.app.graph, call.tenant, doc["id"]):
        raise AlreadyExists(what=doc["id"])
    if await writing.put(call.app.graph, call.tenant, doc, scopes):
        return Answer(201).with_header(b"location", location("temporal/entities", doc["id"]))
    return Answer(204)


async def _read(
    call: Call, body: dict[str, Any], context: Context, *, fragment: bool = False
) -> tuple[Doc, list[Instance]]:
    if call.large:
        return await aside(writing.expand_temporal, body, context, fragment=fragment)
    return writing.expand_temporal(body, context, fragment=fragment)


async def delete_evolution(call: Call) -> Answer:
    """DELETE /temporal/entities/{id}."""
    identifier = require_uri(call.parts[0])
    await _must_see(call, identifier)
    await writing.delete(call.app.graph, call.tenant, identifier)
    return Answer(204)


async def _must_see(call: Call, identifier: str) -> None:
    """Raises ResourceNotFound for an entity that who asks may not see."""
    if await service.hidden(call.app.graph, call.tenant, identifier):
        raise ResourceNotFound(what=identifier)


async def add_attributes(call: Call) -> Answer:
    """POST /temporal/entities/{id}/attrs."""
    identifier = require_uri(call.parts[0])
    body, context = await call.fragment()
    doc, scopes = await _read(call, body, context, fragment=True)
    await _must_see(call, identifier)
    await writing.add(call.app.graph, call.tenant, identifier, doc, scopes)
    return Answer(204)


async def delete_attribute(call: Call) -> Answer:
    """DELETE /temporal/entities/{id}/attrs/{name}."""
    identifier = require_uri(call.parts[0])
    every = params.boolean(call.query, "deleteAll")
    dataset = call.query.get("datasetId")
    if dataset is not None:
        require_uri(dataset)
    name = expanded(call.parts[1], await call.context())
    await _must_see(call, identifier)
    await writing.delete_attribute(call.app.graph, call.tenant, identifier, name, dataset, every=every)
    return Answer(204)


async def change_instance(call: Call) -> Answer:
    """PATCH /temporal/entities/{id}/attrs/{name}/{instanceId}."""
    identifier, instance = require_uri(call.parts[0]), require_uri(call.parts[2])
    body, context = await call.fragment()
    name = expanded(call.parts[1], context)
    fragment = _one_instance(body, context, name)
    await _must_see(call, identifier)
    await writing.change_instance(call.app.graph, call.tenant, identifier, name, instance, fragment)
    return Answer(204)


def _one_instance(body: dict[str, Any], context: Context, name: str) -> dict[str, Any]:
    """The instance in a body that is one, or that holds one under the attribute's name: what holds nothing but other attributes
    is not taken for an instance with attributes of its own."""
    inner = next((value for key, value in body.items() if len(body) == 1 and context.expand(key) == name), body)
    if inner is body and body and RESERVED.isdisjoint(body):
        raise BadRequestData(
            what=_("the body is one instance of the attribute that the address names, and of no other")
        )
    instances = expand_attribute(inner, context, name, temporal=True)
    if len(instances) != 1:
        raise BadRequestData(what=_("exactly one instance is expected"))
    return instances[0]


async def delete_instance(call: Call) -> Answer:
    """DELETE /temporal/entities/{id}/attrs/{name}/{instanceId}."""
    identifier, instance = require_uri(call.parts[0]), require_uri(call.parts[2])
    if not call.parts[1]:  # the suite wants 400 here and 405 for PATCH
        raise BadRequestData(what=_("the address lacks the attribute's name"))
    name = expanded(call.parts[1], await call.context())
    await _must_see(call, identifier)
    await writing.delete_instance(call.app.graph, call.tenant, identifier, name, instance)
    return Answer(204)
