"""Knowing a program by its `Authorization: Bearer` header: a key, or an access token. Never by anything in an address."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from litestar.connection import ASGIConnection

from nhip.db import Connection, Database
from nhip.kernel.actor import Actor, act_as
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import record
from nhip.security.limits import Limiter
from nhip.security.model import Who
from nhip.security.peers import address_in, within
from nhip.security.permissions.service import rights_of
from nhip.security.programs import quota, store
from nhip.security.programs.model import Caller, Left
from nhip.security.programs.texts import Parsed, parse
from nhip.security.protect import client_address
from nhip.web import metrics
from nhip.web.errors import TooMany

AnyConnection = ASGIConnection[Any, Any, Any, Any]
REQUESTS = metrics.Counter(
    "nhip_program_requests_total", "Requests of programs that brought a key or token, by outcome."
)
USED_EVERY = timedelta(minutes=5)
"""A credential's last use is noted this often, so that a request for reading does not write."""
USAGE = "program_usage"
"""In the scope of a request by a program: what is left of its quotas."""
NEEDED = "permission_needed"
"""In the scope of a request that was refused: the permission that it needs, where no route's handler names it."""
_told = Limiter(1, 1)


async def by_bearer(connection: AnyConnection, text: str) -> Who | None:
    """The program behind a key or token; None when it opens nothing here. Raises TooMany when its quota is used up."""
    parsed = parse(text)
    if parsed is None or parsed.kind == "client":
        return _refused("malformed")
    db: Database = connection.app.state.db
    async with db.read() as tx:
        caller = await find_caller(tx, parsed)
        rights = await rights_of(tx, caller.party, caller.epoch) if caller else None
    if caller is None or rights is None:
        return _refused("unknown")
    address = client_address(connection)
    if not may_come_from(caller.networks, address):
        await _note_elsewhere(db, caller, address)
        return _refused("network")
    await _within_quota(connection, db, caller)
    await _note_use(db, caller, address)
    REQUESTS.add(outcome="good")
    return Who(
        id=caller.party,
        name=caller.name,
        organisation=caller.organisation,
        organisation_code=caller.organisation_code,
        rights=rights.limited(caller.scopes),
        via="key" if parsed.kind == "key" else "token",
        method=f"{parsed.kind}:{caller.public_id}",
    )


def _refused(outcome: str) -> Who | None:
    """Nobody, and why."""
    REQUESTS.add(outcome=outcome)
    return None


async def find_caller(tx: Connection, parsed: Parsed) -> Caller | None:
    """Whose text this is, when the whole of it is right."""
    if parsed.kind == "token":
        return await store.find_caller_by_token(tx, parsed.hashed)
    found = await store.find_caller(tx, parsed.kind, parsed.public_id)
    if found is None or found.secret_hash is None or not hmac.compare_digest(found.secret_hash, parsed.hashed):
        return None
    return found


def may_come_from(networks: Iterable[str], address: str) -> bool:
    """Whether `address` is within `networks`, where any are named; a caller without an address is within none."""
    nets = [ipaddress.ip_network(text) for text in networks]
    found = address_in(address)
    return not nets or (found is not None and within(found, nets))


async def _within_quota(connection: AnyConnection, db: Database, caller: Caller) -> None:
    good, lefts = await quota.take(db, caller)
    scope: dict[str, Any] = connection.scope  # type: ignore[assignment]
    scope[USAGE] = lefts
    if not good:
        REQUESTS.add(outcome="quota")
        raise TooMany(seconds=wait_of(lefts))


def wait_of(lefts: Iterable[Left]) -> int:
    """Seconds until the quota that is used up begins anew."""
    return max((left.seconds for left in lefts if left.left <= 0), default=1)


async def _note_use(db: Database, caller: Caller, address: str) -> None:
    if caller.last_used_at is None or now() - caller.last_used_at > USED_EVERY:
        async with db.tx() as tx:
            await store.touch_credential(tx, caller.id, address)


async def _note_elsewhere(db: Database, caller: Caller, address: str) -> None:
    """A right key from a wrong place was perhaps stolen: it is noted, once a minute at most."""
    if _told.take(str(caller.id)) == 0.0:
        with act_as(Actor(caller.party, caller.name, caller.organisation_code, "key", address)):
            told = {"key": caller.public_id, "why": "not from its networks"}
            await record(db, Event(kind="access.refused", what=f"party:{caller.party}", data=told))
