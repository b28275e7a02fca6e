"""Temporal questions answered: one entity's evolution (CIM 009, 5.7.3), and those of all entities that a query finds (5.7.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

import msgspec

from nhip.graph.contexts.model import Context
from nhip.graph.document.pack import unpack
from nhip.graph.errors import ResourceNotFound, TooManyResults
from nhip.graph.model import Doc
from nhip.graph.pieces import Share, aside
from nhip.graph.query.finds import queries as candidates
from nhip.graph.query.match import matcher
from nhip.graph.query.model import MEMBERS, Query, asked_names, terms_of
from nhip.graph.query.narrow import Fit, iris_of, plan_of
from nhip.graph.query.scanning import Shapes
from nhip.graph.query.seeing import seeing
from nhip.graph.query.selection import decide_scopes
from nhip.graph.query.stores import Store
from nhip.graph.temporal.aggregating import aggregate, aggregate_told
from nhip.graph.temporal.cutting import cut, keep_last
from nhip.graph.temporal.model import Evolution, Question, Range, Window
from nhip.graph.temporal.reading import (
    SCOPE,
    Lives,
    Reading,
    evolutions,
    queries,
    read_attributes,
    read_lives,
    read_sightings,
)
from nhip.graph.temporal.rendering import Shown, render_aggregates, render_evolution
from nhip.graph.temporal.scopes import intervals, only_within

MAX_ENTITIES = 50_000
"""So many entities' histories are looked at for one query."""
_DECIDED_BY = 50_000
"""So many instances of an attribute in the window, at most, a condition is held against."""
_BATCH, _LARGEST_BATCH = 50, 400
_FEW_NAMED = 4
_SHOWN_AT_ONCE = 5_000
"""Instances, of more of which the answer is made in a thread."""


class Shape(msgspec.Struct, frozen=True):
    """How evolutions are to be given, besides what the question says."""

    simplified: bool = False
    sys: bool = False
    lang: str = ""


PLAIN = Shape()


class Answer(msgspec.Struct, frozen=True):
    """Rendered evolutions. `range` is set when they were cut: 206 with its Content-Range."""

    found: list[Shown]
    range: Range | None = None
    count: int | None = None
    more: bool = False


async def retrieve(
    graph: Store, tenant: int, id: str, question: Question, context: Context, shape: Shape = PLAIN
) -> Answer:
    """The evolution of one entity. Raises ResourceNotFound when there is none, or nothing of what was asked for."""
    if await hidden(graph, tenant, id):
        raise ResourceNotFound(what=id)
    lives = list((await read_lives(graph, tenant, [id])).values())
    pairs = await _wanted(graph, lives, question.query.attributes)
    if not lives or not pairs:
        raise ResourceNotFound(what=id)
    answer = await _answer(graph, lives, question, context, shape)
    if not answer.found:
        raise ResourceNotFound(what=id)
    return answer


async def hidden(graph: Store, tenant: int, id: str) -> bool:
    """Whether there is such an entity, or was, that who asks may not see: as it is now, or by its history if it is no more."""
    return bool(await _hidden(graph, tenant, [id]))


async def _hidden(graph: Store, tenant: int, ids: list[str]) -> set[str]:
    sees = seeing()
    if sees is None:
        return set()
    there = {stored.id: sees(unpack(stored.doc, stored.sys)) for stored in await graph.get_many(tenant, ids)}
    past = await known_evolutions(graph, tenant, Question(), [id for id in ids if id not in there])
    there |= {one.id: sees(_as_last(one)) for one in past}
    return {id for id, seen in there.items() if not seen}


def _as_last(evolution: Evolution) -> Doc:
    """The entity as it was at last."""
    last = {name: {one.dataset: one for one in series} for name, series in evolution.series.items()}
    series = {name: list(sightings.values()) for name, sightings in last.items()}
    return _as_doc(msgspec.structs.replace(evolution, series=series))


def in_sight(evolution: Evolution) -> bool:
    """Whether who asks may see an entity of which there is this history."""
    sees = seeing()
    return sees is None or sees(_as_doc(evolution))


