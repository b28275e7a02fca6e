"""What may happen to parties: made, changed, suspended, ended. Every change is in the ledger."""

from __future__ import annotations

import uuid

import msgspec
import psycopg

from nhip.db import Connection
from nhip.kernel.ids import new_id
from nhip.kernel.text import canonical, nfc
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security import store as accounts
from nhip.security.model import Account, Party, PartyKind
from nhip.security.parties import store
from nhip.security.parties.errors import NameTaken, PartyNotFound, UnderItself
from nhip.security.permissions.service import require_administrator


async def get_party(tx: Connection, party_id: uuid.UUID) -> Party:
    """One party. Raises PartyNotFound."""
    found = await store.find_party(tx, party_id)
    if found is None:
        raise PartyNotFound
    return found


async def make_party(
    tx: Connection,
    kind: PartyKind,
    name: str,
    *,
    name_en: str = "",
    code: str | None = None,
    parent_id: uuid.UUID | None = None,
    email: str = "",
    subject: bytes | None = None,
) -> Party:
    """Make a party. Raises NameTaken when the code is taken, PartyNotFound for the parent."""
    if parent_id is not None:
        await get_party(tx, parent_id)
    party = Party(
        id=new_id(),
        kind=kind,
        name=canonical(name) if kind in ("organisation", "unit") else nfc(name).strip(),
        name_en=name_en,
        code=code or None,
        parent_id=parent_id,
        email=email,
        made_at=now(),
    )
    try:
        async with tx.transaction():
            await store.insert_party(tx, party, subject)
    except psycopg.errors.UniqueViolation as error:
        raise NameTaken(name=code or name) from error
    await note(tx, Event(kind="party.made", what=f"party:{party.id}", data={"kind": kind, "code": code or ""}))
    return party


async def make_account(tx: Connection, party: Party, name: str, password_hash: str | None) -> Account:
    """Let a party sign in under `name`. Raises NameTaken."""
    name = nfc(name).strip()
    try:
        async with tx.transaction():
            return await accounts.insert_account(tx, party.id, name, password_hash)
    except psycopg.errors.UniqueViolation as error:
        raise NameTaken(name=name) from error


async def change_party(
    tx: Connection, party: Party, *, name: str, name_en: str = "", parent_id: uuid.UUID | None = None, email: str = ""
) -> Party:
    """Change a party's names, place and address. Raises UnderItself."""
    if parent_id is not None and await store.is_below(tx, parent_id, party.id):
        raise UnderItself
    changed = msgspec.structs.replace(party, name=nfc(name).strip(), name_en=name_en, parent_id=parent_id, email=email)
    await store.change_party(tx, changed)
    told = [f for f in ("name", "name_en", "parent_id", "email") if getattr(party, f) != getattr(changed, f)]
    await note(tx, Event(kind="party.changed", what=f"party:{party.id}", data={"fields": told}))
    return changed


async def suspend(tx: Connection, party: Party, suspended: bool) -> None:
    """A suspended party, and whoever belongs to it, is signed out at once and may not act until it is let again."""
    await store.suspend_party(tx, party.id, now() if suspended else None)
    if suspended:
        await store.end_sessions_below(tx, party.id)
        await require_administrator(tx)
    await note(tx, Event(kind="party.suspended" if suspended else "party.resumed", what=f"party:{party.id}"))


async def end(tx: Connection, party: Party) -> None:
    """The party is no more: signed out, never to act again; what it did stays in the ledger."""
    await store.end_sessions_below(tx, party.id)
    await store.end_party(tx, party.id)
    await require_administrator(tx)
    await note(tx, Event(kind="party.ended", what=f"party:{party.id}"))
