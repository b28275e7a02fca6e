"""Sign-in of part 1: one administrator. `allow` is the only place that decides what somebody may do."""

from __future__ import annotations

from datetime import timedelta

from nhip.db import Connection, Database
from nhip.kernel import random
from nhip.kernel.text import nfc
from nhip.kernel.time import now
from nhip.security import store
from nhip.security.model import Failures, SignIn, Who
from nhip.security.passwords import LONGEST, hash_password, matches, outdated, token_hash
from nhip.security.store import find_administrator

__all__ = [
    "ADMINISTRATOR",
    "allow",
    "find_administrator",
    "find_who",
    "set_administrator_password",
    "sign_in",
    "sign_out",
]

ADMINISTRATOR = "admin"
"""Name of the account that the first start makes."""
WINDOW = timedelta(minutes=15)
"""Failed attempts count for this long, and as long lasts the lock that they bring."""
MOST_HERE, MOST_FROM_ADDRESS, MOST_ON_NAME = 5, 30, 100
"""Failed attempts within the window: on one name from one address, from one address, on one name from anywhere.

The last is high, so that a stranger cannot lock the administrator out with a few requests from elsewhere."""


def allow(who: Who | None, action: str, what: object = None) -> bool:
    """Whether `who` may do `action` (`dataset.correct`) to `what`. Part 2 puts roles, areas and grants here."""
    return who is not None and who.administrator


async def set_administrator_password(tx: Connection) -> str:
    """Make the administrator, or give them a new password; the old one and all their sessions end. Gives the password."""
    account = await find_administrator(tx)
    password = random.password()
    await store.put_account(tx, account.name if account else ADMINISTRATOR, await hash_password(password), True)
    return password


async def sign_in(db: Database, name: str, password: str, address: str, hours: int) -> SignIn:
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
        return SignIn()
    newer = await hash_password(password) if outdated(account.password_hash) else ""
    token = random.token()
    async with db.tx() as tx:
        await store.mark_success(tx, attempt)
        await store.begin_session(tx, account, token_hash(token), now() + timedelta(hours=hours))
        if newer:
            await store.rehash(tx, account, newer)
    return SignIn(token=token)


def _locked(failures: Failures) -> bool:
    return failures.here >= MOST_HERE or failures.from_address >= MOST_FROM_ADDRESS or failures.on_name >= MOST_ON_NAME


async def find_who(tx: Connection, token: str) -> Who | None:
    """Whose session `token` is; None when there is none or it has ended."""
    return await store.find_who(tx, token_hash(token)) if token else None


async def sign_out(tx: Connection, token: str) -> None:
    """End the session of `token`."""
    await store.end_session(tx, token_hash(token))
