"""One group of operations: read what is there, apply them in their order, write the result. The transaction is the caller's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from nhip.db.sql import load
from nhip.graph.codes import Codes
from nhip.graph.document.pack import pack, unpack
from nhip.graph.finding import Finding
from nhip.graph.links import Link
from nhip.graph.lives import Life, Past, history_row, state_of
from nhip.graph.model import Change, Instance, Operation, Outcome
from nhip.graph.numbers import Numbers
from nhip.graph.operations import apply
from nhip.graph.rows import due, instant, said
from nhip.kernel.time import now

queries = load(__file__)
Request = tuple[int, list[Operation]]
"""Tenant, operations."""
_HISTORY = ("eno", "attr", "ds", "at", "observed", "gone", "num", "val", "crt", "mod", "iid")
_TABLES = ("entity_type", "entity_scope", "entity_geo", "attr_ref", "attr_num", "attr_txt")


class Again(Exception):
    """Another process made one of the entities meanwhile: the group has to read them all first."""


class Group:
    """`careful`: read everything first. Else an entity that is only created is inserted without looking for it."""

    def __init__(self, link: Link, codes: Codes, numbers: Numbers, *, careful: bool) -> None:
        self._link, self._codes, self._numbers = link, codes, numbers
        self._careful = careful
        self._at = now()
        self._said = said(self._at)
        self._lives: dict[int, dict[str, Life]] = {}
        self._history: list[tuple[int, Change, Instance | None]] = []
        self._past: dict[int, list[Past]] = {}
        self._counts: Counter[int] = Counter()

    async def write(self, requests: list[Request]) -> list[list[Outcome]]:
        """Do it all inside the open transaction; what became of each operation."""
        await self._read(requests)
        await self._numbers.prepare(sum(len(operations) for _tenant, operations in requests), 0)
        outcomes = [[self._apply(tenant, op) for op in operations] for tenant, operations in requests]
        await self._codes.need(self._new_iris())
        for tenant in sorted(self._lives):
            await self._write_entities(tenant)
        await self._write_history()
        return outcomes

    async def sweep(self, tenant: int, ids: list[str]) -> int:
        """Take away what has expired of these entities; how many had anything that did."""
        await self._look(tenant, ids)
        await self._codes.need(self._new_iris())
        await self._write_entities(tenant)
        await self._write_history()
        return sum(life.written for life in self._lives[tenant].values())

    async def _read(self, requests: list[Request]) -> None:
        wanted: dict[int, Counter[str]] = {}
        changing: dict[int, set[str]] = {}
        for tenant, operations in requests:
            counts, changed = wanted.setdefault(tenant, Counter()), changing.setdefault(tenant, set())
            for op in operations:
                counts[op.id] += 1
                if op.name != "create":
                    changed.add(op.id)
        for tenant in sorted(wanted):
            counts = wanted[tenant]
            looked = [id for id, n in counts.items() if self._careful or n > 1 or id in changing[tenant]]
            self._lives[tenant] = {id: Life(id) for id in counts}
            if looked:
                await self._look(tenant, looked)

    async def _look(self, tenant: int, ids: list[str]) -> None:
        """Lock the entities and take them as they are at rest, without what has expired."""
        lives = self._lives.setdefault(tenant, {})
        rows = await self._link.fetch(queries.lock, tenant, ids)
        if rows and rows[0]["indexed"] != len(self._codes.indexed):
            await self._codes.load_indexed()
        for id, doc, sys, _ver, due_at, eno, shape, _indexed in rows:
            life = lives[id] = Life(id, unpack(doc, sys), eno, shape)
            if due_at is not None and due_at <= self._at:
                self._history += [(eno, change, None) for change in life.expire(self._at)]
                if life.doc is None and life.before is not None:
                    self._past.setdefault(tenant, []).append(Past(id, eno, life.before, due_at))

    def _apply(self, tenant: int, op: Operation) -> Outcome:
        life = self._lives[tenant][op.id]
        outcome = apply(life.doc, op, self._said)
        if outcome.error is not None:
            return outcome
        if outcome.deleted and life.doc is not None:
            self._past.setdefault(tenant, []).append(Past(life.id, life.eno, life.doc, self._at))
        life.take(outcome, self._numbers.eno() if outcome.created else 0)
        if (doc := outcome.after) is not None:
            self._history += [(life.eno, change, state_of(doc, change)) for change in outcome.changes]
        return outcome

    def _new_iris(self) -> set[str]:
        known = self._codes.iris
        found = {change.attribute for _eno, change, _state in self._history if change.attribute not in known}
        found |= {
            change.dataset for _eno, change, _state in self._history if change.dataset and change.dataset not in known
        }
        for lives in self._lives.values():
            for life in lives.values():
                if life.doc is not life.before and life.doc is not None:
                    found.update(iri for iri in life.doc["type"] if iri not in known)
        return found

    async def _write_entities(self, tenant: int) -> None:
        lives = sorted((life for life in self._lives[tenant].values() if life.written), key=lambda life: life.id)
        if gone := [life.id for life in lives if life.is_gone]:
            await self._link.fetch(queries.delete_entities, tenant, gone)
        await self._insert(tenant, [life for life in lives if life.is_new])
        await self._update(tenant, [life for life in lives if life.doc is not None and not life.is_new])
        finding = Finding(tenant, self._codes)
        for life in lives:
            finding.add(life)
            if life.is_gone:
                self._counts[life.shape_at_rest] -= 1
        for table in _TABLES:
            if lost := finding.lost.get(table):
                await self._link.fetch(getattr(queries, f"delete_{table}"), tenant, *_columns(lost))
            if got := finding.got.get(table):
                await self._link.fetch(getattr(queries, f"insert_{table}"), tenant, *_columns(got))
        if past := self._past.get(tenant):
            await self._link.fetch(queries.insert_past, tenant, *_columns(self._past_row(one) for one in past))

    async def _insert(self, tenant: int, lives: list[Life]) -> None:
        if not lives:
            return
        rows = []
        for life in lives:
            assert life.doc is not None
            shape = self._codes.known_shape(tenant, life.doc) or await self._codes.shape(tenant, life.doc)
            self._counts[shape] += 1
            rows.append((life.id, life.eno, shape, due(life.doc), *pack(life.doc)))
        inserted = await self._link.fetch(queries.insert_entities, tenant, *_columns(rows))
        if len(inserted) != len(rows):
            raise Again
        if inserted[0]["indexed"] != len(self._codes.indexed):
            await self._codes.load_indexed()

    async def _update(self, tenant: int, lives: list[Life]) -> None:
        if not lives:
            return
        rows = []
        for life in lives:
            assert life.doc is not None
            shape = self._codes.known_shape(tenant, life.doc) or await self._codes.shape(tenant, life.doc)
            if shape != life.shape_at_rest:
                self._counts[shape] += 1
                self._counts[life.shape_at_rest] -= 1
            rows.append((life.id, shape, due(life.doc), *pack(life.doc)))
        await self._link.fetch(queries.update_entities, tenant, *_columns(rows))

    def _past_row(self, past: Past) -> tuple[Any, ...]:
        types = "{" + ",".join(str(self._codes.iris[iri]) for iri in past.doc["type"]) + "}"
        return past.id, past.eno, types, instant(past.doc["createdAt"]), instant(past.doc["modifiedAt"]), past.at

    async def _write_history(self) -> None:
        if any(self._counts.values()):
            counts = sorted((shape, n) for shape, n in self._counts.items() if n)
            await self._link.fetch(queries.count_shapes, await self._numbers.slot(), *_columns(counts))
        if not self._history:
            return
        await self._numbers.prepare(0, len(self._history))
        at, codes, iid = self._at, self._codes, self._numbers.iid
        rows = [history_row(eno, change, state, at, codes, iid()) for eno, change, state in self._history]
        connection = await self._link.connection()
        await connection.copy_records_to_table("attr_inst", schema_name="graph", records=rows, columns=_HISTORY)


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as columns, for `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]
