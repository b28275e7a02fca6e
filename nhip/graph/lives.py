"""What a group of operations does to each entity, gathered before anything is written: state before, state now, its history."""

from __future__ import annotations

from datetime import datetime

import orjson

from nhip.graph.codes import Codes
from nhip.graph.merging import plain
from nhip.graph.model import ENTITY_MEMBERS, Change, Doc, Instance, Outcome
from nhip.graph.rows import alive, instant, number

SCOPE = "scope"


class Life:
    """One entity while a group is worked on. A number (`eno`) of 0: there is none."""

    __slots__ = ("before", "changed", "doc", "eno", "eno_at_rest", "id", "shape_at_rest", "whole")

    def __init__(self, id: str, before: Doc | None = None, eno: int = 0, shape: int = 0) -> None:
        self.id = id
        self.before = self.doc = before
        """The document at rest, and as it is now."""
        self.eno = self.eno_at_rest = eno
        self.shape_at_rest = shape
        self.whole = False
        """Whether all attributes count as changed, as they do when a life begins or ends."""
        self.changed: set[str] = set()

    def expire(self, at: datetime) -> list[Change]:
        """Take away what has expired; the attribute instances that went, none when all did."""
        assert self.before is not None
        self.doc = alive(self.before, at)
        if self.doc is None:
            self.eno, self.whole = 0, True
            return []
        gone = []
        for name in attribute_names(self.before):
            left = self.doc.get(name, ())
            gone += [Change(name, one.get("datasetId"), "deleted") for one in self.before[name] if one not in left]
        self.changed.update(change.attribute for change in gone)
        return gone

    def take(self, outcome: Outcome, new_eno: int) -> None:
        """Go on from what an operation made of it."""
        if outcome.deleted:
            self.doc, self.eno, self.whole = None, 0, True
        elif outcome.created:
            self.doc, self.eno, self.whole = outcome.after, new_eno, True
        else:
            self.doc = outcome.after
            self.changed.update(change.attribute for change in outcome.changes)

    @property
    def written(self) -> bool:
        """Whether anything is to be written."""
        return self.doc is not self.before

    @property
    def is_new(self) -> bool:
        """Whether a row is to be inserted."""
        return self.doc is not None and self.eno != self.eno_at_rest

    @property
    def is_gone(self) -> bool:
        """Whether the row at rest is to be deleted, be it for another with the same id."""
        return self.eno_at_rest not in (0, self.eno)


class Past:
    """A life that ended."""

    __slots__ = ("at", "doc", "eno", "id")

    def __init__(self, id: str, eno: int, doc: Doc, at: datetime) -> None:
        self.id, self.eno, self.doc, self.at = id, eno, doc, at


HistoryRow = tuple[int, int, int, datetime, bool, bool, float | None, bytes | None, datetime, datetime, int]
"""A row of graph.attr_inst: eno, attr, ds, at, observed, gone, num, val, crt, mod, iid."""


def state_of(doc: Doc, change: Change) -> Instance | None:
    """The instance that a change made; None when it took it away."""
    if change.kind == "deleted":
        return None
    if change.attribute == SCOPE:
        return {"type": "Property", "value": doc[SCOPE], "createdAt": doc["createdAt"], "modifiedAt": doc["modifiedAt"]}
    instances: list[Instance] = doc[change.attribute]
    return next(one for one in instances if one.get("datasetId") == change.dataset)


def history_row(eno: int, change: Change, state: Instance | None, at: datetime, codes: Codes, iid: int) -> HistoryRow:
    """The row that remembers a change. A state that is None is a deletion."""
    attr = codes.iris[change.attribute]
    ds = 0 if change.dataset is None else codes.iris[change.dataset]
    if state is None:
        return eno, attr, ds, at, False, True, None, None, at, at, iid
    observed = state.get("observedAt")
    when = at if observed is None else instant(observed)
    created = at if state["createdAt"] == state["modifiedAt"] else instant(state["createdAt"])
    value = orjson.dumps(plain(state))
    return eno, attr, ds, when, observed is not None, False, number(state), value, created, at, iid


def attribute_names(doc: Doc | None) -> set[str]:
    """The attributes of a document."""
    return set() if doc is None else {key for key in doc if key not in ENTITY_MEMBERS}
