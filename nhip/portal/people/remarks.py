"""What may happen to a comment on a dataset: received, shown, not shown, answered, made a task to mend; and ratings."""

from __future__ import annotations

import uuid

import msgspec

from nhip.db import Connection
from nhip.db.notify import announce
from nhip.db.query import execute
from nhip.kernel.actor import SYSTEM, act_as, acting
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.portal.model import TOPIC, Entry
from nhip.portal.people import store
from nhip.portal.people.errors import RemarkNotFound, RemarkNotShown
from nhip.portal.people.letters import write_letter
from nhip.portal.people.model import Remark, RemarkKind
from nhip.portal.people.policy import due_at
from nhip.portal.people.store import queries


class NewRemark(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader typed."""

    kind: RemarkKind
    text: str
    name: str = ""
    email: str = ""
    lang: str = "vi"


async def receive(tx: Connection, entry: Entry, new: NewRemark) -> uuid.UUID:
    """Keep a comment on an open dataset until an official looked at it; gives its id."""
    at, remark_id = now(), new_id()
    values = msgspec.structs.asdict(new) | {
        "address": acting().address,
        "now": at,
        "due_at": due_at("remark.answer", at),
    }
    where = {"dataset_id": entry.dataset_id, "release_no": entry.release_no}
    await execute(tx, queries.insert_remark, id=remark_id, **where, **values)
    with act_as(msgspec.structs.replace(SYSTEM, name="", via="stranger")):
        told = {"remark": str(remark_id), "kind": new.kind}
        await note(tx, Event(kind="remark.received", what=f"dataset:{entry.name}", data=told))
    return remark_id


async def get_remark(tx: Connection, remark_id: uuid.UUID) -> Remark:
    """A comment. Raises RemarkNotFound."""
    found = await store.find_remark(tx, remark_id)
    if found is None:
        raise RemarkNotFound(what=str(remark_id))
    return found


async def _done(tx: Connection, remark: Remark, kind: str, why: str = "") -> None:
    told = {"remark": str(remark.id)}
    await note(tx, Event(kind=kind, what=f"dataset:{remark.dataset_name}", why=why, data=told))
    await announce(tx, TOPIC)


async def show(tx: Connection, remark: Remark, text: str) -> None:
    """Let the public read it in these words, without what is personal in it."""
    await execute(tx, queries.show_remark, id=remark.id, text=text, now=now())
    await _done(tx, remark, "remark.shown")


async def drop(tx: Connection, remark: Remark, why: str) -> None:
    """It is not shown, or no longer."""
    await execute(tx, queries.drop_remark, id=remark.id)
    await _done(tx, remark, "remark.dropped", why)


async def answer(tx: Connection, remark: Remark, reply: str) -> None:
    """The owner of the data answers under a comment that is shown; its author gets a letter. Raises RemarkNotShown."""
    if remark.state != "shown":
        raise RemarkNotShown
    await execute(tx, queries.answer_remark, id=remark.id, reply=reply, by=acting().name, now=now())
    await _done(tx, remark, "remark.answered")
    if remark.email:
        await write_letter(
            tx,
            key=f"remark:{remark.id}:{new_id()}",
            to=remark.email,
            lang=remark.lang,
            subject=_("An answer to your comment on {title}"),
            subject_values={"title": remark.dataset_title},
            parts=[(_("The owner of the data answers:"), {}), ("{text}", {"text": reply})],
            path=f"/dataset/{remark.dataset_name}/comments",
        )


async def make_task(tx: Connection, remark: Remark, what: str, row: int | None) -> None:
    """Something in the data has to be mended: a task for the agency, which leads to the delivered `row` where it is known."""
    await execute(tx, queries.put_task, id=remark.id, task=what, row=row, by=acting().name, now=now())
    await _done(tx, remark, "remark.task", what)


async def end_task(tx: Connection, remark: Remark) -> None:
    """It is mended."""
    if await execute(tx, queries.end_task, id=remark.id, now=now()):
        await _done(tx, remark, "remark.mended")


async def rate(tx: Connection, entry: Entry, browser: uuid.UUID, stars: int) -> None:
    """What a browser gives a dataset, 1 to 5; the last time counts."""
    await execute(tx, queries.rate, dataset_id=entry.dataset_id, browser=browser, stars=stars, now=now())