async def query(graph: Store, tenant: int, question: Question, context: Context, shape: Shape = PLAIN) -> Answer:
    """The evolutions of all entities that the query finds, in the order of their ids. Raises TooManyResults past the bounds."""
    asked = question.query
    page: list[Lives] = []
    matches = 0
    end = asked.offset + asked.limit
    async for lives in _matches(graph, tenant, question):
        if asked.offset <= matches < end:
            page.append(lives)
        matches += 1
        if matches > end and not asked.count:
            break
    answer = await _answer(graph, page, question, context, shape) if page else Answer([])
    more = matches > end and asked.limit > 0
    return Answer(answer.found, answer.range, matches if asked.count else None, more)


async def ids_of(graph: Store, tenant: int, question: Question) -> list[str]:
    """The ids of all entities that a temporal query finds, whatever its page. Raises TooManyResults."""
    return [lives.id async for lives in _matches(graph, tenant, question)]


async def evolutions_of(graph: Store, tenant: int, question: Question, ids: Iterable[str]) -> list[Evolution]:
    """What the question finds here up to the end of its page, neither cut nor put into form, and besides these entities."""
    lives: dict[str, Lives] = {}
    end = question.query.offset + question.query.limit
    async for one in _matches(graph, tenant, question):
        lives[one.id] = one
        if len(lives) > end and not question.query.count:
            break
    return await known_evolutions(graph, tenant, question, ids, lives)


async def known_evolutions(
    graph: Store, tenant: int, question: Question, ids: Iterable[str], lives: dict[str, Lives] | None = None
) -> list[Evolution]:
    """The evolutions of these entities in the window, neither cut nor put into form; `lives`: those that were read already."""
    known = dict(lives or {})
    if missing := [id for id in ids if id not in known]:
        known |= await read_lives(graph, tenant, missing)
    whole = msgspec.structs.replace(question, last=0, aggregation=None, most=_DECIDED_BY)
    return await _evolve(graph, list(known.values()), whole) if known else []


async def _answer(graph: Store, lives: list[Lives], question: Question, context: Context, shape: Shape) -> Answer:
    if question.aggregation is not None:
        found = [await _aggregated(graph, one, question, context) for one in lives]
        return Answer([shown for shown in found if shown])
    told = await _evolve(graph, lives, question)
    if sum([len(series) for one in told for series in one.series.values()]) > _SHOWN_AT_ONCE:
        return await aside(shown, told, question, context, shape)
    return shown(told, question, context, shape)


def shown(
    told: list[Evolution],
    question: Question,
    context: Context,
    shape: Shape = PLAIN,
    known_to: Sequence[datetime] = (),
) -> Answer:
    """Evolutions in the form that was asked for, cut where they are too large, and to what sources told (`known_to`)."""
    asked = question.query
    pick, omit = asked.pick, asked.omit
    if question.aggregation is not None:
        worked_out = [(one, aggregate_told(one, question.window, question.aggregation)) for one in told]
        found = [render_aggregates(one, series, context, pick, omit) for one, series in worked_out]
        return Answer([one for one in found if one])
    if question.last:
        for one in told:
            keep_last(one, question.last)
    part = cut(told, question, known_to)
    rendered = [
        render_evolution(
            one,
            context,
            simplified=shape.simplified,
            property=question.window.property,
            sys=shape.sys,
            lang=shape.lang,
            pick=pick,
            omit=omit,
        )
        for one in told
    ]
    return Answer([shown for shown in rendered if shown], part)


async def _aggregated(graph: Store, lives: Lives, question: Question, context: Context) -> Shown:
    assert question.aggregation is not None
    reading = Reading(question.window, await _datasets(graph, question.query))
    pairs = await _wanted(graph, [lives], question.query.attributes)
    scope = await graph.codes.find(SCOPE)
    series = await aggregate(graph, [pair for pair in pairs if pair[1] != scope], reading, question.aggregation)
    (head,) = await evolutions(graph, [lives], [])
    head.series = {name: [] for name in series}
    return render_aggregates(head, series, context, question.query.pick, question.query.omit)


