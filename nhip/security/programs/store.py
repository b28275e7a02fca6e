"""Access to keys, clients, tokens and quotas: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.security.programs.model import Caller, Credential, CredentialKind, Limits, Span

queries = load(__file__)


class Lease(msgspec.Struct, frozen=True):
    """Leave for `granted` requests; `used` is what all processes together were given in this span."""

    granted: int
    used: int


async def insert_credential(
    tx: Connection,
    party_id: uuid.UUID,
    kind: CredentialKind,
    title: str,
    public_id: str,
    proof: bytes | dict[str, Any],
    limits: Limits,
) -> uuid.UUID:
    """Make a key or client that proves itself by a secret (its hash) or by signatures (the JWK set); gives its id."""
    made = new_id()
    values = {
        "id": made,
        "public_id": public_id,
        "party_id": party_id,
        "kind": kind,
        "title": title,
        "secret_hash": proof if isinstance(proof, bytes) else None,
        "jwks": None if isinstance(proof, bytes) else Jsonb(proof),
        "scopes": list(limits.scopes),
        "networks": list(limits.networks),
        "per_minute": limits.per_minute,
        "per_day": limits.per_day,
        "expires_at": limits.expires_at,
    }
    await execute(tx, queries.insert_credential, now=now(), made_by=acting().party, **values)
    return made


async def list_credentials(
    tx: Connection, party_id: uuid.UUID | None = None, *, ended: bool = False
) -> list[Credential]:
    """Keys and clients by the names of their programs, the newest first."""
    return await fetch_all(tx, Credential, queries.list_credentials, party_id=party_id, ended=ended, now=now())


async def find_credential(tx: Connection, credential_id: uuid.UUID) -> Credential | None:
    """One key or client."""
    return await fetch_one(tx, Credential, queries.find_credential, id=credential_id)


async def revoke_credential(tx: Connection, credential_id: uuid.UUID) -> bool:
    """It opens nothing from now on; False when it was revoked before."""
    return await execute(tx, queries.revoke_credential, id=credential_id, now=now()) > 0


async def find_caller(tx: Connection, kind: CredentialKind, public_id: str) -> Caller | None:
    """The key or client in force with this public id, of a program that may act."""
    return await fetch_one(tx, Caller, queries.find_caller, what=kind, public_id=public_id, now=now())


async def find_caller_by_token(tx: Connection, token_hash: bytes) -> Caller | None:
    """The client in force that holds this access token, with the token's scopes."""
    return await fetch_one(tx, Caller, queries.find_caller_by_token, token_hash=token_hash, now=now())


async def touch_credential(tx: Connection, credential_id: uuid.UUID, address: str) -> None:
    """Note a use."""
    await execute(tx, queries.touch_credential, id=credential_id, address=address, now=now())


async def insert_token(
    tx: Connection, token_hash: bytes, credential_id: uuid.UUID, scopes: list[str], ends_at: datetime
) -> None:
    """Give an access token."""
    values = {"token_hash": token_hash, "credential_id": credential_id, "scopes": scopes, "ends_at": ends_at}
    await execute(tx, queries.insert_token, now=now(), **values)


async def delete_token(tx: Connection, token_hash: bytes, credential_id: uuid.UUID) -> bool:
    """Take an access token of this client back; whether there was one."""
    return await execute(tx, queries.delete_token, token_hash=token_hash, credential_id=credential_id) > 0


async def lease(
    tx: Connection, credential_id: uuid.UUID, span: Span, starts_at: datetime, quota: int, block: int
) -> Lease:
    """Leave for at most `block` requests of the span that began at `starts_at`; 0 when the quota is used up."""
    values = {"credential_id": credential_id, "span": span, "starts_at": starts_at, "quota": quota, "block": block}
    found = await fetch_one(tx, Lease, queries.lease, **values)
    assert found is not None
    return found
