"""Access to providers, linked accounts and sign-ins under way: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.security.openid.model import Flow, Identity, KnownProvider, Provider

queries = load(__file__)


class _Row(msgspec.Struct):
    profile: dict[str, object]
    sealed: bytes | None
    made_at: datetime
    changed_at: datetime
    identities: int

    def known(self) -> KnownProvider:
        provider = msgspec.convert(self.profile, Provider)
        return KnownProvider(provider, self.sealed is not None, self.identities, self.made_at, self.changed_at)


class Ended(msgspec.Struct, frozen=True):
    """A session that was ended, and whose it was."""

    id: uuid.UUID
    party_id: uuid.UUID


class KeptToken(msgspec.Struct, frozen=True):
    """The ID token of a session, sealed for that session."""

    session_id: uuid.UUID
    provider: str
    sealed: bytes


class _Id(msgspec.Struct):
    id: uuid.UUID


async def put_provider(tx: Connection, provider: Provider, sealed: bytes | None) -> None:
    """Keep a provider; its secret stays unless `sealed` is another one."""
    values = {"name": provider.name, "issuer": provider.issuer, "enabled": provider.enabled}
    profile = Jsonb(msgspec.to_builtins(provider))
    await execute(tx, queries.put_provider, profile=profile, sealed=sealed, now=now(), **values)


async def list_providers(tx: Connection) -> list[KnownProvider]:
    """Every provider, by name."""
    return [row.known() for row in await fetch_all(tx, _Row, queries.list_providers)]


async def find_provider(tx: Connection, name: str) -> tuple[Provider, bytes | None] | None:
    """A provider with its sealed secret."""
    row = await fetch_one(tx, _Row, queries.find_provider, name=name)
    return (row.known().provider, row.sealed) if row else None


async def delete_provider(tx: Connection, name: str) -> None:
    """Forget a provider."""
    await execute(tx, queries.delete_provider, name=name)


async def end_sessions_of_issuer(tx: Connection, issuer: str) -> list[Ended]:
    """End every session that began at `issuer`."""
    return await fetch_all(tx, Ended, queries.end_sessions_of_issuer, issuer=issuer)


async def end_sessions(tx: Connection, issuer: str, sub: str, sid: str) -> list[Ended]:
    """End the session `sid` of the issuer (of `sub` only, where it is given), or all of `sub` where there is no `sid`."""
    if sid:
        return await fetch_all(tx, Ended, queries.end_session_of_sid, issuer=issuer, sub=sub, sid=sid)
    return await fetch_all(tx, Ended, queries.end_sessions_of_subject, issuer=issuer, sub=sub)


async def insert_flow(tx: Connection, flow: Flow) -> None:
    """Begin a sign-in."""
    await execute(tx, queries.insert_flow, **msgspec.structs.asdict(flow))


async def take_flow(tx: Connection, state_hash: bytes) -> Flow | None:
    """The sign-in of a state; it can be taken once."""
    return await fetch_one(tx, Flow, queries.take_flow, state_hash=state_hash)


async def forget(tx: Connection, before: datetime) -> None:
    """Drop sign-ins begun before `before`, and what was spent and has expired."""
    await execute(tx, queries.forget, before=before, now=now())


async def spend(tx: Connection, issuer: str, identifier: str, until_at: datetime) -> bool:
    """Use a token's identifier (jti); False when it was used before. Remembered until `until_at`."""
    id_hash = hashlib.sha256(identifier.encode()).digest()
    return await execute(tx, queries.spend, issuer=issuer, id_hash=id_hash, until_at=until_at) > 0


async def find_identity(tx: Connection, issuer: str, subject: str) -> Identity | None:
    """Whose account this is; whoever asks about the same waits until this transaction ends."""
    await tx.execute(queries.lock_identity, {"issuer": issuer, "subject": subject})
    return await fetch_one(tx, Identity, queries.find_identity, issuer=issuer, subject=subject)


async def list_identities(tx: Connection, party_id: uuid.UUID) -> list[Identity]:
    """The accounts of providers that are linked to a party."""
    return await fetch_all(tx, Identity, queries.list_identities, party_id=party_id)


async def insert_identity(tx: Connection, issuer: str, subject: str, party_id: uuid.UUID) -> Identity:
    """Link an account to a party."""
    made = Identity(new_id(), issuer, subject, party_id, now(), None)
    values = {"id": made.id, "issuer": issuer, "subject": subject, "party_id": party_id}
    await execute(tx, queries.insert_identity, now=made.made_at, **values)
    return made


async def see_identity(tx: Connection, identity: Identity) -> None:
    """Note a sign-in."""
    await execute(tx, queries.see_identity, id=identity.id, now=now())


async def delete_identity(tx: Connection, identity_id: uuid.UUID, party_id: uuid.UUID) -> bool:
    """Unlink an account from a party; whether it was linked."""
    return await execute(tx, queries.delete_identity, id=identity_id, party_id=party_id) > 0


async def find_session_id(tx: Connection, token_hash: bytes) -> uuid.UUID | None:
    """The session that has this token now."""
    found = await fetch_one(tx, _Id, queries.find_session_id, token_hash=token_hash)
    return found.id if found else None


async def insert_id_token(tx: Connection, session_id: uuid.UUID, provider: str, sealed: bytes) -> None:
    """Keep the ID token of a session."""
    await execute(tx, queries.insert_id_token, session_id=session_id, provider=provider, sealed=sealed)


async def find_id_token(tx: Connection, token_hash: bytes) -> KeptToken | None:
    """Provider and sealed ID token of a session; None for a session that began otherwise."""
    return await fetch_one(tx, KeptToken, queries.find_id_token, token_hash=token_hash)
