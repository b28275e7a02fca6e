"""What the pages ask of the graph."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from nhip.graph.contexts.iris import is_uri
from nhip.graph.document.pack import unpack
from nhip.graph.errors import ResourceNotFound
from nhip.graph.model import Doc
from nhip.graph.query.discovery import in_use
from nhip.graph.query.model import Name, Path, Query, Selector, Term, Value
from nhip.graph.query.narrow import queries
from nhip.graph.query.narrowing import Asker, begin_asking, clauses, narrowed
from nhip.graph.query.search import search
from nhip.graph.query.seeing import get_seen
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.text import nfc
from nhip.security.model import Who
from nhip.things.words import city_context

PAGE = 50
REFERRING = 50
_LONGEST = 100


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


async def list_things(graph: Graph, kind: str, words: str, offset: int, limit: int) -> tuple[list[Doc], int]:
    """Things of a type, by words those whose name holds them or that are identified by them; with how many there are."""
    asked = nfc(words).strip()[:_LONGEST]
    if asked and offset == 0 and (found := await _identified(graph, kind, asked)):
        return found, len(found)
    condition = (
        Term(Path((city_context().expand("name"),)), "~=", (Value("string", pattern(asked)),)) if asked else None
    )
    query = Query(selectors=(Selector(types=Name(kind)),), q=condition, limit=limit, offset=offset, count=True)
    page = await search(graph, DEFAULT_TENANT, narrowed(query, clauses()))
    return [unpack(one.doc, one.sys) for one in page.stored], page.count or 0


def pattern(words: str) -> str:
    """A pattern of re2 for names that hold `words`, in small or capital letters."""
    return "(?i)" + "".join(char if char.isalnum() else f"\\x{{{ord(char):x}}}" for char in words)


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
