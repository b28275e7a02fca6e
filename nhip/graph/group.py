"""One group of operations on a tenant: read what is there, apply them in their order, write the result in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import orjson
from msgspec.structs import replace

from nhip.db.sql import load
from nhip.graph.codes import Codes
from nhip.graph.document.times import said
from nhip.graph.finding import Finding
from nhip.graph.links import Link
from nhip.graph.lives import Life
from nhip.graph.model import Doc, Instance, Operation, Outcome
from nhip.graph.numbers import Numbers
from nhip.graph.pieces import LARGE, Share, aside, pieces
from nhip.graph.recent import Recent, Rest, Unsure
from nhip.graph.rows import due, instant, number
from nhip.graph.statement import Statement
from nhip.kernel.time import now

queries = load(__file__)
_MANY = 100
"""More entities are written in pieces, with turns for others between them."""
_INSTANCES = 1000
Wants = Callable[[int, Doc], bool]
"""Whether somebody listens to changes of documents of these types, so that outcomes have to hold them before and after."""
Letters = Callable[[int, Iterable[Outcome]], list[tuple[str, bytes]]]
"""What is to be written with the changes, to be told for certain: subscriptions, each with what it hears as JSON."""


class Group:
    """`careful`: everything is locked before it changes (the transaction is the caller's). Else the statement finds out whether
    another process came first, an entity that is only created is not even looked for, and what is in `recent` is not read."""

    def __init__(
        self,
        tenant: int,
        link: Link,
        codes: Codes,
        numbers: Numbers,
        wants: Wants,
        letters: Letters,
        *,
        recent: Recent | None = None,
        careful: bool = False,
    ) -> None:
        self._tenant, self._link, self._codes, self._numbers, self._wants = tenant, link, codes, numbers, wants
        self._letters, self._recent, self._careful = letters, recent, careful
        self._at = now()
        self._said = said(self._at)
        self._lives: dict[str, Life] = {}
        self._states: list[tuple[int, str, str | None, Instance | None, str | None]] = []
        self._past: list[tuple[Life, int, datetime, Doc, dict[str, Any]]] = []
        self._counts: Counter[int] = Counter()
        self._rests: list[tuple[str, Rest | None]] = []
        self._listeners: dict[str, bool] = {}
        """By types."""
        self._sharing: Share | None = None
        self._large: set[str] = set()
        """Entities that are large as they rest."""
        self._heavy = False
        """Whether there is an operation of which much has to be done in a thread."""

    async def write(self, requests: list[list[Operation]]) -> list[list[Outcome]]:
        """What became of each operation; written when this returns, durable when the transaction is. Raises Unsure, with nothing
        written, when it has to be done without what is remembered."""
        await self._look(self._to_look_at(requests))
        most = sum(map(len, requests))
        await self._numbers.prepare(most, 0)
        if most > _MANY or self._heavy:
            outcomes = [await self._applied(operations) for operations in requests]
        else:
            outcomes = [[self._apply(op) for op in operations] for operations in requests]
        if self._recent is not None:
            self._be_sure(self._recent)
        letters: list[tuple[str, bytes]] = []
        if most > _MANY:
            async for some in pieces(list(chain.from_iterable(outcomes)), share=self._share()):
                letters += self._letters(self._tenant, some)
        else:
            letters = self._letters(self._tenant, chain.from_iterable(outcomes))
        await self._write(letters)
        return outcomes

    async def _applied(self, operations: list[Operation]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        async for some in pieces(operations, share=self._share()):
            for op in some:
                apart = op.large or op.id in self._large
                outcomes.append(await aside(self._apply, op) if apart else self._apply(op))
        return outcomes

    async def sweep(self, ids: list[str]) -> int:
        """Take away what has expired of these entities; how many had anything that did."""
        await self._look(ids)
        await self._write()
        return sum(life.written for life in self._lives.values())

    def remember(self, recent: Recent) -> None:
        """What was written rests now; to be called when it does."""
        for id, rest in self._rests:
            if rest is None:
                recent.forget(self._tenant, id)
            else:
                recent.keep(self._tenant, id, rest)

    def _to_look_at(self, requests: list[list[Operation]]) -> list[str]:
        """Begin a life for each entity; those that have to be read from the table."""
        lives = self._lives = {}
        looked = set()
        for operations in requests:
            for op in operations:
                if op.large:
                    self._heavy = True
                if op.id in lives or op.name != "create" or self._careful:
                    looked.add(op.id)
                if op.id not in lives:
                    lives[op.id] = Life(op.id)
        return list(looked) if self._recent is None else [id for id in looked if not self._recall(id, self._recent)]

    def _be_sure(self, recent: Recent) -> None:
        """What is written is found out to be stale where it is; what is not written has to be read to be known."""
        if unsure := [life.id for life in self._lives.values() if life.recalled and not life.written]:
            for id in unsure:
                recent.forget(self._tenant, id)
            raise Unsure

    def _recall(self, id: str, recent: Recent) -> bool:
        if (rest := recent.get(self._tenant, id)) is not None:
            self._lives[id].recall(rest)
        return rest is not None

    async def _look(self, ids: list[str]) -> None:
        if not ids:
            return
        rows = await self._link.fetch(queries.lock if self._careful else queries.look, self._tenant, ids)
        if len(rows) > _MANY:
            async for some in pieces(rows, share=self._share()):
                self._load(some)
        else:
            self._load(rows)

    def _load(self, rows: Sequence[Any]) -> None:
        for row in rows:
            if len(row[1]) > LARGE:
                self._heavy = True
                self._large.add(row[0])
            life = self._lives.get(row[0]) or Life(row[0])
            self._lives[row[0]] = life
            due_at = life.load(row)
            if due_at is not None and due_at <= self._at:
                eno, doc, times = life.eno, life.doc, life.times
                self._states += [(eno, *state) for state in life.expire(self._at)]
                if life.doc is None and doc is not None:
                    self._past.append((life, eno, due_at, doc, times))

    def _apply(self, op: Operation) -> Outcome:
        life = self._lives[op.id]
        eno, doc, times = life.eno, life.doc, life.times
        listened = doc is not None and self._listened(doc)
        if not listened and op.doc and "type" in op.doc and (doc is None or op.doc["type"] != doc["type"]):
            listened = self._listened(op.doc)  # it may become one that somebody listens to
        before = life.full() if listened else None
        outcome, states = life.apply(op, self._said, told=listened)
        if outcome.error is not None:
            return outcome
        if outcome.deleted and doc is not None:
            self._past.append((life, eno, self._at, doc, times))
        elif outcome.created:
            life.eno = self._numbers.eno()
        eno = life.eno
        for state in states:
            self._states.append((eno, *state))
        if listened:
            return replace(outcome, before=before, after=life.full())
        return outcome

    def _listened(self, doc: Doc) -> bool:
        """Whether somebody wants to hear of documents of these types; asked once of each."""
        types: list[str] = doc["type"]
        key = types[0] if len(types) == 1 else " ".join(types)
        found = self._listeners.get(key)
        if found is None:
            found = self._listeners[key] = self._wants(self._tenant, doc)
        return found

    async def _write(self, letters: Iterable[tuple[str, bytes]] = ()) -> None:
        lives = sorted((life for life in self._lives.values() if life.written), key=_by_id)
        await self._codes.need(self._new_iris(lives))
        statement = Statement(self._tenant, self._at, self._codes.turns, careful=self._careful)
        new: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        finding = Finding(self._tenant, self._codes, ())
        many = len(lives) > _MANY
        if many or self._heavy:
            async for some in pieces(lives, share=self._share()):
                await self._add(some, new, changed)
                await self._apart(finding.add, some)
        else:
            await self._add(lives, new, changed)
            finding.add(lives)
        statement.add("insert_entities", new)
        statement.add("update_entities", changed)
        statement.add("delete_entities", [(one.id, one.ver, one.eno_at_rest) for one in lives if one.doc is None])
        if many or self._heavy:
            await self._apart(finding.add_to, statement)
            await self._let_others()
        else:
            finding.add_to(statement)
        statement.add("insert_past", map(self._past_row, self._past))
        if counts := [(shape, n) for shape, n in sorted(self._counts.items()) if n and shape]:
            slot = await self._numbers.slot()
            statement.add("count_shapes", [(shape, slot, n) for shape, n in counts])
        if self._states:
            await self._numbers.prepare(0, len(self._states))
            statement.add_columns("insert_history", await self._history())
        statement.add("insert_letters", letters)
        if statement:
            if many:
                await self._let_others()
            values = await aside(_values, statement) if self._heavy else statement.values
            if many:
                await self._let_others()
            await self._link.fetch(statement.text, *values)

    async def _apart(self, work: Callable[..., Any], *given: Any) -> Any:
        """What the work gives; where a single entity is much of it, done in a thread."""
        return await aside(work, *given) if self._heavy else work(*given)

    def _share(self) -> Share:
        if self._sharing is None:
            self._sharing = Share()
        return self._sharing

    async def _let_others(self) -> None:
        if self._share().over:
            await self._share().rest()

    async def _add(self, lives: Sequence[Life], new: list[tuple[Any, ...]], changed: list[tuple[Any, ...]]) -> None:
        """Rows of the entities that are new, and of those that changed."""
        for life in lives:
            if life.doc is None:
                self._counts[life.shape] -= 1
                self._rests.append((life.id, None))
                continue
            shape = life.same_shape or self._codes.known_shape(self._tenant, life.doc)
            shape = shape or await self._codes.shape(self._tenant, life.doc)
            doc = orjson.dumps(life.doc)
            due_at = due(life.doc)
            state = (shape, due_at, doc, orjson.dumps(life.times))
            if shape != life.shape:
                self._counts[shape] += 1
                self._counts[life.shape] -= 1
            if life.eno_at_rest:
                changed.append((life.id, life.ver, life.eno_at_rest, life.eno, *state))
                rest = Rest(life.doc, life.times, life.ver + 1, life.eno, shape, len(doc)) if due_at is None else None
                self._rests.append((life.id, rest))
            else:
                new.append((life.id, life.eno, *state))

    def _new_iris(self, lives: list[Life]) -> set[str]:
        """IRIs that the rows to write refer to and that have no number yet."""
        used = {state[1] for state in self._states}
        used.update([state[2] for state in self._states if state[2] is not None])
        for life in lives:
            used |= life.changed
            if life.recalled and not life.reshaped and not life.whole:
                continue  # of types and of attributes that stay no row is written
            if life.doc is not None:
                used.update(life.doc["type"])
            if life.at_rest is not None and (
                life.whole or life.doc is None or life.doc["type"] != life.at_rest["type"]
            ):
                used.update(life.at_rest["type"], [name for name in life.at_rest if ":" in name])
        for _life, _eno, _at, doc, _times in self._past:
            used.update(doc["type"])
        return used - self._codes.iris.keys()

    def _past_row(self, past: tuple[Life, int, datetime, Doc, dict[str, Any]]) -> tuple[Any, ...]:
        life, eno, at, doc, times = past
        types = ",".join(str(self._codes.iris[iri]) for iri in doc["type"])
        return life.id, eno, types, instant(times["c"]), instant(times["m"]), at

    async def _history(self) -> list[Sequence[Any]]:
        """Columns: eno, attr, ds, observedAt, number, instance, createdAt (None: now), instance number."""
        iris = self._codes.iris
        enos, names, sets, instances, created = zip(*self._states, strict=True)
        observed: list[str | None] = []
        numbers: list[float | None] = []
        values: list[bytes | None] = []
        for start in range(0, len(instances), _INSTANCES):
            for one in instances[start : start + _INSTANCES]:
                given = one or {}
                observed.append(given.get("observedAt"))
                numbers.append(number(given))
                values.append(orjson.dumps(one) if one else None)
            if start and self._share().over:
                await self._share().rest()
        attributes = [iris[name] for name in names]
        datasets = [0 if dataset is None else iris[dataset] for dataset in sets]
        return [enos, attributes, datasets, observed, numbers, values, created, self._numbers.iids(len(enos))]


def _values(statement: Statement) -> list[Any]:
    return statement.values


def _by_id(life: Life) -> str:
    return life.id
