"""What the public forms share: who may send how much, the field that people do not see, what is kept of an e-mail address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request

from nhip.db import Connection
from nhip.kernel.actor import acting
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.portal.people.letters import is_address
from nhip.portal.people.store import count_recent
from nhip.security.limits import Limiter
from nhip.security.peers import counted_as
from nhip.web.forms import Form

AnyRequest = Request[Any, Any, Any]
SMALL_FORM = 64_000
"""Most bytes of a public form."""
AN_HOUR, A_DAY = 5, 20
"""Requests and comments that one network address may send."""
MOST_UNSEEN = 5_000
"""What may wait to be looked at; beyond, nobody would read it in time anyway."""
TRAP = "website"
"""A field that only programs fill: it is not shown."""
clicks = Limiter(per_minute=6, burst=30)
"""Votes, ratings and subscriptions of one network address."""


def is_program(form: Form) -> bool:
    """Whether the field that people do not see was filled."""
    return bool(form.raw(TRAP))


async def check_flood(tx: Connection, form: Form) -> bool:
    """Whether whoever acts has sent too much; said in the form, so that nothing that was typed is lost."""
    address, at = acting().address, now()
    this_hour, unseen = await count_recent(tx, address, at - timedelta(hours=1))
    this_day, _unseen = await count_recent(tx, address, at - timedelta(days=1))
    if this_hour >= AN_HOUR or this_day >= A_DAY:
        form.fail("", _("Much was sent from your network address already. Keep your text and send it in an hour."))
    elif unseen >= MOST_UNSEEN:
        form.fail("", _("More was sent than the officials can read now. Keep your text and send it in some days."))
    return bool(form.errors)


def clicked_too_often() -> int:
    """Seconds to wait for whoever acts before voting, rating or subscribing again; 0: go on."""
    wait = clicks.take(counted_as(acting().address))
    return int(wait) + 1 if wait else 0


def read_email(form: Form, *, required: str = "") -> str:
    """The e-mail address, in the letters that mail servers agree on; what is wrong is said beside the field."""
    email = form.text("email", longest=254, required=required)
    if email and not is_address(email):
        form.fail("email", _("Write the address as in ten@example.vn."))
        return ""
    local, _at, domain = email.rpartition("@")
    return f"{local}@{domain.lower()}" if email else ""