async def _evolve(graph: Store, lives: list[Lives], question: Question) -> list[Evolution]:
    """The evolutions in the window, and under a scope query only where it held."""
    named = question.query.attributes
    pairs = await (_named if 0 < len(named) <= _FEW_NAMED else _wanted)(graph, lives, named)
    most = question.last or question.most + 1
    if question.query.scope is not None:
        most = max(most, _DECIDED_BY)
    reading = Reading(question.window, await _datasets(graph, question.query), question.last > 0, most)
    found = await evolutions(graph, lives, await read_sightings(graph, pairs, reading))
    return await _in_scope(graph, lives, found, question) if question.query.scope is not None else found


async def _in_scope(graph: Store, lives: list[Lives], found: list[Evolution], question: Question) -> list[Evolution]:
    assert question.query.scope is not None
    fits = decide_scopes(question.query.scope)
    code = await graph.codes.find(SCOPE)
    reading = Reading(Window(until=question.window.until), most=_DECIDED_BY)
    rows = await read_sightings(graph, [(eno, code) for one in lives for eno in one.enos], reading)
    states = await evolutions(graph, lives, rows)
    made = []
    for evolution, scopes in zip(found, states, strict=True):
        history = scopes.series.get(SCOPE, [])
        parts = intervals(history, fits, question.window)
        evolution.series[SCOPE] = history
        made.append(only_within(evolution, parts))
    return made


async def _named(graph: Store, lives: list[Lives], attributes: frozenset[str]) -> list[tuple[int, int]]:
    """Pairs to read of a few attributes, without a look at which of them there are."""
    codes = sorted({await graph.codes.find(iri) for iri in attributes} - {0})
    return [(eno, code) for one in lives for eno in one.enos for code in codes]


async def _wanted(graph: Store, lives: list[Lives], attributes: frozenset[str]) -> list[tuple[int, int]]:
    """(life, attribute) pairs to read: all, or those of some attributes."""
    pairs = await read_attributes(graph, [eno for one in lives for eno in one.enos])
    if not attributes:
        return pairs
    codes = {await graph.codes.find(iri) for iri in attributes}
    return [pair for pair in pairs if pair[1] in codes]


async def _datasets(graph: Store, asked: Query) -> list[int] | None:
    if asked.datasets is None:
        return None
    return [0 if name == "@none" else await graph.codes.find(name) or -1 for name in sorted(asked.datasets)]


async def _matches(graph: Store, tenant: int, question: Question) -> AsyncIterator[Lives]:
    """The entities that the query finds, by their instances in the window."""
    asked = question.query
    chosen = matcher(Query(selectors=asked.selectors))
    decide = matcher(Query(attributes=asked.attributes, q=asked.q, geo=asked.geo))
    seen = 0
    async for ids in _candidates(graph, tenant, asked):
        seen += len(ids)
        if seen > MAX_ENTITIES:
            raise TooManyResults(what=str(MAX_ENTITIES))
        known = await read_lives(graph, tenant, ids)
        heads = await evolutions(graph, list(known.values()), [])
        fitting = {one.id for one in heads if chosen({"id": one.id, "type": one.types})}
        fitting -= await _hidden(graph, tenant, list(fitting))
        lives = [known[id] for id in ids if id in fitting]
        share = Share()
        async for one, evolution in _decided(graph, lives, question):
            if any(evolution.series.values()) and decide(_as_doc(evolution)):
                yield one
            if share.over:
                await share.rest()


async def _decided(graph: Store, lives: list[Lives], question: Question) -> AsyncIterator[tuple[Lives, Evolution]]:
    """Entities with what the conditions look at; where that is too much for all at once, of a few at a time."""
    step = len(lives) or 1
    try:
        found = await _decisive(graph, lives, question)
    except TooManyResults:
        if len(lives) <= _BATCH:
            raise
        found, step = [], _BATCH
    for start in range(0, len(lives), step):
        some = lives[start : start + step]
        for pair in zip(some, found or await _decisive(graph, some, question), strict=True):
            yield pair


