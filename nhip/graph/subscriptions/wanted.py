"""What members of a subscription may hold, told to whoever gave something else (5.2.12 to 5.2.15, 5.2.22)."""

from __future__ import annotations

from typing import NoReturn

from nhip.graph.document.faults import WrongMember
from nhip.kernel.i18n import _

_INSTANT = _("an instant is written as 2026-11-22T08:00:00Z, in UTC")
_NUMBER = _("a number above 0 is expected")
_TRUTH = _("true or false is expected")
_TEXT = _("a text is expected that is not empty")
_NAMES = _("a list of names is expected, neither empty nor too long")
_ELSE = _("this is not what NGSI-LD has here")
_WANTED = {
    "type": _("a subscription has the type Subscription"),
    "entities": _("a list is expected of objects with type, id or idPattern"),
    "entities.id": _("an entity is identified by a URI"),
    "notificationTrigger": _("a list is expected of entityCreated, attributeUpdated and the like"),
    "geoQ": _("an object is expected with georel, geometry and coordinates"),
    "notification": _("an object is expected with an endpoint"),
    "notification.endpoint": _("it says whom to tell: an object with the member uri"),
    "notification.endpoint.uri": _("a whole address is expected: http://, https://, mqtt:// or mqtts://"),
    "notification.endpoint.accept": _("application/json, application/ld+json or application/geo+json"),
    "notification.endpoint.receiverInfo": _("a list is expected of pairs of key and value, as headers have them"),
    "notification.endpoint.notifierInfo": _("a list is expected of pairs of key and value that are known"),
    "notification.format": _("normalized, concise, keyValues or simplified"),
    "notification.join": _("inline, flat or @none"),
    "notification.joinLevel": _("a small whole number is expected"),
    "notification.showChanges": _TRUTH,
    "notification.sysAttrs": _TRUTH,
    **dict.fromkeys(("isActive", "localOnly", "splitEntities"), _TRUTH),
    **dict.fromkeys(("timeInterval", "throttling", "timeout", "cooldown"), _NUMBER),
    **dict.fromkeys(("subscriptionName", "description", "q", "csf", "scopeQ", "lang", "jsonldContext"), _TEXT),
    **dict.fromkeys(("id", "idPattern", "geoproperty", "geoQ.georel", "geoQ.geometry"), _TEXT),
    **dict.fromkeys(("watchedAttributes", "notification.attributes", "notification.pick", "notification.omit"), _NAMES),
    "expiresAt": _INSTANT,
}


def refuse(name: str) -> NoReturn:
    """Raises WrongMember (BadRequestData) that names the member and says what it may hold."""
    raise WrongMember(where=name, what=_WANTED.get(name, _ELSE))
