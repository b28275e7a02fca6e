"""Access to parties: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.text import sort_key
from nhip.kernel.time import now
from nhip.security.model import Party, PartyKind

queries = load(__file__)


class _Subject(msgspec.Struct):
    subject: bytes | None


async def insert_party(tx: Connection, party: Party, subject: bytes | None = None) -> None:
    """Make a party."""
    values = {
        k: v for k, v in msgspec.structs.asdict(party).items() if k not in ("made_at", "suspended_at", "ended_at")
    }
    await execute(tx, queries.insert_party, sort=sort_key(party.name), subject=subject, now=party.made_at, **values)


async def put_organisation(tx: Connection, party_id: uuid.UUID, code: str, name: str, name_en: str) -> Party:
    """Make the organisation `code` (with `party_id`, if it is new), or change its names."""
    values = {"id": party_id, "code": code, "name": name, "name_en": name_en, "sort": sort_key(name), "now": now()}
    await execute(tx, queries.put_organisation, **values)
    found = await find_by_code(tx, code)
    assert found is not None
    return found


async def find_by_code(tx: Connection, code: str) -> Party | None:
    """The organisation or unit of this code."""
    return await fetch_one(tx, Party, queries.find_by_code, code=code)


async def find_party(tx: Connection, party_id: uuid.UUID) -> Party | None:
    """One party."""
    return await fetch_one(tx, Party, queries.find_party, id=party_id)


async def find_by_subject(tx: Connection, subject: bytes) -> Party | None:
    """The person whose citizen number has this keyed hash."""
    return await fetch_one(tx, Party, queries.find_by_subject, subject=subject)


async def find_subject(tx: Connection, party_id: uuid.UUID) -> bytes | None:
    """The keyed hash of a person's citizen number, None where it is not known."""
    found = await fetch_one(tx, _Subject, queries.find_subject, id=party_id)
    return found.subject if found else None


async def set_subject(tx: Connection, party_id: uuid.UUID, subject: bytes) -> None:
    """Note the keyed hash of a person's citizen number."""
    await execute(tx, queries.set_subject, id=party_id, subject=subject)


async def list_parties(
    tx: Connection,
    kinds: Sequence[PartyKind],
    *,
    text: str = "",
    parent_id: uuid.UUID | None = None,
    ended: bool = False,
    within: Collection[uuid.UUID] | None = None,
    limit: int = 500,
    offset: int = 0,
) -> list[Party]:
    """Parties in Vietnamese order; `text` is looked for in the name, or is the code, e-mail or account.

    `within`: only these organisations and who belongs to them (`Rights.organisations`); None: all.
    """
    values: dict[str, Any] = {
        "kinds": list(kinds),
        "text": text,
        "sort": sort_key(text),
        "parent_id": parent_id,
        "ended": ended,
    }
    values["within"] = None if within is None else list(within)
    return await fetch_all(tx, Party, queries.list_parties, limit=limit, offset=offset, **values)


async def change_party(tx: Connection, party: Party) -> None:
    """Change names, place and address."""
    values = {"name": party.name, "name_en": party.name_en, "parent_id": party.parent_id, "email": party.email}
    await execute(tx, queries.change_party, id=party.id, sort=sort_key(party.name), **values)


async def suspend_party(tx: Connection, party_id: uuid.UUID, at: datetime | None) -> None:
    """From `at` the party may not act; None lets it again."""
    await execute(tx, queries.suspend_party, id=party_id, at=at)


async def end_party(tx: Connection, party_id: uuid.UUID) -> None:
    """The party is no more."""
    await execute(tx, queries.end_party, id=party_id, now=now())


async def end_sessions_below(tx: Connection, party_id: uuid.UUID) -> None:
    """End the sessions of a party, and of everybody who belongs to it."""
    await execute(tx, queries.end_sessions_below, id=party_id)


async def is_below(tx: Connection, party_id: uuid.UUID, top: uuid.UUID) -> bool:
    """Whether a party is `top` or lies below it."""
    row = await (await tx.execute(queries.is_below, {"id": party_id, "top": top})).fetchone()
    return bool(row and row[0])
