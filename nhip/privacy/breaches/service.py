"""What may happen to breaches: found, facts changed, authority notified, persons informed, closed."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from nhip.datasets.store import get_dataset
from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import VIETNAM, now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.breaches.model import Breach, BreachRow, Edition, EditionRow, Facts
from nhip.privacy.clocks import notify_due
from nhip.privacy.errors import BreachNotFound, BreachRefused
from nhip.privacy.requests.store import next_number

queries = load(__file__)


async def list_breaches(tx: Connection) -> list[Breach]:
    """All breaches, those that are open first, the most urgent first."""
    return [_read(row) for row in await fetch_all(tx, BreachRow, queries.list_breaches, no=None)]


async def get(tx: Connection, no: str) -> Breach:
    """A breach by its number. Raises BreachNotFound."""
    rows = await fetch_all(tx, BreachRow, queries.list_breaches, no=no)
    if not rows:
        raise BreachNotFound
    return _read(rows[0])


async def list_editions(tx: Connection, breach: Breach) -> list[Edition]:
    """How the facts came to be known, newest first."""
    rows = await fetch_all(tx, EditionRow, queries.list_editions, id=breach.id)
    return [Edition(r.no, msgspec.convert(r.facts, Facts), r.note, r.at, r.by_name) for r in rows]


async def find(tx: Connection, facts: Facts, found_at: datetime | None = None) -> Breach:
    """A breach was found; its 72 hours begin at `found_at`, which is not in the future. Raises BreachRefused, DatasetNotFound."""
    at = found_at or now()
    if at > now() + timedelta(minutes=1):
        raise BreachRefused(what=_("it cannot be found in the future"))
    await _judge(tx, facts)
    year, made = at.astimezone(VIETNAM).year, new_id()
    no = f"VP-{year}-{await next_number(tx, 'breach', year):04d}"
    await execute(tx, queries.insert_breach, id=made, no=no, found_at=at, due_at=notify_due(at))
    await _add_edition(tx, made, 1, facts, "")
    told = {"found_at": at.isoformat(), "due": notify_due(at).isoformat(), "datasets": list(facts.datasets)}
    await note(tx, Event(kind="breach.found", what=f"breach:{no}", data=told))
    return await get(tx, no)


async def change(tx: Connection, breach: Breach, facts: Facts, why: str = "") -> Breach:
    """Let the facts be `facts` from now on. Raises BreachRefused, DatasetNotFound."""
    await _judge(tx, facts)
    breach = await _held(tx, breach)
    changed = [name for name in Facts.__struct_fields__ if getattr(breach.facts, name) != getattr(facts, name)]
    if not changed:
        return breach
    return await _step(tx, breach, "breach.changed", facts=facts, why=why, data={"fields": changed})


async def notify(tx: Connection, breach: Breach, at: datetime, form: str) -> Breach:
    """The authority was notified at `at` with the text `form`. Raises BreachRefused."""
    breach = await _held(tx, breach)
    if breach.notified_at is not None:
        raise BreachRefused(what=_("the authority was notified already"))
    if not breach.found_at <= at <= now() + timedelta(minutes=1):
        raise BreachRefused(what=_("the authority is notified after the breach was found and not in the future"))
    told = {"at": at.isoformat(), "late": at > breach.due_at, "form_sha256": sha256(form.encode()).hexdigest()}
    return await _step(tx, breach, "breach.notified", why=form, data=told, notified_at=at)


async def inform(tx: Connection, breach: Breach, how: str) -> Breach:
    """The people were told. Raises BreachRefused."""
    breach = await _held(tx, breach)
    if not how.strip():
        raise BreachRefused(what=_("write how and whom you told"))
    return await _step(tx, breach, "breach.informed", why=how, informed_at=now())


async def close(tx: Connection, breach: Breach, why: str) -> Breach:
    """The matter is settled. Raises BreachRefused while the authority does not know and no reason says why it need not."""
    breach = await _held(tx, breach)
    if not why.strip():
        raise BreachRefused(what=_("write how it ended, and why nobody had to be notified if nobody was"))
    return await _step(tx, breach, "breach.closed", why=why, closed_at=now())


async def _judge(tx: Connection, facts: Facts) -> None:
    if facts.until is not None and facts.until < facts.since:
        raise BreachRefused(what=_("it cannot end before it began"))
    if facts.since > now() + timedelta(minutes=1):
        raise BreachRefused(what=_("it cannot begin in the future"))
    for dataset in facts.datasets:
        await get_dataset(tx, dataset)


async def _held(tx: Connection, breach: Breach) -> Breach:
    await tx.execute(queries.lock_breach, {"id": breach.id})
    held = await get(tx, breach.no)
    if held.closed_at is not None:
        raise BreachRefused(what=_("it is closed"))
    return held


async def _step(
    tx: Connection,
    breach: Breach,
    kind: str,
    *,
    facts: Facts | None = None,
    why: str = "",
    data: dict[str, object] | None = None,
    **marks: datetime,
) -> Breach:
    no = breach.no_edition + 1
    await _add_edition(tx, breach.id, no, facts or breach.facts, why)
    kept = {name: marks.get(name, getattr(breach, name)) for name in ("notified_at", "informed_at", "closed_at")}
    await execute(tx, queries.point_breach, id=breach.id, no=no, **kept)
    await note(tx, Event(kind=kind, what=f"breach:{breach.no}", data={**(data or {}), "edition": no}))
    return await get(tx, breach.no)


async def _add_edition(tx: Connection, breach_id: uuid.UUID, no: int, facts: Facts, why: str) -> None:
    values = {"id": breach_id, "no": no, "facts": Jsonb(msgspec.to_builtins(facts)), "note": why}
    await execute(tx, queries.insert_edition, at=now(), by_name=acting().name, **values)


def _read(row: BreachRow) -> Breach:
    return Breach(**msgspec.structs.asdict(row) | {"facts": msgspec.convert(row.facts, Facts)})
