"""Signing in with a password, signing out, and the first administrator."""

from __future__ import annotations

import uuid
from datetime import timedelta

from nhip.db import Connection, Database
from nhip.kernel import random
from nhip.kernel.text import nfc
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security import store
from nhip.security.model import Account, Failures, SignIn
from nhip.security.parties.service import get_party, make_account, make_party
from nhip.security.passwords import LONGEST, hash_password, matches, outdated, token_hash
from nhip.security.permissions.service import ADMINISTRATOR as ADMINISTRATOR_ROLE
from nhip.security.permissions.service import give_role
from nhip.security.store import NewSession, find_administrator

__all__ = ["ADMINISTRATOR", "begin_session", "find_administrator", "set_administrator_password", "sign_in", "sign_out"]

ADMINISTRATOR = "admin"
"""Name of the account that `nhip password` makes where there is no administrator yet."""
WINDOW = timedelta(minutes=15)
"""Failed attempts count for this long, and as long lasts the lock that they bring."""
MOST_HERE, MOST_FROM_ADDRESS, MOST_ON_NAME = 5, 30, 100
"""Failed attempts within the window: on one name from one address, from one address, on one name from anywhere.

The last is high, so that a stranger cannot lock the administrator out with a few requests from elsewhere."""


async def set_administrator_password(tx: Connection) -> str:
    """Make the administrator, or give them a new password; the old one and all their sessions end. Gives the password."""
    password = random.password()
    account = await find_administrator(tx) or await _make_administrator(tx)
    await set_password(tx, account, password)
    return password


async def _make_administrator(tx: Connection) -> Account:
    account = await store.find_account(tx, ADMINISTRATOR)
    if account is not None:
        party = await get_party(tx, account.party_id)
    else:
        party = await make_party(tx, "person", ADMINISTRATOR)
        account = await make_account(tx, party, ADMINISTRATOR, None)
    await give_role(tx, party.id, ADMINISTRATOR_ROLE)
    return account


async def set_password(tx: Connection, account: Account, password: str, but: uuid.UUID | None = None) -> None:
    """Give an account a new password; all its sessions end, except `but`."""
    await store.set_password(tx, account.id, await hash_password(password))
    await store.end_sessions_of(tx, account.id, but)
    await note(tx, Event(kind="password.changed", what=f"party:{account.party_id}"))


async def sign_in(db: Database, name: str, password: str, address: str, hours: int, agent: str = "") -> SignIn:
    """Try to begin a session of `hours`. No connection is held while the password is being hashed.

    The attempt is noted before the password is looked at, so that many at once cannot slip past the lock.
    """
    name = nfc(name).strip()[:100]
    async with db.tx() as tx:
        await store.forget(tx, now() - 4 * WINDOW)
        if _locked(await store.count_failures(tx, name, address, now() - WINDOW)):
            return SignIn(locked=True)
        attempt = await store.begin_attempt(tx, name, address)
        account = await store.find_account(tx, name)
    good = len(password) <= LONGEST and await matches(account.password_hash if account else None, password)
    if not good or account is None:
        async with db.tx() as tx:
            await note(tx, Event(kind="signin.failed", what=f"party:{account.party_id}" if account else ""))
        return SignIn()
    newer = await hash_password(password) if outdated(account.password_hash or "") else ""
    async with db.tx() as tx:
        await store.mark_success(tx, attempt)
        if newer:
            await store.rehash(tx, account, newer)
        ends_at = now() + timedelta(hours=hours)
        new = NewSession(method="password", level=1, ends_at=ends_at, address=address, agent=agent)
        return SignIn(token=await begin_session(tx, account, new))


async def begin_session(tx: Connection, account: Account, new: NewSession) -> str:
    """Begin a session however the person proved who they are; gives the token for the cookie."""
    token = random.token()
    session = await store.begin_session(tx, account.id, token_hash(token), new)
    data = {"session": str(session), "method": new.method, "level": new.level}
    await note(tx, Event(kind="session.began", what=f"party:{account.party_id}", data=data))
    return token


def _locked(failures: Failures) -> bool:
    return failures.here >= MOST_HERE or failures.from_address >= MOST_FROM_ADDRESS or failures.on_name >= MOST_ON_NAME


async def sign_out(tx: Connection, token: str) -> None:
    """End the session of `token`."""
    if await store.end_session(tx, token_hash(token)):
        await note(tx, Event(kind="session.ended"))
