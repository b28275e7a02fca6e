"""Letters that wait to be sent, and who is told of changes. A letter is written in the transaction of what it is about."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.text import squash
from nhip.kernel.time import now
from nhip.portal.people.model import Change, Scope, Subscription
from nhip.web.i18n import speaking, translate

queries = load(__file__, "letters.sql")
ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""E-mail addresses that are taken (RFC 5321 without quoting and without letters beyond ASCII)."""
LONGEST = 254
LETTERS_A_DAY = 5
"""Letters that a mailbox whose owner did not confirm anything may get a day."""
SUBSCRIPTIONS = 50
"""Of one mailbox."""


class Tally(msgspec.Struct, frozen=True):
    """How many are in a state."""

    state: str
    n: int


class Trouble(msgspec.Struct, frozen=True):
    """A letter that did not go out (yet)."""

    subject: str
    state: str
    attempts: int
    made_at: datetime
    error: str


def is_address(text: str) -> bool:
    """Whether `text` is an e-mail address that we write to."""
    return len(text) <= LONGEST and ADDRESS.fullmatch(text) is not None


async def write_letter(
    tx: Connection,
    *,
    key: str,
    to: str,
    lang: str,
    subject: str,
    subject_values: Mapping[str, Any],
    parts: Sequence[tuple[str, Mapping[str, Any]]],
    path: str = "",
    subscription: uuid.UUID | None = None,
    leave: str = "",
) -> bool:
    """Write a letter in the language of its reader: marked texts with their values as paragraphs, then the page `path`.

    One `key`, one letter; whether this one is new. `{root}` and `{leave}` are filled in when it is sent.
    """
    with speaking(lang):
        lines = [translate(text, **values) for text, values in parts]
        lines += [f"{{root}}{path}"] if path else []
        title = squash(translate(subject, **subject_values))[:150]
    values = {"to_address": to, "subject": title, "body": "\n\n".join(lines)[:20_000], "leave": leave}
    inserted = await execute(
        tx, queries.insert_letter, id=new_id(), key=key, subscription_id=subscription, now=now(), **values
    )
    return inserted > 0


async def list_changes(
    tx: Connection, since: datetime, *, name: str | None = None, agency: str | None = None, most: int = 100
) -> list[Change]:
    """What happened to open datasets after `since`, the last first."""
    return await fetch_all(tx, Change, queries.list_changes, since=since, name=name, agency=agency, most=most)


async def has_agency(tx: Connection, code: str) -> bool:
    """Whether an agency has or had open data."""
    return await (await tx.execute(queries.has_agency, {"code": code})).fetchone() is not None


async def ask(tx: Connection, email: str, scope: Scope, target: str, lang: str) -> Subscription | None:
    """Somebody typed this address; its owner is asked to confirm. None where that mailbox has enough of us already."""
    day_ago = now() - timedelta(days=1)
    letters = await (await tx.execute(queries.count_letters, {"email": email, "since": day_ago})).fetchone()
    held = await (await tx.execute(queries.count_subscriptions, {"email": email})).fetchone()
    if letters is None or held is None or letters[0] >= LETTERS_A_DAY or held[0] >= SUBSCRIPTIONS:
        return None
    values = {"email": email, "scope": scope, "target": target, "lang": lang}
    found = await fetch_one(tx, Subscription, queries.ask, id=new_id(), now=now(), **values)
    assert found is not None, "an insert that updates always gives its row"
    return found


async def find_subscription(tx: Connection, subscription_id: uuid.UUID) -> Subscription | None:
    """A subscription, confirmed or not."""
    return await fetch_one(tx, Subscription, queries.find_subscription, id=subscription_id)


async def confirm(tx: Connection, subscription: Subscription) -> None:
    """The owner of the mailbox said yes."""
    await execute(tx, queries.confirm, id=subscription.id, now=now())


async def leave(tx: Connection, subscription_id: uuid.UUID) -> bool:
    """The subscription and its address are gone; whether they were there."""
    return await execute(tx, queries.leave, id=subscription_id) > 0


async def count_mail(tx: Connection) -> dict[str, int]:
    """Letters by state."""
    return {row.state: row.n for row in await fetch_all(tx, Tally, queries.count_mail)}


async def count_readers(tx: Connection) -> dict[str, int]:
    """Confirmed subscriptions by scope."""
    return {row.state: row.n for row in await fetch_all(tx, Tally, queries.count_readers)}


async def list_trouble(tx: Connection) -> list[Trouble]:
    """Letters that did not go out, the last first."""
    return await fetch_all(tx, Trouble, queries.list_trouble)


SCOPES = {
    "catalogue": _("All open data"),
    "agency": _("An agency"),
    "dataset": _("A dataset"),
}
"""What can be followed, in words."""
