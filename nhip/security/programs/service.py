"""What may be done with keys and clients of programs: issue, list, revoke. For the console and the command line."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.kernel.text import nfc
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Party
from nhip.security.openid.jose import BadToken, public_keys
from nhip.security.parties.service import get_party, make_party
from nhip.security.permissions.catalogue import PERMISSIONS
from nhip.security.permissions.model import Rights
from nhip.security.permissions.service import compile_rights, give_role, list_roles
from nhip.security.permissions.store import list_in_force
from nhip.security.programs import store
from nhip.security.programs.errors import (
    BadKeyLimits,
    KeyNotFound,
    NotAProgram,
    ScopeNotHeld,
    TooManyKeys,
    UnknownScope,
)
from nhip.security.programs.model import Credential, CredentialKind, Issued, Limits
from nhip.security.programs.texts import new_text, parse

LONGEST = timedelta(days=730)
USUAL = timedelta(days=365)
MOST_KEYS = 20
MOST_NETWORKS = 50
MOST_PER_MINUTE, MOST_PER_DAY = 100_000, 100_000_000
_MOST_SIGNING_KEYS = 10


async def make_program(
    tx: Connection,
    name: str,
    organisation_id: uuid.UUID | None = None,
    *,
    role: str = "program",
    giver: Rights | None = None,
) -> Party:
    """A service account of an organisation, with `role` there (everywhere without an organisation), as `giver` may give it."""
    party = await make_party(tx, "service", name, parent_id=organisation_id)
    await give_role(tx, party.id, role, organisation_id=organisation_id, giver=giver)
    return party


async def issue_key(tx: Connection, party_id: uuid.UUID, title: str, limits: Limits) -> Issued:
    """A new API key of a program. Raises NotAProgram, ScopeNotHeld, BadKeyLimits, TooManyKeys."""
    return await _issue(tx, party_id, "key", title, limits, None)


async def issue_client(
    tx: Connection, party_id: uuid.UUID, title: str, limits: Limits, jwks: dict[str, Any] | None = None
) -> Issued:
    """A new OAuth client of a program: with a secret, or with the public keys (JWK set) that it signs assertions with."""
    return await _issue(tx, party_id, "client", title, limits, jwks)


async def _issue(
    tx: Connection, party_id: uuid.UUID, kind: CredentialKind, title: str, limits: Limits, jwks: dict[str, Any] | None
) -> Issued:
    party = await get_party(tx, party_id)
    if party.kind != "service" or not party.active:
        raise NotAProgram(name=party.name)
    checked = await _checked(tx, party_id, limits)
    if len(await store.list_credentials(tx, party_id)) >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS)
    public_id, text = new_text(kind)
    parsed = parse(text)
    assert parsed is not None
    proof: bytes | dict[str, Any] = parsed.hashed if jwks is None else _public(jwks)
    made = await store.insert_credential(tx, party_id, kind, nfc(title).strip()[:100], public_id, proof, checked)
    told = {"kind": kind, "key": public_id, "scopes": sorted(checked.scopes), "expires": checked.expires_at.isoformat()}
    await note(tx, Event(kind="key.made", what=f"party:{party_id}", data=told))
    return Issued(await get_key(tx, made), text if jwks is None else "")


def _public(jwks: dict[str, Any]) -> dict[str, Any]:
    """The public parts alone, of the keys that may check signatures: a private key sent by mistake is not kept."""
    try:
        keys = public_keys(jwks)
    except BadToken as error:
        raise BadKeyLimits(what=error.why) from error
    if not 1 <= len(keys) <= _MOST_SIGNING_KEYS:
        raise BadKeyLimits(what=_("the key set holds no usable public key, or too many"))
    return {"keys": [{**k.key.as_dict(private=False), "kid": k.kid, **({"alg": k.alg} if k.alg else {})} for k in keys]}


async def _checked(tx: Connection, party_id: uuid.UUID, limits: Limits) -> Limits:
    rights = compile_rights(await list_in_force(tx, party_id), await list_roles(tx), now())
    for scope in limits.scopes:
        if scope not in PERMISSIONS:
            raise UnknownScope(name=scope)
        if not rights.anywhere(scope):
            raise ScopeNotHeld(name=scope)
    faults = {
        _("it needs at least one scope"): not limits.scopes,
        _("it must expire within two years"): not now() < limits.expires_at <= now() + LONGEST,
        _("a minute's quota is between 1 and 100,000 requests"): not 1 <= limits.per_minute <= MOST_PER_MINUTE,
        _("a day's quota is between 1 and 100,000,000 requests"): not 1 <= limits.per_day <= MOST_PER_DAY,
        _("it may have at most 50 networks"): len(limits.networks) > MOST_NETWORKS,
    }
    for what, wrong in faults.items():
        if wrong:
            raise BadKeyLimits(what=what)
    return Limits(
        scopes=tuple(dict.fromkeys(limits.scopes)),
        expires_at=limits.expires_at,
        networks=tuple(_networks(limits.networks)),
        per_minute=limits.per_minute,
        per_day=limits.per_day,
    )


def _networks(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            yield str(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise BadKeyLimits(what=f"{text[:50]!r}: CIDR") from error


async def get_key(tx: Connection, credential_id: uuid.UUID) -> Credential:
    """One key or client. Raises KeyNotFound."""
    found = await store.find_credential(tx, credential_id)
    if found is None:
        raise KeyNotFound
    return found


async def list_keys(tx: Connection, party_id: uuid.UUID | None = None, *, ended: bool = False) -> list[Credential]:
    """Keys and clients of one program or all; with `ended` the revoked and expired ones too."""
    return await store.list_credentials(tx, party_id, ended=ended)


async def revoke_key(tx: Connection, credential_id: uuid.UUID) -> Credential:
    """The key or client and all its tokens open nothing from now on. Raises KeyNotFound."""
    found = await get_key(tx, credential_id)
    if not await store.revoke_credential(tx, credential_id):
        raise KeyNotFound
    await note(tx, Event(kind="key.revoked", what=f"party:{found.party_id}", data={"key": found.public_id}))
    return found
