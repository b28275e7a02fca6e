"""What a group of operations does to each entity, gathered before anything is written: state at rest, state now, its history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from nhip.graph.alike import same
from nhip.graph.document.pack import pack, unpack
from nhip.graph.merging import by_dataset
from nhip.graph.model import Change, Doc, Instance, Operation, Outcome
from nhip.graph.operations import apply
from nhip.graph.quick import Done, State, Times, quick
from nhip.graph.recent import Rest
from nhip.graph.rows import alive

SCOPE = "scope"


class Life:
    """One entity while a group is worked on. A number (`eno`) of 0: there is none."""

    __slots__ = (
        "at_rest",
        "changed",
        "doc",
        "eno",
        "eno_at_rest",
        "id",
        "recalled",
        "reshaped",
        "shape",
        "times",
        "ver",
        "whole",
    )

    def __init__(self, id: str) -> None:
        self.id = id
        self.at_rest: Doc | None = None
        """The document at rest, without system attributes."""
        self.doc: Doc | None = None
        self.times: Times = {}
        self.eno = self.eno_at_rest = self.shape = self.ver = 0
        self.recalled = False
        """Whether it was not read from the table."""
        self.reshaped = False
        """Whether it may have other types and attributes than at rest."""
        self.whole = False
        """Whether all attributes count as changed, as they do when a life begins or ends."""
        self.changed: set[str] = set()

    def load(self, row: Any) -> datetime | None:
        """Take it as it rests (a row of `look`); when something of it expires."""
        _id, doc, sys, self.ver, due_at, self.eno, self.shape = row
        self.eno_at_rest = self.eno
        self.at_rest = self.doc = orjson.loads(doc)
        self.times = orjson.loads(sys)
        return due_at  # type: ignore[no-any-return]

    def recall(self, rest: Rest) -> None:
        """Take it as this process wrote it last."""
        self.at_rest = self.doc = rest.doc
        self.times, self.ver, self.shape, self.recalled = rest.times, rest.ver, rest.shape, True
        self.eno = self.eno_at_rest = rest.eno

    def full(self) -> Doc | None:
        """The document with its system attributes."""
        return None if self.doc is None else unpack(orjson.dumps(self.doc), orjson.dumps(self.times))

    def expire(self, at: datetime) -> list[State]:
        """Take away what has expired; the states of attributes that went, none when the entity itself did."""
        full = self.full()
        left = None if full is None else alive(full, at)
        if full is None or left is None:
            self.doc, self.eno, self.whole = None, 0, True
            return []
        stayed = {name: {one.get("datasetId") for one in left[name]} for name in left if ":" in name}
        gone: list[State] = [
            (name, one.get("datasetId"), None, None)
            for name in full
            if ":" in name
            for one in full[name]
            if one.get("datasetId") not in stayed.get(name, ())
        ]
        self._set(left, {state[0] for state in gone})
        return gone

    def _set(self, full: Doc, changed: Iterable[str]) -> None:
        doc, sys = pack(full)
        self.doc, self.times = orjson.loads(doc), orjson.loads(sys)
        self.changed.update(changed)
        self.reshaped = True

    def apply(self, op: Operation, at: str, *, told: bool = True) -> tuple[Outcome, list[State]]:
        """What becomes of it by an operation, and the states that its history gets. `told`: whether anybody asks for changes."""
        done = quick(self.doc, self.times, op, at, told=told)
        if done is not None:
            return self._take(op, done), done.states
        before = self.full()
        outcome = apply(before, op, at)
        if outcome.error is not None or outcome.after is before:
            return outcome, []
        if outcome.after is None:
            self.doc, self.eno, self.whole = None, 0, True
            return outcome, []
        old = self.doc
        self.whole = self.whole or old is None
        self._set(outcome.after, {change.attribute for change in outcome.changes})
        return outcome, list(_states(old or {}, self.doc or {}, outcome.after, outcome.changes))

    def _take(self, op: Operation, done: Done) -> Outcome:
        created = self.doc is None
        if created:
            self.whole = True
        else:
            for state in done.states:
                self.changed.add(state[0])
            self.changed.update(done.moved)
        if created or not done.same_shape:
            self.reshaped = True
        self.doc, self.times = done.doc, done.times
        return Outcome(id=op.id, created=created, changes=done.changes)

    @property
    def same_shape(self) -> int:
        """Its shape at rest, if it has the same types and attributes still; else 0."""
        old, new = self.at_rest, self.doc
        if old is None or new is None:
            return 0
        if self.reshaped and (old.keys() != new.keys() or old["type"] != new["type"]):
            return 0
        return self.shape

    @property
    def written(self) -> bool:
        """Whether anything is to be written."""
        return self.doc is not self.at_rest


def _states(old: Doc, new: Doc, full: Doc, changes: list[Change]) -> list[State]:
    states: list[State] = []
    before, after, stamped = Instances(old), Instances(new), Instances(full)
    for change in changes:
        named = change.attribute, change.dataset
        if change.kind == "deleted":
            states.append((*named, None, None))
        elif change.attribute == SCOPE:
            states.append((*named, {"type": "Property", "value": new[SCOPE]}, None))
        else:
            made = after.get(change)
            if not same(made, before.get(change)):
                states.append((*named, made, (stamped.get(change) or {})["createdAt"]))
    return states


class Instances:
    """The instances of a document by attribute and datasetId."""

    def __init__(self, doc: Doc) -> None:
        self._doc = doc
        self._known: dict[str, dict[str | None, Instance]] = {}

    def get(self, change: Change) -> Instance | None:
        """The one that a change is about."""
        found = self._known.get(change.attribute)
        if found is None:
            instances = self._doc.get(change.attribute, ()) if ":" in change.attribute else ()
            found = self._known[change.attribute] = by_dataset(instances)
        return found.get(change.dataset)
