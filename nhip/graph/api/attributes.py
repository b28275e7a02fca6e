"""The attributes of one entity: append, update, change, replace, delete (CIM 009, 5.6.2 to 5.6.5, 5.6.19; 6.6, 6.7)."""

from __future__ import annotations

from typing import Any

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.entities import SIMPLIFIED, fragment_of, only, updated, written
from nhip.graph.api.names import expanded, require_uri
from nhip.graph.api.request import Call
from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_attribute
from nhip.graph.document.members import RESERVED, Nulls
from nhip.graph.errors import BadRequestData, ResourceNotFound
from nhip.graph.model import Operation
from nhip.graph.operations import SCOPE
from nhip.graph.pieces import aside
from nhip.graph.temporal.service import hidden
from nhip.graph.temporal.writing import forget
from nhip.kernel.i18n import _

_APPEND = SIMPLIFIED | {"noOverwrite"}


async def append_attributes(call: Call) -> Answer:
    """POST /entities/{id}/attrs."""
    identifier = require_uri(call.parts[0])
    keep = "noOverwrite" in params.options(call.query, _APPEND)
    return await _several(call, identifier, "append-keep" if keep else "append")


async def update_attributes(call: Call) -> Answer:
    """PATCH /entities/{id}/attrs."""
    identifier = require_uri(call.parts[0])
    params.options(call.query, SIMPLIFIED)
    return await _several(call, identifier, "update")


async def _several(call: Call, identifier: str, name: Any) -> Answer:
    body, context = await call.fragment()
    doc = await fragment_of(call, body, context, identifier)
    chosen = only(call, context)
    outcome = await written(call, Operation(name=name, id=identifier, doc=doc, only=chosen, large=call.large))
    return updated(outcome)


async def patch_attribute(call: Call) -> Answer:
    """PATCH /entities/{id}/attrs/{name}."""
    return await _one(call, "patch")


async def replace_attribute(call: Call) -> Answer:
    """PUT /entities/{id}/attrs/{name}."""
    return await _one(call, "replace-attribute")


async def _one(call: Call, name: Any) -> Answer:
    identifier = require_uri(call.parts[0])
    body, context = await call.fragment()
    attribute = expanded(call.parts[1], context)
    if attribute == SCOPE:
        raise BadRequestData(what=_("a scope is no attribute that could be changed by itself"))
    part = name == "patch"
    if not part:
        body = _unwrapped(body, attribute, context)
    nulls: Nulls = "members" if part else "none"
    if call.large:
        instances = await aside(expand_attribute, body, context, attribute, fragment=part, nulls=nulls)
    else:
        instances = expand_attribute(body, context, attribute, fragment=part, nulls=nulls)
    operation = Operation(
        name=name,
        id=identifier,
        doc={"id": identifier, attribute: instances},
        attribute=attribute,
        dataset=instances[0].get("datasetId"),
        only=only(call, context),
        large=call.large,
    )
    await written(call, operation)
    return Answer(204)


def _unwrapped(body: dict[str, Any], attribute: str, context: Context) -> dict[str, Any]:
    """The attribute of a body that names it once more, as ETSI's suite sends it; by itself such a body would have no value."""
    if len(body) == 1:
        key, value = next(iter(body.items()))
        if isinstance(value, dict) and key not in RESERVED and context.expand(key) == attribute:
            return value
    return body


async def delete_attribute(call: Call) -> Answer:
    """DELETE /entities/{id}/attrs/{name}."""
    identifier = require_uri(call.parts[0])
    every = params.boolean(call.query, "deleteAll")
    dataset = call.query.get("datasetId")
    if dataset is not None:
        require_uri(dataset)
        if every:
            raise BadRequestData(what=_("datasetId and deleteAll exclude each other"))
    context = await call.context()
    operation = Operation(
        name="delete-attribute",
        id=identifier,
        attribute=expanded(call.parts[1], context),
        dataset=dataset,
        every_dataset=every,
        only=only(call, context),
    )
    try:
        await written(call, operation)
    except ResourceNotFound:
        # an entity that only the temporal interface was told of: one store is behind both
        told = operation.only is None and not await hidden(call.app.graph, call.tenant, identifier)
        if not told or not await forget(
            call.app.graph, call.tenant, identifier, operation.attribute, dataset, every=every
        ):
            raise
    return Answer(204)
