"""What happened to an account, from the ledger: for the person themselves."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.ledger.kinds import KINDS
from nhip.ledger.model import Row
from nhip.ledger.store import list_rows
from nhip.security.signin import store

SHOWN, LOOKED_AT = 20, 200
NOTABLE = frozenset({
    "account.locked", "password.changed", "passkey.added", "passkey.removed", "totp.added", "totp.removed",
    "recovery.issued", "recovery.used", "invitation.issued", "invitation.used", "identity.linked", "identity.unlinked",
})  # fmt: skip
"""What a person has to be told, even of their own doing: it may have been somebody at their unlocked computer."""
MANY_FAILURES = 5
"""Failed sign-ins since the last look from which on they are told; a slip of the finger is not."""
_LISTED = NOTABLE | {"session.began", "session.ended", "session.confirmed", "signin.failed", "account.unlocked"}


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the history. `title` is a marked text; `by` names somebody else who did it."""

    at: datetime
    kind: str
    title: str
    address: str
    method: str = ""
    by: str = ""
    new: bool = False


async def list_happenings(tx: Connection, party_id: uuid.UUID, account_id: uuid.UUID) -> list[Happening]:
    """The newest lines of an account's history; `new` are those that the person has to be told and was not."""
    told = await store.get_told(tx, account_id)
    rows = [r for r in await list_rows(tx, what=f"party:{party_id}", limit=LOOKED_AT) if r.body.kind in _LISTED]
    failures = sum(1 for row in rows if row.body.kind == "signin.failed" and row.seq >= told)
    notable = NOTABLE | {"signin.failed"} if failures >= MANY_FAILURES else NOTABLE
    return [_line(row, party_id, row.body.kind in notable and row.seq >= told) for row in rows[:SHOWN]]


async def has_news(tx: Connection, party_id: uuid.UUID, account_id: uuid.UUID) -> bool:
    """Whether something happened that the person has to be told and was not."""
    return any(line.new for line in await list_happenings(tx, party_id, account_id))


def _line(row: Row, party_id: uuid.UUID, new: bool) -> Happening:
    body = row.body
    theirs = body.actor.id == str(party_id) or body.actor.via == "stranger"
    return Happening(
        at=body.moment,
        kind=body.kind,
        title=KINDS.get(body.kind, body.kind),
        address=body.actor.address,
        method=str(body.data.get("method", "")),
        by="" if theirs else body.actor.name,
        new=new,
    )
