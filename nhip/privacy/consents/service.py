"""What may happen to consents: given to what is registered and in words that were shown, taken back at any time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from hmac import compare_digest

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.clocks import tell_due
from nhip.privacy.consents import store
from nhip.privacy.consents.model import Channel, Consent, Notice
from nhip.privacy.consents.store import Evidence
from nhip.privacy.consents.words import digest_of, words_of
from nhip.privacy.errors import ConsentGone, ConsentRefused, WordsChanged
from nhip.privacy.processing import service as register
from nhip.privacy.processing.model import Processing
from nhip.web.i18n import language


async def has_consent(tx: Connection, subject: bytes, processing: str, data_type: str | None = None) -> bool:
    """Whether a person (keyed hash) agrees, now, to the processing of this name; if given, for this type of data."""
    return await store.has_consent(tx, subject, processing, data_type)


async def give(
    tx: Connection,
    subject: bytes,
    processing: Processing,
    data_types: Sequence[str],
    *,
    shown: bytes,
    channel: Channel,
    document: str = "",
) -> uuid.UUID:
    """Record that a person agreed. `shown` is the digest of the words that were shown, so that nobody agrees to others.

    A consent to the same processing that is in force is replaced by the new one, and stays in the history.
    Raises ConsentRefused, WordsChanged.
    """
    _judge(processing, data_types)
    text = words_of(processing)
    if not compare_digest(digest_of(text), shown):
        raise WordsChanged
    evidence = Evidence(text=text, digest=shown, language=language(), channel=channel, document=document)
    for before in await list_in_force(tx, subject, processing.name):
        await store.insert_withdrawal(tx, before.id, channel, document)
    made = await store.insert_consent(tx, subject, processing, data_types, evidence)
    told = {
        "consent": str(made),
        "types": list(data_types),
        "edition": processing.no,
        "text": shown.hex(),
        "channel": channel,
    }
    await note(tx, Event(kind="consent.given", what=f"processing:{processing.name}", data=told, subjects=(subject,)))
    return made


def _judge(processing: Processing, data_types: Sequence[str]) -> None:
    if processing.ended_at is not None or all(b.basis != "consent" for b in processing.legal_basis):
        raise ConsentRefused(what=_("this processing does not rest on consent"))
    if not data_types:
        raise ConsentRefused(what=_("no kind of data was chosen; nothing is chosen by default"))
    if not set(data_types) <= set(processing.data_categories):
        raise ConsentRefused(what=_("a kind of data was chosen that is not registered"))


async def list_in_force(tx: Connection, subject: bytes, processing: str | None = None) -> list[Consent]:
    """What a person agrees to now."""
    return [c for c in await store.list_consents(tx, subject, processing) if c.withdrawn_at is None]


async def withdraw(
    tx: Connection, subject: bytes, consent_id: uuid.UUID, *, channel: Channel, document: str = ""
) -> list[Notice]:
    """Take a person's consent back; gives the recipients that must be told, and by when. Raises ConsentGone."""
    consent = next((c for c in await list_in_force(tx, subject) if c.id == consent_id), None)
    if consent is None or not await store.insert_withdrawal(tx, consent_id, channel, document):
        raise ConsentGone
    processing = await register.get(tx, consent.processing)
    by = tell_due(now())
    for recipient in dict.fromkeys((*processing.processors, *processing.recipients)):
        await store.insert_notice(tx, consent_id, recipient, by)
    told = {"consent": str(consent_id), "channel": channel, "recipients_by": by.isoformat()}
    what = f"processing:{processing.name}"
    await note(tx, Event(kind="consent.withdrawn", what=what, data=told, subjects=(subject,)))
    return [n for n in await store.list_notices(tx) if n.consent_id == consent_id]


async def tell(tx: Connection, notice_id: uuid.UUID) -> None:
    """Note that a recipient was told of a withdrawal. Raises ConsentGone when there is nothing to tell."""
    if not await store.tell_recipient(tx, notice_id):
        raise ConsentGone
    await note(tx, Event(kind="consent.told", what=f"notice:{notice_id}"))
