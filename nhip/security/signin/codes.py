"""Recovery codes: ten, shown once, stored as argon2id, each used once in the place of a second factor."""

from __future__ import annotations

import asyncio
import re
import secrets
import uuid

from nhip.db import Connection, Database
from nhip.kernel import random
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Account
from nhip.security.passwords import hash_code
from nhip.security.signin import store

MANY, GROUPS = 10, 2
_CODE = re.compile(r"[a-z0-9]{10}")


async def make(db: Database, account: Account) -> list[str]:
    """A new set, in the place of the old one; gives the codes, which nobody can read again."""
    codes = [random.password(GROUPS) for _each in range(MANY)]
    salt = secrets.token_bytes(16)
    hashes = await asyncio.gather(*(hash_code(plain(code), salt) for code in codes))
    async with db.tx() as tx:
        await store.put_recovery_codes(tx, account.id, salt, list(hashes))
        await note(tx, Event(kind="recovery.issued", what=f"party:{account.party_id}", data={"codes": MANY}))
    return codes


async def hashed(tx: Connection, account_id: uuid.UUID, code: str) -> tuple[bytes, str]:
    """What `hash_code` needs to look for `code`: the salt of the account's set (any other where there is none) and the code."""
    return await store.find_recovery_salt(tx, account_id) or bytes(16), plain(code)


async def use(tx: Connection, account: Account, code_hash: bytes) -> bool:
    """Use up the code of this hash; False when there is none."""
    if not await store.use_recovery_code(tx, account.id, code_hash):
        return False
    left = (await store.get_factors(tx, account.id)).codes
    await note(tx, Event(kind="recovery.used", what=f"party:{account.party_id}", data={"left": left}))
    return True


def plain(code: str) -> str:
    """A code as it was made, without what people put between its groups."""
    return re.sub(r"[\s-]", "", code.lower())[:40]


def is_code(text: str) -> bool:
    """Whether `text` has the form of a recovery code."""
    return _CODE.fullmatch(plain(text)) is not None
