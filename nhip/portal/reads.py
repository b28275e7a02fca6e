"""Who reads rows of open releases by programs: counted in memory, written every few seconds, so that a read costs no write of
its own. Of known parties one row for a day, a release and a form; of strangers their number alone."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from functools import partial
from logging import getLogger
from typing import Literal, NamedTuple

import msgspec
import psycopg

from nhip.db import Connection
from nhip.db.database import Database
from nhip.db.query import execute, fetch_all
from nhip.db.sql import load
from nhip.errors import DatabaseAway
from nhip.kernel.time import today
from nhip.portal.model import Release
from nhip.portal.public import AnyRequest
from nhip.security.sessions import who

queries = load(__file__, "reads.sql")
Form = Literal["rows", "datastore_search"]
EVERY_S = 5.0
"""As much is lost when the machine loses power: seconds."""
AGAIN = "nhip.again"
"""Under this name a request's scope holds what to do when its kept answer is given again (`nhip.portal.keeping`)."""
log = getLogger(__name__)


class Read(NamedTuple):
    """Whose answers are counted together; `party` None is any stranger."""

    dataset_id: uuid.UUID
    no: int
    day: date
    form: Form
    party: uuid.UUID | None


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody read rows of a release on a day, how many times; `party` is empty for strangers."""

    day: date
    form: str
    party_id: uuid.UUID | None
    party: str
    reads: int


class Reads:
    """What was read and is not written yet, of this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: Counter[Read] = Counter()

    def count(self, release: Release, form: Form, party: uuid.UUID | None) -> None:
        """An answer was given."""
        self._waiting[Read(release.dataset_id, release.no, today(), form, party)] += 1

    async def flush(self) -> None:
        """Write what waits, whole or not at all; what could not be written waits on. Raises DatabaseAway."""
        taken, self._waiting = self._waiting, Counter()
        if not taken:
            return
        try:
            async with self._db.tx() as tx:
                await _add(tx, taken)
        except BaseException:
            self._waiting.update(taken)
            raise

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Within this context what waits is written every few seconds, and once more at its end."""
        task = asyncio.create_task(self._write())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try()

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.flush()
        except (DatabaseAway, psycopg.Error) as error:
            log.warning("reads of open data wait for the database: %s", type(error).__name__)


async def _add(tx: Connection, taken: Counter[Read]) -> None:
    """In one order, so that processes that write at the same time never wait for each other in a circle."""
    reads = sorted(taken, key=lambda r: (r.dataset_id, r.no, r.day, r.form, str(r.party)))
    ids, nos, days, forms, parties = (list(column) for column in zip(*reads, strict=True))
    values = {"dataset_ids": ids, "nos": nos, "days": days, "forms": forms, "parties": parties}
    await execute(tx, queries.add_reads, reads=[taken[read] for read in reads], **values)


async def note_read(request: AnyRequest, release: Release, form: Form) -> None:
    """Count an answer with rows, and each time it is given again from what is kept."""
    found = await who(request)
    reads: Reads = request.app.state.reads
    reads.count(release, form, found.id if found else None)
    request.scope[AGAIN] = partial(reads.count, release, form, None)  # type: ignore[literal-required]


async def list_readers(tx: Connection, dataset_id: uuid.UUID, no: int, limit: int = 500) -> list[Reader]:
    """Who read rows of release `no` by a program, the last day first, at most `limit`."""
    return await fetch_all(tx, Reader, queries.list_readers, dataset_id=dataset_id, no=no, limit=limit)
