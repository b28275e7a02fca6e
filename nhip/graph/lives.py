"""What a group of operations does to each entity, gathered before anything is written: state at rest, state now, its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from nhip.graph.alike import same
from nhip.graph.document.pack import pack, unpack
from nhip.graph.model import Change, Doc, Instance, Operation, Outcome
from nhip.graph.operations import apply
from nhip.graph.quick import Done, State, Times, quick
from nhip.graph.rows import alive

SCOPE = "scope"


class Life:
    """One entity while a group is worked on. A number (`eno`) of 0: there is none."""

    __slots__ = ("at_rest", "changed", "doc", "eno", "eno_at_rest", "id", "shape", "times", "ver", "whole")

    def __init__(self, id: str) -> None:
        self.id = id
        self.at_rest: Doc | None = None
        """The document at rest, without system attributes."""
        self.doc: Doc | None = None
        self.times: Times = {}
        self.eno = self.eno_at_rest = self.shape = self.ver = 0
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
        gone = [
            Change(name, one.get("datasetId"), "deleted")
            for name in full
            if ":" in name
            for one in full[name]
            if one not in left.get(name, ())
        ]
        self._set(left, gone)
        return [(change, None, None) for change in gone]

    def _set(self, full: Doc, changes: list[Change]) -> None:
        doc, sys = pack(full)
        self.doc, self.times = orjson.loads(doc), orjson.loads(sys)
        self.changed.update(change.attribute for change in changes)

    def apply(self, op: Operation, at: str) -> tuple[Outcome, list[State]]:
        """What becomes of it by an operation, and the states that its history gets."""
        done = quick(self.doc, self.times, op, at)
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
        self._set(outcome.after, outcome.changes)
        return outcome, list(_states(old or {}, self.doc or {}, outcome.after, outcome.changes))

    def _take(self, op: Operation, done: Done) -> Outcome:
        created = self.doc is None
        if created:
            self.whole = True
        else:
            self.changed.update([state[0].attribute for state in done.states], done.moved)
        self.doc, self.times = done.doc, done.times
        return Outcome(id=op.id, created=created, changes=done.changes)

    @property
    def written(self) -> bool:
        """Whether anything is to be written."""
        return self.doc is not self.at_rest


def _states(old: Doc, new: Doc, full: Doc, changes: list[Change]) -> list[State]:
    states: list[State] = []
    for change in changes:
        if change.kind == "deleted":
            states.append((change, None, None))
        elif change.attribute == SCOPE:
            states.append((change, {"type": "Property", "value": new[SCOPE]}, None))
        else:
            made = _instance(new, change)
            if not same(made, _instance(old, change)):
                states.append((change, made, (_instance(full, change) or {})["createdAt"]))
    return states


def _instance(doc: Doc, change: Change) -> Instance | None:
    found: list[Instance] = doc.get(change.attribute, [])
    return next((one for one in found if one.get("datasetId") == change.dataset), None)
