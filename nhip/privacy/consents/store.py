"""Access to consents: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.privacy.consents.model import Consent, Counted, Notice
from nhip.privacy.processing.model import Processing

queries = load(__file__)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How a consent was given: the exact words and their digest, in which language, over which channel, where a paper lies."""

    text: str
    digest: bytes
    language: str
    channel: str
    document: str = ""


class _Answer(msgspec.Struct):
    exists: bool


async def insert_consent(
    tx: Connection, subject: bytes, processing: Processing, data_types: Sequence[str], evidence: Evidence
) -> uuid.UUID:
    """Somebody agreed; gives the consent's id."""
    await execute(tx, queries.put_text, digest=evidence.digest, text=evidence.text, now=now())
    made = new_id()
    what = {"processing_id": processing.id, "processing_no": processing.no, "data_types": list(data_types)}
    how = {"language": evidence.language, "channel": evidence.channel, "document": evidence.document}
    who = {"recorded_by": acting().name, "recorded_party": acting().party}
    await execute(
        tx,
        queries.insert_consent,
        id=made,
        subject=subject,
        text_digest=evidence.digest,
        now=now(),
        **what,
        **how,
        **who,
    )
    return made


async def insert_withdrawal(tx: Connection, consent_id: uuid.UUID, channel: str, document: str) -> bool:
    """Somebody took a consent back; whether it was in force until now."""
    who = {"recorded_by": acting().name, "recorded_party": acting().party}
    values = {"consent_id": consent_id, "channel": channel, "document": document}
    return await execute(tx, queries.insert_withdrawal, now=now(), **values, **who) > 0


async def insert_notice(tx: Connection, consent_id: uuid.UUID, recipient: str, due_at: datetime) -> None:
    """A recipient must be told."""
    await execute(tx, queries.insert_notice, id=new_id(), consent_id=consent_id, recipient=recipient, due_at=due_at)


async def tell_recipient(tx: Connection, notice_id: uuid.UUID) -> bool:
    """A recipient was told; whether that was still to be done."""
    return await execute(tx, queries.tell_recipient, id=notice_id, who=acting().name, now=now()) > 0


async def list_notices(tx: Connection, *, told_too: bool = False, most: int = 200) -> list[Notice]:
    """Recipients to tell, the most urgent first."""
    return await fetch_all(tx, Notice, queries.list_notices, all=told_too, most=most)


async def list_consents(tx: Connection, subject: bytes, processing: str | None = None) -> list[Consent]:
    """What a person agreed to and took back, newest first."""
    return await fetch_all(tx, Consent, queries.list_consents, subject=subject, processing=processing)


async def has_consent(tx: Connection, subject: bytes, processing: str, data_type: str | None = None) -> bool:
    """Whether a consent is in force."""
    values = {"subject": subject, "processing": processing, "data_type": data_type}
    found = await fetch_one(tx, _Answer, queries.has_consent, **values)
    return found is not None and found.exists


async def count_consents(tx: Connection) -> list[Counted]:
    """How many consents each processing has."""
    return await fetch_all(tx, Counted, queries.count_consents)
