"""Who this broker is (CIM 009, 5.15; 6.33): what peers put into Via, by which loops are noticed."""

from __future__ import annotations

from datetime import timedelta

from nhip.graph.api.answers import Answer
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import with_context
from nhip.graph.document.times import said
from nhip.graph.registrations.forwarding import alias
from nhip.kernel.time import now


async def source_identity(call: Call) -> Answer:
    """GET /info/sourceIdentity."""
    at = now()
    name = alias(call.app.node, call.tenant_name)
    told = {
        "id": f"urn:ngsi-ld:ContextSourceIdentity:{name}",
        "type": "ContextSourceIdentity",
        "contextSourceAlias": name,
        "contextSourceUptime": duration(at - call.app.started),
        "contextSourceTimeAt": said(at),
    }
    return await with_context(call, await call.context(), told)


def duration(span: timedelta) -> str:
    """A span as ISO 8601 has it, in days, hours, minutes and seconds."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"P{days}DT{hours}H{minutes}M{seconds}S"
