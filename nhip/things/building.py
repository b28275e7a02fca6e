"""From a row to an entity in plain NGSI-LD, and what is wrong with the row."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping as Dict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson

from nhip.datasets.model import ROW
from nhip.kernel.geo import inside
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM
from nhip.things.model import Attribute, Fault, Mapping

NO_ID = _("The row has no identifier.")
TWICE = _("Another row has this identifier already.")
NO_PLACE = _("The place lies outside Vietnam or is incomplete; the thing is there without it.")
NOT_OPEN = _("The contract does not classify this column as public; it stays out of the graph.")
MISSING = _("The version has no such column.")
IN_DOUBT = _("The check found this cell wrong; it stays out of the graph.")
OTHERS = _("Another dataset has a thing with this identifier.")
REFUSED = _("The graph does not take the row: {value}")
_LONGEST = 200
Entity = dict[str, Any]


def urn(kind: str, value: Any) -> str:
    """The identifier of a thing."""
    return f"urn:ngsi-ld:{kind}:{quote(str(value).strip(), safe='')}"


def build(mapping: Mapping, columns: frozenset[str], row: Dict[str, Any]) -> tuple[Entity | None, list[Fault]]:
    """The entity of a row by the columns that may be used (None: it has no identifier), and what was wrong.

    Attributes without a value are left out.
    """
    number = int(row[ROW])
    told = row.get(mapping.id)
    if told is None or not str(told).strip() or len(str(told)) > _LONGEST:
        return None, [Fault(number, NO_ID, str(told or "")[:_LONGEST])]
    made: Entity = {"id": urn(mapping.type, told), "type": mapping.type}
    faults: list[Fault] = []
    observed = _instant(row.get(mapping.observed)) if mapping.observed else None
    for name in mapping.attributes:
        if (one := _property(mapping.attribute(name), columns, row, observed)) is not None:
            made[name] = one
    for name, link in mapping.relationships.items():
        target = row.get(link.column) if link.column in columns else None
        if target is not None and str(target).strip():
            made[name] = {"type": "Relationship", "object": urn(link.type, target)}
    if mapping.location is not None and {mapping.location.latitude, mapping.location.longitude} <= columns:
        place = _place(row.get(mapping.location.latitude), row.get(mapping.location.longitude))
        if place is not None:
            made["location"] = {"type": "GeoProperty", "value": place}
        elif row.get(mapping.location.latitude) is not None or row.get(mapping.location.longitude) is not None:
            faults.append(Fault(number, NO_PLACE))
    return made, faults


def _property(told: Attribute, columns: frozenset[str], row: Dict[str, Any], observed: str | None) -> Entity | None:
    value: Any
    if told.column:
        value = plain(row.get(told.column)) if told.column in columns else None
    else:
        parts = {name: plain(row.get(column)) for name, column in told.columns.items() if column in columns}
        value = {name: part for name, part in parts.items() if part is not None} or None
    if value is None:
        return None
    made: Entity = {"type": "Property", "value": value}
    if told.unit:
        made["unitCode"] = told.unit
    if observed is not None:
        made["observedAt"] = observed
    return made


def plain(value: Any) -> Any:
    """A cell as JSON has it; None for an empty one and for numbers that are none."""
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.strip() or None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return _instant(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _instant(value: Any) -> str | None:
    """A moment in UTC; one without a zone is Vietnam's time."""
    if not isinstance(value, datetime):
        return None
    aware = value if value.tzinfo is not None else value.replace(tzinfo=VIETNAM)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(latitude: Any, longitude: Any) -> Entity | None:
    numbers = [float(value) for value in (longitude, latitude) if isinstance(value, int | float | Decimal)]
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)) or not inside(numbers[0], numbers[1]):
        return None
    return {"type": "Point", "coordinates": numbers}


def digest(entity: Entity, source: str) -> bytes:
    """What tells whether a thing has to be written again."""
    return hashlib.blake2b(orjson.dumps([entity, source], option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
