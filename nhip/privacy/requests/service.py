"""What may happen to requests. Every act is a step that stays, and an event of the ledger about the person."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM, now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.clocks import answer_due, done_due, end_of, longest_extension
from nhip.privacy.errors import RequestNotFound, RequestRefused
from nhip.privacy.policy import REQUESTS
from nhip.privacy.requests import store
from nhip.privacy.requests.model import NewRequest, Request


async def get(tx: Connection, no: str) -> Request:
    """A request by the number on its receipt. Raises RequestNotFound."""
    found = await store.find_request(tx, no)
    if found is None:
        raise RequestNotFound
    return found


async def receive(tx: Connection, new: NewRequest, received_at: datetime | None = None) -> Request:
    """Take a request in; its clocks begin when it was received (a paper: when it came, at most 30 days ago).

    Raises RequestRefused.
    """
    at = received_at or now()
    if new.kind not in REQUESTS:
        raise RequestRefused(what=_("the law knows no such request"))
    if not now() - timedelta(days=30) <= at <= now() + timedelta(minutes=1):
        raise RequestRefused(what=_("the day of receipt must lie within the last 30 days"))
    year = at.astimezone(VIETNAM).year
    no = f"YC-{year}-{await store.next_number(tx, 'request', year):05d}"
    await store.insert_request(tx, no, new, at, answer_due(at), done_due(new.kind, at, others=new.others))
    made = await get(tx, no)
    await store.insert_step(tx, made.id, "received")
    await _note(tx, made, "request.received", {"kind": new.kind, "channel": new.channel})
    return made


async def confirm(tx: Connection, request: Request, told: str, *, others: bool) -> Request:
    """The first answer: how and by when it will be done. `others`: a processor or third party must act, which takes longer.

    Raises RequestRefused.
    """
    request = await _held(tx, request)
    if request.confirmed_at is not None:
        raise RequestRefused(what=_("the person has had the first answer already"))
    if not told.strip():
        raise RequestRefused(what=_("write what the person is told"))
    due_at = done_due(request.kind, request.received_at, others=others)
    await store.confirm_request(tx, request.id, others=others, due_at=due_at)
    return await _done(tx, request, "confirmed", "request.confirmed", told=told, data={"due": due_at.isoformat()})


async def extend(tx: Connection, request: Request, until: date, told: str) -> Request:
    """Take longer, once, up to and with the day `until`, for a reason that the person is told. Raises RequestRefused."""
    request = await _held(tx, request)
    if request.extended_at is not None:
        raise RequestRefused(what=_("the time was extended once already, and no more than once is allowed"))
    if not told.strip():
        raise RequestRefused(what=_("write the reason that the person is told"))
    due_at = end_of(until)
    if now() >= request.due_at:
        raise RequestRefused(what=_("the time is over already: it can only be extended before"))
    if due_at <= request.due_at or due_at > longest_extension(request.kind, request.received_at, others=request.others):
        raise RequestRefused(what=_("the new day must be later than the old one, by at most 15 days"))
    await store.extend_request(tx, request.id, due_at)
    return await _done(tx, request, "extended", "request.extended", told=told, data={"due": due_at.isoformat()})


async def close(tx: Connection, request: Request, state: str, told: str) -> Request:
    """`done` (the person has what they asked for) or `refused` (with the legal ground). Raises RequestRefused."""
    request = await _held(tx, request)
    if state not in ("done", "refused"):
        raise RequestRefused(what=_("a request ends done or refused"))
    if not told.strip():
        raise RequestRefused(what=_("write what the person is told"))
    await store.close_request(tx, request.id, state)
    kind = "request.answered" if state == "done" else "request.refused"
    late = now() > request.due_at
    return await _done(tx, request, state, kind, told=told, data={"late": late})


async def take_back(tx: Connection, request: Request) -> Request:
    """The person does not want it any more. Raises RequestRefused."""
    request = await _held(tx, request)
    await store.close_request(tx, request.id, "taken_back")
    return await _done(tx, request, "taken_back", "request.closed")


async def jot(tx: Connection, request: Request, text: str, kind: str = "noted") -> None:
    """Note something for the desk alone."""
    await store.insert_step(tx, request.id, kind, note=text)


async def _held(tx: Connection, request: Request) -> Request:
    held = await store.lock_request(tx, request.id)
    if held.closed_at is not None:
        raise RequestRefused(what=_("it has come to its end already"))
    return held


async def _done(
    tx: Connection, request: Request, step: str, kind: str, *, told: str = "", data: dict[str, object] | None = None
) -> Request:
    await store.insert_step(tx, request.id, step, told=told)
    await _note(tx, request, kind, data or {})
    return await get(tx, request.no)


async def _note(tx: Connection, request: Request, kind: str, data: dict[str, object]) -> None:
    subjects = (request.subject,) if request.subject else ()
    await note(tx, Event(kind=kind, what=f"request:{request.no}", data=data, subjects=subjects))
