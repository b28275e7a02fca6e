"""What may happen to a request for data: received, looked at, routed, taken into work, published, refused, joined, extended."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec

from nhip.datasets.records import Agency
from nhip.datasets.store import list_agencies
from nhip.db import Connection
from nhip.db.notify import announce
from nhip.db.query import execute
from nhip.kernel.actor import SYSTEM, act_as, acting
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.portal.model import TOPIC
from nhip.portal.people import store
from nhip.portal.people.errors import DatasetNotOpen, ExtensionSpent, MergeWrong, WishClosed, WishNotFound
from nhip.portal.people.letters import write_letter
from nhip.portal.people.model import Wish, WishState
from nhip.portal.people.policy import due_at
from nhip.portal.people.store import queries
from nhip.portal.store import find_entry
from nhip.privacy.clocks import due
from nhip.privacy.policy import Clock


class NewWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader typed; `agency_code` is empty where they do not know who holds the data."""

    title: str
    text: str
    purpose: str = ""
    name: str = ""
    email: str = ""
    agency_code: str = ""
    lang: str = "vi"


async def receive(tx: Connection, new: NewWish) -> Wish:
    """Keep a request; its clocks begin; officials and its sender read it. The ledger learns nothing of who sent it."""
    at, wish_id = now(), new_id()
    values = msgspec.structs.asdict(new) | {"address": acting().address, "now": at}
    due_by = {"look_due": due_at("wish.look", at), "due_at": due_at("wish.answer", at)}
    await tx.execute(queries.insert_wish, {"id": wish_id, **values, **due_by})
    wish = await get_wish(tx, wish_id)
    with act_as(msgspec.structs.replace(SYSTEM, name="", via="stranger")):
        await store.add_step(tx, wish_id, "received")
        await note(tx, Event(kind="wish.received", what=f"wish:{wish.no}"))
    return wish


async def get_wish(tx: Connection, key: int | uuid.UUID) -> Wish:
    """A request by number or id. Raises WishNotFound."""
    found = await store.find_wish(tx, key)
    if found is None:
        raise WishNotFound(what=str(key))
    return found


async def get_shown_wish(tx: Connection, no: int) -> Wish:
    """A request that the public may read; one that is not shown answers as one that is not there. Raises WishNotFound."""
    found = await store.find_wish(tx, no)
    if found is None or found.shown_at is None or found.state == "dropped":
        raise WishNotFound(what=str(no))
    return found


async def _done(tx: Connection, wish: Wish, act: str, *, told: str = "", note_: str = "") -> None:
    await store.add_step(tx, wish.id, act, told=told, note=note_)
    await note(tx, Event(kind=f"wish.{act}", what=f"wish:{wish.no}", why=note_))
    await announce(tx, TOPIC)


async def _still_open(tx: Connection, wish: Wish) -> None:
    """Raises WishClosed when somebody was quicker."""
    row = await (await tx.execute(queries.lock_wish, {"id": wish.id})).fetchone()
    if row is None or row[0] not in ("received", "in_work"):
        raise WishClosed(no=wish.no)


async def show(tx: Connection, wish: Wish, title: str, text: str) -> None:
    """Let the public read it in these words, without what is personal in it. Raises WishClosed."""
    await _still_open(tx, wish)
    await execute(tx, queries.show_wish, id=wish.id, title=title, text=text, now=now())
    if wish.shown_at is None or (title, text) != (wish.shown_title, wish.shown_text):
        await _done(tx, wish, "shown")


async def drop(tx: Connection, wish: Wish, why: str) -> None:
    """Not a request for data, or not fit to be read: it is not shown. Raises WishClosed."""
    await _close(tx, wish, "dropped", "", note_=why)


async def route(tx: Connection, wish: Wish, agency: Agency | None) -> None:
    """Give it to the agency that holds such data, or back to the portal (None). Raises WishClosed."""
    await _still_open(tx, wish)
    await execute(tx, queries.route_wish, id=wish.id, agency_id=agency.id if agency else None)
    await _done(tx, wish, "routed", note_=agency.code if agency else "")


async def begin(tx: Connection, wish: Wish) -> None:
    """Somebody works on it; said to the public. Raises WishClosed."""
    await _still_open(tx, wish)
    await execute(tx, queries.begin_wish, id=wish.id)
    await _done(tx, wish, "begun")


def latest_extension(wish: Wish) -> datetime:
    """Until when its time can be extended, once."""
    from nhip.portal.people.policy import clock_at

    clock: Clock = clock_at("wish.extension", wish.received_at)
    return due(clock, wish.due_at - timedelta(microseconds=1))


async def extend(tx: Connection, wish: Wish, why: str) -> None:
    """More time, once, with the reason that is told. Raises WishClosed, ExtensionSpent."""
    await _still_open(tx, wish)
    if wish.extended:
        raise ExtensionSpent(no=wish.no)
    await execute(tx, queries.extend_wish, id=wish.id, due_at=latest_extension(wish))
    await _done(tx, wish, "extended", told=why)


async def publish(tx: Connection, wish: Wish, dataset_name: str, answer: str) -> None:
    """The data are open now: here they are. Raises WishClosed, DatasetNotOpen."""
    if await find_entry(tx, dataset_name) is None:
        raise DatasetNotOpen(name=dataset_name)
    await _close(tx, wish, "published", answer, dataset_name=dataset_name)


async def refuse(tx: Connection, wish: Wish, why: str) -> None:
    """The data cannot be open, and why. Raises WishClosed."""
    await _close(tx, wish, "refused", why)


async def merge(tx: Connection, wish: Wish, into_no: int) -> None:
    """The same was asked before: its readers count there. Raises WishClosed, MergeWrong."""
    into = await store.find_wish(tx, into_no)
    if into is None or into.id == wish.id or into.state in ("merged", "dropped") or into.shown_at is None:
        raise MergeWrong(no=wish.no, into=into_no)
    await _close(tx, wish, "merged", "", into=into)
    await execute(tx, queries.carry_votes, id=wish.id, into=into.id)


async def _close(
    tx: Connection,
    wish: Wish,
    state: WishState,
    answer: str,
    *,
    dataset_name: str = "",
    into: Wish | None = None,
    note_: str = "",
) -> None:
    await _still_open(tx, wish)
    values = {"state": state, "answer": answer, "dataset_name": dataset_name, "merged_into": into.no if into else None}
    await execute(tx, queries.close_wish, id=wish.id, now=now(), **values)
    await _done(tx, wish, state, told=answer, note_=note_)
    if wish.email:
        await write_letter(
            tx,
            key=f"wish:{wish.id}:{state}",
            to=wish.email,
            lang=wish.lang,
            subject=_("Your request for data: {title}"),
            subject_values={"title": wish.title},
            parts=[(_LETTERS[state], {}), *([("{text}", {"text": answer})] if answer else [])],
            path=f"/dataset/{dataset_name}" if dataset_name else f"/data-requests/{into.no}" if into else "",
        )


_LETTERS = {
    "published": _("The data that you asked for are open now."),
    "refused": _("The data that you asked for cannot be made open."),
    "merged": _("Somebody asked for the same before you. Your request was joined to theirs; follow it there."),
    "dropped": _("Your request is not shown on the portal, as it is not about data that can be made open."),
}


async def vote(tx: Connection, wish: Wish, browser: uuid.UUID) -> bool:
    """A browser needs this too; whether it had not said so before."""
    return await execute(tx, queries.vote, id=wish.id, browser=browser, now=now()) > 0


async def list_receivers(tx: Connection) -> list[Agency]:
    """Every agency that a request can be given to."""
    return await list_agencies(tx)
