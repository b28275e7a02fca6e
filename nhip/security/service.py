"""Signing in with a password, beginning and ending sessions, setting passwords; other proofs: `nhip.security.signin`."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from nhip.db import Connection, Database
from nhip.kernel import random
from nhip.kernel.actor import acting
from nhip.kernel.text import nfc
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security import store
from nhip.security.model import Account, Party, SignIn
from nhip.security.parties.service import get_party, make_account, make_party
from nhip.security.passwords import hash_password, outdated, token_hash
from nhip.security.permissions.service import ADMINISTRATOR as ADMINISTRATOR_ROLE
from nhip.security.permissions.service import give_role
from nhip.security.signin import attempts, steps
from nhip.security.signin import store as proofs_store
from nhip.security.signin.model import Step
from nhip.security.signin.proofs import good_password
from nhip.security.store import NewSession, find_administrator

__all__ = [
    "ADMINISTRATOR",
    "begin_session",
    "find_administrator",
    "make_user",
    "set_administrator_password",
    "set_password",
    "sign_in",
    "sign_out",
]

ADMINISTRATOR = "admin"
"""Name of the account that `set_administrator_password` makes where there is no administrator yet."""
MOST_SESSIONS = 10


async def set_administrator_password(tx: Connection) -> str:
    """Make the administrator, or give them a new password; the old one and all their sessions end. Gives the password.

    For machines, which cannot open a link: `nhip password --generate`, the tests.
    """
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


async def make_user(tx: Connection, party: Party, account_name: str, password: str) -> Account:
    """Let a party sign in under `account_name` with `password`, unchecked by the rules for people. Raises NameTaken."""
    return await make_account(tx, party, account_name, await hash_password(password))


async def set_password(tx: Connection, account: Account, password: str, but: uuid.UUID | None = None) -> None:
    """Give an account a new password; all its sessions end, except `but`, and every proof that is half-way through."""
    await store.set_password(tx, account.id, await hash_password(password))
    await store.end_sessions_of(tx, account.id, but)
    await proofs_store.end_steps_of(tx, account.id)
    await note(tx, Event(kind="password.changed", what=f"party:{account.party_id}"))


async def sign_in(
    db: Database, name: str, password: str, address: str, hours: int, agent: str = "", most: int = MOST_SESSIONS
) -> SignIn:
    """Try to begin a session of `hours`; where the account has a second factor, the way there (`SignIn.second`).

    No connection is held while the password is being hashed. One hash, the same statements and the same words whether the
    name, the password or neither is right, or the account has no password or is suspended.
    """
    name = nfc(name).strip()[:100]
    async with db.tx() as tx:
        await proofs_store.forget(tx)
        attempt = await attempts.begin(tx, "password", name, address)
        account = await store.find_account(tx, name)
    if attempt is None:
        return SignIn(locked=True)
    good = await good_password(account, password)
    if not good or account is None:
        async with db.tx() as tx:
            await attempts.failed(tx, attempt, account, "password")
        return SignIn()
    newer = await hash_password(password) if outdated(account.password_hash or "") else ""
    async with db.tx() as tx:
        await attempts.succeeded(tx, attempt)
        if newer:
            await store.rehash(tx, account, newer)
        if (await proofs_store.get_factors(tx, account.id)).second:
            return SignIn(second=await steps.begin(tx, Step("second", account.id, None, None, "password")))
        new = NewSession(method="password", level=1, ends_at=ends_at(hours), address=address, agent=agent)
        return SignIn(token=await begin_session(tx, account, new, most), account=account)


def ends_at(hours: int) -> datetime:
    """When a session that begins now ends at the latest."""
    return now() + timedelta(hours=hours)


async def begin_session(tx: Connection, account: Account, new: NewSession, most: int = MOST_SESSIONS) -> str:
    """Begin a session however the person proved who they are; gives the token for the cookie.

    Beyond `most` sessions the one unused for the longest ends.
    """
    token = random.token()
    session = await store.begin_session(tx, account.id, token_hash(token), new)
    data = {"session": str(session), "method": new.method, "level": new.level}
    await note(tx, Event(kind="session.began", what=f"party:{account.party_id}", data=data))
    if ended := await store.end_oldest(tx, account.id, most):
        told = {"reason": "too many sessions", "sessions": ended}
        await note(tx, Event(kind="session.ended", what=f"party:{account.party_id}", data=told))
    return token


async def sign_out(tx: Connection, token: str) -> None:
    """End the session of `token`."""
    if await store.end_session(tx, token_hash(token)):
        party = acting().party
        await note(tx, Event(kind="session.ended", what=f"party:{party}" if party else ""))
