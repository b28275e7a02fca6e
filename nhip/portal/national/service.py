"""Registering: what the other side should have is compared with what it has, and the difference is told.

Nothing is queued that could be lost or sent in the wrong order: the difference itself is the queue. A side that is away is tried
again after a minute, two, four ... at most six hours, or as it asks for; one dataset that is refused waits by itself.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.notify import announce
from nhip.db.query import execute
from nhip.errors import NhipError
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.service import get_facts, site_of
from nhip.portal.dcat.writers import WRITERS
from nhip.portal.model import TOPIC, Entry
from nhip.portal.national import store
from nhip.portal.national.errors import NoPublicAddress, Refused
from nhip.portal.national.model import Due, National, Way
from nhip.portal.national.sender import AWAY, Sender
from nhip.portal.search import list_entries
from nhip.security.resealing import SealedColumn
from nhip.security.secrets import Vault

FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=6)
REFUSED_FIRST, REFUSED_LONGEST = timedelta(hours=1), timedelta(days=7)
AT_ONCE = 100
PATIENCE_S = 50.0
"""A run ends after this; the next one, a minute later, goes on."""
_AAD = "portal.national"
SEALED = [
    SealedColumn(
        name="portal.national.secret",
        listing=store.queries.list_sealed,
        reseal=store.queries.reseal,
        aad=lambda key: key,
    )
]


async def put_national(
    tx: Connection,
    installation: Installation,
    *,
    url: str,
    way: Way,
    organisation: str = "",
    prefix: str = "",
    enabled: bool = True,
    key: str = "",
) -> None:
    """Set where we register. `key` is sealed and never shown again; empty keeps the one there is."""
    before = await store.find_national(tx)
    sealed = Vault(installation.settings).seal({"key": key}, aad=_AAD) if key else None
    values = {"url": url.strip(), "way": way, "organisation": organisation, "prefix": prefix, "enabled": enabled}
    await execute(tx, store.queries.put_national, **values, secret=sealed)
    if before is not None and (before.url, before.way, before.prefix) != (url.strip(), way, prefix):
        await execute(tx, store.queries.forget_sent)
    told = {"way": way, "organisation": organisation, "enabled": enabled, "key": bool(key)}
    await note(tx, Event(kind="registry.changed", what="national portal", data=told))
    await announce(tx, TOPIC)


async def try_now(tx: Connection) -> None:
    """Whatever waits for its next try is tried in the next minute."""
    await execute(tx, store.queries.try_now)
    await announce(tx, TOPIC)


async def register_due(installation: Installation) -> int:
    """Tell what differs, as long as the other side answers; gives how many datasets were told of."""
    async with installation.db.read() as tx:
        national = await store.find_national(tx)
        sealed = await store.find_key(tx)
    if national is None or not national.enabled or (national.next_try_at or now()) > now():
        return 0
    try:
        key = Vault(installation.settings).open_(sealed, aad=_AAD).value("key") if sealed else ""
        root = _root(installation)
    except NhipError as error:
        await _away(installation, national, error)
        return 0
    return await _tell_all(installation, national, Sender(installation.settings, national, key, root))


async def _tell_all(installation: Installation, national: National, sender: Sender) -> int:
    begun, told = time.monotonic(), 0
    with sender:
        while time.monotonic() - begun < PATIENCE_S:
            async with installation.db.read() as tx:
                due = await store.list_due(tx, AT_ONCE)
                entries = {e.dataset_id: e for e in await list_entries(tx, [str(d.dataset_id) for d in due])}
            for one in due:
                try:
                    told += await _tell(installation, sender, one, entries.get(one.dataset_id))
                except AWAY as error:
                    await _away(installation, national, error)
                    return told
            if not due:
                break
    return told


async def _tell(installation: Installation, sender: Sender, due: Due, entry: Entry | None) -> int:
    """Tell of one dataset; 1 when the other side took it. Raises what `AWAY` names."""
    if entry is None and not due.gone:
        return 0  # closed since it was listed; the next look sees it
    async with installation.db.tx() as tx:
        await store.begun(tx, due)
    try:
        if due.gone or entry is None:
            await asyncio.to_thread(sender.withdraw, due)
        else:
            graph = await _graph(installation, entry) if sender.way == "dcat" else b""
            remote_id = await asyncio.to_thread(sender.put, due, entry, graph)
    except Refused as error:
        wait = min(REFUSED_LONGEST, REFUSED_FIRST * 2 ** min(due.attempts, 12))
        async with installation.db.tx() as tx:
            await store.answered(tx)
            await store.refused(tx, due.dataset_id, error, now() + wait)
            await announce(tx, TOPIC)
        return 0
    async with installation.db.tx() as tx:
        await store.answered(tx)
        if due.gone:
            await store.withdrawn(tx, due.dataset_id)
        else:
            await store.sent(tx, due, remote_id)
        kind = "registration.withdrawn" if due.gone else "registration.sent"
        await note(tx, Event(kind=kind, what=f"dataset:{due.name}"))
        await announce(tx, TOPIC)
    return 1


async def _away(installation: Installation, national: National, error: NhipError) -> None:
    asked = error.values.get("retry_after")
    wait = min(LONGEST, FIRST * 2 ** min(national.failures, 12))
    if isinstance(asked, int | float):
        wait = min(LONGEST, max(wait, timedelta(seconds=float(asked))))
    async with installation.db.tx() as tx:
        await store.away(tx, error, now() + wait)
        await announce(tx, TOPIC)


def _root(installation: Installation) -> str:
    root = installation.settings.base_url.rstrip("/")
    if not root:
        raise NoPublicAddress
    return root


async def _graph(installation: Installation, entry: Entry) -> bytes:
    """A dataset in DCAT-AP as Turtle, as its own address gives it."""
    async with installation.db.read() as tx:
        facts = await get_facts(tx, entry)
    return WRITERS["ttl"].whole(dataset_nodes(site_of(installation.settings, _root(installation)), entry, facts))
