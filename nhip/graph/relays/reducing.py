"""The copy of a subscription for one source: no more than its registration says that it has (5.8.1.4)."""

from __future__ import annotations

from typing import Any

from nhip.graph.contexts.model import Context
from nhip.graph.registrations.matching import Match
from nhip.graph.registrations.model import EntityInfo
from nhip.graph.subscriptions.model import CERTAIN
from nhip.graph.subscriptions.reading import TYPE, Members, is_certain

_ALIKE = ("lang", "expiresAt", "throttling", "timeInterval", "isActive", "notificationTrigger", "datasetId")
_CONDITIONS = ("q", "scopeQ")
_SHOWN = ("pick", "omit", "format", "showChanges", "sysAttrs", "join", "joinLevel")
_WHOLE = {"format": "normalized", "sysAttrs": True}
"""How entities are told of that still have to be put together with their other parts."""


def reduced(doc: Members, match: Match, context: Context, uri: str) -> Members:
    """The copy without its id, in the names of `context`; notifications go to `uri`. `doc` is a stored subscription."""
    split = bool(doc.get("splitEntities"))
    made: Members = {"type": "Subscription", **{name: doc[name] for name in _ALIKE if name in doc}}
    if entities := _entities(doc.get("entities", []), match, context):
        made["entities"] = entities
    if split:
        made["splitEntities"] = True
    else:
        made |= {name: doc[name] for name in _CONDITIONS if name in doc}
        if "geoQ" in doc:
            made["geoQ"] = _geo(doc["geoQ"], context)
    registered = match.attributes
    watched = frozenset(doc.get("watchedAttributes", ()))
    if (registered or watched) and "timeInterval" not in doc:
        made["watchedAttributes"] = _compacted((watched & registered if watched else registered) or watched, context)
    made["notification"] = _notification(doc["notification"], registered, context, split)
    made["notification"]["endpoint"] = {"uri": uri, "accept": _accept(doc, split)}
    if is_certain(doc):  # a source of our kind tells us for certain then, what another does not know it leaves alone
        made["notification"]["endpoint"]["notifierInfo"] = [dict(zip(("key", "value"), CERTAIN, strict=True))]
    if match.registration.doc.get("localOnly") or match.registration.doc.get("management", {}).get("localOnly"):
        made["localOnly"] = True
    return made


def _accept(doc: Members, split: bool) -> str:
    geo = doc["notification"]["endpoint"].get("accept") == "application/geo+json"
    return "application/geo+json" if geo and not split else "application/json"


def _notification(told: Members, registered: frozenset[str], context: Context, split: bool) -> Members:
    made: Members = dict(_WHOLE) if split else {name: told[name] for name in _SHOWN if name in told}
    shown = frozenset() if split else frozenset(told.get("attributes", ()))
    if shown:
        made["attributes"] = _compacted(shown & registered or shown, context)
    elif registered and not {"pick", "omit"} & made.keys():
        made["attributes"] = _compacted(registered, context)
    return made


def _compacted(names: frozenset[str], context: Context) -> list[str]:
    return sorted(map(context.compact, names))


def _geo(told: Members, context: Context) -> Members:
    return {**told, "geoproperty": context.compact(told["geoproperty"])} if "geoproperty" in told else told


def _entities(selectors: list[Members], match: Match, context: Context) -> list[Members]:
    """What is both subscribed and registered."""
    infos = [entity for one in match.information for entity in one.entities]
    if any(not one.entities for one in match.information) or not infos:
        found = [_narrowed(one, EntityInfo(), context) for one in selectors]
    else:
        found = [_narrowed(one, info, context) for one in selectors or [{}] for info in infos]
    unlike: dict[str, Any] = {str(sorted(one.items())): one for one in found if one}
    return list(unlike.values())


def _narrowed(selector: Members, info: EntityInfo, context: Context) -> Members:
    made: Members = {}
    if "id" in selector:
        made["id"] = selector["id"]
    elif info.id:
        made["id"] = info.id
    elif pattern := selector.get("idPattern", "") or info.pattern:
        made["idPattern"] = pattern
    if selector.get("type", "*") != "*":
        made["type"] = TYPE.sub(lambda found: context.compact(found[0]), selector["type"])
    elif info.types:
        made["type"] = ",".join(sorted(map(context.compact, info.types)))
    elif "type" in selector:
        made["type"] = "*"
    return made
