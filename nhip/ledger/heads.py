"""Signed tree heads: made each minute when the ledger grew, kept in the database and in a file outside it."""

from __future__ import annotations

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nhip.db import Connection, Database
from nhip.kernel.time import now
from nhip.ledger import heads_file, store
from nhip.ledger.checkpoint import write_key
from nhip.ledger.errors import LedgerBroken
from nhip.ledger.keys import Keys
from nhip.ledger.model import Event, Head, Tip
from nhip.ledger.service import microseconds, record
from nhip.ledger.tree import keep_nodes, root_at
from nhip.settings import Settings


async def sign_head(db: Database, settings: Settings) -> Head | None:
    """Sign the tree as it stands; None when it did not grow. Raises LedgerBroken rather than sign over a changed past."""
    async with db.tx() as tx:
        await store.wait_for_heads(tx)
        tip, last = await store.get_tip(tx), await store.find_head(tx)
        head = await _grow(tx, settings, tip, last) if tip.size > (last.size if last else 0) else None
    await _write_file(db, settings, tip.origin)
    return head


async def _grow(tx: Connection, settings: Settings, tip: Tip, last: Head | None) -> Head:
    await keep_nodes(tx, tip.size)
    if last is not None and await root_at(tx, last.size) != last.root:
        raise LedgerBroken(size=last.size)
    root = await root_at(tx, tip.size)
    head = await asyncio.to_thread(Keys(settings, tip.origin).sign, tip.size, root, microseconds(now()))
    await store.insert_head(tx, head)
    return head


async def _write_file(db: Database, settings: Settings, origin: str) -> None:
    """Add the heads that the file lacks: the new one, and any whose writing was cut off."""
    path = heads_file.path_of(settings)
    async with db.read() as tx:
        lacking = await store.list_heads_after(tx, await asyncio.to_thread(heads_file.last_size, path))
    if lacking:
        await asyncio.to_thread(heads_file.append, path, [heads_file.line_of(origin, head) for head in lacking])


async def change_key(db: Database, settings: Settings) -> str:
    """Put a new key in use, after the old one signed that it hands over to it; gives the new public key's line."""
    async with db.read() as tx:
        origin = (await store.get_tip(tx)).origin
    key = Ed25519PrivateKey.generate()
    line = write_key(origin, key.public_key())
    await record(db, Event(kind="ledger.key_changed", what="ledger:key", data={"key": line}))
    await sign_head(db, settings)
    await asyncio.to_thread(Keys(settings, origin).replace, key)
    return line
