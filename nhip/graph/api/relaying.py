"""What sources notify us of for subscriptions of ours (CIM 009, 5.8.6); it is below /ngsi-ld/ex, as it belongs to no standard."""

from __future__ import annotations

from nhip.graph.api.answers import Answer
from nhip.graph.api.federating import origin_of
from nhip.graph.api.request import Call
from nhip.graph.contexts.model import CORE
from nhip.graph.errors import LoopDetected, ResourceNotFound
from nhip.graph.relays.service import RECEIVED_AT


async def remote_notify(call: Call) -> Answer:
    """POST /ngsi-ld/ex/remote-notify. Whoever knows the id of a copy may: its source alone was told it, and none can guess it."""
    if call.app.relays is None or call.scope["path"] != RECEIVED_AT:
        raise ResourceNotFound(what=call.scope["path"])
    await call.app.relays.received(await call.json())
    return Answer(200)


def came_by(call: Call) -> tuple[str, ...]:
    """The brokers by which a subscription came. Raises LoopDetected when we are among them (4.3.6.6)."""
    origin = origin_of(call, CORE)
    if origin.looped:
        raise LoopDetected(what=call.scope["path"])
    return origin.via


async def follow(call: Call, id: str, via: tuple[str, ...] = ()) -> None:
    """Tell sources of a subscription that was made, changed or deleted."""
    if call.app.relays is not None:
        await call.app.relays.follow(call.tenant, id, via)
