"""The first page of the personal data desks: what is open, what is overdue, and the clocks of the law with their sources."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar import Response, get

from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.kernel.time import now, today
from nhip.privacy.breaches.service import list_breaches
from nhip.privacy.common import HOME, AnyRequest, installation_of, shown
from nhip.privacy.consents.store import list_notices
from nhip.privacy.policy import REQUESTS, Unit, policy
from nhip.privacy.processing.service import list_all, list_gaps
from nhip.privacy.requests.model import Counts
from nhip.privacy.requests.store import count_requests
from nhip.privacy.retention.service import list_plans
from nhip.web.i18n import translate, translate_plural

CLOCKS = {
    "request.answer": _("First answer to a data subject"),
    "request.extension": _("Longest extension, once"),
    "breach.notify": _("Notice of a breach to the authority"),
    "assessment.review": _("Impact assessment brought up to date"),
    "recipient.tell": _("Recipients have stopped after a withdrawal"),
    "logs.keep": _("System logs kept at least"),
}


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """How everything stands. `alarms`: clocks of the law that have run out."""

    requests: Counts
    breaches: int
    breaches_overdue: int
    gaps: int
    reviews: int
    notices: int
    notices_overdue: int
    deletions: int

    @property
    def alarms(self) -> int:
        """Clocks that have run out."""
        late = self.requests.overdue + self.requests.answer_overdue
        return late + self.breaches_overdue + self.notices_overdue


class ClockLine(msgspec.Struct, frozen=True):
    """A line of the table of clocks."""

    title: str
    period: str
    valid_from: date
    source: str
    checked: str


class DeskLine(msgspec.Struct, frozen=True):
    """A line of the overview: how many, how many of them beyond their time; `warns`: any of them at all needs attention."""

    title: str
    href: str
    permission: str
    count: int
    late: int = 0
    warns: bool = True


def lines_of(desk: Desk) -> list[DeskLine]:
    """The overview, in the order of urgency."""
    late = desk.requests.overdue + desk.requests.answer_overdue
    return [
        DeskLine(
            _("Breaches to be notified"), f"{HOME}/breaches", "breach.handle", desk.breaches, desk.breaches_overdue
        ),
        DeskLine(_("Open requests"), f"{HOME}/requests", "request.handle", desk.requests.open, late, False),
        DeskLine(_("Recipients to be told"), f"{HOME}/consents", "consent.record", desk.notices, desk.notices_overdue),
        DeskLine(_("Datasets without a registered processing"), f"{HOME}/processings", "processing.read", desk.gaps),
        DeskLine(_("Impact assessments due"), f"{HOME}/processings", "processing.read", desk.reviews),
        DeskLine(_("Datasets with data due for deletion"), f"{HOME}/retention", "retention.edit", desk.deletions),
    ]


async def look(tx: Connection) -> Desk:
    """How everything stands now."""
    breaches = [b for b in await list_breaches(tx) if b.notified_at is None and b.closed_at is None]
    notices = await list_notices(tx)
    due = [p for p in await list_all(tx) if p.review_on is None or p.review_on <= today()]
    return Desk(
        requests=await count_requests(tx),
        breaches=len(breaches),
        breaches_overdue=sum(b.overdue for b in breaches),
        gaps=len(await list_gaps(tx)),
        reviews=len(due),
        notices=len(notices),
        notices_overdue=sum(n.due_at <= now() for n in notices),
        deletions=sum(not plan.empty for plan in await list_plans(tx)),
    )


def list_clocks() -> list[ClockLine]:
    """The clocks of the policy table in words."""
    lines = [
        ClockLine(CLOCKS[c.name], _period(c.amount, c.unit), c.valid_from, c.shown_source, c.checked)
        for c in policy().clock
    ]
    for one in policy().request:
        both = translate(_("{days} days, {others} where others must act"), days=one.days, others=one.days_others)
        lines.append(ClockLine(REQUESTS[one.kind], both, one.valid_from, one.shown_source, one.checked))
    return lines


def _period(amount: int, unit: Unit) -> str:
    if unit == "hours":
        return translate_plural("{n} hour", "{n} hours", amount)
    if unit == "months":
        return translate_plural("{n} month", "{n} months", amount)
    if unit == "days":
        return translate_plural("{n} day", "{n} days", amount)
    return translate_plural("{n} working day", "{n} working days", amount)


@get(HOME, permission="processing.read")
async def show_desk(request: AnyRequest) -> Response[str]:
    """What the law asks for today."""
    async with installation_of(request).db.read() as tx:
        desk = await look(tx)
    return shown(request, "desk.html", desk=desk, lines=lines_of(desk), clocks=list_clocks())


ROUTES = [show_desk]
