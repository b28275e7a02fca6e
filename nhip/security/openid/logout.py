"""Signing out: at the provider too (RP-Initiated Logout 1.0), and by the provider (Back-Channel Logout 1.0)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nhip.db import Database
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.openid import store
from nhip.security.openid.addresses import public_address, with_query
from nhip.security.openid.claims import OLDEST_LOGOUT_S, SKEW_S, check_logout_token
from nhip.security.openid.errors import LogoutRefused, ProviderNotFound, ProviderUnusable
from nhip.security.openid.jose import BadToken
from nhip.security.openid.model import Provider
from nhip.security.openid.remote import metadata_of, proven
from nhip.security.openid.service import get_provider
from nhip.security.passwords import token_hash
from nhip.security.secrets import SecretUnreadable, Vault
from nhip.settings import Settings


async def leaving(db: Database, settings: Settings, token: str) -> tuple[Provider, str] | None:
    """The provider by which the session of `token` began, and where it signs the person out too; None where there is none.

    Ask before the session ends. A provider that cannot be asked now does not keep anybody from signing out here.
    """
    async with db.read() as tx:
        found = await store.find_id_token(tx, token_hash(token))
        if found is None:
            return None
        try:
            provider, _unused = await get_provider(tx, settings, found.provider)
            id_token = Vault(settings).open_(found.sealed, f"openid_session:{found.session_id}").value("id_token")
        except (ProviderNotFound, SecretUnreadable):
            return None
    try:
        metadata = await metadata_of(settings, provider)
    except ProviderUnusable:
        return None
    if not metadata.end_session_endpoint:
        return None
    address = with_query(
        metadata.end_session_endpoint,
        id_token_hint=id_token,
        client_id=provider.client_id,
        post_logout_redirect_uri=f"{public_address(settings)}/signin",
    )
    return provider, address


async def backchannel_logout(db: Database, settings: Settings, name: str, token: str) -> int:
    """End exactly the sessions that a provider's logout token names; how many. Raises LogoutRefused, ProviderNotFound,
    ProviderUnusable."""
    async with db.read() as tx:
        provider, _unused = await get_provider(tx, settings, name)
    metadata = await metadata_of(settings, provider)
    at = now().timestamp()
    try:
        header, claims = await proven(settings, provider, metadata, token)
        sub, sid, jti = check_logout_token(claims, header, provider, at)
    except BadToken as error:
        raise LogoutRefused(why=error.why) from error
    until = datetime.fromtimestamp(at + OLDEST_LOGOUT_S, UTC) + timedelta(seconds=2 * SKEW_S)
    async with db.tx() as tx:
        if not await store.spend(tx, provider.issuer, jti, until):
            raise LogoutRefused(why=_("it was used before"))
        ended = await store.end_sessions(tx, provider.issuer, sub, sid)
        for one in ended:
            told = {"session": str(one.id), "reason": "signed out at the identity provider"}
            await note(tx, Event(kind="session.ended", what=f"party:{one.party_id}", data=told))
    return len(ended)
