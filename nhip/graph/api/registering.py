"""Context source registrations (CIM 009, 5.9, 5.10; 6.8, 6.9)."""

from __future__ import annotations

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import PAGES, WHICH, asked_in
from nhip.graph.api.media import LD_JSON
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import page_links, with_context
from nhip.graph.errors import BadRequestData, OperationNotSupported
from nhip.graph.query.build import build
from nhip.graph.registrations.discovery import discover
from nhip.graph.registrations.rendering import render_registration
from nhip.graph.registrations.service import Registrations
from nhip.graph.temporal.asking import TimesAsked, ask
from nhip.kernel.i18n import _

RETRIEVED = frozenset({"options"})
LISTED = (
    (WHICH - {"local", "jsonKeys"})
    | PAGES
    | {
        "timerel",
        "timeAt",
        "endTimeAt",
        "timeproperty",
        "options",
        "lang",
        "geometryProperty",
    }
)
_NARROW = ("type", "attrs", "q", "georel", "id", "idPattern")
_PATH = "/ngsi-ld/v1/csourceRegistrations/"


def registrations_of(call: Call) -> Registrations:
    """The registrations of this broker. Raises OperationNotSupported where it keeps none."""
    if call.app.registrations is None:
        raise OperationNotSupported(what=_("this broker keeps no registrations"))
    return call.app.registrations


async def register(call: Call) -> Answer:
    """POST /csourceRegistrations."""
    body, context = await call.fragment(bounded=True)
    identifier = await registrations_of(call).create(call.tenant, body, context)
    return Answer(201).with_header(b"location", _PATH + identifier)


async def update_nothing(call: Call) -> Answer:
    """PATCH /csourceRegistrations, which names none: refused without a body, as ETSI's suite has it (034_06)."""
    return Answer(405).with_header(b"allow", "GET, POST, OPTIONS, HEAD")


async def update_registration(call: Call) -> Answer:
    """PATCH /csourceRegistrations/{id}."""
    identifier = require_uri(call.parts[0])
    body, context = await call.fragment(bounded=True)
    await registrations_of(call).update(call.tenant, identifier, body, context)
    return Answer(204)


async def delete_registration(call: Call) -> Answer:
    """DELETE /csourceRegistrations/{id}."""
    await registrations_of(call).delete(call.tenant, require_uri(call.parts[0]))
    return Answer(204)


async def retrieve_registration(call: Call) -> Answer:
    """GET /csourceRegistrations/{id}."""
    identifier = require_uri(call.parts[0])
    context = await call.context()
    sys = "sysAttrs" in params.options(call.query, frozenset({"sysAttrs"}))
    found = registrations_of(call).get(call.tenant, identifier)
    return await with_context(call, context, render_registration(found, context, sys=sys, secrets=call.trusted))


async def query_registrations(call: Call) -> Answer:
    """GET /csourceRegistrations."""
    context = await call.context()
    asked = asked_in({name: text for name, text in call.query.items() if text}, call.app.limits)
    if not any(call.query.get(name) for name in _NARROW):
        raise BadRequestData(what=_("the query is too wide without a type, an attribute, an identifier or a place"))
    query = build(asked, context, narrow=False)
    times = TimesAsked(
        timerel=call.query.get("timerel", ""),
        time_at=call.query.get("timeAt", ""),
        end_time_at=call.query.get("endTimeAt", ""),
        timeproperty=call.query.get("timeproperty", ""),
    )
    window = ask(times, query).window
    found = await discover(registrations_of(call), call.tenant, query, window)
    sys = "sysAttrs" in params.options(call.query, frozenset({"sysAttrs"}))
    page = found[query.offset : query.offset + query.limit]
    shown = [render_registration(one, context, sys=sys, secrets=call.trusted) for one in page]
    answer = await with_context(call, context, shown)
    if query.count:
        answer.with_header(b"ngsild-results-count", str(len(found)))
    answer.headers += page_links(call, len(found) > query.offset + query.limit, ordered=False, kind=LD_JSON)
    return answer
