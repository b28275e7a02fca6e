"""Whom somebody may administer: parties of the organisations that their right reaches, and nobody who reaches further."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from nhip.db import Connection
from nhip.kernel.time import now
from nhip.security.model import Party, Who
from nhip.security.parties.errors import PartyNotFound
from nhip.security.parties.store import find_party
from nhip.security.permissions import store
from nhip.security.permissions.errors import AboveYou, AssignmentGone
from nhip.security.permissions.model import Assignment, Rights
from nhip.security.permissions.service import compile_rights, list_roles

GOVERNING = frozenset({"party.edit", "role.edit", "key.edit", "session.end", "secret.set", "backup.make"})
"""Permissions over other people's; who holds one is administered only by somebody who holds it, too."""


def place_of(party: Party) -> uuid.UUID | None:
    """The organisation that decides who administers a party: itself, or the one it belongs to."""
    return party.id if party.kind in ("organisation", "unit") else party.parent_id


async def access_party(tx: Connection, who: Who, party_id: uuid.UUID, permission: str = "party.read") -> Party:
    """The party, if `permission` reaches it; the same PartyNotFound for absent and out of reach.

    For any other permission than reading raises AboveYou when the party's own rights reach further than those of `who`:
    otherwise whoever resets passwords in one agency could become the administrator of all.
    """
    party = await find_party(tx, party_id)
    if party is None or not who.rights.may(permission, organisation=place_of(party)):
        raise PartyNotFound
    if permission != "party.read" and party.id != who.id:
        theirs = compile_rights(await store.list_in_force(tx, party.id), await list_roles(tx), now())
        if not is_above(who.rights, theirs, permission):
            raise AboveYou
    return party


async def reached(tx: Connection, who: Who, party_ids: Iterable[uuid.UUID], permission: str) -> set[uuid.UUID]:
    """Those of `party_ids` that `permission` reaches; for lists."""
    if who.rights.organisations(permission) is None:
        return set(party_ids)
    found = [party for one in party_ids if (party := await find_party(tx, one))]
    return {party.id for party in found if who.rights.may(permission, organisation=place_of(party))}


def is_above(mine: Rights, theirs: Rights, permission: str) -> bool:
    """Whether whoever holds `permission` may use it on somebody with the rights `theirs`."""
    reach = mine.organisations(permission)
    if reach is None:
        return True
    for name in theirs.names():
        where = theirs.organisations(name)
        if where is None or not where <= reach or (name in GOVERNING and not mine.anywhere(name)):
            return False
    return True


async def access_assignment(tx: Connection, who: Who, assignment_id: uuid.UUID) -> Assignment:
    """The assignment, if `role.edit` reaches what it was given for. Raises AssignmentGone."""
    found = await store.find_assignment(tx, assignment_id)
    if found is None:
        raise AssignmentGone
    areas = (found.area,) if found.area else ()
    if not who.rights.may("role.edit", organisation=found.organisation_id, areas=areas, sector=found.sector or ""):
        raise AssignmentGone
    return found
