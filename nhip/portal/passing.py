"""Deletions pass through: what another portal offers no longer is withdrawn here too, unless its source says otherwise."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.db.query import fetch_all
from nhip.db.sql import load
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM
from nhip.portal.service import withdraw
from nhip.web.i18n import translate

queries = load(__file__, "passing.sql")
REASON = _("The portal that it came from ({source}) offers it no longer since {day}.")


class Passed(msgspec.Struct, frozen=True):
    """An open dataset whose origin is gone."""

    id: uuid.UUID
    name: str
    source: str
    since: datetime


async def withdraw_passed(installation: Installation) -> list[str]:
    """Withdraw what is gone where it came from; gives the names."""
    async with installation.db.read() as tx:
        found = await fetch_all(tx, Passed, queries.list_passed)
    for one in found:
        reason = translate(REASON, source=one.source, day=f"{one.since.astimezone(VIETNAM):%d/%m/%Y}")
        async with installation.db.tx() as tx:
            await withdraw(tx, await get_dataset(tx, one.id), reason)
    return [one.name for one in found]
