"""Temporal evolutions of which others hold a part: asked of them, put together with ours (CIM 009, 5.7.3.4, 5.7.4.4)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from nhip.graph.api.federating import federation_of, origin_of
from nhip.graph.api.request import Call
from nhip.graph.contexts.model import Context
from nhip.graph.errors import ResourceNotFound
from nhip.graph.maps.service import HERE
from nhip.graph.query.build import Asked
from nhip.graph.query.seeing import seeing
from nhip.graph.registrations import histories
from nhip.graph.temporal import service
from nhip.graph.temporal.gathering import merged
from nhip.graph.temporal.model import Evolution, Question


class Gathered(msgspec.Struct, frozen=True):
    """Evolutions by id, put together; where each is; what went wrong elsewhere."""

    found: dict[str, Evolution]
    sources: dict[str, list[str]]
    warnings: list[str]
    known_to: list[datetime] = []
    """Where sources ended that told a part of the time."""


async def retrieved(
    call: Call, context: Context, id: str, question: Question, shape: service.Shape
) -> tuple[service.Answer, list[str]]:
    """One entity's evolution, and warnings. Raises ResourceNotFound."""
    graph, tenant, federation = call.app.graph, call.tenant, federation_of(call)
    heard = None
    if await service.hidden(graph, tenant, id):
        raise ResourceNotFound(what=id)
    if federation is not None:
        heard = await histories.retrieve(federation, origin_of(call, context), id, question)
    if heard is None or not heard.found:
        found = await service.retrieve(graph, tenant, id, question, context, shape)
        return found, [] if heard is None else heard.warnings
    known = await service.known_evolutions(graph, tenant, question, [id])
    one = merged(known, [told for told in heard.found if told.id == id], question.window).get(id)
    if one is None or not any(one.series.values()) or not service.in_sight(one):
        raise ResourceNotFound(what=id)
    return service.shown([one], question, context, shape, heard.known_to), heard.warnings


async def queried(call: Call, context: Context, asked: Asked, question: Question) -> Gathered | None:
    """What a temporal query finds here and at sources, up to the end of its page; None when no source is asked."""
    federation = federation_of(call)
    if federation is None or question.query.local:
        return None
    heard = await histories.query(federation, origin_of(call, context), asked, question)
    if heard is None:
        return None
    within = question.query.within
    there = [one for one in heard.found if within is None or one.id in within]
    here = await service.evolutions_of(call.app.graph, call.tenant, question, [one.id for one in there])
    if seeing() is not None:
        unseen = {one.id for one in here if await service.hidden(call.app.graph, call.tenant, one.id)}
        here, there = ([one for one in some if one.id not in unseen] for some in (here, there))
    together = merged(here, there, question.window)
    found = {id: one for id, one in together.items() if any(one.series.values()) and service.in_sight(one)}
    ours = {one.id for one in here if any(one.series.values())}
    sources = {id: [*([HERE] if id in ours else []), *heard.sources.get(id, ())] for id in found}
    return Gathered(found, sources, heard.warnings, heard.known_to)
