"""What the ledger tells: heads and proofs, in the shape that both the command line and HTTP give."""

from __future__ import annotations

from typing import Any

from nhip.db import Connection
from nhip.ledger import store
from nhip.ledger.checkpoint import note_of
from nhip.ledger.errors import NoSuchEvent, NoSuchHead
from nhip.ledger.model import Head
from nhip.ledger.tree import prove_consistency, prove_inclusion


def head_plain(origin: str, head: Head) -> dict[str, Any]:
    """A tree head for programs; bytes in hexadecimal digits, the signed note as `checkpoint`."""
    return {
        "origin": origin,
        "size": head.size,
        "at": head.moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "root": head.root.hex(),
        "key": head.key_id.hex(),
        "signature": head.signature.hex(),
        "checkpoint": note_of(origin, head),
    }


async def get_head(tx: Connection, size: int | None = None) -> Head:
    """The head of `size`, or the newest. Raises NoSuchHead."""
    head = await store.find_head(tx, size)
    if head is None:
        raise NoSuchHead(size=(await store.get_tip(tx)).size if size is None else size)
    return head


async def get_proof(tx: Connection, seq: int, size: int | None = None) -> dict[str, Any]:
    """Event `seq` with the path that proves it in the signed tree of `size` (default: the newest), checked by `includes`.

    Raises NoSuchHead, and NoSuchEvent for an event that is not in that tree yet.
    """
    head, tip = await get_head(tx, size), await store.get_tip(tx)
    found = await store.find_text(tx, seq)
    if found is None or seq >= head.size:
        raise NoSuchEvent(seq=seq, size=head.size)
    body, leaf = found
    path = await prove_inclusion(tx, seq, head.size)
    return {
        "seq": seq,
        "body": body,
        "leaf": leaf.hex(),
        "path": [part.hex() for part in path],
        "head": head_plain(tip.origin, head),
    }


async def get_consistency(tx: Connection, old: int, new: int | None = None) -> dict[str, Any]:
    """The path that proves that one signed tree is the beginning of another; checked by `extends`. Raises NoSuchHead."""
    before, after, tip = await get_head(tx, old), await get_head(tx, new), await store.get_tip(tx)
    if before.size > after.size:
        raise NoSuchHead(size=old)
    path = await prove_consistency(tx, before.size, after.size)
    return {
        "from": head_plain(tip.origin, before),
        "to": head_plain(tip.origin, after),
        "path": [part.hex() for part in path],
    }
