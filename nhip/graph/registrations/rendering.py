"""A registration as clients read it."""

from __future__ import annotations

from typing import Any

from nhip.graph.contexts.model import Context
from nhip.graph.registrations.model import SECRET, Registration
from nhip.graph.subscriptions.sealing import masked


def render_registration(
    registration: Registration, context: Context, *, sys: bool = False, lists: bool = False, secrets: bool = False
) -> dict[str, Any]:
    """With the names of `context`, without its @context. `sys`: whether times of creation and change are told; `lists`: types
    are told as a list even where there is one (so in notifications, as ETSI's suite has them); `secrets`: whether whoever reads
    it may know what its source is told in confidence."""
    made: dict[str, Any] = {}
    for name, value in {**registration.doc, **registration.counters}.items():
        if name == "information":
            made[name] = [_information(one, context, lists) for one in value]
        elif name == SECRET and not secrets:
            made[name] = masked(value)
        elif name == "scope" and len(value) == 1:
            made[name] = value[0]
        elif ":" in name:
            made[context.compact(name)] = value
        elif sys or name not in ("createdAt", "modifiedAt"):
            made[name] = value
    return made


def _information(told: dict[str, Any], context: Context, lists: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in told.items():
        made[name] = (
            [_entity(one, context, lists) for one in value]
            if name == "entities"
            else [context.compact(iri) for iri in value]
        )
    return made


def _entity(told: dict[str, Any], context: Context, lists: bool) -> dict[str, Any]:
    if "type" not in told:
        return told
    types = [context.compact(iri) for iri in told["type"]]
    return {**told, "type": types[0] if len(types) == 1 and not lists else types}
