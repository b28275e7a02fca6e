"""The graph of one process: write, read, tenants, the dictionary. Everything that the interfaces and queries stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from nhip.db.sql import load
from nhip.graph.codes import Codes
from nhip.graph.errors import BadRequestData, NonexistentTenant
from nhip.graph.group import Letters, Wants
from nhip.graph.keeping import keep_sweeping, sweep
from nhip.graph.links import Links
from nhip.graph.model import Operation, Outcome, Stored
from nhip.graph.numbers import Blocks
from nhip.graph.query.seeing import within_sight
from nhip.graph.reader import Reader
from nhip.graph.writer import Commit, Writer
from nhip.kernel.i18n import _

queries = load(__file__)
DEFAULT_TENANT = 1
_MOST_WAITING = 20_000
_NO_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


class Graph:
    """Entities in the database at `url`, whose schema is up to date. One in each process; several processes share the tables."""

    def __init__(self, url: str, *, readers: int = 2, searchers: int = 2, most_waiting: int = _MOST_WAITING) -> None:
        self.url = url
        self._links = Links(url, searchers, generic_plans=False)
        self.codes = Codes(self._links)
        """Numbers of IRIs."""
        self.numbers = Blocks(self._links)
        """Numbers for what the temporal interface writes."""
        self._reader = Reader(url, readers)
        self._writer = Writer(url, self.codes, most_waiting=most_waiting)
        self._tenants = {"": DEFAULT_TENANT}
        self._names: dict[int, str] = {}
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and read the dictionary. Raises DatabaseAway."""
        await self.codes.load()
        await self._writer.open()
        self._sweeping = asyncio.create_task(keep_sweeping(self._links, self._writer), name="graph sweeper")

    async def close(self) -> None:
        """Write what waits, then end."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        await self._writer.close()
        await self._reader.close()
        await self._links.close()

    @property
    def commits(self) -> list[Callable[[Commit], None]]:
        """Called with what was written after each commit, in its order; must be quick and may not raise."""
        return self._writer.commits

    @property
    def wants(self) -> Wants:
        """Whether somebody listens to changes of a document like this; outcomes hold documents only then."""
        return self._writer.wants

    @wants.setter
    def wants(self, wants: Wants) -> None:
        self._writer.wants = wants

    @property
    def letters(self) -> Letters:
        """What is to be told of changes for certain: written in their commit."""
        return self._writer.letters

    @letters.setter
    def letters(self, letters: Letters) -> None:
        self._writer.letters = letters

    async def write(self, tenant: int, operations: list[Operation]) -> list[Outcome]:
        """Do the operations in their order, all in one transaction; durable when this returns, with the history. Entities that
        who asks may not see are as absent.

        Refusals of single operations are in their outcomes. Raises Busy when too much waits (nothing was taken), DatabaseAway
        when the database was lost (what was asked may or may not have been written), BadRequestData for what cannot be stored.
        """
        return await self._writer.ask(tenant, within_sight(operations))

    def get(self, tenant: int, id: str) -> asyncio.Future[Stored | None]:
        """An entity as it is now, None when there is none."""
        return self._reader.get(tenant, id)

    async def get_many(self, tenant: int, ids: Sequence[str]) -> list[Stored]:
        """Those of the entities that exist, in the order of `ids`."""
        return await self._reader.get_many(tenant, ids)

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of a query for searching ($1, $2, ...), on one of the few connections kept for it. Raises DatabaseAway, and
        BadRequestData for texts that PostgreSQL has not, as those with NUL."""
        try:
            return await self._links.fetch(query, *values)
        except _NO_TEXT as error:
            raise BadRequestData(what=_("a name or value cannot be stored")) from error

    async def sweep(self) -> int:
        """Take away what has expired, as is done each second; how many entities had anything that did."""
        return await sweep(self._links, self._writer)

    async def tenant(self, name: str, *, create: bool = False) -> int:
        """The number of a tenant. Raises NonexistentTenant when there is none and none is to be made (4.14)."""
        if name not in self._tenants:
            if create:
                await self._links.fetch(queries.add_tenant, name)
            rows = await self._links.fetch(queries.find_tenant, name)
            if not rows:
                raise NonexistentTenant(what=name)
            self._tenants[name] = rows[0][0]
        return self._tenants[name]

    async def tenant_name(self, tenant: int) -> str:
        """The name of a tenant."""
        if tenant not in self._names:
            self._names = {row[0]: row[1] for row in await self._links.fetch(queries.list_tenants)}
        return self._names[tenant]

    async def iri(self, iri: str) -> int:
        """The number of an IRI in the side tables; 0 when no entity ever used it."""
        return await self.codes.find(iri)
