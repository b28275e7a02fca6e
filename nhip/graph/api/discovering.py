"""Which types and attributes there are (CIM 009, 5.7.5 to 5.7.10; 6.25 to 6.28)."""

from __future__ import annotations

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.names import expanded
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import with_context
from nhip.graph.query import discovery

LISTED = frozenset({"details", "local", "count"})
ONE = frozenset({"local"})


async def list_types(call: Call) -> Answer:
    """GET /types."""
    context = await call.context()
    known = discovery.describe_types if params.boolean(call.query, "details") else discovery.list_types
    return await with_context(call, context, await known(call.app.graph, call.tenant, context))


async def describe_type(call: Call) -> Answer:
    """GET /types/{type}."""
    context = await call.context()
    iri = expanded(call.parts[0], context)
    return await with_context(call, context, await discovery.describe_type(call.app.graph, call.tenant, context, iri))


async def list_attributes(call: Call) -> Answer:
    """GET /attributes."""
    context = await call.context()
    known = discovery.describe_attributes if params.boolean(call.query, "details") else discovery.list_attributes
    return await with_context(call, context, await known(call.app.graph, call.tenant, context))


async def describe_attribute(call: Call) -> Answer:
    """GET /attributes/{name}."""
    context = await call.context()
    iri = expanded(call.parts[0], context)
    found = await discovery.describe_attribute(call.app.graph, call.tenant, context, iri)
    return await with_context(call, context, found)
