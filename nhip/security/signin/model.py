"""The nouns of proving who one is: second factors, passkeys, a browser half-way through."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

Purpose = Literal["second", "passkey", "register", "confirm"]
"""What a browser is half-way through: after the password, a passkey alone, adding a passkey, proving it again."""
AttemptKind = Literal["password", "code", "confirm", "passkey", "invitation"]


class Factors(msgspec.Struct, frozen=True, kw_only=True):
    """What an account can prove itself with."""

    password: bool
    totp: datetime | None
    """Since when one-time codes are on."""
    passkeys: int
    codes: int
    """Recovery codes that are left."""

    @property
    def second(self) -> bool:
        """Whether a password alone does not open this account."""
        return self.totp is not None or self.passkeys > 0


class Totp(msgspec.Struct, frozen=True):
    """The shared secret of an account, sealed. It proves nothing until `confirmed_at`."""

    account_id: uuid.UUID
    sealed: bytes
    confirmed_at: datetime | None
    last_step: int


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """One passkey: public key (COSE), counter, and what the person calls it."""

    id: uuid.UUID
    account_id: uuid.UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    transports: list[str]
    synced: bool
    made_at: datetime
    used_at: datetime | None = None


class Step(msgspec.Struct, frozen=True):
    """A browser half-way through a proof. `method` is how the first half went."""

    purpose: str
    account_id: uuid.UUID | None
    session_id: uuid.UUID | None
    challenge: bytes | None
    method: str


class Invitation(msgspec.Struct, frozen=True):
    """A one-time code to set a password with; without an account, to set up the installation."""

    account_id: uuid.UUID | None
    drops_factors: bool
    ends_at: datetime


class Tried(msgspec.Struct, frozen=True):
    """Failed attempts: on this name from this address, from this address, on this name; codes on this name, and in a day."""

    here: int
    from_address: int
    on_name: int
    codes: int
    codes_of_day: int
