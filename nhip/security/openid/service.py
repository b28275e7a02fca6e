"""A sign-in by a provider from its beginning to its end: single use, ten minutes, in the browser that began it."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from nhip.db import Connection, Database
from nhip.errors import NhipError
from nhip.kernel import random
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import record
from nhip.security.model import Who
from nhip.security.openid import store
from nhip.security.openid.claims import check_id_token, person_of
from nhip.security.openid.errors import (
    FlowGone,
    OtherPerson,
    ProviderNotFound,
    ProviderSaidNo,
    ProviderUnusable,
    SignInRefused,
    TokenRefused,
    TurnedBack,
)
from nhip.security.openid.jose import BadToken
from nhip.security.openid.model import Finished, Flow, Metadata, Offer, Person, Provider, Purpose, Started, Tokens
from nhip.security.openid.people import account_for, link
from nhip.security.openid.remote import metadata_of, proven
from nhip.security.openid.talk import authorization_address, derived, exchange, userinfo
from nhip.security.passwords import token_hash
from nhip.security.resealing import SealedColumn
from nhip.security.secrets import Secret, Vault
from nhip.security.service import begin_session
from nhip.security.sessions import is_secure
from nhip.security.store import NewSession
from nhip.settings import Settings

LASTS = timedelta(minutes=10)
_LONGEST_KEPT = 16 << 10
_CODES = frozenset(
    {
        "login_required", "interaction_required", "consent_required", "account_selection_required",
        "temporarily_unavailable", "server_error", "invalid_request", "unauthorized_client", "unsupported_response_type",
        "invalid_scope", "unmet_authentication_requirements",
    }
)  # fmt: skip
"""Errors that a provider may name (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6); nothing else is repeated to people."""


class Visitor(msgspec.Struct, frozen=True):
    """Who comes back from a provider: address, browser, and whoever is signed in."""

    address: str = ""
    agent: str = ""
    who: Who | None = None


async def get_provider(tx: Connection, settings: Settings, name: str) -> tuple[Provider, Secret]:
    """A provider that is switched on, with its secret. Raises ProviderNotFound."""
    found = await store.find_provider(tx, name)
    if found is None or not found[0].enabled:
        raise ProviderNotFound
    provider, sealed = found
    return provider, Vault(settings).open_(sealed, aad_of(name)) if sealed else Secret()


def aad_of(name: str) -> str:
    """What a provider's secret is sealed for."""
    return f"openid:{name}"


def _aad_of_session(session_id: uuid.UUID | str) -> str:
    return f"openid_session:{session_id}"


SEALED = [
    SealedColumn(
        name="security.openid_provider.sealed",
        listing=store.queries.list_sealed_providers,
        reseal=store.queries.reseal_provider,
        aad=aad_of,
    ),
    SealedColumn(
        name="security.openid_session.sealed",
        listing=store.queries.list_sealed_sessions,
        reseal=store.queries.reseal_session,
        aad=_aad_of_session,
    ),
]


async def list_offers(db: Database, language: str) -> list[Offer]:
    """The providers that people may sign in by, for the sign-in page."""
    async with db.read() as tx:
        known = await store.list_providers(tx)
    return [Offer(one.provider.name, one.provider.label(language)) for one in known if one.provider.enabled]


def cookie_of(settings: Settings, state: str) -> str:
    """Name of the cookie of one sign-in, so that two in one browser do not disturb each other."""
    return ("__Host-" if is_secure(settings) else "") + f"nhip_openid_{hashlib.sha256(state.encode()).hexdigest()[:10]}"


async def start(
    db: Database,
    settings: Settings,
    name: str,
    *,
    purpose: Purpose = "signin",
    next_: str,
    who: Who | None,
    language: str,
) -> Started:
    """Begin: the address of the provider, and the secret for the browser's cookie. Raises ProviderNotFound, ProviderUnusable."""
    async with db.read() as tx:
        provider, _secret = await get_provider(tx, settings, name)
    metadata = await metadata_of(settings, provider)
    state, secret = random.token(), random.token()
    flow = Flow(
        state_hash=_hash(state),
        browser_hash=_hash(secret),
        provider=name,
        purpose=purpose,
        next=next_,
        party_id=who.id if who and purpose != "signin" else None,
        session_id=who.session if who and purpose != "signin" else None,
        made_at=now(),
    )
    async with db.tx() as tx:
        await store.forget(tx, now() - LASTS)
        await store.insert_flow(tx, flow)
    address = authorization_address(
        settings, provider, metadata, state=state, secret=secret, purpose=purpose, language=language
    )
    return Started(address, cookie_of(settings, state), secret)


