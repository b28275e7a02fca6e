"""How types, attributes and units of the city's vocabulary are called on pages; what it does not know keeps its own name."""

from __future__ import annotations

import re

from nhip.kernel.i18n import _
from nhip.things.words import city_context
from nhip.web.i18n import translate

TYPES = {
    "PublicTransportStop": _("Bus stops"),
    "PublicTransportRoute": _("Bus routes"),
    "Vehicle": _("Vehicles"),
    "Streetlight": _("Street lights"),
    "AirQualityObserved": _("Air quality"),
    "AirQualityStation": _("Air quality stations"),
    "WaterObserved": _("River levels"),
    "RiverGauge": _("River gauges"),
    "Camera": _("Cameras"),
    "School": _("Schools"),
    "Hospital": _("Hospitals"),
}
ATTRIBUTES = {
    "name": _("Name"),
    "address": _("Address"),
    "location": _("Location of the thing"),
    "source": _("Where it comes from"),
    "sourceVersion": _("Since version"),
    "shelter": _("Shelter"),
    "level": _("Kind of school"),
    "classes": _("Classes"),
    "pupils": _("Pupils"),
    "beds": _("Beds"),
    "licensedOn": _("Licensed on"),
    "grade": _("Grade"),
    "status": _("State"),
    "lampTechnology": _("Kind of lamp"),
    "powerConsumption": _("Power"),
    "commune": _("Commune"),
    "waterLevel": _("Water level"),
    "firstAlarmLevel": _("Alarm level I"),
    "thirdAlarmLevel": _("Alarm level III"),
    "pm25": _("PM2.5"),
    "pm10": _("PM10"),
    "airQualityIndex": _("Air quality index"),
    "measuredAt": _("Measured at"),
    "cameraKind": _("Kind of camera"),
    "active": _("Works"),
    "routeLength": _("Length of the route"),
    "firstDeparture": _("First departure"),
    "lastDeparture": _("Last departure"),
    "fare": _("Fare"),
    "speed": _("Speed"),
    "onRoute": _("On the route"),
    "nextStop": _("Next stop"),
}
UNITS = {
    "MTR": "m", "KMT": "km", "KMH": "km/h", "WTT": "W", "GQ": "µg/m³", "CEL": "°C", "P1": "%", "MMT": "mm", "LTR": "l",
}  # fmt: skip
"""Signs of codes of UN/CEFACT Recommendation 20."""


def type_title(iri: str) -> str:
    """A type on a page; of one that the vocabulary does not know the last part."""
    name = city_context().compact(iri)
    return translate(TYPES[name]) if name in TYPES else (re.split(r"[/#:]", name)[-1] or name)


def attribute_title(iri: str) -> str:
    """An attribute on a page."""
    name = city_context().compact(iri)
    return translate(ATTRIBUTES[name]) if name in ATTRIBUTES else name
