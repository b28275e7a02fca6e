"""Reading subscriptions (5.2.12 to 5.2.15): what may be said, names to IRIs, and from the stored form to that in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from nhip.graph.contexts.iris import is_address, is_uri
from nhip.graph.contexts.model import Context
from nhip.graph.document.older import version
from nhip.graph.errors import BadRequestData
from nhip.graph.query.build import MAX_JOIN, Asked, Selected, build
from nhip.graph.query.model import Query
from nhip.graph.rows import instant
from nhip.graph.subscriptions.model import CERTAIN, Trigger
from nhip.graph.subscriptions.wanted import refuse
from nhip.kernel.i18n import _
from nhip.kernel.time import now

Members = dict[str, Any]
_TEXTS = (
    "subscriptionName",
    "description",
    "q",
    "csf",
    "scopeQ",
    "lang",
    "jsonldContext",
    "expiresAt",
    "expandValues",
    "jsonKeys",
    "ngsildConformance",
)
_NUMBERS = ("timeInterval", "throttling")
_TRUTHS = ("isActive", "localOnly", "splitEntities")
_OTHER = (
    "entities",
    "watchedAttributes",
    "geoQ",
    "isActive",
    "notificationTrigger",
    "notification",
    "temporalQ",
    "datasetId",
)
_KNOWN = frozenset({"id", "type", *_TEXTS, *_NUMBERS, *_OTHER, "localOnly", "splitEntities"})
_NOTIFICATION = ("attributes", "pick", "omit", "format", "showChanges", "sysAttrs", "endpoint", "join", "joinLevel")
_ENDPOINT = ("uri", "accept", "receiverInfo", "notifierInfo", "timeout", "cooldown")
_FORMATS = ("normalized", "concise", "keyValues", "simplified")
_ACCEPTS = ("application/json", "application/ld+json", "application/geo+json")
TYPE = re.compile(r"[^()|,;&\s]+")
"""A name in a selection of types (4.17)."""
_SCHEMES = ("http", "https", "mqtt", "mqtts")
_TOPIC = re.compile(r"/[^#+\0]{1,2000}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
"""A name of a header (RFC 9110, 5.6.2)."""
_SAID = {CERTAIN[0]: CERTAIN[1:], "MQTT-Version": ("mqtt3.1.1", "mqtt5.0"), "MQTT-QoS": ("0", "1", "2")}
"""What pairs of notifierInfo may say, by key (5.2.22)."""
MOST = 1000
"""So many members a list has at most."""
_LEAST = 1e-3
"""Seconds or milliseconds: of the smallest numbers more fit between two notifications than PostgreSQL can count."""


def read(payload: Members, context: Context) -> Members:
    """The stored form of a new subscription. Raises BadRequestData naming what is not allowed."""
    made = read_fragment(payload, context)
    if payload.get("type") != "Subscription":
        refuse("type")
    if "endpoint" not in made.get("notification", {}):
        refuse("notification.endpoint")
    check_whole(made, context)
    return {"type": "Subscription", **made}


def read_fragment(payload: Members, context: Context) -> Members:
    """Members of a subscription, checked one by one, with names as IRIs. What is not known or only told by us is left out."""
    made: Members = {}
    for name, value in payload.items():
        if name in _KNOWN and name not in ("id", "type"):
            if value is None:
                refuse(name)
            made[name] = _member(name, value, context)
    if "expiresAt" in made and instant(made["expiresAt"]) <= now():
        raise BadRequestData(what=_("expiresAt lies in the past"))
    return made


def check_whole(made: Members, context: Context) -> Query:
    """What members say together. The query that selects the entities."""
    if "throttling" in made and "timeInterval" in made:
        raise BadRequestData(what=_("throttling and timeInterval exclude each other"))
    by_attribute = "watchedAttributes" in made and "timeInterval" not in made
    if not (made.get("localOnly") or "entities" in made or by_attribute):
        raise BadRequestData(
            what=_("a subscription names entities or watched attributes, or is for what is here alone")
        )
    notification = made["notification"]
    if notification.get("showChanges") and notification.get("format") in ("keyValues", "simplified"):
        raise BadRequestData(what=_("showChanges cannot be with the format keyValues"))
    if "attributes" in notification and ("pick" in notification or "omit" in notification):
        raise BadRequestData(what=_("attributes exclude pick and omit"))
    if "timeInterval" in made and "watchedAttributes" in made:
        raise BadRequestData(what=_("watchedAttributes and timeInterval exclude each other"))
    return query_of(made, context)


def query_of(made: Members, context: Context) -> Query:
    """The query of a subscription in its stored form; `context` is that of q. Raises BadRequestData."""
    notification, geo = made.get("notification", {}), made.get("geoQ", {})
    asked = Asked(
        entities=[
            Selected(
                ids=[one["id"]] if "id" in one else [], pattern=one.get("idPattern", ""), types=one.get("type", "")
            )
            for one in made.get("entities", [])
        ],
        q=made.get("q", ""),
        csf=made.get("csf", ""),
        scope=made.get("scopeQ", ""),
        georel=geo.get("georel", ""),
        geometry=geo.get("geometry", ""),
        coordinates=geo.get("coordinates", ""),
        geoproperty=geo.get("geoproperty", ""),
        pick=",".join(notification["pick"]) if "pick" in notification else None,
        omit=",".join(notification["omit"]) if "omit" in notification else None,
        expand_values=[name for one in made.get("expandValues", "").split(",") if (name := one.strip())],
        datasets=made.get("datasetId", []),
        join="inline",  # so that q may go into linked entities, whatever of them is shown
        join_level=MAX_JOIN,
    )
    query = build(asked, context, narrow=False)
    joined = notification.get("join", "").replace("@none", "")
    return msgspec.structs.replace(query, join=joined, join_level=notification.get("joinLevel", 1))


def _member(name: str, value: Any, context: Context) -> Any:
    if name in _TEXTS:
        return _text(value, name)
    if name in _NUMBERS:
        return _positive(value, name)
    if name in _TRUTHS and not isinstance(value, bool):
        refuse(name)
    return _READERS[name](value, context) if name in _READERS else value


def _entities(value: Any, context: Context) -> list[Members]:
    made = []
    for one in _listed(value, "entities"):
        if not isinstance(one, dict) or not one.keys() & {"id", "idPattern", "type"}:
            refuse("entities")
        if "id" in one and not (isinstance(one["id"], str) and is_uri(one["id"])):
            refuse("entities.id")
        kept = {key: _text(one[key], key) for key in ("id", "idPattern") if key in one}
        if "type" in one:
            kept["type"] = TYPE.sub(lambda found: context.expand(found[0]), _text(one["type"], "type"))
        made.append(kept)
    return made


def _names(value: Any, context: Context, what: str = "watchedAttributes") -> list[str]:
    return [context.expand(_text(one, what)) for one in _listed(value, what)]


def _triggers(value: Any, _context: Context) -> list[str]:
    found = _listed(value, "notificationTrigger")
    if any(one not in get_args(Trigger) for one in found):
        refuse("notificationTrigger")
    return found


def _datasets(value: Any, _context: Context) -> list[str]:
    return [_text(one, "datasetId") for one in (value if isinstance(value, list) else [value])]


def _geo(value: Any, context: Context) -> Members:
    if not isinstance(value, dict) or not {"georel", "geometry", "coordinates"} <= value.keys():
        refuse("geoQ")
    made = {key: _text(value[key], f"geoQ.{key}") for key in ("georel", "geometry")}
    made["coordinates"] = value["coordinates"]
    if "geoproperty" in value:
        made["geoproperty"] = context.expand(_text(value["geoproperty"], "geoproperty"))
    return made


def _notification(value: Any, context: Context) -> Members:
    if not isinstance(value, dict):
        refuse("notification")
    made: Members = {key: value[key] for key in _NOTIFICATION if key in value}
    if "attributes" in made:
        if any(one in ("id", "type", "scope") for one in _listed(made["attributes"], "notification.attributes")):
            refuse("notification.attributes")
        made["attributes"] = _names(made["attributes"], context, "notification.attributes")
    for key in ("pick", "omit"):
        if key in made:
            made[key] = [_text(one, key) for one in _listed(made[key], f"notification.{key}")]
    if made.get("format", "normalized") not in _FORMATS:
        refuse("notification.format")
    level = made.get("joinLevel", 1)
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= MAX_JOIN:
        refuse("notification.joinLevel")
    for key in ("showChanges", "sysAttrs"):
        if not isinstance(made.get(key, False), bool):
            refuse(f"notification.{key}")
    if made.get("join", "") not in ("", "inline", "flat", "@none"):
        refuse("notification.join")
    if "endpoint" in made:
        made["endpoint"] = _endpoint(made["endpoint"])
    return made


def _endpoint(value: Any) -> Members:
    if not isinstance(value, dict) or "uri" not in value:
        refuse("notification.endpoint")
    made: Members = {key: value[key] for key in _ENDPOINT if key in value}
    if not isinstance(made["uri"], str) or not is_address(made["uri"], _SCHEMES):
        refuse("notification.endpoint.uri")
    mqtt = made["uri"].startswith("mqtt")
    if mqtt and ("#" in made["uri"] or _TOPIC.fullmatch(urlsplit(made["uri"]).path) is None):
        raise BadRequestData(what=_("notification.endpoint.uri: it ends with the topic, which names one"))
    if made.get("accept", _ACCEPTS[0]) not in _ACCEPTS:
        refuse("notification.endpoint.accept")
    for key in ("receiverInfo", "notifierInfo"):
        for pair in _listed(made[key], f"notification.endpoint.{key}") if key in made else ():
            if not _is_pair(pair, header=key == "receiverInfo" and not mqtt):
                refuse(f"notification.endpoint.{key}")
    for key in ("timeout", "cooldown"):
        if key in made:
            _positive(made[key], key)
    return made


def _is_pair(pair: Any, *, header: bool) -> bool:
    """Whether it is a pair as `receiverInfo` (a `header` where the receiver is asked over HTTP) and `notifierInfo` have them."""
    if not isinstance(pair, dict) or not all(isinstance(pair.get(side), str) for side in ("key", "value")):
        return False
    if any(sign in pair["key"] + pair["value"] for sign in "\r\n\0"):
        return False
    return (
        _HEADER.fullmatch(pair["key"]) is not None
        if header
        else pair["value"] in _SAID.get(pair["key"], (pair["value"],))
    )


def is_certain(doc: Members) -> bool:
    """Whether a stored subscription asks for delivery for certain."""
    told = doc["notification"]["endpoint"].get("notifierInfo", ())
    return any((one["key"], one["value"]) == CERTAIN for one in told)


_READERS: dict[str, Callable[[Any, Context], Any]] = {
    "entities": _entities,
    "watchedAttributes": _names,
    "notificationTrigger": _triggers,
    "datasetId": _datasets,
    "geoQ": _geo,
    "notification": _notification,
}


def _listed(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list) or not value or len(value) > MOST:
        refuse(name)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        refuse(name)
    if name == "ngsildConformance" and version(value) is None:
        refuse(name)
    if name == "expiresAt":
        try:
            instant(value)
        except ValueError:
            refuse(name)
    return value


def _positive(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _LEAST <= value < 1e9:
        refuse(name)
    return value
