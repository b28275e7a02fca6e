"""Access to accounts, sessions and attempts: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.security.model import Account

queries = load(__file__)


class SessionRow(msgspec.Struct, frozen=True):
    """A session with whose it is; `epoch` is the number of the last change of rights, read at the same moment."""

    session: uuid.UUID
    account_id: uuid.UUID
    account: str
    party: uuid.UUID
    name: str
    organisation: uuid.UUID | None
    organisation_code: str
    method: str
    level: int
    confirmed_at: datetime
    seen_at: datetime
    address: str
    agent: str
    epoch: int


class SessionLine(msgspec.Struct, frozen=True):
    """A session as a list shows it."""

    id: uuid.UUID
    account_id: uuid.UUID
    account: str
    party_id: uuid.UUID
    name: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    method: str
    level: int


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to begin. `agent` is the browser as it names itself; `issuer…` are an identity provider's marks of it."""

    method: str
    level: int
    ends_at: datetime
    address: str = ""
    agent: str = ""
    issuer: str = ""
    issuer_session: str = ""
    issuer_subject: str = ""


async def find_account(tx: Connection, name: str) -> Account | None:
    """The account of this name; None when its party may not act."""
    return await fetch_one(tx, Account, queries.find_account, name=name)


async def find_account_of(tx: Connection, party_id: uuid.UUID) -> Account | None:
    """The account of a party."""
    return await fetch_one(tx, Account, queries.find_account_of, party_id=party_id)


async def find_administrator(tx: Connection) -> Account | None:
    """The first account that may administer everything, if there is one."""
    return await fetch_one(tx, Account, queries.find_administrator)


async def insert_account(tx: Connection, party_id: uuid.UUID, name: str, password_hash: str | None) -> Account:
    """Make an account."""
    made = Account(new_id(), party_id, name, password_hash)
    await execute(tx, queries.insert_account, now=now(), **msgspec.structs.asdict(made))
    return made


async def set_password(tx: Connection, account_id: uuid.UUID, password_hash: str) -> None:
    """Give an account a new password."""
    await execute(tx, queries.set_password, id=account_id, password_hash=password_hash, now=now())


async def rehash(tx: Connection, account: Account, password_hash: str) -> None:
    """Store the same password under newer parameters."""
    await execute(tx, queries.rehash, id=account.id, password_hash=password_hash)


async def begin_session(tx: Connection, account_id: uuid.UUID, token_hash: bytes, new: NewSession) -> uuid.UUID:
    """Note a new session; gives its id."""
    values = {"token_hash": token_hash, "id": new_id(), "account_id": account_id}
    await execute(tx, queries.insert_session, now=now(), **values, **msgspec.structs.asdict(new))
    return values["id"]  # type: ignore[return-value]


async def find_session(tx: Connection, token_hash: bytes, idle_since: datetime) -> SessionRow | None:
    """Whose session this is; None when it has ended, was idle since before `idle_since`, or its party may not act."""
    values = {"token_hash": token_hash, "now": now(), "idle": idle_since}
    return await fetch_one(tx, SessionRow, queries.find_session, **values)


async def touch_session(tx: Connection, session: uuid.UUID, address: str) -> None:
    """Note that a session is in use, and from where."""
    await execute(tx, queries.touch_session, id=session, address=address, now=now())


async def confirm_session(tx: Connection, session: uuid.UUID, level: int, token_hash: bytes | None = None) -> bool:
    """The person proved again who they are: the session goes on, under a new token if one is given. False when it ended."""
    return await execute(tx, queries.confirm_session, id=session, token_hash=token_hash, level=level, now=now()) > 0


async def end_oldest(tx: Connection, account_id: uuid.UUID, most: int) -> int:
    """End the sessions of an account beyond the `most` last used; gives how many."""
    return await execute(tx, queries.delete_oldest, account_id=account_id, most=most)


async def end_session(tx: Connection, token_hash: bytes) -> bool:
    """End one session; whether there was one."""
    return await execute(tx, queries.delete_session, token_hash=token_hash) > 0


async def end_session_by_id(tx: Connection, session: uuid.UUID, account_id: uuid.UUID | None = None) -> bool:
    """End a session, if given only one of `account_id`; whether there was one."""
    return await execute(tx, queries.delete_session_by_id, id=session, account_id=account_id) > 0


async def end_sessions_of(tx: Connection, account_id: uuid.UUID, but: uuid.UUID | None = None) -> int:
    """End all sessions of an account but one; gives how many."""
    return await execute(tx, queries.delete_sessions_of, account_id=account_id, but=but)


async def list_sessions(tx: Connection, idle_since: datetime, account_id: uuid.UUID | None = None) -> list[SessionLine]:
    """Sessions that have not ended, the last used first; at most 500."""
    values = {"now": now(), "idle": idle_since, "account_id": account_id}
    return await fetch_all(tx, SessionLine, queries.list_sessions, **values)
