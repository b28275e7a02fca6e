"""Access to the `security` schema: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime

from nhip.db import Connection
from nhip.db.query import execute, fetch_one
from nhip.db.sql import load
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.security.model import Account, Failures, Who

queries = load(__file__)


async def find_account(tx: Connection, name: str) -> Account | None:
    """An account by its name."""
    return await fetch_one(tx, Account, queries.find_account, name=name)


async def find_administrator(tx: Connection) -> Account | None:
    """The administrator, if one was made."""
    return await fetch_one(tx, Account, queries.find_administrator)


async def put_account(tx: Connection, name: str, password_hash: str, administrator: bool) -> None:
    """Make an account, or give the one of this name a new password and end its sessions."""
    values = {"id": new_id(), "name": name, "password_hash": password_hash, "administrator": administrator}
    await execute(tx, queries.put_account, now=now(), **values)
    await execute(tx, queries.delete_sessions_of, name=name)


async def rehash(tx: Connection, account: Account, password_hash: str) -> None:
    """Store the same password under newer parameters."""
    await execute(tx, queries.rehash, id=account.id, password_hash=password_hash)


async def begin_session(tx: Connection, account: Account, token_hash: bytes, ends_at: datetime) -> None:
    """Note a new session."""
    values = {"token_hash": token_hash, "account_id": account.id, "ends_at": ends_at}
    await execute(tx, queries.insert_session, now=now(), **values)


async def find_who(tx: Connection, token_hash: bytes) -> Who | None:
    """Whose session this is, None when it has ended."""
    return await fetch_one(tx, Who, queries.find_who, token_hash=token_hash, now=now())


async def end_session(tx: Connection, token_hash: bytes) -> None:
    """End one session."""
    await execute(tx, queries.delete_session, token_hash=token_hash)


async def count_failures(tx: Connection, name: str, address: str, since: datetime) -> Failures:
    """Failed attempts after `since`; whoever counts on the same name waits here until this transaction ends."""
    await execute(tx, queries.lock_attempts, name=name)
    found = await fetch_one(tx, Failures, queries.count_failures, name=name, address=address, since=since)
    return found or Failures(0, 0, 0)


async def begin_attempt(tx: Connection, name: str, address: str) -> uuid.UUID:
    """Note an attempt as failed, until `mark_success`."""
    attempt = new_id()
    await execute(tx, queries.insert_attempt, id=attempt, name=name, address=address, now=now())
    return attempt


async def mark_success(tx: Connection, attempt: uuid.UUID) -> None:
    """The attempt succeeded after all."""
    await execute(tx, queries.mark_success, id=attempt)


async def forget(tx: Connection, before: datetime) -> None:
    """Drop attempts older than `before`, and sessions that have ended."""
    await execute(tx, queries.forget, before=before, now=now())
