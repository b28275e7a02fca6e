"""Which account here somebody signs in to by a provider: the linked one, a new citizen's, or none. E-mail never decides."""

from __future__ import annotations

import uuid

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Account, Party
from nhip.security.openid import store
from nhip.security.openid.errors import (
    IdentityTaken,
    LastWayIn,
    LevelTooLow,
    NotActive,
    NotLinked,
    NumberTaken,
    OtherOrganisation,
)
from nhip.security.openid.model import Identity, Person, Provider
from nhip.security.parties import store as parties
from nhip.security.parties.service import get_party, make_account, make_party
from nhip.security.permissions.service import give_role
from nhip.security.store import find_account, find_account_of
from nhip.security.subjects import subject_of
from nhip.settings import Settings
from nhip.web.i18n import translate

NAMELESS = _("Citizen")
"""Name of a person whose provider tells none."""


async def account_for(tx: Connection, settings: Settings, provider: Provider, person: Person) -> Account:
    """The account that `person` may use. Raises SignInRefused of some kind."""
    if person.level < provider.minimum_level:
        raise LevelTooLow(level=person.level, wanted=provider.minimum_level)
    identity = await store.find_identity(tx, person.issuer, person.subject)
    number = subject_of(settings, person.citizen_number) if provider.vouches_for_number else None
    if identity is None:
        identity = await _first_time(tx, provider, person, number)
    party = await get_party(tx, identity.party_id)
    if not await _organisation_fits(tx, provider, person, party):
        raise OtherOrganisation
    if number and await parties.find_subject(tx, party.id) is None:
        await _learn_number(tx, party, number)
    await store.see_identity(tx, identity)
    known = await find_account_of(tx, party.id) or await _new_account(tx, provider, party)
    account = await find_account(tx, known.name)
    if account is None:
        raise NotActive
    return account


async def _first_time(tx: Connection, provider: Provider, person: Person, number: bytes | None) -> Identity:
    known = await parties.find_by_subject(tx, number) if number else None
    if known is not None and known.kind == "person":
        return await _linked(tx, provider, person, known.id, "citizen number")
    if provider.unknown != "citizen":
        raise NotLinked
    party = await make_party(tx, "person", person.name or translate(NAMELESS), email=person.email, subject=number)
    await give_role(tx, party.id, "citizen")
    await _new_account(tx, provider, party)
    return await _linked(tx, provider, person, party.id, "registered")


async def _linked(tx: Connection, provider: Provider, person: Person, party_id: uuid.UUID, by: str) -> Identity:
    identity = await store.insert_identity(tx, person.issuer, person.subject, party_id)
    told = {"provider": provider.name, "by": by}
    await note(tx, Event(kind="identity.linked", what=f"party:{party_id}", data=told))
    return identity


async def _organisation_fits(tx: Connection, provider: Provider, person: Person, party: Party) -> bool:
    """Whoever belongs to an organisation here must still belong to it (or to one above it) there, where the provider tells."""
    if not provider.claims.organisation or party.parent_id is None:
        return True
    told = await parties.find_by_code(tx, person.organisation) if person.organisation else None
    return told is not None and await parties.is_below(tx, party.parent_id, told.id)


async def _learn_number(tx: Connection, party: Party, number: bytes) -> None:
    if await parties.find_by_subject(tx, number) is not None:
        raise NumberTaken
    await parties.set_subject(tx, party.id, number)
    await note(tx, Event(kind="party.changed", what=f"party:{party.id}", data={"fields": ["subject"]}))


async def _new_account(tx: Connection, provider: Provider, party: Party) -> Account:
    """An account without a password; its name tells the provider and nothing of the person."""
    return await make_account(tx, party, f"{provider.name}:{party.id.hex[-12:]}", None)


async def link(
    tx: Connection, provider: Provider, party_id: uuid.UUID, subject: str, by: str = "administrator"
) -> Identity:
    """Let the account `subject` of the provider sign in as a party. Raises IdentityTaken, PartyNotFound."""
    party = await get_party(tx, party_id)
    known = await store.find_identity(tx, provider.issuer, subject)
    if known is not None and known.party_id != party.id:
        raise IdentityTaken
    if known is not None:
        return known
    person = Person(issuer=provider.issuer, subject=subject, sub=subject, level=1)
    return await _linked(tx, provider, person, party.id, by)


async def unlink(tx: Connection, party_id: uuid.UUID, identity_id: uuid.UUID, *, other_ways: bool) -> None:
    """Take a link away. Raises LastWayIn when the person could not sign in any more (`other_ways`: they have passkeys, say)."""
    account = await find_account_of(tx, party_id)
    linked = await store.list_identities(tx, party_id)
    if not other_ways and len(linked) < 2 and (account is None or account.password_hash is None):
        raise LastWayIn
    if await store.delete_identity(tx, identity_id, party_id):
        await note(tx, Event(kind="identity.unlinked", what=f"party:{party_id}"))
