"""The notice of a breach to the authority in charge of protecting personal data, filled in from what is known.

It holds what Law 91/2025/QH15 asks for: what happened, kinds and numbers of data and people, who to ask, what may
come of it, what was done. The form of the decree's annex was not at hand: copy the text into it.
"""

from __future__ import annotations

from nhip.datasets.store import list_agencies
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.privacy.breaches.affected import find_affected
from nhip.privacy.breaches.model import Affected, Breach
from nhip.web.i18n import translate


async def form_text(installation: Installation, tx: Connection, breach: Breach) -> str:
    """The notice as plain text, in the language of the page."""
    affected = await find_affected(installation, tx, breach)
    names = {a.code: a.name for a in await list_agencies(tx)}
    facts, none = breach.facts, "…"
    lines = [
        translate(_("NOTICE OF A VIOLATION OF THE PROTECTION OF PERSONAL DATA")),
        translate(_("Number {no}, made {when}"), no=breach.no, when=now()),
        "",
        translate(_("To: the authority in charge of protecting personal data (Ministry of Public Security)")),
        translate(_("1. Who notifies: {name}"), name=names.get(facts.organisation, facts.organisation) or none),
        translate(_("2. Found at: {when}; to be notified by: {due}"), when=breach.found_at, due=breach.due_at),
        translate(_("3. Time of the violation: from {since} to {until}"), since=facts.since, until=facts.until or none),
        translate(_("4. What happened: {text}"), text=facts.what),
        translate(_("5. Kinds of personal data: {text}"), text=facts.data_kinds or none),
        *_counted(affected),
        translate(_("7. What may come of it: {text}"), text=facts.harm or none),
        translate(_("8. What was done and will be done: {text}"), text=facts.measures or none),
        translate(_("9. Who can be asked: {text}"), text=facts.contact or none),
    ]
    if breach.overdue:
        lines.append(translate(_("10. Why it comes later than 72 hours: …")))
    return "\n".join(lines)


def _counted(affected: Affected) -> list[str]:
    lines = [translate(_("6. Data subjects: {n} different citizen numbers; rows by dataset:"), n=affected.people)]
    for version in affected.versions:
        told = _("{dataset}, version {no}: {rows} rows")
        lines.append("   " + translate(told, dataset=version.title, no=version.no, rows=version.rows))
    return lines
