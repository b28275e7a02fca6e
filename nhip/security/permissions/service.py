"""Compiling what a party was given into rights; giving, taking and making roles. The only place that decides."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.permissions import store
from nhip.security.permissions.catalogue import PERMISSIONS, built_in_roles
from nhip.security.permissions.errors import (
    AssignmentGone,
    BuiltInRole,
    LastAdministrator,
    MoreThanOwn,
    NotYourself,
    PermissionUnknown,
    RoleUnknown,
)
from nhip.security.permissions.model import Assignment, Reach, Rights, Role
from nhip.security.permissions.store import InForce

ADMINISTRATOR = "administrator"
_MOST_REMEMBERED = 5_000
_remembered: OrderedDict[tuple[uuid.UUID, str], tuple[int, Rights]] = OrderedDict()


async def list_roles(tx: Connection) -> dict[str, Role]:
    """Built-in roles and those that an administrator made, by name."""
    return built_in_roles() | {
        role.name: role for role in await store.list_roles(tx) if role.name not in built_in_roles()
    }


def compile_rights(given: Iterable[InForce], roles: Mapping[str, Role], at: datetime) -> Rights:
    """What the assignments that hold at `at` add up to."""
    reaches: dict[str, set[Reach]] = {}
    changes: list[datetime] = []
    for assignment in given:
        changes += [moment for moment in (assignment.from_at, assignment.until_at) if moment and moment > at]
        role = roles.get(assignment.role)
        if role is None or assignment.from_at > at or (assignment.until_at and assignment.until_at <= at):
            continue
        reach = Reach(
            frozenset(assignment.organisations) if assignment.organisation_id else None,
            frozenset({assignment.area}) if assignment.area else None,
            frozenset({assignment.sector}) if assignment.sector else None,
        )
        for name in role.permissions & PERMISSIONS.keys():
            reaches.setdefault(name, set()).add(reach)
    return Rights(reaches, min(changes, default=None))


async def rights_of(tx: Connection, party_id: uuid.UUID, epoch: int) -> Rights:
    """The rights of a party. Remembered by this process until `epoch` (of the same read) or an assignment's time changes them."""
    key = (party_id, tx.info.dbname)
    known = _remembered.get(key)
    if known and known[0] == epoch and (known[1].until is None or known[1].until > now()):
        return known[1]
    rights = compile_rights(await store.list_in_force(tx, party_id), await list_roles(tx), now())
    _remembered[key] = epoch, rights
    if len(_remembered) > _MOST_REMEMBERED:
        _remembered.popitem(last=False)
    return rights


async def give_role(
    tx: Connection,
    party_id: uuid.UUID,
    role: str,
    *,
    organisation_id: uuid.UUID | None = None,
    area: str | None = None,
    sector: str | None = None,
    until_at: datetime | None = None,
    note_: str = "",
    giver: Rights | None = None,
) -> Assignment:
    """Give `role` to a party. Raises RoleUnknown, and MoreThanOwn when `giver` lacks what the role would give there."""
    found = (await list_roles(tx)).get(role)
    if found is None:
        raise RoleUnknown(name=role)
    if giver is not None:
        if party_id == acting().party:
            raise NotYourself
        _within(giver, found, organisation_id, area, sector)
    made = Assignment(
        id=new_id(),
        party_id=party_id,
        role=role,
        organisation_id=organisation_id,
        area=area or None,
        sector=sector or None,
        from_at=now(),
        until_at=until_at,
        note=note_,
    )
    await store.insert_assignment(tx, made)
    await note(tx, Event(kind="role.given", what=f"party:{party_id}", data=_told(made)))
    return made


def _within(giver: Rights, role: Role, organisation: uuid.UUID | None, area: str | None, sector: str | None) -> None:
    """Nobody climbs by giving: whoever gives everywhere must have everywhere what is theirs to give at all."""
    areas = (area,) if area else ()
    if not giver.may("role.edit", organisation=organisation, areas=areas, sector=sector or ""):
        raise MoreThanOwn(what="role.edit")
    if role.name == ADMINISTRATOR or "role.edit" in role.permissions:
        for name in sorted(role.permissions):
            if not giver.may(name, organisation=organisation, areas=areas, sector=sector or ""):
                raise MoreThanOwn(what=name)


async def take_role(tx: Connection, assignment_id: uuid.UUID) -> Assignment:
    """Take a role back. Raises AssignmentGone, LastAdministrator."""
    found = await store.find_assignment(tx, assignment_id)
    if found is None:
        raise AssignmentGone
    await store.take_assignment(tx, assignment_id)
    await require_administrator(tx, found.role == ADMINISTRATOR)
    await note(tx, Event(kind="role.taken", what=f"party:{found.party_id}", data=_told(found)))
    return found


async def require_administrator(tx: Connection, touched: bool = True) -> None:
    """Raises LastAdministrator (and so undoes the transaction) when nobody is left who could give rights again."""
    if touched and await store.count_administrators(tx, now()) == 0:
        raise LastAdministrator


async def put_role(tx: Connection, role: Role) -> None:
    """Make or change a role of one's own. Raises BuiltInRole, PermissionUnknown."""
    if role.name in built_in_roles():
        raise BuiltInRole(name=role.name)
    for name in role.permissions:
        if name not in PERMISSIONS:
            raise PermissionUnknown(name=name)
    made = role.name not in await list_roles(tx)
    await store.put_role(tx, role)
    kind = "role.made" if made else "role.changed"
    await note(tx, Event(kind=kind, what=f"role:{role.name}", data={"permissions": sorted(role.permissions)}))


async def end_role(tx: Connection, name: str) -> None:
    """End a role of one's own. Raises BuiltInRole."""
    if name in built_in_roles():
        raise BuiltInRole(name=name)
    await store.end_role(tx, name)
    await note(tx, Event(kind="role.changed", what=f"role:{name}", data={"ended": True}))


def _told(made: Assignment) -> dict[str, object]:
    told = msgspec.to_builtins(made)
    return {k: v for k, v in told.items() if v and k not in ("party_id", "note", "from_at")}
