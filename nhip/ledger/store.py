"""Access to the `ledger` schema: the queries of `store.sql` as typed functions."""

from __future__ import annotations

from nhip.db import Connection
from nhip.db.sql import load
from nhip.ledger.body import Draft

queries = load(__file__)


async def append(tx: Connection, drafts: list[Draft], now_us: int) -> int:
    """Append `drafts` under the ledger's lock, which is held until `tx` ends; gives the seq of the first."""
    values = {
        "heads": [draft.head for draft in drafts],
        "tails": [draft.tail for draft in drafts],
        "now_us": now_us,
        "subjects": [subject for draft in drafts for subject in draft.subjects],
        "whose": [n for n, draft in enumerate(drafts, 1) for _ in draft.subjects],
    }
    row = await (await tx.execute(queries.append, values)).fetchone()
    assert row is not None
    return int(row[0])
