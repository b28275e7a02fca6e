"""What says how rows of a dataset become things of the graph."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The columns with a thing's latitude and longitude (WGS 84 degrees)."""

    latitude: str = "latitude"
    longitude: str = "longitude"


class Attribute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Property from one column, or from several as an object. `unit` is a code of UN/CEFACT Recommendation 20."""

    column: str = ""
    columns: dict[str, str] = {}
    """Member of the value -> column."""
    unit: str = ""

    def sources(self) -> tuple[str, ...]:
        """The columns it is made from."""
        return (self.column, *self.columns.values()) if self.column else tuple(self.columns.values())


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Relationship: the thing of `type` whose identifier is in `column`."""

    column: str
    type: str


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of `dataset` are things of `type`; names are terms of the city's @context (`context.jsonld`)."""

    dataset: str
    type: str
    id: str
    """The column with what tells them apart: `urn:ngsi-ld:<type>:<value>`."""
    location: Place | None = None
    attributes: dict[str, str | Attribute] = {}
    """Name -> column, or more about it."""
    relationships: dict[str, Link] = {}
    observed: str = ""
    """The column with the instant of an observation. Of several rows of a thing the latest counts then."""
    internal: bool = False
    """Whether columns that the contract classifies `internal` go in too. What is personal never does."""

    def attribute(self, name: str) -> Attribute:
        """One attribute in its long form."""
        told = self.attributes[name]
        return Attribute(column=told) if isinstance(told, str) else told

    def names(self) -> list[str]:
        """The attributes that a thing may have from its row."""
        place = ["location"] if self.location is not None else []
        return [*self.attributes, *self.relationships, *place]

    def columns(self) -> list[str]:
        """Every column that is read."""
        found = [self.id, self.observed] if self.observed else [self.id]
        if self.location is not None:
            found += [self.location.latitude, self.location.longitude]
        for name in self.attributes:
            found += self.attribute(name).sources()
        found += [link.column for link in self.relationships.values()]
        return list(dict.fromkeys(found))


class Fault(msgspec.Struct, frozen=True):
    """A row (0: the dataset as a whole) of which something did not become a thing, and why: marked text over `value`."""

    row: int
    reason: str
    value: str = ""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping as it is stored, with what the graph holds of it: the state `stamp` tells which version, contract and mapping."""

    dataset_id: uuid.UUID
    dataset_name: str
    title: str
    title_en: str
    mapping: dict[str, Any]
    stamp: str
    version_no: int | None
    things: int
    refused: int
    held_at: datetime | None
    ending: bool
    """Whether its things are being deleted, and the mapping with them."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What bringing one dataset's things up to date did. `removed`: its mapping ended, and the things with it."""

    dataset: str
    version: int
    written: int
    deleted: int
    things: int
    faults: int
    removed: bool = False
