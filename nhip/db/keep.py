"""An agreement between those who copy objects and those who remove them: nothing goes while somebody copies."""

from __future__ import annotations

from nhip.db.database import Connection

_KEY = 7_210_061


async def keep_objects(tx: Connection) -> None:
    """Until this transaction ends no object is removed; waits for a removal that is under way."""
    await tx.execute("select pg_advisory_xact_lock_shared(%s)", (_KEY,))


async def may_remove_objects(tx: Connection) -> bool:
    """Whether objects may be removed until this transaction ends; False while somebody copies: try again later."""
    row = await (await tx.execute("select pg_try_advisory_xact_lock(%s)", (_KEY,))).fetchone()
    return bool(row and row[0])
