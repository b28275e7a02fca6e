"""The nouns of sign-in: an account, who is signed in, how an attempt ended."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

from nhip.security.permissions.model import Rights

PartyKind = Literal["person", "organisation", "unit", "service"]


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A person, an organisation, a unit of one, or a service account (a program)."""

    id: uuid.UUID
    kind: PartyKind
    name: str
    name_en: str = ""
    code: str | None = None
    parent_id: uuid.UUID | None = None
    email: str = ""
    made_at: datetime
    suspended_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether it may act."""
        return self.suspended_at is None and self.ended_at is None


class Account(msgspec.Struct, frozen=True):
    """How a party signs in. `password_hash` is an argon2id PHC string, None where there is no password."""

    id: uuid.UUID
    party_id: uuid.UUID
    name: str
    password_hash: str | None

    def __repr__(self) -> str:
        """Without the hash, so that it cannot reach a log."""
        return f"Account({self.name!r})"


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """A party that is signed in, with what it may do; `request.scope["who"]`."""

    id: uuid.UUID
    """The party."""
    name: str
    account: str = ""
    """Name of the account; empty for programs."""
    organisation: uuid.UUID | None = None
    """The organisation or unit that the party belongs to."""
    organisation_code: str = ""
    rights: Rights
    via: Literal["session", "key", "token"] = "session"
    session: uuid.UUID | None = None
    level: int = 1
    """1 password, 2 with a second factor or a passkey, 3 by an identity provider at a high level of assurance."""
    method: str = "password"
    confirmed_at: datetime | None = None
    """When the person last proved who they are."""


class SignIn(msgspec.Struct, frozen=True):
    """How an attempt ended: with the `token` of a new session, half-way (`second`: the token of the step in which a second
    factor is asked), `locked`, `late` (the step is over), or with none of them: what was given is wrong."""

    token: str = ""
    second: str = ""
    locked: bool = False
    late: bool = False
    account: Account | None = None
    """Whose session began."""

    def __repr__(self) -> str:
        """Without the tokens, so that they cannot reach a log."""
        return f"SignIn(good={bool(self.token)}, half={bool(self.second)}, locked={self.locked}, late={self.late})"
