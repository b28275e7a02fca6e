"""Access to the `ledger` schema: the queries of `store.sql` as typed functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.ledger.body import Draft
from nhip.ledger.errors import LedgerClosed
from nhip.ledger.model import Body, Head, Row, Tip
from nhip.ledger.proofs import Range, Subtree

queries = load(__file__)
_read_body = msgspec.json.Decoder(Body).decode


async def append(tx: Connection, drafts: list[Draft], now_us: int) -> AsyncCursor[TupleRow]:
    """Append `drafts` under the ledger's lock, which is held until `tx` ends; the cursor gives the seq of the first."""
    values = {
        "heads": [draft.head for draft in drafts],
        "tails": [draft.tail for draft in drafts],
        "now_us": now_us,
        "subjects": [subject for draft in drafts for subject in draft.subjects],
        "whose": [n for n, draft in enumerate(drafts, 1) for _ in draft.subjects],
    }
    return await tx.execute(queries.append, values)


async def get_tip(tx: Connection) -> Tip:
    """How far the ledger goes."""
    tip = await fetch_one(tx, Tip, queries.find_tip)
    if tip is None:
        raise LedgerClosed(what="tip")
    return tip


async def find_text(tx: Connection, seq: int) -> tuple[str, bytes] | None:
    """The body of an event as it was hashed, and its leaf."""
    row = await (await tx.execute(queries.find_text, {"seq": seq})).fetchone()
    return None if row is None else (row[0], row[1])


async def find_since(tx: Connection, since_us: int) -> int | None:
    """The first event at or after a moment."""
    row = await (await tx.execute(queries.find_since, {"since_us": since_us})).fetchone()
    return None if row is None else int(row[0])


async def list_rows(
    tx: Connection,
    *,
    kind: str | None = None,
    what: str | None = None,
    actor: str | None = None,
    from_seq: int | None = None,
    before_seq: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """The newest events that fit, the newest first."""
    values = {"kind": kind, "what": what, "actor": actor, "from_seq": from_seq, "before_seq": before_seq}
    return await _rows(tx, queries.list_rows, **values, limit=limit)


async def list_subject(tx: Connection, **values: Any) -> tuple[int, list[Row]]:
    """How many events are about `subject` from `since_us` to before `until_us`, and `limit` of them from `offset` on."""
    asked = {name: value for name, value in values.items() if name not in ("offset", "limit")}
    return int((await _one(tx, queries.count_subject, **asked))[0]), await _rows(tx, queries.list_subject, **values)


async def wait_for_heads(tx: Connection) -> None:
    """Have the right to make tree heads until `tx` ends."""
    await execute(tx, queries.wait_for_heads)


async def find_head(tx: Connection, size: int | None = None) -> Head | None:
    """The tree head of `size`, or the newest."""
    if size is None:
        return await fetch_one(tx, Head, queries.find_last_head)
    return await fetch_one(tx, Head, queries.find_head, size=size)


async def list_heads(tx: Connection, before: int | None = None, limit: int = 100) -> list[Head]:
    """Tree heads smaller than `before`, the newest first."""
    return await fetch_all(tx, Head, queries.list_heads, before=before, limit=limit)


async def list_heads_after(tx: Connection, size: int) -> list[Head]:
    """Tree heads above `size`, the oldest first."""
    return await fetch_all(tx, Head, queries.list_heads_after, size=size)


async def insert_head(tx: Connection, head: Head) -> None:
    """Keep a tree head."""
    await execute(tx, queries.insert_head, **msgspec.structs.asdict(head))


async def list_leaves(tx: Connection, ranges: Sequence[Range]) -> dict[Subtree, bytes]:
    """Leaf hashes of `ranges`, as subtrees of level 0."""
    values = {"starts": [r.start for r in ranges], "ends": [r.end for r in ranges]}
    rows = await (await tx.execute(queries.list_leaves, values)).fetchall()
    return {Subtree(0, seq): leaf for seq, leaf in rows}


async def list_nodes(tx: Connection, ranges: Sequence[tuple[int, Range]]) -> dict[Subtree, bytes]:
    """Hashes of the complete subtrees in (level, places) `ranges`, of levels that are kept."""
    values = {
        "levels": [level for level, _ in ranges],
        "starts": [places.start for _, places in ranges],
        "ends": [places.end for _, places in ranges],
    }
    rows = await (await tx.execute(queries.list_nodes, values)).fetchall()
    return {Subtree(level, place): digest for level, place, digest in rows}


async def count_nodes(tx: Connection, level: int) -> int:
    """How many subtrees of `level` are kept."""
    return int((await _one(tx, queries.count_nodes, level=level))[0])


async def insert_nodes(tx: Connection, level: int, first: int, hashes: list[bytes]) -> None:
    """Keep the hashes of the subtrees from place `first` on."""
    await execute(tx, queries.insert_nodes, level=level, first=first, hashes=hashes)


async def _one(tx: Connection, query: Any, **values: Any) -> tuple[Any, ...]:
    row = await (await tx.execute(query, values)).fetchone()
    assert row is not None
    return row


async def _rows(tx: Connection, query: Any, **values: Any) -> list[Row]:
    rows = await (await tx.execute(query, values)).fetchall()
    return [Row(seq, leaf, _read_body(body)) for seq, leaf, body in rows]
