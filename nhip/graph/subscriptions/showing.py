"""A subscription as clients see it: names in their @context, with its status and what was sent (5.2.12 to 5.2.14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nhip.graph.contexts.model import Context
from nhip.graph.document.times import said
from nhip.graph.rows import instant
from nhip.graph.subscriptions.model import DEFAULT_TRIGGERS
from nhip.graph.subscriptions.reading import TYPE
from nhip.graph.subscriptions.sealing import masked_endpoint
from nhip.graph.subscriptions.store import Rest
from nhip.kernel.time import now


def shown(
    rest: Rest, context: Context, *, sys: bool = False, triggers: bool = True, secrets: bool = False
) -> dict[str, Any]:
    """The subscription of a row; `triggers`: it is one to entities, which have triggers even where it names none. `secrets`:
    whoever is shown it may know what its endpoint was told in confidence."""
    compact = context.compact
    made = {"id": rest.id, **{key: value for key, value in rest.doc.items() if not key.startswith("_")}}
    if "entities" in made:
        made["entities"] = [
            {**one, "type": TYPE.sub(lambda found: compact(found[0]), one["type"])} if "type" in one else one
            for one in made["entities"]
        ]
    if "watchedAttributes" in made:
        made["watchedAttributes"] = [compact(name) for name in made["watchedAttributes"]]
    if "geoproperty" in made.get("geoQ", {}):
        made["geoQ"] = {**made["geoQ"], "geoproperty": compact(made["geoQ"]["geoproperty"])}
    if triggers:
        made.setdefault("notificationTrigger", list(DEFAULT_TRIGGERS))
    made["status"] = _status(rest, now())
    made["notification"] = _notification(rest, context)
    if not secrets:
        made["notification"]["endpoint"] = masked_endpoint(made["notification"]["endpoint"])
    if sys:
        made["createdAt"], made["modifiedAt"] = said(rest.created), said(rest.modified)
    return made


def _status(rest: Rest, at: datetime) -> str:
    if "expiresAt" in rest.doc and instant(rest.doc["expiresAt"]) <= at:
        return "expired"
    return "active" if rest.doc.get("isActive", True) else "paused"


def _notification(rest: Rest, context: Context) -> dict[str, Any]:
    made = dict(rest.doc["notification"])
    if "attributes" in made:
        made["attributes"] = [context.compact(name) for name in made["attributes"]]
    counts = rest.counts
    if counts.sent:
        made["timesSent"] = counts.sent
        if counts.failed:
            made["timesFailed"] = counts.failed
        told = (("lastNotification", counts.notified), ("lastSuccess", counts.good), ("lastFailure", counts.bad))
        made |= {name: said(at) for name, at in told if at is not None}
        failed = counts.bad is not None and (counts.good is None or counts.bad > counts.good)
        made["status"] = "failed" if failed else "ok"
    return made
