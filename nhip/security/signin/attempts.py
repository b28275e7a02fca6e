"""Counting failed attempts: each is noted as failed before it is looked at, so that many at once cannot slip past the lock."""

from __future__ import annotations

import uuid
from datetime import timedelta

import msgspec

from nhip.db import Connection
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Account
from nhip.security.signin import store
from nhip.security.signin.model import AttemptKind, Tried

WINDOW = timedelta(minutes=15)
"""Failed attempts count for this long, and as long lasts the lock that they bring."""
MINUTES = int(WINDOW.total_seconds() // 60)
MOST_HERE, MOST_FROM_ADDRESS, MOST_ON_NAME = 5, 30, 100
"""Failed attempts within the window: on one name from one address, from one address, on one name from anywhere.

The last is high, so that a stranger cannot lock somebody out with a few requests from elsewhere."""
MOST_CODES, MOST_CODES_OF_DAY = 10, 50
"""One-time codes on one name, from anywhere: whoever tries them knows the password already. A guess of six digits with a
step of skew is right with 3 in a million: 50 a day make that 1 in 6,667 a day (NIST SP 800-63B-4, 3.2.2)."""


class Attempt(msgspec.Struct, frozen=True):
    """An attempt that may be looked at. `last`: when it fails, the lock closes."""

    id: uuid.UUID
    last: bool


async def begin(tx: Connection, kind: AttemptKind, name: str, address: str) -> Attempt | None:
    """Note an attempt on `name` (empty where none is given: then only the address counts); None while it is locked."""
    tried = await store.count_failures(tx, name, address, WINDOW)
    if _full(tried, kind, name, 0):
        return None
    return Attempt(await store.begin_attempt(tx, name, address, kind), _full(tried, kind, name, 1))


def _full(tried: Tried, kind: AttemptKind, name: str, more: int) -> bool:
    """Whether the lock is closed once `more` attempts failed."""
    if tried.from_address + more >= MOST_FROM_ADDRESS:
        return True
    if not name:
        return False
    if kind == "code" and (tried.codes + more >= MOST_CODES or tried.codes_of_day + more >= MOST_CODES_OF_DAY):
        return True
    return tried.here + more >= MOST_HERE or tried.on_name + more >= MOST_ON_NAME


async def failed(tx: Connection, attempt: Attempt, account: Account | None, method: str) -> None:
    """Tell the ledger; the same number of events whether or not there is such an account."""
    what = f"party:{account.party_id}" if account else ""
    kind = "account.locked" if attempt.last else "signin.failed"
    await note(tx, Event(kind=kind, what=what, data={"method": method}))


async def succeeded(tx: Connection, attempt: Attempt) -> None:
    """It counts no longer."""
    await store.mark_success(tx, attempt.id)


async def unlock(tx: Connection, account: Account) -> None:
    """Let an account try again at once: the act of an administrator, or of a recovery."""
    if await store.forgive(tx, account.name):
        await note(tx, Event(kind="account.unlocked", what=f"party:{account.party_id}"))
