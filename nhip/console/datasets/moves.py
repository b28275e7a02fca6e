"""What an officer's corrections changed: findings and virtues of the version in force against those of the version before."""

from __future__ import annotations

import msgspec

from nhip.console.common import VIRTUES
from nhip.datasets.errors import VersionNotFound
from nhip.datasets.health import DatasetHealth, get_history
from nhip.datasets.records import VirtueRecord
from nhip.datasets.store import get_version, list_deliveries
from nhip.db import Connection
from nhip.web.formats import tenths

WORKING = ("received", "decoded", "checked")
"""States of a delivery that is being worked through."""


class Move(msgspec.Struct, frozen=True):
    """A virtue that is another now; `title` is English text and gettext key."""

    title: str
    was: float
    now: float


class Moves(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since a version. `working`: it is still being worked through, so that more may change."""

    working: bool
    findings_was: int
    findings_now: int
    kept_out_was: int
    kept_out_now: int
    virtues: list[Move]


async def find_moves(tx: Connection, health: DatasetHealth, since: int | None) -> Moves | None:
    """What changed since version `since`; None without one, or where there is none with that number."""
    if since is None or health.version is None:
        return None
    try:
        before = await get_version(tx, health.dataset, since)
    except VersionNotFound:
        return None
    latest = await list_deliveries(tx, health.dataset, 5)
    history = await get_history(tx, health.dataset)
    return Moves(
        working=any(delivery.state in WORKING for delivery in latest),
        findings_was=before.finding_count,
        findings_now=health.version.finding_count,
        kept_out_was=before.quarantined,
        kept_out_now=health.version.quarantined,
        virtues=_moved(history, since, health.version.no),
    )


def _moved(history: list[VirtueRecord], since: int, now: int) -> list[Move]:
    """The virtues whose last scores of the two versions differ as they are shown."""
    last = {record.version_no: record for record in history}
    if since not in last or now not in last:
        return []
    found = []
    for name, title in VIRTUES.items():
        was, score = getattr(last[since], name), getattr(last[now], name)
        if was is not None and score is not None and tenths(was) != tenths(score):
            found.append(Move(title, was, score))
    return found
