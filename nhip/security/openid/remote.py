"""What a provider publishes: its metadata and keys, fetched with limits, checked, and remembered by this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from nhip.kernel.i18n import _
from nhip.kernel.time import monotonic
from nhip.security.openid.addresses import is_fit
from nhip.security.openid.errors import ProviderUnusable
from nhip.security.openid.jose import BadToken, Header, PublicKey, UnknownKey, header_of, key_for, public_keys, signed
from nhip.security.openid.model import Metadata, Provider
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_auth import Credentials
from nhip.security.outgoing_errors import OutgoingError
from nhip.settings import Settings

log = logging.getLogger(__name__)
REMEMBERED_S = 3_600.0
REFETCH_S = 60.0
"""Seconds between two looks for newer keys, however many tokens name an unknown one."""
LONGEST = 512 << 10
"""Bytes of a document that is read."""
WAIT_S, TOTAL_S = 10, 15.0
_MOST_ISSUERS = 200
_threads = ThreadPoolExecutor(4, "openid")
"""A provider that hangs may hold these threads and no others."""
T = TypeVar("T")


class _Known:
    """What is remembered of one issuer, and since when (monotonic seconds)."""

    def __init__(self) -> None:
        self.metadata: tuple[float, Metadata] | None = None
        self.keys: tuple[float, str, tuple[PublicKey, ...]] | None = None


_known: dict[str, _Known] = {}


async def metadata_of(settings: Settings, provider: Provider, *, fresh: bool = False) -> Metadata:
    """What the provider says about itself, at most an hour old, now if `fresh`. Raises ProviderUnusable."""
    known = _of(provider.issuer)
    if known.metadata and not fresh and monotonic() - known.metadata[0] < REMEMBERED_S:
        return known.metadata[1]
    address = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    found = checked_metadata(provider, await in_thread(provider, lambda: get_json(settings, address)))
    known.metadata = monotonic(), found
    return found


def checked_metadata(provider: Provider, document: object) -> Metadata:
    """Metadata that may be used: the very issuer that was asked (OpenID Connect Discovery 4.3), addresses that are fit."""
    try:
        found = msgspec.convert(document, Metadata)
    except msgspec.ValidationError as error:
        raise ProviderUnusable(name=provider.name, why=_("what it says about itself is incomplete")) from error
    if found.issuer != provider.issuer:
        raise ProviderUnusable(name=provider.name, why=_("it says that it is another issuer"))
    needed = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
    further = tuple(one for one in (found.userinfo_endpoint, found.end_session_endpoint) if one)
    if not all(is_fit(address) for address in needed + further):
        raise ProviderUnusable(name=provider.name, why=_("one of its addresses is not https"))
    if found.code_challenge_methods_supported and "S256" not in found.code_challenge_methods_supported:
        raise ProviderUnusable(name=provider.name, why=_("it cannot do PKCE with S256"))
    return found


async def keys_of(
    settings: Settings, provider: Provider, metadata: Metadata, *, newer: bool = False
) -> tuple[PublicKey, ...]:
    """The provider's keys, at most an hour old; `newer`: fetched again unless that was done within the last minute."""
    known = _of(provider.issuer)
    if known.keys and known.keys[1] == metadata.jwks_uri:
        age = monotonic() - known.keys[0]
        if age < (REFETCH_S if newer else REMEMBERED_S):
            return known.keys[2]
    document = await in_thread(provider, lambda: get_json(settings, metadata.jwks_uri))
    try:
        found = public_keys(document)
    except BadToken as error:
        raise ProviderUnusable(name=provider.name, why=error.why) from error
    known.keys = monotonic(), metadata.jwks_uri, found
    return found


async def proven(
    settings: Settings, provider: Provider, metadata: Metadata, token: str
) -> tuple[Header, dict[str, Any]]:
    """Header and claims of a token that the provider signed; what they say is not judged yet. Raises BadToken."""
    header = header_of(token)
    try:
        key = key_for(header, await keys_of(settings, provider, metadata))
    except UnknownKey:
        key = key_for(header, await keys_of(settings, provider, metadata, newer=True))
    return header, signed(token, key)


def forget(issuer: str) -> None:
    """Remember nothing of `issuer` any more: its profile was changed."""
    _known.pop(issuer, None)


def _of(issuer: str) -> _Known:
    while len(_known) >= _MOST_ISSUERS and issuer not in _known:
        _known.pop(next(iter(_known)))
    return _known.setdefault(issuer, _Known())


async def in_thread(provider: Provider, work: Callable[[], T]) -> T:
    """Run `work`, which speaks with the provider. Raises ProviderUnusable; the details go to the log only."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    except OutgoingError as error:
        log.warning("identity provider %s: %s", provider.name, error)
        raise ProviderUnusable(name=provider.name, why=_("it does not answer as it should")) from error
    except (msgspec.MsgspecError, ValueError) as error:
        log.warning("identity provider %s: its answer is no JSON", provider.name)
        raise ProviderUnusable(name=provider.name, why=_("its answer cannot be read")) from error


def talking(settings: Settings, credentials: Credentials | None = None) -> Outgoing:
    """A short conversation: somebody is waiting in front of a browser."""
    quick = msgspec.structs.replace(settings, fetch_timeout_s=min(WAIT_S, settings.fetch_timeout_s))
    return Outgoing(quick, credentials, total_s=TOTAL_S, connect_s=5.0)


def get_json(settings: Settings, address: str, credentials: Credentials | None = None) -> Any:
    """The JSON document at `address`. Follows no redirect. Raises OutgoingError, msgspec.DecodeError."""
    with talking(settings, credentials) as out:
        answer = out.get(address, headers={"Accept": "application/json"}, max_bytes=LONGEST, tries=1, redirects=0)
        return msgspec.json.decode(answer.content)