async def _decisive(graph: Store, lives: list[Lives], question: Question) -> list[Evolution]:
    """The evolutions with what the conditions look at; without any condition the first instance shows that there is one."""
    asked = question.query
    looked_at = (asked_names(asked.q) - MEMBERS) | ({asked.geo.attribute} if asked.geo else set())
    conditions = bool(looked_at) or asked.scope is not None
    of_absence = any(term.operator == "absent" for term in terms_of(asked.q))
    wanted = asked.attributes | looked_at if looked_at and not of_absence else frozenset[str]()
    wanted = wanted if conditions else asked.attributes
    narrowed = msgspec.structs.replace(asked, attributes=wanted)
    most = _DECIDED_BY if conditions else 1
    found = await _evolve(graph, lives, msgspec.structs.replace(question, query=narrowed, last=0, most=most - 1))
    if any(len(series) >= _DECIDED_BY for one in found for series in one.series.values()):
        raise TooManyResults(what=str(_DECIDED_BY))
    return found


def _as_doc(evolution: Evolution) -> Doc:
    """The windowed instances as the instances of one document: one that meets a condition is enough (5.7.4.4)."""
    doc: Doc = {
        "id": evolution.id,
        "type": evolution.types,
        "createdAt": evolution.created,
        "modifiedAt": evolution.modified,
    }
    for name, series in evolution.series.items():
        if name == SCOPE and series:
            doc[name] = series[-1].instance.get("value") or []
        elif series:
            doc[name] = [sighting.instance for sighting in series]
    return doc


async def _candidates(graph: Store, tenant: int, asked: Query) -> AsyncIterator[list[str]]:
    """Ids of entities that are, or that the history knows, in their order, batch by batch."""
    down = bool(asked.order) and asked.order[0].descending
    if asked.within is not None or (asked.selectors and all(one.ids is not None for one in asked.selectors)):
        named = asked.within if asked.within is not None else {id for one in asked.selectors for id in one.ids or ()}
        ids = sorted(named, reverse=down)
        for start in range(0, len(ids), _BATCH):
            yield ids[start : start + _BATCH]
        return
    if not down:
        async for some in _upwards(graph, tenant, asked):
            yield some
        return
    everything = [id async for some in _upwards(graph, tenant, asked) for id in some]
    for start in range(len(everything), 0, -_BATCH):
        yield everything[max(0, start - _BATCH) : start][::-1]


async def _upwards(graph: Store, tenant: int, asked: Query) -> AsyncIterator[list[str]]:
    chosen = Query(selectors=asked.selectors)
    for iri in iris_of(chosen):
        await graph.codes.find(iri)
    fit = plan_of(chosen, lambda iri: graph.codes.iris.get(iri, 0), {}).fit
    if fit is None:
        return
    shapes = [(row[0], row[1]) for row in await graph.fetch(candidates.list_shapes, tenant, fit.types, [], [])]
    if asked.count and sum(entities for _shape, entities in shapes) > MAX_ENTITIES:
        raise TooManyResults(what=str(MAX_ENTITIES))
    lists, after, seen, step = Shapes(graph, tenant, shapes), "", 0, _BATCH
    while seen <= MAX_ENTITIES:
        some, after, full = await _next(graph, tenant, lists, fit, after, step)
        seen, step = seen + len(some), min(2 * step, _LARGEST_BATCH)
        if some:
            yield some
        if not full:
            return
    raise TooManyResults(what=str(MAX_ENTITIES))


async def _next(
    graph: Store, tenant: int, lists: Shapes, fit: Fit, after: str, most: int
) -> tuple[list[str], str, bool]:
    """The next ids of both tables, how far that goes, and whether there may be more."""
    lists.after = after
    here = await lists.next(most)
    past = [row[0] for row in await graph.fetch(queries.page_of_past, tenant, fit.types, after, most)]
    ends = [here[-1]] if here and not lists.ended else []
    end = min([*ends, past[-1]] if len(past) == most else ends, default=None)
    ids = sorted(id for id in {*here, *past} if end is None or id <= end)
    return ids, end or after, end is not None
