"""Administering identity providers: adding, changing, removing, trying. For the console and the command line."""

from __future__ import annotations

import re

import msgspec
import psycopg

from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.openid import remote, store
from nhip.security.openid.addresses import is_fit
from nhip.security.openid.errors import BadProvider, FlowGone, IssuerTaken, ProviderNotFound
from nhip.security.openid.jose import ALGORITHMS
from nhip.security.openid.model import KnownProvider, Metadata, Provider
from nhip.security.openid.service import aad_of
from nhip.security.openid.talk import exchange, new_private_key
from nhip.security.secrets import Secret, Vault
from nhip.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
REASSIGNED = frozenset({"email", "preferred_username", "nickname", "name", "phone_number"})
"""Claims that may belong to somebody else tomorrow (OpenID Connect Core 5.7), so they identify nobody."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was tried: well or not. `what` is a marked English text, `seen` a value."""

    well: bool
    what: str
    seen: str = ""


async def list_providers(tx: Connection) -> list[KnownProvider]:
    """Every provider, by name, without its secret."""
    return await store.list_providers(tx)


async def get_provider(tx: Connection, settings: Settings, name: str) -> tuple[Provider, Secret]:
    """A provider, switched on or off, with its secret. Raises ProviderNotFound."""
    found = await store.find_provider(tx, name)
    if found is None:
        raise ProviderNotFound
    return found[0], Vault(settings).open_(found[1], aad_of(name)) if found[1] else Secret()


async def put_provider(tx: Connection, settings: Settings, provider: Provider, client_secret: str = "") -> None:
    """Add a provider or change the one of this name. An empty `client_secret` keeps the one that is there.

    Whoever came in by the provider is signed out when it is switched off or becomes another issuer. Raises BadProvider,
    IssuerTaken.
    """
    check_provider(provider)
    known = await store.find_provider(tx, provider.name)
    before = known[0] if known else None
    sealed = await _sealed(tx, settings, provider, client_secret)
    try:
        async with tx.transaction():
            await store.put_provider(tx, provider, sealed)
    except psycopg.errors.UniqueViolation as error:
        raise IssuerTaken(issuer=provider.issuer) from error
    if before is not None and (before.issuer != provider.issuer or not provider.enabled):
        await _end_sessions(tx, before.issuer)
    remote.forget(provider.issuer)
    changed = [f for f in provider.__struct_fields__ if before and getattr(before, f) != getattr(provider, f)]
    told = {"issuer": provider.issuer, "fields": changed, "secret": bool(client_secret)}
    await note(
        tx, Event(kind="provider.changed" if before else "provider.made", what=f"provider:{provider.name}", data=told)
    )


async def _sealed(tx: Connection, settings: Settings, provider: Provider, client_secret: str) -> bytes | None:
    """The new secret to keep, None to leave the old one. The old one is never shown to another issuer."""
    known = await store.find_provider(tx, provider.name)
    before, old = await get_provider(tx, settings, provider.name) if known else (None, Secret())
    if provider.auth == "private_key_jwt":
        fresh = {} if old.value("private_key") else {"private_key": new_private_key()}
    else:
        fresh = {"client_secret": client_secret} if client_secret else {}
        moved = before is not None and before.issuer != provider.issuer
        if not fresh and (moved or not old.value("client_secret")):
            raise BadProvider(what=_("the client secret is missing"))
    return Vault(settings).seal(fresh, aad_of(provider.name)) if fresh else None


async def remove_provider(tx: Connection, name: str) -> None:
    """Forget a provider and its secret; whoever came in by it is signed out. Raises ProviderNotFound."""
    known = await store.find_provider(tx, name)
    if known is None:
        raise ProviderNotFound
    await _end_sessions(tx, known[0].issuer)
    await store.delete_provider(tx, name)
    remote.forget(known[0].issuer)
    await note(tx, Event(kind="provider.removed", what=f"provider:{name}", data={"issuer": known[0].issuer}))


