"""The nouns of access of programs: a credential (key or OAuth client), who calls, what is left of a quota."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import msgspec

CredentialKind = Literal["key", "client"]
Span = Literal["minute", "day"]


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A key, or an OAuth client, of a program; without its secret."""

    id: uuid.UUID
    public_id: str
    """Names it in lists and logs; the `client_id` of a client."""
    party_id: uuid.UUID
    program: str
    """The program's name."""
    kind: CredentialKind
    title: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    per_minute: int
    per_day: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To within five minutes."""
    last_address: str
    signs: bool
    """Whether it proves itself by signed assertions and has no secret."""

    def state(self, at: datetime) -> Literal["good", "expired", "revoked"]:
        """Whether it opens anything at `at`."""
        return "revoked" if self.revoked_at else "expired" if self.expires_at <= at else "good"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds a credential. Quotas are requests."""

    scopes: tuple[str, ...]
    expires_at: datetime
    networks: tuple[str, ...] = ()
    per_minute: int = 600
    per_day: int = 100_000


class Issued(msgspec.Struct, frozen=True):
    """A new credential with its text, which is shown this once; empty for a client that signs."""

    credential: Credential
    text: str

    def __repr__(self) -> str:
        """Without the text, so that it cannot reach a log."""
        return f"Issued({self.credential.public_id!r})"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A credential in force with whose it is; `epoch` is the number of the last change of rights, read at the same moment."""

    id: uuid.UUID
    public_id: str
    secret_hash: bytes | None
    jwks: dict[str, Any] | None
    scopes: list[str]
    networks: list[str]
    per_minute: int
    per_day: int
    last_used_at: datetime | None
    party: uuid.UUID
    name: str
    organisation: uuid.UUID | None
    organisation_code: str
    epoch: int

    def __repr__(self) -> str:
        """Without the hash, so that it cannot reach a log."""
        return f"Caller({self.public_id!r})"


class Left(msgspec.Struct, frozen=True):
    """What is left of one quota, and the seconds until it begins anew."""

    span: Span
    quota: int
    left: int
    seconds: int