async def finish(
    db: Database, settings: Settings, name: str, answer: Mapping[str, str], secret: str, visitor: Visitor
) -> Finished:
    """End what `start` began with what the provider answered (`code`, `state`, `iss`, `error`). Raises SignInRefused,
    ProviderUnusable; then the sign-in is over too."""
    async with db.tx() as tx:
        flow = await store.take_flow(tx, _hash(answer.get("state", "")))
    if flow is None or flow.provider != name or now() - flow.made_at > LASTS:
        raise FlowGone
    if not hmac.compare_digest(_hash(secret), flow.browser_hash):
        raise FlowGone
    try:
        return await _finish(db, settings, flow, answer, secret, visitor)
    except (SignInRefused, ProviderUnusable) as error:
        await _note_failure(db, name, error)
        raise


async def _finish(
    db: Database, settings: Settings, flow: Flow, answer: Mapping[str, str], secret: str, visitor: Visitor
) -> Finished:
    async with db.read() as tx:
        provider, our_secret = await get_provider(tx, settings, flow.provider)
    metadata = await metadata_of(settings, provider)
    check_answer(answer, metadata)
    verifier = derived(secret, "verifier")
    tokens = await exchange(settings, provider, metadata, our_secret, code=answer["code"], verifier=verifier)
    try:
        person = await _person(settings, provider, metadata, tokens, derived(secret, "nonce"), flow)
    except BadToken as error:
        raise TokenRefused(why=error.why) from error
    async with db.tx() as tx:
        if flow.purpose == "link":
            return await _link(tx, provider, person, flow, visitor)
        account = await account_for(tx, settings, provider, person)
        if flow.purpose == "confirm":
            return await _confirm(tx, person, flow, visitor, account.party_id == flow.party_id)
        new = _session(settings, provider, person, visitor)
        token = await begin_session(tx, account, new, settings.sessions_per_account)
        await _keep(tx, settings, provider, token, tokens.id_token)
        return Finished(flow.next, token, account)


def check_answer(answer: Mapping[str, str], metadata: Metadata) -> None:
    """Raises unless the answer brings a code and comes from the issuer that was asked (RFC 9207, against mix-up)."""
    told = answer.get("iss")
    if told is None and metadata.authorization_response_iss_parameter_supported:
        raise TokenRefused(why=_("it does not say which issuer it comes from"))
    if told is not None and told != metadata.issuer:
        raise TokenRefused(why=_("it comes from another issuer"))
    if answer.get("error") == "access_denied":
        raise TurnedBack
    if "error" in answer:
        raise ProviderSaidNo(code=answer["error"] if answer["error"] in _CODES else "error")
    if not answer.get("code"):
        raise FlowGone


async def _person(
    settings: Settings, provider: Provider, metadata: Metadata, tokens: Tokens, nonce: str, flow: Flow
) -> Person:
    header, claims = await proven(settings, provider, metadata, tokens.id_token)
    since = flow.made_at.timestamp() if flow.purpose == "confirm" else None
    at = now().timestamp()
    check_id_token(claims, header, provider, nonce=nonce, access_token=tokens.access_token, at=at, proven_since=since)
    more = await userinfo(settings, provider, metadata, tokens, claims["sub"]) if provider.userinfo else {}
    return person_of(provider, {**more, **claims})


async def _link(tx: Connection, provider: Provider, person: Person, flow: Flow, visitor: Visitor) -> Finished:
    party_id = _same_session(flow, visitor)
    await link(tx, provider, party_id, person.subject, by="the person")
    return Finished(flow.next)


async def _confirm(tx: Connection, person: Person, flow: Flow, visitor: Visitor, same: bool) -> Finished:
    from nhip.security.signin.service import renew

    _same_session(flow, visitor)
    if not same or visitor.who is None:
        raise OtherPerson
    return Finished(flow.next, await renew(tx, visitor.who, f"openid:{flow.provider}", person.level))


def _same_session(flow: Flow, visitor: Visitor) -> uuid.UUID:
    """The party of the session that began this; it must still be the one that is here."""
    who = visitor.who
    if who is None or flow.party_id is None or (who.id, who.session) != (flow.party_id, flow.session_id):
        raise FlowGone
    return flow.party_id


def _session(settings: Settings, provider: Provider, person: Person, visitor: Visitor) -> NewSession:
    return NewSession(
        method=f"openid:{provider.name}",
        level=person.level,
        ends_at=now() + timedelta(hours=settings.session_hours),
        address=visitor.address,
        agent=visitor.agent,
        issuer=provider.issuer,
        issuer_session=person.sid,
        issuer_subject=person.sub,
    )


async def _keep(tx: Connection, settings: Settings, provider: Provider, token: str, id_token: str) -> None:
    """Keep the ID token sealed: the provider asks for it when the person signs out there too."""
    session_id = await store.find_session_id(tx, token_hash(token))
    if session_id is not None and len(id_token) <= _LONGEST_KEPT:
        sealed = Vault(settings).seal({"id_token": id_token}, _aad_of_session(session_id))
        await store.insert_id_token(tx, session_id, provider.name, sealed)


async def _note_failure(db: Database, name: str, error: NhipError) -> None:
    told = {"method": f"openid:{name}", "why": type(error).__name__}
    await record(db, Event(kind="signin.failed", data=told))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
