"""Permission, role, reach, and the rights of one party: everything it was given, compiled to look-ups."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of permissions. Built-in roles have marked English titles, those of an administrator Vietnamese ones."""

    name: str
    title: str
    title_en: str = ""
    meaning: str = ""
    permissions: frozenset[str]
    built_in: bool = True


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A role given to a party: for one organisation and those below it, one area, one sector (None: for all), from-until."""

    id: uuid.UUID
    party_id: uuid.UUID
    role: str
    organisation_id: uuid.UUID | None = None
    area: str | None = None
    sector: str | None = None
    from_at: datetime
    until_at: datetime | None = None
    note: str = ""


class Reach(msgspec.Struct, frozen=True):
    """Where a permission holds; None means everywhere."""

    organisations: frozenset[uuid.UUID] | None = None
    areas: frozenset[str] | None = None
    sectors: frozenset[str] | None = None

    @property
    def unlimited(self) -> bool:
        """Whether it holds everywhere."""
        return self.organisations is None and self.areas is None and self.sectors is None

    def covers(self, organisation: uuid.UUID | None, areas: Iterable[str], sector: str) -> bool:
        """Whether an object lies within. An object without a place does not lie within a reach that names places."""
        if self.organisations is not None and organisation not in self.organisations:
            return False
        if self.areas is not None and self.areas.isdisjoint(areas):
            return False
        return self.sectors is None or sector in self.sectors


class Rights:
    """What one party may do, compiled: a question is one or two look-ups. No permission that is not named is given."""

    __slots__ = ("_everywhere", "_reaches", "until")

    def __init__(self, reaches: Mapping[str, Iterable[Reach]] | None = None, until: datetime | None = None) -> None:
        """`until`: when the first of the assignments behind it begins or ends, so that it has to be compiled again."""
        self._reaches = {name: tuple(many) for name, many in (reaches or {}).items()}
        self._everywhere = frozenset(n for n, many in self._reaches.items() if any(r.unlimited for r in many))
        self.until = until

    def may(
        self,
        permission: str,
        *,
        organisation: uuid.UUID | None = None,
        areas: Iterable[str] = (),
        sector: str = "",
    ) -> bool:
        """Whether `permission` holds for an object of `organisation`, in `areas` (its unit and all above it), of `sector`."""
        if permission in self._everywhere:
            return True
        return any(reach.covers(organisation, areas, sector) for reach in self._reaches.get(permission, ()))

    def anywhere(self, permission: str) -> bool:
        """Whether `permission` holds for anything at all: what opens a page, which then shows only what may be seen."""
        return permission in self._reaches

    def organisations(self, permission: str) -> frozenset[uuid.UUID] | None:
        """The organisations whose objects without place and sector may be reached: None for all; for narrowing queries."""
        if permission in self._everywhere:
            return None
        plain = (r for r in self._reaches.get(permission, ()) if r.areas is None and r.sectors is None)
        return frozenset[uuid.UUID]().union(*(r.organisations or frozenset() for r in plain))

    def names(self) -> frozenset[str]:
        """Every permission that holds somewhere."""
        return frozenset(self._reaches)

    def limited(self, names: Iterable[str]) -> Rights:
        """The part of these rights that is within `names`: the scopes of a key or token never add anything."""
        kept = frozenset(names)
        return Rights({n: many for n, many in self._reaches.items() if n in kept}, self.until)


NOTHING = Rights()
"""The rights of somebody who was given none."""
