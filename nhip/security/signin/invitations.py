"""One-time codes by which somebody sets a password: a new person, one who lost the password or a factor, the first administrator.

A code is 25 letters and digits of 31 kinds: 123 bits, so that plain SHA-256 keeps it (ASVS 5.0, 6.5.2).
"""

from __future__ import annotations

import re
from datetime import timedelta

from nhip.db import Connection
from nhip.kernel import random
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Account
from nhip.security.passwords import token_hash
from nhip.security.signin import store
from nhip.security.signin.model import Invitation

LASTS = timedelta(hours=24)
HOURS = int(LASTS.total_seconds() // 3600)
GROUPS = 5


async def invite(tx: Connection, account: Account, *, drops_factors: bool = False) -> str:
    """A code with which this person sets a password within 24 hours, at `/recover?code=…`; the code before it is void.

    `drops_factors`: the second factors are lost too, and go when the code is used. Shown once, kept as a hash.
    """
    code = random.password(GROUPS)
    await store.put_invitation(tx, _hash(code), account.id, drops_factors, now() + LASTS)
    data = {"factors": drops_factors, "hours": HOURS}
    await note(tx, Event(kind="invitation.issued", what=f"party:{account.party_id}", data=data))
    return code


async def invite_first(tx: Connection) -> str:
    """A code with which the first administrator sets up this installation within 24 hours, at `/setup?code=…`."""
    code = random.password(GROUPS)
    await store.put_invitation(tx, _hash(code), None, False, now() + LASTS)
    return code


async def find(tx: Connection, code: str) -> Invitation | None:
    """What a code is for; None when it is unknown, used or too old."""
    return await store.find_invitation(tx, _hash(code))


async def take(tx: Connection, code: str) -> Invitation | None:
    """Use a code up."""
    return await store.take_invitation(tx, _hash(code))


def _hash(code: str) -> bytes:
    letters = re.sub(r"[\s-]", "", code.lower())[:100]
    return token_hash(f"invitation:{letters}")
