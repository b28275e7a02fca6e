"""Passkeys: the WebAuthn ceremonies (W3C WebAuthn Level 3), always with user verification, discoverable, without attestation.

The challenge is of 64 random bytes, bound to a half-way step of this browser, used once. Origin and relying party come from
`base_url`; without it only http://localhost is a name under which browsers let passkeys work.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

import msgspec
import webauthn
from litestar.connection import ASGIConnection
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from nhip.db import Connection
from nhip.kernel.ids import new_id
from nhip.kernel.text import nfc
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.model import Account
from nhip.security.peers import address_in
from nhip.security.protect import host_in
from nhip.security.signin import store
from nhip.security.signin.errors import PasskeyGone, PasskeyKnown, PasskeysNeedName, ProofRefused, TooManyPasskeys
from nhip.security.signin.model import Passkey
from nhip.settings import Settings

MOST = 20
LONGEST_NAME = 60
TIMEOUT_MS = 300_000


class Place(msgspec.Struct, frozen=True):
    """The relying party's id (a host name) and the origin that pages have there."""

    host: str
    origin: str


def find_place(connection: ASGIConnection[Any, Any, Any, Any]) -> Place | None:
    """Where passkeys live: the name of `base_url`, else localhost when asked under that name; None where browsers offer none."""
    settings: Settings = connection.app.state.settings
    if settings.base_url:
        parts = urlsplit(settings.base_url)
        host = parts.hostname or ""
        fine = bool(host) and address_in(host) is None and (parts.scheme == "https" or host == "localhost")
        return Place(host, f"{parts.scheme}://{parts.netloc}".lower()) if fine else None
    told = connection.headers.get("host", "")
    return Place("localhost", f"http://{told.lower()}") if host_in(told) == "localhost" else None


def get_place(connection: ASGIConnection[Any, Any, Any, Any]) -> Place:
    """As `find_place`. Raises PasskeysNeedName."""
    found = find_place(connection)
    if found is None:
        raise PasskeysNeedName
    return found


def options_to_add(
    place: Place, account: Account, name: str, city: str, known: list[Passkey], challenge: bytes
) -> bytes:
    """What the browser needs to make a passkey, as JSON."""
    if len(known) >= MOST:
        raise TooManyPasskeys(most=MOST)
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=f"Nhịp {city}",
        user_id=account.id.bytes,
        user_name=account.name,
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(known),
    )
    return webauthn.options_to_json(options).encode()


def options_to_prove(place: Place, known: list[Passkey], challenge: bytes) -> bytes:
    """What the browser needs to ask for one of `known`, or, where none are named, for whichever it has; as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options).encode()


def _described(known: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=k.credential_id, transports=[AuthenticatorTransport(t) for t in k.transports])
        for k in known
    ]


async def add(tx: Connection, place: Place, account: Account, challenge: bytes, answer: str, name: str) -> Passkey:
    """Register the passkey that answered `challenge`. Raises ProofRefused, PasskeyKnown, TooManyPasskeys."""
    known = await store.list_passkeys(tx, account.id)
    if len(known) >= MOST:
        raise TooManyPasskeys(most=MOST)
    passkey = _read_new(place, account, challenge, answer, nfc(name).strip()[:LONGEST_NAME] or f"{len(known) + 1}")
    if not await store.insert_passkey(tx, passkey):
        raise PasskeyKnown
    data = {"passkey": str(passkey.id), "synced": passkey.synced}
    await note(tx, Event(kind="passkey.added", what=f"party:{account.party_id}", data=data))
    return passkey


def _read_new(place: Place, account: Account, challenge: bytes, answer: str, name: str) -> Passkey:
    try:
        parsed = parse_registration_credential_json(answer)
        made = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except Exception as error:  # a made-up answer can break the library anywhere
        raise ProofRefused from error
    return Passkey(
        id=new_id(),
        account_id=account.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        transports=[t.value for t in parsed.response.transports or []],
        synced=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        made_at=now(),
    )


async def prove(tx: Connection, place: Place, challenge: bytes, answer: str) -> Passkey:
    """The passkey that signed `challenge`; its counter moves on. Raises ProofRefused.

    A counter that does not grow means a copy of the key (WebAuthn, 6.1.1): refused. The user handle must be the owner's.
    """
    try:
        parsed = parse_authentication_credential_json(answer)
    except Exception as error:  # a made-up answer can break the library anywhere
        raise ProofRefused from error
    known = await store.find_passkey(tx, parsed.raw_id)
    handle = parsed.response.user_handle
    if known is None or (handle and handle != known.account_id.bytes):
        raise ProofRefused
    try:
        seen = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # a made-up answer can break the library anywhere
        raise ProofRefused from error
    synced = seen.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    await store.use_passkey(tx, known.id, seen.new_sign_count, synced)
    return known


async def rename(tx: Connection, account: Account, passkey_id: uuid.UUID, name: str) -> None:
    """Call a passkey otherwise. Raises PasskeyGone."""
    if not await store.rename_passkey(tx, account.id, passkey_id, nfc(name).strip()[:LONGEST_NAME]):
        raise PasskeyGone


async def remove(tx: Connection, account: Account, passkey_id: uuid.UUID) -> str:
    """Take a passkey away; gives its name. Raises PasskeyGone."""
    name = await store.delete_passkey(tx, account.id, passkey_id)
    if name is None:
        raise PasskeyGone
    await note(tx, Event(kind="passkey.removed", what=f"party:{account.party_id}", data={"passkey": str(passkey_id)}))
    return name
