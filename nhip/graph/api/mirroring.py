"""Mirrors of peers: what the peers tell, which mirrors there are, whose word an entity is (docs/decisions/0016)."""

from __future__ import annotations

from nhip.graph.api import params
from nhip.graph.api.answers import Answer, dumped
from nhip.graph.api.request import Call
from nhip.graph.errors import BadRequestData, OperationNotSupported
from nhip.graph.mirrors.peer import TOKEN_HEADER
from nhip.graph.mirrors.service import Mirrors
from nhip.graph.mirrors.showing import shown, shown_provenance
from nhip.kernel.i18n import _

ONE = frozenset({"id"})
_MOST_IDS = 1000


def mirrors_of(call: Call) -> Mirrors:
    """The mirrors of this broker. Raises OperationNotSupported where it keeps none."""
    if call.app.mirrors is None:
        raise OperationNotSupported(what=_("this broker keeps no mirrors"))
    return call.app.mirrors


async def take_notification(call: Call) -> Answer:
    """POST /mirrors/{number}: a peer's notification. Its token lets in, not an account; nothing of the body is read before."""
    mirrors = mirrors_of(call)
    mirror = await mirrors.admitted(call.parts[0], call.header(TOKEN_HEADER.lower().encode()))
    await mirrors.notify(mirror, await call.body())
    return Answer(204)


async def list_mirrors(call: Call) -> Answer:
    """GET /mirrors."""
    return Answer(200, dumped([shown(one) for one in mirrors_of(call).list_all()]))


async def show_provenance(call: Call) -> Answer:
    """GET /mirrors/{name}?id=…: of entities in a mirror: the peer, its modifiedAt, when it came here."""
    asked = params.listed(call.query.get("id", ""))
    if not asked or len(asked) > _MOST_IDS:
        raise BadRequestData(what="id")
    found = await mirrors_of(call).provenance(call.parts[0], asked)
    return Answer(200, dumped([shown_provenance(one) for one in found]))
