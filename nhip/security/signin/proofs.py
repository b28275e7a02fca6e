"""Looking at what somebody typed: a password, a one-time code, a recovery code. No connection is held while hashing."""

from __future__ import annotations

from nhip.db import Database
from nhip.security.model import Account
from nhip.security.passwords import LONGEST, hash_code, matches
from nhip.security.secrets import Vault
from nhip.security.signin import codes, store, totp


async def good_password(account: Account | None, password: str) -> bool:
    """Whether the password is right; hashes once whether or not there is such an account or it has a password."""
    return len(password) <= LONGEST and await matches(account.password_hash if account else None, password)


async def second_method(db: Database, vault: Vault, account: Account, code: str) -> str:
    """Which factor `code` proves, using it up: `totp`, `recovery`, or none."""
    digits = code.replace(" ", "").strip()[:40]
    if totp.CODE.fullmatch(digits):
        async with db.tx() as tx:
            return "totp" if await totp.uses(tx, vault, account.id, digits) else ""
    if not codes.is_code(code):
        return ""
    async with db.read() as reading:
        salt, plain = await codes.hashed(reading, account.id, code)
    made = await hash_code(plain, salt)
    async with db.tx() as tx:
        return "recovery" if await codes.use(tx, account, made) else ""


async def has_second(db: Database, account: Account) -> bool:
    """Whether a password alone does not open this account."""
    async with db.read() as reading:
        return (await store.get_factors(reading, account.id)).second
