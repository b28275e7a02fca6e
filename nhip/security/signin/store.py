"""Access to second factors, passkeys, recovery codes, attempts and half-way proofs: `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.security.model import Account
from nhip.security.signin.model import AttemptKind, Factors, Invitation, Passkey, Purpose, Step, Totp, Tried

queries = load(__file__)


class _Salt(msgspec.Struct):
    salt: bytes


class _Name(msgspec.Struct):
    name: str


async def find_account(tx: Connection, account_id: uuid.UUID) -> Account | None:
    """An account by its id; None when its party may not act."""
    return await fetch_one(tx, Account, queries.find_account_by_id, id=account_id)


async def get_factors(tx: Connection, account_id: uuid.UUID) -> Factors:
    """What an account can prove itself with."""
    found = await fetch_one(tx, Factors, queries.get_factors, account_id=account_id)
    return found or Factors(password=False, totp=None, passkeys=0, codes=0)


# attempts


async def count_failures(tx: Connection, name: str, address: str, window: timedelta) -> Tried:
    """Failed attempts within `window`; whoever counts on the same name waits here until this transaction ends."""
    await execute(tx, queries.lock_attempts, name=name or address)
    at = now()
    values = {"name": name, "address": address, "since": at - window, "since_day": at - timedelta(days=1)}
    found = await fetch_one(tx, Tried, queries.count_failures, **values)
    return found or Tried(0, 0, 0, 0, 0)


async def begin_attempt(tx: Connection, name: str, address: str, kind: AttemptKind) -> uuid.UUID:
    """Note an attempt as failed, until `mark_success`."""
    attempt = new_id()
    await execute(tx, queries.insert_attempt, id=attempt, name=name, address=address, kind=kind, now=now())
    return attempt


async def mark_success(tx: Connection, attempt: uuid.UUID) -> None:
    """The attempt succeeded after all."""
    await execute(tx, queries.mark_success, id=attempt)


async def forgive(tx: Connection, name: str) -> int:
    """Failed attempts on a name count no longer; gives how many there were."""
    return await execute(tx, queries.forgive, name=name)


async def forget(tx: Connection) -> None:
    """Drop attempts older than a day, and whatever has ended."""
    await execute(tx, queries.forget, before=now() - timedelta(days=1), now=now())


# half-way proofs


async def insert_step(tx: Connection, token_hash: bytes, step: Step, ends_at: datetime) -> None:
    """A browser is half-way through a proof."""
    await execute(tx, queries.insert_step, token_hash=token_hash, ends_at=ends_at, **msgspec.structs.asdict(step))


async def find_step(tx: Connection, token_hash: bytes, purpose: Purpose) -> Step | None:
    """What a browser is half-way through."""
    return await fetch_one(tx, Step, queries.find_step, token_hash=token_hash, purpose=purpose, now=now())


async def set_challenge(tx: Connection, token_hash: bytes, purpose: Purpose, challenge: bytes) -> None:
    """Ask a passkey to sign `challenge`."""
    values = {"token_hash": token_hash, "purpose": purpose, "challenge": challenge}
    await execute(tx, queries.set_challenge, now=now(), **values)


async def take_challenge(tx: Connection, token_hash: bytes, purpose: Purpose) -> Step | None:
    """The step with its challenge, which is gone from then on."""
    return await fetch_one(tx, Step, queries.take_challenge, token_hash=token_hash, purpose=purpose, now=now())


async def end_step(tx: Connection, token_hash: bytes, purpose: Purpose) -> None:
    """The browser is through, or gave up."""
    await execute(tx, queries.end_step, token_hash=token_hash, purpose=purpose)


async def end_steps_of(tx: Connection, account_id: uuid.UUID) -> None:
    """No browser is half-way into this account any more."""
    await execute(tx, queries.end_steps_of, account_id=account_id)


# one-time codes


async def put_totp(tx: Connection, account_id: uuid.UUID, sealed: bytes) -> bool:
    """Keep a new shared secret to be confirmed; False when a confirmed one is there."""
    return await execute(tx, queries.put_totp, account_id=account_id, sealed=sealed, now=now()) > 0


async def find_totp(tx: Connection, account_id: uuid.UUID) -> Totp | None:
    """The shared secret of an account."""
    return await fetch_one(tx, Totp, queries.find_totp, account_id=account_id)


async def use_step(tx: Connection, account_id: uuid.UUID, step: int) -> bool:
    """Use up a time step; False when it, or a later one, was used already."""
    return await execute(tx, queries.use_step, account_id=account_id, step=step) > 0


async def confirm_totp(tx: Connection, account_id: uuid.UUID) -> bool:
    """From now on codes are asked for; False when they were already."""
    return await execute(tx, queries.confirm_totp, account_id=account_id, now=now()) > 0


async def delete_totp(tx: Connection, account_id: uuid.UUID) -> bool:
    """Codes are no longer asked for; whether they were."""
    return await execute(tx, queries.delete_totp, account_id=account_id) > 0


# passkeys


async def insert_passkey(tx: Connection, passkey: Passkey) -> bool:
    """Add a passkey; False when this credential is there already, whosever it is."""
    values = msgspec.structs.asdict(passkey)
    values.pop("used_at")
    return await execute(tx, queries.insert_passkey, **values) > 0


async def list_passkeys(tx: Connection, account_id: uuid.UUID) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    return await fetch_all(tx, Passkey, queries.list_passkeys, account_id=account_id)


async def find_passkey(tx: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey of a credential, locked until `tx` ends."""
    return await fetch_one(tx, Passkey, queries.find_passkey, credential_id=credential_id)


