"""One-time codes of an authenticator app (TOTP, RFC 6238): six digits, 30 s, SHA-1, one step of skew, each step used once."""

from __future__ import annotations

import hmac
import re
import uuid

import pyotp
import segno

from nhip.db import Connection
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Account
from nhip.security.resealing import SealedColumn
from nhip.security.secrets import Vault
from nhip.security.signin import store

DIGITS, SECONDS, SKEW = 6, 30, 1
CODE = re.compile(r"[0-9]{6}")


async def begin(tx: Connection, vault: Vault, account: Account) -> None:
    """Make a secret to be confirmed by a first code; one that is confirmed already stays."""
    sealed = vault.seal({"secret": pyotp.random_base32(32)}, _aad(account.id))
    await store.put_totp(tx, account.id, sealed)


async def find_unconfirmed(tx: Connection, vault: Vault, account: Account) -> str | None:
    """The secret in base32 (160 bits) that a first code shall confirm."""
    found = await store.find_totp(tx, account.id)
    if found is None or found.confirmed_at is not None:
        return None
    return vault.open_(found.sealed, _aad(account.id)).value("secret")


def address_of(secret: str, account: Account, city: str) -> str:
    """The `otpauth://` address that apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.name, issuer_name=f"Nhịp {city}")


def picture_of(address: str) -> str:
    """A QR code of `address` as an SVG data address: black on white in both themes, or cameras cannot read it."""
    return segno.make(address, error="m").svg_data_uri(scale=5, border=3, dark="#000", light="#fff")


async def confirm(tx: Connection, vault: Vault, account: Account, code: str) -> bool:
    """Switch codes on when `code` is right."""
    if not await uses(tx, vault, account.id, code, confirmed=False) or not await store.confirm_totp(tx, account.id):
        return False
    await note(tx, Event(kind="totp.added", what=f"party:{account.party_id}"))
    return True


async def uses(tx: Connection, vault: Vault, account_id: uuid.UUID, code: str, *, confirmed: bool = True) -> bool:
    """Whether `code` is right now; its step, and those before it, cannot be used again."""
    found = await store.find_totp(tx, account_id)
    if found is None or (found.confirmed_at is not None) != confirmed or not CODE.fullmatch(code):
        return False
    secret = vault.open_(found.sealed, _aad(account_id)).value("secret")
    step = step_of(secret, code)
    return step is not None and await store.use_step(tx, account_id, step)


def step_of(secret: str, code: str) -> int | None:
    """The time step, of the present one and its neighbours, that gives `code`. Compares all of them in constant time."""
    present, found = int(now().timestamp()) // SECONDS, None
    made = pyotp.TOTP(secret, digits=DIGITS, interval=SECONDS)
    for step in range(present - SKEW, present + SKEW + 1):
        if hmac.compare_digest(made.generate_otp(step), code):
            found = step
    return found


async def remove(tx: Connection, account: Account) -> bool:
    """Switch codes off; whether they were on."""
    found = await store.find_totp(tx, account.id)
    if not await store.delete_totp(tx, account.id):
        return False
    if found is not None and found.confirmed_at is not None:
        await note(tx, Event(kind="totp.removed", what=f"party:{account.party_id}"))
    return True


def _aad(account_id: uuid.UUID | str) -> str:
    return f"totp:{account_id}"


SEALED = [
    SealedColumn(
        name="security.totp.sealed", listing=store.queries.list_totp, reseal=store.queries.reseal_totp, aad=_aad
    )
]
