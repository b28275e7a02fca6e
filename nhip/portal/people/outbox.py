"""Sending what waits, and telling subscribers what changed since they were told last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.portal.people import store
from nhip.portal.people.letters import list_changes, queries, write_letter
from nhip.portal.people.mail import Given, Line, MailServerAway, message_of, sender_of, server_of
from nhip.portal.people.model import Change, Letter, Subscription
from nhip.portal.people.tokens import sign
from nhip.settings import Settings

A_RUN = 200
"""Letters that one run sends at most."""
QUIET = timedelta(hours=20)
"""Between two letters to one subscription: what changes meanwhile is gathered."""
PAUSES = (1, 5, 15, 60, 240, 720, 1440)
"""Minutes before a letter that failed is tried again; after the last it has failed for good."""
LINES = 30
"""Changes that one letter lists."""
MOST_CHANGES = 5_000
LOST = timedelta(minutes=15)
KEPT = timedelta(days=30)
UNCONFIRMED = timedelta(days=2)
ADDRESSES = timedelta(days=7)
PEOPLE = timedelta(days=365)


def root_of(settings: Settings) -> str:
    """The public address that letters lead to."""
    return (settings.base_url or f"http://{settings.host}:{settings.port}").rstrip("/")


async def tell_changes(installation: Installation) -> int:
    """Write letters to subscribers about what changed; gives how many. Without a mail server nothing is written."""
    if server_of(installation.settings) is None:
        return 0
    async with installation.db.tx() as tx:
        until = now()
        wanted = {"quiet_since": until - QUIET, "until": until, "most": 500}
        due = await fetch_all(tx, Subscription, queries.list_to_tell, **wanted)
        if not due:
            return 0
        since = min(one.told_at for one in due if one.told_at is not None)
        changes = await list_changes(tx, since, most=MOST_CHANGES)
        mailed = [one for one in due if await _told(tx, installation.settings, one, changes, until)]
        await execute(tx, queries.told, ids=[one.id for one in due], until=until)
        await execute(tx, queries.mailed, ids=[one.id for one in mailed], until=until)
    return len(mailed)


async def _told(
    tx: Connection, settings: Settings, reader: Subscription, changes: Sequence[Change], until: datetime
) -> bool:
    news = [
        c for c in changes if reader.told_at is not None and reader.told_at < c.at <= until and _concerns(reader, c)
    ]
    if not news:
        return False
    parts: list[tuple[str, dict[str, Any]]] = [(_("What changed in the open data that you follow:"), {})]
    parts += [_line(change, reader.lang) for change in news[:LINES]]
    if len(news) > LINES:
        parts.append((_("And {n} more changes."), {"n": len(news) - LINES}))
    parts.append(
        (_("You get this letter because you asked for it. To get no more of them: {address}"), {"address": "{leave}"})
    )
    first = news[0]
    return await write_letter(
        tx,
        key=f"subscription:{reader.id}:{until.isoformat()}",
        to=reader.email,
        lang=reader.lang,
        subject=_("Open data: {title} changed") if len({c.name for c in news}) == 1 else _("Open data: {n} changes"),
        subject_values={"title": _title(first, reader.lang), "n": len(news)},
        parts=parts,
        subscription=reader.id,
        leave=f"/unsubscribe/{sign(settings, 'leave', reader.id)}",
    )


def _concerns(reader: Subscription, change: Change) -> bool:
    if reader.scope == "dataset":
        return change.name == reader.target
    return reader.scope == "catalogue" or change.agency_code == reader.target


def _title(change: Change, lang: str) -> str:
    return (change.title_en if lang == "en" else "") or change.title or change.name


CHANGES = {
    "released": _("{title}: release {no}, {rows} rows. {address}"),
    "recalled": _("{title}: release {no} was called back: {why} Delete your copies of it. {address}"),
    "withdrawn": _("{title} was withdrawn: {why} {address}"),
}
"""A change as a sentence."""


def _line(change: Change, lang: str) -> tuple[str, dict[str, Any]]:
    page = f"{{root}}/dataset/{change.name}"
    values = {"title": _title(change, lang), "no": change.no, "rows": change.rows, "why": change.why, "address": page}
    return CHANGES[change.what], values


async def send_waiting(installation: Installation) -> dict[str, int]:
    """Send what waits, at most 200 letters; gives how many ended how. Raises MailServerAway when there is no line at all."""
    settings, counts = installation.settings, dict[str, int]()
    server = server_of(settings)
    async with installation.db.tx() as tx:
        await execute(tx, queries.give_up_lost, before=now() - LOST, now=now())
    if server is None:
        return counts
    line = Line(server, sender_of(settings).addr_spec, sender_of(settings).domain)
    with ExitStack() as open_line:
        opened = False
        for _turn in range(A_RUN):
            async with installation.db.tx() as tx:  # committed before a byte goes out
                letter = await fetch_one(tx, Letter, queries.take_letter, now=now())
            if letter is None:
                break
            try:
                if not opened:
                    await asyncio.to_thread(open_line.enter_context, line)
                    opened = True
                body = message_of(settings, letter, root_of(settings))
                given = await asyncio.to_thread(line.give, letter.to_address, body)
            except MailServerAway as error:
                await _ended(installation, letter, Given("later", error.values["why"]))
                raise
            counts[given.outcome] = counts.get(given.outcome, 0) + 1
            await _ended(installation, letter, given)
    return counts


async def _ended(installation: Installation, letter: Letter, given: Given) -> None:
    later = given.outcome == "later" and letter.attempts <= len(PAUSES)
    async with installation.db.tx() as tx:
        if later:
            next_at = now() + timedelta(minutes=PAUSES[letter.attempts - 1])
            await execute(tx, queries.put_back_letter, id=letter.id, next_at=next_at, error=given.why)
            return
        state = "failed" if given.outcome in ("later", "never") else given.outcome
        await execute(tx, queries.end_letter, id=letter.id, state=state, error=given.why, now=now())
        if given.outcome == "never" and letter.subscription_id is not None:
            await execute(tx, queries.leave, id=letter.subscription_id)  # nobody reads there


async def forget(installation: Installation) -> None:
    """Forget what is no longer needed: network addresses after a week, letters after a month, names a year after the end."""
    at = now()
    async with installation.db.tx() as tx:
        await execute(tx, queries.forget_letters, before=at - KEPT)
        await execute(tx, queries.forget_unconfirmed, before=at - UNCONFIRMED)
        await execute(tx, store.queries.forget_addresses, before=at - ADDRESSES)
        await execute(tx, store.queries.forget_people, before=at - PEOPLE)
