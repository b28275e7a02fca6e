"""How entities are to be shown (CIM 009, 6.3.7 to 6.3.12, 6.3.15), and the headers that go with them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nhip.graph.api import params
from nhip.graph.api.answers import Answer, Header, dumped
from nhip.graph.api.media import GEO_JSON, LD_JSON
from nhip.graph.api.preferring import preferred
from nhip.graph.api.request import CONTEXT, Call, segments
from nhip.graph.contexts.addresses import context_link
from nhip.graph.document.older import NEWEST, Version, amended
from nhip.graph.document.render import NO_ATTRIBUTES, PLAIN
from nhip.graph.errors import BadRequestData
from nhip.graph.model import View
from nhip.graph.query.model import Query, Tree
from nhip.graph.query.projection import given_members
from nhip.kernel.i18n import _

if TYPE_CHECKING:
    from nhip.graph.contexts.model import Context

SHOWN = frozenset({"options", "format", "lang", "geometryProperty"})
"""Parameters that say how entities are shown."""
_SAYS = SHOWN | {"attrs", "pick", "omit", "datasetId"}
"""Parameters without any of which everything is shown as it is."""
_OPTIONS = frozenset({"keyValues", "simplified", "concise", "normalized", "sysAttrs"})
_SAFE = ":*/;.,()[]!~@$'-_"
_OF_ENTITIES = frozenset({"entities", "entityOperations", "temporal"})
"""Resources whose answers are entities."""


def view_of(call: Call, context: Context, query: Query, body: dict[str, Any] | None = None) -> View:
    """The view that a request wants; `body` is the Query document of a POST. Raises BadRequestData."""
    if body is None and call.query.keys().isdisjoint(_SAYS) and call.accept != GEO_JSON:
        return PLAIN
    told = params.options(call.query, _OPTIONS)
    body = body or {}
    geometry = call.query.get("geometryProperty") or body.get("geometryProperty")
    geojson = call.accept == GEO_JSON
    if geometry and not geojson:
        raise BadRequestData(what=_("geometryProperty is for answers in application/geo+json"))
    lang = call.query.get("lang") or body.get("lang", "")
    if not isinstance(lang, str) or not isinstance(geometry, str | None):
        raise BadRequestData(what="lang")
    return View(
        form=_form(told),
        geojson=geojson,
        geometry=context.expand(geometry) if geometry else View().geometry,
        sys="sysAttrs" in told,
        lang=lang,
        pick=_pick(query),
        omit=_omit(query.omit),
        datasets=query.datasets,
    )


def _form(told: frozenset[str]) -> Any:
    forms = {"simplified" if one == "keyValues" else one for one in told - {"sysAttrs"}}
    if len(forms) > 1:
        raise BadRequestData(what=_("options and format ask for two representations"))
    return next(iter(forms), "normalized")


def _pick(query: Query) -> frozenset[str] | None:
    if query.attributes:
        return query.attributes | NO_ATTRIBUTES
    return None if query.pick is None else given_members(query.pick)


def _omit(tree: Tree | None) -> frozenset[str]:
    return frozenset() if tree is None else tree.names


async def with_context(call: Call, context: Context, value: Any) -> Answer:
    """An answer whose @context is in the body for JSON-LD and in the Link header otherwise (6.3.5, 6.3.6), as the version
    of NGSI-LD has it that the client prefers (4.3.6.8)."""
    version = preferred(call.header(b"prefer"))
    if version is None:
        return await _contexted(call, context, value)
    told = _amended(call, value, version)
    answer = await _contexted(call, context, told)
    answer.status = 200 if told == value else 203
    shown = min(version, NEWEST)
    return answer.with_header(b"preference-applied", f"ngsi-ld={shown[0]}.{shown[1]}")


def _amended(call: Call, value: Any, version: Version) -> Any:
    """Entities as `version` has them; what are none stays as it is: the tables of 4.3.6.8 are of entities."""
    resource = segments(call.scope)[0]
    if resource not in _OF_ENTITIES:
        return value
    return amended(value, version, values=params.bare(call.query), series=resource == "temporal")


async def _contexted(call: Call, context: Context, value: Any) -> Answer:
    if in_body(call):
        return Answer(200, dumped(_held(value, context)), call.accept)
    return Answer(200, dumped(value), call.accept, [(b"link", await link_of(call, context))])


def in_body(call: Call) -> bool:
    """Whether the answer's body holds the @context: JSON-LD always, GeoJSON unless `Prefer: body=json`."""
    if call.accept == LD_JSON:
        return True
    return call.accept == GEO_JSON and "body=json" not in call.header(b"prefer").replace(" ", "")


def _held(value: Any, context: Context) -> Any:
    if isinstance(value, list):
        return [{**one, CONTEXT: context.whole} if isinstance(one, dict) else one for one in value]
    return {**value, CONTEXT: context.whole}


async def link_of(call: Call, context: Context) -> bytes:
    """The Link header for an @context; one that has no address of its own is kept under one of ours."""
    if isinstance(context.echo, str):
        return context_link(context.echo)
    return context_link(await call.app.hosting.implicit(call.tenant, context.echo))


def page_links(call: Call, more: bool, *, ordered: bool = True, kind: str = "") -> list[Header]:
    """The links to the pages before and after this one (5.5.9); `kind`: their media type, by default this answer's."""
    kind = kind or call.accept
    limit = params.natural(call.query, "limit", call.app.limits.page)
    offset = params.natural(call.query, "offset", 0)
    if not limit:
        return []
    others = tuple((name, text) for name, text in call.query.items() if name not in ("limit", "offset"))
    links = []
    if offset:
        links.append(_page(call.scope["path"], others, "prev", limit, max(0, offset - limit), ordered, kind))
    if more:
        links.append(_page(call.scope["path"], others, "next", limit, offset + limit, ordered, kind))
    return links


@lru_cache(maxsize=1024)
def _page(
    path: str, others: tuple[tuple[str, str], ...], rel: str, limit: int, offset: int, ordered: bool, kind: str
) -> Header:
    pairs = [*others, ("limit", str(limit)), ("offset", str(offset))]
    told = "&".join(f"{name}={quote(text, safe=_SAFE)}" for name, text in (sorted(pairs) if ordered else pairs))
    return b"link", f'<{quote(path.rstrip("/"), safe="/:")}?{told}>; rel="{rel}";type="{kind}"'.encode()
