"""The nouns of sign-in: an account, who is signed in, how an attempt ended."""

from __future__ import annotations

import uuid

import msgspec


class Account(msgspec.Struct, frozen=True):
    """A person or service that can sign in. `password_hash` is an argon2id PHC string."""

    id: uuid.UUID
    name: str
    password_hash: str
    administrator: bool

    def __repr__(self) -> str:
        """Without the hash, so that it cannot reach a log."""
        return f"Account({self.name!r})"


class Who(msgspec.Struct, frozen=True):
    """Somebody who is signed in; `request.scope["who"]`."""

    id: uuid.UUID
    name: str
    administrator: bool


class Failures(msgspec.Struct, frozen=True):
    """Failed attempts of the last quarter of an hour."""

    here: int
    from_address: int
    on_name: int


class SignIn(msgspec.Struct, frozen=True):
    """How an attempt ended: with the `token` of a new session, or `locked`, or with neither (name or password wrong)."""

    token: str = ""
    locked: bool = False

    def __repr__(self) -> str:
        """Without the token, so that it cannot reach a log."""
        return f"SignIn(good={bool(self.token)}, locked={self.locked})"
