"""One entity: create, merge, replace, delete (CIM 009, 5.6.1, 5.6.17, 5.6.18, 5.6.6; 6.4, 6.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from nhip.graph.api import params
from nhip.graph.api.answers import Answer, dumped
from nhip.graph.api.federating import federation_of, write
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import Call
from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_entity
from nhip.graph.errors import BadRequestData
from nhip.graph.model import Doc, Operation, Outcome
from nhip.graph.pieces import aside
from nhip.graph.query.selection import decide_types, parse_types
from nhip.kernel.i18n import _

SIMPLIFIED = frozenset({"keyValues", "simplified", "concise", "normalized"})


def location(kind: str, identifier: str) -> str:
    """The address of something new, for the Location header."""
    return f"/ngsi-ld/v1/{kind}/{quote(identifier, safe=':')}"


def only(call: Call, context: Context) -> Callable[[Doc], bool] | None:
    """The selector of entity types that the parameter `type` is (4.17), None without it."""
    text = call.query.get("type")
    node = parse_types(text, context) if text else None
    return decide_types(node) if node is not None else None


async def written(call: Call, operation: Operation) -> Outcome:
    """Do one operation; raises the error that refused it."""
    if (federation := federation_of(call)) is not None:
        return await write(call, federation, operation)
    outcome = (await call.app.graph.write(call.tenant, [operation]))[0]
    if outcome.error is not None:
        raise outcome.error
    return outcome


async def create_entity(call: Call) -> Answer:
    """POST /entities."""
    body, context = await call.fragment()
    doc = await _entity_of(call, body, context)
    await written(call, Operation(name="create", id=doc["id"], doc=doc, large=call.large))
    return Answer(201).with_header(b"location", location("entities", doc["id"]))


async def replace_entity(call: Call) -> Answer:
    """PUT /entities/{id}."""
    identifier = require_uri(call.parts[0])
    body, context = await call.fragment()
    _same_id(body, identifier)
    doc = await _entity_of(call, {**body, "id": identifier}, context)
    chosen = only(call, context)
    await written(call, Operation(name="replace", id=identifier, doc=doc, only=chosen, large=call.large))
    return Answer(204)


async def merge_entity(call: Call) -> Answer:
    """PATCH /entities/{id}."""
    identifier = require_uri(call.parts[0])
    params.options(call.query, SIMPLIFIED)
    observed = params.moment(call.query, "observedAt")
    body, context = await call.fragment()
    _same_id(body, identifier)
    doc = await fragment_of(call, body, context, identifier)
    lang = call.query.get("lang", "")
    operation = Operation(
        name="merge",
        id=identifier,
        doc=doc,
        observed_at=observed,
        lang=lang,
        only=only(call, context),
        large=call.large,
    )
    return updated(await written(call, operation))


async def fragment_of(call: Call, body: dict[str, Any], context: Context, identifier: str) -> Doc:
    """A body that is a part of an entity, expanded."""
    return await _entity_of(call, {**body, "id": identifier}, context, fragment=True)


async def _entity_of(call: Call, given: dict[str, Any], context: Context, *, fragment: bool = False) -> Doc:
    plain = params.simplified(call.query)
    if call.large:
        return await aside(expand_entity, given, context, fragment=fragment, simplified=plain)
    return expand_entity(given, context, fragment=fragment, simplified=plain)


async def delete_entity(call: Call) -> Answer:
    """DELETE /entities/{id}."""
    identifier = require_uri(call.parts[0])
    await written(call, Operation(name="delete", id=identifier, only=only(call, await call.context())))
    return Answer(204)


def updated(outcome: Outcome) -> Answer:
    """204, or 207 with an UpdateResult when not all was taken (5.2.18); names are IRIs, as no @context goes with it."""
    if not outcome.kept:
        return Answer(204)
    done = dict.fromkeys(change.attribute for change in outcome.changes)
    kept = [{"attributeName": name, "reason": str(why)} for name, why in outcome.kept]
    return Answer(207, dumped({"updated": list(done), "notUpdated": kept}))


def _same_id(body: dict[str, Any], identifier: str) -> None:
    if body.get("id", body.get("@id", identifier)) != identifier:
        raise BadRequestData(what=_("the id in the body is not that of the address"))
