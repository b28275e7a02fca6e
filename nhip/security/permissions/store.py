"""Access to roles and assignments: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.time import now
from nhip.security.permissions.model import Assignment, Role

queries = load(__file__)


class InForce(Assignment, frozen=True, kw_only=True):
    """An assignment with the organisations that it reaches: its own and those below."""

    organisations: list[uuid.UUID]


class _Role(msgspec.Struct):
    name: str
    title: str
    title_en: str
    permissions: list[str]


class _Count(msgspec.Struct):
    count: int


async def list_in_force(tx: Connection, party_id: uuid.UUID) -> list[InForce]:
    """What a party was given, without what lapsed or was taken back; some may begin later."""
    return await fetch_all(tx, InForce, queries.list_in_force, party_id=party_id, now=now())


async def list_of_party(tx: Connection, party_id: uuid.UUID) -> list[Assignment]:
    """Assignments of a party that were not taken back, the lapsed ones too."""
    return await fetch_all(tx, Assignment, queries.list_of_party, party_id=party_id)


async def list_of_role(tx: Connection, role: str) -> list[Assignment]:
    """Assignments of a role in force."""
    return await fetch_all(tx, Assignment, queries.list_of_role, role=role, now=now())


async def find_assignment(tx: Connection, assignment_id: uuid.UUID) -> Assignment | None:
    """One assignment that was not taken back, locked."""
    return await fetch_one(tx, Assignment, queries.find_assignment, id=assignment_id)


async def insert_assignment(tx: Connection, made: Assignment) -> None:
    """Give a role; the giver is who acts."""
    await execute(tx, queries.insert_assignment, given_by=acting().party, **msgspec.structs.asdict(made))


async def take_assignment(tx: Connection, assignment_id: uuid.UUID) -> None:
    """Take a role back."""
    await execute(tx, queries.take_assignment, id=assignment_id, now=now())


async def list_roles(tx: Connection) -> list[Role]:
    """Roles that an administrator made."""
    rows = await fetch_all(tx, _Role, queries.list_roles)
    return [
        Role(name=r.name, title=r.title, title_en=r.title_en, permissions=frozenset(r.permissions), built_in=False)
        for r in rows
    ]


async def put_role(tx: Connection, role: Role) -> None:
    """Make a role, or change the one of this name."""
    values = {"name": role.name, "title": role.title, "title_en": role.title_en}
    await execute(tx, queries.put_role, permissions=sorted(role.permissions), now=now(), **values)


async def end_role(tx: Connection, name: str) -> None:
    """End a role."""
    await execute(tx, queries.end_role, name=name, now=now())


async def count_administrators(tx: Connection, at: datetime) -> int:
    """How many may administer everything, for ever."""
    await tx.execute(queries.lock_roles)
    found = await fetch_one(tx, _Count, queries.count_administrators, now=at)
    return found.count if found else 0
