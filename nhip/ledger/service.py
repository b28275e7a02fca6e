"""What may be done with the ledger: note what happens with the transaction that does it, or record it on its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary, ref

import psycopg
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from nhip.db import Connection, Database
from nhip.db.database import last_work
from nhip.errors import DatabaseAway
from nhip.kernel.actor import acting
from nhip.kernel.time import now
from nhip.ledger import store
from nhip.ledger.body import Draft, drafts
from nhip.ledger.errors import LedgerClosed
from nhip.ledger.model import Event, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(at: datetime) -> int:
    """A moment as the ledger writes it: whole microseconds since 1970, UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


class _Noted:
    """What one transaction noted so far; appended when it is about to commit."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self._appended: AsyncCursor[TupleRow] | None = None

    async def __call__(self, tx: Connection) -> None:
        try:
            self._appended = await store.append(tx, self.drafts, microseconds(now()))
        except psycopg.OperationalError:
            raise
        except (
            psycopg.Error
        ) as error:  # answers of a pipeline come when they come: this one did before we waited for it
            raise LedgerClosed(what=type(error).__name__) from error

    def refused(self, error: psycopg.Error) -> Exception | None:
        if self._appended is None or self._appended.statusmessage is not None:
            return None
        return LedgerClosed(what=type(error).__name__)


async def note(tx: Connection, event: Event) -> None:
    """Append `event`, done by whoever is `acting()`, when `tx` commits; nothing is left of it when `tx` fails.

    `tx` comes from `Database.tx()`. Raises UnknownKind and EventRefused here; LedgerClosed where the transaction ends,
    which then rolls back.
    """
    last_work(tx, _Noted).drafts.extend(drafts(event, acting()))


async def record(db: Database, *events: Event) -> None:
    """Append `events` now, in a transaction of their own; returns when they are durable. Raises LedgerClosed.

    Callers of one process at the same time share a transaction. It may be called while holding a connection of `db`.
    """
    made = [draft for event in events for draft in drafts(event, acting())]
    if made:
        await asyncio.shield(_Writer.of(db).write(made))


async def list_subject(
    tx: Connection, subject: bytes, since: datetime, until: datetime, *, offset: int = 0, limit: int = 1000
) -> tuple[int, list[Row]]:
    """Who looked: how many events from `since` to before `until` are about `subject`, and a page of them, the newest first."""
    span = {"since_us": microseconds(since), "until_us": microseconds(until)}
    return await store.list_subject(tx, subject=subject, **span, offset=offset, limit=limit)


class _Writer:
    """Writes for all callers of one `Database`: what comes while a commit is under way goes into the next one."""

    _all: WeakKeyDictionary[Database, _Writer] = WeakKeyDictionary()

    def __init__(self, db: Database) -> None:
        self._db = ref(db)
        self._waiting: list[tuple[list[Draft], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, db: Database) -> _Writer:
        """The writer of `db`."""
        return cls._all.setdefault(db, cls(db))

    def write(self, made: list[Draft]) -> asyncio.Future[None]:
        """A future that is done when `made` is durable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((made, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return done

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            failed: BaseException | None = None
            try:
                await self._append([draft for made, _ in batch for draft in made])
            except BaseException as error:
                failed = error
            for _, done in batch:
                if done.cancelled():
                    continue
                if failed is None:
                    done.set_result(None)
                else:
                    done.set_exception(failed)
            if failed is not None and not isinstance(failed, Exception):
                raise failed

    async def _append(self, made: list[Draft]) -> None:
        db = self._db()
        if db is None:  # nobody waits: those who wait hold it
            return
        try:
            async with (await db.apart()).tx() as tx:
                last_work(tx, _Noted).drafts.extend(made)
        except DatabaseAway as error:
            raise LedgerClosed(what=str(error.values.get("what", ""))) from error
