"""One dataset's things brought up to date: what changed is written, what is gone is deleted, what is odd is told.

Things are noted before they are written and after, so that a process that is killed anywhere leaves nothing that the next one
does not find: what was begun and not ended is written again, which changes nothing where it was written already.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Container
from typing import Any

import msgspec

from nhip.datasets.contract.model import Contract
from nhip.datasets.model import ROW
from nhip.datasets.records import Version
from nhip.db import Database
from nhip.db.installation import Installation
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.pack import unpack
from nhip.graph.errors import BadRequestData, Busy, ResourceNotFound
from nhip.graph.model import NULL, Doc, Operation, Outcome
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.things import store
from nhip.things.building import IN_DOUBT, OTHERS, REFUSED, TWICE, Entity, build, digest
from nhip.things.columns import usable
from nhip.things.model import Fault, Mapping
from nhip.things.rows import Row, doubts, iter_rows, present
from nhip.things.words import city_context

_DELETED_AT_ONCE = 500
_BUSY_S = 0.2


class Made(msgspec.Struct, frozen=True):
    """A thing of a row."""

    row: int
    entity: Entity
    digest: bytes


class Work:
    """The state of the work on one dataset. `anew`: the mapping changed, so things that were there are replaced whole."""

    def __init__(
        self, installation: Installation, graph: Graph, mapping: Mapping, version: Version, *, anew: bool
    ) -> None:
        self.db, self.settings, self.graph = installation.db, installation.settings, graph
        self.mapping, self.version, self.anew = mapping, version, anew
        self.path = installation.objects.path(version.object)
        self.findings = installation.objects.path(version.manifest["objects"]["findings"])
        self.columns: frozenset[str] = frozenset()
        self.seen: set[str] = set()
        self.faults: list[Fault] = []
        self.written = 0

    async def prepare(self, contracts: list[Contract]) -> None:
        """Find which columns there are and may go in."""
        there = await asyncio.to_thread(present, self.settings, self.path)
        self.columns, self.faults = usable(self.mapping, there, contracts)

    async def write(self) -> None:
        """Write the rows that the graph does not hold as they are."""
        if self.mapping.id not in self.columns:
            return
        columns = sorted(self.columns)
        found = await asyncio.to_thread(doubts, self.settings, self.findings, columns)
        self.faults += [Fault(one.row, IN_DOUBT, one.column) for one in found]
        async for rows in iter_rows(self.settings, self.path, self.findings, self.mapping, columns):
            made = self._made(rows)
            async with self.db.read() as tx:
                known = await store.find_known(tx, list(made))
            for id, one in known.items():
                if one.dataset_id != self.version.dataset_id:
                    self.faults.append(Fault(made.pop(id).row, OTHERS, id))
                elif one.digest == made[id].digest:
                    made.pop(id)
            if made:
                await self._write(made, frozenset(known))

    def _made(self, rows: list[Row]) -> dict[str, Made]:
        """The things of some rows by their ids."""
        made: dict[str, Made] = {}
        for row in rows:
            entity, faults = build(self.mapping, self.columns, row)
            self.faults += faults
            if entity is None:
                continue
            if entity["id"] in self.seen:
                self.faults.append(Fault(int(row[ROW]), TWICE, str(row[self.mapping.id])))
                continue
            self.seen.add(entity["id"])
            made[entity["id"]] = Made(int(row[ROW]), entity, digest(entity, self.mapping.dataset))
        return made

    async def _write(self, made: dict[str, Made], known: frozenset[str]) -> None:
        async with self.db.tx() as tx:
            await store.begin_held(tx, self.version.dataset_id, list(made))
        there = await self.graph.get_many(DEFAULT_TENANT, sorted(known & made.keys()))
        current = {one.id: unpack(one.doc) for one in there}
        operations: list[Operation] = []
        for id, one in list(made.items()):
            try:
                operations.append(self._operation(one.entity, current.get(id)))
            except BadRequestData as error:
                self._refused(made.pop(id), error)
        for outcome in await through(self.graph, operations):
            if outcome.error is not None:
                self._refused(made.pop(outcome.id), outcome.error)
        async with self.db.tx() as tx:
            await store.end_held(tx, self.version.dataset_id, {id: one.digest for id, one in made.items()})
        self.written += len(made)

    def _refused(self, one: Made, error: Exception) -> None:
        self.faults.append(Fault(one.row, REFUSED, str(error)[:200]))

    def _operation(self, entity: Entity, current: Doc | None) -> Operation:
        """What writes a thing; one that is there loses what its row has no longer, and keeps what was observed later."""
        context = city_context()
        later = self._later(entity, current) if current is not None and not self.anew else frozenset()
        told: dict[str, Any] = {name: value for name, value in entity.items() if name not in later}
        told["source"] = {"type": "Property", "value": f"urn:nhip:dataset:{self.mapping.dataset}"}
        told["sourceVersion"] = {"type": "Property", "value": self.version.no}
        doc = expand_entity(told, context)
        if current is None or self.anew:
            return Operation(name="upsert-replace" if self.anew else "upsert-update", id=doc["id"], doc=doc)
        for name in self.mapping.names():
            if name not in entity and (iri := context.expand(name)) in current:
                doc[iri] = [{"type": "Property", "value": NULL}]
        return Operation(name="append", id=doc["id"], doc=doc)

    def _later(self, entity: Entity, current: Doc) -> frozenset[str]:
        """Attributes of which the graph knows a later observation than the row."""
        if not self.mapping.observed:
            return frozenset()
        context, found = city_context(), set()
        for name in self.mapping.attributes:
            at = entity.get(name, {}).get("observedAt", "")
            instances = current.get(context.expand(name), ())
            if any(one.get("observedAt", "") > at for one in instances):
                found.add(name)
        return frozenset(found)

    async def delete(self) -> int:
        """Delete the things that the version has no longer; how many."""
        return await delete_others(self.db, self.graph, self.version.dataset_id, self.seen)


async def through(graph: Graph, operations: list[Operation]) -> list[Outcome]:
    """Write, waiting while the graph has too much to do."""
    while operations:
        try:
            return await graph.write(DEFAULT_TENANT, operations)
        except Busy:
            await asyncio.sleep(_BUSY_S)
    return []


async def delete_others(db: Database, graph: Graph, dataset_id: uuid.UUID, kept: Container[str] = ()) -> int:
    """Delete a dataset's things but those to be kept; how many."""
    last, count = "", 0
    while True:
        async with db.read() as tx:
            page = await store.page_of_held(tx, dataset_id, last, _DELETED_AT_ONCE)
        if not page:
            return count
        last = page[-1]
        gone = [id for id in page if id not in kept]
        if gone:
            outcomes = await through(graph, [Operation(name="delete", id=id) for id in gone])
            there = {one.id for one in outcomes if one.error and not isinstance(one.error, ResourceNotFound)}
            async with db.tx() as tx:
                await store.delete_held(tx, dataset_id, [id for id in gone if id not in there])
            count += len(gone) - len(there)