async def _end_sessions(tx: Connection, issuer: str) -> None:
    for ended in await store.end_sessions_of_issuer(tx, issuer):
        told = {"session": str(ended.id), "reason": "identity provider switched off"}
        await note(tx, Event(kind="session.ended", what=f"party:{ended.party_id}", data=told))


def check_provider(provider: Provider) -> None:
    """Raises BadProvider naming the first thing that cannot be."""
    levels = (*provider.acr_levels.values(), *provider.amr_levels.values(), provider.minimum_level)
    texts = (provider.client_id, provider.label_vi, provider.label_en, *provider.acr_levels, *provider.amr_levels)
    faults = {
        _("the name needs small letters, digits and hyphens only"): not _NAME.fullmatch(provider.name),
        _("the issuer must be an https address without query"): not is_fit(provider.issuer, query=False),
        _("the client id is missing"): not provider.client_id,
        _("a scope has a sign that scopes cannot have"): not all(_SCOPE.fullmatch(one) for one in provider.scopes),
        _("levels go from 1 to 3"): not all(1 <= level <= 3 for level in levels),
        _("a text is too long or holds signs that cannot be printed"): not all(
            len(text) <= 255 and text.isprintable() for text in texts
        ),
        _("the subject must be a claim that always stays with one person; use sub"): not provider.claims.subject
        or provider.claims.subject in REASSIGNED,
    }
    for what, wrong in faults.items():
        if wrong:
            raise BadProvider(what=what)


async def test_provider(settings: Settings, provider: Provider, secret: Secret) -> list[Finding]:
    """Ask the provider for its metadata and keys, and whether it takes our credentials, by a code that it never gave."""
    try:
        metadata = await remote.metadata_of(settings, provider, fresh=True)
        remote.forget(provider.issuer)
        keys = await remote.keys_of(settings, provider, metadata)
    except NhipError as error:
        cause = error.__cause__
        detail = cause.message() if isinstance(cause, NhipError) else ""
        return [Finding(False, error.message(), detail)]
    findings = [Finding(True, _("It says about itself what it must"), metadata.issuer), *_announced(provider, metadata)]
    findings.append(Finding(bool(keys), _("Keys that its tokens can be checked by"), str(len(keys))))
    return [*findings, await _credentials(settings, provider, metadata, secret)]


def _announced(provider: Provider, metadata: Metadata) -> list[Finding]:
    """What it announces against what the profile asks for."""
    signing = [name for name in metadata.id_token_signing_alg_values_supported if name in ALGORITHMS]
    missing = [
        v for v in provider.acr_levels if metadata.acr_values_supported and v not in metadata.acr_values_supported
    ]
    return [
        Finding(bool(signing), _("Ways of signing that are accepted here"), " ".join(signing)),
        Finding(
            provider.auth in metadata.token_endpoint_auth_methods_supported,
            _("How Nhịp proves who it is"),
            provider.auth,
        ),
        Finding(not missing, _("Levels of assurance that it knows"), " ".join(missing or provider.acr_levels)),
        Finding(bool(metadata.end_session_endpoint), _("Signing out there too"), metadata.end_session_endpoint),
        Finding(metadata.backchannel_logout_supported, _("It tells when somebody signs out there")),
        Finding(not provider.userinfo or bool(metadata.userinfo_endpoint), _("Userinfo"), metadata.userinfo_endpoint),
    ]


async def _credentials(settings: Settings, provider: Provider, metadata: Metadata, secret: Secret) -> Finding:
    what = _("It accepts our credentials")
    try:
        await exchange(settings, provider, metadata, secret, code="nhip-test", verifier="0" * 43)
    except FlowGone:
        return Finding(True, what, provider.client_id)
    except NhipError as error:
        return Finding(False, what, error.message())
    return Finding(False, what, _("it took a code that it never gave"))
