"""What the pages ask of the graph."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeVar

import msgspec
from litestar import Request

from nhip.console.things.filtering import Compared, Filter, pattern
from nhip.console.things.showing import end_of, measured_by, name_of, shown
from nhip.graph.contexts.iris import is_uri
from nhip.graph.document.pack import unpack
from nhip.graph.errors import ResourceNotFound, TooManyResults
from nhip.graph.model import Doc
from nhip.graph.query.discovery import in_use
from nhip.graph.query.finds import queries
from nhip.graph.query.model import And, Name, Path, Query, Selector, Term, Value
from nhip.graph.query.narrowing import Asker, begin_asking, clauses, narrowed
from nhip.graph.query.search import iter_matches, page_after, search
from nhip.graph.query.seeing import get_seen
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.text import nfc
from nhip.security.model import Who
from nhip.things.words import city_context

PAGE = 50
REFERRING = 50
_LONGEST = 100
_AT_ONCE = 500
_LOOKED = 3
MOST_LIVE = 200
"""Types with more things are not on the map of all that is live."""
MOST_COMPARED = 5000
"""So many things are held one by one against another attribute."""
ALL = Filter()
T = TypeVar("T")


class Kind(msgspec.Struct, frozen=True):
    """A type with how many things are of it."""

    iri: str
    things: int


def graph_of(request: Request[Any, Any, Any]) -> Graph:
    """The graph of this server; what the request asks of it from now on, it asks in the name of who is signed in."""
    graph, who = request.app.state.graph_app.graph, request.scope["who"]  # type: ignore[typeddict-item]
    assert isinstance(graph, Graph) and isinstance(who, Who)
    begin_asking(Asker(DEFAULT_TENANT, str(who.id)))
    return graph


async def list_kinds(graph: Graph) -> list[Kind]:
    """The types that there are things of, the most numerous first."""
    counts: dict[str, int] = {}
    for _shape, types, _attributes, things in (await in_use(graph, DEFAULT_TENANT)).shapes:
        for one in types:
            counts[one] = counts.get(one, 0) + things
    return sorted((Kind(iri, n) for iri, n in counts.items() if n), key=lambda kind: (-kind.things, kind.iri))


async def list_things(
    graph: Graph, kind: str, words: str, offset: int, limit: int, chosen: Filter = ALL
) -> tuple[list[Doc], int]:
    """Things of a type, by words those whose name holds them or that are identified by them, and by the value of an attribute;
    with how many there are. Raises TooManyResults where too many would have to be looked at."""
    asked = nfc(words).strip()[:_LONGEST]
    if asked and offset == 0 and chosen.node is None and (found := await _identified(graph, kind, asked)):
        return found, len(found)
    query = _query(kind, asked, chosen, limit, offset)
    if chosen.compared is not None:
        fitting = [doc async for doc in _compared(graph, query, chosen.compared)]
        return fitting[offset : offset + limit], len(fitting)
    page = await search(graph, DEFAULT_TENANT, query)
    return [unpack(one.doc, one.sys) for one in page.stored], page.count or 0


async def iter_things(graph: Graph, kind: str, words: str, chosen: Filter) -> AsyncIterator[Doc]:
    """All that `list_things` gives, however many. Raises TooManyResults."""
    asked = nfc(words).strip()[:_LONGEST]
    named = await _identified(graph, kind, asked) if asked and chosen.node is None else []
    query = _query(kind, "" if named else asked, chosen, _AT_ONCE, 0)
    if named:
        for doc in named:
            yield doc
    elif chosen.compared is not None:
        async for doc in _compared(graph, query, chosen.compared):
            yield doc
    else:
        after, more = "", True
        while more:
            page = await page_after(graph, DEFAULT_TENANT, query, after)
            for one in page.stored:
                yield unpack(one.doc, one.sys)
            more = page.more and bool(page.stored)
            after = page.stored[-1].id if page.stored else after


def _query(kind: str, words: str, chosen: Filter, limit: int, offset: int) -> Query:
    named = Term(Path((city_context().expand("name"),)), "~=", (Value("string", pattern(words)),)) if words else None
    both = And((named, chosen.node)) if named is not None and chosen.node is not None else named or chosen.node
    query = Query(selectors=(Selector(types=Name(kind)),), q=both, limit=limit, offset=offset, count=True)
    return narrowed(query, clauses())


async def _compared(graph: Graph, query: Query, compared: Compared) -> AsyncIterator[Doc]:
    """What a query finds and fits, held against attributes of its own or of its station. Raises TooManyResults."""
    found = [unpack(one.doc, one.sys) async for one, _doc in limited(iter_matches(graph, DEFAULT_TENANT, query))]
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        stations = await get_things(graph, {station for doc in some if (station := measured_by(doc))})
        for doc in some:
            if compared.holds(doc, stations.get(measured_by(doc), {})):
                yield doc


async def limited(found: AsyncIterator[T]) -> AsyncIterator[T]:
    """What was found, as long as it is not too much. Raises TooManyResults."""
    count = 0
    async for one in found:
        count += 1
        if count > MOST_COMPARED:
            raise TooManyResults(what=str(MOST_COMPARED))
        yield one


async def list_named(graph: Graph, kinds: Iterable[str], words: str, *, exactly: bool) -> list[str]:
    """Identifiers of things of these types that words name: the identifier itself, its end, the name or (not `exactly`) a part of
    it; the first of each type."""
    asked = nfc(words).strip()[:_LONGEST]
    found = [asked] if is_uri(asked) else []
    for kind in sorted(kinds) if asked else ():
        docs, _count = await list_things(graph, kind, asked, 0, PAGE)
        fits = [
            doc
            for doc in docs
            if not exactly or asked.casefold() in (name_of(doc).casefold(), end_of(doc["id"]).casefold())
        ]
        found += [doc["id"] for doc in fits]
    return found


async def list_live(graph: Graph, kinds: list[Kind] | None = None) -> list[str]:
    """The types of which some numbers are observed again and again: what is measured or moves. Of types with many things none."""
    few = [one.iri for one in kinds or await list_kinds(graph) if one.things <= MOST_LIVE]
    return [kind for kind in few if any(map(_observed, (await list_things(graph, kind, "", 0, _LOOKED))[0]))]


def _observed(doc: Doc) -> bool:
    return any(one.observed is not None and one.numeric for one in shown(doc))


async def list_attributes(graph: Graph, kind: str) -> list[str]:
    """The attributes (IRIs) that things of a type have."""
    return sorted((await in_use(graph, DEFAULT_TENANT)).types().get(kind, ()))


async def get_things(graph: Graph, ids: set[str]) -> dict[str, Doc]:
    """The things with these identifiers; those that are not there are left out."""
    found = await get_seen(graph, DEFAULT_TENANT, sorted(ids)) if ids else []
    return {one.id: unpack(one.doc) for one in found}


async def stations_of(graph: Graph, docs: list[Doc]) -> dict[str, Doc]:
    """Where readings were taken."""
    return await get_things(graph, {station for doc in docs if (station := measured_by(doc))})


async def _identified(graph: Graph, kind: str, words: str) -> list[Doc]:
    short = city_context().compact(kind)
    ids = [one for one in (words, f"urn:ngsi-ld:{short}:{words}") if is_uri(one)]
    stored = await get_seen(graph, DEFAULT_TENANT, ids)
    return [doc for one in stored if kind in (doc := unpack(one.doc, one.sys))["type"]]


async def get_thing(graph: Graph, id: str) -> Doc:
    """A thing with its times. Raises ResourceNotFound."""
    stored = await get_seen(graph, DEFAULT_TENANT, [id]) if is_uri(id) else []
    if not stored:
        raise ResourceNotFound(what=id[:200])
    return unpack(stored[0].doc, stored[0].sys)


async def list_referring(graph: Graph, id: str) -> list[tuple[str, Doc]]:
    """Things that lead to this one, with the IRI of the Relationship; at most REFERRING."""
    shapes = (await in_use(graph, DEFAULT_TENANT)).shapes
    codes = {await graph.iri(iri): iri for iri in {one for shape in shapes for one in shape[2]}}
    rows = await graph.fetch(queries.list_referring, DEFAULT_TENANT, list(codes), id, REFERRING)
    stored = await get_seen(graph, DEFAULT_TENANT, sorted({row[0] for row in rows}))
    docs = {one.id: unpack(one.doc) for one in stored}
    return [(codes[row[1]], docs[row[0]]) for row in rows if row[0] in docs]
