"""Mirrors as people and programs are shown them; nothing of their secrets."""

from __future__ import annotations

from typing import Any

from nhip.graph.document.times import said
from nhip.graph.mirrors.model import Mirror, Provenance


def shown(one: Mirror) -> dict[str, Any]:
    """A mirror for people and programs."""
    times = (("goodAt", one.good_at), ("comparedAt", one.compared_at), ("lastNotification", one.heard_at))
    told: dict[str, Any] = {
        "name": one.name,
        "tenant": one.tenant_name,
        "peer": one.peer,
        "peerTenant": one.peer_tenant,
        "types": one.types,
        "q": one.q,
        "scopeQ": one.scope,
        "attrs": one.attrs,
        "context": one.context,
        "state": one.state,
        "problem": one.problem,
        "received": one.received,
        "refused": one.refused,
    }
    return {name: value for name, value in told.items() if value not in ("", [])} | {
        name: said(at) for name, at in times if at is not None
    }


def shown_provenance(one: Provenance) -> dict[str, Any]:
    """Whose word an entity is."""
    return {
        "id": one.id,
        "peer": one.peer,
        "tenant": one.peer_tenant,
        "modifiedAt": one.modified_at,
        "receivedAt": said(one.received_at),
    }