async def use_passkey(tx: Connection, passkey_id: uuid.UUID, sign_count: int, synced: bool) -> None:
    """The passkey proved itself."""
    await execute(tx, queries.use_passkey, id=passkey_id, sign_count=sign_count, synced=synced, now=now())


async def rename_passkey(tx: Connection, account_id: uuid.UUID, passkey_id: uuid.UUID, name: str) -> bool:
    """Call a passkey otherwise; whether the account has it."""
    return await execute(tx, queries.rename_passkey, id=passkey_id, account_id=account_id, name=name) > 0


async def delete_passkey(tx: Connection, account_id: uuid.UUID, passkey_id: uuid.UUID) -> str | None:
    """Take a passkey away; gives its name, None when the account has no such passkey."""
    found = await fetch_one(tx, _Name, queries.delete_passkey, id=passkey_id, account_id=account_id)
    return found.name if found else None


# recovery codes, invitations


async def put_recovery_codes(tx: Connection, account_id: uuid.UUID, salt: bytes, hashes: list[bytes]) -> None:
    """Put a new set of recovery codes in the place of the old one."""
    await execute(tx, queries.delete_recovery_codes, account_id=account_id)
    await execute(tx, queries.put_recovery_set, account_id=account_id, salt=salt, now=now())
    await execute(tx, queries.insert_recovery_codes, account_id=account_id, hashes=hashes)


async def delete_recovery_codes(tx: Connection, account_id: uuid.UUID) -> None:
    """The codes of an account are worth nothing any more."""
    await execute(tx, queries.delete_recovery_codes, account_id=account_id)


async def find_recovery_salt(tx: Connection, account_id: uuid.UUID) -> bytes | None:
    """The salt of the account's set of codes."""
    found = await fetch_one(tx, _Salt, queries.find_recovery_salt, account_id=account_id)
    return found.salt if found else None


async def use_recovery_code(tx: Connection, account_id: uuid.UUID, code_hash: bytes) -> bool:
    """Use up a recovery code; False when there is no such code, or no longer."""
    return await execute(tx, queries.use_recovery_code, account_id=account_id, code_hash=code_hash, now=now()) > 0


async def put_invitation(
    tx: Connection, code_hash: bytes, account_id: uuid.UUID | None, drops_factors: bool, ends_at: datetime
) -> None:
    """Issue a one-time code in the place of the one before it."""
    values: dict[str, Any] = {"code_hash": code_hash, "account_id": account_id, "drops_factors": drops_factors}
    await execute(tx, queries.delete_invitation, account_id=account_id)
    await execute(tx, queries.insert_invitation, now=now(), ends_at=ends_at, **values)


async def find_invitation(tx: Connection, code_hash: bytes) -> Invitation | None:
    """What a one-time code is for; None when there is no such code, or no longer."""
    return await fetch_one(tx, Invitation, queries.find_invitation, code_hash=code_hash, now=now())


async def take_invitation(tx: Connection, code_hash: bytes) -> Invitation | None:
    """Use up a one-time code."""
    return await fetch_one(tx, Invitation, queries.take_invitation, code_hash=code_hash, now=now())


# what the person has seen


async def get_told(tx: Connection, account_id: uuid.UUID) -> int:
    """The first event (its seq) about the account that the person has not seen."""
    row = await (await tx.execute(queries.find_told, {"account_id": account_id})).fetchone()
    return int(row[0]) if row else 0


async def set_told(tx: Connection, account_id: uuid.UUID) -> None:
    """The person has seen everything until now."""
    await execute(tx, queries.set_told, account_id=account_id)
