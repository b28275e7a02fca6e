"""Access to requests: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.privacy.requests.model import Attachment, Counts, NewRequest, Request, Step

queries = load(__file__)


async def next_number(tx: Connection, name: str, year: int) -> int:
    """The next number of a year, from 1 and without gaps."""
    row = await (await tx.execute(queries.next_number, {"name": name, "year": year})).fetchone()
    assert row is not None
    return int(row[0])


async def insert_request(
    tx: Connection, no: str, new: NewRequest, received_at: datetime, answer_due: datetime, due_at: datetime
) -> None:
    """A request came."""
    values = msgspec.structs.asdict(new) | {"datasets": list(new.datasets)}
    clocks = {"received_at": received_at, "answer_due": answer_due, "due_at": due_at}
    await execute(tx, queries.insert_request, id=new_id(), no=no, **values, **clocks)


async def insert_step(tx: Connection, request_id: uuid.UUID, kind: str, *, told: str = "", note: str = "") -> None:
    """Something was done with a request by whoever is acting."""
    who = {"by_name": acting().name, "by_party": acting().party}
    await execute(tx, queries.insert_step, request_id=request_id, kind=kind, told=told, note=note, at=now(), **who)


async def find_request(tx: Connection, no: str) -> Request | None:
    """One request by the number on its receipt."""
    return await fetch_one(tx, Request, queries.find_request, no=no)


async def lock_request(tx: Connection, request_id: uuid.UUID) -> Request:
    """The request as it stands, held until `tx` ends."""
    found = await fetch_one(tx, Request, queries.lock_request, id=request_id)
    assert found is not None
    return found


async def list_requests(
    tx: Connection,
    *,
    open_: bool | None = None,
    kind: str | None = None,
    party_id: uuid.UUID | None = None,
    subject: bytes | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Request]:
    """Requests, the most urgent first."""
    values = {"open": open_, "of_kind": kind, "party_id": party_id, "subject": subject}
    return await fetch_all(tx, Request, queries.list_requests, limit=limit, offset=offset, **values)


async def count_requests(tx: Connection) -> Counts:
    """How the desk stands."""
    return await fetch_one(tx, Counts, queries.count_requests, now=now()) or Counts(0, 0, 0, 0)


async def list_steps(tx: Connection, request_id: uuid.UUID) -> list[Step]:
    """What was done with a request, oldest first."""
    return await fetch_all(tx, Step, queries.list_steps, request_id=request_id)


async def confirm_request(tx: Connection, request_id: uuid.UUID, *, others: bool, due_at: datetime) -> None:
    """The person had a first answer."""
    await execute(tx, queries.confirm_request, id=request_id, others=others, due_at=due_at, now=now())


async def extend_request(tx: Connection, request_id: uuid.UUID, due_at: datetime) -> None:
    """The person was told that it takes longer."""
    await execute(tx, queries.extend_request, id=request_id, due_at=due_at, now=now())


async def close_request(tx: Connection, request_id: uuid.UUID, state: str) -> None:
    """It has come to its end."""
    await execute(tx, queries.close_request, id=request_id, state=state, now=now())


async def insert_attachment(
    tx: Connection, request_id: uuid.UUID, name: str, media_type: str, object_: str, size: int
) -> None:
    """A paper belongs to a request."""
    what = {"name": name, "media_type": media_type, "object": object_, "size": size}
    who = {"at": now(), "by_name": acting().name}
    await execute(tx, queries.insert_attachment, id=new_id(), request_id=request_id, **what, **who)


async def list_attachments(tx: Connection, request_id: uuid.UUID) -> list[Attachment]:
    """The papers of a request."""
    return await fetch_all(tx, Attachment, queries.list_attachments, request_id=request_id)
