"""Access to what the ledger says about a person: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.ledger.model import Body
from nhip.privacy.usage.model import ACTIONS, NewWithholding, Span, Withholding

queries = load(__file__)
_read = msgspec.json.Decoder(Body).decode


class _Row(msgspec.Struct):
    seq: int
    body: str


class _Answer(msgspec.Struct):
    exists: bool


class Seen(msgspec.Struct, frozen=True):
    """An event of the ledger and its number."""

    seq: int
    body: Body


class Withheld(msgspec.Struct, frozen=True):
    """Looks of an organisation within a time that are not told yet."""

    organisation: str
    from_at: datetime
    until_at: datetime


class Title(msgspec.Struct, frozen=True):
    """Words for an id."""

    kind: str
    id: str
    title: str
    title_en: str


def micros(at: datetime) -> int:
    """Microseconds since 1970, as the ledger counts."""
    return int(at.timestamp() * 1_000_000)


async def list_looks(tx: Connection, subject: bytes, since: datetime, until: datetime) -> list[Seen]:
    """Events about one person in a span of time, newest first."""
    span = {"since_us": micros(since), "until_us": micros(until)}
    rows = await fetch_all(tx, _Row, queries.list_looks, subject=subject, kinds=list(ACTIONS), **span)
    return [Seen(row.seq, _read(row.body)) for row in rows]


async def list_exports(tx: Connection, since: datetime, until: datetime) -> list[Seen]:
    """Events by which whole tables were handed out in a span of time, newest first."""
    span = {"since_us": micros(since), "until_us": micros(until)}
    return [Seen(row.seq, _read(row.body)) for row in await fetch_all(tx, _Row, queries.list_exports, **span)]


async def find_span(tx: Connection) -> Span:
    """From when on, and up to when, the ledger can be asked."""
    return await fetch_one(tx, Span, queries.find_span) or Span(0, 0)


async def was_member(tx: Connection, subject: bytes, dataset_id: uuid.UUID, no: int) -> bool:
    """Whether a person was in a version that has been deleted since."""
    found = await fetch_one(tx, _Answer, queries.was_member, subject=subject, dataset_id=dataset_id, no=no)
    return found is not None and found.exists


async def list_withheld(tx: Connection, subject: bytes) -> list[Withheld]:
    """Which looks at a person are not told yet."""
    return await fetch_all(tx, Withheld, queries.list_withheld, subject=subject, now=now())


async def insert_withholding(tx: Connection, new: NewWithholding) -> uuid.UUID:
    """The law delays telling."""
    made = new_id()
    values = msgspec.structs.asdict(new)
    await execute(tx, queries.insert_withholding, id=made, now=now(), made_by=acting().name, **values)
    return made


async def list_withholdings(tx: Connection) -> list[Withholding]:
    """All delays, those that still hold first."""
    return await fetch_all(tx, Withholding, queries.list_withholdings)


async def list_titles(
    tx: Connection,
    datasets: Iterable[str],
    organisations: Iterable[str],
    parties: Iterable[str],
    processings: Iterable[str],
) -> dict[tuple[str, str], Title]:
    """Words for ids, by (`dataset`, `agency`, `organisation`, `role` or `processing`, id)."""
    asked = {"datasets": datasets, "organisations": organisations, "parties": parties, "processings": processings}
    values = {name: sorted(set(many)) for name, many in asked.items()}
    return {(t.kind, t.id): t for t in await fetch_all(tx, Title, queries.list_titles, **values)}
